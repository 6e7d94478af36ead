"""Reads about verdicts: those of one's own trips, in words and numbers."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Member
from rides.selectors import get_ride_for
from tracking.errors import VerificationNotFound
from tracking.models import Verification


def get_verification_for(
    member: Member, verification_id: UUID, *, lock: bool = False
) -> Verification:
    """Return a verdict on a trip of the member's.

    Raises:
        VerificationNotFound: it is about other people, or does not exist.
    """
    mine = Verification.objects.visible_to(member).filter(pk=verification_id)
    if lock:
        mine = mine.select_for_update(of=("self",))
    verification = mine.select_related("booking__rider", "ride__driver").first()
    if verification is None:
        raise VerificationNotFound
    return verification


def list_verdicts(member: Member, ride_id: UUID) -> QuerySet[Verification]:
    """List what was judged of a ride: to the driver of all riders, to a rider of their own trip.

    Raises:
        RideNotFound: the member may not see the ride.
    """
    ride = get_ride_for(member, ride_id)
    judged = Verification.objects.visible_to(member).filter(ride=ride).exclude(judged_at=None)
    return judged.select_related("booking__rider", "appeal").order_by("booking__pickup_at")
