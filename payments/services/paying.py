"""The payer comes back from a provider's pages, or never does.

What they bring back is a proof at best: the provider is asked to go through with the payment, by an
intent like any other, so a process that dies here loses nothing. A payment is asked for once,
however often its payer comes back; without a return, or without a proof in it, the same intent
closes it.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from uuid import UUID

from django.db import transaction

from payments.engine.providers import ReturnRefused
from payments.errors import PaymentNotFound, ReturnNotOurs
from payments.models import IntentPurpose, Payment
from payments.services.arrivals import payment_arrived
from payments.services.intents import order_of, send_intents
from payments.services.payments import add_intent, is_return_key, lock_payment
from payments.services.providers import get_provider


class End(StrEnum):
    """By which of the three addresses the payer came back."""

    SUCCESS = "success"
    CANCEL = "cancel"
    FAIL = "fail"


def payer_returned(
    *, payment_id: UUID, key: str, end: End, told: Mapping[str, str], now: datetime
) -> Payment:
    """Go through with a payment whose payer approved it; close it when they did not.

    Whoever comes back again, by whichever address, changes nothing.

    Raises:
        PaymentNotFound: there is none, or the key is not its own.
        ReturnNotOurs: what came back is about another payment or another amount; nothing happens.
        TransactionManagementError: inside a transaction.
    """
    if not is_return_key(payment_id, key):
        raise PaymentNotFound
    with transaction.atomic():
        payment = lock_payment(payment_id)
        if payment.waits_for_payer:
            proof = _proof(payment, told, now) if end is End.SUCCESS else ""
            _go_through(payment, proof, now, returned_at=now)
    payment = send_intents(payment.pk, now=now)
    if payment.captured:  # the outbox would tell it, too; but its payer is looking
        payment_arrived(payment_id=payment.pk, now=now)
    return payment


def approved_elsewhere(*, payment_id: UUID, now: datetime) -> None:
    """Ask for a payment whose provider says that something happened, though nobody came back.

    Only where an approval is a payment; elsewhere nothing is taken before the payer comes back.
    """
    with transaction.atomic():
        payment = lock_payment(payment_id)
        if payment.waits_for_payer and get_provider(payment.provider).pays_without_return:
            _go_through(payment, payment.provider_ref, now)


def close_unpaid(*, now: datetime, limit: int = 200) -> int:
    """Close every payment whose payer did not come back in time; return how many."""
    due = Payment.objects.filter(close_at__lte=now).order_by("close_at")
    return sum(map(partial(_close, now=now), list(due.values_list("pk", flat=True)[:limit])))


@transaction.atomic
def _close(payment_id: UUID, now: datetime) -> bool:
    waiting = Payment.objects.select_for_update(skip_locked=True)
    payment = waiting.filter(pk=payment_id, close_at__lte=now).first()
    if payment is None:
        return False
    _go_through(payment, "", now)
    return True


def _proof(payment: Payment, told: Mapping[str, str], now: datetime) -> str:
    begun = payment.intents.get(purpose=IntentPurpose.BEGIN)
    begun.payment = payment
    try:
        return get_provider(payment.provider).read_return(order_of(begun, now), told)[:200]
    except ReturnRefused as error:
        raise ReturnNotOurs from error


def _go_through(
    payment: Payment, proof: str, now: datetime, returned_at: datetime | None = None
) -> None:
    """Ask the provider what the payer's approval is worth; without a proof, to close it."""
    payment.proof, payment.returned_at = proof, returned_at
    payment.pay_at, payment.close_at = "", None
    payment.save(update_fields=["proof", "returned_at", "pay_at", "close_at"])
    add_intent(payment, IntentPurpose.AUTHORISE, payment.amount, op_key="authorise", now=now)
