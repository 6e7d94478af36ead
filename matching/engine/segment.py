"""Rides as columns, sorted by departure, with a tree over them: what the index is made of."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from maps.engine.cells import Cells
from matching.engine.columns import Columns, Int16
from matching.engine.insertion import Int32, Int64, RideBatch
from matching.engine.road_times import plan
from matching.engine.tree import NO_TREE, Tree, build_tree

Rows = npt.NDArray[np.intp]

GONE = -1
"""The organization of a ride that was removed."""


@dataclass(frozen=True, slots=True)
class Supply:
    """Open rides with what the index must know besides their stops and times.

    Attributes
    ----------
    key : int64[rides]
        A number by which the caller knows the ride; it decides between equals.
    organization : int32[rides]
        Who may see it, from 0.
    node : int32[stops]
        The vertex of each stop.
    rides : RideBatch
    """

    key: Int64
    organization: Int32
    node: Int32
    rides: RideBatch


@dataclass(frozen=True, slots=True)
class Segment:
    """Rides sorted by departure and key, as flat arrays.

    Attributes
    ----------
    key, departure, alone : int64[rides]
        Number; start and planned arrival in ms.
    offered, handicap, owner : int32[rides]
        Seats; what the ride costs in itself; organization, or ``GONE``.
    start : int32[rides + 1]
    node, leg, boarding, taken : int32[stops]
    cell : int16[stops]
    earliest, latest, leave : int64[stops]
    by_key : int32[rides]
        The rows in the order of their keys.
    tree : Tree
        Over all that rides have to offer (:mod:`~matching.engine.tree`), once it is planted.
    """

    key: Int64
    departure: Int64
    alone: Int64
    offered: Int32
    handicap: Int32
    owner: Int32
    start: Int32
    node: Int32
    leg: Int32
    boarding: Int32
    taken: Int32
    cell: Int16
    earliest: Int64
    latest: Int64
    leave: Int64
    by_key: Int32
    tree: Tree

    def __len__(self) -> int:
        """Return the number of rows, removed ones included."""
        return len(self.key)

    @property
    def nbytes(self) -> int:
        """Memory of all columns."""
        columns = (getattr(self, field.name) for field in fields(self))
        flat = sum(column.nbytes for column in columns if isinstance(column, np.ndarray))
        tree = self.tree
        return flat + tree.stretches.nbytes + tree.places.nbytes + tree.nodes.nbytes

    @property
    def columns(self) -> Columns:
        """The arrays as compiled code takes them."""
        return Columns(*(getattr(self, name) for name in Columns._fields))

    def rows_of(self, keys: Int64) -> Rows:
        """Return the rows of those keys that are here and not removed; O(keys * log n)."""
        if not len(self):
            return np.empty(0, np.intp)
        at = np.searchsorted(self.key, keys, sorter=self.by_key)
        rows: Rows = self.by_key[np.minimum(at, len(self) - 1)].astype(np.intp)
        here = (self.key[rows] == keys) & (self.owner[rows] != GONE)
        return np.compress(here, rows)


_PER_RIDE = ("key", "departure", "alone", "offered", "handicap", "owner")
_PER_STOP = ("node", "leg", "boarding", "taken", "cell", "earliest", "latest", "leave")


def build_segment(supply: Supply, cells: Cells) -> Segment:
    """Return rides as a segment; O(n log n).

    Raises
    ------
    ValueError
        A ride has fewer than two stops, a negative time to drive or stand, no organization, or
        its key twice.
    """
    rides = supply.rides
    _check(supply)
    stops = rides.leg_ms, rides.earliest_ms, rides.latest_ms, rides.boarding_ms, rides.seats_after
    leave = np.empty(len(supply.node), np.int64)
    alone = np.empty(len(supply.key), np.int64)
    plan(rides.start, rides.departure_ms, stops, leave, alone)
    draft = Segment(
        key=supply.key,
        departure=rides.departure_ms,
        alone=alone,
        offered=rides.seats_offered,
        handicap=rides.handicap_ms,
        owner=supply.organization,
        start=rides.start,
        node=supply.node,
        leg=rides.leg_ms,
        boarding=rides.boarding_ms,
        taken=rides.seats_after,
        cell=cells.of[supply.node],
        earliest=rides.earliest_ms,
        latest=rides.latest_ms,
        leave=leave,
        by_key=np.empty(0, np.int32),
        tree=NO_TREE,
    )
    return take(draft, np.lexsort((draft.key, draft.departure)))


def _check(supply: Supply) -> None:
    rides = supply.rides
    sizes = np.diff(rides.start)
    if (
        not len(supply.key)
        == len(supply.organization)
        == len(sizes)
        == len(rides.departure_ms)
        == len(rides.handicap_ms)
    ):
        raise ValueError("columns of rides differ in length")
    if len(supply.key) and (sizes.min() < 2 or supply.organization.min() < 0):
        raise ValueError("a ride has two stops or more, and an organization")
    if len(supply.node) and min(rides.leg_ms.min(), rides.boarding_ms.min()) < 0:
        raise ValueError("nobody drives or stands for less than no time")
    if len(np.unique(supply.key)) < len(supply.key):
        raise ValueError("two rides have the same key")


def join(one: Segment, other: Segment) -> Segment:
    """Return the rides of two segments that are not removed as one; O(n log n)."""
    both: dict[str, Any] = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in (*_PER_RIDE, *_PER_STOP)
    }
    both["start"] = np.concatenate([one.start, other.start[1:] + one.start[-1]]).astype(np.int32)
    draft = replace(one, **both)
    rows = np.lexsort((draft.key, draft.departure))
    return take(draft, rows[draft.owner[rows] != GONE])


def take(segment: Segment, rows: Rows) -> Segment:
    """Return some rides, in the order given, which must be by departure and key."""
    sizes = np.diff(segment.start)[rows]
    start = np.concatenate([[0], np.cumsum(sizes)])
    stops = np.arange(start[-1]) + np.repeat(segment.start[:-1][rows] - start[:-1], sizes)
    taken: dict[str, Any] = {name: getattr(segment, name)[rows] for name in _PER_RIDE}
    taken |= {name: getattr(segment, name)[stops] for name in _PER_STOP}
    taken |= {
        "start": start.astype(np.int32),
        "by_key": np.argsort(taken["key"], kind="stable").astype(np.int32),
        "tree": NO_TREE,
    }
    return replace(segment, **taken)


def plant(segment: Segment, cells: int) -> Segment:
    """Return the same rides with the tree over them; O(n log n)."""
    return replace(segment, tree=build_tree(segment.columns, cells))
