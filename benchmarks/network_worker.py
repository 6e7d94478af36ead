"""What a fresh process takes until it answers: python -m benchmarks.network_worker FOLDER BEGAN."""

import sys
import time

WOKE_S, WOKE = time.time(), time.perf_counter()

import json  # noqa: E402  # the clock starts before anything is imported
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402

from maps.engine import RoadNetwork, WalkNetwork, find_meeting_points  # noqa: E402
from maps.engine.cells import open_cells  # noqa: E402

IMPORTED = time.perf_counter()


def work(folder: Path, began_s: float) -> None:
    """Open a network, answer a first question, report, touch all of it, and wait."""
    network, walks = RoadNetwork(folder), WalkNetwork(folder)
    cells = open_cells(folder)
    opened = time.perf_counter()
    door = network.location(len(network) // 2)
    points = find_meeting_points(network, walks, door, walk_m=400, limit=8)
    network.durations_ms(points.nodes, [0, len(network) - 1])
    answered = time.perf_counter()
    for part in (*network.labels, cells.ahead, cells.back):
        np.max(part)
    report = {
        "start Python_s": WOKE_S - began_s,
        "import numpy, scipy, numba_s": IMPORTED - WOKE,
        "open network and cells_s": opened - IMPORTED,
        "first meeting points and times_s": answered - opened,
        "together_s": WOKE_S - began_s + answered - WOKE,
    }
    print(json.dumps({name: round(took, 3) for name, took in report.items()}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    work(Path(sys.argv[1]), float(sys.argv[2]))
