"""Pure predicates: who may see and do what with a ride or a booking.

``DISCLOSED`` is the whole of what members are told of each other because of a ride. Doors are in no
row: nobody but their owner ever sees one. A member's own data and sites are not held back at all.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

from accounts.models import Member
from rides.models import Booking, BookingState, Ride, RideState, Room, RoomState
from rides.models.bookings import ACTIVE_STATES, UNCERTAIN_STATES


class Datum(Enum):
    """What one may be told of somebody else."""

    FIRST_NAME = auto()
    FULL_NAME = auto()
    PHONE = auto()
    CAR_LOOK = auto()
    PLATE = auto()
    AREA = auto()  # the 500 m cell of a threshold, and its street
    MEETING_POINT = auto()  # exactly where somebody gets in or out: a public place
    STREET = auto()  # the same as a street, with the 500 m cell


class Stage(Enum):
    """How far two members are with each other in one ride."""

    STRANGERS = auto()
    ASKED = auto()  # a booking waits for the driver's answer, or was never given
    FELLOWS = auto()  # two confirmed riders
    PARTNERS = auto()  # the driver and a confirmed rider
    AFTERWARDS = auto()  # any of the confirmed, when the ride is over


_BEFORE = frozenset({Datum.FIRST_NAME, Datum.CAR_LOOK, Datum.AREA})
_KNOWN = _BEFORE | {Datum.FULL_NAME, Datum.PLATE, Datum.STREET}
DISCLOSED: dict[Stage, frozenset[Datum]] = {
    Stage.STRANGERS: _BEFORE,
    Stage.ASKED: _BEFORE | {Datum.MEETING_POINT},
    Stage.FELLOWS: _KNOWN | {Datum.MEETING_POINT},
    Stage.PARTNERS: _KNOWN | {Datum.MEETING_POINT, Datum.PHONE},
    Stage.AFTERWARDS: _KNOWN,
}
OVER = frozenset({RideState.COMPLETED, RideState.CANCELLED})
# So long a driver waits at the kerb. Source: rule R5, not boarded five minutes after.
MISSING_AFTER = timedelta(minutes=5)
# Who forgot to say that they got out may still do so.
ALIGHTED_WITHIN = timedelta(hours=24)


def stage_between(a: Member, b: Member, ride: Ride, bookings: Sequence[Booking]) -> Stage:
    """Return how far two different members are with each other in a ride."""
    drivers = [one for one in (a, b) if is_driver(one, ride)]
    aboard = [one for one in (a, b) if travels_along(one, bookings)]
    if len(drivers) + len(aboard) < 2:
        riders = {booking.rider_id for booking in bookings}
        return Stage.ASKED if drivers and riders & {a.pk, b.pk} else Stage.STRANGERS
    if RideState(ride.state) in OVER:
        return Stage.AFTERWARDS
    return Stage.PARTNERS if drivers else Stage.FELLOWS


def is_driver(member: Member, ride: Ride) -> bool:
    """Tell whether the member drives this ride."""
    return ride.driver_id == member.pk


def is_host(member: Member, room: Room) -> bool:
    """Tell whether the member calls this room's taxi and pays its driver."""
    return room.host_id == member.pk


def can_call_taxi(member: Member, room: Room, now: datetime) -> bool:
    """Only the host, once the party is final and until the taxi leaves."""
    return is_host(member, room) and room.state_at(now) in {RoomState.LOCKED, RoomState.CALLED}


def can_let_board(member: Member, room: Room) -> bool:
    """Only the host, from the call until the fare is settled: somebody may have been overlooked."""
    return is_host(member, room) and room.called_at is not None and not room.is_over


def can_mark_absent(member: Member, room: Room, now: datetime) -> bool:
    """Only the host, some minutes after the planned departure."""
    return can_let_board(member, room) and now >= room.absent_from


def can_cancel_room(member: Member, room: Room) -> bool:
    """Only the host, until the taxi has left."""
    return is_host(member, room) and room.departed_at is None and not room.is_over


def can_cancel_ride(member: Member, ride: Ride, now: datetime) -> bool:
    """Only the driver, and only before departure; at the kerb that is when they say so."""
    return (
        is_driver(member, ride)
        and ride.cancelled_at is None
        and ride.started_at is None
        and (ride.is_at_kerb or now < ride.departure_at)
    )


