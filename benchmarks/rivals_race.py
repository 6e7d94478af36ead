"""Let all rivals answer the same requests, and compare what they show with all rides that serve."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg

from benchmarks.commutes import Trip
from benchmarks.rivals import Answer, Rival, Sweeps
from benchmarks.rivals_osmnx import RoutesOnGraph
from benchmarks.rivals_seed import seed_rivals, what_the_rule_loses
from maps.engine import RoadNetwork
from matching.engine import CostWeights
from matching.engine.segment import Supply

MOST_ROUTED_ON_GRAPH = 40
"""A search on the graph takes milliseconds; the time of the rest is extrapolated, and said so."""

RULE, RIVALS = "what the seed's rule does", "rivals"
SHOWN_AS_TABLES = {RULE, RIVALS}


def race(
    database: str | None,
    network: RoadNetwork,
    supply: Supply,
    trips: list[Trip],
    facts: dict[str, Any],
) -> tuple[dict[str, list[float]], int]:
    """Return the milliseconds of each rival for each request, and how many travel times are wrong.

    ``database`` is a PostgreSQL address with PostGIS and btree_gist; without it the seed's method
    only counts what it loses.
    """
    sweeps = Sweeps(network)
    served = [{p.key for p in sweeps.search(supply, trip, CostWeights())} for trip in trips]
    facts[RULE] = what_the_rule_loses(network, supply, trips, served)
    facts[RIVALS] = {}
    on_graph = RoutesOnGraph(network, supply, MOST_ROUTED_ON_GRAPH)
    times: dict[str, list[float]] = {}
    for rival in field(database, network, supply, facts, on_graph):
        rival.search(trips[0])
        answers = [rival.search(trip) for trip in trips]
        times[rival.name] = [sum(answer.ms.values()) for answer in answers]
        facts[RIVALS][rival.name] = summarize(answers, served)
    return times, on_graph.wrong


def field(
    database: str | None,
    network: RoadNetwork,
    supply: Supply,
    facts: dict[str, Any],
    on_graph: RoutesOnGraph,
) -> Iterator[Rival]:
    """Yield the rivals one after another; the next one may take the place of the last."""
    yield on_graph
    if database is None:
        return
    facts["PostGIS"] = {}
    address = database.replace("postgis://", "postgresql://", 1)
    with psycopg.connect(address, autocommit=True) as connection:
        yield from seed_rivals(connection, network, supply, facts["PostGIS"])


def summarize(answers: list[Answer], served: list[set[int]]) -> dict[str, Any]:
    """Return what a rival looked at and what it showed."""
    shown = [set(answer.keys.tolist()) for answer in answers]
    candidates, routed = (sum(getattr(a, n) for a in answers) for n in ("candidates", "routed"))
    found = sum(len(keys & serving) for keys, serving in zip(shown, served, strict=True))
    summary: dict[str, Any] = {
        "candidates, mean": round(candidates / len(answers), 1),
        "filter_ms p50": round(float(np.median([a.ms["filter"] for a in answers])), 3),
        "route_ms p50": round(float(np.median([a.ms["route"] for a in answers])), 3),
    }
    if routed < candidates:
        summary["extrapolated from"] = f"{routed} of {candidates} candidates"
    else:
        summary["rides that serve"] = sum(len(serving) for serving in served)
        summary["found"] = found
        summary["shown in vain"] = sum(len(keys) for keys in shown) - found
    return summary


def show(facts: dict[str, Any]) -> None:
    """Print what the rivals looked at and found, and what the seed's rule does, as tables.

    Ours finds all rides that serve, or the run fails; the rivals meet riders at their doors only.
    """
    columns = ("candidates, mean", "filter_ms p50", "route_ms p50", "rides that serve", "found")
    print(f"\n{'':<54}" + "".join(f"{name:>18}" for name in columns))
    for name, summary in facts[RIVALS].items():
        print(f"{name:<54}" + "".join(f"{summary.get(column, ''):>18}" for column in columns))
        if "extrapolated from" in summary:
            print(f"  routes measured on {summary['extrapolated from']}, their time extrapolated")
    parts = list(next(iter(facts[RULE].values())))
    print(f"\n{'the rule alone, before routes':<54}" + "".join(f"{name:>21}" for name in parts))
    for name, tally in facts[RULE].items():
        print(f"{name:<54}" + "".join(f"{tally[part]:>21,}" for part in parts))
    print()
