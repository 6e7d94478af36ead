"""Does a search ever miss a ride that serves, or name one that does not? Ten thousand requests.

The demo city, and each city given by --pbf. Every request is answered by the supply index, while
part of its rides are new and part are gone, and by evaluating every ride in time; all answers must
be the same to the last number. Road times come from our labels for all requests, from scipy's
Dijkstra for some, and some rides are inserted by plain Python over every sequence of calls. Seats,
weights and prices differ from request to request, handicaps from ride to ride; half of the requests
are those of usual days, half those of dense mornings. Says, too, what the seed's rule would have
lost.
Exits with 1 when anything differs.
"""

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.commutes import DENSE, USUAL, Trip, draw_requests, draw_rides, population
from benchmarks.matching import open_map
from benchmarks.rivals import EveryRide, Sweeps, brute_cost, in_time, pick
from benchmarks.rivals_seed import what_the_rule_loses
from maps.engine import RoadNetwork, WalkNetwork
from maps.engine.cells import open_cells
from matching.engine import CostWeights
from matching.engine.segment import Supply
from matching.engine.supply import SupplyIndex

RESULTS = Path("var/benchmarks/completeness.json")
BEST = 20
BATCHES = 2  # per city, so that two processes have equal shares
GONE_SHARE, NEW_SHARE = 0.05, 0.01
RIDES_BY_HAND = 5
MOST_WORTH_MS = 600_000
COUNTS = (
    "vertices",
    "requests",
    "rides that serve",
    "most for one request",
    "requests that nobody serves",
    "by Dijkstra",
    "wrong by Dijkstra",
    "rides by hand",
    "wrong by hand",
    "wrong answers",
)


@dataclass(frozen=True)
class Batch:
    """Some requests in one city; ``pbf`` is None for the demo city."""

    pbf: Path | None
    number: int
    rides: int
    requests: int
    swept: int
    by_hand: int


