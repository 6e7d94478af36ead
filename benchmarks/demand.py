"""How fast a new ride is matched against all waiting requests, against other methods and the truth.

Everything is measured in one run, on the same requests, rides and network, on one thread. Exits
with 1 when any answer differs from evaluating every request, or from plain Python on a sample.
"""

import argparse
import json
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from benchmarks.commutes import (
    MINUTE,
    USUAL,
    WALK_M,
    WALK_MPS,
    Trip,
    draw_rides,
    draw_times,
    draw_trips,
    pair_times,
    population,
)
from benchmarks.matching import Times, open_map, timed
from benchmarks.rivals import brute_cost, pick
from maps.engine import RoadNetwork, WalkNetwork, find_meeting_points
from maps.engine.cells import open_cells
from matching.engine import CostWeights, InsertionTimes, RequestWindow, best_insertions
from matching.engine.demand import DemandIndex
from matching.engine.demand_segment import Demand
from matching.engine.segment import Supply
from matching.engine.supply import Placement, RoutedRequest, SearchCounts

RESULTS = Path("var/benchmarks/demand.json")
WEIGHTS = CostWeights()
OURS, ONE_BY_ONE, SWEEPS = (
    "(a) demand index",
    "(b) every request in time, one by one",
    "(c) Dijkstra sweeps of the stops, then as (b)",
)
Ints = npt.NDArray[Any]


def main() -> None:
    """Measure, print, and exit with 1 when anything is wrong."""
    options = read_options()
    began = time.perf_counter()
    folder, zones = open_map(options.pbf)
    network, walks = RoadNetwork(folder), WalkNetwork(folder)
    rng = np.random.default_rng(options.seed)
    mass = population(network, zones)
    demand = draw_demand(network, walks, mass, options.requests, rng)
    rides = draw_rides(network, mass, options.rides, rng)
    queries = [pick(rides, np.array([r])) for r in range(options.rides)]
    facts: dict[str, Any] = {
        "map": options.pbf.name if options.pbf else "demo city",
        "vertices": len(network),
        "requests": options.requests,
        "rides": len(queries),
    }
    times: Times = {}
    index = DemandIndex(network.labels, open_cells(folder))
    facts["index"] = fill(index, demand)
    measure(index, queries, times, facts)
    tenth = DemandIndex(network.labels, open_cells(folder))
    tenth.put(take(demand, np.arange(0, len(demand.key), 10)))
    tenth.settle()
    times["(a) among a tenth of the requests"] = [
        timed(tenth.search, ride, boarding_ms=MINUTE, weights=WEIGHTS)[0] for ride in queries
    ]
    facts["wrong answers"] = compare(network, index, demand, queries[: options.sample], times, rng)
    facts["seconds"] = round(time.perf_counter() - began, 1)
    report(times, facts)
    sys.exit(1 if facts["wrong answers"] else 0)


