"""Whether proof of a shared ride can be told from fraud, and how fast.

Routes of the demo city are driven, recorded and forged (``tracking.engine.labelled``). Thresholds
were fixed on every second route, the tuning half, of which the ranges are shown; rates are those of
the other half, which no threshold has seen. Exits with 1 when a bar is missed. ``--write`` puts
the tables into docs/proof.md.

How fast positions are stored is a part of its own, which needs a database.
"""

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.commutes import draw_trips, population
from benchmarks.matching import open_map
from maps.engine import RoadNetwork
from tracking.engine import OurRule, SeedRule, Thresholds, Verdict, Weight
from tracking.engine.labelled import Truth, Way, make_case
from tracking.engine.roads import road_distance, timed_route

RESULTS = Path("var/benchmarks/tracking.json")
DOCUMENT = Path("docs/proof.md")
BEGIN = "<!-- written by script/bench tracking --write -->"
END = "<!-- end of what is written -->"
LEAST_S = 180.0
"""A shorter trip has less than the seed's 36 buckets whatever happens in it."""
DEPARTURE_S = 1_750_000_000.0
STRATEGIES = (OurRule(), SeedRule(), SeedRule(coverage_of="matched"))
OURS, SEED, SEED_MATCHED = (strategy.name for strategy in STRATEGIES)
BARS = {
    Truth.COPY: 0.99,
    Truth.OFFSET: 0.99,
    Truth.LAG: 0.99,
    Truth.REPLAY: 0.99,
    Truth.TELEPORT: 0.99,
    Truth.WHITE_JITTER: 0.95,
    Truth.FOLLOWER_30: 0.95,
    Truth.FOLLOWER_60: 0.95,
    Truth.FOLLOWER_120: 0.95,
}
MOST_FALSE_ALARMS = 0.01
TUNED = (
    # measure, threshold, what must lie on its other side
    ("copy_m", "copy_review_m", Truth.COPY),
    ("autocorrelation", "least_autocorrelation", Truth.WHITE_JITTER),
    ("lag_s", "most_lag_s", Truth.FOLLOWER_30),
    ("share_of_length", "least_share", Truth.FOLLOWER_30),
    ("rider.replay_m", "replay_m", Truth.REPLAY),
    ("coverage", "least_coverage", None),
    ("rider.off_road", "most_off_road", None),
)


@dataclass
class Tally:
    """What the strategies said of all trips of one truth."""

    trips: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    measures: list[dict[str, float | None]] = field(default_factory=list)
    core_s: dict[str, float] = field(default_factory=dict)

    def add(self, verdicts: dict[str, tuple[Verdict, float]]) -> None:
        """Count one trip."""
        self.trips += 1
        for name, (verdict, seconds) in verdicts.items():
            self.accepted[name] += verdict.accepted
            self.core_s[name] = self.core_s.get(name, 0.0) + seconds
        ours = verdicts[OURS][0]
        self.classes[str(ours.proof_class or "none")] += 1
        against = {r.code for r in ours.reasons if r.weight in {Weight.HOLDS, Weight.REFUSES}}
        self.reasons.update(code.value for code in against)
        self.measures.append(ours.measures)


def main() -> None:
    """Measure, print, and exit with 1 when a bar is missed."""
    options = read_options()
    facts = detect(options)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(facts, indent=2))
    tables = "\n".join(report(facts))
    print(tables)
    print(f"\n{facts['seconds']} s; JSON: {RESULTS}")
    if options.write:
        write(tables)
    if facts["missed"]:
        raise SystemExit("missed: " + ", ".join(facts["missed"]))


