"""Faults of processes: T5, T11."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

from benchmarks.faults_world import Result, World, die, dying, settle, verdict

# Where the process dies. What comes before in a scene has been done by others.
POINTS = (
    "before the intent is committed", "the intent is committed", "claimed and not sent",
    "the bank did it and nobody heard", "while the outcome is written",
    "before the outbox is marked", "after the outbox is marked", "mid refund",
)  # fmt: skip


def kills(world: World, runs: int) -> Result:
    """T5: kill -9 at eight points of taking a seat and giving it back."""
    from carpool.kernel import clock
    from payments.models import Payment, SeatPrice
    from rides.models import SeatState

    now = clock.now()
    count = runs * len(POINTS)
    rooms = world.rooms(-(-count // 3), now=now)
    riders = world.people(count)
    for nth, rider in enumerate(riders):
        kill_at(POINTS[nth % len(POINTS)], rooms[nth // 3], rider, now)
    payments = list(Payment.objects.values_list("pk", flat=True))
    seconds = settle(payments)
    wrong = verdict(payments)
    seats = {price.seat_id: price for price in SeatPrice.objects.select_related("payment")}
    crooked = 0
    for room in rooms:
        for seat in room.seats.exclude(rider=room.host_id):
            price = seats.get(seat.pk)
            paid = price is not None and price.payment.captured - price.payment.refunded > 0
            crooked += paid != (seat.state == SeatState.TAKEN)
    return Result(
        "T5 kill -9", f"{len(POINTS)} points × {runs}",
        {**wrong, "seats without their money": crooked}, seconds, **_control_kills(world),
        note=f"{len(payments)} payments; {runs} died before there was one",
    )  # fmt: skip


def kill_at(point: str, room: Any, rider: Any, now: Any) -> None:
    """Let a rider take a seat (and give it back) in a process that dies at a point."""
    from accounts.tests.factories import PORT
    from carpool.kernel import outbox
    from payments.models import SeatPrice
    from payments.services import intents, join_room, sweep
    from rides import services as rides

    def join() -> None:
        end = rides.TripEnd(PORT, "Port")
        join_room(
            room_id=room.pk, rider=rider, dropoff=end, provider="test_bank", method="test_pays",
            now=now,
        )  # fmt: skip

    def leave_and_sweep() -> None:
        rides.leave_room(room_id=room.pk, by=rider, now=now)
        outbox.relay(now=now + timedelta(hours=1))
        sweep(now=now + timedelta(seconds=1))

    def relay() -> None:
        outbox.relay(now=now + timedelta(hours=1), limit=1)
        die()

    places: dict[str, tuple[Any, str, str, int]] = {
        POINTS[0]: (SeatPrice.objects, "create", "after", 1),
        POINTS[1]: (intents, "_claim", "before", 1),
        POINTS[2]: (intents, "_claim", "after", 1),
        POINTS[3]: (intents, "_ask", "after", 2),
        POINTS[4]: (intents, "_move", "after", 4),
        POINTS[5]: (outbox, "_deliver", "after", 1),
        POINTS[7]: (intents, "_ask", "after", 1),
    }
    if point in POINTS[5:]:
        join()
    work = {POINTS[5]: relay, POINTS[6]: relay, POINTS[7]: leave_and_sweep}.get(point, join)
    if point == POINTS[6]:
        dying(work)
        return
    with dies_at(*places[point]):
        dying(work)


@contextmanager
def dies_at(place: Any, name: str, when: str, call: int) -> Iterator[None]:
    """Kill whoever comes to a step, before or after it, at its so manieth call."""
    real, calls = getattr(place, name), []

    def fatal(*args: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == call and when == "before":
            die()
        answer = real(*args, **more)
        if len(calls) == call:
            die()
        return answer

    with mock.patch.object(place, name, fatal):
        yield


def _control_kills(world: World) -> dict[str, Any]:
    """Forget what was asked, as a client without keys does: ask again under a new one."""
    from dataclasses import replace

    from carpool.kernel import clock
    from payments.engine.providers import Order
    from payments.services import intents, send_intents

    now = clock.now()
    payments = [world.payment(now) for _ in range(3)]
    for one in payments:
        with dies_at(intents, "_ask", "after", 1):
            dying(lambda one=one: send_intents(one.pk, now=now))  # type: ignore[misc]
    real = intents.order_of

    def forgetful(intent: Any, at: Any) -> Order:
        return replace(real(intent, at), key=f"op:{uuid4()}")

    keys = [one.pk for one in payments]
    with mock.patch.object(intents, "order_of", forgetful):
        settle(keys)
    doubled = verdict(keys)["doubled"]
    return {
        "control": f"a new key each time: {doubled} of 3 doubled", "control_fails": doubled > 0
    }  # fmt: skip


def commits(_world: World, runs: int) -> Result:
    """T11: the process dies between its commit and what it wanted to do right after it."""
    from django.db import connection, transaction

    from carpool.kernel import clock, outbox
    from carpool.kernel.models import OutboxDelivery
    from payments.events import PaymentRefunded

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_told (id uuid)")

    def tell(pk: UUID) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_told VALUES (%s)", [pk])

    def change(pk: UUID) -> None:
        now = clock.now()
        with transaction.atomic():
            transaction.on_commit(die)
            transaction.on_commit(lambda: tell(pk))
            outbox.publish(PaymentRefunded(pk, pk, pk, now), now=now)

    def heard(event: PaymentRefunded) -> None:
        tell(event.payment_id)

    keys = [uuid4() for _ in range(runs)]
    for pk in keys:
        dying(lambda pk=pk: change(pk))  # type: ignore[misc]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bench_told")
        lost_by_callback = runs - cursor.fetchone()[0]
    began = time.perf_counter()
    with mock.patch.dict(outbox._handlers, {PaymentRefunded.name(): [heard]}):
        while outbox.relay(now=clock.now() + timedelta(seconds=1)):
            pass  # what other tests left undelivered goes first
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT id), count(*) FROM bench_told")
        told, times = cursor.fetchone()
        cursor.execute("DROP TABLE bench_told")
    OutboxDelivery.objects.filter(handler__contains="commits").delete()
    return Result(
        "T11 commit, then death", f"{runs} kills",
        {"lost": runs - told, "doubled": times - told}, round(time.perf_counter() - began, 1),
        control=f"on_commit alone: {lost_by_callback} of {runs} lost",
        control_fails=lost_by_callback > 0,
    )  # fmt: skip
