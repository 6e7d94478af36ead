"""What a request would cost at least in a stretch of a ride, by looking things up only.

In words. A car leaves the stop before the pick-up at ``t``, drives ``A`` to the pick-up and stands
there; the rider is driven for ``D``; from the drop-off it drives ``B`` to the next stop and calls
there at ``x``. Beyond ``alone`` each moment of ``x`` delays the ride's end (:mod:`.tree`). So, with
the cost of :mod:`~matching.engine.insertion`, for meeting points p and d::

    cost >= ride * (stand + D) + walks and price of (p, d)              the rider
          + detour * (t + A + D + B + 2 * stand - alone)                the driver
          + shift * |time named - time kept|

where ``t + A`` is the moment of the pick-up, or later when the car has to wait until the rider is
there. When the rider named a departure, the shift is at least ``t + A - walk - time named``. When
they named an arrival it is at least ``time named - walk - (t + A + stand + D)``: then a later
pick-up lowers the shift, but raises the detour by as much or more, as long as a shift weighs no
more than a detour (if it does, the shift counts as nothing). In each case it is all a sum of a part
that depends on ``A`` with a weight ``slope >= 0``, a part that depends on ``B``, and a table of (p,
d). Over one leg, ``D`` is the exact time between the meeting points and belongs to the table; over
several it is at least the time to the next stop, the plan between, and the time from the stop
before the drop-off.

The table is split, ``table[p, d] >= of_pickup[p] + of_dropoff[d]``, so that the nearest meeting
point need not be the cheapest one to walk to, and yet start and end can be looked up separately:
``min over p of slope * A_p + of_pickup[p]`` for every region where stretches start, and likewise
where they end. Regions are the cells and the unions of cells that halving the city made, so the
same tables serve single stretches and nodes of the tree. With exact labels in place of cells, the
same formula is so tight that few rides are inserted in vain.

Source: bounds by cells after T-Share (Ma, Zheng & Wolfson, ICDE 2013); the split of the table as a
feasible dual of a transport problem.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from matching.engine.ends import all_times, cheapest, make_end, nearest, weigh
from matching.engine.insertion import Int32, Int64

Floats = npt.NDArray[np.float64]

ROUNDING_S = 1e-6
"""Bounds are lowered by this much a unit of weight: far more than their sums can be rounded by."""


class Aim(NamedTuple):
    """A request as bounds see it; times in ms, ``*_cost`` in ms of generalized cost.

    ``to_pickup``, ``from_pickup``, ``to_dropoff``, ``from_dropoff`` (int32[2 * cells]) are least
    times between a region and the nearest meeting point. ``pickup_cost``, ``dropoff_cost``
    (float64[2, 2 * cells]) are the two parts of the cost, for getting out on the leg of getting in
    and on a later one; ``of_pickup``, ``of_dropoff`` (float64[2, points]) what they owe to the
    meeting points. ``when`` holds the first moment at which a rider is ready, the last by which
    they must be out, the direct time, the time to stand, and the moment from which cost counts
    time. ``rate`` holds the slope, the weight of a detour, that of a moment aboard, the cost of
    getting in where the car waits (twice, as above), and how much bounds are lowered.
    """

    to_pickup: Int32
    from_pickup: Int32
    to_dropoff: Int32
    from_dropoff: Int32
    pickup_cost: Floats
    dropoff_cost: Floats
    of_pickup: Floats
    of_dropoff: Floats
    when: Int64
    rate: Floats


SLOPE, DETOUR, ABOARD, WAITING, LOWERED = 0, 1, 2, 3, 5


def make_aim(cells: int, points: int) -> Aim:
    """Return room for one request after the other."""
    return Aim(
        to_pickup=np.zeros(2 * cells, np.int32),
        from_pickup=np.zeros(2 * cells, np.int32),
        to_dropoff=np.zeros(2 * cells, np.int32),
        from_dropoff=np.zeros(2 * cells, np.int32),
        pickup_cost=np.zeros((2, 2 * cells)),
        dropoff_cost=np.zeros((2, 2 * cells)),
        of_pickup=np.zeros((2, points)),
        of_dropoff=np.zeros((2, points)),
        when=np.zeros(5, np.int64),
        rate=np.zeros(6),
    )


@njit(cache=True)
def take_aim(ask, roads, aim):  # type: ignore[no-untyped-def]
    """Fill in what a request costs at least, and return its two ends; O(points * cells).

    Parameters
    ----------
    ask : Ask
        ``direct`` is filled in.
    roads : Roads
    aim : Aim
        Is filled.
    """
    ahead, back = roads.labels[3], roads.labels[4]
    pickup_end, dropoff_end = make_end(ask.pickups, roads), make_end(ask.dropoffs, roads)
    for p in range(len(ask.pickups)):
        all_times(ask.pickups[p], dropoff_end, True, roads, ask.direct[p])
    split_tables(ask, aim)
    slope, detour = aim.rate[SLOPE], aim.rate[DETOUR]
    weigh(pickup_end, back, ahead, slope, aim.of_pickup, roads)
    weigh(dropoff_end, ahead, back, detour, aim.of_dropoff, roads)
    spread(ask.pickup_cell, roads.back, slope, aim.of_pickup, aim.to_pickup, aim.pickup_cost)
    spread(
        ask.dropoff_cell, roads.ahead, detour, aim.of_dropoff, aim.from_dropoff, aim.dropoff_cost
    )
    reach(ask.pickup_cell, roads.ahead, aim.from_pickup)
    reach(ask.dropoff_cell, roads.back, aim.to_dropoff)
    return pickup_end, dropoff_end


@njit(cache=True)
def split_tables(ask, aim):  # type: ignore[no-untyped-def]
    """Split both tables of pairs into a part for each pick-up and one for each drop-off."""
    stand, anchor, at_arrival = ask.stand[1], ask.stand[2], ask.stand[3]
    riding, detour, shift = ask.worth[0], ask.worth[1], ask.worth[2]
    early = shift if at_arrival and shift <= detour else 0.0
    late = 0.0 if at_arrival else shift
    slope, aboard = detour + late - early, riding + detour - early
    rate, when = aim.rate, aim.when
    rate[SLOPE], rate[DETOUR], rate[ABOARD] = slope, detour, aboard
    rate[LOWERED] = ROUNDING_S * (1 + riding + detour + shift)
    when[0], when[1] = ask.ready.min(), ask.due.max()
    when[2], when[3], when[4] = ask.direct.min(), stand, anchor
    pickups, dropoffs = ask.direct.shape
    for later in range(2):
        of_pickup, of_dropoff = aim.of_pickup[later], aim.of_dropoff[later]
        of_pickup[:], of_dropoff[:] = np.inf, np.inf
        for turn in range(2):
            for p in range(pickups):
                for d in range(dropoffs):
                    value = ask.pair[p, d] + aboard * stand + detour * stand
                    value -= early * ask.walk_from[d] + late * ask.walk_to[p]
                    if not later:
                        value += aboard * ask.direct[p, d]
                    if turn == 0:
                        of_pickup[p] = min(of_pickup[p], value)
                    else:
                        of_dropoff[d] = min(of_dropoff[d], value - of_pickup[p])
        rate[WAITING + later] = np.inf
        for p in range(pickups):
            waiting = slope * (ask.ready[p] - anchor) + of_pickup[p]
            rate[WAITING + later] = min(rate[WAITING + later], waiting)


@njit(cache=True)
def spread(cells, table, slope, part, time, cost):  # type: ignore[no-untyped-def]
    """Fill in, for every region, the least time and costs between it and some meeting points.

    ``table[c]`` are the times between the cell of a point and all cells. O(points * cells).
    """
    count = len(table)
    cost[:] = np.inf
    direct, later = cost[0], cost[1]
    for n, c in enumerate(cells):
        row, same, other = table[c], part[0, n], part[1, n]
        for k in range(count):
            direct[count + k] = min(direct[count + k], slope * row[k] + same)
            later[count + k] = min(later[count + k], slope * row[k] + other)
    for x in range(count - 1, 0, -1):
        direct[x] = min(direct[2 * x], direct[2 * x + 1])
        later[x] = min(later[2 * x], later[2 * x + 1])
    reach(cells, table, time)


@njit(cache=True)
def reach(cells, table, time):  # type: ignore[no-untyped-def]
    """Fill in, for every region, the least time between it and some meeting points."""
    count = len(table)
    time[:] = np.int32(1 << 29)
    for c in cells:
        row = table[c]
        for k in range(count):
            time[count + k] = min(time[count + k], row[k])
    for x in range(count - 1, 0, -1):
        time[x] = min(time[2 * x], time[2 * x + 1])


@njit(cache=True, fastmath={"nnan", "nsz"}, inline="always")
def bound_from(aim, later, ways, costs, soonest, extremes):  # type: ignore[no-untyped-def]
    """Bound the cost in s of stretches by the extremes of them; inf where none can serve.

    Parameters
    ----------
    aim : Aim
    later : int
        1 if the rider gets out on a later leg than they got in, else 0.
    ways : three ints
        The time to the pick-up, from there to the drop-off, and from there to the next stop.
    costs : two floats
        What the first and the last of them cost.
    soonest : int
        When the first of the cars leaves.
    extremes : tuple of int
        The last departure, ``until``, ``alone``, the longest ``until - leave`` and
        ``alone - leave``, and the least handicap.
    """
    latest, until, alone, budget, solo, handicap = extremes
    when, rate = aim.when, aim.rate
    ready, due, stand, anchor = when[0], when[1], when[3], when[4]
    slope, detour = rate[SLOPE], rate[DETOUR]
    aboard = stand + ways[1]
    out = max(soonest + ways[0], ready) + aboard
    home = stand + ways[2]
    fits = (out <= due) & (out + home <= until) & (ways[0] + aboard + home <= budget)
    rest, planned = slope - detour, detour * (alone - anchor)
    apart = slope * (soonest - anchor) - planned
    joint = min(rest * (soonest - anchor), rest * (latest - anchor)) - detour * solo
    driven = max(max(apart, joint) + costs[0], rate[WAITING + later] - planned) + costs[1]
    value = (driven + later * rate[ABOARD] * ways[1] + handicap) * 0.001 - rate[LOWERED]
    return value if fits else np.inf


@njit(cache=True, inline="always")
def bound_node(aim, node, tree):  # type: ignore[no-untyped-def]
    """Return a lower bound for all stretches below a node, in s; O(1)."""
    n, later, middle, since, shift = node, 0, aim.when[2], tree.since, tree.shift
    if n.between >= 0:
        later, middle = 1, aim.from_pickup[n.next] + n.between + aim.to_dropoff[n.before]
    ways = aim.to_pickup[n.start], middle, aim.from_dropoff[n.end]
    costs = aim.pickup_cost[later, n.start], aim.dropoff_cost[later, n.end]
    soonest, latest = since + (np.int64(n.soonest) << shift), since + (np.int64(n.latest) << shift)
    until, alone = since + (np.int64(n.until) << shift), since + (np.int64(n.alone) << shift)
    budget, solo = np.int64(n.budget) << shift, np.int64(n.solo) << shift
    return bound_from(
        aim, later, ways, costs, soonest, (latest, until, alone, budget, solo, n.handicap)
    )


@njit(cache=True, fastmath={"nnan", "nsz"}, inline="always")
def bound_ways(aim, later, ways, costs, stretch, tree):  # type: ignore[no-untyped-def]
    """Bound the cost in s of one stretch; inf where it cannot serve.

    The parameters are those of :func:`bound_from`, which for a single stretch comes to this.
    """
    s, when, rate, since, shift = stretch, aim.when, aim.rate, tree.since, tree.shift
    ready, due, stand, anchor = when[0], when[1], when[3], when[4]
    leave, until = since + (np.int64(s.leave) << shift), since + (np.int64(s.until) << shift)
    alone = since + (np.int64(s.alone) << shift)
    out = max(leave + ways[0], ready) + stand + ways[1]
    fits = (out <= due) & (out + stand + ways[2] <= until)
    there = max(rate[SLOPE] * (leave - anchor) + costs[0], rate[WAITING + later])
    driven = there - rate[DETOUR] * (alone - anchor) + costs[1] + s.handicap
    value = (driven + later * rate[ABOARD] * ways[1]) * 0.001 - rate[LOWERED]
    return value if fits else np.inf


@njit(cache=True, inline="always")
def bound_stretch(aim, stretch, tree):  # type: ignore[no-untyped-def]
    """Return a lower bound for one stretch, in s, from the cells of its stops; O(1)."""
    s, later, middle = stretch, 0, aim.when[2]
    if s.between >= 0:
        later, middle = 1, aim.from_pickup[s.next] + s.between + aim.to_dropoff[s.before]
    ways = aim.to_pickup[s.start], middle, aim.from_dropoff[s.end]
    costs = aim.pickup_cost[later, s.start], aim.dropoff_cost[later, s.end]
    return bound_ways(aim, later, ways, costs, s, tree)


@njit(cache=True, inline="always")
def sharpen(item, tree, columns, aim, ends, roads, limit):  # type: ignore[no-untyped-def]
    """Return a lower bound for one stretch, in s, from exact road times; O(label).

    Where the way to the pick-up alone puts it above the limit, the rest is not looked up.
    """
    s, place, later, middle = tree.stretches[item], tree.places[item], 0, aim.when[2]
    pickup_end, dropoff_end = ends
    ahead, back = roads.labels[3], roads.labels[4]
    if s.between >= 0:
        a = columns.start[place.ride]
        to_next = nearest(columns.node[a + place.pickup_after + 1], pickup_end, back, roads)
        from_before = nearest(columns.node[a + place.dropoff_after], dropoff_end, ahead, roads)
        later, middle = 1, to_next + s.between + from_before
    slope, detour = aim.rate[SLOPE], aim.rate[DETOUR]
    to, getting_in = cheapest(place.origin, pickup_end, ahead, slope, later, roads)
    home, getting_out = np.int64(aim.from_dropoff[s.end]), aim.dropoff_cost[later, s.end]
    value = bound_ways(aim, later, (to, middle, home), (getting_in, getting_out), s, tree)
    if value <= limit and value < np.inf:
        home, getting_out = cheapest(place.destination, dropoff_end, back, detour, later, roads)
        value = bound_ways(aim, later, (to, middle, home), (getting_in, getting_out), s, tree)
    return value
