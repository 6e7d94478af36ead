"""What becomes of money and seats when things break: a table of faults, each with its control.

Every row counts what must not be: lost, doubled, oversold, a ledger that does not come to nothing.
A control takes one guard away and has to fail: a harness that sees nothing proves nothing. All of
it runs on a PostgreSQL and a Redis of its own, which are killed on the way.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks import faults_clock as clocks
from benchmarks import faults_crashes as crashes
from benchmarks import faults_lines as lines
from benchmarks import faults_rules as rules
from benchmarks import faults_services as services
from benchmarks.faults_world import LONGEST_RECOVERY_S, Result, World

Test = Callable[[World, int], Result]
RESULTS = Path("var/benchmarks/faults.json")


def at_provider(test: str, name: str = "") -> Test:
    """Return a test at a simulated provider; its module wants Django to be set up."""

    def late(world: World, runs: int) -> Result:
        from benchmarks import faults_providers

        found = getattr(faults_providers, test)
        done: Result = (found(name) if name else found)(world, runs)
        return done

    return late


# The test, how often it runs in full and in --quick, which leaves out what the tests run anyway.
# Source: issue 5, "Must show".
FAULTS: dict[str, tuple[Test, int, int]] = {
    "T1": (services.last_seat, 20, 0),
    "T2": (services.one_person, 1, 0),
    "T3": (rules.property_test, 2_000, 0),
    "T4": (rules.splits, 100_000, 5_000),
    "T5": (crashes.kills, 25, 1),
    "T6": (lines.bad_lines, 1_000, 20),
    "T6-kakaopay": (at_provider("lines_of", "kakaopay"), 1_000, 0),
    "T6-toss": (at_provider("lines_of", "toss"), 1_000, 0),
    "T6-stripe": (at_provider("lines_of", "stripe"), 1_000, 0),
    "T7-toss": (at_provider("notices_of", "toss"), 200, 0),
    "T7-stripe": (at_provider("notices_of", "stripe"), 200, 0),
    "T8": (services.redis_killed, 1_000, 0),
    "T9": (services.postgres_killed, 5, 0),
    "T10": (clocks.jumps, 10, 1),
    "T11": (crashes.commits, 50, 5),
    "T12": (services.redelivered, 1, 0),
    "T13": (at_provider("statement_breaks"), 10_000, 1_000),
    "T14": (rules.invariants, 1, 0),
    "T15": (rules.immutability, 1, 1),
}


def main() -> None:
    """Break things, print; exit with 1 when something was lost or a control did not fail."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="those of seconds, under a minute")
    parser.add_argument("--only", nargs="+", choices=list(FAULTS), default=list(FAULTS))
    options = parser.parse_args()
    results = []
    with World() as world:
        for name in options.only:
            test, full, quick = FAULTS[name]
            runs = quick if options.quick else full
            if runs:
                began = time.perf_counter()
                results.append(test(world, runs))
                show(results[-1], time.perf_counter() - began)
    report(results)
    sys.exit(0 if all(one.is_good for one in results) else 1)


def show(one: Result, seconds: float) -> None:
    """Print a row as soon as it is known."""
    wrong = ", ".join(f"{name} {count}" for name, count in one.wrong.items())
    mark = "ok" if one.is_good else "FAILED"
    print(f"{one.name:32} {one.tried:26} {mark:7} {seconds:6.0f} s")
    print(f"    {wrong}")
    if one.settled_s is not None:
        print(f"    settled after {one.settled_s} s (asked: {LONGEST_RECOVERY_S:.0f} s)")
    print(f"    control, {one.control}")
    if one.note:
        print(f"    {one.note}")
    sys.stdout.flush()


def report(results: list[Result]) -> None:
    """Print one table, add up, and write JSON."""
    columns = ("lost", "doubled", "oversold", "ledger sum")
    print(
        f"\n{'':32}" + "".join(f"{name:>11}" for name in (*columns, "other", "settled", "control"))
    )
    for one in results:
        other = sum(count for name, count in one.wrong.items() if name not in columns)
        cells = [str(one.wrong.get(name, "-")) for name in columns]
        cells += [str(other), "-" if one.settled_s is None else f"{one.settled_s} s"]
        cells.append("fails" if one.control_fails else "PASSES")
        print(f"{one.name:32}" + "".join(f"{cell:>11}" for cell in cells))
    totals = [sum(one.wrong.get(name, 0) for one in results) for name in columns]
    print(f"{'in all':32}" + "".join(f"{total:>11}" for total in totals))
    failed = [one.name for one in results if not one.is_good]
    print(f"{'failed':32} {', '.join(failed) or 'none'}; cores: {os.cpu_count()}")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(one) | {"is_good": one.is_good} for one in results]))
    print(f"JSON: {RESULTS}")


if __name__ == "__main__":
    main()