def read_options() -> argparse.Namespace:
    """Return what to run; --quick is small enough for every commit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int)
    parser.add_argument("--rides", type=int, help="how many new rides are matched")
    parser.add_argument("--sample", type=int, help="rides that other methods answer too")
    parser.add_argument("--pbf", type=Path, help="another city's OSM file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="10,000 requests, under a minute")
    options = parser.parse_args()
    defaults = (10_000, 100, 5) if options.quick else (100_000, 1000, 12)
    for name, default in zip(("requests", "rides", "sample"), defaults, strict=True):
        if getattr(options, name) is None:
            setattr(options, name, default)
    return options


def draw_demand(
    network: RoadNetwork,
    walks: WalkNetwork,
    mass: npt.NDArray[np.float64],
    count: int,
    rng: np.random.Generator,
) -> Demand:
    """Return requests with up to eight meeting points at each end, as ``commutes`` has them."""
    home, work = draw_trips(network, mass, count, rng)
    earliest, back = draw_times(count, rng, USUAL)
    home, work = np.where(back, work, home), np.where(back, home, work)
    given = (1 + USUAL.spare) * pair_times(home, work, *network.labels) + USUAL.spare_ms

    @cache
    def around(vertex: int) -> tuple[Ints, Ints]:
        place = network.location(vertex)
        found = find_meeting_points(network, walks, place, walk_m=WALK_M, limit=8)
        return found.nodes, np.ceil(1000 * found.walk_m / WALK_MPS).astype(np.int32)

    ends = [(around(int(a)), around(int(b))) for a, b in zip(home, work, strict=True)]
    sizes = np.array([[len(nodes) for nodes, _walk in both] for both in ends])
    start = np.concatenate([[0], np.cumsum(sizes.sum(axis=1))]).astype(np.int32)
    return Demand(
        key=np.arange(count),
        organization=np.zeros(count, np.int32),
        seats=np.ones(count, np.int32),
        earliest_ms=earliest,
        latest_ms=earliest + given.astype(np.int64),
        anchored_at_arrival=np.arange(count) % 2 == 1,
        start=start,
        middle=(start[:-1] + sizes[:, 0]).astype(np.int32),
        node=np.concatenate([nodes for both in ends for nodes, _walk in both]).astype(np.int32),
        walk_ms=np.concatenate([walk for both in ends for _nodes, walk in both]),
    )


def take(demand: Demand, rows: Ints) -> Demand:
    """Return some of the requests."""
    sizes = np.diff(demand.start)[rows]
    start = np.concatenate([[0], np.cumsum(sizes)])
    points = np.arange(start[-1]) + np.repeat(demand.start[:-1][rows] - start[:-1], sizes)
    return Demand(
        key=demand.key[rows],
        organization=demand.organization[rows],
        seats=demand.seats[rows],
        earliest_ms=demand.earliest_ms[rows],
        latest_ms=demand.latest_ms[rows],
        anchored_at_arrival=demand.anchored_at_arrival[rows],
        start=start.astype(np.int32),
        middle=(start[:-1] + (demand.middle - demand.start[:-1])[rows]).astype(np.int32),
        node=demand.node[points],
        walk_ms=demand.walk_ms[points],
    )


def fill(index: DemandIndex, demand: Demand) -> dict[str, Any]:
    """Put all requests into the index; return what it takes to build, to hold and to change."""
    build_ms = timed(index.put, demand)[0]
    index.settle()
    nbytes = index.nbytes / len(index)
    count = len(demand.key)
    some = [take(demand, np.array([r])) for r in range(0, count, count // 300)]
    removed = [timed(index.remove, one.key)[0] for one in some]
    added = [timed(index.put, one)[0] for one in some]
    return {
        "build_s": round(build_ms / 1000, 2),
        "bytes per request": round(nbytes),
        "meeting points per request": round(len(demand.node) / count, 1),
        "put_ms p50, max": [round(float(np.quantile(added, q)), 3) for q in (0.5, 1)],
        "remove_ms p50, max": [round(float(np.quantile(removed, q)), 3) for q in (0.5, 1)],
    }


def measure(index: DemandIndex, queries: list[Supply], times: Times, facts: dict[str, Any]) -> None:
    """Match every ride once, after one that compiles the kernels."""
    index.search(queries[0], boarding_ms=MINUTE, weights=WEIGHTS)
    counts = [SearchCounts() for _ in queries]
    times[OURS], found = [], []
    for ride, count in zip(queries, counts, strict=True):
        took, served = timed(index.search, ride, boarding_ms=MINUTE, weights=WEIGHTS, counts=count)
        times[OURS].append(took)
        found.append(len(served))
    facts["requests per ride, mean"] = {
        name: round(float(np.mean([getattr(count, name) for count in counts])), 1)
        for name in ("sliced", "bounded", "inserted")
    } | {"served": round(float(np.mean(found)), 1), "served, most": max(found)}


class Sweeps:
    """Road times from and to a ride's stops by Dijkstra over the whole network (scipy)."""

    def __init__(self, network: RoadNetwork) -> None:
        tail = np.repeat(np.arange(len(network)), np.diff(network.arc_start))
        shape = len(network), len(network)
        self._ahead = csr_matrix((network.arc_ms, (tail, network.arc_head)), shape=shape)
        self._back = self._ahead.T.tocsr()

    def trees(self, ride: Supply) -> tuple[Ints, Ints]:
        """Return times from each stop to each vertex, and the other way, int32[stops, n]."""
        ahead, back = (dijkstra(way, indices=ride.node) for way in (self._ahead, self._back))
        return ahead.astype(np.int32), back.astype(np.int32)


