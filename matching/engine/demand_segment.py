"""Waiting requests as columns, sorted by earliest departure: what the demand index is made of."""

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from maps.engine.cells import Cells
from matching.engine.columns import BLOCK, Int16
from matching.engine.insertion import Int32, Int64
from matching.engine.road_times import to_nearest, trunk_of

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]

GONE = -1
"""The organization of a request that was removed."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Waiting requests, each with one or more meeting points at both ends.

    Attributes
    ----------
    key : int64[requests]
        A number by which the caller knows the request; it decides between equals.
    organization : int32[requests]
        Whose rides may serve it, from 0.
    seats : int32[requests]
    earliest_ms, latest_ms : int64[requests]
        When the rider can leave the door, and by when they must be at the other.
    anchored_at_arrival : bool[requests]
        Whether the latest arrival is the time that the rider named (else the departure).
    start : int32[requests + 1]
    middle : int32[requests]
        The points of request ``r``: to get in ``start[r]:middle[r]``, to get out
        ``middle[r]:start[r + 1]``.
    node, walk_ms : int32[points]
        The vertex, and the walk between it and the door.
    """

    key: Int64
    organization: Int32
    seats: Int32
    earliest_ms: Int64
    latest_ms: Int64
    anchored_at_arrival: Bools
    start: Int32
    middle: Int32
    node: Int32
    walk_ms: Int32


class Requests(NamedTuple):
    """What compiled code sees of a segment, as :class:`DemandSegment` describes it."""

    key: Int64
    earliest: Int64
    latest: Int64
    owner: Int32
    seats: Int32
    at_arrival: Bools
    direct: Int32
    walk_to: Int32
    walk_from: Int32
    shared_to: Int16
    shared_from: Int16
    start: Int32
    middle: Int32
    node: Int32
    walk: Int32
    cell_start: Int32
    cell_middle: Int32
    cell: Int16
    block_until: Int64


@dataclass(frozen=True, slots=True)
class DemandSegment:
    """Requests sorted by earliest departure and key, as flat arrays.

    Attributes
    ----------
    key, earliest, latest : int64[requests]
    owner, seats : int32[requests]
        Organization, or ``GONE``; seats.
    at_arrival : bool[requests]
    direct, walk_to, walk_from : int32[requests]
        The least time between its meeting points, and the shortest walk at each end.
    shared_to, shared_from : int16[requests]
        How many ancestors in the hierarchy the points of each end have in common.
    start : int32[requests + 1]
    middle : int32[requests]
    node, walk : int32[points]
    cell_start : int32[requests + 1]
    cell_middle : int32[requests]
    cell : int16[distinct cells of points]
        Divided as the points are, each cell once for each end.
    block_until : int64[requests / 256]
        The latest arrival of each block of requests.
    by_key : int32[requests]
        The rows in the order of their keys.
    """

    key: Int64
    earliest: Int64
    latest: Int64
    owner: Int32
    seats: Int32
    at_arrival: Bools
    direct: Int32
    walk_to: Int32
    walk_from: Int32
    shared_to: Int16
    shared_from: Int16
    start: Int32
    middle: Int32
    node: Int32
    walk: Int32
    cell_start: Int32
    cell_middle: Int32
    cell: Int16
    block_until: Int64
    by_key: Int32

    def __len__(self) -> int:
        """Return the number of rows, removed ones included."""
        return len(self.key)

    @property
    def nbytes(self) -> int:
        """Memory of all columns."""
        return sum(int(getattr(self, field.name).nbytes) for field in fields(self))

    @property
    def requests(self) -> Requests:
        """The arrays as compiled code takes them."""
        return Requests(*(getattr(self, name) for name in Requests._fields))

    def rows_of(self, keys: Int64) -> Rows:
        """Return the rows of those keys that are here and not removed; O(keys * log n)."""
        if not len(self):
            return np.empty(0, np.intp)
        at = np.searchsorted(self.key, keys, sorter=self.by_key)
        rows: Rows = self.by_key[np.minimum(at, len(self) - 1)].astype(np.intp)
        here = (self.key[rows] == keys) & (self.owner[rows] != GONE)
        return np.compress(here, rows)


_PER_REQUEST = (
    "key", "earliest", "latest", "owner", "seats", "at_arrival", "direct", "walk_to", "walk_from",
    "shared_to", "shared_from",
)  # fmt: skip
_RAGGED = {("start", "middle"): ("node", "walk"), ("cell_start", "cell_middle"): ("cell",)}


