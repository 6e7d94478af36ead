"""How many people can talk at once: sockets in conversations through Daphne and Redis.

Side by side with a bare Channels consumer that hands text on in a group (the floor): the same
sockets, the same rate, the same client. Every message is timed from its sending to each arrival.
In a third run Redis is killed and started again. Lost is what has not arrived twenty seconds later.
The client runs on the same machine and takes its share of the processors, which is stated.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.chat_client import Talk
from benchmarks.chat_world import Redis, people_and_rooms, serving
from benchmarks.company import scratch_database

RESULTS = Path("var/benchmarks/chat.json")
LONGEST_BACK_S = 5.0
# Source: issue 4, "fan-out p95".
LONGEST_P95_MS = 100.0
RUNS = {
    "floor": ("benchmarks.chat_echo:application", False),
    "product": ("carpool.asgi:application", True),
    "redis killed": ("carpool.asgi:application", True),
}


def main() -> None:
    """Measure, print; exit with 1 when a message was lost, doubled or out of order."""
    options = read_options()
    with tempfile.TemporaryDirectory() as folder:
        redis = Redis(Path(folder))
        redis.start()
        os.environ["REDIS_URL"] = redis.url
        os.environ["DATABASE_URL"] = scratch_database(options.database, "carpool_bench_chat")
        os.environ.setdefault("DATABASE_POOL_SIZE", "8")
        os.environ["LOG_LEVEL"] = "CRITICAL"
        import django

        django.setup()
        try:
            facts = measure(options, redis)
        finally:
            redis.stop()
    report(facts)
    sys.exit(1 if failures(facts) else 0)


def read_options() -> argparse.Namespace:
    """Return what to run; --quick is small enough for every commit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--quick", action="store_true", help="100 sockets, under a minute")
    parser.add_argument("--conversations", type=int)
    parser.add_argument("--people", type=int, default=4, help="in each conversation")
    parser.add_argument("--rate", type=float, help="messages offered a second")
    parser.add_argument("--seconds", type=float, help="of each measurement")
    parser.add_argument("--runs", nargs="+", choices=list(RUNS), default=list(RUNS))
    options = parser.parse_args()
    defaults = (25, 50, 6) if options.quick else (250, 500, 15)
    options.conversations = options.conversations or defaults[0]
    options.rate = options.rate or defaults[1]
    options.seconds = options.seconds or defaults[2]
    return options


def measure(options: argparse.Namespace, redis: Redis) -> dict[str, Any]:
    """Measure the floor, the product, and the product while Redis is killed."""
    rooms, cookies = people_and_rooms(options)
    facts: dict[str, Any] = {
        "sockets": len(rooms), "conversations": options.conversations,
        "messages offered a second": options.rate, "cores": os.cpu_count(),
    }  # fmt: skip
    for name in options.runs:
        application, is_product = RUNS[name]
        victim = redis if name == "redis killed" else None
        with serving(application) as (port, pid):
            talk = Talk(options, rooms, cookies, is_product=is_product, redis=victim)
            facts[name] = asyncio.run(talk.run(port, pid))
    if {"floor", "product"} <= set(facts):
        for name in ("p50 ms", "p95 ms", "server's processor ms a message"):
            ratio = facts["product"][name] / max(0.01, facts["floor"][name])
            facts[f"product : floor, {name}"] = round(ratio, 2)
    return facts


def failures(facts: dict[str, Any]) -> list[str]:
    """Name what may not be: anything lost, doubled, crossed; clients that stay behind."""
    found = []
    for run in ("product", "redis killed"):
        names = ("lost", "doubled", "out of order", "lost from history")
        found += [f"{run}: {name}" for name in names if facts.get(run, {}).get(name)]
    killed = facts.get("redis killed", {})
    if killed.get("all clients up to date after s", 0) > LONGEST_BACK_S:
        found.append(f"clients were not up to date {LONGEST_BACK_S} s after Redis was back")
    return found


def report(facts: dict[str, Any]) -> None:
    """Print the figures as a table, and write JSON."""
    runs = [name for name in RUNS if name in facts]
    for name, fact in facts.items():
        if name not in runs:
            print(f"{name + ':':42} {fact}")
    rows = dict.fromkeys(row for run in runs for row in facts[run])
    print(f"\n{'':42}" + "".join(f"{run:>14}" for run in runs))
    for row in rows:
        print(f"{row:42}" + "".join(f"{facts[run].get(row, '')!s:>14}" for run in runs))
    p95_ms = facts.get("product", {}).get("p95 ms", 0)
    print(f"\nasked: p95 of at most {LONGEST_P95_MS:.0f} ms; measured: {p95_ms} ms")
    for failure in failures(facts):
        print(f"FAILED: {failure}")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(facts, indent=1))
    print(f"JSON: {RESULTS}")


if __name__ == "__main__":
    main()
