"""The one way in which a state changes: test the table, save, write the log, publish."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import Member
from carpool.kernel import outbox
from rides.errors import WrongState
from rides.events import (
    BookingStateChanged,
    RequestOfferChanged,
    RequestStateChanged,
    RideStateChanged,
    RoomStateChanged,
    SeatStateChanged,
)
from rides.models import (
    BOOKING_TRANSITIONS,
    REQUEST_OFFER_TRANSITIONS,
    REQUEST_TRANSITIONS,
    RIDE_TRANSITIONS,
    ROOM_TRANSITIONS,
    SEAT_TRANSITIONS,
    Booking,
    BookingState,
    BookingTransition,
    RequestOffer,
    RequestOfferState,
    RequestState,
    Ride,
    RideRequest,
    RideState,
    RideTransition,
    Room,
    RoomSeat,
    RoomState,
    RoomTransition,
    SeatState,
    SeatTransition,
)
from rides.services.deeds import record_deeds, record_late_leave


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
    record_deeds(booking, before=before, now=now)
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


def move_request_offer(
    offer: RequestOffer, after: RequestOfferState, reason: str = "", *, now: datetime
) -> None:
    """Move a locked answer to a request on; ``reason`` says why it came to nothing.

    Raises:
        WrongState: the table forbids it.
    """
    if after not in REQUEST_OFFER_TRANSITIONS[RequestOfferState(offer.state)]:
        raise WrongState
    offer.state, offer.reason, offer.ended_at = after, reason, now
    offer.save(update_fields=["state", "reason", "ended_at"])
    publish_request_offer(offer, now=now)


def publish_request_offer(offer: RequestOffer, *, now: datetime) -> None:
    """Publish that an answer to a request was made or moved on."""
    event = RequestOfferChanged(
        offer_id=offer.pk,
        request_id=offer.request_id,
        ride_id=offer.ride_id,
        state=offer.state,
        reason=offer.reason,
        at=now,
    )
    outbox.publish(event, now=now)


def refresh_room(
    room: Room, *, now: datetime, actor: Member | None = None, fields: Sequence[str] = ()
) -> bool:
    """Bring a locked room's state up to date with its facts; tell whether it changed.

    ``fields`` are the columns of facts that are saved with it.

    Raises:
        WrongState: the facts lead somewhere that the table forbids.
    """
    before, after = RoomState(room.state), room.state_at(now)
    room.next_check_at = room.next_change_after(now)
    if after == before:
        room.save(update_fields=["next_check_at", *fields])
        return False
    if after not in ROOM_TRANSITIONS[before]:
        raise WrongState
    room.state = after
    room.save(update_fields=["state", "next_check_at", *fields])
    record_room(room, before=before, now=now, actor=actor)
    return True


def record_room(room: Room, *, before: str, now: datetime, actor: Member | None) -> None:
    """Log and publish that a room came into being (``before`` is empty) or moved on."""
    RoomTransition.objects.create(room=room, before=before, after=room.state, actor=actor, at=now)
    outbox.publish(
        RoomStateChanged(room_id=room.pk, before=before, after=room.state, at=now), now=now
    )


def move_seat(
    seat: RoomSeat,
    after: SeatState,
    *,
    now: datetime,
    actor: Member | None,
    fields: Sequence[str] = (),
) -> None:
    """Move a seat of a locked room on; ``fields`` are the other columns that changed with it.

    Raises:
        WrongState: the table forbids it.
    """
    before = SeatState(seat.state)
    if after not in SEAT_TRANSITIONS[before]:
        raise WrongState
    seat.state = after
    seat.held_until = None
    seat.save(update_fields=["state", "held_until", *fields])
    record_seat(seat, before=before, now=now, actor=actor)
    if after == SeatState.LEFT:
        record_late_leave(seat, now=now)


def record_seat(seat: RoomSeat, *, before: str, now: datetime, actor: Member | None) -> None:
    """Log and publish that a seat was given (``before`` is empty) or moved on."""
    SeatTransition.objects.create(seat=seat, before=before, after=seat.state, actor=actor, at=now)
    outbox.publish(
        SeatStateChanged(
            seat_id=seat.pk, room_id=seat.room_id, before=before, after=seat.state, at=now
        ),
        now=now,
    )
