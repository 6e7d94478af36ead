"""Stripe as its contract has it: hosted pages, holds, captures, refunds, keys, signed webhooks."""

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from carpool.simulators import pages
from carpool.simulators.server import Call, Json, Reply, Simulator

NAME = "Stripe"


@dataclass
class Payment:
    """A page (Checkout Session) and, once it is approved, its PaymentIntent."""

    session: str
    asked: dict[str, str]
    begun: int
    status: str = "open"
    intent: str = ""
    state: str = ""
    received: int = 0
    captures: int = 0
    refunds: list[Json] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Return what it is about."""
        return int(self.asked["line_items[0][price_data][unit_amount]"])

    @property
    def currency(self) -> str:
        """Return its currency, as Stripe writes it."""
        return self.asked["line_items[0][price_data][currency]"]

    @property
    def reference(self) -> str:
        """Return our own name of it."""
        return self.asked["client_reference_id"]

    @property
    def returned(self) -> int:
        """Return what went back."""
        return sum(one["amount"] for one in self.refunds)


class StripeSimulator(Simulator):
    """Takes one key: ``Authorization: Bearer <key>``; signs its webhooks with a secret."""

    def __init__(self, address: str, *, key: str, secret: str = "", hook: str = "") -> None:
        super().__init__(address, hook=hook, name=NAME)
        self.expected, self.secret = f"Bearer {key}", secret
        self.payments: dict[str, Payment] = {}
        self.disputes: dict[str, Json] = {}
        self.done: dict[str, tuple[tuple[str, bytes], Reply]] = {}
        one = "/v1/payment_intents/([^/]+)"
        self.route("POST", "/v1/checkout/sessions", self._once(self._begin), goes_wrong=True)
        self.route("POST", "/v1/checkout/sessions/([^/]+)/expire", self._once(self._expire))
        self.route("GET", "/v1/checkout/sessions/([^/]+)", self.by_session)
        self.route("POST", f"{one}/capture", self._once(self._capture), goes_wrong=True)
        self.route("POST", f"{one}/cancel", self._once(self._cancel), goes_wrong=True)
        self.route("GET", one, self.by_intent)
        self.route("GET", "/v1/payment_intents", self.listed)
        self.route("POST", "/v1/refunds", self._once(self._refund), goes_wrong=True)
        self.route("GET", "/v1/refunds", self.refunds)
        self.route("GET", "/v1/disputes/([^/]+)", self.by_dispute)
        self.route("POST", "/_simulator/disputes", self.dispute)
        self.route("GET", "/pay/([^/]+)", self.page)
        self.route("POST", "/pay/([^/]+)", self.answered)

    def state(self) -> Json:
        """Tell what was taken and given back, by our own names of the payments."""
        return {
            "payments": [
                {
                    "reference": one.reference, "intent": one.intent, "status": one.status,
                    "state": one.state, "taken": one.received, "returned": one.returned,
                    "charges": one.captures,
                }
                for one in self.payments.values()
            ]
        }  # fmt: skip

    def page(self, call: Call) -> Reply:
        """Ask the payer."""
        payment = self.payments.get(call.groups[0])
        if payment is None or payment.status != "open":
            return Reply(404, html=pages.say(NAME, "This page is closed."))
        amount = f"{payment.total} {payment.currency.upper()} (minor units)"
        return Reply(html=pages.ask_payer(NAME, amount, "Carpool"))

    def answered(self, call: Call) -> Reply:
        """Reserve the money and send the payer back; a declined card leaves the page open."""
        payment = self.payments.get(call.groups[0])
        if payment is None or payment.status != "open":
            return Reply(404, html=pages.say(NAME, "This page is closed."))
        if call.form().get("answer") != "yes":
            return Reply(location=payment.asked["cancel_url"])
        with self.lock:
            payment.status, payment.state = "complete", "requires_capture"
            payment.intent = "pi_" + secrets.token_hex(12)
        self._tell("checkout.session.completed", self._session(payment))
        self._tell("payment_intent.amount_capturable_updated", self._told(payment))
        back = payment.asked["success_url"]
        return Reply(location=back.replace("{CHECKOUT_SESSION_ID}", quote(payment.session)))

    def by_session(self, call: Call) -> Reply:
        """Say how a page stands."""
        payment = self.payments.get(call.groups[0])
        return self._guarded(call, payment and self._session(payment))

    def by_intent(self, call: Call) -> Reply:
        """Say how a payment stands."""
        payment = self._of(call.groups[0])
        return self._guarded(call, payment and self._told(payment))

    def listed(self, call: Call) -> Reply:
        """List what began in a span, the newest first, page by page."""
        since = int(call.query.get("created[gte]", "0"))
        until = int(call.query.get("created[lt]", "99999999999"))
        rows = [p for p in self.payments.values() if p.intent and since <= p.begun < until][::-1]
        return self._guarded(call, self._paged(call, [self._told(one) for one in rows]))

    def refunds(self, call: Call) -> Reply:
        """List the refunds of a payment."""
        payment = self._of(call.query.get("payment_intent", ""))
        return self._guarded(call, self._paged(call, list(payment.refunds if payment else [])))

    def by_dispute(self, call: Call) -> Reply:
        """Say how a dispute stands."""
        told = self.disputes.get(call.groups[0], {})
        payment = self._of(told.get("payment_intent", ""))
        return self._guarded(call, payment and {**told, "payment_intent": self._told(payment)})

    def dispute(self, call: Call) -> Reply:
        """Let a payer's bank object to a payment, or let that end; tell of it as Stripe does."""
        asked = call.json()
        payment = next(p for p in self.payments.values() if p.reference == asked["reference"])
        with self.lock:
            name = "dp_" + payment.intent[3:]
            told = self.disputes.setdefault(name, {
                "id": name, "object": "dispute", "charge": "ch_" + payment.intent[3:],
                "payment_intent": payment.intent, "currency": payment.currency,
                "amount": int(asked.get("amount", payment.received)), "metadata": {},
            })  # fmt: skip
            told["status"] = asked["status"]
        is_over = asked["status"] in {"won", "lost", "warning_closed"}
        self._tell("charge.dispute.closed" if is_over else "charge.dispute.created", told)
        return Reply(body=told)

    def _begin(self, call: Call) -> Reply:
        told = call.form()
        needed = ("mode", "client_reference_id", "success_url", "line_items[0][quantity]",
                  "line_items[0][price_data][unit_amount]")  # fmt: skip
        if missing := [name for name in needed if not told.get(name)]:
            return _error(400, "parameter_missing", f"Missing required param: {missing[0]}.")
        payment = Payment("cs_test_" + secrets.token_hex(16), told, int(time.time()))
        self.payments[payment.session] = payment
        return Reply(body=self._session(payment), amount_key="amount_total")

    def _expire(self, call: Call) -> Reply:
        payment = self.payments.get(call.groups[0])
        if payment is None:
            return _error(404, "resource_missing", "No such checkout.session")
        if payment.status != "open":
            return _error(400, "invalid_state", "Only open sessions can be expired.")
        payment.status = "expired"
        return Reply(body=self._session(payment))

    def _capture(self, call: Call) -> Reply:
        payment = self._of(call.groups[0])
        if payment is None:
            return _error(404, "resource_missing", "No such payment_intent")
        amount = int(call.form().get("amount_to_capture", payment.total))
        if payment.state != "requires_capture":
            return _error(400, "payment_intent_unexpected_state", "It can't be captured.")
        if not 0 < amount <= payment.total:
            return _error(400, "amount_too_large", "More than is capturable.")
        payment.state, payment.received = "succeeded", amount
        payment.captures += 1
        self._tell("payment_intent.succeeded", self._told(payment))
        return Reply(body=self._told(payment), amount_key="amount_received")

    def _cancel(self, call: Call) -> Reply:
        payment = self._of(call.groups[0])
        if payment is None:
            return _error(404, "resource_missing", "No such payment_intent")
        if payment.state != "requires_capture":
            return _error(400, "payment_intent_unexpected_state", "It can't be cancelled.")
        payment.state = "canceled"
        self._tell("payment_intent.canceled", self._told(payment))
        return Reply(body=self._told(payment), amount_key="amount")

    def _refund(self, call: Call) -> Reply:
        told = call.form()
        payment = self._of(told.get("payment_intent", ""))
        if payment is None or payment.state != "succeeded":
            return _error(400, "charge_not_refundable", "There is nothing to refund.")
        left = payment.received - payment.returned
        amount = int(told.get("amount", left))
        if not 0 < amount <= left:
            return _error(400, "charge_already_refunded", "More than is left.")
        refund = {
            "id": "re_" + secrets.token_hex(12), "object": "refund", "amount": amount,
            "currency": payment.currency, "status": "succeeded",
            "payment_intent": payment.intent,
            "metadata": {
                "operation": told.get("metadata[operation]", ""),
                "reference": told.get("metadata[reference]", ""),
            },
        }  # fmt: skip
        payment.refunds.append(refund)
        self._tell("refund.updated", refund)
        return Reply(body=refund, amount_key="amount")

    def _once(self, do: Any) -> Any:
        """Answer a key as before; with other words it is an error."""

        def answer(call: Call) -> Reply:
            if refused := self._refuse(call):
                return refused
            key = call.headers.get("idempotency-key", secrets.token_hex(8))
            with self.lock:
                said = (call.path, call.body)
                if key not in self.done:
                    self.done[key] = (said, do(call))
                before, reply = self.done[key]
            if before != said:
                return _error(400, "", "Keys are for the same words only.", "idempotency_error")
            return reply

        return answer

    def _guarded(self, call: Call, body: Any) -> Reply:
        if refused := self._refuse(call):
            return refused
        return Reply(body=body) if body else _error(404, "resource_missing", "No such thing.")

    def _refuse(self, call: Call) -> Reply | None:
        is_known = call.headers.get("authorization") == self.expected
        return None if is_known else _error(401, "", "Invalid API Key provided.")

    def _of(self, intent: str) -> Payment | None:
        return next((p for p in self.payments.values() if intent and p.intent == intent), None)

    def _paged(self, call: Call, rows: list[Json]) -> Json:
        limit, after = int(call.query.get("limit", "10")), call.query.get("starting_after", "")
        names = [row["id"] for row in rows]
        start = names.index(after) + 1 if after in names else 0
        return {
            "object": "list", "url": call.path, "data": rows[start : start + limit],
            "has_more": start + limit < len(rows),
        }  # fmt: skip

    def _session(self, payment: Payment) -> Json:
        is_open = payment.status == "open"
        return {
            "id": payment.session, "object": "checkout.session", "status": payment.status,
            "client_reference_id": payment.reference, "amount_total": payment.total,
            "currency": payment.currency, "mode": "payment",
            "url": f"{self.address}/pay/{payment.session}" if is_open else None,
            "payment_intent": self._told(payment) if payment.intent else None,
        }  # fmt: skip

    def _told(self, payment: Payment) -> Json:
        return {
            "id": payment.intent, "object": "payment_intent", "status": payment.state,
            "amount": payment.total, "currency": payment.currency, "created": payment.begun,
            "amount_received": payment.received, "capture_method": "manual",
            "amount_capturable": payment.total if payment.state == "requires_capture" else 0,
            "metadata": {"reference": payment.reference},
            "latest_charge": {
                "id": "ch_" + payment.intent[3:], "object": "charge", "amount": payment.total,
                "amount_refunded": payment.returned + (
                    payment.total - payment.received if payment.received else 0
                ),
            },
        }  # fmt: skip

    def _tell(self, kind: str, about: Json) -> None:
        body = json.dumps(
            {"id": "evt_" + secrets.token_hex(12), "object": "event", "type": kind,
             "created": int(time.time()), "data": {"object": about}}
        ).encode()  # fmt: skip
        self.notify(body, {"Stripe-Signature": sign(self.secret, body, int(time.time()))})


def sign(secret: str, body: bytes, at: int) -> str:
    """Return the header of a webhook."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def _error(status: int, code: str, message: str, kind: str = "invalid_request_error") -> Reply:
    return Reply(status, {"error": {"type": kind, "code": code, "message": message}})
