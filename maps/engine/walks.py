"""The network of people on foot: how far they get, and how far it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from maps.engine import store
from maps.engine.errors import TooFarFromRoad
from maps.engine.geodesy import Floats, Ints
from maps.engine.lines import Foot, Lines
from maps.engine.walking import reach

LonLatPair = tuple[float, float]

SNAP_M = 300.0
FARTHEST_WALK_M = 20_000.0


@dataclass(frozen=True)
class Reach:
    """What someone on foot reaches: vertices in the order reached, with metres walked.

    ``foot`` is where they meet the network; its ``distance_m`` is already counted.
    ``before[i]`` is the vertex from which ``nodes[i]`` was reached, -1 for the first ones.
    """

    foot: Foot
    nodes: Ints
    distance_m: Floats
    before: Ints


@dataclass(frozen=True)
class Walk:
    """A way on foot: metres, and float64[p, 2] from door to door."""

    distance_m: float
    geometry: Floats


class WalkNetwork:
    """A compiled walk network, read-only and shared between processes.

    Streets here may be walked both ways. Attributes ``lon`` and ``lat`` are float64[n].
    """

    def __init__(self, folder: Path) -> None:
        arrays = store.read_arrays(folder, "walk_")
        self.version: str = store.read_facts(folder)["version"]
        self.lon: Floats = arrays["lon"]
        self.lat: Floats = arrays["lat"]
        self.line_tail: Ints = arrays["line_tail"]
        self.line_head: Ints = arrays["line_head"]
        self.line_m: Floats = arrays["line_m"]
        self.lines = Lines(arrays)
        self._row_line: Ints = arrays["line"]
        self._graph = arrays["row_start"], arrays["neighbour"], arrays["length_m"]

    def __len__(self) -> int:
        """Return the number of vertices."""
        return len(self.lon)

    def explore(self, point: LonLatPair, *, max_m: float, snap_m: float = SNAP_M) -> Reach:
        """Walk from a point in all directions until ``max_m`` metres.

        Raises
        ------
        TooFarFromRoad
            No way lies within ``snap_m`` metres of the point.

        Notes
        -----
        Metres count from the point itself. O(r log r) for r arcs in reach, plus O(n) to clear.
        """
        foot = self.lines.foot(*point, snap_m)
        seeds, seed_m = self._ends(foot)
        return Reach(foot, *reach(*self._graph, seeds, seed_m, max_m))

    def reach(self, point: LonLatPair, *, max_m: float) -> tuple[Ints, Floats]:
        """Return the vertices within ``max_m`` metres on foot, nearest first, and their metres."""
        found = self.explore(point, max_m=max_m)
        return found.nodes, found.distance_m

    def distance_m(self, a: LonLatPair, b: LonLatPair) -> float:
        """Return the metres of the shortest walk between two points.

        Raises
        ------
        TooFarFromRoad
            One of the points is not near the network, or no walk of 20 km joins them.
        """
        return self.route(a, b).distance_m

    def distances_m(
        self, point: LonLatPair, others: Sequence[LonLatPair], *, max_m: float
    ) -> Floats:
        """Return the metres of the shortest walks from a point to others, float64[k].

        A walk of more than ``max_m``, or to what is not near the network, is infinite.

        Raises
        ------
        TooFarFromRoad
            The point itself is not near the network.

        Notes
        -----
        O(r log r + k) for r arcs nearer than ``max_m``.
        """
        found = self.explore(point, max_m=max_m)
        along = np.full(len(self), np.inf)
        along[found.nodes] = found.distance_m
        metres = np.array([self._reached_m(found.foot, along, other) for other in others])
        return np.where(metres <= max_m, metres, np.inf)

    def _reached_m(self, start: Foot, along: Floats, other: LonLatPair) -> float:
        try:
            goal = self.lines.foot(*other, SNAP_M)
        except TooFarFromRoad:
            return float("inf")
        ends, rest_m = self._ends(goal)
        return min(float(np.min(along[ends] + rest_m)), self._same_line_m(start, goal))

    def route(self, a: LonLatPair, b: LonLatPair) -> Walk:
        """Return the shortest walk between two points with its geometry.

        Notes
        -----
        O(r log r) for r arcs nearer to ``a`` than 20 km.
        """
        found = self.explore(a, max_m=FARTHEST_WALK_M)
        goal = self.lines.foot(*b, SNAP_M)
        along = np.full(len(self), np.inf)
        along[found.nodes] = found.distance_m
        ends, rest_m = self._ends(goal)
        best = int(np.argmin(along[ends] + rest_m))
        distance_m = float(along[ends[best]] + rest_m[best])
        straight_m = self._same_line_m(found.foot, goal)
        if min(straight_m, distance_m) > FARTHEST_WALK_M:
            raise TooFarFromRoad(distance_m, FARTHEST_WALK_M)
        if straight_m <= distance_m:
            middle = self._between(found.foot, goal)
            distance_m = straight_m
        else:
            middle = self._trace(found, goal, int(ends[best]))
        return Walk(distance_m, np.concatenate([np.array([a]), middle, np.array([b])]))

    def _ends(self, foot: Foot) -> tuple[Ints, Floats]:
        """Return the two ends of the way that a foot stands on, and the metres to each."""
        line = foot.line
        ends = np.array([self.line_tail[line], self.line_head[line]], np.int32)
        along = np.array([foot.along_m, self.line_m[line] - foot.along_m])
        return ends, np.maximum(along, 0.0) + foot.distance_m

    def _same_line_m(self, a: Foot, b: Foot) -> float:
        if a.line != b.line:
            return float("inf")
        return abs(a.along_m - b.along_m) + a.distance_m + b.distance_m

    def _between(self, a: Foot, b: Foot) -> Floats:
        """Return the points from one foot to another on the same way."""
        start, end = self.lines.start[a.line], self.lines.start[a.line + 1]
        along = self.lines.along_m[start:end]
        low, high = sorted((a.along_m, b.along_m))
        inner = self.lines.points[start:end][(along > low) & (along < high)]
        if a.along_m > b.along_m:
            inner = inner[::-1]
        return np.concatenate([np.array([a.place]), inner, np.array([b.place])])

    def _trace(self, found: Reach, goal: Foot, last: int) -> Floats:
        """Return the points of the walk that ends over vertex ``last`` at ``goal``."""
        before = dict(zip(found.nodes.tolist(), found.before.tolist(), strict=True))
        chain = [last]
        while before[chain[-1]] >= 0:
            chain.append(before[chain[-1]])
        chain.reverse()
        parts = [self._to_vertex(found.foot, chain[0])]
        parts += [self._arc(a, b) for a, b in pairwise(chain)]
        parts.append(self._to_vertex(goal, last)[::-1])
        return np.concatenate(parts)

    def _to_vertex(self, foot: Foot, vertex: int) -> Floats:
        """Return the points from a foot to one end of its way."""
        start, end = self.lines.start[foot.line], self.lines.start[foot.line + 1]
        along, points = self.lines.along_m[start:end], self.lines.points[start:end]
        ends, metres = self._ends(foot)
        side = int(np.argmin(np.where(ends == vertex, metres, np.inf)))
        rest = points[along > foot.along_m] if side else points[along < foot.along_m][::-1]
        return np.concatenate([np.array([foot.place]), rest])

    def _arc(self, a: int, b: int) -> Floats:
        """Return the points of the shortest way from vertex ``a`` to its neighbour ``b``."""
        row_start, neighbour, length = self._graph
        row = np.arange(row_start[a], row_start[a + 1])
        row = row[neighbour[row] == b]
        line = int(self._row_line[row[np.argmin(length[row])]])
        points = self.lines.line(line)
        return points if self.line_tail[line] == a else points[::-1]
