"""How fast a request is answered among many open rides, against other methods and the truth.

Everything is measured in one run, on the same rides, requests and network, on one thread. Exits
with 1 when any answer differs from evaluating all rides, or from plain Python on a sample.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.commutes import DENSE, USUAL, Trip, draw_requests, draw_rides, population
from benchmarks.rivals import Sweeps, brute_cost, in_time, pick
from benchmarks.rivals_race import SHOWN_AS_TABLES, race, show
from maps.engine import RoadNetwork, WalkNetwork, compiler, store
from maps.engine.cells import open_cells
from maps.engine.osm_file import read_osm
from matching.engine import CostWeights
from matching.engine.segment import Supply
from matching.engine.supply import SearchCounts, SupplyIndex

DATA = Path("data")
NETWORKS = Path("var/networks")
RESULTS = Path("var/benchmarks/matching.json")
BEST = 20
WEIGHTS = CostWeights()

Times = dict[str, list[float]]


def main() -> None:
    """Measure, print, and exit with 1 when anything is wrong."""
    options = read_options()
    began = time.perf_counter()
    folder, zones = open_map(options.pbf)
    network, walks = RoadNetwork(folder), WalkNetwork(folder)
    rng = np.random.default_rng(options.seed)
    mass = population(network, zones)
    calendar = DENSE if options.dense else USUAL
    supply = draw_rides(network, mass, options.rides, rng, calendar)
    trips = draw_requests(network, walks, mass, options.requests, rng, calendar)
    facts: dict[str, Any] = {
        "map": options.pbf.name if options.pbf else "demo city",
        "vertices": len(network),
        "rides": options.rides,
        "calendar": "dense" if options.dense else "usual",
        "with several stops": int((np.diff(supply.rides.start) > 2).sum()),
        "requests": len(trips),
    }
    index, facts["index"] = fill(network, folder, supply)
    times: Times = {}
    measure_ours(index, trips, times, facts)
    measure_growth(network, folder, supply, trips, times)
    wrong = compare(network, index, supply, trips, options, times, facts)
    raced, differ = race(options.database, network, supply, trips[: options.rivals], facts)
    facts["wrong answers"] = wrong + differ
    times |= raced
    facts["seconds"] = round(time.perf_counter() - began, 1)
    report(times, facts)
    sys.exit(1 if facts["wrong answers"] else 0)


def read_options() -> argparse.Namespace:
    """Return what to run; --quick is small enough for every commit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rides", type=int)
    parser.add_argument("--requests", type=int)
    parser.add_argument("--sample", type=int, help="requests that other methods answer too")
    parser.add_argument("--rivals", type=int, help="requests that the slow rivals answer")
    parser.add_argument("--database", help="PostgreSQL with PostGIS; script/bench gives its own")
    parser.add_argument("--pbf", type=Path, help="another city's OSM file")
    parser.add_argument("--dense", action="store_true", help="all rides within ten mornings")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="50,000 rides, under a minute")
    options = parser.parse_args()
    defaults = (50_000, 200, 10, 3) if options.quick else (1_000_000, 1000, 30, 10)
    for name, default in zip(("rides", "requests", "sample", "rivals"), defaults, strict=True):
        if getattr(options, name) is None:
            setattr(options, name, default)
    return options


def open_map(pbf: Path | None) -> tuple[Path, Path | None]:
    """Return the compiled network of a file (the demo city's by default), and its zones."""
    path = pbf or DATA / "la-serena-coquimbo.osm.pbf"
    version = compiler.version_of(path)
    folder = NETWORKS / version
    if not store.is_complete(folder):
        print(f"compiling {path.name} …", flush=True)
        compiler.compile_network(read_osm(path), version, folder)
    return folder, None if pbf else DATA / "la-serena-coquimbo-zones.geojson"


