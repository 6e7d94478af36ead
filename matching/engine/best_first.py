"""What one ride offers one request: a lower bound leg by leg, then the exact insertion.

In words. Per leg, the very rules of :mod:`matching.engine.insertion` are driven through with lower
bounds in place of road times. Whoever drives less arrives no later, and waiting keeps that order,
so a promise that breaks here breaks in truth, and the cost is a lower bound: detour and shift grow
with time, and the time aboard is at least the driving in between. It is computed with the same
operations in the same order as the cost itself; rounding is monotone, so the bound holds in
floating point too. The bounds are those of cells, or exact times to the nearest meeting points.

Source: bounds by cells after T-Share (Ma, Zheng & Wolfson, ICDE 2013).
"""

import numpy as np
from numba import njit

from matching.engine.insertion import _enumerate, drive_on
from matching.engine.road_times import from_nearest, road_times, to_nearest


@njit(cache=True)
def least_cost(pickup_at, dropoff_span, spent, ends, ask):  # type: ignore[no-untyped-def]
    """Bound the cost of :mod:`~matching.engine.insertion` by the least that each part can be.

    ``dropoff_span`` is the earliest and the latest moment of getting out, ``spent`` the least
    time aboard, the least detour and the ride's handicap.
    """
    anchor, at_arrival, worth = ask.stand[2], ask.stand[3], ask.worth
    if at_arrival:
        too_early = anchor - (dropoff_span[1] + ends[1, 2])
        shift = max(too_early, dropoff_span[0] + ends[1, 1] - anchor)
    else:
        shift = pickup_at - ends[0, 2] - anchor
    return (
        worth[0] * spent[0]
        + ask.cheapest_pair
        + worth[1] * spent[1]
        + worth[2] * max(shift, 0)
        + spent[2]
    ) / 1000.0


@njit(cache=True)
def bound(r, columns, at, base, near, ends, direct, ask):  # type: ignore[no-untyped-def]
    """Return a lower bound of the cost of inserting a request into ride ``r``; inf: impossible.

    Parameters
    ----------
    r : int
    columns : Columns
    at, base : int[...], int
        Where in ``near`` to look for stop k: ``at[k - base]``.
    near : four of int32[...]
        Least times to and from the pick-up, to and from the drop-off.
    ends : int64[2, 3]
        Of getting in: ready, shortest and longest walk; of getting out: due and the same.
    direct : int
        Time between the meeting points (the least, when they are several).
    ask : Ask

    Notes
    -----
    O(k³) for k stops, O(1) for a ride without any on its way.
    """
    c, end_stop = columns, columns.start[r + 1] - 1
    to_pickup, from_pickup, to_dropoff, from_dropoff = near
    seats, stand_ms, due = ask.stand[0], ask.stand[1], ends[1, 0]
    best = np.inf
    for i in range(c.start[r], end_stop):
        if c.leave[i] + stand_ms > due:
            break
        if c.taken[i] + seats > c.offered[r]:
            continue
        pickup_at = max(c.leave[i] + to_pickup[at[i - base]], ends[0, 0])
        aboard = pickup_at + stand_ms
        driven = stand_ms
        for j in range(i, end_stop):
            if j > i:
                road = from_pickup[at[j - base]] if j == i + 1 else c.leg[j]
                reached = max(aboard + road, c.earliest[j])
                if reached > c.latest[j] or c.taken[j] + seats > c.offered[r]:
                    break
                aboard = reached + c.boarding[j]
                driven += road + c.boarding[j]
            road = direct if j == i else to_dropoff[at[j - base]]
            dropoff_at = aboard + road
            if dropoff_at > due:
                continue
            home = stand_ms + from_dropoff[at[j + 1 - base]]
            end = drive_on(
                dropoff_at + home, j + 1, end_stop, c.earliest, c.latest, c.boarding, c.leg
            )
            if end < 0 or end > c.latest[end_stop]:
                continue
            span = dropoff_at, min(due, c.latest[j + 1] - home)
            spent = driven + road, end - c.alone[r], c.handicap[r]
            cost = least_cost(pickup_at, span, spent, ends, ask)
            best = min(best, cost)
    return best


@njit(cache=True)
def insert_exactly(r, columns, ask, roads, where, when):  # type: ignore[no-untyped-def]
    """Return the cost of the best insertion into ride ``r`` (inf: none) and write where and when.

    O(k * points * label + points² * k³).
    """
    c = columns
    a, b = c.start[r], c.start[r + 1]
    times = road_times(c.node[a:b], ask.pickups, ask.dropoffs, roads.labels)
    room = ask.direct.size * (b - a) * (b - a - 1) // 2
    costs = np.empty(room)
    places = np.empty((room, 4), np.int32)
    moments = np.empty((room, 3), np.int64)
    found = _enumerate(
        0,
        (
            np.array([0, b - a], np.int32),
            c.departure[r : r + 1],
            c.offered[r : r + 1],
            c.handicap[r : r + 1],
        ),
        (c.leg[a:b], c.earliest[a:b], c.latest[a:b], c.boarding[a:b], c.taken[a:b]),
        (ask.ready, ask.due, ask.walk_to, ask.walk_from, ask.pair),
        (*times, ask.direct),
        ask.stand,
        ask.worth,
        costs,
        places,
        moments,
    )
    if found == 0:
        return np.inf
    first = np.argmin(costs[:found])
    where[:], when[:] = places[first], moments[first]
    return costs[first]


@njit(cache=True)
def tight_bound(r, columns, ask, roads, trunks, ends):  # type: ignore[no-untyped-def]
    """Return :func:`bound` with exact times to the nearest meeting points; O(k * label + k³)."""
    a, b = columns.start[r], columns.start[r + 1]
    near = np.empty((4, b - a), np.int32)
    for k in range(b - a):
        v = columns.node[a + k]
        if k < b - a - 1:
            near[0, k] = to_nearest(v, ask.pickups, trunks[0], roads.labels)
        if k > 0:
            near[3, k] = from_nearest(v, ask.dropoffs, trunks[1], roads.labels)
        if 0 < k < b - a - 1:
            near[1, k] = from_nearest(v, ask.pickups, trunks[0], roads.labels)
            near[2, k] = to_nearest(v, ask.dropoffs, trunks[1], roads.labels)
    four = near[0], near[1], near[2], near[3]
    return bound(r, columns, np.arange(b - a), a, four, ends, ask.direct.min(), ask)
