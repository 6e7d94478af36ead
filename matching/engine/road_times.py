"""Exact driving times for the search among many rides, from the labels of the road network.

``labels`` are ``jumps, depth, start, ahead, back`` of :mod:`maps.engine.hierarchy` throughout.
"""

import numpy as np
from numba import njit

from maps.engine.labels import common_depth, duration


@njit(cache=True)
def plan(start, departure, stop, leave, alone):  # type: ignore[no-untyped-def]
    """Drive every ride as planned: when it leaves each stop and arrives at its last; O(stops)."""
    leg, earliest, _latest, boarding, _taken = stop
    for r in range(len(departure)):
        at = departure[r]
        for k in range(start[r], start[r + 1]):
            if k > start[r]:
                at = max(at + leg[k], earliest[k])
            leave[k] = at + boarding[k]
            alone[r] = at
            at = leave[k]


@njit(cache=True)
def keeps_to_roads(nodes, leg, labels):  # type: ignore[no-untyped-def]
    """Tell whether no leg of a ride is planned faster than the roads allow; O(stops * label)."""
    jumps, depth, start, ahead, back = labels
    for k in range(1, len(nodes)):
        road = duration(nodes[k - 1], nodes[k], jumps, depth, start, ahead, back)
        if leg[k] < road:
            return False
    return True


@njit(cache=True)
def road_times(nodes, pickups, dropoffs, labels):  # type: ignore[no-untyped-def]
    """Return the exact times that an insertion between these stops can need.

    To and from the pick-ups, to and from the drop-offs, int32[stops, points] each; what no
    insertion asks for stays unset. O(stops * points * label).
    """
    jumps, depth, start, ahead, back = labels
    last = len(nodes) - 1
    to_pickup = np.empty((last + 1, len(pickups)), np.int32)
    from_pickup = np.empty((last + 1, len(pickups)), np.int32)
    to_dropoff = np.empty((last + 1, len(dropoffs)), np.int32)
    from_dropoff = np.empty((last + 1, len(dropoffs)), np.int32)
    for k in range(last + 1):
        inner = 0 < k < last
        for n, p in enumerate(pickups):
            if k < last:
                to_pickup[k, n] = duration(nodes[k], p, jumps, depth, start, ahead, back)
            if inner:
                from_pickup[k, n] = duration(p, nodes[k], jumps, depth, start, ahead, back)
        for n, d in enumerate(dropoffs):
            if inner:
                to_dropoff[k, n] = duration(nodes[k], d, jumps, depth, start, ahead, back)
            if k > 0:
                from_dropoff[k, n] = duration(d, nodes[k], jumps, depth, start, ahead, back)
    return to_pickup, from_pickup, to_dropoff, from_dropoff


@njit(cache=True)
def trunk_of(points, labels):  # type: ignore[no-untyped-def]
    """Return the least times from and to the common ancestors of some vertices, the root's first.

    O(points * label).
    """
    jumps, depth, start, ahead, back = labels
    shared = depth[points[0]] + 1
    for p in points[1:]:
        shared = min(shared, common_depth(points[0], p, jumps, depth) + 1)
    up, down = np.empty(shared, np.int32), np.empty(shared, np.int32)
    for level in range(shared):
        up[level] = ahead[start[points[0]] + level]
        down[level] = back[start[points[0]] + level]
        for p in points[1:]:
            up[level] = min(up[level], ahead[start[p] + level])
            down[level] = min(down[level], back[start[p] + level])
    return up, down


@njit(cache=True)
def to_nearest(v, points, trunk, labels):  # type: ignore[no-untyped-def]
    """Return the exact time from a vertex to the nearest of some vertices.

    Whoever leaves their common trunk before its end meets all of them at the same ancestors, so
    one scan of the trunk does for all. O(label), or O(points * label) close by.
    """
    jumps, depth, start, ahead, back = labels
    down = trunk[1]
    meet = common_depth(v, points[0], jumps, depth)
    least = np.int32(1 << 30)
    if meet < len(down) - 1:
        for level in range(meet + 1):
            least = min(least, ahead[start[v] + level] + down[level])
        return least
    for p in points:
        least = min(least, duration(v, p, jumps, depth, start, ahead, back))
    return least


@njit(cache=True)
def from_nearest(v, points, trunk, labels):  # type: ignore[no-untyped-def]
    """Return the exact time to a vertex from the nearest of some; see :func:`to_nearest`."""
    jumps, depth, start, ahead, back = labels
    up = trunk[0]
    meet = common_depth(points[0], v, jumps, depth)
    least = np.int32(1 << 30)
    if meet < len(up) - 1:
        for level in range(meet + 1):
            least = min(least, up[level] + back[start[v] + level])
        return least
    for p in points:
        least = min(least, duration(p, v, jumps, depth, start, ahead, back))
    return least
