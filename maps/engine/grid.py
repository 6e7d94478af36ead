"""Find the nearest road: a uniform grid over the straight segments of all roads.

Unlike a tree, the grid is four flat arrays that all processes share through a memory map.
"""

from dataclasses import dataclass
from math import ceil, cos, radians

import numpy as np
from numba import float64, int64, njit, types, void

from maps.engine.geodesy import METRES_PER_DEGREE, Floats, Ints, Longs
from maps.engine.hierarchy import I4, I8, OUT8

F8 = types.Array(float64, 1, "C", readonly=True)
F8_TABLE = types.Array(float64, 2, "C", readonly=True)
OUT_F8_TABLE = types.Array(float64, 2, "C")
HIT = types.Tuple((int64, float64, float64))  # type: ignore[no-untyped-call]

CELL_M = 150.0
MOST_CELLS = 4_000_000
MAX_DEGREES_LAT = 89.0


@dataclass(frozen=True)
class Grid:
    """Cells of equal size in degrees, each with the segments that touch its box.

    Attributes
    ----------
    frame : float64[6]
        West, south, cell width and height in degrees, columns, rows.
    start : int64[cells + 1]
        Cell c (row by row from the south-west) holds entries ``start[c]`` to ``start[c + 1]``.
    segment : int32[entries]
        Number of a point; the segment runs from it to the next point.
    """

    frame: Floats
    start: Longs
    segment: Ints


def build_grid(points: Floats, first: Ints) -> Grid:
    """Index segments.

    Parameters
    ----------
    points : float64[p, 2]
        Longitude and latitude of all lines, one after another.
    first : int32[s]
        The segments to index: from point ``first[i]`` to ``first[i] + 1``.

    Notes
    -----
    O(s + cells touched). A segment is entered in every cell that its bounding box touches, so a
    search may look at a segment in vain but never misses one.
    """
    start, end = points[first], points[first + 1]
    low, high = np.minimum(start, end), np.maximum(start, end)
    west, south = low.min(axis=0)
    east, north = high.max(axis=0)
    frame = _frame(west, south, east, north)
    columns = int(frame[4])
    cells = int(frame[4] * frame[5])
    corner = np.array([west, south])
    size = frame[2:4]
    from_cell = ((low - corner) / size).astype(np.int64)
    to_cell = ((high - corner) / size).astype(np.int64)
    wide = to_cell - from_cell + 1
    copies = wide[:, 0] * wide[:, 1]
    owner = np.repeat(np.arange(len(first)), copies)
    nth = np.arange(copies.sum()) - np.repeat(np.cumsum(copies) - copies, copies)
    column = from_cell[owner, 0] + nth % wide[owner, 0]
    row = from_cell[owner, 1] + nth // wide[owner, 0]
    cell = row * columns + column
    order = np.argsort(cell, kind="stable")
    begin = np.zeros(cells + 1, np.int64)
    np.cumsum(np.bincount(cell, minlength=cells), out=begin[1:])
    return Grid(frame, begin, first[owner[order]].astype(np.int32))


def _frame(west: float, south: float, east: float, north: float) -> Floats:
    widest = min(max(abs(south), abs(north)), MAX_DEGREES_LAT)
    height = CELL_M / METRES_PER_DEGREE
    width = height / cos(radians(widest))
    while True:
        columns = ceil((east - west) / width) + 1
        rows = ceil((north - south) / height) + 1
        if columns * rows <= MOST_CELLS:
            return np.array([west, south, width, height, columns, rows], np.float64)
        width, height = width * 2, height * 2


@njit(
    HIT(float64, float64, float64, F8, I8, I4, F8_TABLE),
    cache=True,
)
def nearest_segment(lon, lat, max_m, frame, start, segment, points):  # type: ignore[no-untyped-def]
    """Return (first point, share along it, metres) of the nearest segment, or -1 when too far.

    Looks at rings of cells around the point until the next ring can hold nothing nearer; distances
    are taken in the plane that touches the sphere at the point (error below 1e-6 at 1 km).
    """
    per_lat = METRES_PER_DEGREE
    per_lon = METRES_PER_DEGREE * np.cos(np.radians(lat))
    columns, rows = int(frame[4]), int(frame[5])
    column = int(np.floor((lon - frame[0]) / frame[2]))
    row = int(np.floor((lat - frame[1]) / frame[3]))
    step_m = min(frame[2] * per_lon, frame[3] * per_lat)
    best, best_share, best_m = -1, 0.0, max_m
    ring = 0
    while (ring - 1) * step_m <= best_m:
        for y in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
            edge = y == row - ring or y == row + ring
            stride = 1 if edge or ring == 0 else 2 * ring
            for x in range(column - ring, column + ring + 1, stride):
                if x < 0 or x >= columns:
                    continue
                cell = y * columns + x
                for i in range(start[cell], start[cell + 1]):
                    p = segment[i]
                    ax = (points[p, 0] - lon) * per_lon
                    ay = (points[p, 1] - lat) * per_lat
                    dx = (points[p + 1, 0] - points[p, 0]) * per_lon
                    dy = (points[p + 1, 1] - points[p, 1]) * per_lat
                    square = dx * dx + dy * dy
                    share = 0.0
                    if square > 0.0:
                        share = min(1.0, max(0.0, -(ax * dx + ay * dy) / square))
                    away = np.hypot(ax + share * dx, ay + share * dy)
                    if away < best_m or (away == best_m and best < 0):
                        best, best_share, best_m = p, share, away
        ring += 1
    return best, best_share, best_m


@njit(void(F8_TABLE, float64, F8, I8, I4, F8_TABLE, OUT8, OUT_F8_TABLE), cache=True)
def nearest_segments(places, max_m, frame, start, segment, points, found, where):  # type: ignore[no-untyped-def]
    """Do :func:`nearest_segment` for many places; ``where`` gets share and metres."""
    for i in range(len(places)):
        hit, share, away = nearest_segment(
            places[i, 0], places[i, 1], max_m, frame, start, segment, points
        )
        found[i] = hit
        where[i, 0] = share
        where[i, 1] = away
