"""Faults of what we stand on: T1 and T2 over HTTP, Redis (T8), PostgreSQL (T9), Celery (T12)."""

import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.faults_world import Result, World, at_once, deadlocks, settle, verdict, workers

CROWD = 50
UNLOCKED = "benchmarks.faults_unlocked:application"
SEAT_INDEX = "one_person_per_seat"
_shown: dict[Any, int] = {}


def last_seat(world: World, rounds: int) -> Result:
    """T1: fifty people want one seat, over HTTP, from two server processes."""
    from carpool.tests.servers import running_servers

    before, took = deadlocks(), []
    answers: Counter[int] = Counter()
    oversold = 0
    with running_servers(2, log=Path(os.devnull)) as servers:
        for nth in range(rounds + 1):
            statuses, sold, milliseconds = rush(world, servers)
            answers += statuses
            oversold += max(0, sold - 1)
            took += milliseconds if nth else []  # the first one wakes the servers up
    time.sleep(1.2)  # statistics come a moment later
    p95 = sorted(took)[int(0.95 * (len(took) - 1))]
    right = answers[201] == rounds + 1 and answers[409] == (rounds + 1) * (CROWD - 1)
    return Result(
        "T1 one seat, fifty people", f"{rounds} rounds",
        {
            "oversold": oversold, "other answers": int(not right),
            "deadlocks": deadlocks() - before,
        },
        **_control_last_seat(world),
        note=f"{dict(answers)}; p95 {p95:.0f} ms, p50 {sorted(took)[len(took) // 2]:.0f} ms",
    )  # fmt: skip


def rush(world: World, servers: Sequence[Any]) -> tuple[Counter[int], int, list[float]]:
    """Let everybody press at once; return answers, seats given and milliseconds of each."""
    from carpool.kernel import clock
    from carpool.tests.servers import session_of

    room = world.rooms(1, now=clock.now(), most_party=2)[0]
    show_price(room)
    sessions = [session_of(member) for member in world.people(CROWD)]
    ended = at_once(
        [
            lambda nth=nth, session=session: join(servers[nth % 2], room, session)  # type: ignore[misc]
            for nth, session in enumerate(sessions)
        ]
    )
    answers = Counter(status for (status, _body), _ms in ended)
    return answers, room.seats.occupying().count() - 1, [ms for _answer, ms in ended]


def show_price(room: Any) -> None:
    """Ask what a rider is shown, which the app sends along."""
    from payments.selectors import quote_room, quote_seat

    estimate = quote_room(room, list(room.seats.occupying()))
    _shown[room.pk] = quote_seat(room, estimate).at_most


def join(server: Any, room: Any, session: str, key: str = "") -> tuple[int, Any]:
    """Join as the app does, with the price that it has shown."""
    from accounts.tests.factories import PORT

    body = {
        "dropoff": {"location": {"lon": PORT.lon, "lat": PORT.lat}, "label": "Port"},
        "provider": "test_bank", "method": "test_pays", "at_most": _shown[room.pk],
    }  # fmt: skip
    answer: tuple[int, Any] = server.post(
        f"/api/v1/rooms/{room.pk}/join", body, session=session, key=key or str(uuid4())
    )
    return answer


def _control_last_seat(world: World) -> dict[str, Any]:
    """Without the room's lock and the database's own constraint the seat is sold again."""
    from django.db import connection

    from carpool.tests.servers import running_servers
    from rides.models import RoomSeat

    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [SEAT_INDEX])
        (bring_back,) = cursor.fetchone()
        cursor.execute(f"DROP INDEX {SEAT_INDEX}")
    sold = 0
    with running_servers(2, application=UNLOCKED, log=Path(os.devnull)) as servers:
        for _ in range(5):  # a busy machine may let people come one after the other
            sold = max(sold, rush(world, servers)[1])
            if sold > 1:
                break
    RoomSeat.objects.filter(room__most_party=2, number__gt=1).update(state="released")
    with connection.cursor() as cursor:
        cursor.execute(bring_back)
    return {"control": f"no lock, no constraint: sold {sold} times", "control_fails": sold > 1}