def can_start(member: Member, ride: Ride, now: datetime) -> bool:
    """Only the driver, from fifteen minutes before departure, once."""
    state = ride.state_at(now, has_open_bookings=False)
    return (
        is_driver(member, ride)
        and ride.started_at is None
        and state in {RideState.DEPARTING, RideState.IN_TRANSIT}
    )


def can_finish(member: Member, ride: Ride, now: datetime) -> bool:
    """Only the driver, once under way."""
    state = ride.state_at(now, has_open_bookings=False)
    return (
        is_driver(member, ride)
        and ride.finished_at is None
        and state in {RideState.IN_TRANSIT, RideState.ARRIVING}
    )


def can_decide(member: Member, booking: Booking) -> bool:
    """Only the driver, while the booking waits for them."""
    return is_driver(member, booking.ride) and booking.state == BookingState.WAITING_CONFIRMATION


def can_cancel_booking(member: Member, booking: Booking, now: datetime) -> bool:
    """The rider or the driver, until the car is planned at the pick-up, or leaves the kerb."""
    mine = member.pk in {booking.rider_id, booking.ride.driver_id}
    is_early = booking.ride.is_at_kerb if booking.ride.is_instant else now < booking.pickup_at
    return mine and booking.state in ACTIVE_STATES and is_early


def can_let_in(member: Member, ride: Ride) -> bool:
    """Only who drives an instant ride, at the kerb and on the way: somebody may be overlooked."""
    is_over = ride.cancelled_at is not None or ride.finished_at is not None
    return is_driver(member, ride) and ride.is_instant and not is_over


def can_alight(member: Member, booking: Booking, now: datetime) -> bool:
    """Only the rider of an instant ride that has left, once, even after its driver arrived."""
    ride = booking.ride
    travelled = booking.state not in {*UNCERTAIN_STATES, BookingState.CANCELLED}
    return (
        ride.is_instant
        and ride.started_at is not None
        and booking.rider_id == member.pk
        and travelled
        and booking.alighted_at is None
        and now < ride.ends_at + ALIGHTED_WITHIN
    )


def can_answer(member: Member, booking: Booking) -> bool:
    """Both sides, once the ride is over and until it is settled."""
    mine = member.pk in {booking.rider_id, booking.ride.driver_id}
    return mine and booking.state == BookingState.COMPLETED_PENDING_VALIDATION


def can_rate(member: Member, booking: Booking, now: datetime) -> bool:
    """Only the two of a trip that took place, once it is over and for so many days."""
    mine = member.pk in {booking.rider_id, booking.ride.driver_id}
    return mine and booking.has_travelled and now < booking.rated_until


def can_mark_missing(member: Member, booking: Booking, now: datetime) -> bool:
    """Only the driver, who has waited a little, once, and until both have answered."""
    is_there = booking.state in {
        BookingState.CONFIRMED,
        BookingState.COMPLETED_PENDING_VALIDATION,
    }
    return (
        is_driver(member, booking.ride)
        and is_there
        and booking.missed_at is None
        and booking.driver_answer is None
        and now >= booking.pickup_at + MISSING_AFTER
    )


def can_share(member: Member, ride: Ride, bookings: list[Booking], now: datetime) -> bool:
    """Only who is in the car, and until the ride is over."""
    state = ride.state_at(now, has_open_bookings=False)
    is_over = state not in {RideState.SCHEDULED, RideState.DEPARTING, RideState.IN_TRANSIT}
    return not is_over and (is_driver(member, ride) or travels_along(member, bookings))


def can_call_for_help(member: Member, ride: Ride, bookings: list[Booking], now: datetime) -> bool:
    """Who is in the car, from when it may stand at the kerb until shortly after it arrived."""
    state = ride.state_at(now, has_open_bookings=False)
    is_now = state in {RideState.DEPARTING, RideState.IN_TRANSIT, RideState.ARRIVING}
    return is_now and (is_driver(member, ride) or travels_along(member, bookings))


def travels_along(member: Member, bookings: Sequence[Booking]) -> bool:
    """Tell whether the member has (or had) a confirmed place among these bookings."""
    return any(
        booking.rider_id == member.pk
        and booking.state not in {*UNCERTAIN_STATES, BookingState.CANCELLED}
        for booking in bookings
    )
