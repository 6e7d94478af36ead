"""Lower bounds of travel times: the exact minimum between any two cells of a road network.

In words. The vertices are split into cells of equal size by cutting the longer side in half again
and again. For two cells, the table holds the least time from any vertex of the one to any vertex of
the other, so one look gives a bound that no pair of their vertices undercuts; between neighbouring
cells, or within one, it is near zero, and across the city it is close to the truth.

No sweep over the network is needed. A shortest path from ``s`` to ``t`` is the least sum of two
label entries over their common ancestors (:mod:`maps.engine.hierarchy`). Taking the least entry
of each ancestor over all vertices of a cell, once ahead and once back, gives the cell a label
of its own; two such labels are joined as two vertices' are. Each sum stands for a real path and the
shortest path is among them, so the minimum is exact.

The table is built when it is first asked for and kept beside its network, not by the compiler: it
takes a fraction of a second, networks compiled before stay good, and a process that never matches
does not pay for it.

Source: the admissible cell bounds of T-Share (Ma, Zheng & Wolfson, ICDE 2013), made exact; the
join of labels as in Ouyang et al., SIGMOD 2018.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numba import njit

from maps.engine import store
from maps.engine.geodesy import Floats, Ints, Longs
from maps.engine.hierarchy import UNREACHED

MOST_CELLS = 2048
VERTICES_PER_CELL = 4
"""Smaller cells bound better, but building takes time and memory by the square of their number."""

Labels = tuple[Ints, Ints, Longs, Ints, Ints]
"""``jumps, depth, start, ahead, back`` of a hierarchy, as :mod:`maps.engine.labels` takes them."""


@dataclass(frozen=True)
class Cells:
    """A split of a network's vertices and the least times between its parts.

    Attributes
    ----------
    of : int16[n]
        The cell of each vertex.
    ahead, back : int32[cells, cells]
        ``ahead[a, b]`` is the least time in ms from a vertex of cell a to one of b; ``back`` is its
        transpose, so that the times *to* a cell lie in one row too.
    """

    of: npt.NDArray[np.int16]
    ahead: Ints
    back: Ints

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.ahead)


def open_cells(network: Path) -> Cells:
    """Return the cells of a compiled network, building them the first time.

    Parameters
    ----------
    network : Path
        The folder of the network; the cells' folder stands beside it.

    Raises
    ------
    NetworkMissing
        The network is absent or damaged.

    Notes
    -----
    Several processes may build at once: the first to finish is kept. The arrays are memory maps, so
    processes share their pages.
    """
    folder = network.with_name(f"{network.name}-cells-{VERTICES_PER_CELL}")
    if not store.is_complete(folder):
        drive = store.read_arrays(network, "drive_")
        jumps, depth, start, ahead, back = (
            drive[f"label_{part}"] for part in ("jumps", "depth", "start", "ahead", "back")
        )
        cells = build_cells(drive["lon"], drive["lat"], (jumps, depth, start, ahead, back))
        store.write_folder(folder, {"of": cells.of, "ahead": cells.ahead, "back": cells.back}, {})
    return Cells(**store.read_arrays(folder, ""))


def build_cells(lon: Floats, lat: Floats, labels: Labels, count: int | None = None) -> Cells:
    """Split vertices into cells and find the least time between each two.

    Parameters
    ----------
    lon, lat : float64[n]
    labels : tuple of arrays
        Of the network's hierarchy.
    count : int, optional
        How many cells, a power of two; by default as many as leave 4 vertices to each, at most
        2,048.

    Notes
    -----
    O(n log n + label entries + cells² * size of a cell's label).
    """
    jumps, depth, start, ahead, back = labels
    cells = count or cell_count(len(lon))
    of = split(lon, lat, cells)
    order = np.argsort(of, kind="stable").astype(np.int32)
    first = np.searchsorted(of[order], np.arange(cells + 1)).astype(np.int64)
    joined = join_labels(order, first, jumps[0], depth, start, ahead, back)
    least = np.empty((cells, cells), np.int32)
    join_cells(len(lon), *joined, least)  # type: ignore[call-arg]  # numba's stubs
    return Cells(of=of, ahead=least, back=np.ascontiguousarray(least.T))


def cell_count(vertices: int) -> int:
    """Return the power of two that leaves at least 4 vertices to each cell, at most 2,048."""
    room = max(1, vertices // VERTICES_PER_CELL)
    return min(MOST_CELLS, 1 << (room.bit_length() - 1))


def split(lon: Floats, lat: Floats, count: int) -> npt.NDArray[np.int16]:
    """Return the cell of each vertex, int16[n], by halving the longer side; O(n log n log count).

    The sizes of cells differ by one at most, and none is empty as long as ``count <= n``.
    """
    flat = np.column_stack([lon * np.cos(np.radians(np.mean(lat))), lat])
    of = np.zeros(len(lon), np.int16)
    parts = [np.arange(len(lon))]
    while len(parts) < count:
        halves = []
        for part in parts:
            axis = int(np.argmax(np.ptp(flat[part], axis=0))) if len(part) else 0
            along = part[np.argsort(flat[part, axis], kind="stable")]
            halves += [along[: len(along) // 2], along[len(along) // 2 :]]
        parts = halves
    for number, part in enumerate(parts):
        of[part] = number
    return of


@njit(cache=True)
def join_labels(order, first, parent, depth, start, ahead, back):  # type: ignore[no-untyped-def]
    """Give each cell one label: its vertices' ancestors with the least time to and from each.

    Returns ``begin`` (int64[cells + 1]), and for each entry the ancestor, the time ahead and the
    time back. O(label entries).
    """
    cells = len(first) - 1
    seen_by = np.full(len(depth), -1, np.int32)
    begin = np.zeros(cells + 1, np.int64)
    for c in range(cells):
        found = 0
        for v in order[first[c] : first[c + 1]]:
            x = v
            while seen_by[x] != c:
                seen_by[x] = c
                found += 1
                x = parent[x]
        begin[c + 1] = begin[c] + found
    ancestor = np.empty(begin[cells], np.int32)
    least_ahead = np.empty(begin[cells], np.int32)
    least_back = np.empty(begin[cells], np.int32)
    place = np.empty(len(depth), np.int64)
    seen_by[:] = -1
    for c in range(cells):
        used = begin[c]
        for v in order[first[c] : first[c + 1]]:
            x = v
            for level in range(depth[v], -1, -1):
                if seen_by[x] != c:
                    seen_by[x] = c
                    place[x] = used
                    ancestor[used] = x
                    least_ahead[used] = UNREACHED
                    least_back[used] = UNREACHED
                    used += 1
                at, entry = place[x], start[v] + level
                least_ahead[at] = min(least_ahead[at], ahead[entry])
                least_back[at] = min(least_back[at], back[entry])
                x = parent[x]
    return begin, ancestor, least_ahead, least_back


@njit(cache=True)
def join_cells(count, begin, ancestor, ahead, back, least):  # type: ignore[no-untyped-def]
    """Fill ``least[a, b]`` with the least time from cell a to cell b; O(cells * all entries)."""
    cells = len(begin) - 1
    from_here = np.full(count, UNREACHED, np.int32)
    for a in range(cells):
        for entry in range(begin[a], begin[a + 1]):
            from_here[ancestor[entry]] = ahead[entry]
        for b in range(cells):
            best = UNREACHED
            for entry in range(begin[b], begin[b + 1]):
                best = min(best, from_here[ancestor[entry]] + back[entry])
            least[a, b] = best
        for entry in range(begin[a], begin[a + 1]):
            from_here[ancestor[entry]] = UNREACHED
