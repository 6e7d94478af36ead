"""Toss Payments (core API v1): a page of theirs, then we confirm.

Nothing is taken before we confirm, with the amount that we asked for. Every POST has its own
idempotency key; it is scoped to the address and not to the body, so no key is used for two things.
Notices about payments are not signed: they only make us ask. Those about payouts are.

Source: Toss Payments, *Core API*, *Idempotency*, *Webhooks*. The address of the payment page is
``checkout.url`` of the answer to ``POST /payments``.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from payments.engine.access import Access
from payments.engine.providers import (
    UNREADABLE,
    Answer,
    Order,
    Purpose,
    ReturnRefused,
    Stated,
    Verdict,
    WebhookNotice,
    WebhookRefused,
)
from payments.services.providers.line import Json, NoAnswer, Refusal, answers_within_s, ask
from payments.services.providers.toss_list import list_stated

PAID = {"DONE", "PARTIAL_CANCELED", "CANCELED"}
ENDED = {"ABORTED", "EXPIRED"}
# What they say of themselves or of our account; that is no word about the payment.
OUR_FAULT = {401, 408, 409, 425, 429}
NOT_ABOUT_THE_PAYMENT = {
    "UNAUTHORIZED_KEY", "INVALID_API_KEY", "PROVIDER_ERROR", "IDEMPOTENT_REQUEST_PROCESSING",
    "FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING", "FAILED_INTERNAL_SYSTEM_PROCESSING",
    "FAILED_REFUND_PROCESS", "FORBIDDEN_CONSECUTIVE_REQUEST",
}  # fmt: skip
SIGNED_KINDS = {"payout.changed", "seller.changed"}
TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Toss:
    """Payments by Toss Payments."""

    access: Access
    key = "toss"
    captures_at_once = True
    asks_payer = True
    pays_without_return = False
    signs_notices = False

    @property
    def is_play_money(self) -> bool:
        """Tell whether no money moves."""
        return self.access.is_play_money

    @property
    def answers_within_s(self) -> int:
        """How long a call may take."""
        return answers_within_s()

    def begin(self, order: Order) -> Answer:
        """Announce a payment; announced again, it is the same one."""
        try:
            told = self._post("/payments", order, {
                "method": order.method, "amount": order.amount, "currency": order.currency,
                "orderId": order.reference, "orderName": "Carpool",
                "successUrl": f"{order.back_url}success/", "failUrl": f"{order.back_url}fail/",
            })  # fmt: skip
        except NoAnswer:
            return UNREADABLE
        except Refusal as refusal:
            return _refused(refusal)
        page = str((told.get("checkout") or {}).get("url", ""))
        if not self.access.is_its_page(page):
            return UNREADABLE
        return _done(told, told.get("totalAmount"), pay_at=page)

    def read_return(self, order: Order, told: Mapping[str, str]) -> str:
        """Return the payment's key, once order and amount are the ones that we asked for.

        Raises:
            ReturnRefused: they are not, or there is no key.
        """
        same = told.get("orderId") == order.reference and told.get("amount") == str(order.amount)
        key = told.get("paymentKey", "")
        if not same or not 0 < len(key) <= 200 or key != (order.provider_ref or key):
            raise ReturnRefused("Another order, amount or payment.")
        return key

    def authorise(self, order: Order) -> Answer:
        """Take the money that the payer has approved; otherwise see that nothing was taken."""
        if not order.may_take:
            return self._status_of_charge(order)
        body = {"paymentKey": order.proof, "orderId": order.reference, "amount": order.amount}
        try:
            told = self._post("/payments/confirm", order, body)
        except NoAnswer:
            return UNREADABLE
        except Refusal as refusal:
            return self._after_refusal(order, refusal)
        return _done(told, told.get("totalAmount"))

    def capture(self, order: Order) -> Answer:
        """Take nothing more: confirming has taken it all."""
        return Answer(Verdict.DECLINED, order.reference, code="captured_at_once")

    def cancel(self, order: Order) -> Answer:
        """Reserve nothing, so give nothing up."""
        return Answer(Verdict.DECLINED, order.reference, code="captured_at_once")

    def refund(self, order: Order) -> Answer:
        """Give back; the reason holds our key, by which it is known again."""
        body = {"cancelReason": f"Carpool {order.key}", "cancelAmount": order.amount}
        try:
            told = self._post(f"/payments/{order.provider_ref}/cancel", order, body)
        except NoAnswer:
            return UNREADABLE
        except Refusal as refusal:
            return self._after_refusal(order, refusal)
        return _cancelled(told, order)

    def status(self, order: Order) -> Answer:
        """Look a payment up by our own name of it, and say what became of an operation."""
        if order.purpose is Purpose.BEGIN:
            return Answer(Verdict.ABSENT)  # announcing it again is announcing the same
        if order.purpose is Purpose.REFUND:
            try:
                return _cancelled(self._look_up(order), order)
            except (NoAnswer, Refusal):
                return UNREADABLE
        return self._status_of_charge(order)

    def read_webhook(self, headers: dict[str, str], body: bytes, *, now: datetime) -> WebhookNotice:
        """Read which payment a notice is about; verify the kinds that are signed.

        What an unsigned one says is not even read.

        Raises:
            WebhookRefused: its signature does not fit, it is too old, or unreadable.
        """
        told = {name.lower(): value for name, value in headers.items()}
        sent = told.get("tosspayments-webhook-transmission-id", "")
        try:
            notice: Any = json.loads(body)
            kind, data = str(notice["eventType"]), notice["data"]
            if kind in SIGNED_KINDS:
                self._verify(told, body, now)
            reference = str(data.get("orderId", ""))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WebhookRefused("The notice is unreadable or not signed.") from error
        return WebhookNotice(sent or hashlib.sha256(body).hexdigest(), reference)

    def chargeback(self, name: str) -> None:
        """Know of none: Toss Payments tells of them by letter, which a person reads."""

    def list_payments(
        self, known: Iterable[Order], *, since: datetime, until: datetime
    ) -> Iterator[Stated]:
        """Add up the transactions of the span.

        Raises:
            NoAnswer: they cannot be reached now.
        """
        return list_stated(self._get, since=since, until=until)

    def _verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Compare the signature of a kind that has one."""
        at = headers.get("tosspayments-webhook-transmission-time", "")
        signed = headers.get("tosspayments-webhook-signature", "")
        if abs(datetime.fromisoformat(at) - now) > TOLERANCE:
            raise WebhookRefused("The notice is too old.")
        macs = [one.strip() for one in signed.removeprefix("v1:").split(",")]
        macs = [one.removeprefix("v1:") for one in macs][:8]
        own = [sign(secret, body, at) for secret in self.access.webhook_secrets]
        if not any(hmac.compare_digest(mac.encode(), one.encode()) for mac in macs for one in own):
            raise WebhookRefused("The signature does not fit.")

    def _status_of_charge(self, order: Order) -> Answer:
        try:
            told = self._look_up(order)
        except NoAnswer:
            return UNREADABLE
        except Refusal as refusal:
            if refusal.status != 404:
                return UNREADABLE
            told = {}
        state = str(told.get("status", ""))
        if state in PAID:
            return _done(told, told.get("totalAmount"))
        if state in ENDED:
            return Answer(Verdict.DECLINED, order.reference, code=state.lower())
        if order.may_take:
            return Answer(Verdict.ABSENT)
        return Answer(Verdict.DECLINED, order.reference, code="not_approved")

    def _after_refusal(self, order: Order, refusal: Refusal) -> Answer:
        """See whether an earlier try of the same has gone through: then this one was refused."""
        refused = _refused(refusal)
        if refused is UNREADABLE:
            return refused
        known = self.status(order)
        return refused if known.verdict is Verdict.ABSENT else known

    def _look_up(self, order: Order) -> Json:
        told = self._get(f"/payments/orders/{order.reference}", {})
        if not isinstance(told, dict):
            raise NoAnswer
        return told

    def _get(self, path: str, query: dict[str, str]) -> Any:
        return ask(self.access, "GET", path, headers=self._headers(), query=query)

    def _post(self, path: str, order: Order, body: Json) -> Json:
        headers = {**self._headers(), "Idempotency-Key": order.key}
        told = ask(self.access, "POST", path, headers=headers, body=body)
        if not isinstance(told, dict):
            raise NoAnswer
        return told

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": "Basic " + base64.b64encode(f"{self.access.key}:".encode()).decode()
        }


