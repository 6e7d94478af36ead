"""Bad lines between us and the test bank (T6): answers that are lost, broken or wrong."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

from benchmarks.faults_world import Result, World, leap, unsettled, verdict

_dice = random.Random(6)  # noqa: S311
# How long after the payments refunds fall due, by the simulated clock; then the line recovers.
BAD_FOR = timedelta(minutes=3)


class FaultyBank:
    """The test bank behind a bad line: of a hundred calls 42 go wrong, also those that ask again.

    Attributes:
        wrong_amounts: keys of operations of which it once said another amount.
        faults: how many calls went wrong, and how.
        is_well: the line has recovered.
    """

    key, captures_at_once, is_play_money = "test_bank", False, True

    def __init__(self) -> None:
        from payments.services.providers.testbank import BankForTests

        self._bank = BankForTests()
        self.wrong_amounts: set[str] = set()
        self.faults: Counter[str] = Counter()
        self.is_well = False

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._bank, name)
        if not callable(real):
            return real
        return lambda order: self._call(real, order)

    def _call(self, real: Any, order: Any) -> Any:
        from payments.engine.providers import UNREADABLE, Verdict

        drawn = 1.0 if self.is_well else _dice.random()
        if drawn < 0.05:
            self.faults["never came"] += 1
            raise ConnectionResetError
        answer = real(order)
        if drawn < 0.25:
            self.faults["timed out after effect"] += 1
            raise TimeoutError
        if drawn < 0.40:
            self.faults["unreadable after effect"] += 1
            return UNREADABLE
        if drawn < 0.42 and answer.verdict is Verdict.DONE:
            self.faults["wrong amount"] += 1
            self.wrong_amounts.add(order.key)
            return replace(answer, amount=answer.amount + 1)
        return answer


def bad_lines(world: World, count: int) -> Result:
    """T6: payments and refunds in parts while 42 of 100 answers get lost or are wrong."""
    from carpool.kernel import clock
    from payments.models import Payment, PaymentIntent
    from payments.services import intents, send_intents, sweep

    now, bank = clock.now(), FaultyBank()
    with mock.patch.object(intents, "get_provider", return_value=bank):
        keys = [send_intents(world.payment(now).pk, now=now).pk for _ in range(count)]
        at = leap(keys, now, until=now + BAD_FOR)
        captured = list(Payment.objects.filter(pk__in=keys, captured__gt=0).order_by("pk"))
        owed = {one.pk: owe_back(one, at) for one in captured[::3]}
        while sweep(now=at):
            pass
        waiting, bank.is_well = unsettled(keys), True
        ended = leap(keys, at)
    stuck = PaymentIntent.objects.filter(payment__in=keys, state="stuck")
    flagged = set(stuck.values_list("payment", flat=True))
    sound = [pk for pk in keys if pk not in flagged]
    wrong = verdict(sound) | {
        "lost refunds": _not_given_back(owed, flagged),
        "unsettled": unsettled(sound),
        "given back beyond what came": _beyond(keys),
        "wrong amounts not flagged": len(bank.wrong_amounts ^ _keys(stuck)),
        "wrong amounts taken": sum(_took(one) for one in stuck.select_related("payment")),
    }
    return Result(
        "T6 bad lines", f"{count:,} payments", wrong, round((ended - at).total_seconds(), 1),
        **_control_lines(world),
        note=f"{bank.faults.total():,} calls went wrong, {len(flagged)} wrong amounts refused, "
        f"{len(owed)} refunds in parts; {waiting} operations waited when the line recovered; "
        "seconds of a simulated clock",
    )  # fmt: skip


def owe_back(payment: Any, now: datetime) -> int:
    """Owe two parts of a payment back."""
    from payments.engine import chart
    from payments.services import post_journal, sweep

    currency = payment.currency
    escrow = chart.escrow(str(payment.trip_id), str(payment.payer_id), currency)
    target, total = chart.refund_payable(str(payment.pk), currency), 0
    for nth in range(2):
        part = _dice.randrange(1, payment.captured // 2)
        journal = chart.Journal("bench", f"{payment.pk}:{nth}", chart.move(escrow, target, part))
        post_journal(organization_id=payment.organization_id, journal=journal, now=now)
        total += part
        if nth == 0:
            sweep(now=now)  # so that the first part is on its way when the second falls due
    return total


def _not_given_back(owed: dict[UUID, int], flagged: set[UUID]) -> int:
    from payments.models import Payment

    rows = Payment.objects.in_bulk([pk for pk in owed if pk not in flagged])
    return sum(row.refunded != owed[pk] for pk, row in rows.items())


def _beyond(keys: Sequence[UUID]) -> int:
    """Count payments of which the bank gave back more than it took."""
    from payments.models import BankOperation

    net: Counter[str] = Counter()
    for one in BankOperation.objects.filter(reference__in=[str(pk) for pk in keys], code=""):
        net[one.reference] += {"capture": one.amount, "refund": -one.amount}.get(one.purpose, 0)
    return sum(left < 0 for left in net.values())


def _keys(intents: Any) -> set[str]:
    return {f"op:{pk}" for pk in intents.values_list("pk", flat=True)}


def _took(intent: Any) -> bool:
    """Tell whether our books believe an operation whose amount was wrong."""
    payment = intent.payment
    if intent.purpose == "refund":
        confirmed = payment.intents.filter(purpose="refund", state="confirmed")
        return bool(payment.refunded != sum(confirmed.values_list("amount", flat=True)))
    return bool(payment.captured)


def _control_lines(world: World) -> dict[str, Any]:
    """Take an unreadable answer for a refusal."""
    from carpool.kernel import clock
    from payments.engine.providers import Judgement
    from payments.models import IntentState
    from payments.services import intents, send_intents

    now = clock.now()
    with mock.patch.dict(intents._AFTER, {Judgement.UNKNOWN: IntentState.DECLINED}):
        keys = []
        for _ in range(5):
            payment = world.payment(now)
            with _loses_the_capture(intents):
                send_intents(payment.pk, now=now)
            keys.append(payment.pk)
    lost = verdict(keys)["lost"]
    return {"control": f"unknown = failed: {lost} of 5 lost", "control_fails": lost > 0}


@contextmanager
def _loses_the_capture(intents: Any) -> Iterator[None]:
    """Lose the answer to the second operation, the capture."""
    from payments.engine.providers import UNREADABLE

    real, calls = intents._ask, []

    def losing(*args: Any, **more: Any) -> Any:
        calls.append(1)
        answer = real(*args, **more)
        return UNREADABLE if len(calls) == 2 else answer

    with mock.patch.object(intents, "_ask", losing):
        yield