def build_demand(demand: Demand, cells: Cells, labels: tuple[Any, ...]) -> DemandSegment:
    """Return requests as a segment; O(n log n + points * label).

    Raises
    ------
    ValueError
        A request has no meeting point at an end, no seat, no organization, or its key twice.
    """
    _check(demand)
    count = len(demand.key)
    direct, walk_to, walk_from = (np.empty(count, np.int32) for _ in range(3))
    shared_to, shared_from = np.empty(count, np.int16), np.empty(count, np.int16)
    cell_start, cell_middle = np.zeros(count + 1, np.int32), np.empty(count, np.int32)
    cell = np.empty(len(demand.node), np.int16)
    points = demand.start, demand.middle, demand.node, demand.walk_ms
    within = cell_start, cell_middle, cell
    used = _survey(
        points, cells.of, labels, (direct, walk_to, walk_from, shared_to, shared_from), within
    )
    draft = DemandSegment(
        key=demand.key,
        earliest=demand.earliest_ms,
        latest=demand.latest_ms,
        owner=demand.organization,
        seats=demand.seats,
        at_arrival=demand.anchored_at_arrival,
        direct=direct,
        walk_to=walk_to,
        walk_from=walk_from,
        shared_to=shared_to,
        shared_from=shared_from,
        start=demand.start,
        middle=demand.middle,
        node=demand.node,
        walk=demand.walk_ms,
        cell_start=cell_start,
        cell_middle=cell_middle,
        cell=cell[:used],
        block_until=np.empty(0, np.int64),
        by_key=np.empty(0, np.int32),
    )
    return _take(draft, np.lexsort((draft.key, draft.earliest)))


def _check(demand: Demand) -> None:
    count = len(demand.key)
    per_request = (demand.organization, demand.seats, demand.earliest_ms, demand.latest_ms,
                   demand.anchored_at_arrival, demand.middle, demand.start[1:])  # fmt: skip
    if any(len(column) != count for column in per_request):
        raise ValueError("columns of requests differ in length")
    if count and (demand.seats.min() < 1 or demand.organization.min() < 0):
        raise ValueError("a request needs a seat or more, and an organization")
    if (demand.middle <= demand.start[:-1]).any() or (demand.start[1:] <= demand.middle).any():
        raise ValueError("a request has a meeting point at each end")
    if len(demand.node) and demand.walk_ms.min() < 0:
        raise ValueError("nobody walks for less than no time")
    if len(np.unique(demand.key)) < count:
        raise ValueError("two requests have the same key")


@njit(cache=True)
def _survey(points, cell_of, labels, out, within):  # type: ignore[no-untyped-def]
    """Fill in what each request can be judged by at a glance; return how many cells that took.

    O(points * label).
    """
    start, middle, node, walk = points
    direct, walk_to, walk_from, shared_to, shared_from = out
    cell_start, cell_middle, cell = within
    used = 0
    for r in range(len(middle)):
        a, m, b = start[r], middle[r], start[r + 1]
        trunk = trunk_of(node[m:b], labels)
        shared_to[r], shared_from[r] = len(trunk_of(node[a:m], labels)[0]), len(trunk[0])
        direct[r] = to_nearest(node[a], node[m:b], trunk, labels)
        for p in node[a + 1 : m]:
            direct[r] = min(direct[r], to_nearest(p, node[m:b], trunk, labels))
        walk_to[r], walk_from[r] = walk[a:m].min(), walk[m:b].min()
        cell_start[r] = used
        used = _distinct(cell_of, node[a:m], cell, used)
        cell_middle[r] = used
        used = _distinct(cell_of, node[m:b], cell, used)
        cell_start[r + 1] = used
    return used


@njit(cache=True)
def _distinct(cell_of, nodes, cell, used):  # type: ignore[no-untyped-def]
    """Append the cells of some vertices, each once; return where the next one goes."""
    first = used
    for v in nodes:
        is_new = True
        for seen in cell[first:used]:
            is_new &= seen != cell_of[v]
        if is_new:
            cell[used] = cell_of[v]
            used += 1
    return used


def join_demand(one: DemandSegment, other: DemandSegment) -> DemandSegment:
    """Return what is not removed of two segments as one; O(n log n), mostly copying."""
    names = [*_PER_REQUEST]
    both: dict[str, Any] = {}
    for (start, middle), columns in _RAGGED.items():
        names += columns
        shift = getattr(one, start)[-1]
        both[middle] = np.concatenate([getattr(one, middle), getattr(other, middle) + shift])
        both[start] = np.concatenate([getattr(one, start), getattr(other, start)[1:] + shift])
    both |= {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in names}
    draft = replace(one, **both)
    rows = np.lexsort((draft.key, draft.earliest))
    return _take(draft, rows[draft.owner[rows] != GONE])


def _take(segment: DemandSegment, rows: Rows) -> DemandSegment:
    """Return some requests, in the order given, which must be by earliest departure and key."""
    taken: dict[str, Any] = {name: getattr(segment, name)[rows] for name in _PER_REQUEST}
    for (start_name, middle_name), columns in _RAGGED.items():
        start, middle = getattr(segment, start_name), getattr(segment, middle_name)
        sizes = np.diff(start)[rows]
        begin = np.concatenate([[0], np.cumsum(sizes)])
        points = np.arange(begin[-1]) + np.repeat(start[:-1][rows] - begin[:-1], sizes)
        taken[start_name] = begin.astype(np.int32)
        taken[middle_name] = (begin[:-1] + (middle - start[:-1])[rows]).astype(np.int32)
        taken |= {name: getattr(segment, name)[points] for name in columns}
    blocks = np.arange(0, len(rows), BLOCK)
    taken["block_until"] = (
        np.maximum.reduceat(taken["latest"], blocks) if len(rows) else taken["latest"]
    )
    taken["by_key"] = np.argsort(taken["key"], kind="stable").astype(np.int32)
    return replace(segment, **taken)