def one_person(world: World, _runs: int) -> Result:
    """T2: somebody presses fifty times at once, with one key, with many, and for two taxis."""
    from carpool.kernel import clock
    from carpool.tests.servers import running_servers, session_of
    from payments.models import Payment

    now = clock.now()
    same, many, first, second = world.rooms(4, now=now)
    for room in (same, many, first, second):
        show_price(room)
    people = world.people(3)
    sessions = [session_of(person) for person in people]
    with running_servers(2, log=Path(os.devnull)) as servers:
        key = str(uuid4())

        def press(room: Any, session: str, key: str = "") -> list[Any]:
            return [
                answer
                for answer, _ms in at_once(
                    [
                        lambda nth=nth: join(servers[nth % 2], room, session, key)  # type: ignore[misc]
                        for nth in range(CROWD)
                    ]
                )
            ]

        one_key = press(same, sessions[0], key)
        again = [join(servers[0], same, sessions[0], key) for _ in range(3)]
        keys = press(many, sessions[1])
        taxis = [
            answer
            for answer, _ms in at_once(
                [lambda: join(servers[0], first, sessions[2]),
                 lambda: join(servers[1], second, sessions[2])]
            )
        ]  # fmt: skip
    bodies = {str(body.get("seat")) for status, body in [*one_key, *again] if status == 201}
    paid = Counter(Payment.objects.filter(payer_id__in=[p.pk for p in people]).values_list(
        "payer_id", flat=True))  # fmt: skip
    wrong = {
        "different bodies under one key": len(bodies) - 1,
        "doubled": sum(paid.values()) - 3,
        "other answers": sum(
            status not in {201, 409} for status, _body in [*one_key, *again, *keys, *taxis]
        ),
        "in two taxis": sum(status == 201 for status, _ in taxis) - 1,
        "seats too many": sum(status == 201 for status, _ in keys) - 1,
    }
    return Result(
        "T2 one person, fifty times", "3 × 50", wrong,
        control="see T1: without lock and constraint the seat is sold again",
        note=f"one key: {dict(Counter(status for status, _ in one_key))}",
    )  # fmt: skip


