"""Faults of real providers, at their simulators: lines (T6), notices (T7), statements (T13).

Each simulator is a process of its own and keeps its own books, with which ours are compared.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol
from unittest import mock
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.test.utils import override_settings

from accounts.models import Organization
from benchmarks.faults_world import Result, leap, unsettled
from carpool.kernel import clock
from payments.engine import signatures
from payments.engine.providers import Answer, Judgement, Verdict
from payments.models import IntentState, Payment, PaymentIntent, StatementBreak
from payments.selectors import audit_books, trial_balance
from payments.services import (
    End,
    intents,
    payer_returned,
    reconcile_provider,
    request_payment,
    send_intents,
    sweep,
)
from payments.services.providers.testbank import BankForTests
from payments.services.providers.toss import Toss
from payments.tests.at_provider import Running, approve, running_simulator
from payments.tests.statements import compare, seed
from payments.tests.test_provider_notices import notice, post

FAULTS = {"lost": 0.20, "error_after": 0.10, "reset": 0.05, "malformed": 0.05,
          "wrong_amount": 0.02, "late_s": 0.6}  # fmt: skip
CURRENCY, AMOUNT, AT_ONCE = "KRW", 6_600, 16
METHODS = {"toss": "카드", "stripe": "card"}
# The payer approves and comes back so long after it was asked for, by the simulated clock.
COMES_BACK, BAD_FOR = timedelta(minutes=14), timedelta(minutes=20)


class Place(Protocol):
    """Where payments are made: a benchmark's world, or a test's."""

    organization: Organization


def lines_of(name: str) -> Callable[[Place, int], Result]:
    """Return T6 at one provider."""

    def test(world: Place, count: int) -> Result:
        """T6: pay so often at a provider that fails as often as the plan says."""
        now = clock.now()
        with at_simulator(name) as provider, seeing_wrong_amounts() as seen:
            provider.misbehave(**FAULTS, seed=6)
            keys = begin_all(provider, world, count, now)
            at_once(lambda pk: pay(pk, now + COMES_BACK), keys)
            at = leap(keys, now + COMES_BACK, until=now + BAD_FOR)
            owed = _owe_back(keys, at)
            faults, waiting = provider.state()["faults"], unsettled(keys)
            provider.misbehave()
            ended = leap(keys, at)
            flagged = _flagged(keys)
            wrong = _compare(provider, keys, flagged) | {
                "lost refunds": sum(
                    one.refunded != owed[one.pk]
                    for one in Payment.objects.filter(pk__in=set(owed) - flagged)
                ),
                "unsettled": unsettled([pk for pk in keys if pk not in flagged]),
                "wrong amounts not flagged": len(seen ^ _stuck(keys)),
                # Some come after we have stopped waiting; an adapter that reads none sees none.
                "wrong amounts not read": int(len(seen) < faults.get("wrong_amount_told", 0) / 2),
            }
        return Result(
            f"T6 bad lines, {name}", f"{count:,} payments", wrong,
            round((ended - at).total_seconds(), 1), **_control_lines(name, world),
            note=f"{_counted(faults)}; {len(flagged)} flagged, {len(owed)} refunds in parts; "
            f"{waiting} operations waited when the line recovered; simulated clock",
        )  # fmt: skip

    return test


def notices_of(name: str) -> Callable[[Place, int], Result]:
    """Return T7 at one provider."""

    def test(world: Place, count: int) -> Result:
        """T7: each notice ten times, in any order, late, a fifth of them dropped; and forged."""
        with at_simulator(name) as provider:
            clean = _notified(provider, world, 10, troubled=False)
            rough = _notified(provider, world, count, troubled=True)
            wrong = _compare(provider, rough.paid, set()) | {
                "forged and accepted": _charged(rough.unpaid),
                "wrongly answered": rough.wrongly_answered,
                "ended otherwise than in the clean run": sum(
                    state not in clean.ends for state in rough.ends.elements()
                ),
                "unsettled": unsettled([*rough.paid, *rough.unpaid]),
            }
            believed = _control_notices(provider, world)
        return Result(
            f"T7 notices, {name}", f"{count:,} payments, {rough.sent:,} notices", wrong,
            control=f"forged ones verified by nobody, and believed: {believed} of 5 accepted",
            control_fails=believed > 0,
            note=f"{rough.forged:,} forged; each of the others ten times, shuffled, up to 290 s "
            "late, a fifth of them dropped",
        )  # fmt: skip

    return test


def statement_breaks(world: Place, payments: int) -> Result:
    """T13: ten differences of each of six classes, hidden among so many payments."""
    of_each = max(1, payments // 1_000)
    # A month ago: what other tests left on the bank's list is not in it.
    now = clock.now() - timedelta(days=30)
    with override_settings(PAYMENT_PROVIDERS=["test_bank"]):
        expected = seed(world.organization, now, payments=payments, of_each=of_each)
        began = time.monotonic()
        reconcile_provider(provider="test_bank", now=now)
        seconds = time.monotonic() - began
        told = compare(expected, _breaks())
        _breaks().delete()
        control = _control_statements(now, expected)
    return Result(
        "T13 reconciliation", f"{6 * of_each} breaks in {payments:,}",
        {"missed": told["missed"], "false": told["false"], "wrong class": told["wrong_class"]},
        control=f"only what we know is looked up there: {control} of {6 * of_each} not found",
        control_fails=control > 0, note=f"found {told['found']}, in {seconds:.1f} s",
    )  # fmt: skip


# --- Payments at a simulator --------------------------------------------------------------------


@contextmanager
def at_simulator(name: str) -> Iterator[Running]:
    """Switch a simulated provider on."""
    with running_simulator(name) as provider, override_settings(
        PAYMENT_ACCESS={name: provider.access}, PAYMENT_PROVIDERS=[name], PAYMENT_TIMEOUT_S=0.3,
        ALLOWED_HOSTS=[*settings.ALLOWED_HOSTS, "testserver"],
    ):  # fmt: skip
        yield provider


def begin_all(provider: Running, world: Place, count: int, now: datetime) -> list[UUID]:
    """Ask so many people to pay, until each knows where, or nobody will ever know."""
    asked = [
        request_payment(
            organization_id=world.organization.pk, op_key=str(uuid4()), provider=provider.name,
            method=METHODS.get(provider.name, ""), trip_id=uuid4(), payer_id=uuid4(),
            amount=AMOUNT, currency=CURRENCY, pay_by=now + timedelta(hours=3), now=now,
        ).pk
        for _ in range(count)
    ]  # fmt: skip
    at_once(lambda pk: send_intents(pk, now=now), asked)
    leap(asked, now, until=now + COMES_BACK)
    return asked


def pay(pk: UUID, now: datetime) -> None:
    """Approve at the provider, and come back."""
    payment = Payment.objects.get(pk=pk)
    if payment.pay_at:
        path, told = approve(payment.pay_at)
        key, end = path.split("/")[4:6]
        payer_returned(payment_id=pk, key=key, end=End(end), told=told, now=now)


def at_once(do: Callable[[UUID], object], keys: Sequence[UUID]) -> None:
    """Do something for each payment, a few at a time."""

    def one(pk: UUID) -> None:
        try:
            do(pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, keys))


@contextmanager
def seeing_wrong_amounts() -> Iterator[set[UUID]]:
    """Remember every operation of which a provider says another amount."""
    real, seen = intents._ask, set[UUID]()

    def asking(provider: Any, order: Any, **more: Any) -> Answer:
        answer: Answer = real(provider, order, **more)
        if answer.verdict is Verdict.DONE and answer.amount != order.amount:
            seen.add(UUID(order.key.removeprefix("op:")))
        return answer

    with mock.patch.object(intents, "_ask", asking):
        yield seen


def _owe_back(keys: Sequence[UUID], now: datetime) -> dict[UUID, int]:
    """Owe each third payer two parts, the second while the first may be on its way."""
    from benchmarks.faults_lines import owe_back

    captured = Payment.objects.filter(pk__in=keys, captured__gt=0).order_by("pk")
    return {one.pk: owe_back(one, now) for one in list(captured)[::3]}


def _flagged(keys: Sequence[UUID]) -> set[UUID]:
    stuck = PaymentIntent.objects.filter(payment__in=keys, state=IntentState.STUCK)
    return set(stuck.values_list("payment", flat=True))


def _stuck(keys: Sequence[UUID]) -> set[UUID]:
    stuck = PaymentIntent.objects.filter(payment__in=keys, state=IntentState.STUCK)
    return set(stuck.values_list("pk", flat=True))


def _compare(provider: Running, keys: Sequence[UUID], flagged: set[UUID]) -> dict[str, int]:
    """Compare what the provider did with what our books say, payment by payment."""
    taken: dict[str, list[int]] = {}
    returned: Counter[str] = Counter()
    for row in provider.state()["payments"]:
        taken.setdefault(row["reference"], []).extend([row["taken"]] * row["charges"])
        returned[row["reference"]] += row["returned"]
    ours = Payment.objects.in_bulk(list(keys))
    return {
        "lost": sum(
            (sum(taken.get(str(pk), [])), returned[str(pk)]) != (one.captured, one.refunded)
            for pk, one in ours.items() if pk not in flagged
        ),
        "doubled": sum(len(taken.get(str(pk), [])) > 1 for pk in ours),
        "wrong amounts taken": sum(one.captured not in {0, AMOUNT} for one in ours.values()),
        "given back beyond what came": sum(
            returned[str(pk)] > sum(taken.get(str(pk), [])) for pk in ours
        ),
        "ledger sum": abs(sum(line.total for line in trial_balance())),
        "errors in the books": len(list(audit_books())),
    }  # fmt: skip


def _counted(faults: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(faults.items()))


def _control_lines(name: str, world: Place) -> dict[str, Any]:
    """Take an unreadable answer for a refusal."""
    now = clock.now()
    with at_simulator(name) as provider:
        keys = begin_all(provider, world, 5, now)
        provider.misbehave(error_after=1.0)
        declined = {Judgement.UNKNOWN: IntentState.DECLINED}
        with mock.patch.dict(intents._AFTER, declined):
            at_once(lambda pk: pay(pk, now + COMES_BACK), keys)
        provider.misbehave()
        leap(keys, now + COMES_BACK)
        lost = _compare(provider, keys, set())["lost"]
    return {"control": f"unknown = failed: {lost} of 5 lost", "control_fails": lost > 0}


# --- Notices ------------------------------------------------------------------------------------


class _Notified:
    """What became of payments of which notices told."""

    def __init__(self, paid: list[UUID], unpaid: list[UUID]) -> None:
        self.paid, self.unpaid = paid, unpaid
        self.sent = self.forged = self.wrongly_answered = 0
        self.ends: Counter[tuple[Any, ...]] = Counter()


def _notified(provider: Running, world: Place, count: int, *, troubled: bool) -> _Notified:
    """Let four of five pay; send notices of all, once and in order, or in every kind of trouble."""
    now, dice = clock.now(), random.Random(7)  # noqa: S311
    keys = begin_all(provider, world, count, now)
    out = _Notified(keys[count // 5 :], keys[: count // 5])
    at_once(lambda pk: pay(pk, now + timedelta(seconds=1)), out.paid)
    true = [notice(provider, one, now) for one in Payment.objects.filter(pk__in=out.paid)]
    sent = [(one, 200) for one in true]
    if troubled:
        true = [
            notice(provider, one, now, at=clock.now() - timedelta(seconds=dice.uniform(0, 280)))
            for one in Payment.objects.filter(pk__in=out.paid)
        ]
        sent = [(one, 200) for one in true if dice.random() >= 0.2] * 10
        forged = [pair for pk in out.unpaid for pair in _forged(provider, pk)]
        out.forged = len(forged)
        sent += forged
        dice.shuffle(sent)
    out.sent = len(sent)
    for nth, (one, expected) in enumerate(sent):
        out.wrongly_answered += post(provider, *one) != expected
        if nth % 50 == 0:
            sweep(now=now + timedelta(seconds=nth // 10))
    leap(keys, clock.now())
    for row in Payment.objects.filter(pk__in=keys):
        how = sorted(row.intents.values_list("purpose", "state"))
        kept = row.captured - row.refunded
        out.ends[row.pk in out.paid, kept, row.waits_for_payer, *how] += 1
    return out


def _forged(provider: Running, pk: UUID) -> list[tuple[Any, int]]:
    """Notices that a payment is done that nobody has paid: what each has to be answered."""
    payment, now = Payment.objects.get(pk=pk), clock.now()
    if provider.name == "toss":  # signs none: it is taken for a hint, and we ask
        return [(notice(provider, payment, now), 200)]
    return [
        (notice(provider, payment, now, key="whsec_of_another_tenant"), 403),
        (notice(provider, payment, now, at=now - timedelta(seconds=310)), 403),
        ((notice(provider, payment, now)[0], {}), 403),
    ]


def _charged(keys: Sequence[UUID]) -> int:
    return Payment.objects.filter(pk__in=keys, captured__gt=0).count()


def _control_notices(provider: Running, world: Place) -> int:
    """Verify nothing, and believe what is told instead of asking: who can write can pay so."""

    def believe(_provider: Any, order: Any, **_more: Any) -> Answer:
        return Answer(Verdict.DONE, order.reference, order.amount, order.currency, "x")

    now = clock.now()
    keys = begin_all(provider, world, 5, now)
    with (
        mock.patch.object(signatures, "is_signed", return_value=True),
        mock.patch("payments.services.notices._is_about_ours", return_value=True),
        mock.patch.object(Toss, "pays_without_return", new=True),
        mock.patch.object(intents, "_ask", believe),
    ):
        for pk in keys:
            post(provider, *_forged(provider, pk)[0][0])
        for _ in range(3):
            sweep(now=clock.now())
    return _charged(keys)


# --- Statements ---------------------------------------------------------------------------------


def _breaks() -> Any:
    return StatementBreak.objects.filter(provider="test_bank", gone_at=None)


def _control_statements(now: datetime, expected: dict[str, Any]) -> int:
    """Look our own payments up on their list, and no other."""
    real = BankForTests.list_payments

    def only_ours(bank: Any, known: Any, **span: Any) -> Any:
        ours = {str(pk) for pk in Payment.objects.values_list("pk", flat=True)}
        return (one for one in real(bank, known, **span) if one.reference in ours)

    with mock.patch.object(BankForTests, "list_payments", only_ours):
        reconcile_provider(provider="test_bank", now=now)
    missed = compare(expected, _breaks())["missed"]
    _breaks().delete()
    return missed