def fill(network: RoadNetwork, folder: Path, supply: Supply) -> tuple[SupplyIndex, dict[str, Any]]:
    """Return an index with all rides, and what it takes to build, to hold and to change."""
    index = SupplyIndex(network.labels, open_cells(folder))
    build_ms = timed(index.put, supply)[0]
    index.settle()
    single = pick(supply, np.flatnonzero(np.diff(supply.rides.start) == 2))
    alone = SupplyIndex(network.labels, open_cells(folder))
    alone.put(single)
    alone.settle()
    some = [pick(supply, np.array([r])) for r in range(0, len(supply.key), len(supply.key) // 500)]
    removed = [timed(index.remove, one.key)[0] for one in some]
    added = [timed(index.put, one)[0] for one in some]
    return index, {
        "build_s": round(build_ms / 1000, 2),
        "bytes per ride": round(index.nbytes / len(index)),
        "bytes per ride with one leg": round(alone.nbytes / len(alone)),
        "put_ms p50, max": [round(float(np.quantile(added, q)), 3) for q in (0.5, 1)],
        "remove_ms p50, max": [round(float(np.quantile(removed, q)), 3) for q in (0.5, 1)],
    }


def timed(call: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[float, Any]:
    """Return the milliseconds that a call took, and its answer."""
    start = time.perf_counter()
    answer = call(*arguments, **named)
    return (time.perf_counter() - start) * 1000, answer


def measure_ours(
    index: SupplyIndex, trips: list[Trip], times: Times, facts: dict[str, Any]
) -> None:
    """Time every request once, after one that compiles the kernels."""
    index.search(trips[0].request, BEST, weights=WEIGHTS)
    counts = [SearchCounts() for _ in trips]
    times["(a) supply index"] = [
        timed(index.search, trip.request, BEST, weights=WEIGHTS, counts=count)[0]
        for trip, count in zip(trips, counts, strict=True)
    ]
    facts["nodes and places in rides per request, mean"] = {
        name: round(float(np.mean([getattr(count, name) for count in counts])), 1)
        for name in ("opened", "sliced", "bounded", "inserted")
    }


def measure_growth(
    network: RoadNetwork, folder: Path, supply: Supply, trips: list[Trip], times: Times
) -> None:
    """Time the same requests among a tenth of the rides."""
    tenth = SupplyIndex(network.labels, open_cells(folder))
    tenth.put(pick(supply, np.arange(0, len(supply.key), 10)))
    tenth.settle()
    times["(a) among a tenth of the rides"] = [
        timed(tenth.search, trip.request, BEST, weights=WEIGHTS)[0] for trip in trips
    ]


def compare(
    network: RoadNetwork,
    index: SupplyIndex,
    supply: Supply,
    trips: list[Trip],
    options: argparse.Namespace,
    times: Times,
    facts: dict[str, Any],
) -> int:
    """Answer a sample by other methods too; return how many answers differ from ours."""
    sweeps, wrong, checked = Sweeps(network), 0, 0
    rng = np.random.default_rng(options.seed)
    for trip in trips[: options.sample]:
        took, truth = timed(sweeps.search, supply, trip, WEIGHTS)
        times.setdefault("(d) Dijkstra sweeps, rides in time", []).append(took)
        request = trip.request
        wrong += index.search(request, BEST, weights=WEIGHTS) != truth[:BEST]
        wrong += index.search(request, len(truth) + 1, weights=WEIGHTS) != truth
        rows = in_time(supply, trip)
        serves = {placement.key: placement.insertion.cost_s for placement in truth}
        sample = [*list(serves)[:3], *rng.choice(rows, min(5, len(rows)), replace=False).tolist()]
        for row in sample:
            cost = brute_cost(network, supply, row, trip, WEIGHTS)
            wrong += not np.isclose(cost or np.inf, serves.get(row, np.inf), rtol=1e-12)
            checked += 1
    facts["checked by plain Python"] = checked
    return int(wrong)


def report(times: Times, facts: dict[str, Any]) -> None:
    """Print a table and write JSON."""
    ours = times["(a) supply index"]
    rows = {
        name: {
            "p50_ms": round(float(np.median(took)), 3),
            "p95_ms": round(float(np.quantile(took, 0.95)), 3),
            "p99_ms": round(float(np.quantile(took, 0.99)), 3),
            # Who answers fewer requests answers the first ones.
            "times ours": round(float(np.median(took) / np.median(ours[: len(took)])), 2),
        }
        for name, took in sorted(times.items())
    }
    print(f"{'':<54}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}{'× ours':>10}")
    for name, row in rows.items():
        print(f"{name:<54}" + "".join(f"{value:>10}" for value in row.values()))
    show(facts)
    for name, fact in facts.items():
        if name not in SHOWN_AS_TABLES:
            print(f"{name}: {json.dumps(fact, ensure_ascii=False)}")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"facts": facts, "rows": rows}, indent=1, ensure_ascii=False))
    print(f"JSON: {RESULTS}")


if __name__ == "__main__":
    main()
