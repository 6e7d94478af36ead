"""One client of the ledger in a process of its own: posts journals or reads balances, when told.

Commands come as lines of JSON on its input, answers go as lines to its output.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import django

CURRENCY = "KRW"
Work = Callable[..., Iterator[float]]
_draw = random.Random(1)  # noqa: S311


def person(number: int) -> str:
    """Return the name of the one whose account has this number."""
    return str(UUID(int=number))


def main() -> None:
    """Answer commands until the input ends."""
    django.setup()
    from accounts.models import Organization

    organization = Organization.objects.get(slug="bench").pk
    for line in sys.stdin:
        order = json.loads(line)
        work = WORK[order.pop("do")]
        print(json.dumps(list(work(organization, **order))), flush=True)


def _post(organization: UUID, *, name: str, seconds: float, people: int) -> Iterator[float]:
    """Move money between two people at a time, with a key of its own; yield milliseconds."""
    from carpool.kernel import clock
    from payments.engine import chart
    from payments.services import post_journal

    dice, nth, until = random.Random(name), 0, time.perf_counter() + seconds  # noqa: S311
    while (began := time.perf_counter()) < until:
        nth += 1
        giver = chart.payable(person(dice.randrange(people // 2)), CURRENCY)
        taker = chart.payable(person(dice.randrange(people // 2, people)), CURRENCY)
        journal = chart.Journal("bench", f"{name}:{nth}", chart.move(giver, taker, 1))
        post_journal(organization_id=organization, journal=journal, now=clock.now())
        yield (time.perf_counter() - began) * 1000


def _read(organization: UUID, *, count: int, people: int) -> Iterator[float]:
    """Read what stands on people's accounts, each drawn anew; yield milliseconds."""
    from payments.engine import chart
    from payments.selectors import balance_of

    for _ in range(count):
        account = chart.payable(person(_draw.randrange(people)), CURRENCY)
        began = time.perf_counter()
        balance = balance_of(organization, account)
        yield (time.perf_counter() - began) * 1000
        if not balance.version:
            raise RuntimeError(f"Nothing stands on {account}.")


def _movements(organization: UUID, *, count: int, people: int) -> Iterator[float]:
    """Read somebody's newest movements, as their wallet does; yield milliseconds."""
    from payments.selectors import list_movements

    for _ in range(count):
        whose = UUID(int=_draw.randrange(people))
        began = time.perf_counter()
        found: list[Any] = list(list_movements(organization, whose)[:20])
        yield (time.perf_counter() - began) * 1000
        if not found:
            raise RuntimeError(f"Nothing moved for {whose}.")


WORK: dict[str, Work] = {"post": _post, "read": _read, "movements": _movements}

if __name__ == "__main__":
    main()