def detect(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the strategies told apart, and how fast."""
    began = time.perf_counter()
    tuning, held_out = measure(options)
    return {
        "routes per half": options.routes,
        "seed": options.seed,
        "thresholds": asdict(Thresholds()),
        "tuning": ranges(tuning),
        "held out": {truth.value: rates(tally) for truth, tally in held_out.items()},
        "trips per second per core": speeds(held_out.values()),
        "missed": missed(held_out, strict=not options.quick),
        "seconds": round(time.perf_counter() - began, 1),
    }


def read_options() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--routes", type=int, default=400, help="in each half")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="few routes, for its answers")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {DOCUMENT}")
    options = parser.parse_args()
    if options.quick:
        options.routes = 10
    return options


# --- trips -------------------------------------------------------------------------------------


@cache
def city(seed: int, count: int) -> tuple[RoadNetwork, list[Way]]:
    """Return the demo city and routes in it, the same in every process."""
    folder, zones = open_map(None)
    network = RoadNetwork(folder)
    rng = np.random.default_rng(seed)
    homes, works = draw_trips(network, population(network, zones), 2 * count + 20, rng)
    pairs = zip(homes.tolist(), works.tolist(), strict=True)
    ways = (Way(*timed_route(network, pair)) for pair in pairs)
    return network, [way for way in ways if way.time_s[-1] >= LEAST_S][:count]


def judge_all(job: tuple[Truth, bool, int, int]) -> tuple[Truth, bool, Tally]:
    """Return what the strategies say of one truth on one half of the routes."""
    truth, tune, seed, routes = job
    network, ways = city(seed, 2 * routes)
    tally = Tally()
    for number in range(0 if tune else 1, len(ways), 2):
        case = make_case(
            truth,
            ways[number],
            seed=seed * 1_000_003 + number,
            departure_s=DEPARTURE_S,
            road_distance_m=road_distance(network),
        )
        verdicts = {}
        for strategy in STRATEGIES:
            start = time.process_time()
            verdict = strategy.judge(case)
            verdicts[strategy.name] = verdict, time.process_time() - start
        tally.add(verdicts)
    return truth, tune, tally


def measure(options: argparse.Namespace) -> tuple[dict[Truth, Tally], dict[Truth, Tally]]:
    """Return the tallies of the tuning half and of the half held out."""
    tuned = {Truth.GENUINE, *(truth for _, _, truth in TUNED if truth)}
    jobs = [(truth, True, options.seed, options.routes) for truth in Truth if truth in tuned]
    jobs += [(truth, False, options.seed, options.routes) for truth in Truth]
    if options.workers == 1:
        return sort(map(judge_all, jobs))
    with ProcessPoolExecutor(options.workers) as pool:
        return sort(pool.map(judge_all, jobs))


def sort(
    results: Iterable[tuple[Truth, bool, Tally]],
) -> tuple[dict[Truth, Tally], dict[Truth, Tally]]:
    """Return tuning and held-out tallies by truth."""
    halves: tuple[dict[Truth, Tally], dict[Truth, Tally]] = {}, {}
    for truth, tune, tally in results:
        halves[0 if tune else 1][truth] = tally
    return halves


# --- figures -----------------------------------------------------------------------------------


def wilson(hits: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % interval of a rate. Source: Wilson (1927)."""
    if not trials:
        return 0.0, 1.0
    rate, square = hits / trials, z * z / trials
    middle = rate + square / 2
    spread = z * math.sqrt(rate * (1 - rate) / trials + square / (4 * trials))
    low, high = (middle - spread) / (1 + square), (middle + spread) / (1 + square)
    return max(0.0, low), min(1.0, high)


def rates(tally: Tally) -> dict[str, Any]:
    """Return how often each strategy does not accept: a detection, or a false alarm."""
    refused = {name: tally.trips - tally.accepted[name] for name in (OURS, SEED, SEED_MATCHED)}
    return {
        "trips": tally.trips,
        "not accepted": {
            name: [count / tally.trips, *wilson(count, tally.trips)]
            for name, count in refused.items()
        },
        "classes": dict(tally.classes),
        "reasons": dict(tally.reasons.most_common(4)),
    }


def missed(held_out: dict[Truth, Tally], *, strict: bool) -> list[str]:
    """Return the bars that are missed; unless strict, those that even the interval excludes."""
    found = []
    for truth, tally in held_out.items():
        rate, low, high = rates(tally)["not accepted"][OURS]
        if truth in BARS and (rate if strict else high) < BARS[truth]:
            found.append(f"{truth.value} {rate:.1%} of {BARS[truth]:.0%}")
        if truth is Truth.GENUINE and (rate if strict else low) > MOST_FALSE_ALARMS:
            found.append(f"false alarms {rate:.1%}")
    return found


def ranges(tuning: dict[Truth, Tally]) -> list[dict[str, Any]]:
    """Return, per threshold, where genuine trips and the fraud it is for lie on the tuning half."""
    limits = asdict(Thresholds())
    return [
        {
            "measure": name,
            "threshold": limits[threshold],
            "genuine": spread(tuning[Truth.GENUINE], name),
            "fraud": truth and truth.value,
            "of the fraud": truth and spread(tuning[truth], name),
        }
        for name, threshold, truth in TUNED
    ]


def spread(tally: Tally, name: str) -> list[float]:
    """Return the least, the 1st, 50th, 99th percentile and the most of a measure; lags unsigned."""
    known = [abs(value) for one in tally.measures if (value := one[name]) is not None]
    return np.quantile(known, [0.0, 0.01, 0.5, 0.99, 1.0]).round(2).tolist() if known else []


def speeds(tallies: Iterable[Tally]) -> dict[str, float]:
    """Return the trips that one core judges in a second, with three earlier traces each."""
    known = list(tallies)
    trips = sum(tally.trips for tally in known)
    spent = {name: sum(tally.core_s[name] for tally in known) for name in (OURS, SEED)}
    return {name: round(trips / seconds, 1) for name, seconds in spent.items()}


# --- words -------------------------------------------------------------------------------------


def report(facts: dict[str, Any]) -> Iterator[str]:
    """Yield the tables, as Markdown."""
    trips = facts["routes per half"]
    yield f"Half held out: {trips} routes, seed {facts['seed']}. Not accepted, with 95 % intervals:"
    yield ""
    yield "| what really happened | bar | ours | seed's rule | seed's, stricter reading | by |"
    yield "|---|---|---|---|---|---|"
    for name, row in facts["held out"].items():
        yield line(Truth(name), row)
    yield ""
    classes = facts["held out"][Truth.GENUINE.value]["classes"]
    count = facts["held out"][Truth.GENUINE.value]["trips"]
    shares = ", ".join(f"{name} {n / count:.1%}" for name, n in sorted(classes.items()))
    yield f"Classes that genuine trips get: {shares}."
    yield ""
    yield "Tuning half (least, 1 %, median, 99 %, most):"
    yield ""
    yield "| measure | threshold | genuine | the fraud it is for | its range |"
    yield "|---|---|---|---|---|"
    for row in facts["tuning"]:
        fraud, found = row["fraud"] or "", numbers(row["of the fraud"])
        yield (
            f"| `{row['measure']}` | {row['threshold']:g} | {numbers(row['genuine'])} |"
            f" {fraud.replace('_', ' ')} | {found} |"
        )
    yield ""
    fast = facts["trips per second per core"]
    yield (
        f"Trips verified per second per core, each against three earlier traces: {fast[OURS]:g}"
        f" (the seed's rule alone: {fast[SEED]:g})."
    )


def line(truth: Truth, row: dict[str, Any]) -> str:
    """Return a truth's row of the table."""
    bar = f"≥ {BARS[truth]:.0%}" if truth in BARS else "reported"
    bar = f"≤ {MOST_FALSE_ALARMS:.0%}" if truth is Truth.GENUINE else bar
    cells = [percent(row["not accepted"][name]) for name in (OURS, SEED, SEED_MATCHED)]
    reasons = ", ".join(row["reasons"]).replace("_", " ")
    return f"| {truth.value.replace('_', ' ')} | {bar} | {' | '.join(cells)} | {reasons} |"


def percent(rate: list[float]) -> str:
    """Return a rate with its interval."""
    middle, low, high = rate
    return f"{middle:.1%} ({low:.1%} to {high:.1%})"


def numbers(values: list[float] | None) -> str:
    """Return quantiles as one cell; a dash where nothing was measured."""
    return " · ".join(f"{value:g}" for value in values) if values else "none found"


def write(tables: str) -> None:
    """Put the tables into the document, between its marks."""
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}")


if __name__ == "__main__":
    main()
