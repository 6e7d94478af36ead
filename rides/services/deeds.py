"""Writing down how people kept their promises, when a booking is settled or cancelled.

A settled or cancelled booking never moves again, so what is written here is never taken back but
by an operator, who grants an objection. Twice changes nothing.
"""

from datetime import datetime, timedelta
from uuid import UUID

from rides.models import (
    Booking,
    BookingOutcome,
    BookingState,
    Deed,
    DeedKind,
    Review,
    Role,
    StopKind,
)

# Of a driver's late cancellations one within so long is waived; of a rider's see ``lateness``.
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
    known = Deed.objects.filter(member=member_id, kind__in=_LATE_KINDS, at__gt=at - WAIVED_EVERY)
    return known.exclude(booking__ride=booking.ride_id).exists()


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
