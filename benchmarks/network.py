"""What a map costs: to import it with OSMnx, to open it in a fresh process, to hold it in two.

``--copies 1.5`` lays the file's map out one and a half times, side by side, joined by a few roads:
a larger network whose streets are real. Every stage runs in a process of its own, which reports
what it took and the most memory it held.
"""

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import osmium

from maps.engine import RoadNetwork, compiler
from maps.engine.cells import open_cells
from maps.engine.osm_file import Progress, read_osm

DATA = Path("data/la-serena-coquimbo.osm.pbf")
RESULTS = Path("var/benchmarks/network.json")
COPY_IDS = 10**12
"""Ids of OpenStreetMap are below 10^11 yet."""
BRIDGES = 12
GAP_DEGREES = 0.02


def main() -> None:
    """Measure and print."""
    options = read_options()
    if options.folder:
        import_map(options)
        return
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="network-", dir=RESULTS.parent) as here:
        source, folder = options.pbf, Path(here) / "compiled"
        if options.copies > 1:
            source = Path(here) / "copies.osm.pbf"
            repeat(options.pbf, source, options.copies)
        facts: dict[str, Any] = {"map": options.pbf.name, "copies": options.copies}
        with start("network", "--pbf", str(source), "--folder", str(folder)) as importing:
            facts["import"] = answer_of(importing)
        with ExitStack() as both:
            workers = [both.enter_context(worker(folder)) for _ in range(2)]
            facts["start of two workers"] = [answer_of(one) for one in workers]
            facts["memory of two workers"] = [mapped(one.pid, folder) for one in workers]
            for one in workers:
                one.communicate()
        with worker(folder) as alone:
            facts["start of one worker"] = answer_of(alone)
            alone.communicate()
    report(facts)


def read_options() -> argparse.Namespace:
    """Return what to measure; --folder is what the process that imports is told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pbf", type=Path, default=DATA)
    parser.add_argument("--copies", type=float, default=1)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def start(module: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a process that reports one line of JSON, and then waits for its input to close."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def worker(folder: Path) -> subprocess.Popen[str]:
    """Start a process that opens a network; it is told when it was started."""
    return start("network_worker", str(folder), repr(time.time()))


def answer_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what a process reports."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        sys.exit(f"a process ended early, with {process.wait()}")
    answer: dict[str, Any] = json.loads(line)
    return answer


class Stages:
    """Seconds from one word of progress to the next, of the clock and of a core, said aloud."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self._now, self._since = "", (0.0, 0.0)

    def enter(self, stage: str) -> None:
        """End a stage and begin the next; "" begins none."""
        if stage == self._now:
            return
        if self._now:
            took = time.perf_counter() - self._since[0], time.process_time() - self._since[1]
            self.seconds[self._now] = [round(one, 2) for one in took]
            print(f"  {self._now:<32}{took[0]:>8.1f} s", file=sys.stderr, flush=True)
        self._now, self._since = stage, (time.perf_counter(), time.process_time())

    def named(self, prefix: str) -> Progress:
        """Return a callback for progress, whose stages get a prefix."""
        return lambda share, what: self.enter(f"{prefix}: {what}" if share < 1 else "")


def import_map(options: argparse.Namespace) -> None:
    """Read and compile a map as an import does, and say what each stage took."""
    stages = Stages()
    extract = read_osm(options.pbf, stages.named("read"))
    compiler.compile_network(extract, "benchmark", options.folder, stages.named("compile"))
    stages.enter("cells of the matching index")
    open_cells(options.folder)
    stages.enter("")
    network = RoadNetwork(options.folder)
    print(
        json.dumps(
            {
                "vertices": len(network),
                "arcs": len(network.arc_head),
                "label entries a vertex": round(len(network.labels[3]) / len(network)),
                "on disk, MiB": mebibytes(
                    sum(file.stat().st_size for file in options.folder.rglob("*"))
                ),
                "peak memory, MiB": mebibytes(
                    1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                ),
                "seconds of the clock and of a core": stages.seconds,
                "seconds together": [
                    round(sum(of), 1) for of in zip(*stages.seconds.values(), strict=True)
                ],
            }
        ),
        flush=True,
    )


