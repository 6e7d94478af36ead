"""Toss Payments, as its contract has it, with its webhooks and list of transactions."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from carpool.simulators import pages
from carpool.simulators.server import Call, Json, Reply, Simulator

LIVES_S = 600
NAME = "Toss Payments"
SEOUL = timedelta(hours=9)


@dataclass
class Payment:
    """One payment, by its key."""

    key: str
    asked: Json
    begun: float
    status: str = "READY"
    cancels: list[Json] = field(default_factory=list)
    transactions: list[Json] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Return what it is about."""
        return int(self.asked["amount"])

    @property
    def left(self) -> int:
        """Return what has not gone back."""
        return self.total - sum(int(one["cancelAmount"]) for one in self.cancels)


class TossSimulator(Simulator):
    """Takes one key: ``Authorization: Basic base64(key + ":")``."""

    def __init__(self, address: str, *, key: str, secret: str = "", hook: str = "") -> None:
        super().__init__(address, hook=hook, name=NAME)
        self.secret = secret
        self.expected = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
        self.payments: dict[str, Payment] = {}
        self.done: dict[tuple[str, str], Reply] = {}
        self.route("POST", "/v1/payments", self.begin, goes_wrong=True)
        self.route("POST", "/v1/payments/confirm", self.confirm, goes_wrong=True)
        self.route("POST", "/v1/payments/([^/]+)/cancel", self.cancel, goes_wrong=True)
        self.route("GET", "/v1/payments/orders/([^/]+)", self.by_order)
        self.route("GET", "/v1/payments/([^/]+)", self.by_key)
        self.route("GET", "/v1/transactions", self.transactions)
        self.route("GET", "/pay/([^/]+)", self.page)
        self.route("POST", "/pay/([^/]+)", self.answered)

    def state(self) -> Json:
        """Tell what was taken and given back, by our own names of the payments."""
        return {
            "payments": [
                {
                    "reference": one.asked["orderId"], "key": one.key, "status": one.status,
                    "taken": one.total if one.transactions else 0,
                    "returned": one.total - one.left,
                    "charges": sum(row["status"] == "DONE" for row in one.transactions),
                }
                for one in self.payments.values()
            ]
        }  # fmt: skip

    def begin(self, call: Call) -> Reply:
        """Announce a payment."""
        return self._once(call, self._begin)

    def confirm(self, call: Call) -> Reply:
        """Take the money, once."""
        return self._once(call, self._confirm)

    def cancel(self, call: Call) -> Reply:
        """Give (a part of) it back."""
        return self._once(call, self._cancel)

    def by_key(self, call: Call) -> Reply:
        """Say how a payment stands."""
        return self._look(call, self.payments.get(call.groups[0]))

    def by_order(self, call: Call) -> Reply:
        """Say how a payment stands, by our own name of it."""
        return self._look(call, self._of_order(call.groups[0]))

    def transactions(self, call: Call) -> Reply:
        """List what moved in a span."""
        if refused := self._refuse(call):
            return refused
        since, until = call.query.get("startDate", ""), call.query.get("endDate", "9")
        limit, after = int(call.query.get("limit", "100")), call.query.get("startingAfter", "")
        with self.lock:
            rows = [row for one in self.payments.values() for row in one.transactions]
        rows = sorted(
            (row for row in rows if since <= row["transactionAt"][:19] <= until),
            key=lambda row: row["transactionAt"],
        )
        keys = [row["transactionKey"] for row in rows]
        start = keys.index(after) + 1 if after in keys else 0
        return Reply(body=rows[start : start + limit])

    def page(self, call: Call) -> Reply:
        """Ask the payer."""
        payment = self.payments.get(call.groups[0])
        if payment is None or self._has_run_out(payment):
            return Reply(404, html=pages.say(NAME, "This payment has run out."))
        name = str(payment.asked["orderName"])
        return Reply(html=pages.ask_payer(NAME, f"₩{payment.total:,}", name))

    def answered(self, call: Call) -> Reply:
        """Send the payer back with the payment's key, or with what was wrong."""
        payment = self.payments.get(call.groups[0])
        if payment is None or payment.status not in {"READY", "IN_PROGRESS"}:
            return Reply(404, html=pages.say(NAME, "This payment has run out."))
        answer = call.form().get("answer")
        with self.lock:
            if answer == "yes" and not self._has_run_out(payment):
                payment.status = "IN_PROGRESS"
                told = {"paymentKey": payment.key, "orderId": payment.asked["orderId"],
                        "amount": str(payment.total)}  # fmt: skip
                return Reply(location=f"{payment.asked['successUrl']}?{urlencode(told)}")
            payment.status = "ABORTED"
        self._tell(payment)
        code = "PAY_PROCESS_CANCELED" if answer == "no" else "REJECT_CARD_COMPANY"
        told = {"code": code, "message": "-", "orderId": payment.asked["orderId"]}
        return Reply(location=f"{payment.asked['failUrl']}?{urlencode(told)}")

    def _begin(self, call: Call) -> Reply:
        told = call.json()
        needed = ("method", "amount", "orderId", "orderName", "successUrl", "failUrl")
        if any(not told.get(name) for name in needed) or not isinstance(told["amount"], int):
            return _error(400, "INVALID_REQUEST")
        with self.lock:
            if self._of_order(told["orderId"]):
                return _error(400, "DUPLICATED_ORDER_ID")
            payment = Payment("tviva" + secrets.token_hex(14), told, time.time())
            self.payments[payment.key] = payment
            return Reply(body=self._told(payment), amount_key="totalAmount")

    def _confirm(self, call: Call) -> Reply:
        told = call.json()
        with self.lock:
            payment = self.payments.get(str(told.get("paymentKey")))
            if payment is None or told.get("orderId") != payment.asked["orderId"]:
                return _error(404, "NOT_FOUND_PAYMENT")
            if payment.status == "DONE":
                return _error(400, "ALREADY_PROCESSED_PAYMENT")
            if payment.status != "IN_PROGRESS" or self._has_run_out(payment):
                return _error(404, "NOT_FOUND_PAYMENT_SESSION")
            if told.get("amount") != payment.total:
                return _error(400, "INVALID_REQUEST")
            payment.status = "DONE"
            self._move(payment, payment.total, "DONE")
            reply = Reply(body=self._told(payment), amount_key="totalAmount")
        self._tell(payment)
        return reply

    def _cancel(self, call: Call) -> Reply:
        told = call.json()
        with self.lock:
            payment = self.payments.get(call.groups[0])
            if payment is None:
                return _error(404, "NOT_FOUND_PAYMENT")
            if payment.status == "CANCELED":
                return _error(400, "ALREADY_CANCELED_PAYMENT")
            amount = told.get("cancelAmount", payment.left)
            if payment.status not in {"DONE", "PARTIAL_CANCELED"}:
                return _error(403, "NOT_CANCELABLE_PAYMENT")
            if not told.get("cancelReason") or not isinstance(amount, int) or amount <= 0:
                return _error(400, "INVALID_REQUEST")
            if amount > payment.left:
                return _error(403, "NOT_CANCELABLE_AMOUNT")
            payment.cancels.append(
                {
                    "cancelAmount": amount, "cancelReason": told["cancelReason"],
                    "taxFreeAmount": 0, "refundableAmount": payment.left - amount,
                    "canceledAt": _now(), "transactionKey": secrets.token_hex(16),
                }
            )  # fmt: skip
            payment.status = "PARTIAL_CANCELED" if payment.left else "CANCELED"
            self._move(payment, -amount, payment.status)
            place = f"cancels.{len(payment.cancels) - 1}.cancelAmount"
            reply = Reply(body=self._told(payment), amount_key=place)
        self._tell(payment)
        return reply

    def _once(self, call: Call, do: Any) -> Reply:
        """Answer a key as before: it is scoped to the address, not to the body."""
        if refused := self._refuse(call):
            return refused
        key = call.headers.get("idempotency-key", "")
        if len(key) > 300:
            return _error(400, "INVALID_IDEMPOTENCY_KEY")
        with self.lock:
            known = self.done.get((call.path, key)) if key else None
            if known is None:
                known = self.done[call.path, key or secrets.token_hex(8)] = do(call)
            return known

    def _look(self, call: Call, payment: Payment | None) -> Reply:
        if refused := self._refuse(call):
            return refused
        with self.lock:
            if payment is None:
                return _error(404, "NOT_FOUND_PAYMENT")
            if self._has_run_out(payment):
                payment.status = "EXPIRED"
            return Reply(body=self._told(payment))

    def _refuse(self, call: Call) -> Reply | None:
        is_known = call.headers.get("authorization") == self.expected
        return None if is_known else _error(401, "UNAUTHORIZED_KEY")

    def _of_order(self, name: str) -> Payment | None:
        return next((p for p in self.payments.values() if p.asked["orderId"] == name), None)

    def _has_run_out(self, payment: Payment) -> bool:
        is_open = payment.status in {"READY", "IN_PROGRESS"}
        return is_open and time.time() - payment.begun > LIVES_S

    def _move(self, payment: Payment, amount: int, state: str) -> None:
        payment.transactions.append(
            {
                "mId": "carpool", "transactionKey": secrets.token_hex(16),
                "paymentKey": payment.key, "orderId": payment.asked["orderId"],
                "method": payment.asked["method"], "status": state, "transactionAt": _now(),
                "currency": "KRW", "amount": amount,
            }
        )  # fmt: skip

    def _told(self, payment: Payment) -> Json:
        return {
            "version": "2022-11-16", "mId": "carpool", "paymentKey": payment.key,
            "orderId": payment.asked["orderId"], "orderName": payment.asked["orderName"],
            "type": "NORMAL", "method": payment.asked["method"], "status": payment.status,
            "totalAmount": payment.total, "balanceAmount": payment.left, "currency": "KRW",
            "requestedAt": _now(), "isPartialCancelable": True, "secret": None,
            "cancels": list(payment.cancels) or None,
            "checkout": {"url": f"{self.address}/pay/{payment.key}"},
        }  # fmt: skip

    def _tell(self, payment: Payment) -> None:
        """Send an unsigned webhook, as they do for payments."""
        body = json.dumps(
            {"eventType": "PAYMENT_STATUS_CHANGED", "createdAt": _now(),
             "data": self._told(payment)}
        )  # fmt: skip
        self.notify(body.encode(), self.headers(body.encode()))

    def headers(self, body: bytes, *, is_signed: bool = False) -> dict[str, str]:
        """Return the headers of a webhook; only those about payouts are signed."""
        at = datetime.now(UTC).isoformat()
        told = {
            "tosspayments-webhook-transmission-id": secrets.token_hex(16),
            "tosspayments-webhook-transmission-time": at,
            "tosspayments-webhook-transmission-retried-count": "0",
        }
        if is_signed:
            key = bytes.fromhex(self.secret)
            mac = hmac.new(key, body + b":" + at.encode(), hashlib.sha256).digest()
            told["tosspayments-webhook-signature"] = f"v1:{base64.b64encode(mac).decode()}"
        return told


def _error(status: int, code: str) -> Reply:
    return Reply(status, {"code": code, "message": code.replace("_", " ").capitalize()})


def _now() -> str:
    return (datetime.now(UTC) + SEOUL).strftime("%Y-%m-%dT%H:%M:%S+09:00")
