"""What the ledger costs: journals a second beside pgbench, and balances of a long history.

A journal is five rows: itself, two entries, two balances. pgbench writes the same five in one
transaction, into tables of the same columns that have a primary key and none of our rules (keys
that count once, foreign keys, chains, sums, overdrafts): the floor. Both run on one PostgreSQL of
their own with all of its safety, by turns, with as many clients. Balances are read from a ledger of
a million entries and from one of ten, by turns as well.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.ledger_fill import fill, make_floor, make_organization, make_people
from benchmarks.own_postgres import OwnPostgres

RESULTS = Path("var/benchmarks/payments.json")
FLOOR = Path(__file__).with_suffix(".sql")
PEOPLE = 1_000
# Source: issue 5, "Must show".
MOST_RATIO, LONGEST_READ_MS, MOST_GROWTH = 3.0, 5.0, 1.3


def main() -> None:
    """Measure, print; exit with 1 when something is slower than was asked for."""
    options = read_options()
    os.environ["LOG_LEVEL"] = "CRITICAL"
    facts: dict[str, Any] = {"cores": os.cpu_count()}
    with OwnPostgres() as postgres:
        os.environ["DATABASE_URL"] = postgres.make_database("bench")
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        make_organization()
        connections.close_all()
        copies = {
            entries: postgres.make_database(f"ledger_{entries}", template="bench")
            for entries in options.entries
        }
        make_people(PEOPLE)
        if "journals" in options.parts:
            facts["journals"] = [journals(postgres, count, options) for count in options.clients]
        if "reads" in options.parts:
            facts["reads"] = reads(copies, options)
    report(facts)
    sys.exit(1 if failures(facts, options) else 0)


def read_options() -> argparse.Namespace:
    """Return what to run; --quick is small enough for every commit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="for the answers, not the times")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--seconds", type=float, default=5, help="of each turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--entries", type=int, nargs=2, default=[1_000_000, 10_000_000])
    parser.add_argument("--samples", type=int, default=5_000, help="of each kind of reading")
    parser.add_argument("--parts", nargs="+", default=["journals", "reads"])
    options = parser.parse_args()
    if options.quick:
        options.clients, options.seconds, options.turns = [1, 2], 1.5, 2
        options.entries, options.samples = [10_000, 100_000], 1_000
    return options


def journals(postgres: OwnPostgres, clients: int, options: argparse.Namespace) -> dict[str, Any]:
    """Let the service and pgbench write by turns."""
    make_floor(os.environ["DATABASE_URL"], PEOPLE)
    per_s: dict[str, list[float]] = {"service": [], "pgbench": []}
    took: list[float] = []
    with ExitStack() as stack:
        all_clients = [stack.enter_context(client(os.environ["DATABASE_URL"]))
                       for _ in range(clients)]  # fmt: skip
        for turn in range(-1, options.turns):  # one to warm up
            rate, milliseconds = service_turn(all_clients, turn, options.seconds)
            floor = pgbench_turn(postgres, clients, options.seconds)
            if turn >= 0:
                per_s["service"].append(rate)
                per_s["pgbench"].append(floor)
                took += milliseconds
    rate, floor = (statistics.median(per_s[name]) for name in ("service", "pgbench"))
    return {
        "clients": clients, "service, journals/s": round(rate),
        "pgbench, transactions/s": round(floor), "pgbench : service": round(floor / rate, 2),
        "service, p50 ms": quantile(took, 0.5), "service, p95 ms": quantile(took, 0.95),
    }  # fmt: skip


def service_turn(
    clients: list["subprocess.Popen[str]"], turn: int, seconds: float
) -> tuple[float, list[float]]:
    """Let every client post for a while; return journals a second, and what each took."""
    began = time.perf_counter()
    for nth, one in enumerate(clients):
        name = f"{len(clients)}:{turn}:{nth}"
        tell(one, do="post", name=name, seconds=seconds, people=PEOPLE)
    took = [milliseconds for one in clients for milliseconds in heard(one)]
    return len(took) / (time.perf_counter() - began), took


