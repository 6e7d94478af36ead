"""Rules that hold whatever people do: T3, T4 and T14 in memory, T15 on the tables."""

import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

from benchmarks.faults_world import Result, World


def property_test(_world: World, runs: int) -> Result:
    """T3: any order of joining, paying, leaving, locking, settling, disputing, 30 steps each."""
    from hypothesis import settings
    from hypothesis.stateful import run_state_machine_as_test

    from payments.engine import ledger
    from payments.tests.test_room_life import RoomLife

    def broken(count: int) -> int:
        try:
            run_state_machine_as_test(
                RoomLife,
                settings=settings(
                    max_examples=count, stateful_step_count=30, deadline=None, database=None,
                    print_blob=False,
                ),
            )  # fmt: skip
        except AssertionError:
            return 1
        return 0

    found = broken(runs)
    with mock.patch.object(ledger, "_check", return_value=None):
        control = broken(200)
    return Result(
        "T3 a room's life", f"{runs:,} × 30 steps", {"invariants broken": found},
        control=f"no overdraft check: {'found' if control else 'NOT found'}",
        control_fails=bool(control),
    )  # fmt: skip


def splits(_world: World, runs: int) -> Result:
    """T4: exact sums, nobody a unit from their part, the order decides only between equals."""
    from payments.engine.split import split_fare

    def check(split: Callable[..., dict[str, int]]) -> int:
        dice, wrong = random.Random(4), 0  # noqa: S311
        for _ in range(runs):
            total, n = dice.randrange(10 ** dice.randrange(1, 9)), dice.randrange(1, 8)
            weights = {f"p{k}": dice.randrange(1, 10**5) for k in range(n)}
            currency = dice.choice(["KRW", "CLP", "EUR", "USD", "JPY"])
            parts, whole = split(total, weights, currency), sum(weights.values())
            backwards = split(total, dict(reversed(weights.items())), currency)
            fractions = [total * weight % whole for weight in weights.values()]
            wrong += (
                sum(parts.values()) != total
                or any(abs(parts[one] * whole - total * weights[one]) >= whole for one in weights)
                or (len(set(fractions)) == n and parts != backwards)
            )
        return wrong

    def rounded(total: int, weights: dict[str, int], _currency: str) -> dict[str, int]:
        whole = sum(weights.values())
        return {one: round(total * weight / whole) for one, weight in weights.items()}

    control = check(rounded)
    return Result(
        "T4 splits", f"{runs:,}", {"not exact": check(split_fare)},
        control=f"rounding each part: {control:,} wrong", control_fails=control > 0,
    )  # fmt: skip


def invariants(_world: World, _runs: int) -> Result:
    """T14: the ledger's fifteen invariants, and mutants of it, each caught by those it breaks."""
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "payments/tests/test_invariants.py", "-q", "-rA",
         "--no-header", "-p", "no:cacheprovider"],
        capture_output=True, text=True, check=False, timeout=240,
    ).stdout  # fmt: skip
    ended = [line for line in told.splitlines() if line.startswith(("PASSED", "FAILED", "ERROR"))]
    mutants = [line for line in ended if "test_control" in line or "done_to_an_entry" in line]
    caught = sum(line.startswith("PASSED") for line in mutants)
    held = sum(line.startswith("PASSED") for line in ended) - caught
    return Result(
        "T14 the ledger's invariants", f"{len(ended)} tests",
        {"invariants broken": len(ended) - len(mutants) - held, "no tests": int(not ended)},
        control=f"{len(mutants)} mutants and edits: {caught} caught",
        control_fails=0 < caught == len(mutants),
    )  # fmt: skip


def immutability(world: World, _runs: int) -> Result:
    """T15: the web may change nothing that is booked; who has every right is found out."""
    from django.db import DatabaseError, connection, transaction

    from carpool.kernel import clock, tenancy
    from payments.selectors import audit_books
    from payments.services import close_trip, send_intents

    tables = ("journal", "journalentry", "ledgeraccount", "tripclosing")
    statements = [
        sql.format(table)
        for table in tables
        for sql in ("UPDATE payments_{} SET id = id", "DELETE FROM payments_{}",
                    "TRUNCATE payments_{} CASCADE")
    ]  # fmt: skip

    def allowed(scope: Any, some: list[str]) -> int:
        done = 0
        for statement in some:
            with tenancy.inside(scope):
                try:
                    with transaction.atomic(), connection.cursor() as cursor:
                        cursor.execute(statement)
                        transaction.set_rollback(True)
                    done += 1
                except DatabaseError:
                    continue
        return done

    for _ in range(10):
        send_intents(world.payment(clock.now()).pk, now=clock.now())
    close_trip(
        organization_id=world.organization.pk, trip_id=world.organization.pk, now=clock.now()
    )
    web = allowed(frozenset({world.organization.pk}), statements)
    owner = allowed(None, [one for one in statements if "TRUNCATE" not in one])
    edit = "UPDATE payments_journalentry SET amount = amount * 2 WHERE id % 7 = 0"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(edit)
        changed = cursor.rowcount
        found = len(list(audit_books()))
        transaction.set_rollback(True)
    return Result(
        "T15 immutability", f"{len(statements)} statements",
        {"changes by the web": web, "changes by the owner": owner,
         "edits past the triggers not found": int(changed > 0 and not found)},
        control=f"triggers off: {changed} entries changed, {found} errors reported",
        control_fails=changed > 0 and found > 0,
    )  # fmt: skip
