"""The one way in which a state changes: test the table, save, write the log, publish."""

from datetime import datetime

from accounts.models import Member
from carpool.kernel import outbox
from rides.errors import WrongState
from rides.events import BookingStateChanged, RequestStateChanged, RideStateChanged
from rides.models import (
    BOOKING_TRANSITIONS,
    REQUEST_TRANSITIONS,
    RIDE_TRANSITIONS,
    Booking,
    BookingState,
    BookingTransition,
    RequestState,
    Ride,
    RideRequest,
    RideState,
    RideTransition,
)


def refresh_ride(ride: Ride, *, now: datetime, actor: Member | None = None) -> bool:
    """Bring a locked ride's state up to date with its facts; tell whether it changed.

    Raises:
        WrongState: the facts lead somewhere that the table forbids.
    """
    after = ride.state_at(now, has_open_bookings=ride.bookings.open().exists())
    ride.next_check_at = ride.next_change_after(now)
    before = RideState(ride.state)
    if after == before:
        ride.save(update_fields=["next_check_at"])
        return False
    if after not in RIDE_TRANSITIONS[before]:
        raise WrongState
    ride.state = after
    ride.save(update_fields=["state", "next_check_at"])
    RideTransition.objects.create(ride=ride, before=before, after=after, actor=actor, at=now)
    outbox.publish(RideStateChanged(ride_id=ride.pk, before=before, after=after, at=now), now=now)
    return True


def record_new_booking(booking: Booking, *, now: datetime, actor: Member) -> None:
    """Log and publish that a booking came into being."""
    BookingTransition.objects.create(
        booking=booking, before="", after=booking.state, actor=actor, at=now
    )
    _publish_booking(booking, before="", now=now)


def move_booking(
    booking: Booking, after: BookingState, *, now: datetime, actor: Member | None, fields: list[str]
) -> None:
    """Move a locked booking on; ``fields`` are the other columns that changed with it.

    Raises:
        WrongState: the table forbids it.
    """
    before = BookingState(booking.state)
    if after not in BOOKING_TRANSITIONS[before]:
        raise WrongState
    booking.state = after
    booking.save(update_fields=["state", *fields])
    BookingTransition.objects.create(
        booking=booking, before=before, after=after, actor=actor, at=now
    )
    _publish_booking(booking, before=before, now=now)


def _publish_booking(booking: Booking, *, before: str, now: datetime) -> None:
    outbox.publish(
        BookingStateChanged(
            booking_id=booking.pk,
            ride_id=booking.ride_id,
            before=before,
            after=booking.state,
            at=now,
        ),
        now=now,
    )


def move_request(request: RideRequest, after: RequestState, *, now: datetime) -> None:
    """Move a locked standing request on.

    Raises:
        WrongState: the table forbids it.
    """
    if after not in REQUEST_TRANSITIONS[RequestState(request.state)]:
        raise WrongState
    request.state = after
    request.save(update_fields=["state"])
    outbox.publish(RequestStateChanged(request_id=request.pk, after=after, at=now), now=now)