def pgbench_turn(postgres: OwnPostgres, clients: int, seconds: float) -> float:
    """Let pgbench write the same rows; return transactions a second."""
    said = subprocess.run(
        [
            f"{postgres.programs}/pgbench", "-n", "-h", str(postgres.folder), "-U", "carpool",
            "-c", str(clients), "-j", str(clients), "-T", str(max(1, round(seconds))),
            "-D", f"people={PEOPLE}", "-f", str(FLOOR), "bench",
        ],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    line = next(line for line in said.splitlines() if line.startswith("tps"))
    return float(line.split()[2])


def reads(copies: dict[int, str], options: argparse.Namespace) -> dict[str, Any]:
    """Read balances from a short and a long ledger by turns."""
    facts: dict[str, Any] = {"samples": options.samples}
    with ExitStack() as stack:
        ledgers = []
        for entries, url in copies.items():
            began = time.perf_counter()
            people = fill(url, entries)
            facts[f"{entries:,} entries, seconds to fill"] = round(time.perf_counter() - began, 1)
            facts[f"{entries:,} entries, accounts"] = people
            facts[f"{entries:,} entries, GiB"] = size_gib(url)
            ledgers.append((entries, people, stack.enter_context(client(url))))
        for what in ("read", "movements"):
            took: dict[int, list[float]] = {entries: [] for entries in options.entries}
            for turn in range(11):
                for entries, people, one in ledgers:
                    tell(one, do=what, count=options.samples // 10, people=people)
                    milliseconds = heard(one)
                    took[entries] += milliseconds if turn else []  # one to warm up
            label = {"read": "balance", "movements": "20 movements"}[what]
            for entries, all_ms in took.items():
                for part in (0.5, 0.95):
                    facts[f"{entries:,} entries, {label}, p{round(part * 100)} ms"] = quantile(
                        all_ms, part
                    )
            short, long = (quantile(took[entries], 0.95) for entries in options.entries)
            facts[f"{label}, p95, long : short"] = round(long / short, 2)
    return facts


@contextmanager
def client(url: str) -> "Iterator[subprocess.Popen[str]]":
    """Start a client of a database; it waits for what it is told."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.ledger_client"], env={**os.environ, "DATABASE_URL": url},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        tell(process, do="read", count=0, people=1)
        heard(process)
        yield process
        assert process.stdin is not None
        process.stdin.close()


def tell(process: "subprocess.Popen[str]", **order: Any) -> None:
    """Tell a client what to do."""
    assert process.stdin is not None
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()


def heard(process: "subprocess.Popen[str]") -> list[float]:
    """Wait until a client has done it; return the milliseconds."""
    assert process.stdout is not None
    answer: list[float] = json.loads(process.stdout.readline())
    return answer


def size_gib(url: str) -> float:
    """Return how large a database is."""
    with psycopg.connect(url.replace("postgis", "postgresql", 1)) as link:
        row = link.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return round(int(row[0]) / 2**30, 2)


def quantile(took: list[float], part: float) -> float:
    """Return the milliseconds within which so large a part was done."""
    return round(sorted(took)[int(part * (len(took) - 1))], 2)


def failures(facts: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """Name what is slower than was asked for; --quick looks at the answers only."""
    if options.quick:
        return []
    found = [
        f"{row['clients']} clients: {row['pgbench : service']} times slower than pgbench"
        for row in facts.get("journals", ())
        if row["pgbench : service"] > MOST_RATIO
    ]
    rows = facts.get("reads", {})
    found += [
        f"{name}: {value}"
        for name, value in rows.items()
        if name.endswith("balance, p95 ms") and value > LONGEST_READ_MS
    ]
    if rows.get("balance, p95, long : short", 0) > MOST_GROWTH:
        found.append("a balance takes longer to read the more entries there are")
    return found


def report(facts: dict[str, Any]) -> None:
    """Print the figures as a table, and write JSON."""
    rows = facts.get("journals", [])
    for name in rows[0] if rows else ():
        print(f"{name:44}" + "".join(f"{row[name]!s:>10}" for row in rows))
    if rows:
        print(f"asked: pgbench : service of at most {MOST_RATIO}\n")
    for name, value in facts.get("reads", {}).items():
        print(f"{name:44}{value!s:>10}")
    if "reads" in facts:
        print(f"asked: p95 of at most {LONGEST_READ_MS} ms, long : short at most {MOST_GROWTH}")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(facts, indent=1))
    print(f"JSON: {RESULTS}")


if __name__ == "__main__":
    main()
