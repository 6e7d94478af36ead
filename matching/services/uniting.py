"""Two memberships of one person become one: the plan, and what was proposed."""

from datetime import datetime
from uuid import UUID

from matching.models import (
    AssignmentRun,
    CarpoolProposal,
    CommutePlan,
    ProposalSeat,
    RunCommuter,
    Study,
)
from matching.services.withdrawal import close_proposals


def unite_matching(kept_id: UUID, gone_id: UUID, now: datetime) -> None:
    """Give the one who stays the plan of the one who goes, unless they have their own.

    What is proposed to the one who goes and not settled comes to nothing; tonight makes new ones.
    Where a run knew both, the one who stays keeps their own line.
    """
    close_proposals(member_id=gone_id, now=now)
    if CommutePlan.objects.filter(member=kept_id).exists():
        CommutePlan.objects.filter(member=gone_id).delete()
    CommutePlan.objects.filter(member=gone_id).update(member=kept_id)
    known = RunCommuter.objects.filter(member=kept_id).values("run")
    RunCommuter.objects.filter(member=gone_id, run__in=known).delete()
    RunCommuter.objects.filter(member=gone_id).update(member=kept_id)
    driven = CarpoolProposal.objects.filter(driver=kept_id).values("run")
    CarpoolProposal.objects.filter(driver=gone_id, run__in=driven).delete()
    CarpoolProposal.objects.filter(driver=gone_id).update(driver=kept_id)
    seated = ProposalSeat.objects.filter(rider=kept_id).values("proposal")
    ProposalSeat.objects.filter(rider=gone_id, proposal__in=seated).delete()
    ProposalSeat.objects.filter(rider=gone_id).update(rider=kept_id)
    # Of a car in which one drove and the other had a seat, both are the driver now.
    own = CarpoolProposal.objects.filter(driver=kept_id)
    ProposalSeat.objects.filter(rider=kept_id, proposal__in=own.values("pk")).delete()
    AssignmentRun.objects.filter(requested_by=gone_id).update(requested_by=kept_id)
    Study.objects.filter(created_by=gone_id).update(created_by=kept_id)
