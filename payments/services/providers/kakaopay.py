"""KakaoPay, one-time payment (open API v1).

The payer approves on KakaoPay's pages; nothing is taken before we approve, too, with what they
bring back. There is no idempotency key and no webhook: before anything is sent again, the payment
is looked up by its ``tid``, and a cancel is known again by our key in its ``payload``.

Source: KakaoPay developers, *Online payment: one-time payment, order, cancel*.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
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

CURRENCY = "KRW"
PAID = {"SUCCESS_PAYMENT", "PART_CANCEL_PAYMENT", "CANCEL_PAYMENT"}
ENDED = {"FAIL_AUTH_PASSWORD", "QUIT_PAYMENT", "FAIL_PAYMENT"}
# Our own side is at fault; that is no word about the payment.
OUR_FAULT = {401, 403, 408, 409, 425, 429}


@dataclass(frozen=True, slots=True)
class KakaoPay:
    """Payments by KakaoPay."""

    access: Access
    key = "kakaopay"
    captures_at_once = True
    asks_payer = True
    pays_without_return = False
    signs_notices = True

    @property
    def is_play_money(self) -> bool:
        """Tell whether no money moves."""
        return self.access.is_play_money

    @property
    def answers_within_s(self) -> int:
        """How long a call may take."""
        return answers_within_s()

    def begin(self, order: Order) -> Answer:
        """Announce a payment. One whose answer gets lost can be paid by nobody."""
        try:
            told = self._post(
                "/ready",
                partner_user_id=order.payer,
                item_name="Carpool",
                quantity=1,
                total_amount=order.amount,
                tax_free_amount=0,
                approval_url=f"{order.back_url}success/",
                cancel_url=f"{order.back_url}cancel/",
                fail_url=f"{order.back_url}fail/",
                partner_order_id=order.reference,
            )
        except NoAnswer:
            return UNREADABLE
        except Refusal as refusal:
            return _refused(refusal)
        # People stand at the kerb with a phone.
        page = str(told.get("next_redirect_mobile_url") or told.get("next_redirect_pc_url") or "")
        if not self.access.is_its_page(page) or not told.get("tid"):
            return UNREADABLE
        return Answer(
            Verdict.DONE, order.reference, order.amount, CURRENCY, str(told["tid"]), pay_at=page
        )

    def read_return(self, order: Order, told: Mapping[str, str]) -> str:
        """Return the token that the payer brings back.

        Raises:
            ReturnRefused: there is none.
        """
        token = told.get("pg_token", "")
        if not 0 < len(token) <= 100:
            raise ReturnRefused("There is no token.")
        return token

    def authorise(self, order: Order) -> Answer:
        """Take the money that the payer has approved; otherwise see that nothing was taken."""
        if not order.may_take:
            return self._status_of_charge(order)
        try:
            told = self._post(
                "/approve",
                tid=order.provider_ref,
                partner_order_id=order.reference,
                partner_user_id=order.payer,
                pg_token=order.proof,
                total_amount=order.amount,
            )
        except NoAnswer:
            return UNREADABLE
        except Refusal as refusal:
            return self._after_refusal(order, refusal)
        return self._done(order, told, _amount(told))

    def capture(self, order: Order) -> Answer:
        """Take nothing more: approving has taken it all."""
        return Answer(Verdict.DECLINED, order.reference, code="captured_at_once")

    def cancel(self, order: Order) -> Answer:
        """Reserve nothing, so give nothing up."""
        return Answer(Verdict.DECLINED, order.reference, code="captured_at_once")

    def refund(self, order: Order) -> Answer:
        """Give back; what is left by our count makes a second refund an error there."""
        try:
            told = self._post(
                "/cancel",
                tid=order.provider_ref,
                cancel_amount=order.amount,
                cancel_tax_free_amount=0,
                cancel_available_amount=order.left,
                payload=order.key,
            )
        except NoAnswer:
            return UNREADABLE
        except Refusal as refusal:
            return self._after_refusal(order, refusal)
        return self._done(order, told, (told.get("approved_cancel_amount") or {}).get("total"))

    def status(self, order: Order) -> Answer:
        """Look a payment up by its number, and say what became of an operation."""
        if order.purpose is Purpose.BEGIN:
            return Answer(Verdict.ABSENT)
        if order.purpose is Purpose.REFUND:
            return self._status_of_refund(order)
        return self._status_of_charge(order)

    def read_webhook(self, headers: dict[str, str], body: bytes, *, now: datetime) -> WebhookNotice:
        """Refuse: KakaoPay sends none for one-time payments.

        Raises:
            WebhookRefused: always.
        """
        raise WebhookRefused("KakaoPay sends no notices.")

    def chargeback(self, name: str) -> None:
        """Know of none: KakaoPay tells of them by letter, which a person reads."""

    def list_payments(
        self, known: Iterable[Order], *, since: datetime, until: datetime
    ) -> Iterator[Stated]:
        """Look each payment up: KakaoPay's list is not to be had by a program.

        Raises:
            NoAnswer: it cannot be reached now.
        """
        for order in known:
            try:
                told = self._look_up(order)
            except Refusal:
                continue  # it has never heard of it
            state = told.get("status")
            taken = _amount(told) if state in PAID else 0
            yield Stated(
                str(told.get("partner_order_id", "")), order.provider_ref, taken or 0,
                int((told.get("canceled_amount") or {}).get("total") or 0), CURRENCY,
                is_open=state not in PAID | ENDED,
            )  # fmt: skip

    def _status_of_charge(self, order: Order) -> Answer:
        try:
            told = self._look_up(order)
        except (NoAnswer, Refusal):
            return UNREADABLE
        state = str(told.get("status", ""))
        if state in PAID:
            return self._done(order, told, _amount(told))
        if state in ENDED:
            return Answer(Verdict.DECLINED, order.reference, code=state.lower())
        if order.may_take:
            return Answer(Verdict.ABSENT)
        return Answer(Verdict.DECLINED, order.reference, code="not_approved")

    def _status_of_refund(self, order: Order) -> Answer:
        try:
            told = self._look_up(order)
        except (NoAnswer, Refusal):
            return UNREADABLE
        for action in told.get("payment_action_details") or []:
            if action.get("payload") == order.key:
                return self._done(order, told, action.get("amount"))
        return Answer(Verdict.ABSENT)

    def _after_refusal(self, order: Order, refusal: Refusal) -> Answer:
        """See whether an earlier try of the same has gone through: then this one was refused."""
        if refusal.status in OUR_FAULT:
            return UNREADABLE
        known = self.status(order)
        return _refused(refusal) if known.verdict is Verdict.ABSENT else known

    def _done(self, order: Order, told: Json, amount: Any) -> Answer:
        if not isinstance(amount, int):
            return UNREADABLE
        return Answer(
            Verdict.DONE, str(told.get("partner_order_id", "")), amount, CURRENCY,
            order.provider_ref,
        )  # fmt: skip

    def _look_up(self, order: Order) -> Json:
        return self._post("/order", tid=order.provider_ref)

    def _post(self, path: str, **body: Any) -> Json:
        headers = {"Authorization": f"SECRET_KEY {self.access.key}"}
        told = ask(
            self.access, "POST", path, headers=headers, body={"cid": self.access.account, **body}
        )
        if not isinstance(told, dict):
            raise NoAnswer
        return told


def _amount(told: Json) -> Any:
    return (told.get("amount") or {}).get("total")


def _refused(refusal: Refusal) -> Answer:
    if refusal.status in OUR_FAULT:
        return UNREADABLE
    code = (refusal.body.get("extras") or {}).get("method_result_code")
    return Answer(Verdict.DECLINED, code=str(code or refusal.body.get("error_code", "refused")))