def redis_killed(world: World, count: int) -> Result:
    """T8: Redis is killed, started and emptied while payments run; Celery works all the time."""
    from django.db import connection

    from payments.models import Payment

    settle([])  # what other faults left to tell is not counted here
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_effect (payment uuid)")
        cursor.execute("CREATE TABLE bench_direct (payment uuid)")
    share = count // 2
    payers = [["benchmarks.faults_payer", "payments", str(share), str(nth)] for nth in range(2)]
    celery = ["celery", "-A", "benchmarks.faults_celery", "worker", "-B", "-c", "2", "-l", "ERROR",
              "-Q", "default,outbox", "-s", f"{world.folder}/beat"]  # fmt: skip
    organization = str(world.organization.pk)
    with workers([celery, *payers], BENCH_ORGANIZATION=organization) as (_celery, *running):
        _wait_for_payments(count // 3)
        world.redis.stop(signal.SIGKILL)
        time.sleep(2)
        world.redis.start()
        _flush(world)
        told = [one.communicate(timeout=300)[0] for one in running]
        keys = [line for text in told for line in text.split()]
        began = time.monotonic()
        while _effects("bench_effect")[0] < count and time.monotonic() - began < 150:
            time.sleep(0.5)
        seconds = round(time.monotonic() - began, 1)
    payments = list(Payment.objects.filter(pk__in=keys).values_list("pk", flat=True))
    settle(payments)
    heard, times = _effects("bench_effect")
    direct = _effects("bench_direct")[0]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_effect, bench_direct")
    wrong = verdict(payments)
    wrong["lost"] += count - heard
    wrong["doubled"] += times - heard
    return Result(
        "T8 Redis kill -9, FLUSHALL", f"{count:,} payments", wrong, seconds,
        control=f"told by the broker alone: {count - direct} lost",
        control_fails=direct < count, note="control: the same effects sent as tasks on commit",
    )  # fmt: skip


def _wait_for_payments(count: int) -> None:
    from payments.models import Payment

    give_up, before = time.monotonic() + 120, Payment.objects.count()
    while Payment.objects.count() < before + count and time.monotonic() < give_up:
        time.sleep(0.1)


def _flush(world: World) -> None:
    import redis

    redis.Redis.from_url(world.redis.url).flushall()


def _effects(table: str) -> tuple[int, int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(DISTINCT payment), count(*) FROM {table}")  # noqa: S608
        distinct, times = cursor.fetchone()
    return distinct, times


def postgres_killed(world: World, times: int) -> Result:
    """T9: PostgreSQL is stopped as by a power cut while two processes post journals."""
    lost, seconds, acknowledged = _crash(world, times)
    wrong = verdict([])
    # It says done before anything is on disk, as some do to be fast.
    control = _crash(world, 1, synchronous_commit="off", wal_writer_delay="10s")[0]
    return Result(
        "T9 PostgreSQL stop -m immediate", f"× {times}", wrong | {"lost": lost}, seconds,
        control=f"synchronous_commit off: {control} acknowledged and missing",
        control_fails=control > 0,
        note=f"{acknowledged:,} acknowledged; seconds until it answers after a crash",
    )  # fmt: skip


def _crash(world: World, times: int, **changes: str) -> tuple[int, float, int]:
    """Return what was acknowledged and is missing, the longest recovery, and how many there are."""
    from django.db import connections

    from payments.models import Journal

    connections.close_all()
    world.postgres.stop()
    world.postgres.start(**changes)
    tag, slowest = uuid4().hex[:8], 0.0
    posters = [["benchmarks.faults_payer", "journals", f"{tag}:{nth}"] for nth in range(2)]
    with workers(
        posters, BENCH_ORGANIZATION=str(world.organization.pk),
    ) as running:  # fmt: skip
        for one in running:
            assert one.stdout is not None
            one.stdout.readline()
        for _ in range(times):
            time.sleep(1)
            world.postgres.stop(how=signal.SIGQUIT)
            began = time.monotonic()
            world.postgres.start(**changes)
            slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.5)
        for one in running:
            one.send_signal(signal.SIGTERM)
        told = [one.communicate(timeout=30)[0] for one in running]
    keys = {line for text in told for line in text.split("\n")[:-1] if line}
    there = set(Journal.objects.filter(op_key__startswith=tag).values_list("op_key", flat=True))
    return len(keys - there), round(slowest, 1), len(keys)


def redelivered(world: World, _runs: int) -> Result:
    """T12: a task takes longer than the broker waits, so it is given to another worker, too."""
    from django.db import connection

    from payments.models import Journal

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_runs (at timestamptz)")
        cursor.execute("CREATE TABLE bench_plain (at timestamptz)")
    celery = [["celery", "-A", "benchmarks.faults_celery", "worker", "-c", "1", "-l", "ERROR",
               "-Q", "slow", "-n", f"w{nth}@%h"] for nth in range(2)]  # fmt: skip
    key = f"slow:{uuid4()}"
    with workers(
        celery, BENCH_ORGANIZATION=str(world.organization.pk), BENCH_VISIBILITY_S="5"
    ):  # fmt: skip
        with _broker() as app:
            app.send_task("bench.slow", [key, 20.0], queue="slow")
        give_up = time.monotonic() + 90
        while time.monotonic() < give_up:
            with connection.cursor() as cursor:
                cursor.execute("SELECT (SELECT count(*) FROM bench_runs),"
                               " (SELECT count(*) FROM bench_plain)")  # fmt: skip
                runs, effects = cursor.fetchone()
            if effects >= 2:
                break
            time.sleep(0.5)
    posted = Journal.objects.filter(op_key=key).count()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_runs, bench_plain")
    return Result(
        "T12 Celery redelivery", "visibility 5 s, task 20 s",
        {"lost": int(posted < 1), "doubled": max(0, posted - 1), "ran only once": int(runs < 2)},
        control=f"the same without a key: {effects} times", control_fails=effects > 1,
        note=f"the task ran {runs} times",
    )  # fmt: skip


@contextmanager
def _broker() -> Any:
    from benchmarks.faults_celery import app

    yield app
    app.close()