def routed(demand: Demand, row: int) -> RoutedRequest:
    """Return one waiting request as the supply index would be asked."""
    a, m, b = demand.start[row], demand.middle[row], demand.start[row + 1]
    walk_to, walk_from = (demand.walk_ms[x:y].astype(np.int64) for x, y in ((a, m), (m, b)))
    earliest, latest = int(demand.earliest_ms[row]), int(demand.latest_ms[row])
    arrive = bool(demand.anchored_at_arrival[row])
    window = RequestWindow(
        ready_ms=earliest + walk_to,
        due_ms=latest - walk_from,
        walk_to_ms=walk_to,
        walk_from_ms=walk_from,
        anchor_ms=latest if arrive else earliest,
        anchored_at_arrival=arrive,
        seats=int(demand.seats[row]),
        boarding_ms=MINUTE,
    )
    return RoutedRequest(demand.node[a:m], demand.node[m:b], window)


def in_time(demand: Demand, ride: Supply) -> Ints:
    """Return the requests that begin before the ride must end and end after it leaves."""
    begins, ends = ride.rides.departure_ms[0], ride.rides.latest_ms[-1]
    return np.flatnonzero((demand.earliest_ms < ends) & (demand.latest_ms > begins))


def one_by_one(
    network: RoadNetwork, demand: Demand, ride: Supply, sweeps: Sweeps | None = None
) -> list[Placement]:
    """Evaluate every request in time by itself, with road times from the labels or from sweeps."""
    trees = sweeps.trees(ride) if sweeps else None
    found = []
    for row in in_time(demand, ride):
        request = routed(demand, row)
        p, d = request.pickups, request.dropoffs
        to_pickup, from_pickup = tables(network, ride, p, trees)
        to_dropoff, from_dropoff = tables(network, ride, d, trees)
        direct = network.durations_ms(p, d)
        times = InsertionTimes(to_pickup, from_pickup, to_dropoff, from_dropoff, direct)
        best = best_insertions(ride.rides, request.window, times, WEIGHTS)[0]
        if best is not None:
            found.append((best.cost_s, int(demand.key[row]), best))
    return [Placement(key, insertion) for _cost, key, insertion in sorted(found)]


def tables(
    network: RoadNetwork, ride: Supply, points: Ints, trees: tuple[Ints, Ints] | None
) -> tuple[Ints, Ints]:
    """Return the times from a ride's stops to some points and back, int32[stops, points]."""
    ways = (
        (trees[0][:, points], trees[1][:, points])
        if trees
        else (network.durations_ms(ride.node, points), network.durations_ms(points, ride.node).T)
    )
    return np.ascontiguousarray(ways[0]), np.ascontiguousarray(ways[1])


def compare(
    network: RoadNetwork,
    index: DemandIndex,
    demand: Demand,
    queries: list[Supply],
    times: Times,
    rng: np.random.Generator,
) -> int:
    """Match a sample by other methods too; return how many answers differ from ours."""
    sweeps, wrong = Sweeps(network), 0
    one_by_one(network, demand, queries[0])
    for ride in queries:
        found = index.search(ride, boarding_ms=MINUTE, weights=WEIGHTS)
        took, truth = timed(one_by_one, network, demand, ride)
        times.setdefault(ONE_BY_ONE, []).append(took)
        wrong += found != truth
        took, swept = timed(one_by_one, network, demand, ride, sweeps)
        times.setdefault(SWEEPS, []).append(took)
        wrong += found != swept
        serves = {placement.key: placement.insertion.cost_s for placement in truth}
        rows = in_time(demand, ride)
        sample = [*list(serves)[:3], *rng.choice(rows, min(5, len(rows)), replace=False).tolist()]
        for row in sample:
            trip = Trip(routed(demand, row), home=0, work=0)
            cost = brute_cost(network, ride, 0, trip, WEIGHTS)
            wrong += not np.isclose(cost or np.inf, serves.get(row, np.inf), rtol=1e-12)
    return int(wrong)


def report(times: Times, facts: dict[str, Any]) -> None:
    """Print a table and write JSON."""
    ours = float(np.median(times[OURS]))
    rows = {
        name: {
            "p50_ms": round(float(np.median(took)), 3),
            "p95_ms": round(float(np.quantile(took, 0.95)), 3),
            "p99_ms": round(float(np.quantile(took, 0.99)), 3),
            "times ours": round(float(np.median(took)) / ours, 2),
        }
        for name, took in times.items()
    }
    print(f"{'':<48}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}{'× ours':>10}")
    for name, row in rows.items():
        print(f"{name:<48}" + "".join(f"{value:>10}" for value in row.values()))
    for name, fact in facts.items():
        print(f"{name}: {json.dumps(fact, ensure_ascii=False)}")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"facts": facts, "rows": rows}, indent=1, ensure_ascii=False))
    print(f"JSON: {RESULTS}")


if __name__ == "__main__":
    main()
