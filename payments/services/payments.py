"""Asking for money, and for money back: intents that are recorded before anything is sent."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, UUIDField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from payments.engine import chart
from payments.errors import OperationKeyReused, PaymentNotFound, RefundNotOwed
from payments.models import (
    SPONSOR,
    IntentPurpose,
    IntentState,
    IntentStep,
    LedgerBalance,
    Payment,
    PaymentIntent,
)
from payments.selectors import balance_of
from payments.services.providers import get_provider
from payments.services.sponsors import return_to_sponsor


@transaction.atomic
def request_payment(
    *,
    organization_id: UUID,
    op_key: str,
    provider: str,
    method: str,
    trip_id: UUID,
    payer_id: UUID,
    amount: int,
    currency: str,
    pay_by: datetime,
    now: datetime,
) -> Payment:
    """Ask somebody to pay for a trip; the same operation asks once.

    Afterwards, outside of the transaction, ``send_intents(payment.pk)`` sends it; the sweeper does
    it otherwise. What is not paid until ``pay_by`` buys nothing and goes back.

    Raises:
        ProviderUnknown: that provider is not switched on.
        OperationKeyReused: the key stands for another payment.
    """
    asked = get_provider(provider)
    try:
        with transaction.atomic():
            payment = Payment.objects.create(
                organization_id=organization_id, op_key=op_key, provider=provider, method=method,
                trip_id=trip_id, payer_id=payer_id, amount=amount, currency=currency,
                pay_by=pay_by, created_at=now,
            )  # fmt: skip
    except IntegrityError:
        known = Payment.objects.filter(organization=organization_id, op_key=op_key).first()
        told = provider, method, trip_id, payer_id, amount, currency
        if known is None:
            raise
        if told != (
            known.provider, known.method, known.trip_id, known.payer_id, known.amount,
            known.currency,
        ):  # fmt: skip
            raise OperationKeyReused from None
        return known
    first = IntentPurpose.BEGIN if asked.asks_payer else IntentPurpose.AUTHORISE
    add_intent(payment, first, amount, op_key=str(first), now=now)
    return payment


@transaction.atomic
def request_refund(
    *, organization_id: UUID, payment_id: UUID, amount: int, op_key: str, now: datetime
) -> PaymentIntent:
    """Ask the provider to give back what we owe on a payment; the same operation asks once.

    Raises:
        PaymentNotFound: there is no such payment.
        RefundNotOwed: less than that is owed on it, beside what has been asked for already.
    """
    payment = lock_payment(payment_id, organization_id=organization_id)
    known = payment.intents.filter(op_key=op_key).first()
    if known is not None:
        if (known.purpose, known.amount) != (IntentPurpose.REFUND, amount):
            raise OperationKeyReused
        return known
    if not 0 < amount <= still_owed(payment):
        raise RefundNotOwed
    payment.refund_asked += amount
    payment.save(update_fields=["refund_asked"])
    return add_intent(payment, IntentPurpose.REFUND, amount, op_key=op_key, now=now)


def still_owed(payment: Payment) -> int:
    """Return what is owed back on a payment, beside what the provider has been asked for."""
    account = chart.refund_payable(str(payment.pk), payment.currency)
    on_its_way = payment.refund_asked - payment.refunded
    return balance_of(payment.organization_id, account).posted - on_its_way


def request_owed_refunds(*, now: datetime, limit: int = 200) -> int:
    """Ask for every refund that a settlement has left owing; return how many were asked for.

    An operation's key is what has been asked for so far, so two sweepers ask once. Payments with
    a refund that has no good end yet are passed over, so however many they are, others get theirs.
    """
    open_refunds = PaymentIntent.objects.filter(
        payment_id=Cast(OuterRef("account__key"), UUIDField()), purpose=IntentPurpose.REFUND
    ).exclude(state=IntentState.CONFIRMED)
    owed = LedgerBalance.objects.filter(
        ~Exists(open_refunds), account__kind="refund_payable", posted__gt=0
    )
    keys = owed.order_by("account_id").values_list("account__key", flat=True)
    return sum(_request_owed(UUID(key), now) for key in list(keys[:limit]))


@transaction.atomic
def _request_owed(payment_id: UUID, now: datetime) -> bool:
    payment = Payment.objects.select_for_update(skip_locked=True).filter(pk=payment_id).first()
    if payment is None or (amount := still_owed(payment)) <= 0:
        return False
    if payment.provider == SPONSOR:
        return_to_sponsor(payment=payment, amount=amount, now=now)
        return True
    refunds = payment.intents.filter(purpose=IntentPurpose.REFUND)
    if refunds.exclude(state=IntentState.CONFIRMED).exists():
        # Of one whose outcome is unknown nobody can say how much is left to give back: wait for it.
        # One that the provider refuses, or that is stuck, a person has to decide.
        return False
    request_refund(
        organization_id=payment.organization_id, payment_id=payment.pk, amount=amount,
        op_key=f"refund:{payment.refund_asked}", now=now,
    )  # fmt: skip
    return True


def lock_payment(payment_id: UUID, *, organization_id: UUID | None = None) -> Payment:
    """Return a payment under lock, before any account.

    Raises:
        PaymentNotFound: there is none, or it is another organization's.
    """
    rows = Payment.objects.select_for_update().filter(pk=payment_id)
    if organization_id is not None:
        rows = rows.filter(organization=organization_id)
    payment = rows.first()
    if payment is None:
        raise PaymentNotFound
    return payment


def wait_for_payer(payment: Payment, pay_at: str) -> None:
    """Let the payer approve it there, until it would buy nothing."""
    payment.pay_at, payment.close_at = pay_at, payment.pay_by
    payment.save(update_fields=["pay_at", "close_at"])


def back_url(payment: Payment) -> str:
    """Return where the payer comes back to; how it went is appended.

    The address holds a key of its own that nobody else can know, as the payer may come back in
    another browser than the one they are signed in with.
    """
    path: str = reverse("payments:back", args=[payment.pk, _return_keys(payment.pk)[0], "success"])
    return f"{settings.PUBLIC_URL.rstrip('/')}{path.removesuffix('success/')}"


def is_return_key(payment_id: UUID, key: str) -> bool:
    """Tell whether somebody comes back by the address that we gave away for this payment."""
    return any(constant_time_compare(key, own) for own in _return_keys(payment_id))


def _return_keys(payment_id: UUID) -> list[str]:
    """Return the key of a payment's way back: it is kept nowhere, it follows from our secret."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [
        salted_hmac("payments.back", str(payment_id), secret=one, algorithm="sha256").hexdigest()[
            :40
        ]
        for one in secrets
    ]


def add_intent(
    payment: Payment, purpose: IntentPurpose, amount: int, *, op_key: str, now: datetime
) -> PaymentIntent:
    """Record what is to be sent; due at once."""
    intent = PaymentIntent.objects.create(
        payment=payment, purpose=purpose, amount=amount, op_key=op_key, created_at=now,
        next_check_at=now,
    )  # fmt: skip
    IntentStep.objects.create(intent=intent, after=IntentState.CREATED, at=now)
    return intent
