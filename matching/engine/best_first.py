"""Find the cheapest insertions among many rides without looking at most of them, losing none.

In words. The search narrows down in three steps, each of which may only drop what cannot serve:

1. *Slice.* Rides stand sorted by departure. Those that leave too late are cut off by one binary
   search, blocks of rides that are all over too early are skipped, and of the rest one addition
   per ride compares ``start -> pick-up -> drop-off -> end``, with cell bounds and the exact time
   between the meeting points, to the latest time at which the driver must arrive.
2. *Bound.* Per leg, the very rules of :mod:`matching.engine.insertion` are driven through with
   cell bounds in place of road times. Whoever drives less arrives no later, and waiting keeps
   that order, so a promise that breaks here breaks in truth, and the cost is a lower bound:
   detour and shift grow with time, and the time aboard is at least the driving in between. It is
   computed with the same operations in the same order as the cost itself; rounding is monotone,
   so the bound holds in floating point too.
3. *Exact.* Rides wait in a heap by their bound. The first one to come up is bounded once more, now
   with exact road times to the nearest of the meeting points, and goes back; when it comes up
   again, it is inserted exactly. As soon as the least bound is above the k-th best cost, nothing
   that is left can enter, and the search ends.

The answers are those of evaluating every ride; of equal costs the ride that leaves first wins,
then the one with the smaller number.

Source: branch and bound; bounds by cells after T-Share (Ma, Zheng & Wolfson, ICDE 2013), best-first
order after KaRRi's costs by lower bounds (Laupichler & Sanders, ALENEX 2024), measured by us.
"""

from heapq import heapify, heappop, heappush

import numpy as np
from numba import njit

from matching.engine.columns import BLOCK
from matching.engine.insertion import _enumerate, drive_on
from matching.engine.road_times import from_nearest, road_times, to_nearest, trunk_of


@njit(cache=True)
def slice_rides(last, columns, near, ends, times, organization, found):  # type: ignore[no-untyped-def]
    """Write those of the first ``last`` rows that pass step 1 to ``found``; return how many.

    ``times`` are the time at a new stop and the least from pick-up to drop-off; ``ends`` and
    ``near`` as in :func:`bound`. O(rows).
    """
    c = columns
    to_pickup, from_dropoff = near[0], near[3]
    stand_ms, direct = times
    ready, due = ends[0, 0], ends[1, 0]
    aboard = stand_ms + direct
    count = 0
    for first in range(0, last, BLOCK):
        if c.block_until[first // BLOCK] < ready + aboard + stand_ms:
            continue
        for r in range(first, min(last, first + BLOCK)):
            out_by = max(c.departure[r] + to_pickup[c.first_cell[r]], ready) + aboard
            home_by = out_by + stand_ms + from_dropoff[c.last_cell[r]]
            if out_by > due or home_by > c.until[r] or c.owner[r] < 0:
                continue
            if organization < 0 or c.owner[r] == organization:
                found[count] = r
                count += 1
    return count


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
def summarize(ask, roads, near, ends):  # type: ignore[no-untyped-def]
    """Take all meeting points of an end as one that is as good as the best of them in everything.

    Fills ``near`` (int32[4, cells + 1], the last column 0: a place that is near to everything)
    and ``ends`` for :func:`bound`.
    """
    cells = len(roads.ahead)
    near[:, :cells] = 1 << 29
    near[:, cells] = 0
    for side in range(2):
        for c in ask.pickup_cell if side == 0 else ask.dropoff_cell:
            for k in range(cells):
                near[2 * side, k] = min(near[2 * side, k], roads.back[c, k])
                near[2 * side + 1, k] = min(near[2 * side + 1, k], roads.ahead[c, k])
    ends[0, 0], ends[0, 1], ends[0, 2] = ask.ready.min(), ask.walk_to.min(), ask.walk_to.max()
    ends[1, 0], ends[1, 1], ends[1, 2] = ask.due.max(), ask.walk_from.min(), ask.walk_from.max()


@njit(cache=True)
def candidates(columns, ask, roads, organization, on_roads, limit, ends, counts):  # type: ignore[no-untyped-def]
    """Return the rows that pass steps 1 and 2 within ``limit``, and their bounds; O(rows)."""
    near = np.empty((4, len(roads.ahead) + 1), np.int32)
    summarize(ask, roads, near, ends)
    least, stand_ms = ask.direct.min(), ask.stand[1]
    needed = least if on_roads else np.int32(0)
    last = np.searchsorted(columns.departure, ends[1, 0] - stand_ms - needed, side="right")
    rows = np.empty(last, np.int32)
    sliced = slice_rides(last, columns, near, ends, (stand_ms, needed), organization, rows)
    low = np.empty(sliced)
    four = near[0], near[1], near[2], near[3]
    kept = 0
    for r in rows[:sliced]:
        value = bound(r, columns, columns.cell, 0, four, ends, least, ask)
        if value < np.inf and value <= limit:
            rows[kept], low[kept] = r, value
            kept += 1
    counts[0] += sliced
    counts[1] += kept
    return rows[:kept], low[:kept]


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


@njit(cache=True)
def enter(cost, departure, key, where, when, best):  # type: ignore[no-untyped-def]
    """Put an insertion among the best where it belongs, if it does; O(places)."""
    place = len(best.cost)
    while place > 0:
        rival = best.cost[place - 1], best.departure[place - 1], best.key[place - 1]
        if (cost, departure, key) >= rival:
            break
        place -= 1
    for k in range(len(best.cost) - 1, place, -1):
        best.cost[k], best.departure[k] = best.cost[k - 1], best.departure[k - 1]
        best.key[k] = best.key[k - 1]
        best.where[k], best.when[k] = best.where[k - 1], best.when[k - 1]
    if place < len(best.cost):
        best.cost[place], best.departure[place], best.key[place] = cost, departure, key
        best.where[place], best.when[place] = where, when


@njit(cache=True)
def search_rows(columns, ask, roads, organization, on_roads, best, counts):  # type: ignore[no-untyped-def]
    """Let the rides of one segment compete for the best places, which may be taken already.

    Parameters
    ----------
    columns : Columns
    ask : Ask
    roads : Roads
    organization : int
        Whose rides; everybody's below 0.
    on_roads : bool
        Whether no leg is planned faster than the roads allow: only then does every ride need the
        direct time between the meeting points.
    best : Best
        Is updated.
    counts : int64[3]
        Added to: rides that pass step 1, those with a bound, those inserted exactly.
    """
    worst = len(best.cost) - 1
    ends = np.empty((2, 3), np.int64)
    rows, low = candidates(
        columns, ask, roads, organization, on_roads, best.cost[worst], ends, counts
    )
    trunks = trunk_of(ask.pickups, roads.labels), trunk_of(ask.dropoffs, roads.labels)
    where, when = np.empty(4, np.int32), np.empty(3, np.int64)
    waiting = [(low[n], False, rows[n]) for n in range(len(rows))]
    heapify(waiting)
    while len(waiting) > 0:
        value, is_tight, r = heappop(waiting)
        limit = best.cost[worst]
        if value > limit:
            break
        if not is_tight:
            value = tight_bound(r, columns, ask, roads, trunks, ends)
            if value < np.inf and value <= limit:
                heappush(waiting, (value, True, r))
            continue
        counts[2] += 1
        cost = insert_exactly(r, columns, ask, roads, where, when)
        if cost < np.inf:
            enter(cost, columns.departure[r], columns.key[r], where, when, best)
