"""What is asked of a road network: how far away it is, and when a route passes its points."""

from collections.abc import Sequence

import numpy as np

from maps.engine.geodesy import Floats, steps_m
from maps.engine.roads import RoadNetwork
from tracking.engine.cases import RoadDistance

SOUGHT_M = 500.0


def road_distance(network: RoadNetwork) -> RoadDistance:
    """Return a function from places to the metres from the nearest road; infinite beyond 500 m."""

    def away(lon: Floats, lat: Floats) -> Floats:
        line, _, metres = network.lines.feet(np.column_stack([lon, lat]), SOUGHT_M)
        return np.where(line < 0, np.inf, metres)

    return away


def timed_route(network: RoadNetwork, nodes: Sequence[int]) -> tuple[Floats, Floats]:
    """Return the points of the fastest route through vertices, and when each is passed.

    Returns
    -------
    lonlat : float64[p, 2]
    time_s : float64[p]
        Seconds from the start, ascending.

    Notes
    -----
    A point that is a vertex of the network is passed after the least travel time of its leg so
    far; points between vertices by their share of the way.
    """
    route = network.route(nodes)
    points = route.geometry
    along_m = np.concatenate([[0.0], np.cumsum(steps_m(points))])
    at = network.nearest_nodes(points[:, 0], points[:, 1])
    exact = (network.lon[at] == points[:, 0]) & (network.lat[at] == points[:, 1])
    known_m, known_s, since_s = [], [], 0.0
    for leg, source in enumerate(nodes[:-1]):
        first, last = route.leg_starts[leg], route.leg_starts[leg + 1]
        here = first + np.flatnonzero(exact[first : last + 1])
        known_m.append(along_m[here])
        known_s.append(since_s + network.durations_ms(source, at[here])[0] / 1000)
        since_s += route.leg_durations_ms[leg] / 1000
    order = np.concatenate(known_m), np.maximum.accumulate(np.concatenate(known_s))
    return points, np.interp(along_m, *order)
