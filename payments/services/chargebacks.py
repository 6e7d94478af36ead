"""A provider takes a payment back from us, because the payer went to their bank (R12).

A notice only makes us ask: how a chargeback stands, the provider says, and each is booked once.
When it is decided for us, the money comes back by another journal: it ends the payer's debt, and
what they paid otherwise we owe them again. It never goes back to the trip, which may be over.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from payments.engine import chart, journals
from payments.engine.providers import ChargebackUnreadable, StatedChargeback
from payments.models import Chargeback, Payment
from payments.selectors import balance_of
from payments.services.ledger import post_journal
from payments.services.payments import lock_payment
from payments.services.providers import get_provider


def look_at_chargeback(*, provider: str, name: str, now: datetime) -> bool:
    """Ask how a chargeback stands and book it; tell whether the answer could be read."""
    try:
        stated = get_provider(provider).chargeback(name)
    except ChargebackUnreadable:
        return False
    if stated is None or (payment := _named(provider, stated)) is None:
        return True
    if stated.is_taken:
        charge_back(payment_id=payment.pk, chargeback=name, amount=stated.amount, now=now)
    else:
        return_chargeback(payment_id=payment.pk, chargeback=name, now=now)
    return True


def _named(provider: str, stated: StatedChargeback) -> Payment | None:
    try:
        pk = UUID(stated.reference)
    except ValueError:
        return None
    return Payment.objects.filter(pk=pk, provider=provider, currency=stated.currency).first()


@transaction.atomic
def charge_back(*, payment_id: UUID, chargeback: str, amount: int, now: datetime) -> None:
    """Book what a provider took back: from the payer's escrow, from what we owe them, as a debt.

    The same chargeback counts once; what of it the payer owes us afterwards, their wallet says.

    Raises:
        PaymentNotFound: there is no such payment.
    """
    payment = lock_payment(payment_id)
    taken = min(amount, payment.captured - payment.refunded)
    if taken <= 0 or payment.chargebacks.filter(name=chargeback).exists():
        return
    person, trip = str(payment.payer_id), str(payment.trip_id)
    is_in_escrow = payment.captured_at is not None and not payment.is_late(payment.captured_at)
    escrow = balance_of(payment.organization_id, chart.escrow(trip, person, payment.currency))
    owed = balance_of(payment.organization_id, chart.payable(person, payment.currency))
    there = min(taken, escrow.available, payment.captured - payment.charged_back)
    from_escrow = max(0, there) if is_in_escrow else 0
    journal = journals.charged_back(
        chargeback=f"{payment.provider}:{chargeback}",
        provider=payment.provider,
        trip=trip,
        person=person,
        amount=taken,
        in_escrow=from_escrow,
        owed=owed.available,
        currency=payment.currency,
    )
    Chargeback.objects.create(
        organization_id=payment.organization_id,
        payment=payment,
        name=chargeback,
        amount=taken,
        taken_at=now,
    )
    payment.charged_back += from_escrow
    payment.save(update_fields=["charged_back"])
    if journal is not None:
        post_journal(organization_id=payment.organization_id, journal=journal, now=now)


@transaction.atomic
def return_chargeback(*, payment_id: UUID, chargeback: str, now: datetime) -> bool:
    """Book that a provider gave back what it had taken; tell whether there was anything to book.

    Raises:
        PaymentNotFound: there is no such payment.
    """
    payment = lock_payment(payment_id)
    row = payment.chargebacks.filter(name=chargeback, returned_at=None).first()
    if row is None:
        return False
    person = str(payment.payer_id)
    debt = balance_of(payment.organization_id, chart.user_receivable(person, payment.currency))
    journal = journals.chargeback_returned(
        chargeback=f"{payment.provider}:{chargeback}",
        provider=payment.provider,
        trip=str(payment.trip_id),
        person=person,
        amount=row.amount,
        debt=debt.available,
        currency=payment.currency,
    )
    row.returned_at = now
    row.save(update_fields=["returned_at"])
    if journal is not None:
        post_journal(organization_id=payment.organization_id, journal=journal, now=now)
    return True
