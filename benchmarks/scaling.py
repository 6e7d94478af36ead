"""What a shard of rides costs, measured; and how many workers a hundred million rides a day take.

The first part measures, in this run, on this machine: memory, building, reading, searching and
changing a shard at several sizes. The second part computes and simulates with these numbers and
the assumptions of ``benchmarks.fleet.World``; nothing in it was measured on more than one machine.
``--write`` puts both into docs/scaling.md.
"""

import argparse
import json
import pickle
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from multiprocessing import Process
from pathlib import Path
from typing import Any

import django
import numpy as np
from django.db import connection

from benchmarks.commutes import DAY, Trip, draw_requests, draw_rides, population
from benchmarks.fleet import Fleet, Measured, World, plan_fleet
from benchmarks.matching import open_map
from benchmarks.rivals import pick
from carpool.kernel.bulk import FLOAT, INT, UUID_BYTES, read_records
from maps.engine import RoadNetwork, WalkNetwork
from maps.engine.cells import open_cells
from matching.engine import CostWeights
from matching.engine.insertion import NO_EARLIEST
from matching.engine.segment import Supply
from matching.engine.supply import SupplyIndex

RESULTS = Path("var/benchmarks/scaling.json")
SERVICE = Path("var/benchmarks/service.json")
DOCUMENT = Path("docs/scaling.md")
BEGIN = "<!-- written by script/bench scaling --write -->"
END = "<!-- end of what is written -->"
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
QUICK_SIZES = (3_000, 10_000, 30_000)
BEST, CHANGES, HOPS = 20, 200, 2000
READ_ROWS = 300_000
WEIGHTS = CostWeights()
SHARD_COLUMNS = [
    "rides of a service day",
    "bytes a ride",
    "search p50, ms",
    "p95, ms",
    "core a search, ms",
    "core a change, ms",
    "build, s a million",
]


def main() -> None:
    """Measure, simulate, print, and write what is asked for."""
    options = read_options()
    began = time.perf_counter()
    folder, zones = open_map(options.pbf)
    network, walks = RoadNetwork(folder), WalkNetwork(folder)
    rng = np.random.default_rng(options.seed)
    mass = population(network, zones)
    sizes = QUICK_SIZES if options.quick else SIZES
    supply = one_day(draw_rides(network, mass, max(sizes), rng))
    drawn = draw_requests(network, walks, mass, options.requests, rng)
    trips = [on_that_day(trip) for trip in drawn]
    measured = Measured(
        city=options.pbf.name if options.pbf else "demo city",
        vertices=len(network),
        network_bytes=network_bytes(folder),
        shards=[measure_shard(network, folder, supply, size, trips) for size in sizes],
        read_s_per_million=read_s_per_million(network, supply),
        hop_ms=hop_ms(trips[0]),
    )
    world = World()
    fleets = [plan_fleet(world, measured, rng, every) for every in (100, 10, 1)]
    seconds = round(time.perf_counter() - began)
    lines = measured_part(measured, seconds) + service_part() + fleet_part(world, fleets)
    text = "\n".join(lines)
    print(text)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    facts = {"measured": measured.facts(), "fleets": [asdict(fleet) for fleet in fleets]}
    RESULTS.write_text(json.dumps(facts, indent=1))
    print(f"JSON: {RESULTS}")
    if options.write:
        write(text)


