"""What follows when it changes with whom somebody may travel."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import Member, kept_apart
from accounts.selectors import pairs_kept_apart
from matching.models import (
    Answer,
    CarpoolProposal,
    ClosedBecause,
    Match,
    ProposalSeat,
    ProposalState,
)
from matching.services.proposals import close
from matching.services.requests import match_request, match_ride
from rides.models import Ride, RideRequest


def rematch_member(*, member_id: UUID, now: datetime) -> None:
    """Forget matches and proposals that do not suit a member any more, and look for new ones."""
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        return
    Match.objects.filter(request__rider=member).exclude(
        ride__in=Ride.objects.visible_to(member)
    ).delete()
    Match.objects.filter(ride__driver=member).filter(kept_apart(member, "request__rider")).delete()
    _part_proposals(member, now=now)
    for ride in Ride.objects.filter(driver=member).bookable(now):
        match_ride(ride_id=ride.pk, now=now)
    for request in RideRequest.objects.filter(rider=member).waiting(now):
        match_request(request_id=request.pk, now=now)


@transaction.atomic
def _part_proposals(member: Member, *, now: datetime) -> None:
    """Close the member's open proposals in which two must not share a car."""
    seated = ProposalSeat.objects.filter(rider=member).exclude(answer=Answer.NO).values("proposal")
    proposals = (
        CarpoolProposal.objects.filter(state=ProposalState.OPEN)
        .filter(Q(driver=member) | Q(pk__in=seated))
        .select_for_update(of=("self",))
        .select_related("run__organization", "run__partner", "driver__organization")
        .prefetch_related("seats__rider__organization")
        .order_by("pk")
    )
    for proposal in proposals:
        seats = [seat for seat in proposal.seats.all() if seat.answer != Answer.NO]
        if pairs_kept_apart([proposal.driver, *(seat.rider for seat in seats)]):
            # A reason of its own would tell somebody that they were blocked.
            close(proposal, ProposalState.DECLINED, ClosedBecause.RIDERS, now=now)
