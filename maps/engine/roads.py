"""The road network of cars: nearest road, travel times, routes, names of corners."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from maps.engine import store
from maps.engine.errors import TooFarFromRoad
from maps.engine.geodesy import Floats, Ints, Longs, LonLat, steps_m, unit_sphere
from maps.engine.labels import durations, find_path
from maps.engine.lines import Lines
from maps.engine.osm_tags import ROAD_CLASSES

LonLatPair = tuple[float, float]

SNAP_M = 300.0
CORNER_M = 40.0
NAME_SEARCH_VERTICES = 24


class Snap(NamedTuple):
    """A point brought to the network.

    ``lon``, ``lat`` is the nearest point on a road and ``distance_m`` how far that is; ``node`` is
    the nearer end of that road's piece and ``arc`` the piece.
    """

    node: int
    lon: float
    lat: float
    distance_m: float
    arc: int


@dataclass(frozen=True)
class Route:
    """A drive through given vertices.

    Attributes
    ----------
    duration_ms, distance_m
        Sums over the legs.
    leg_durations_ms : int64[k - 1]
    leg_distances_m : float64[k - 1]
    geometry : float64[p, 2]
        Longitude and latitude, without repeated points; one point when nobody moves.
    leg_starts : int32[k]
        Which point of the geometry each via vertex is: the first, the last, and those between.
    """

    duration_ms: int
    distance_m: float
    leg_durations_ms: npt.NDArray[np.int64]
    leg_distances_m: Floats
    geometry: Floats
    leg_starts: Ints


class RoadNetwork:
    """A compiled drive network, read-only and shared between processes.

    Attributes
    ----------
    version : str
    lon, lat : float64[n]
        Places of the vertices. Neighbours are at most 250 m apart, and every vertex reaches every
        other.
    stoppable : bool[n]
        Whether a car may stop there (not on motorways and trunk roads).
    max_speed_mps : float
        The most metres as the crow flies that any arc covers in a second: crow-fly metres divided
        by it never exceed the true travel time.
    """

    def __init__(self, folder: Path) -> None:
        facts = store.read_facts(folder)
        arrays = store.read_arrays(folder, "drive_")
        self.version: str = facts["version"]
        self.max_speed_mps: float = facts["max_speed_mps"]
        self.names: list[str] = facts["names"]
        self.lon: Floats = arrays["lon"]
        self.lat: Floats = arrays["lat"]
        self.stoppable: npt.NDArray[np.bool_] = arrays["stoppable"]
        self.arc_start: Longs = arrays["arc_start"]
        self.arc_head: Ints = arrays["arc_head"]
        self.arc_ms: Ints = arrays["arc_ms"]
        self.arc_m: Floats = arrays["arc_m"]
        self.arc_name: Ints = arrays["arc_name"]
        self.arc_class: npt.NDArray[np.int8] = arrays["arc_class"]
        self.kerb_line: Ints = arrays["kerb_line"]
        self.kerb_along_m: Floats = arrays["kerb_along_m"]
        self.kerb_off_m: Floats = arrays["kerb_off_m"]
        self.lines = Lines(arrays)
        self.labels: tuple[Any, ...] = tuple(
            arrays[f"label_{part}"] for part in ("jumps", "depth", "start", "ahead", "back")
        )

    def __len__(self) -> int:
        """Return the number of vertices."""
        return len(self.lon)

    def snap(self, point: LonLatPair, *, max_m: float = SNAP_M) -> Snap:
        """Return the nearest road and the nearer end of its piece.

        Raises
        ------
        TooFarFromRoad
            No road lies within ``max_m`` metres.

        Notes
        -----
        O(segments in the cells around); tens of microseconds.
        """
        foot = self.lines.foot(*point, max_m)
        far_end = foot.along_m > self.arc_m[foot.line] / 2
        node = int(self.arc_head[foot.line] if far_end else self.tail_of(foot.line))
        return Snap(node, *foot.place, foot.distance_m, foot.line)

    def location(self, node: int) -> LonLat:
        """Return the place of a vertex."""
        return LonLat(float(self.lon[node]), float(self.lat[node]))

    def tail_of(self, arc: int) -> int:
        """Return the vertex that an arc leaves; O(log n)."""
        return int(np.searchsorted(self.arc_start, arc, side="right") - 1)

    def nearest_nodes(self, lon: Floats, lat: Floats) -> Ints:
        """Return the nearest vertex of each place; exact for the places of vertices themselves.

        Parameters
        ----------
        lon, lat : float64[k]

        Returns
        -------
        int32[k]
        """
        places = unit_sphere(np.atleast_1d(lon), np.atleast_1d(lat))
        return np.asarray(self.tree.query(places)[1], np.int32)

    def durations_ms(self, sources: npt.ArrayLike, targets: npt.ArrayLike) -> Ints:
        """Return the travel times from every source to every target.

        Parameters
        ----------
        sources : int[m]
        targets : int[k]
            Vertices; a single number counts as a list of one.

        Raises
        ------
        IndexError
            A number is no vertex of this network.

        Returns
        -------
        int32[m, k]
            Milliseconds, exactly the least sum of arc times.

        Notes
        -----
        O(m * k * depth of the elimination tree), about 0.1 µs a pair on a city.
        """
        start, end = self._vertices(sources), self._vertices(targets)
        out = np.empty((len(start), len(end)), np.int32)
        durations(start, end, *self.labels, out)  # type: ignore[call-arg]  # numba's stubs
        return out

    def _vertices(self, numbers: npt.ArrayLike) -> Ints:
        """Return vertex numbers as compiled code reads them, which does not check bounds itself."""
        vertices = np.ascontiguousarray(np.atleast_1d(numbers), np.int32)
        if len(vertices) and not 0 <= vertices.min() <= vertices.max() < len(self):
            raise IndexError(f"not a vertex of network {self.version}")
        return vertices

    def route(self, nodes: Sequence[int]) -> Route:
        """Return the fastest route through vertices in the order given.

        Parameters
        ----------
        nodes : sequence of int
            At least one. A vertex that repeats the one before makes an empty leg.

        Notes
        -----
        O(arcs * degree * depth): under a millisecond across a city.
        """
        stations = self._vertices(nodes).tolist()
        legs = [self._path(a, b) for a, b in pairwise(stations)]
        geometry = [self._place(stations[0])]
        leg_starts = [0]
        for leg in legs:
            parts = [self.lines.line(arc)[1:] for arc in leg.tolist()]
            geometry += parts
            leg_starts.append(leg_starts[-1] + sum(map(len, parts)))
        times = np.array([self.arc_ms[leg].sum() for leg in legs], np.int64)
        metres = np.array([self.arc_m[leg].sum() for leg in legs], np.float64)
        return Route(
            int(times.sum()),
            float(metres.sum()),
            times,
            metres,
            np.concatenate(geometry),
            np.array(leg_starts, np.int32),
        )

    def _path(self, start: int, end: int) -> Ints:
        """Return the arcs of a fastest path, int32[p]."""
        arcs = np.empty(len(self), np.int32)
        count = find_path(  # type: ignore[call-arg]  # numba's stubs
            start, end, self.arc_start, self.arc_head, self.arc_ms, *self.labels, arcs
        )
        return arcs[:count]

    def _place(self, node: int) -> Floats:
        return np.array([[self.lon[node], self.lat[node]]])

    def arcs_at(self, node: int) -> Ints:
        """Return the arcs that leave or enter a vertex, int32[d]."""
        leaving = np.arange(self.arc_start[node], self.arc_start[node + 1])
        order, start = self._entering
        entering = order[start[node] : start[node + 1]]
        return np.concatenate([leaving, entering]).astype(np.int32)

    def street_names(self, node: int) -> list[str]:
        """Return the names that meet at a vertex, the main street first, then by alphabet."""
        rank: dict[str, int] = {}
        for arc in self.arcs_at(node).tolist():
            name = self.names[self.arc_name[arc]]
            if name:
                rank[name] = min(rank.get(name, len(ROAD_CLASSES)), int(self.arc_class[arc]))
        return sorted(rank, key=lambda name: (rank[name], name))

    def corner_name(self, node: int) -> str:
        """Return "Main street / Side street" or one name: the nearest that there is.

        "" where nothing is named for many crossings around.
        """
        return self._corner_at(node) or self._named_around(self.location(node))

    def _corner_at(self, node: int) -> str:
        return " / ".join(self.street_names(node)[:2])

    def place_name(self, point: LonLatPair, *, max_m: float = SNAP_M) -> tuple[str, bool]:
        """Return a public name for a point and whether the point is really there (or just near).

        A corner within 40 m of where the point meets the road, else the street's own name, else the
        nearest named corner or street. Never a house number. ("", False) where nothing is named.
        """
        try:
            snap = self.snap(point, max_m=max_m)
        except TooFarFromRoad:
            return self._named_around(point), False
        name = self.names[self.arc_name[snap.arc]]
        at_corner = self._metres_to(snap.node, (snap.lon, snap.lat)) <= CORNER_M
        if at_corner and (corner := self._corner_at(snap.node)):
            return corner, True
        return (name, True) if name else (self._named_around(point), False)

    def _named_around(self, point: LonLatPair) -> str:
        ball = unit_sphere(np.array([point[0]]), np.array([point[1]]))
        _, nearest = self.tree.query(ball, k=min(NAME_SEARCH_VERTICES, len(self)))
        return next((name for n in np.ravel(nearest) if (name := self._corner_at(int(n)))), "")

    def _metres_to(self, node: int, point: LonLatPair) -> float:
        lon, lat = np.array([self.lon[node], point[0]]), np.array([self.lat[node], point[1]])
        return float(steps_m(np.column_stack([lon, lat]))[0])

    @cached_property
    def main_road(self) -> npt.NDArray[np.bool_]:
        """Return, per vertex, whether a through road passes there; built once per process."""
        main = self.arc_class < ROAD_CLASSES.index("unclassified")
        marked = np.zeros(len(self), np.bool_)
        marked[self.arc_head[main]] = True
        marked[np.repeat(np.arange(len(self)), np.diff(self.arc_start))[main]] = True
        return marked

    @cached_property
    def names_at(self) -> npt.NDArray[np.int64]:
        """Return, per vertex, how many streets with a name meet there; built once per process."""
        tail = np.repeat(np.arange(len(self)), np.diff(self.arc_start))
        ends = np.concatenate([tail, self.arc_head]).astype(np.int64)
        pairs = np.unique(ends * len(self.names) + np.tile(self.arc_name, 2))
        named = pairs[pairs % len(self.names) > 0]
        return np.bincount(named // len(self.names), minlength=len(self))

    @cached_property
    def tree(self) -> cKDTree:
        """Return the KD-tree of the vertices on the unit sphere; built once per process."""
        return cKDTree(unit_sphere(self.lon, self.lat))

    @cached_property
    def _entering(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.arc_head, kind="stable").astype(np.int32)
        start = np.zeros(len(self) + 1, np.int32)
        np.cumsum(np.bincount(self.arc_head, minlength=len(self)), out=start[1:])
        return order, start
