"""Choose public places near somebody's door where a car can pick them up or drop them off."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from maps.engine.errors import TooFarFromRoad
from maps.engine.geodesy import METRES_PER_DEGREE, Floats, Ints, unit_sphere
from maps.engine.roads import RoadNetwork
from maps.engine.walks import WalkNetwork

LonLatPair = tuple[float, float]

ALWAYS_M: Final = 150.0
"""Whoever lives this near a road has a meeting point, however little they want to walk."""

NEAREST_APART_M: Final = 60.0
"""Two points nearer than this are the same corner to a person."""

# A main road passes more drivers, and a crossing is easier to find: being away from the other
# points counts for more there.
_MAIN_ROAD_WORTH: Final = 1.5
_CROSSING_WORTH: Final = 1.25


@dataclass(frozen=True)
class MeetingPoints:
    """Where one may get in or out: drive vertices int32[k], metres on foot float64[k], rising."""

    nodes: Ints
    walk_m: Floats

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.nodes)


def find_meeting_points(
    drive: RoadNetwork, walk: WalkNetwork, point: LonLatPair, *, walk_m: float, limit: int
) -> MeetingPoints:
    """Return drive vertices that a walker reaches, spread out over the reach.

    The nearest comes first; each further one is the candidate farthest from all chosen before, main
    roads and crossings counting as farther than they are. Vertices where cars may not stop are left
    out, and so are vertices within 60 m of one another, and nameless ones where there are others.
    The same question has the same answer.

    Parameters
    ----------
    drive, walk : networks compiled together
    point : (lon, lat)
    walk_m : float
        The longest walk, from the door to the kerb.
    limit : int
        At least 1.

    Returns
    -------
    MeetingPoints
        With 1 <= k <= limit.

    Raises
    ------
    TooFarFromRoad
        No road lies within max(``walk_m``, 150 m).

    Notes
    -----
    O(r log r + limit * c) for r walk arcs and c drive vertices in reach.
    Source: farthest-point selection, Gonzalez (1985), a 2-approximation of the k-center problem.
    """
    nodes, metres = _reachable(drive, walk, point, walk_m)
    if not len(nodes):
        snap = drive.snap(point, max_m=max(walk_m, ALWAYS_M))
        return MeetingPoints(np.array([snap.node], np.int32), np.array([snap.distance_m]))
    order = np.lexsort((nodes, metres))
    nodes, metres = nodes[order], metres[order]
    chosen = np.sort(_spread(drive, nodes, limit))
    return MeetingPoints(nodes[chosen], metres[chosen])


def _reachable(
    drive: RoadNetwork, walk: WalkNetwork, point: LonLatPair, walk_m: float
) -> tuple[Ints, Floats]:
    """Return the stoppable drive vertices within ``walk_m`` on foot and the metres."""
    none = np.zeros(0, np.int32), np.zeros(0)
    try:
        found = walk.explore(point, max_m=walk_m, snap_m=max(walk_m, ALWAYS_M))
    except TooFarFromRoad:
        return none
    near = _within(drive, point, walk_m)
    near = near[drive.stoppable[near] & (drive.kerb_line[near] >= 0)]
    if not len(near):
        return none
    line, along = drive.kerb_line[near], drive.kerb_along_m[near]
    walked = np.full(len(walk), np.inf)
    walked[found.nodes] = found.distance_m
    metres = np.minimum(
        walked[walk.line_tail[line]] + along,
        walked[walk.line_head[line]] + np.maximum(walk.line_m[line] - along, 0.0),
    )
    here = line == found.foot.line
    metres[here] = np.minimum(
        metres[here], np.abs(along[here] - found.foot.along_m) + found.foot.distance_m
    )
    metres += drive.kerb_off_m[near]
    inside = metres <= walk_m
    named = inside & (drive.names_at[near] > 0)
    # A place without a name is hard to agree on; it is a meeting point only for want of others.
    kept = named if named.any() else inside
    return near[kept], metres[kept]


def _within(drive: RoadNetwork, point: LonLatPair, radius_m: float) -> Ints:
    """Return the vertices within a radius as the crow flies, by number."""
    chord = 2 * np.sin(np.radians(radius_m / METRES_PER_DEGREE) / 2) * (1 + 1e-9)
    centre = unit_sphere(np.array([point[0]]), np.array([point[1]]))[0]
    return np.array(sorted(drive.tree.query_ball_point(centre, chord)), np.int32)


def _spread(drive: RoadNetwork, nodes: Ints, limit: int) -> Ints:
    """Return positions in ``nodes`` of the chosen, the nearest (position 0) first."""
    scale = METRES_PER_DEGREE * np.cos(np.radians(drive.lat[nodes[0]]))
    east, north = drive.lon[nodes] * scale, drive.lat[nodes] * METRES_PER_DEGREE
    worth = np.where(drive.main_road[nodes], _MAIN_ROAD_WORTH, 1.0)
    worth = worth * np.where(drive.names_at[nodes] >= 2, _CROSSING_WORTH, 1.0)
    apart = np.hypot(east - east[0], north - north[0])
    chosen = [0]
    while len(chosen) < limit:
        best = int(np.argmax(np.where(apart >= NEAREST_APART_M, apart * worth, 0.0)))
        if apart[best] < NEAREST_APART_M:
            break
        chosen.append(best)
        apart = np.minimum(apart, np.hypot(east - east[best], north - north[best]))
    return np.array(chosen, np.int32)
