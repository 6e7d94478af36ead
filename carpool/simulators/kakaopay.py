"""KakaoPay's one-time payment, as its contract has it. It sends no webhooks."""

import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from carpool.simulators import pages
from carpool.simulators.server import Call, Json, Reply, Simulator

LIVES_S = 900
NAME = "KakaoPay"
NEEDED = (
    "cid", "partner_order_id", "partner_user_id", "item_name", "quantity", "total_amount",
    "tax_free_amount", "approval_url", "cancel_url", "fail_url",
)  # fmt: skip


@dataclass
class Payment:
    """One payment, by its ``tid``."""

    tid: str
    ready: Json
    begun: float
    status: str = "READY"
    token: str = ""
    canceled: int = 0
    actions: list[Json] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Return what it is about."""
        return int(self.ready["total_amount"])


class KakaoPaySimulator(Simulator):
    """Takes any key that is not empty: ``Authorization: SECRET_KEY <key>``."""

    def __init__(self, address: str, *, key: str) -> None:
        super().__init__(address, name=NAME)
        self.key = key
        self.payments: dict[str, Payment] = {}
        base = "/online/v1/payment"
        self.route("POST", f"{base}/ready", self.ready, goes_wrong=True)
        self.route("POST", f"{base}/approve", self.approve, goes_wrong=True)
        self.route("POST", f"{base}/order", self.order)
        self.route("POST", f"{base}/cancel", self.cancel, goes_wrong=True)
        self.route("GET", "/pay/([^/]+)", self.page)
        self.route("POST", "/pay/([^/]+)", self.answered)

    def state(self) -> Json:
        """Tell what was taken and given back, by our own names of the payments."""
        return {
            "payments": [
                {
                    "reference": one.ready["partner_order_id"], "tid": one.tid,
                    "status": one.status, "taken": one.total if one.actions else 0,
                    "returned": one.canceled,
                    "charges": sum(a["payment_action_type"] == "PAYMENT" for a in one.actions),
                }
                for one in self.payments.values()
            ]
        }  # fmt: skip

    def ready(self, call: Call) -> Reply:
        """Announce a payment."""
        if refused := self._refuse(call):
            return refused
        told = call.json()
        if missing := [name for name in NEEDED if name not in told]:
            return _error(-701, f"{missing[0]} can't be null.")
        if not isinstance(told["total_amount"], int) or told["total_amount"] <= 0:
            return _error(-702, "total_amount must be a positive whole number.")
        if any(len(told[name]) > 255 for name in ("approval_url", "cancel_url", "fail_url")):
            return _error(-702, "An url is too long.")
        tid = "T" + secrets.token_hex(10)[:19]
        with self.lock:
            self.payments[tid] = Payment(tid, told, time.time())
        page = f"{self.address}/pay/{tid}"
        return Reply(
            body={
                "tid": tid, "next_redirect_app_url": page, "next_redirect_mobile_url": page,
                "next_redirect_pc_url": page, "created_at": _now(),
            }
        )  # fmt: skip

    def page(self, call: Call) -> Reply:
        """Ask the payer."""
        payment = self.payments.get(call.groups[0])
        if payment is None or self._has_run_out(payment):
            return Reply(404, html=pages.say(NAME, "This payment has run out."))
        amount = f"₩{payment.total:,}"
        return Reply(html=pages.ask_payer(NAME, amount, str(payment.ready["item_name"])))

    def answered(self, call: Call) -> Reply:
        """Send the payer back with a token, or without."""
        payment = self.payments.get(call.groups[0])
        if payment is None or payment.status not in {"READY", "AUTH_PASSWORD"}:
            return Reply(404, html=pages.say(NAME, "This payment has run out."))
        answer = call.form().get("answer")
        with self.lock:
            if answer == "yes" and not self._has_run_out(payment):
                payment.status, payment.token = "AUTH_PASSWORD", secrets.token_hex(10)
                back = payment.ready["approval_url"]
                return Reply(location=f"{back}?pg_token={payment.token}")
            payment.status = "QUIT_PAYMENT" if answer == "no" else "FAIL_PAYMENT"
        return Reply(location=payment.ready["cancel_url" if answer == "no" else "fail_url"])

    def approve(self, call: Call) -> Reply:
        """Take the money, once."""
        if refused := self._refuse(call):
            return refused
        told = call.json()
        with self.lock:
            payment = self.payments.get(str(told.get("tid")))
            if payment is None:
                return _error(-721, "There is no such payment.")
            same = ("cid", "partner_order_id", "partner_user_id")
            if any(told.get(name) != payment.ready[name] for name in same):
                return _error(-750, "This is another payment.")
            if told.get("total_amount", payment.total) != payment.total:
                return _error(-750, "This is another amount.")
            if payment.status != "AUTH_PASSWORD" or told.get("pg_token") != payment.token:
                return _error(-702, "The payment can't be approved.")
            if self._has_run_out(payment):
                return _error(-780, "The payment has run out.", method="EXPIRED")
            payment.status = "SUCCESS_PAYMENT"
            payment.actions.append(self._action(payment.total, "PAYMENT", told.get("payload")))
            body = self._told(payment) | {"aid": payment.actions[-1]["aid"]}
            return Reply(body=body, amount_key="amount.total")

    def order(self, call: Call) -> Reply:
        """Say how a payment stands."""
        if refused := self._refuse(call):
            return refused
        with self.lock:
            payment = self.payments.get(str(call.json().get("tid")))
            if payment is None:
                return _error(-721, "There is no such payment.")
            if self._has_run_out(payment):
                payment.status = "FAIL_PAYMENT"
            return Reply(body=self._told(payment))

    def cancel(self, call: Call) -> Reply:
        """Give (a part of) it back."""
        if refused := self._refuse(call):
            return refused
        told = call.json()
        with self.lock:
            payment = self.payments.get(str(told.get("tid")))
            if payment is None or not payment.actions:
                return _error(-721, "There is no such payment.")
            left, amount = payment.total - payment.canceled, told.get("cancel_amount")
            if not isinstance(amount, int) or not 0 < amount <= left:
                return _error(-793, "More than is left can't be cancelled.")
            if told.get("cancel_available_amount", left) != left:
                return _error(-794, "cancel_available_amount is not what is left.")
            payment.canceled += amount
            is_all = payment.canceled == payment.total
            payment.status = "CANCEL_PAYMENT" if is_all else "PART_CANCEL_PAYMENT"
            payment.actions.append(self._action(amount, "CANCEL", told.get("payload")))
            body = self._told(payment) | {"approved_cancel_amount": {"total": amount}}
            return Reply(body=body, amount_key="approved_cancel_amount.total")

    def _refuse(self, call: Call) -> Reply | None:
        if call.headers.get("authorization") != f"SECRET_KEY {self.key}":
            return Reply(401, {"error_code": -401, "error_message": "Unknown key."})
        return None

    def _has_run_out(self, payment: Payment) -> bool:
        is_open = payment.status in {"READY", "AUTH_PASSWORD"}
        return is_open and time.time() - payment.begun > LIVES_S

    def _told(self, payment: Payment) -> Json:
        return {
            "tid": payment.tid, "cid": payment.ready["cid"], "status": payment.status,
            "partner_order_id": payment.ready["partner_order_id"],
            "partner_user_id": payment.ready["partner_user_id"], "payment_method_type": "MONEY",
            "item_name": payment.ready["item_name"], "quantity": payment.ready["quantity"],
            "amount": _amount(payment.total), "canceled_amount": _amount(payment.canceled),
            "cancel_available_amount": _amount(payment.total - payment.canceled),
            "created_at": _now(), "approved_at": _now(),
            "payment_action_details": list(payment.actions),
        }  # fmt: skip

    def _action(self, amount: int, kind: str, payload: Any) -> Json:
        return {
            "aid": "A" + secrets.token_hex(10)[:19], "amount": amount, "approved_at": _now(),
            "payment_action_type": kind, "payload": payload or "",
        }  # fmt: skip


def _amount(total: int) -> Json:
    return {
        "total": total, "tax_free": 0, "vat": round(total / 11), "point": 0, "discount": 0,
        "green_deposit": 0,
    }  # fmt: skip


def _error(code: int, message: str, method: str = "") -> Reply:
    body: Json = {"error_code": code, "error_message": message}
    if method:
        body["extras"] = {"method_result_code": method, "method_result_message": message}
    return Reply(400, body)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
