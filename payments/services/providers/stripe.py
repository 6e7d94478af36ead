"""Stripe, by its own client: a hosted page (Checkout), a hold, then capture.

The payer's approval reserves the money, even if they never come back; so a payment that is closed
has its page closed first, and what was approved by then is given up. Every POST has our own
idempotency key; a refund is known again by it in its metadata.

Source: Stripe API reference, *Checkout Sessions, Payment Intents, Refunds, Idempotent requests*.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe

from payments.engine import signatures
from payments.engine.access import Access
from payments.engine.providers import (
    UNREADABLE,
    Answer,
    Order,
    Purpose,
    ReturnRefused,
    Stated,
    StatedChargeback,
    Verdict,
    WebhookNotice,
    WebhookRefused,
)
from payments.services.providers.line import answers_within_s
from payments.services.providers.stripe_line import (
    client_for,
    find_dispute,
    list_stated,
    read_event,
    speaking,
)

# The hold is there, the money was taken, or both.
HELD = {"requires_capture", "succeeded"}


@dataclass(frozen=True, slots=True)
class Stripe:
    """Payments by Stripe."""

    access: Access
    key = "stripe"
    captures_at_once = False
    asks_payer = True
    pays_without_return = True
    signs_notices = True

    @property
    def is_play_money(self) -> bool:
        """Tell whether no money moves."""
        return self.access.is_play_money

    @property
    def answers_within_s(self) -> int:
        """How long a call may take."""
        return answers_within_s()

    @speaking
    def begin(self, order: Order) -> Answer:
        """Open a page; opened again under the same key, it is the same one."""
        session = self._client.v1.checkout.sessions.create(
            _page_of(order), {"idempotency_key": order.key}
        )
        page = session.url or ""
        if not self.access.is_its_page(page):
            return UNREADABLE
        return Answer(
            Verdict.DONE, session.client_reference_id or "", session.amount_total or 0,
            (session.currency or "").upper(), session.id, pay_at=page,
        )  # fmt: skip

    def read_return(self, order: Order, told: Mapping[str, str]) -> str:
        """Return the page's name, once it is this payment's.

        Raises:
            ReturnRefused: it is another's.
        """
        session = told.get("session", "")
        if not session or session != order.provider_ref:
            raise ReturnRefused("Another page.")
        return session

    @speaking
    def authorise(self, order: Order) -> Answer:
        """Read whether the payer has approved; close the page if they may not any more."""
        if order.provider_ref.startswith("pi_"):
            return self._hold(order, self._intent(order))
        session = self._session(order)
        if session.status == "open" and not order.may_take:
            self._client.v1.checkout.sessions.expire(
                order.provider_ref, options={"idempotency_key": f"{order.key}:close"}
            )
            session = self._session(order)
        if session.status == "expired":
            return Answer(Verdict.DECLINED, order.reference, code="not_approved")
        intent = session.payment_intent
        if session.status != "complete" or not isinstance(intent, stripe.PaymentIntent):
            return UNREADABLE
        return self._hold(order, intent)

    @speaking
    def capture(self, order: Order) -> Answer:
        """Take what was reserved, or less; what is left of the hold is free again."""
        try:
            intent = self._client.v1.payment_intents.capture(
                order.provider_ref, {"amount_to_capture": order.amount},
                {"idempotency_key": order.key},
            )  # fmt: skip
        except stripe.InvalidRequestError as error:
            return self._after_refusal(order, error)
        return _taken(intent)

    @speaking
    def cancel(self, order: Order) -> Answer:
        """Give a hold up."""
        try:
            intent = self._client.v1.payment_intents.cancel(
                order.provider_ref, {}, {"idempotency_key": order.key}
            )
        except stripe.InvalidRequestError as error:
            return self._after_refusal(order, error)
        return _given_up(intent)

    @speaking
    def refund(self, order: Order) -> Answer:
        """Give back."""
        try:
            refund = self._client.v1.refunds.create(
                {
                    "payment_intent": order.provider_ref, "amount": order.amount,
                    "metadata": {"operation": order.key, "reference": order.reference},
                },
                {"idempotency_key": order.key},
            )  # fmt: skip
        except stripe.InvalidRequestError as error:
            return self._after_refusal(order, error)
        return _refunded(order, refund)

    @speaking
    def status(self, order: Order) -> Answer:
        """Look the payment up, and say what became of an operation."""
        if order.purpose is Purpose.BEGIN:
            return Answer(Verdict.ABSENT)  # under the same key it is the same page
        if order.purpose is Purpose.AUTHORISE:
            return self.authorise(order)
        if order.purpose is Purpose.REFUND:
            listed = self._client.v1.refunds.list(
                {"payment_intent": order.provider_ref, "limit": 100}
            )
            for refund in listed.data:
                if str(getattr(refund.metadata, "operation", "")) == order.key:
                    return _refunded(order, refund)
            return Answer(Verdict.ABSENT)
        intent = self._intent(order)
        return _taken(intent) if order.purpose is Purpose.CAPTURE else _given_up(intent)

    def read_webhook(self, headers: dict[str, str], body: bytes, *, now: datetime) -> WebhookNotice:
        """Verify the signature and its age, then read which payment an event is about.

        Raises:
            WebhookRefused: it is not Stripe's, too old, or unreadable.
        """
        signed = {name.lower(): value for name, value in headers.items()}.get(
            "stripe-signature", ""
        )
        secrets = [secret.encode() for secret in self.access.webhook_secrets]
        if not signatures.is_signed(signed, body, secrets=secrets, now=now):
            raise WebhookRefused("The signature does not fit.")
        return read_event(body)

    def chargeback(self, name: str) -> StatedChargeback | None:
        """Look a dispute up.

        Raises:
            ChargebackUnreadable: Stripe gave no readable answer.
        """
        return find_dispute(self._client, name)

    def list_payments(
        self, known: Iterable[Order], *, since: datetime, until: datetime
    ) -> Iterator[Stated]:
        """Turn the pages of what began in the span."""
        return list_stated(self._client, since=since, until=until)

    @property
    def _client(self) -> stripe.StripeClient:
        return client_for(self.access)

    def _session(self, order: Order) -> Any:
        return self._client.v1.checkout.sessions.retrieve(
            order.provider_ref, {"expand": ["payment_intent"]}
        )

    def _intent(self, order: Order) -> stripe.PaymentIntent:
        return self._client.v1.payment_intents.retrieve(order.provider_ref)

    def _hold(self, order: Order, intent: stripe.PaymentIntent) -> Answer:
        if intent.status == "canceled":
            return Answer(Verdict.DECLINED, order.reference, code="canceled")
        if intent.status not in HELD:
            return UNREADABLE
        return _about(intent, intent.amount)

    def _after_refusal(self, order: Order, error: stripe.InvalidRequestError) -> Answer:
        """See whether an earlier try of the same has gone through: then this one was refused."""
        known = self.status(order)
        if known.verdict is not Verdict.ABSENT:
            return known
        return Answer(Verdict.DECLINED, order.reference, code=error.code or "refused")


def _page_of(order: Order) -> Any:
    """Return what a page is made of."""
    return {
        "mode": "payment",
        "client_reference_id": order.reference,
        "payment_method_types": [order.method],
        "line_items": [{
            "quantity": 1,
            "price_data": {
                "currency": order.currency.lower(), "unit_amount": order.amount,
                "product_data": {"name": "Carpool"},
            },
        }],
        "payment_intent_data": {
            "capture_method": "manual", "metadata": {"reference": order.reference},
        },
        "success_url": f"{order.back_url}success/?session={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{order.back_url}cancel/",
    }  # fmt: skip


def _about(intent: stripe.PaymentIntent, amount: int) -> Answer:
    return Answer(
        Verdict.DONE, str(getattr(intent.metadata, "reference", "")), amount,
        intent.currency.upper(), intent.id,
    )  # fmt: skip


def _taken(intent: stripe.PaymentIntent) -> Answer:
    if intent.status == "succeeded":
        return _about(intent, intent.amount_received)
    if intent.status == "canceled":
        return Answer(Verdict.DECLINED, code="canceled")
    return Answer(Verdict.ABSENT) if intent.status == "requires_capture" else UNREADABLE


def _given_up(intent: stripe.PaymentIntent) -> Answer:
    if intent.status == "canceled":
        return _about(intent, intent.amount)
    if intent.status == "succeeded":
        return Answer(Verdict.DECLINED, code="captured")
    return Answer(Verdict.ABSENT)


def _refunded(order: Order, refund: stripe.Refund) -> Answer:
    if refund.status in {"failed", "canceled"}:
        return Answer(Verdict.DECLINED, order.reference, code=refund.failure_reason or "failed")
    if refund.status != "succeeded":
        return UNREADABLE  # on its way
    reference = str(getattr(refund.metadata, "reference", ""))
    return Answer(
        Verdict.DONE, reference, refund.amount, refund.currency.upper(), order.provider_ref
    )