def mapped(pid: int, folder: Path) -> dict[str, int]:
    """Return how much of a process's memory are the network's files, and how much is its own.

    Source: proc(5), ``smaps``: Pss divides each page by the number of processes that share it.
    """
    of_network = {"Rss": 0, "Pss": 0, "Private_Dirty": 0}
    of_process = dict(of_network)
    inside = False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in of_network:
            amount = int(rest.split()[0]) * 1024
            of_process[name] += amount
            if inside:
                of_network[name] += amount
        elif "-" in line.split(" ", 1)[0]:
            inside = str(folder.parent.name) in line
    return {
        "network, resident MiB": mebibytes(of_network["Rss"]),
        "network, its share MiB": mebibytes(of_network["Pss"]),
        "network, copied MiB": mebibytes(of_network["Private_Dirty"]),
        "whole process, resident MiB": mebibytes(of_process["Rss"]),
        "whole process, its share MiB": mebibytes(of_process["Pss"]),
    }


def mebibytes(size: float) -> int:
    """Return bytes as whole MiB."""
    return round(size / 2**20)


def objects(source: Path, kind: osmium.osm.osm_entity_bits) -> Iterator[Any]:
    """Yield a file's objects of one kind; the stubs know no kinds."""
    yield from osmium.FileProcessor(str(source), kind)


def repeat(source: Path, target: Path, copies: float) -> None:
    """Write a file's map several times side by side, joined by roads; of the last copy the south.

    A way that is cut there loses its northern nodes, as at the edge of any extract.
    """
    places = np.array([(node.lon, node.lat) for node in objects(source, osmium.osm.NODE)])
    step = float(np.ptp(places[:, 0])) + GAP_DEGREES
    count, share = math.ceil(copies), copies % 1 or 1.0
    north = float(np.quantile(places[:, 1], share))
    corners = list(junctions(source))
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        for kind in (osmium.osm.NODE, osmium.osm.WAY, osmium.osm.RELATION):
            for copy in range(count):
                is_part = kind == osmium.osm.NODE and copy == count - 1
                for thing in objects(source, kind):
                    if not (is_part and thing.lat > north):
                        writer.add(moved(thing, copy * COPY_IDS, copy * step))
            if kind == osmium.osm.WAY:
                for number, (copy, node) in enumerate(product(range(count - 1), corners)):
                    ends = [node + copy * COPY_IDS, node + (copy + 1) * COPY_IDS]
                    writer.add_way(bridge(count * COPY_IDS + number, ends))


def bridge(number: int, ends: list[int]) -> osmium.osm.mutable.Way:
    """Return a road between two nodes."""
    tags = {"highway": "secondary", "name": f"Bridge {number}"}
    return osmium.osm.mutable.Way(id=number, nodes=ends, tags=tags, version=1)


def moved(thing: Any, offset: int, east: float) -> Any:
    """Return an object of the map with other ids and, if it is a node, farther east."""
    if isinstance(thing, osmium.osm.Node):
        place = thing.location.lon + east, thing.location.lat
        return thing.replace(id=thing.id + offset, location=place)
    if isinstance(thing, osmium.osm.Way):
        return thing.replace(id=thing.id + offset, nodes=[n.ref + offset for n in thing.nodes])
    members = [(m.type, m.ref + offset, m.role) for m in thing.members]
    return thing.replace(id=thing.id + offset, members=members)


def junctions(source: Path) -> Iterator[int]:
    """Yield a few nodes of two-way through roads, spread over the file."""
    found = [
        way.nodes[0].ref
        for way in objects(source, osmium.osm.WAY)
        if way.tags.get("highway") in {"secondary", "tertiary"} and "oneway" not in way.tags
    ]
    yield from found[:: max(1, len(found) // BRIDGES)][:BRIDGES]


def report(facts: dict[str, Any]) -> None:
    """Print a table and write JSON."""
    print(f"\n{facts['map']}, {facts['copies']} side by side")
    for title in ("import", "start of one worker", "start of two workers", "memory of two workers"):
        entries = facts[title] if isinstance(facts[title], list) else [facts[title]]
        print(title)
        for name, value in entries[0].items():
            parts = value.items() if isinstance(value, dict) else [(name, value)]
            for part, amount in parts:
                amounts = amount if isinstance(amount, list) else [e[name] for e in entries]
                print(f"  {part:<42}" + "".join(f"{one!s:>12}" for one in amounts))
    RESULTS.write_text(json.dumps(facts, indent=1))
    print(f"JSON: {RESULTS}")


if __name__ == "__main__":
    main()
