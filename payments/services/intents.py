"""An operation with a provider, in three durable steps: recorded, sent, outcome recorded.

The process may die between any two of them. What was recorded and not sent, the sweeper sends; of
what was sent and has no outcome, it asks what became of it, at growing intervals; what the provider
never heard of is sent again, under the same key. The outcome and the journal that it causes are
one transaction, and whoever records it a second time changes nothing.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from carpool.kernel import outbox
from payments.engine import journals
from payments.engine.chart import Journal
from payments.engine.providers import (
    AFTER_RECOVERY_S,
    UNREADABLE,
    Answer,
    Judgement,
    Order,
    Provider,
    Purpose,
    judge,
    next_check,
)
from payments.events import IntentStuck, PaymentCaptured, PaymentFailed, PaymentRefunded
from payments.models import (
    INTENT_TRANSITIONS,
    IntentPurpose,
    IntentState,
    IntentStep,
    Payment,
    PaymentIntent,
)
from payments.models.payments import PENDING_STATES
from payments.services.ledger import post_journal
from payments.services.payments import add_intent, back_url, lock_payment, wait_for_payer
from payments.services.providers import get_provider

logger = logging.getLogger(__name__)

_AFTER = {
    Judgement.CONFIRMED: IntentState.CONFIRMED,
    Judgement.DECLINED: IntentState.DECLINED,
    Judgement.MISMATCH: IntentState.STUCK,
    Judgement.UNKNOWN: IntentState.UNKNOWN,
    Judgement.ABSENT: IntentState.UNKNOWN,
}


def send_intents(payment_id: UUID, *, now: datetime) -> Payment:
    """Send what is to be sent for a payment, and what follows from it, until nothing is left.

    Never inside a transaction: a provider may take its time, and a rollback takes no money back.
    """
    for _step in range(8):
        due = PaymentIntent.objects.filter(payment=payment_id, state=IntentState.CREATED)
        intent = due.order_by("created_at", "id").first()
        if intent is None:
            break
        work_on(intent.pk, now=now)
    return Payment.objects.get(pk=payment_id)


def sweep_intents(*, now: datetime, limit: int = 200) -> int:
    """Send or ask after everything that is due; return how many."""
    due = PaymentIntent.objects.filter(next_check_at__lte=now, state__in=PENDING_STATES)
    keys = list(due.order_by("next_check_at").values_list("pk", flat=True)[:limit])
    for pk in keys:
        work_on(pk, now=now)
    return len(keys)


def work_on(intent_id: UUID, *, now: datetime) -> None:
    """Send one operation, or ask what became of it, and record what the provider says.

    Raises:
        TransactionManagementError: inside a transaction.
    """
    if connection.in_atomic_block:
        raise TransactionManagementError("A provider is never called inside a transaction.")
    claimed = _claim(intent_id, now)
    if claimed is None:
        return
    order, provider, was_sent = claimed
    answer = _ask(provider, order, was_sent=was_sent)
    intent = record_outcome(intent_id, answer, now=now)
    if provider.answers_within_s:
        _come_back(intent_id, now)
    if was_sent and intent.state not in PENDING_STATES:
        _ask_others_soon(provider, now)


@transaction.atomic
def _claim(intent_id: UUID, now: datetime) -> tuple[Order, Provider, bool] | None:
    """Take an operation for a moment: nobody else asks before its next check."""
    intents = PaymentIntent.objects.select_for_update(skip_locked=True, of=("self",))
    intent = intents.select_related("payment").filter(pk=intent_id).first()
    if intent is None or intent.state not in PENDING_STATES:
        return None
    if intent.next_check_at is None or intent.next_check_at > now:
        return None
    was_sent = intent.state != IntentState.CREATED
    provider = get_provider(intent.payment.provider)
    intent.attempts += 1
    intent.sent_at = intent.sent_at or now
    # Even if nobody gives up on it by the clock, somebody comes back in an hour.
    intent.next_check_at = next_check(intent.attempts, first_at=intent.sent_at, now=now)
    if intent.next_check_at is None:
        _move(intent, IntentState.STUCK, now, code="no_answer_for_days")
        return None
    # While the call may still be on its way, nobody else asks and takes silence for "never heard".
    patience = timedelta(seconds=provider.answers_within_s)
    intent.next_check_at = max(intent.next_check_at, now + patience)
    intent.save(update_fields=["attempts", "sent_at", "next_check_at"])
    if not was_sent:
        _move(intent, IntentState.SENT, now)
    return order_of(intent, now), provider, was_sent


@transaction.atomic
def _come_back(intent_id: UUID, now: datetime) -> None:
    """Ask again as usual: the call is over, so its patience is not needed any more."""
    unknown = PaymentIntent.objects.select_for_update().filter(state=IntentState.UNKNOWN)
    intent = unknown.filter(pk=intent_id).first()
    if intent is None or intent.sent_at is None:
        return
    intent.next_check_at = next_check(intent.attempts, first_at=intent.sent_at, now=now) or now
    intent.save(update_fields=["next_check_at"])


@transaction.atomic
def _ask_others_soon(provider: Provider, now: datetime) -> None:
    """Let nobody wait for their hour when a provider that gave no answers gives some again."""
    soon = now + timedelta(seconds=AFTER_RECOVERY_S)
    waiting = PaymentIntent.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        state=IntentState.UNKNOWN, next_check_at__gt=soon, payment__provider=provider.key
    )
    keys = list(waiting.values_list("pk", flat=True)[:500])
    if keys:
        PaymentIntent.objects.filter(pk__in=keys).update(next_check_at=soon)


def _ask(provider: Provider, order: Order, *, was_sent: bool) -> Answer:
    """Speak with the provider; whatever goes wrong on the way is no answer."""
    send = {
        Purpose.BEGIN: provider.begin,
        Purpose.AUTHORISE: provider.authorise,
        Purpose.CAPTURE: provider.capture,
        Purpose.CANCEL: provider.cancel,
        Purpose.REFUND: provider.refund,
    }[order.purpose]
    try:
        if not was_sent:
            return send(order)
        answer = provider.status(order)
        return send(order) if judge(order, answer) is Judgement.ABSENT else answer
    except Exception:
        logger.exception("%s gave no readable answer to %s", provider.key, order.key)
        return UNREADABLE


@transaction.atomic
def record_outcome(intent_id: UUID, answer: Answer, *, now: datetime) -> PaymentIntent:
    """Write down what a provider says of an operation, and what follows from it, once."""
    payment = lock_payment(
        PaymentIntent.objects.values_list("payment", flat=True).get(pk=intent_id)
    )
    intent = PaymentIntent.objects.select_for_update().get(pk=intent_id)
    intent.payment = payment
    judgement = judge(order_of(intent, now), answer)
    after = _AFTER[judgement]
    if after not in INTENT_TRANSITIONS[IntentState(intent.state)]:
        return intent  # known already, or still unknown
    _move(intent, after, now, code=answer.code or _code(judgement))
    if after == IntentState.CONFIRMED:
        if answer.provider_ref and answer.provider_ref != payment.provider_ref:
            payment.provider_ref = answer.provider_ref
            payment.save(update_fields=["provider_ref"])
        if intent.purpose == IntentPurpose.BEGIN:
            wait_for_payer(payment, answer.pay_at)
        _EFFECTS[IntentPurpose(intent.purpose)](intent, now)
    elif after == IntentState.DECLINED:
        _declined(intent, now)
    return intent


def order_of(intent: PaymentIntent, now: datetime) -> Order:
    """Return an operation as it is sent, always the same but for the clock."""
    payment = intent.payment
    is_refund = intent.purpose == IntentPurpose.REFUND
    return Order(
        purpose=Purpose(intent.purpose),
        key=f"op:{intent.pk}",
        reference=str(payment.pk),
        amount=intent.amount,
        currency=payment.currency,
        provider_ref=payment.provider_ref,
        method=payment.method,
        left=payment.captured - payment.refunded if is_refund else 0,
        payer=str(payment.payer_id),
        back_url=back_url(payment),
        proof=payment.proof,
        is_late=payment.is_late(now),
    )


def _code(judgement: Judgement) -> str:
    return "mismatch" if judgement is Judgement.MISMATCH else ""


def _move(intent: PaymentIntent, after: IntentState, now: datetime, code: str = "") -> None:
    before, intent.state, intent.code = intent.state, after, code[:60]
    if after not in PENDING_STATES:
        intent.ended_at, intent.next_check_at = now, None
    intent.save(update_fields=["state", "code", "ended_at", "next_check_at"])
    IntentStep.objects.create(intent=intent, before=before, after=after, code=intent.code, at=now)
    if after == IntentState.STUCK:
        outbox.publish(IntentStuck(intent.pk, intent.code, now), now=now)


def _authorised(intent: PaymentIntent, now: datetime) -> None:
    """Take what was reserved; what came too late is given up, or goes back (R4)."""
    payment = intent.payment
    payment.authorised = intent.amount
    payment.save(update_fields=["authorised"])
    if get_provider(payment.provider).captures_at_once:
        _captured(intent, now)
    elif payment.is_late(now):
        add_intent(payment, IntentPurpose.CANCEL, intent.amount, op_key="cancel", now=now)
        _tell_failed(payment, "too_late", now)
    else:
        add_intent(payment, IntentPurpose.CAPTURE, intent.amount, op_key="capture", now=now)


def _captured(intent: PaymentIntent, now: datetime) -> None:
    payment = intent.payment
    payment.captured, payment.captured_at = intent.amount, now
    payment.save(update_fields=["captured", "captured_at"])
    if payment.is_late(now):
        journal = journals.charge_came_late(
            payment=str(payment.pk), provider=payment.provider, trip=str(payment.trip_id),
            amount=intent.amount, currency=payment.currency,
        )  # fmt: skip
        _tell_failed(payment, "too_late", now)
    else:
        journal = journals.charge_captured(
            payment=str(payment.pk), provider=payment.provider, trip=str(payment.trip_id),
            rider=str(payment.payer_id), amount=intent.amount, currency=payment.currency,
        )  # fmt: skip
        event = PaymentCaptured(payment.pk, payment.trip_id, payment.payer_id, now)
        outbox.publish(event, now=now)
    _book(payment, journal, now)


def _begun(_intent: PaymentIntent, _now: datetime) -> None:
    """Nothing has come yet, so nothing is booked."""


def _cancelled(_intent: PaymentIntent, _now: datetime) -> None:
    """Nothing had come, so nothing is booked."""


def _refunded(intent: PaymentIntent, now: datetime) -> None:
    payment = intent.payment
    payment.refunded += intent.amount
    payment.save(update_fields=["refunded"])
    journal = journals.refund_confirmed(
        refund=str(intent.pk), payment=str(payment.pk), provider=payment.provider,
        amount=intent.amount, currency=payment.currency,
    )  # fmt: skip
    _book(payment, journal, now)
    event = PaymentRefunded(payment.pk, payment.trip_id, payment.payer_id, now)
    outbox.publish(event, now=now)


def _declined(intent: PaymentIntent, now: datetime) -> None:
    payment = intent.payment
    if intent.purpose in {IntentPurpose.BEGIN, IntentPurpose.AUTHORISE, IntentPurpose.CAPTURE}:
        _tell_failed(payment, intent.code, now)
        return
    if intent.purpose == IntentPurpose.REFUND:
        payment.refund_asked -= intent.amount  # still owed; a person decides how it goes back
        payment.save(update_fields=["refund_asked"])
    outbox.publish(IntentStuck(intent.pk, intent.code, now), now=now)


def _tell_failed(payment: Payment, code: str, now: datetime) -> None:
    event = PaymentFailed(payment.pk, payment.trip_id, payment.payer_id, code, now)
    outbox.publish(event, now=now)


def _book(payment: Payment, journal: Journal | None, now: datetime) -> None:
    if journal is not None:
        post_journal(organization_id=payment.organization_id, journal=journal, now=now)


_EFFECTS = {
    IntentPurpose.BEGIN: _begun,
    IntentPurpose.AUTHORISE: _authorised,
    IntentPurpose.CAPTURE: _captured,
    IntentPurpose.CANCEL: _cancelled,
    IntentPurpose.REFUND: _refunded,
}
