"""Routes and trips for tests: no map needed."""

import numpy as np

from carpool.kernel.lonlat import LonLat
from tracking.engine import Trace
from tracking.engine.labelled import Way
from tracking.engine.traces import Plane

HERE = Plane(LonLat(-71.25, -29.9))
NOW_S = 1_750_000_000.0


def crooked_way(seed: int = 0, *, blocks: int = 30, mps: float = 12.0) -> Way:
    """Return a way through a town: blocks of 200 to 400 m, with turns."""
    rng = np.random.default_rng(seed)
    heading = np.cumsum(rng.choice([0.0, 0.0, np.pi / 2, -np.pi / 2, 0.3], blocks))
    steps = rng.uniform(200, 400, blocks)[:, None] * np.column_stack(
        [np.cos(heading), np.sin(heading)]
    )
    metres = np.vstack([[0.0, 0.0], np.cumsum(steps, axis=0)])
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*steps.T))])
    return Way(np.column_stack(HERE.restore(metres)), length / mps)


def straight(
    *, seconds: float = 600.0, every_s: float = 5.0, mps: float = 10.0, east_m: float = 0.0
) -> Trace:
    """Return the trace of a steady drive north, some metres east of the others."""
    times = np.arange(0.0, seconds, every_s)
    metres = np.column_stack([np.full(len(times), east_m), times * mps])
    lon, lat = HERE.restore(metres)
    return Trace.of(NOW_S + times, lon, lat)
