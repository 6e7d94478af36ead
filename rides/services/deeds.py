"""Writing down how people kept their promises, when a booking or a shared taxi is settled.

So is what is cancelled late. What is over never moves again, so what is written here is never taken
back but by an operator, who grants an objection or gives a fee back. Twice changes nothing.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from rides.models import (
    Booking,
    BookingOutcome,
    BookingState,
    Deed,
    DeedKind,
    DeedRole,
    Review,
    Role,
    Room,
    RoomSeat,
    SeatState,
    StopKind,
)
from rides.models.seats import PARTY_STATES
from rides.selectors.rooms import is_strike

# Of a driver's late cancellations one within so long is waived, and of whoever shares a taxi; of a
# rider's see ``lateness``.
# Source: PRODUCT, Reliability: "a month".
WAIVED_EVERY = timedelta(days=30)
_LATE_KINDS = (DeedKind.CANCELLED_LATE, DeedKind.CANCELLED_WAIVED)


def record_deeds(booking: Booking, *, before: BookingState, now: datetime) -> None:
    """Write down what a locked booking that has just moved on tells of its two people."""
    if booking.state == BookingState.CANCELLED and before == BookingState.CONFIRMED:
        deeds = _of_cancellation(booking)
    elif booking.state == BookingState.VALIDATED:
        deeds = _of_settlement(booking)
        if not booking.has_travelled:
            Review.objects.filter(booking=booking, voided_at=None).update(voided_at=now)
    else:
        return
    Deed.objects.bulk_create(deeds, ignore_conflicts=True)


def _of_cancellation(booking: Booking) -> list[Deed]:
    """Only who cancelled did something; what the clock releases is nobody's deed."""
    by, at = booking.cancelled_by_id, booking.cancelled_at
    people = {booking.ride.driver_id: Role.DRIVER, booking.rider_id: Role.RIDER}
    if by is None or at is None or by not in people:
        return []
    kind = DeedKind.CANCELLED_EARLY
    if booking.is_late:
        is_waived = _is_waived(booking, by, at)
        kind = DeedKind.CANCELLED_WAIVED if is_waived else DeedKind.CANCELLED_LATE
    return [Deed(member_id=by, booking=booking, role=people[by], kind=kind, at=at)]


def _is_waived(booking: Booking, by: UUID, at: datetime) -> bool:
    """A rider's is what they were told, and pays for nothing; a driver has one in a month."""
    if by == booking.rider_id:
        return booking.is_waived
    return not _has_cancelled_late(booking, by, at)


def _has_cancelled_late(booking: Booking, member_id: UUID, at: datetime) -> bool:
    """Who calls off a ride with three people aboard cancels once."""
    return _late_deeds(member_id, at).exclude(booking__ride=booking.ride_id).exists()


def _late_deeds(member_id: UUID, at: datetime) -> QuerySet[Deed]:
    return Deed.objects.filter(member=member_id, kind__in=_LATE_KINDS, at__gt=at - WAIVED_EVERY)


def _of_settlement(booking: Booking) -> list[Deed]:
    driver, rider = _kinds(booking)
    found = [
        (booking.ride.driver_id, Role.DRIVER, driver),
        (booking.rider_id, Role.RIDER, rider),
    ]
    return [
        Deed(member_id=who, booking=booking, role=role, kind=kind, at=booking.pickup_at)
        for who, role, kind in found
        if kind is not None
    ]


def _kinds(booking: Booking) -> tuple[DeedKind | None, DeedKind | None]:
    """Return what driver and rider did; None where the two say different things of it.

    Who is paid for came: somebody said so, or positions did. Whom the rider says not to have come,
    while the driver is silent or an operator believes the rider, did not come.
    """
    if booking.outcome == BookingOutcome.PAY:
        driver = _punctuality(booking)
        if booking.missed_at is None:
            return driver, DeedKind.CAME
        return driver, None if booking.rider_answer else DeedKind.NO_SHOW
    stood_up = booking.rider_answer is False and booking.driver_answer is not False
    return DeedKind.NO_SHOW if stood_up else None, None


def _punctuality(booking: Booking) -> DeedKind:
    """Compare the visit of the pick-up with its promise, if somebody noted when it was.

    A driver who only says that they arrived visits all stops at that moment: that tells nothing.
    """
    stop = booking.stops.filter(kind=StopKind.PICKUP).first()
    if stop is None or stop.visited_at is None or booking.ride.is_instant:
        return DeedKind.CAME
    if stop.visited_at == booking.ride.finished_at:
        return DeedKind.CAME
    return DeedKind.ON_TIME if stop.visited_at <= stop.latest_at else DeedKind.LATE


def record_party(room: Room, *, absent: Collection[UUID]) -> None:
    """Write down who kept to a shared taxi that was settled: host and riders.

    ``absent`` are the people of whom it is judged that they did not come. Of whom only the host
    says so, and other signs do not, nothing is written.
    """
    deeds = []
    for seat in room.seats.filter(state__in=(*PARTY_STATES, SeatState.ABSENT)):
        if seat.state == SeatState.ABSENT:
            kind = DeedKind.NO_SHOW if seat.rider_id in absent else None
        else:
            kind = _boarding(room, seat)
        if kind is not None:
            deeds.append(_of_seat(room, seat, kind, room.departure_at))
    Deed.objects.bulk_create(deeds, ignore_conflicts=True)


def _boarding(room: Room, seat: RoomSeat) -> DeedKind:
    """Nobody is noted as late: it may have been the taxi that was."""
    is_noted = seat.boarded_at is not None and seat.boarded_at <= room.absent_from
    return DeedKind.ON_TIME if is_noted else DeedKind.CAME


def record_late_leave(seat: RoomSeat, *, now: datetime) -> None:
    """Write down that a rider left a taxi's party after it was final."""
    _record_late(seat.room, seat, now)


def record_strike(room: Room) -> None:
    """Write down that a host let others down, if the room that has just ended tells so."""
    at = room.cancelled_at
    if at is None or not is_strike(room):
        return
    released = {"transitions__after": SeatState.RELEASED, "transitions__at": at}
    seat = room.seats.filter(rider=room.host_id, **released).first()
    if seat is not None:
        _record_late(room, seat, at)


def _record_late(room: Room, seat: RoomSeat, at: datetime) -> None:
    """One late withdrawal in a month is waived, as a driver's is."""
    is_again = _late_deeds(seat.rider_id, at).exists()
    kind = DeedKind.CANCELLED_LATE if is_again else DeedKind.CANCELLED_WAIVED
    Deed.objects.bulk_create([_of_seat(room, seat, kind, at)], ignore_conflicts=True)


def _of_seat(room: Room, seat: RoomSeat, kind: DeedKind, at: datetime) -> Deed:
    role = DeedRole.HOST if seat.rider_id == room.host_id else DeedRole.RIDER
    return Deed(member_id=seat.rider_id, seat=seat, role=role, kind=kind, at=at)
