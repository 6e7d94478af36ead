"""How many vehicle-kilometres a batch assignment saves, against what is possible and simpler ways.

Commuters are drawn as people's mornings make them; everybody would drive alone. Every method runs
on the same people and roads in one run, and every promise of every answer is checked in plain
Python with the network's own routes. Exits with 1 when one is broken.
"""

import argparse
import functools
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.commutes import MINUTE, draw_trips, pair_times, population
from benchmarks.matching import open_map
from maps.engine import RoadNetwork
from matching.engine.assignment import (
    Assignment,
    Commuters,
    Options,
    Roads,
    assign,
    favours,
    greedy_by_departure,
    open_roads,
)
from matching.tests.assignment_promises import assert_keeps_promises

RESULTS = Path("var/benchmarks/assignment.json")
RIDE_ONLY, DRIVE_ONLY = 0.4, 0.2
PEAK_MS, SPREAD_MS = int(7.75 * 60) * MINUTE, 45 * MINUTE
FLEXIBILITY_MIN = (15, 30)
PROCESSES = 2


def main() -> None:
    """Measure, print, and exit with 1 when a promise is broken."""
    settings = read_options()
    folder, zones = open_map(settings.pbf)
    network, roads = RoadNetwork(folder), open_roads(folder)
    people = draw_commuters(network, population(network, zones), settings)
    options = Options()
    warm_up(people, roads, options)
    fair = with_history(people, settings.seed)
    alone = Options(most_riders=1)
    rows: dict[str, Assignment] = {}
    seconds: dict[str, tuple[float, float, float]] = {}
    with ProcessPoolExecutor(
        PROCESSES,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=open_here,
        initargs=(folder,),
    ) as pool:
        list(pool.map(warm_worker, [people.take(np.arange(min(100, len(people))))] * PROCESSES))

        elsewhere_s = 0.0

        def take_turns(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
            nonlocal elsewhere_s
            answers = list(pool.map(function, items))
            elsewhere_s += sum(took for _, took in answers)
            return [answer for answer, _ in answers]

        def spread(who: Commuters, how: Options) -> Assignment:
            call = functools.partial(work, options=how)
            return assign(who, roads, how, spread=take_turns, worker=call)

        runs: dict[str, Callable[[], Assignment]] = {
            "greedy by departure": lambda: greedy_by_departure(people, roads, options),
            "ours, one rider a car": lambda: spread(people, alone),
            "ours": lambda: spread(people, options),
            "ours, with fairness": lambda: spread(fair, options),
        }
        for name, run in runs.items():
            elsewhere_s, here_s = 0.0, time.process_time()
            wall_s, rows[name] = timed(run)
            seconds[name] = (wall_s, time.process_time() - here_s, elsewhere_s)
    broken = check(people, fair, rows, network, options)
    report(settings, network, people, rows, seconds, broken)
    sys.exit(1 if broken else 0)


def read_options() -> argparse.Namespace:
    """Return what to run; --quick is small enough for every commit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commuters", type=int)
    parser.add_argument("--detour-minutes", type=float, help="default: 5, or a quarter of the way")
    parser.add_argument("--pbf", type=Path, help="another city's OSM file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="2,000 commuters")
    settings = parser.parse_args()
    if settings.commuters is None:
        settings.commuters = 2_000 if settings.quick else 20_000
    return settings


def draw_commuters(
    network: RoadNetwork, mass: np.ndarray[Any, Any], settings: argparse.Namespace
) -> Commuters:
    """Return one morning: 40 % only ride, 20 % only drive, 40 % do either, with 3 seats each."""
    rng, count = np.random.default_rng(settings.seed), settings.commuters
    home, work = draw_trips(network, mass, count, rng)
    direct = pair_times(home, work, *network.labels).astype(np.int64)
    leave = rng.normal(PEAK_MS, SPREAD_MS, count).astype(np.int64)
    flexibility = rng.integers(FLEXIBILITY_MIN[0], FLEXIBILITY_MIN[1] + 1, count) * MINUTE
    detour = np.maximum(5 * MINUTE, direct // 4)
    if settings.detour_minutes is not None:
        detour = np.full(count, round(settings.detour_minutes * MINUTE), np.int64)
    role = rng.random(count)
    return Commuters(
        key=np.arange(count, dtype=np.int64),
        origin=home,
        destination=work,
        earliest_departure_ms=leave,
        latest_arrival_ms=leave + direct + flexibility,
        may_drive=role >= RIDE_ONLY,
        may_ride=role < 1 - DRIVE_ONLY,
        seats=np.full(count, 3, np.int32),
        detour_ms=detour,
        car=np.ones(count, np.bool_),
        ride_favour_m=np.zeros(count),
        share_favour_m=np.zeros(count),
    )


def with_history(people: Commuters, seed: int) -> Commuters:
    """Return the same people with four weeks behind them: who drove, rode and was left over."""
    rng = np.random.default_rng(seed + 1)
    drove, rode = rng.binomial(20, 0.3, (2, len(people)))
    ride_m, share_m = favours(
        drove * people.may_drive, rode * people.may_ride, rng.geometric(0.6, len(people)) - 1
    )
    columns = {name: getattr(people, name) for name in Commuters.__dataclass_fields__}
    return Commuters(**(columns | {"ride_favour_m": ride_m, "share_favour_m": share_m}))


_ROADS: list[Roads] = []


def open_here(folder: Path) -> None:
    """Open the network in a worker process; its pages are shared."""
    _ROADS.append(open_roads(folder))


def work(function: Callable[..., Any], item: Any, *, options: Options) -> tuple[Any, float]:
    """Call a function of the engine in a worker, with the worker's own network.

    Returns also the seconds of the processor: other programs on the machine do not count there.
    """
    began = time.process_time()
    answer = function(item, _ROADS[0], options)
    return answer, time.process_time() - began


def warm_up(people: Commuters, roads: Roads, options: Options) -> None:
    """Compile or load the kernels."""
    few = people.take(np.arange(min(100, len(people))))
    assign(few, roads, Options(part_size=50))
    greedy_by_departure(few, roads, options)


def warm_worker(people: Commuters) -> None:
    """Load the kernels in a worker."""
    warm_up(people, _ROADS[0], Options())


def timed(run: Callable[[], Assignment]) -> tuple[float, Assignment]:
    """Return the seconds that a run took, and its answer."""
    start = time.perf_counter()
    answer = run()
    return time.perf_counter() - start, answer


def check(
    people: Commuters,
    fair: Commuters,
    rows: dict[str, Assignment],
    network: RoadNetwork,
    options: Options,
) -> list[str]:
    """Return what is wrong: nobody in two cars, and every promise of every car."""

    @functools.cache
    def drive(a: int, b: int) -> tuple[int, float]:
        route = network.route([a, b])
        return route.duration_ms, route.distance_m

    broken = []
    for name, found in rows.items():
        try:
            assert_keeps_promises(
                fair if "fairness" in name else people, found, drive, options, tolerance_m=20.0
            )
        except AssertionError as problem:
            broken.append(f"{name}: {problem}")
    return broken


def report(
    settings: argparse.Namespace,
    network: RoadNetwork,
    people: Commuters,
    rows: dict[str, Assignment],
    seconds: dict[str, tuple[float, float, float]],
    broken: list[str],
) -> None:
    """Print the table and write it as JSON."""
    alone = total_alone_m(network, people)
    base = rows["greedy by departure"].saved_m
    facts = {
        "map": settings.pbf.name if settings.pbf else "demo city",
        "vertices": len(network),
        "commuters": len(people),
        "km if all drive alone": round(alone / 1000),
        "detour": settings.detour_minutes or "5 min or a quarter",
        "promises broken": broken,
    }
    table = {
        name: {
            "seconds": round(seconds[name][0], 2),
            "processor s, here": round(seconds[name][1], 2),
            "processor s, workers": round(seconds[name][2], 2),
            "km saved": round(found.saved_m / 1000),
            "of all km, %": round(100 * found.saved_m / alone, 1),
            "more than greedy, %": round(100 * (found.saved_m / base - 1), 1),
            "in shared cars, %": round(100 * found.served / len(people), 1),
            "cars": len(found.cars),
            "bound, km": round(found.bound_m / 1000) if np.isfinite(found.bound_m) else None,
            "gap, %": round(100 * found.gap, 2) if np.isfinite(found.bound_m) else None,
            "stages, s": {stage: round(took, 1) for stage, took in found.seconds.items()},
        }
        for name, found in rows.items()
    }
    facts["most that any method can save over greedy, %"] = round(
        100 * (rows["ours"].bound_m / base - 1), 1
    )
    for name, value in facts.items():
        print(f"{name}: {value}")
    for name, line in table.items():
        print(f"\n{name}")
        for what, value in line.items():
            print(f"  {what:22} {value}")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"facts": facts, "methods": table}, indent=1))


def total_alone_m(network: RoadNetwork, people: Commuters) -> float:
    """Return the metres that all drive when everybody drives alone."""
    ends = zip(people.origin.tolist(), people.destination.tolist(), strict=True)
    return sum(network.route([a, b]).distance_m for a, b in ends)


if __name__ == "__main__":
    main()