def read_options() -> argparse.Namespace:
    """Return what to measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pbf", type=Path, help="another city's OSM file")
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="small shards only")
    parser.add_argument("--database", help="PostgreSQL; script/bench gives its own")
    parser.add_argument("--write", action="store_true", help=f"into {DOCUMENT}, too")
    return parser.parse_args()


def one_day(supply: Supply) -> Supply:
    """Move all rides to the same day: a shard is a service day of a region."""
    rides = supply.rides
    days_ms = rides.departure_ms // DAY * DAY
    of_stop = np.repeat(days_ms, np.diff(rides.start))
    waits = rides.earliest_ms != NO_EARLIEST
    moved = replace(
        rides,
        departure_ms=rides.departure_ms - days_ms,
        earliest_ms=np.where(waits, rides.earliest_ms - of_stop, NO_EARLIEST),
        latest_ms=rides.latest_ms - of_stop,
    )
    return replace(supply, rides=moved)


def on_that_day(trip: Trip) -> Trip:
    """Move a request to the day of the rides."""
    window = trip.request.window
    day_ms = int(window.ready_ms.min()) // DAY * DAY
    moved = replace(
        window,
        ready_ms=window.ready_ms - day_ms,
        due_ms=window.due_ms - day_ms,
        anchor_ms=window.anchor_ms - day_ms,
    )
    return replace(trip, request=replace(trip.request, window=moved))


def network_bytes(folder: Path) -> int:
    """Return what a worker maps of a network: roads, footways, labels, cells."""
    cells = open_cells(folder)
    roads = sum(file.stat().st_size for file in folder.iterdir())
    return roads + cells.of.nbytes + cells.ahead.nbytes + cells.back.nbytes


def measure_shard(
    network: RoadNetwork, folder: Path, supply: Supply, size: int, trips: list[Trip]
) -> dict[str, Any]:
    """Return what a shard of so many rides costs."""
    rides = pick(supply, np.arange(size))
    index = SupplyIndex(network.labels, open_cells(folder))
    start = time.perf_counter()
    index.put(rides)
    index.settle()
    build_s = time.perf_counter() - start
    index.search(trips[0].request, BEST, weights=WEIGHTS)
    wall, core = [], []
    for trip in trips:
        wall_ms, core_ms = 1000 * time.perf_counter(), 1000 * time.thread_time()
        index.search(trip.request, BEST, weights=WEIGHTS)
        wall.append(1000 * time.perf_counter() - wall_ms)
        core.append(1000 * time.thread_time() - core_ms)
    some = [pick(rides, np.array([row])) for row in range(0, size, size // CHANGES)]
    start = time.thread_time()
    for one in some:
        index.put(one)  # known, so it is removed and put
    change_ms = 1000 * (time.thread_time() - start) / len(some)
    return {
        "rides": size,
        "bytes_per_ride": index.nbytes / len(index),
        "build_s_per_million": build_s / size * 1e6,
        "search_p50_ms": float(np.median(wall)),
        "search_p95_ms": float(np.quantile(wall, 0.95)),
        "core_ms": core,
        "change_ms": change_ms,
    }


def read_s_per_million(network: RoadNetwork, supply: Supply) -> float:
    """Return the seconds that a million rides take from PostgreSQL to vertices.

    The rows are as wide as those that a worker reads, and read by the same code, but from one table
    in memory: joining rides and stops, and reading from disk, come on top. Each place comes ten
    times, as recurring rides bring it, and is looked up once.
    """
    django.setup()
    numbers = {f"number_{n}": INT for n in range(12)}
    columns = {**numbers, "organization": UUID_BYTES, "lon": FLOAT, "lat": FLOAT}
    parts = [f"n::bigint as {name}" for name in numbers]
    parts.append("gen_random_uuid() as organization")
    rows_of = "from generate_series(1, %s) n"
    parts += ["%s + n %% 1000 / 5e4::float8 as lon", "%s - n / 1000 %% 30 / 5e4::float8 as lat"]
    with connection.cursor() as cursor:
        cursor.execute(
            f"create temporary table stop_row as select {', '.join(parts)} {rows_of}",
            [*network.location(0), READ_ROWS],
        )
        start = time.perf_counter()
        rows = read_records("select * from stop_row", columns)
        places = np.unique(rows["lon"].astype(float) + 1j * rows["lat"].astype(float))
        network.nearest_nodes(places.real.copy(), places.imag.copy())
        took_s = time.perf_counter() - start
        cursor.execute("drop table stop_row")
    return took_s / READ_ROWS * len(supply.node) / len(supply.key) * 1e6


def hop_ms(trip: Trip) -> float:
    """Return what it takes to send a request to another process and an answer back, p50.

    A Unix socket and pickle, no broker, no HTTP: the least that asking another process can cost.
    """
    here, there = socket.socketpair()
    other = Process(target=echo, args=(there,))
    other.start()
    request, took = pickle.dumps(trip.request), []
    for _ in range(HOPS):
        start = time.perf_counter()
        here.sendall(request)
        here.recv(1 << 16)
        took.append(1000 * (time.perf_counter() - start))
    here.shutdown(socket.SHUT_RDWR)
    other.join()
    return float(np.median(took))


def echo(there: socket.socket) -> None:
    """Unpack what comes and send as much back, until nothing comes."""
    while sent := there.recv(1 << 16):
        there.sendall(pickle.dumps(pickle.loads(sent)))  # noqa: S301  # our own bytes


def measured_part(measured: Measured, seconds: int) -> list[str]:
    """Return the lines of the document that tell what was measured."""
    mapped = measured.network_bytes / 2**20
    rows = [
        [
            f"{shard['rides']:,}",
            f"{shard['bytes_per_ride']:.0f}",
            *(f"{shard[name]:.3f}" for name in ("search_p50_ms", "search_p95_ms")),
            f"{np.mean(shard['core_ms']):.3f}",
            f"{shard['change_ms']:.3f}",
            f"{shard['build_s_per_million']:.2f}",
        ]
        for shard in measured.shards
    ]
    return [
        f"Measured by `script/bench scaling` in one run of {seconds} s, on one thread, on the",
        f"streets of {measured.city}: {measured.vertices:,} vertices, of which a worker maps",
        f"{mapped:.0f} MiB. All rides of a shard leave on one day, most in two peaks; three in ten",
        "have riders already.",
        "",
        *(f"| {' | '.join(row)} |" for row in [SHARD_COLUMNS, ["--:"] * len(SHARD_COLUMNS), *rows]),
        "",
        "Reading the stops of a million rides from a table that PostgreSQL has in memory, and",
        f"finding their vertices: {measured.read_s_per_million:.1f} s. Asking another process and",
        f"hearing as much back, by a Unix socket, without a broker: {measured.hop_ms:.3f} ms.",
        "",
    ]


def fleet_part(world: World, fleets: list[Fleet]) -> list[str]:
    """Return the lines that tell what was computed and simulated from it."""
    rows: dict[str, list[Any]] = {
        "rides a day": [f"{fleet.rides_per_day:,}" for fleet in fleets],
        "regions": [f"{fleet.regions:,}" for fleet in fleets],
        "rides a day in the largest": [f"{fleet.largest_region:,}" for fleet in fleets],
        "open rides held": [f"{fleet.rides_per_day * world.days_held:,}" for fleet in fleets],
        "memory for rides, GiB": [fleet.rides_gib for fleet in fleets],
        "memory for networks, GiB": [fleet.networks_gib for fleet in fleets],
        "searches a second in the peak hour": [f"{fleet.searches_per_s:,}" for fleet in fleets],
        "cores that this keeps busy": [fleet.cores_busy for fleet in fleets],
        "shards": [f"{fleet.shards:,}" for fleet in fleets],
        "**workers** (one core each)": [f"**{fleet.workers:,}**" for fleet in fleets],
        f"machines of {world.workers_per_machine} workers": [fleet.machines for fleet in fleets],
        "memory in use, mean": [f"{fleet.memory_used:.0%}" for fleet in fleets],
        "core in use in the peak hour, mean": [f"{fleet.core_used_mean:.0%}" for fleet in fleets],
        "core in use, busiest worker": [f"{fleet.core_used_most:.0%}" for fleet in fleets],
        "searches at the median worker, waiting included, p50 / p95 / p99, ms": [
            quantiles(fleet.median_ms) for fleet in fleets
        ],
        "at the busiest worker": [quantiles(fleet.busiest_ms) for fleet in fleets],
        "most rides on one worker": [f"{fleet.most_rides_on_a_worker:,}" for fleet in fleets],
        "until they are back when it is lost, s": [fleet.refill_s for fleet in fleets],
    }
    return [
        "Computed and simulated from these figures, not measured:",
        "",
        "| | a hundredth of the regions | a tenth | all |",
        "|---|--:|--:|--:|",
        *(
            f"| {name} | " + " | ".join(str(one) for one in values) + " |"
            for name, values in rows.items()
        ),
        "",
        "Assumed (`benchmarks/fleet.py`, `World`): "
        + ", ".join(f"{name} {value:,}" for name, value in asdict(world).items())
        + ". Network memory is counted once for each shard; workers of a machine share pages, so"
        + " it is an upper bound.",
    ]


def quantiles(values: Sequence[float]) -> str:
    """Return a few times as text."""
    return " / ".join(f"{value:.1f}" for value in values)


def service_part() -> list[str]:
    """Return what the whole service was last measured to take on this machine, if it was."""
    if not SERVICE.exists():
        return []
    service = json.loads(SERVICE.read_text())
    facts = ", ".join(f"{name} {json.dumps(fact)}" for name, fact in service["facts"].items())
    return [
        "The same through HTTP, with the database's final check and the answer's JSON, as measured",
        f"last by `script/bench service` ({facts}):",
        "",
        "| | p50, ms | p95, ms | p99, ms |",
        "|---|--:|--:|--:|",
        *(
            f"| {name} | {row['p50_ms']} | {row['p95_ms']} | {row['p99_ms']} |"
            for name, row in service["rows"].items()
        ),
        "",
    ]


def write(text: str) -> None:
    """Put the figures between the document's marks."""
    document = DOCUMENT.read_text()
    head, _, rest = document.partition(BEGIN)
    _, _, tail = rest.partition(END)
    DOCUMENT.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}")


if __name__ == "__main__":
    main()
