"""Exact insertion of a request between two given legs of a ride, the cheapest way only.

The rules and the cost are those of :mod:`~matching.engine.insertion`, which tries all pairs of
legs; the search asks for one at a time and only for what beats a limit.
"""

import numpy as np
from numba import njit

from matching.engine.ends import all_times
from matching.engine.insertion import drive_on, insertion_cost

REFUSED = np.int64(-1)


@njit(cache=True)
def ride_on(at, place, road, columns):  # type: ignore[no-untyped-def]
    """Return when the car leaves the last stop before the drop-off, having left the pick-up.

    ``road`` is the time from the pick-up to the next stop. Refused if a promise breaks on the way.
    """
    c, a = columns, columns.start[place.ride]
    for k in range(a + place.pickup_after + 1, a + place.dropoff_after + 1):
        at = max(at + road, c.earliest[k])
        if at > c.latest[k]:
            return REFUSED
        at += c.boarding[k]
        road = c.leg[k + 1]
    return at


@njit(cache=True, inline="always")
def drive_times(place, columns, pickup_end, dropoff_end, roads, times):  # type: ignore[no-untyped-def]
    """Fill in the times to and from the pick-ups, to and from the drop-offs; O(points * label)."""
    c, a = columns, columns.start[place.ride]
    before, after = c.node[a + place.pickup_after], c.node[a + place.dropoff_after + 1]
    all_times(before, pickup_end, True, roads, times[0])
    all_times(after, dropoff_end, False, roads, times[3])
    if place.pickup_after < place.dropoff_after:
        all_times(c.node[a + place.pickup_after + 1], pickup_end, False, roads, times[1])
        all_times(c.node[a + place.dropoff_after], dropoff_end, True, roads, times[2])


@njit(cache=True)
def insert_between(place, columns, ask, times, limit, where, when):  # type: ignore[no-untyped-def]
    """Return the least cost, if it is not above ``limit`` (else inf), and write where and when.

    Of equal ones the first by pick-up, then drop-off. O(points² * stops).
    """
    c, a, end_stop = columns, columns.start[place.ride], columns.start[place.ride + 1] - 1
    leave = c.leave[a + place.pickup_after]
    stand, same_leg = ask.stand[1], place.pickup_after == place.dropoff_after
    after = a + place.dropoff_after + 1
    alone, handicap = c.alone[place.ride], c.handicap[place.ride]
    best = np.inf
    for p in range(len(ask.ready)):
        pickup_at = max(leave + times[0, p], ask.ready[p])
        aboard = pickup_at + stand
        if not same_leg:
            aboard = ride_on(aboard, place, times[1, p], columns)
            if aboard == REFUSED:
                continue
        for d in range(len(ask.due)):
            dropoff_at = aboard + (ask.direct[p, d] if same_leg else times[2, d])
            if dropoff_at > ask.due[d] or dropoff_at <= pickup_at:
                continue
            onward = dropoff_at + stand + times[3, d]
            end = drive_on(onward, after, end_stop, c.earliest, c.latest, c.boarding, c.leg)
            if end < 0 or end > c.latest[end_stop]:
                continue
            cost = insertion_cost(
                pickup_at,
                dropoff_at,
                end - alone,
                handicap,
                ask.pair[p, d],
                ask.walk_to[p],
                ask.walk_from[d],
                ask.stand,
                ask.worth,
            )
            if cost < best and cost <= limit:
                best = cost
                where[0], where[1] = place.pickup_after, place.dropoff_after
                where[2], where[3] = p, d
                when[0], when[1], when[2] = pickup_at, dropoff_at, end
    return best


@njit(cache=True)
def enter(cost, departure, key, where, when, best):  # type: ignore[no-untyped-def]
    """Put an insertion among the best where it belongs, if it does; O(places).

    A ride has one place, which its first cheapest insertion takes.
    """
    last, known = len(best.cost) - 1, False
    for k in range(len(best.cost)):
        if best.cost[k] < np.inf and best.key[k] == key:
            last, known = k, True
            break
    if known:
        mine = best.where[last]
        theirs = cost, where[0], where[2], where[1], where[3]
        if (best.cost[last], mine[0], mine[2], mine[1], mine[3]) <= theirs:
            return
    elif (cost, departure, key) >= (best.cost[last], best.departure[last], best.key[last]):
        return
    place = last
    while place > 0:
        rival = best.cost[place - 1], best.departure[place - 1], best.key[place - 1]
        if (cost, departure, key) >= rival:
            break
        place -= 1
    for k in range(last, place, -1):
        best.cost[k], best.departure[k] = best.cost[k - 1], best.departure[k - 1]
        best.key[k] = best.key[k - 1]
        best.where[k], best.when[k] = best.where[k - 1], best.when[k - 1]
    best.cost[place], best.departure[place], best.key[place] = cost, departure, key
    best.where[place], best.when[place] = where, when
