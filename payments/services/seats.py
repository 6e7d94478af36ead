"""What lies in escrow for a rider, by which payments it came, and how it goes back."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db.models import Q

from payments.engine import chart, journals
from payments.engine.refunds import Capture
from payments.models import SPONSOR, Payment
from rides.models import Room, RoomSeat


def payments_of(seat_id: UUID, *, lock: bool = False) -> list[Payment]:
    """Return the payments that bought a seat: the prepayment, a sponsor's, and what was added."""
    bought = Q(seat_price__seat_id=seat_id) | Q(top_up__seat_id=seat_id) | Q(grant__seat_id=seat_id)
    own = Payment.objects.filter(bought)
    if lock:
        own = own.select_for_update(of=("self",))
    return list(own.order_by("pk"))


def captures_of(payments: Iterable[Payment]) -> list[Capture]:
    """Return what of these payments came in time, and was not taken back by the payer's bank."""
    return [
        replace(paid, captured=left)
        for one in payments
        for paid in paid_in_time([one])
        if (left := one.captured - one.charged_back)
    ]


def paid_in_time(payments: Iterable[Payment]) -> list[Capture]:
    """Return what of these payments came in time. What came late goes back by itself."""
    return [
        Capture(str(one.pk), one.captured, 0, one.captured_at)
        for one in payments
        if one.captured and one.captured_at is not None and not one.is_late(one.captured_at)
    ]


def captures_by_presence(payments: Iterable[Payment], *, came: bool) -> list[Capture]:
    """Return what came in time, so that what a trip does not take goes back in the right order.

    The newest goes back first (R13), the sponsor's part last, as it is the oldest. Of somebody who
    did not come it is the other way round: a sponsor pays for trips, not for absences.
    """
    own = list(payments)
    captures = captures_of(own)
    if came or not captures:
        return captures
    sponsored = {str(one.pk) for one in own if one.provider == SPONSOR}
    newest = max(one.captured_at for one in captures) + timedelta(microseconds=1)
    return [
        replace(one, captured_at=newest) if one.payment in sponsored else one for one in captures
    ]


def funded_by(captures: Iterable[Capture]) -> int:
    """Return how much lies in escrow by these."""
    return sum(one.captured for one in captures)


def left_free(room: Room, seat: RoomSeat) -> list[chart.Journal]:
    """Return the journals that give a rider all that they paid for a seat, one for each payment.

    A payment whose answer comes after the others went back is then just one more.
    """
    paid = payments_of(seat.pk, lock=True)
    found = [
        journals.left_free(
            trip=str(room.pk),
            rider=str(seat.rider_id),
            amount=capture.captured,
            currency=payment.currency,
            captures=[capture],
            nth=str(payment.pk),
        )
        for payment in paid
        for capture in captures_of([payment])
    ]
    return [one for one in found if one is not None]
