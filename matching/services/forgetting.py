"""Forgetting what matching knows of a member: all of it, for nobody else needs it."""

from datetime import datetime
from uuid import UUID

from matching.models import CarpoolProposal, CommutePlan, ProposalSeat, RunCommuter


def erase_matching(member_id: UUID, _now: datetime) -> None:
    """Delete a member's plan, and every proposal that says where they live."""
    CommutePlan.objects.filter(member=member_id).delete()
    CarpoolProposal.objects.filter(driver=member_id).delete()
    ProposalSeat.objects.filter(rider=member_id).delete()
    RunCommuter.objects.filter(member=member_id).delete()
