"""Group homes into neighbourhoods, and find public places where many of their people can meet.

In words. Homes are first reduced to fixed cells of 500 m (whoever reads a result learns no more
than that). Cells are joined into neighbourhoods at most 2 km across by complete linkage: two groups
join when even their farthest cells lie within 2 km. Within a neighbourhood, meeting points are
chosen one by one: the public place that most people who have none yet can walk to. Each person is
counted at one place only, and what may be shown is settled by
:mod:`matching.engine.study_privacy`.

Source: complete linkage as in ``scipy.cluster.hierarchy``; greedy maximum coverage, Nemhauser,
Wolsey & Fisher (1978), at least 63 % of the best coverage.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial import cKDTree

from maps.engine import TooFarFromRoad, WalkNetwork
from maps.engine.geodesy import METRES_PER_DEGREE, Floats, Ints
from matching.engine.study_privacy import LEAST, settle_rest

Flags = npt.NDArray[np.bool_]
Pair = tuple[float, float]
CellOf = Callable[[Pair], Pair]

ACROSS_M = 2_000.0
MOST_CELLS = 3_000
"""Linkage compares all cells with all: more are first joined in larger squares."""
MOST_POINTS = 3
"""Meeting points for one neighbourhood."""


@dataclass(frozen=True, slots=True)
class MeetingPlace:
    """A public place (its number among the candidates) and who would walk to it, by row."""

    candidate: int
    people: Ints


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Homes that lie together.

    Attributes
    ----------
    centre : (lon, lat)
        Middle of the cells, weighted by people, brought to a cell's centre itself.
    people : int32[m]
        Rows, ascending.
    points : list of MeetingPlace
        The parts of ``people`` near each, disjoint; the rest is nobody or k people or more.
    """

    centre: Pair
    people: Ints
    points: list[MeetingPlace]


def group_homes(homes: Floats, cell_of: CellOf, k: int = LEAST) -> list[Neighbourhood]:
    """Return the neighbourhoods that may be shown, the largest first; the rest of people is left.

    Parameters
    ----------
    homes : float64[n, 2]
    cell_of : callable
        The centre of a place's 500 m cell.
    k : int

    Notes
    -----
    O(n log n + cells²). Everybody left out is at least k people, or nobody.
    """
    if not len(homes):
        return []
    cells = np.array([cell_of((lon, lat)) for lon, lat in homes.tolist()])
    unique, member = np.unique(np.round(cells, 9), axis=0, return_inverse=True)
    group = _link(_flat(unique))[member.ravel()]
    sizes = np.bincount(group)
    shown = settle_rest(sizes.tolist(), 0, k)
    found = []
    for number in np.flatnonzero(shown):
        people = np.flatnonzero(group == number).astype(np.int32)
        lon, lat = cells[people].mean(axis=0).tolist()
        found.append(Neighbourhood(cell_of((lon, lat)), people, []))
    return sorted(found, key=lambda one: (-len(one.people), one.centre))


def _flat(lonlat: Floats) -> Floats:
    """Return places in metres on a plane."""
    scale = METRES_PER_DEGREE * np.cos(np.radians(lonlat[:, 1].mean()))
    return np.column_stack([lonlat[:, 0] * scale, lonlat[:, 1] * METRES_PER_DEGREE])


def _link(cells: Floats) -> npt.NDArray[np.int64]:
    """Return the group of each cell, from 0."""
    size = 500.0
    places, member = cells, np.arange(len(cells))
    while len(places) > MOST_CELLS:
        size *= 2
        squares = (np.floor(cells / size) + 0.5) * size
        places, member = np.unique(squares, axis=0, return_inverse=True)
    if len(places) == 1:
        return np.zeros(len(cells), np.int64)
    tree = linkage(places, method="complete")
    groups = fcluster(tree, t=max(ACROSS_M, 2 * size), criterion="distance") - 1
    return np.asarray(groups[member.ravel()], np.int64)


def propose_points(
    walk: WalkNetwork,
    homes: Floats,
    groups: Sequence[Neighbourhood],
    candidates: Floats,
    *,
    walk_m: float,
    k: int = LEAST,
    report: Callable[[float], None] = lambda _share: None,
) -> list[Neighbourhood]:
    """Return the neighbourhoods with up to three meeting points each.

    Parameters
    ----------
    walk : WalkNetwork
    homes : float64[n, 2]
    groups : sequence of Neighbourhood
    candidates : float64[c, 2]
        Public places, the better known first.
    walk_m : float
        From the door to the place.
    k : int
    report : callable

    Notes
    -----
    A place is explored on foot only if at least k homes lie within ``walk_m`` as the crow flies,
    which no walk undercuts. O(candidates * reach).
    """
    if not groups or not len(candidates):
        return list(groups)
    doors = _Doors(walk, homes)
    flat = _flat(np.concatenate([homes, candidates]))
    crow: list[list[int]] = cKDTree(flat[: len(homes)]).query_ball_point(  # type: ignore[assignment]
        flat[len(homes) :], walk_m * 1.01
    )
    group_of = np.full(len(homes), -1)
    for number, group in enumerate(groups):
        group_of[group.people] = number
    near: list[dict[int, Ints]] = [{} for _group in groups]
    for c, nearby in enumerate(crow):
        report(c / len(candidates))
        if len(nearby) < k:
            continue
        people = doors.within(candidates[c], np.array(sorted(nearby)), walk_m)
        for number in np.unique(group_of[people]).tolist():
            here = people[group_of[people] == number]
            if number >= 0 and len(here) >= k:
                near[number][c] = here
    return [
        Neighbourhood(group.centre, group.people, _cover(group, places, k))
        for group, places in zip(groups, near, strict=True)
    ]


def _cover(group: Neighbourhood, near: dict[int, Ints], k: int) -> list[MeetingPlace]:
    """Choose places greedily; of equals, the one that comes first."""
    left = set(group.people.tolist())
    chosen: list[MeetingPlace] = []
    while near and len(chosen) < MOST_POINTS:
        served = {c: [p for p in people.tolist() if p in left] for c, people in near.items()}
        best = min(served, key=lambda c: (-len(served[c]), c))
        if len(served[best]) < k:
            break
        chosen.append(MeetingPlace(best, np.array(served[best], np.int32)))
        left -= set(served[best])
    shown = settle_rest([len(place.people) for place in chosen], len(left), k)
    return [place for place, is_shown in zip(chosen, shown, strict=True) if is_shown]


class _Doors:
    """Homes on the walk network, ready to be reached."""

    def __init__(self, walk: WalkNetwork, homes: Floats) -> None:
        self._walk = walk
        line, along, off = walk.lines.feet(homes, 300.0)
        self._joined = line >= 0
        line = np.maximum(line, 0)
        self._tail, self._head = walk.line_tail[line], walk.line_head[line]
        self._to_tail = along + off
        self._to_head = np.maximum(walk.line_m[line] - along, 0.0) + off

    def within(self, place: Floats, people: Ints, walk_m: float) -> Ints:
        """Return which of the people can walk to a place."""
        try:
            reach = self._walk.explore((float(place[0]), float(place[1])), max_m=walk_m)
        except TooFarFromRoad:
            return np.zeros(0, np.int32)
        walked = np.full(len(self._walk), np.inf)
        walked[reach.nodes] = reach.distance_m
        metres = np.minimum(
            walked[self._tail[people]] + self._to_tail[people],
            walked[self._head[people]] + self._to_head[people],
        )
        return people[(metres <= walk_m) & self._joined[people]].astype(np.int32)