def sign(secret: str, body: bytes, at: str) -> str:
    """Return the signature of a notice: over the raw body and the time it was sent at."""
    key = bytes.fromhex(secret) if _is_hex(secret) else secret.encode()
    mac = hmac.new(key, body + b":" + at.encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def _is_hex(secret: str) -> bool:
    return len(secret) == 64 and set(secret) <= set("0123456789abcdefABCDEF")


def _done(told: Json, amount: Any, pay_at: str = "") -> Answer:
    if not isinstance(amount, int):
        return UNREADABLE
    return Answer(
        Verdict.DONE, str(told.get("orderId", "")), amount, str(told.get("currency", "")),
        str(told.get("paymentKey", "")), pay_at=pay_at,
    )  # fmt: skip


def _cancelled(told: Json, order: Order) -> Answer:
    """Find an own refund among those of a payment."""
    for one in told.get("cancels") or []:
        if one.get("cancelReason") == f"Carpool {order.key}":
            return _done(told, one.get("cancelAmount"))
    return Answer(Verdict.ABSENT)


def _refused(refusal: Refusal) -> Answer:
    code = str(refusal.body.get("code", "refused"))
    if refusal.status in OUR_FAULT or code in NOT_ABOUT_THE_PAYMENT:
        return UNREADABLE
    return Answer(Verdict.DECLINED, code=code)
