"""A clock that jumps (T10): nothing may run out, close or be paid before its time."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from unittest import mock
from uuid import UUID, uuid4

from benchmarks.faults_world import CURRENCY, Result

JUMP, DUE_IN = timedelta(minutes=10), timedelta(minutes=5)
AMOUNT = 6_600


class Place(Protocol):
    """Where money lies: a benchmark's world, or a test's."""

    organization: Any


@dataclass(frozen=True)
class Waiting:
    """Money of which the time comes in five minutes."""

    hold: UUID
    payment: UUID
    payee: UUID
    room: UUID

    def early(self) -> dict[str, int]:
        """Count what has ended although its time has not come."""
        from payments.models import Hold, PaymentIntent, Payout
        from rides.models import Room

        room = Room.objects.get(pk=self.room)
        given_up = PaymentIntent.objects.filter(payment=self.payment, purpose="cancel")
        return {
            "holds expired early": Hold.objects.filter(pk=self.hold).exclude(state="open").count(),
            "payments closed early": given_up.count(),
            "paid out early": Payout.objects.filter(payee_id=self.payee).count(),
            "rooms locked early": int(room.is_over or room.locked_at is not None),
        }


def jumps(world: Place, times: int) -> Result:
    """T10: the application's clock jumps ten minutes ahead or back, with money due in five."""
    from carpool.kernel import clock, timekeeping

    wrong: dict[str, int] = {}
    unheard = late = 0
    for nth in range(2 * times):
        waiting = lay_out(world, clock.now())
        with _jumped(JUMP if nth % 2 else -JUMP):
            unheard += _run_jobs(timekeeping.ClocksDisagree) != len(_jobs())
            unheard += timekeeping.check_clock() == "ok"
        unheard += timekeeping.check_job_clocks() == "ok"
        for what, count in waiting.early().items():
            wrong[what] = wrong.get(what, 0) + count
        late += _not_done_afterwards(waiting)
    waiting = lay_out(world, clock.now())
    with _jumped(JUMP), mock.patch.object(timekeeping, "agreed_now", clock.now):
        _run_jobs()
    early = sum(waiting.early().values())
    return Result(
        "T10 clock jumps", f"{2 * times} × ±10 min",
        {**wrong, "jobs that did not refuse, or did so silently": unheard,
         "not done after the clock was right again": late},
        control=f"jobs trust their own clock: {early} of 4 ended early", control_fails=early > 0,
        note="holds, payments, payouts and rooms due in 5 minutes; jobs wait, /healthz tells",
    )  # fmt: skip


def lay_out(world: Place, now: datetime) -> Waiting:
    """Place a hold, ask for a payment, owe a payout and open a room, all due in five minutes."""
    from accounts.models import Member, User
    from payments.engine import chart
    from payments.services import place_hold, post_journal, request_payment
    from rides.tests.factories import open_room

    org = world.organization
    user = User.objects.create(email=f"{uuid4().hex}@faults.example")
    host = Member.objects.create(user=user, organization=org, display_name="Host")
    bank = chart.shared(chart.AccountKind.BANK, CURRENCY)
    payee, other = (chart.payable(str(uuid4()), CURRENCY) for _ in "ab")

    def pay_in(account: Any, at: datetime) -> None:
        journal = chart.Journal("bench", str(uuid4()), chart.move(bank, account, AMOUNT))
        post_journal(organization_id=org.pk, journal=journal, now=at)

    # What was earned may be disputed for so long; then it is paid out.
    pay_in(payee, now - timedelta(seconds=org.policy.room_dispute_s) + DUE_IN)
    pay_in(other, now)
    hold = place_hold(
        organization_id=org.pk, op_key=str(uuid4()), source=other, target=payee, amount=AMOUNT,
        now=now, expires_at=now + DUE_IN,
    )  # fmt: skip
    payment = request_payment(
        organization_id=org.pk, op_key=str(uuid4()), provider="test_bank", method="test_pays",
        trip_id=uuid4(), payer_id=uuid4(), amount=AMOUNT, currency=CURRENCY,
        pay_by=now + DUE_IN, now=now,
    )  # fmt: skip
    room = open_room(host, now=now)
    # Rooms leave on a mark of five minutes, so this one locks in two to seven.
    leaves = now.timestamp() + org.policy.room_locks_s + 120
    departure_at = datetime.fromtimestamp(-(-leaves // 300) * 300, UTC)
    type(room).objects.filter(pk=room.pk).update(
        departure_at=departure_at, next_check_at=now + DUE_IN
    )
    return Waiting(hold.pk, payment.pk, UUID(payee.key), room.pk)


def _jobs() -> tuple[Callable[[], object], ...]:
    from payments import tasks as payments
    from rides import tasks as rides

    return payments.sweep, payments.pay_out, payments.reconcile, rides.watch_rides


def _run_jobs(refusal: type[Exception] | None = None) -> int:
    """Run what beat sends; return how many refused."""
    refused = 0
    for job in _jobs():
        try:
            job()
        except Exception as error:
            if refusal is None or not isinstance(error, refusal):
                raise
            refused += 1
    return refused


def _jumped(by: timedelta) -> AbstractContextManager[object]:
    """Let the application's clock be wrong; PostgreSQL's stays as it is."""
    from carpool.kernel import clock

    real = clock.now

    def wrong() -> datetime:
        return real() + by

    return mock.patch.object(clock, "now", wrong)


def _not_done_afterwards(waiting: Waiting) -> int:
    """With a right clock the payment is made; what is due later still waits."""
    from django.core.cache import cache

    from carpool.kernel import timekeeping
    from payments.models import Payment

    cache.delete(timekeeping.ALARM_KEY)  # it fades by itself after a minute
    for _ in range(2):  # reserved, then taken
        _run_jobs()
    paid = Payment.objects.get(pk=waiting.payment).captured == AMOUNT
    return int(not paid) + sum(waiting.early().values())
