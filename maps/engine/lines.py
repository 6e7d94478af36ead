"""Streets as lines: geometry of arcs, the grid over them, and the nearest point on them."""

from math import inf, isfinite
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from maps.engine.errors import TooFarFromRoad
from maps.engine.geodesy import Floats, Ints, Longs, LonLat, steps_m
from maps.engine.grid import nearest_segment, nearest_segments


class Foot(NamedTuple):
    """The nearest point on a street: which line, how far along it, and how far away."""

    line: int
    along_m: float
    place: LonLat
    distance_m: float


class Lines:
    """Lines in one array of points, with a grid over their segments.

    Parameters
    ----------
    arrays : mapping
        ``line_start`` int64[k + 1], ``points`` float64[p, 2], ``along_m`` float64[p] (metres
        from the start of the point's own line), and the grid's ``grid_frame``, ``grid_start``,
        ``grid_segment``.
    """

    def __init__(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        self.start: Longs = arrays["line_start"]
        self.points: Floats = arrays["points"]
        self.along_m: Floats = arrays["along_m"]
        self._grid = arrays["grid_frame"], arrays["grid_start"], arrays["grid_segment"]

    def line(self, number: int) -> Floats:
        """Return the points of a line, float64[q, 2]."""
        return self.points[self.start[number] : self.start[number + 1]]

    def foot(self, lon: float, lat: float, max_m: float) -> Foot:
        """Return the nearest point on any line.

        Raises
        ------
        TooFarFromRoad
            Nothing lies within ``max_m`` metres.
        """
        if not (isfinite(lon) and isfinite(lat)):
            raise TooFarFromRoad(inf, max_m)
        point, share, distance_m = nearest_segment(lon, lat, max_m, *self._grid, self.points)
        if point < 0:
            raise TooFarFromRoad(distance_m, max_m)
        (x, y), (to_x, to_y) = self.points[point], self.points[point + 1]
        place = LonLat(float(x + share * (to_x - x)), float(y + share * (to_y - y)))
        line, along_m = self._position(np.array([point]), np.array([share]))
        return Foot(int(line[0]), float(along_m[0]), place, distance_m)

    def feet(self, places: Floats, max_m: float) -> tuple[Longs, Floats, Floats]:
        """Return line (-1 when too far), metres along it and metres away for float64[k, 2]."""
        found = np.empty(len(places), np.int64)
        where = np.empty((len(places), 2), np.float64)
        nearest_segments(
            np.ascontiguousarray(places), max_m, *self._grid, self.points, found, where
        )
        line, along_m = self._position(np.maximum(found, 0), where[:, 0])
        return np.where(found < 0, -1, line), along_m, where[:, 1]

    def _position(self, point: Longs, share: Floats) -> tuple[Longs, Floats]:
        line = np.searchsorted(self.start, point, side="right") - 1
        here, there = self.along_m[point], self.along_m[point + 1]
        return line, here + share * (there - here)


def measure_along(start: Longs, points: Floats) -> Floats:
    """Return each point's metres from the start of its own line; O(p)."""
    steps = np.zeros(len(points))
    steps[1:] = steps_m(points)
    total = np.cumsum(steps)
    first = start[:-1]
    return np.asarray(total - np.repeat(total[first], np.diff(start)))


def segment_starts(start: Longs, lines: Ints | Longs) -> Ints:
    """Return the first point of every segment of the given lines."""
    counts = start[lines + 1] - start[lines] - 1
    owner = np.repeat(start[lines], counts)
    nth = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(owner + nth, np.int32)
