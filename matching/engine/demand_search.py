"""Find every request that a ride can serve without looking closely at most of them, losing none.

The mirror of :mod:`matching.engine.best_first`, in the same three steps, each of which may only
drop what cannot be served:

1. *Slice.* Before anything else, the ride's stops and the table of cells give every cell of the
   map a span of time: on leg ``i`` the car is there no sooner than it can leave stop ``i`` plus
   the least time from its cell, and no later than allows it to stand and still reach stop
   ``i + 1`` in time. Requests stand sorted by earliest departure; one binary search cuts off
   those that begin after the last span has ended, blocks that are all over before the first
   begins are skipped. Of the rest, each is judged by its cells: the rider gets in within a
   span of theirs, gets out within one, and between the two lies at least the exact time between
   the nearest of its meeting points.
2. *Bound.* Rides with stops on the way go leg by leg through ``best_first.bound`` with cell
   bounds, then all rides with the exact times to the nearest meeting points.
3. *Exact.* What is left is inserted exactly, by the kernel that inserts one request in one ride.

The span holds whichever leg the rider joins. Upstream, the car leaves a stop no sooner than by
the lesser of plan and road on each leg: a way around over a meeting point takes at least the
road between two stops, and may still be faster than a plan that was made when roads were slower.
Downstream the same, from the promises backwards. Getting out on the leg of getting in is no
exception, because the way from stop to drop-off over the pick-up is no shorter than without.

Source: as for ``best_first``; answering the mirror query from the same bounds, measured by us.
"""

import numpy as np
from numba import njit

from maps.engine.hierarchy import UNREACHED
from maps.engine.labels import common_depth, duration, durations
from matching.engine.best_first import bound, insert_exactly, tight_bound
from matching.engine.columns import BLOCK, Ask

NEVER = np.int64(2**62)


@njit(cache=True)
def spans(ride, stand_ms, roads, soonest, latest):  # type: ignore[no-untyped-def]
    """Fill in when the car of a ride can be at each cell to take or leave somebody.

    ``soonest > latest`` where it never can. O(stops * (cells + label)).
    """
    c, last = ride, len(ride.node) - 1
    least = np.zeros(last + 1, np.int32)
    for k in range(1, last + 1):
        least[k] = min(c.leg[k], duration(c.node[k - 1], c.node[k], *roads.labels))
    by = np.empty(last + 1, np.int64)
    by[last] = c.latest[last]
    for k in range(last - 1, -1, -1):
        by[k] = min(c.latest[k], by[k + 1] - least[k + 1] - c.boarding[k])
    soonest[:], latest[:] = NEVER, -NEVER
    leave = c.departure[0] + c.boarding[0]
    for i in range(last):
        if i > 0:
            leave = max(leave + least[i], c.earliest[i]) + c.boarding[i]
        if c.taken[i] >= c.offered[0]:
            continue
        here, there = c.cell[i], c.cell[i + 1]
        for k in range(len(soonest)):
            first = leave + roads.ahead[here, k]
            final = by[i + 1] - stand_ms - roads.back[there, k]
            if first <= final:
                soonest[k] = min(soonest[k], first)
                latest[k] = max(latest[k], final)


@njit(cache=True)
def first_moment(at, cell, first, last, soonest, latest):  # type: ignore[no-untyped-def]
    """Return the earliest moment from ``at`` on at which the car can be at one of some cells."""
    best = NEVER
    for k in range(first, last):
        c = cell[k]
        moment = max(at, soonest[c])
        if moment <= latest[c]:
            best = min(best, moment)
    return best


@njit(cache=True)
def last_moment(by, cell, first, last, soonest, latest):  # type: ignore[no-untyped-def]
    """Return the latest moment up to ``by`` at which the car can be at one of some cells."""
    best = -NEVER
    for k in range(first, last):
        c = cell[k]
        moment = min(by, latest[c])
        if moment >= soonest[c]:
            best = max(best, moment)
    return best


