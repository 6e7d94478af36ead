"""A payment has gone through or has failed: whatever it was for goes on."""

from datetime import datetime
from uuid import UUID

from payments.services.mergers import merger_paid, merger_unpaid
from payments.services.ride_fares import price_paid, price_unpaid
from payments.services.rooms import seat_paid, seat_unpaid
from payments.services.top_ups import top_up_paid, top_up_unpaid


def payment_arrived(*, payment_id: UUID, now: datetime) -> None:
    """Give the payer their seat, or note that they did their part; may run twice."""
    seat_paid(payment_id=payment_id, now=now)
    top_up_paid(payment_id=payment_id, now=now)
    merger_paid(payment_id=payment_id, now=now)
    price_paid(payment_id=payment_id, now=now)


def payment_failed(*, payment_id: UUID, now: datetime) -> None:
    """Free the seat, or ask for the rest again; may run twice."""
    seat_unpaid(payment_id=payment_id, now=now)
    top_up_unpaid(payment_id=payment_id, now=now)
    merger_unpaid(payment_id=payment_id, now=now)
    price_unpaid(payment_id=payment_id, now=now)
