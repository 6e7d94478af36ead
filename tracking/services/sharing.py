"""Agreeing to say where one is, for one ride, and stopping."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from accounts.models import ConsentPurpose, Member
from accounts.services import give_consent
from rides.models import Ride
from rides.selectors import get_ride_for
from tracking.errors import NotAboard, NotAgreed, SentTooLate
from tracking.models import Trace
from tracking.permissions import TAKEN_FOR, is_of_the_ride
from tracking.selectors.consents import agreed_purposes
from tracking.services.partitions import make_partition


@transaction.atomic
def share_position(
    *, ride_id: UUID, by: Member, purposes: Iterable[ConsentPurpose], now: datetime
) -> Trace:
    """Write down what a member agrees to, and take their positions of this ride from now on.

    Raises:
        RideNotFound: the member may not see the ride.
        NotAboard: they neither drive nor have a confirmed seat.
        NotAgreed: they agree to nothing, now or before.
        SentTooLate: the ride is over.
    """
    ride = get_aboard(ride_id, by, now)
    for purpose in purposes:
        give_consent(member=by, purpose=purpose, now=now)
    trace = begin_trace(ride, by, now)
    if trace.stopped_at is not None:
        trace.stopped_at = None
        trace.save(update_fields=["stopped_at"])
    return trace


def get_aboard(ride_id: UUID, by: Member, now: datetime) -> Ride:
    """Return a ride whose positions the member may send.

    Raises:
        RideNotFound, NotAboard, SentTooLate: as for :func:`share_position`.
    """
    ride = get_ride_for(by, ride_id)
    if not is_of_the_ride(by, ride, list(ride.bookings.all())):
        raise NotAboard
    if ride.cancelled_at is not None or now > ride.ends_at + TAKEN_FOR:
        raise SentTooLate
    return ride


def begin_trace(ride: Ride, by: Member, now: datetime) -> Trace:
    """Return the member's trace of a ride, begun now if there was none.

    Raises:
        NotAgreed: they agree to none of the purposes.
    """
    if not agreed_purposes(by):
        raise NotAgreed
    day = ride.departure_at.astimezone(UTC).date()
    make_partition(day)
    trace, _is_new = Trace.objects.get_or_create(
        ride=ride, member=by, defaults={"day": day, "begun_at": now}
    )
    return trace


def stop_sharing_position(*, ride_id: UUID, by: Member, now: datetime) -> int:
    """Take no more positions of a ride from a member, and show the last one to nobody."""
    shared = Trace.objects.of(by).shared().filter(ride=ride_id)
    return shared.update(stopped_at=now)