@njit(cache=True)
def slice_requests(requests, soonest, latest, times, most, organization, found):  # type: ignore[no-untyped-def]
    """Write the rows that pass step 1 to ``found``; return how many.

    ``times`` are the time at a new stop and whether no leg is planned faster than the roads
    allow (only then does nobody get from pick-up to drop-off sooner than directly); ``most`` is
    how many seats are free on some leg. O(rows in the time window * cells of a request).
    """
    q = requests
    stand_ms, on_roads = times
    opens, closes = soonest.min(), latest.max()
    last = np.searchsorted(q.earliest, closes, side="right")
    count = 0
    for first in range(0, last, BLOCK):
        if q.block_until[first // BLOCK] < opens:
            continue
        for r in range(first, min(last, first + BLOCK)):
            if q.latest[r] < opens or q.owner[r] < 0 or q.seats[r] > most:
                continue
            if organization >= 0 and q.owner[r] != organization:
                continue
            a, m, b = q.cell_start[r], q.cell_middle[r], q.cell_start[r + 1]
            at = first_moment(q.earliest[r] + q.walk_to[r], q.cell, a, m, soonest, latest)
            out_by = at + stand_ms + (q.direct[r] if on_roads else 0)
            due = q.latest[r] - q.walk_from[r]
            if out_by > due:
                continue
            if out_by <= last_moment(due, q.cell, m, b, soonest, latest):
                found[count] = r
                count += 1
    return count


@njit(cache=True)
def judge(r, requests, stand_ms, weights, ends):  # type: ignore[no-untyped-def]
    """Return a request as the steps after the first want it, and fill ``ends`` for the bounds.

    All times between its meeting points are the least of them, for now. O(points²).
    """
    q = requests
    a, m, b = q.start[r], q.middle[r], q.start[r + 1]
    walk_to, walk_from = q.walk[a:m].astype(np.int64), q.walk[m:b].astype(np.int64)
    pair = np.empty((m - a, b - m))
    for p in range(m - a):
        for d in range(b - m):
            pair[p, d] = weights[1] * (walk_to[p] + walk_from[d])
    ready, due = q.earliest[r] + walk_to, q.latest[r] - walk_from
    anchor = q.latest[r] if q.at_arrival[r] else q.earliest[r]
    ends[0, 0], ends[0, 1], ends[0, 2] = ready.min(), walk_to.min(), walk_to.max()
    ends[1, 0], ends[1, 1], ends[1, 2] = due.max(), walk_from.min(), walk_from.max()
    return Ask(
        pickups=q.node[a:m],
        dropoffs=q.node[m:b],
        pickup_cell=q.cell[q.cell_start[r] : q.cell_middle[r]],
        dropoff_cell=q.cell[q.cell_middle[r] : q.cell_start[r + 1]],
        ready=ready,
        due=due,
        walk_to=walk_to,
        walk_from=walk_from,
        pair=pair,
        cheapest_pair=pair.min(),
        direct=np.full((m - a, b - m), q.direct[r]),
        stand=np.array([q.seats[r], stand_ms, anchor, np.int64(q.at_arrival[r])]),
        worth=np.array([weights[0], weights[2], weights[3]]),
    )


@njit(cache=True)
def bound_by_cells(ride, ask, roads, ends, near):  # type: ignore[no-untyped-def]
    """Return step 2's first bound of the cost; O(stops * cells of the request + stops³)."""
    near[:] = 1 << 29
    for k in range(len(ride.node)):
        here = ride.cell[k]
        for c in ask.pickup_cell:
            near[0, k] = min(near[0, k], roads.ahead[here, c])
            near[1, k] = min(near[1, k], roads.back[here, c])
        for c in ask.dropoff_cell:
            near[2, k] = min(near[2, k], roads.ahead[here, c])
            near[3, k] = min(near[3, k], roads.back[here, c])
    four = near[0], near[1], near[2], near[3]
    return bound(0, ride, np.arange(len(ride.node)), 0, four, ends, ask.direct.min(), ask)


@njit(cache=True)
def trunk(points, shared, labels):  # type: ignore[no-untyped-def]
    """Return :func:`~matching.engine.road_times.trunk_of` points whose trunk's length is known."""
    start, ahead, back = labels[2], labels[3], labels[4]
    up, down = np.full(shared, 1 << 30, np.int32), np.full(shared, 1 << 30, np.int32)
    for p in points:
        first = start[p]
        for level in range(shared):
            up[level] = min(up[level], ahead[first + level])
            down[level] = min(down[level], back[first + level])
    return up, down


@njit(cache=True)
def fill_direct(ask, trunks, labels):  # type: ignore[no-untyped-def]
    """Replace the least time between the ends of a request by that of each pair of its points.

    Ends that part below both trunks meet at the same ancestors, whichever points: one look for
    where does for all pairs. O(points² * label).
    """
    jumps, depth, start, ahead, back = labels
    meet = common_depth(ask.pickups[0], ask.dropoffs[0], jumps, depth)
    if meet >= min(len(trunks[0][0]), len(trunks[1][0])) - 1:
        durations(ask.pickups, ask.dropoffs, jumps, depth, start, ahead, back, ask.direct)
        return
    for p in range(len(ask.pickups)):
        for d in range(len(ask.dropoffs)):
            least = UNREACHED
            up, down = start[ask.pickups[p]], start[ask.dropoffs[d]]
            for level in range(meet + 1):
                least = min(least, ahead[up + level] + back[down + level])
            ask.direct[p, d] = least


@njit(cache=True)
def search_requests(requests, ride, roads, organization, stand_ms, weights, on_roads, counts):  # type: ignore[no-untyped-def]
    """Return the rows of all requests that a ride can serve, what each costs, where and when.

    Parameters
    ----------
    requests : Requests
    ride : Columns
        Of one ride.
    roads : Roads
    organization : int
        Whose requests; everybody's below 0.
    stand_ms : int
        How long the car stands at a new stop.
    weights : float64[4]
        Of riding, walking, detour and shift.
    on_roads : bool
        Whether no leg of the ride is planned faster than the roads allow.
    counts : int64[3]
        Added to: requests that pass step 1, those with a bound, those inserted exactly.
    """
    cells = len(roads.ahead)
    soonest, latest = np.empty(cells, np.int64), np.empty(cells, np.int64)
    spans(ride, stand_ms, roads, soonest, latest)
    rows = np.empty(len(requests.key), np.int32)
    most = ride.offered[0] - ride.taken[:-1].min()
    times = np.int64(stand_ms), on_roads
    sliced = slice_requests(requests, soonest, latest, times, most, organization, rows)
    costs = np.empty(sliced)
    where, when = np.empty((sliced, 4), np.int32), np.empty((sliced, 3), np.int64)
    near = np.empty((4, len(ride.node)), np.int32)
    ends = np.empty((2, 3), np.int64)
    served = 0
    for r in rows[:sliced]:
        ask = judge(r, requests, stand_ms, weights, ends)
        if len(ride.node) > 2 and bound_by_cells(ride, ask, roads, ends, near) == np.inf:
            continue
        counts[1] += 1
        trunks = (
            trunk(ask.pickups, requests.shared_to[r], roads.labels),
            trunk(ask.dropoffs, requests.shared_from[r], roads.labels),
        )
        if tight_bound(0, ride, ask, roads, trunks, ends) == np.inf:
            continue
        counts[2] += 1
        fill_direct(ask, trunks, roads.labels)
        cost = insert_exactly(0, ride, ask, roads, where[served], when[served])
        if cost < np.inf:
            rows[served], costs[served] = r, cost
            served += 1
    counts[0] += sliced
    return rows[:served], costs[:served], where[:served], when[:served]
