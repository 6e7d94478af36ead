"""The test bank: a provider of our own with play money, for the demo and for tests.

It behaves like a real one where that matters: it keeps its own book, does an operation once per
key, holds before it takes, refuses to give back more than it took, signs its notices, and can lose
its answer or be out of reach. How a payment goes is chosen by its *method*, as with the test cards
of real providers. It is switched on by the setting ``PAYMENT_PROVIDERS``; never beside real money.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from carpool.kernel import clock
from payments.engine import signatures
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
from payments.models import BankOperation

LABEL = "Test bank – no real money"
PAYS, DECLINES = "test_pays", "test_declines"
LOSES_ANSWER, UNREACHABLE, WRONG_AMOUNT = "test_loses_answer", "test_down", "test_wrong_amount"
METHODS = (PAYS, DECLINES, LOSES_ANSWER, UNREACHABLE, WRONG_AMOUNT)
HEADER = "Test-Bank-Signature"


class BankForTests:
    """Play money."""

    key = "test_bank"
    captures_at_once = False
    is_play_money = True
    asks_payer = False
    pays_without_return = False
    signs_notices = True
    answers_within_s = 0

    def begin(self, order: Order) -> Answer:
        """Say that nobody has to go anywhere."""
        return _declined(order, "nothing_to_approve")

    def read_return(self, order: Order, told: Mapping[str, str]) -> str:
        """Refuse: nobody comes back from here.

        Raises:
            ReturnRefused: always.
        """
        raise ReturnRefused("The test bank has no pages of its own.")

    def authorise(self, order: Order) -> Answer:
        """Reserve an amount, as the method has it."""
        return self._do(order)

    def capture(self, order: Order) -> Answer:
        """Take what was reserved, or less, once."""
        return self._do(order)

    def cancel(self, order: Order) -> Answer:
        """Give a reservation up."""
        return self._do(order)

    def refund(self, order: Order) -> Answer:
        """Give back."""
        return self._do(order)

    def status(self, order: Order) -> Answer:
        """Say what the book says."""
        done = BankOperation.objects.filter(key=order.key).first()
        return Answer(Verdict.ABSENT) if done is None else _answer(done)

    def read_webhook(self, headers: dict[str, str], body: bytes, *, now: datetime) -> WebhookNotice:
        """Verify the signature, then read.

        Raises:
            WebhookRefused: it is not ours, too old, or unreadable.
        """
        signed = {name.lower(): value for name, value in headers.items()}.get(HEADER.lower(), "")
        if not signatures.is_signed(signed, body, secrets=_secrets(), now=now):
            raise WebhookRefused("The signature does not fit.")
        try:
            told: Any = json.loads(body)
            return WebhookNotice(str(told["id"]), str(told["reference"]))
        except (ValueError, KeyError, TypeError) as error:
            raise WebhookRefused("The notice is unreadable.") from error

    def chargeback(self, name: str) -> None:
        """Know of none: nobody has a bank that would object to play money."""

    def list_payments(
        self, known: Iterable[Order], *, since: datetime, until: datetime
    ) -> Iterator[Stated]:
        """Yield what the book says of every payment that began in the span."""
        begun = BankOperation.objects.filter(
            purpose=Purpose.AUTHORISE.value, code="", done_at__gte=since, done_at__lt=until
        )
        sums = {
            (one["reference"], one["purpose"]): one["total"]
            for one in BankOperation.objects.filter(code="", done_at__gte=since)
            .order_by()
            .values("reference", "purpose")
            .annotate(total=Sum("amount"))
        }
        for one in begun.order_by("id").iterator(chunk_size=5_000):
            taken = sums.get((one.reference, Purpose.CAPTURE.value), 0)
            yield Stated(
                one.reference, f"bank-{one.reference[:8]}", taken,
                sums.get((one.reference, Purpose.REFUND.value), 0), one.currency,
                is_open=not taken and (one.reference, Purpose.CANCEL.value) not in sums,
            )  # fmt: skip

    def write_webhook(self, operation: BankOperation, *, at: datetime) -> tuple[str, bytes]:
        """Return the signed header and the body by which the bank tells of an operation."""
        body = json.dumps({"id": f"event:{operation.pk}", "reference": operation.reference})
        return signatures.sign(_secrets()[0], body.encode(), at=at), body.encode()

    def _do(self, order: Order) -> Answer:
        """Do an operation once: who asks again under its key gets the same answer."""
        with transaction.atomic():
            _lock(order.reference)
            done = BankOperation.objects.filter(key=order.key).first()
            if done is not None:
                is_same = (done.purpose, done.amount, done.reference) == (
                    order.purpose.value, order.amount, order.reference,
                )  # fmt: skip
                return _answer(done) if is_same else _declined(order, "key_reused")
            if order.method == UNREACHABLE and _knock(order):
                return UNREADABLE
            done = BankOperation.objects.create(
                key=order.key, purpose=order.purpose.value, reference=order.reference,
                amount=order.amount, currency=order.currency, method=order.method,
                code=_objection(order), done_at=clock.now(),
            )  # fmt: skip
        return UNREADABLE if order.method == LOSES_ANSWER else _answer(done)


def _lock(reference: str) -> None:
    """Let nobody else touch the same payment meanwhile."""
    list(BankOperation.objects.select_for_update().filter(reference=reference))


def _knock(order: Order) -> bool:
    """Return whether this is the first time that an operation finds the line dead."""
    _row, is_first = BankOperation.objects.get_or_create(
        key=f"knock:{order.key}",
        defaults={
            "purpose": order.purpose.value, "reference": f"knock:{order.reference}",
            "amount": order.amount, "currency": order.currency, "method": order.method,
            "code": "unreachable", "done_at": clock.now(),
        },
    )  # fmt: skip
    return is_first


def _objection(order: Order) -> str:
    """Return why the bank does not do it; empty: it does."""
    if order.purpose is Purpose.AUTHORISE:
        return "card_declined" if order.method == DECLINES else ""
    authorised, captured, refunded, cancelled = (
        _sum(order.reference, purpose)
        for purpose in (Purpose.AUTHORISE, Purpose.CAPTURE, Purpose.REFUND, Purpose.CANCEL)
    )
    if order.purpose is Purpose.REFUND:
        left = captured - refunded
        return "" if order.amount <= left and order.left in {0, left} else "exceeds_captured"
    is_open = authorised and not captured and not cancelled
    return "" if is_open and order.amount <= authorised else "not_capturable"


def _sum(reference: str, purpose: Purpose) -> int:
    done = BankOperation.objects.filter(reference=reference, purpose=purpose.value, code="")
    return int(done.aggregate(total=Sum("amount"))["total"] or 0)


def _answer(done: BankOperation) -> Answer:
    if done.code:
        return Answer(Verdict.DECLINED, done.reference, code=done.code)
    amount = done.amount + (1 if done.method == WRONG_AMOUNT else 0)
    return Answer(Verdict.DONE, done.reference, amount, done.currency, f"bank-{done.reference[:8]}")


def _declined(order: Order, code: str) -> Answer:
    return Answer(Verdict.DECLINED, order.reference, code=code)


def _secrets() -> list[bytes]:
    """Return what notices are signed with: derived from the installation's own keys."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hashlib.sha256(b"payments.testbank" + key.encode()).digest() for key in keys]
