"""What becomes of the plan and the proposals of somebody on whom nobody may count any more."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from matching.models import (
    Answer,
    CarpoolProposal,
    ClosedBecause,
    CommutePlan,
    ProposalSeat,
    ProposalState,
)
from matching.services.proposals import close


@transaction.atomic
def withdraw_plan(*, member_id: UUID, now: datetime) -> int:
    """Let a member's plan rest and close the open proposals they are in; return how many.

    The plan stays theirs: who comes back has it where it was.
    """
    CommutePlan.objects.filter(member=member_id, is_active=True).update(
        is_active=False, paused_until=None, updated_at=now
    )
    return close_proposals(member_id=member_id, now=now)


def close_proposals(*, member_id: UUID, now: datetime) -> int:
    """Close the open proposals that a member is in; return how many."""
    seated = ProposalSeat.objects.filter(rider=member_id).exclude(answer=Answer.NO)
    proposals = (
        CarpoolProposal.objects.filter(state=ProposalState.OPEN)
        .filter(Q(driver=member_id) | Q(pk__in=seated.values("proposal")))
        .select_for_update(of=("self",))
        .select_related("run__organization", "run__partner", "driver__organization")
        .prefetch_related("seats__rider__organization")
        .order_by("pk")
    )
    closed = list(proposals)
    for proposal in closed:
        drives = proposal.driver_id == member_id
        why = ClosedBecause.DRIVER if drives else ClosedBecause.RIDERS
        close(proposal, ProposalState.DECLINED, why, now=now)
    return len(closed)