def main() -> None:
    """Compare, print, and exit with 1 when anything differs."""
    options = read_options()
    began = time.perf_counter()
    cities: list[Path | None] = [None, *options.pbf]
    for city in cities:
        open_map(city)  # compiled once, before the processes share it
    share = -(-options.requests // (len(cities) * BATCHES))
    batches = [
        Batch(city, number, options.rides, share, options.swept, options.by_hand)
        for city in cities
        for number in range(BATCHES)
    ]
    tallies: dict[str, dict[str, Any]] = {}
    with ProcessPoolExecutor(options.processes) as pool:
        for batch, tally in zip(batches, pool.map(answer, batches), strict=True):
            name = batch.pbf.name if batch.pbf else "demo city"
            tallies[name] = add(tallies[name], tally) if name in tallies else tally
            print(f"{time.perf_counter() - began:6.0f} s  {name}, part {batch.number + 1}")
    total: dict[str, Any] = {}
    for tally in tallies.values():
        total = add(total, tally) if total else tally
    report({**tallies, "together": total}, round(time.perf_counter() - began, 1))
    sys.exit(1 if total["wrong answers"] else 0)


def read_options() -> argparse.Namespace:
    """Return what to compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pbf", type=Path, nargs="*", action="extend", default=[])
    parser.add_argument("--requests", type=int, default=10_000, help="in all cities together")
    parser.add_argument("--rides", type=int, default=20_000, help="in each city")
    parser.add_argument("--swept", type=int, default=50, help="by Dijkstra too, of each half city")
    parser.add_argument("--by-hand", type=int, default=25, help="by plain Python, likewise")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


def answer(batch: Batch) -> dict[str, Any]:
    """Answer a batch by the index and by evaluating every ride; return what was counted."""
    folder, zones = open_map(batch.pbf)
    network, walks = RoadNetwork(folder), WalkNetwork(folder)
    mass, rng = population(network, zones), np.random.default_rng(batch.number)
    calendar = (USUAL, DENSE)[batch.number % 2]
    supply = burden(draw_rides(network, mass, batch.rides, rng, calendar), rng)
    drawn = draw_requests(network, walks, mass, batch.requests, rng, calendar)
    asked = [vary(trip, rng) for trip in drawn]
    index = SupplyIndex(network.labels, open_cells(folder))
    supply = fill(index, supply, rng)
    plain, sweeps = EveryRide(network), Sweeps(network)
    tally = dict.fromkeys(COUNTS, 0) | {"vertices": len(network), "requests": len(asked)}
    served = []
    for number, (trip, weights) in enumerate(asked):
        truth = plain.search(supply, trip, weights)
        mine = index.search(trip.request, len(truth) + 1, weights=weights)
        best = index.search(trip.request, BEST, weights=weights)
        tally["wrong answers"] += mine != truth or best != truth[:BEST]
        served.append({placement.key for placement in truth})
        if number < batch.swept:
            tally["by Dijkstra"] += 1
            tally["wrong by Dijkstra"] += sweeps.search(supply, trip, weights) != truth
        if number < batch.by_hand:
            costs = {placement.key: placement.insertion.cost_s for placement in truth}
            for row in choose(supply, trip, served[-1], rng):
                cost = brute_cost(network, supply, row, trip, weights)
                mine_s = costs.get(int(supply.key[row]), np.inf)
                tally["rides by hand"] += 1
                tally["wrong by hand"] += not np.isclose(cost or np.inf, mine_s, rtol=1e-12)
    tally["rides that serve"] = sum(len(keys) for keys in served)
    tally["most for one request"] = max(len(keys) for keys in served)
    tally["requests that nobody serves"] = sum(not keys for keys in served)
    tally["wrong answers"] += tally["wrong by Dijkstra"] + tally["wrong by hand"]
    trips = [trip for trip, _weights in asked]
    return {**tally, "seed": what_the_rule_loses(network, supply, trips, served)}


def fill(index: SupplyIndex, supply: Supply, rng: np.random.Generator) -> Supply:
    """Put rides into an index as a working day leaves it; return those that are there.

    Most are settled, some are new, some have been removed, some were put a second time.
    """
    rows = np.arange(len(supply.key))
    new = rng.random(len(rows)) < NEW_SHARE
    index.put(pick(supply, rows[~new]))
    index.settle()
    index.put(pick(supply, rows[new]))
    gone = rng.random(len(rows)) < GONE_SHARE
    index.remove(supply.key[gone])
    index.put(pick(supply, rng.choice(rows[~gone], 20, replace=False)))
    return pick(supply, rows[~gone])


def burden(supply: Supply, rng: np.random.Generator) -> Supply:
    """Give every other ride a handicap of up to ten minutes."""
    most_ms = rng.integers(0, MOST_WORTH_MS, len(supply.key))
    handicap_ms = np.where(rng.random(len(most_ms)) < 0.5, most_ms, 0).astype(np.int32)
    return replace(supply, rides=replace(supply.rides, handicap_ms=handicap_ms))


def vary(trip: Trip, rng: np.random.Generator) -> tuple[Trip, CostWeights]:
    """Return a trip for one to three people, free or at a price, and weights, often the usual."""
    seats = int(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))
    window = replace(trip.request.window, seats=seats)
    if rng.random() < 0.5:
        price_ms = rng.integers(0, MOST_WORTH_MS, window.price_ms.shape)
        window = replace(window, price_ms=price_ms)
    usual = rng.random() < 0.5
    weights = CostWeights() if usual else CostWeights(*rng.uniform(0, 3, 4).tolist())
    return replace(trip, request=replace(trip.request, window=window)), weights


def choose(supply: Supply, trip: Trip, serving: set[int], rng: np.random.Generator) -> list[int]:
    """Choose some rides that serve, and some that are in time, whether they serve or not."""
    rows = in_time(supply, trip)
    good = rows[np.isin(supply.key[rows], list(serving))]
    some = [rng.permutation(part)[:RIDES_BY_HAND] for part in (good, rows)]
    return [int(row) for row in np.unique(np.concatenate(some))]


def add(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Add counts, at any depth; a maximum stays one, and vertices are not counted twice."""
    return {
        name: add(value, other[name])
        if isinstance(value, dict)
        else max(value, other[name])
        if name in {"vertices", "most for one request"}
        else value + other[name]
        for name, value in one.items()
    }


def report(tallies: dict[str, dict[str, Any]], seconds: float) -> None:
    """Print a table and write JSON."""
    rules = [name for name in tallies["together"] if name != "seed"]
    width = max(len(name) for name in tallies) + 2
    print(f"\n{'':<44}" + "".join(f"{name:>{width}}" for name in tallies))
    for fact in rules:
        print(f"{fact:<44}" + "".join(f"{t[fact]:>{width},}" for t in tallies.values()))
    for rule in tallies["together"]["seed"]:
        print(f"the seed's rule, {rule}")
        for part in tallies["together"]["seed"][rule]:
            if part.startswith("lost"):
                shares = [
                    t["seed"][rule][part] / max(1, t["rides that serve"]) for t in tallies.values()
                ]
                print(f"  {part:<42}" + "".join(f"{share:>{width}.1%}" for share in shares))
    facts = {"seconds": seconds, "cities": tallies}
    print(f"complete: {'yes' if not tallies['together']['wrong answers'] else 'NO'}, {seconds} s")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(facts, indent=1))
    print(f"JSON: {RESULTS}")


if __name__ == "__main__":
    main()
