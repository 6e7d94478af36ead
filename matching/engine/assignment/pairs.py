"""Which rider fits into which driver's car at all.

In words. Riders are sorted by their earliest departure; of each driver only those are looked at
whose time can overlap. A pair is tested with lower bounds of the two unknown drives (from the
driver's start to the rider's, and from the rider's end to the driver's) by cells, then with the
exact times. The test is monotone in those times: what fails with a lower bound fails exactly, so no
feasible pair is lost.

A tour leaves at some time ``t`` of the driver's choice. Let ``T`` be its time without waiting,
``E`` its earliest end (leaving as early as allowed, waiting where a rider is not ready), and ``L``
the latest start that still keeps every deadline. It then ends at ``max(E, t + T)`` for
``t <= L``, so its least duration is ``E - min(L, E - T)``, and leaving at ``min(L, E - T)`` has it.

Source: the concatenation of time windows of Vidal et al., *A unified solution framework for
multi-attribute vehicle routing problems*, EJOR 234 (2014).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from matching.engine.assignment.commuters import Commuters, Flags, Int32, Int64
from matching.engine.assignment.legs import kernel_roads, look_up
from matching.engine.assignment.roads import Roads


@dataclass(frozen=True, slots=True)
class Pairs:
    """Drivers and the riders that fit into their cars, each alone.

    Attributes
    ----------
    driver : int64[drivers]
        Rows of the commuters.
    start : int64[drivers + 1]
        The pairs of driver ``n`` are ``start[n]:start[n + 1]``.
    rider : int32[pairs]
        Row.
    ends : int32[pairs, 6]
        Time in ms, length, and least length in decimetres, of the drive to the rider's start; then
        the same of the drive from the rider's end.
    """

    driver: Int64
    start: Int64
    rider: Int32
    ends: Int32

    def only(self, kept: Flags) -> "Pairs":
        """Return the pairs of which it is true."""
        if kept.all():
            return self
        start = np.append(0, np.cumsum(kept))[self.start]
        return Pairs(self.driver, start, self.rider[kept], self.ends[kept])


def direct_ways(commuters: Commuters, roads: Roads) -> tuple[Int64, Int64, Int64]:
    """Return time in ms, length, and least length in decimetres, of each person's own way."""
    ways = _direct(commuters.origin, commuters.destination, kernel_roads(roads))
    return ways[0], ways[1], ways[2]


def kernel_people(commuters: Commuters, direct: tuple[Int64, Int64, Int64]) -> tuple[Any, ...]:
    """Return commuters as kernels take them."""
    return (
        np.ascontiguousarray(commuters.origin, np.int32),
        np.ascontiguousarray(commuters.destination, np.int32),
        np.ascontiguousarray(commuters.earliest_departure_ms, np.int64),
        np.ascontiguousarray(commuters.latest_arrival_ms, np.int64),
        np.ascontiguousarray(commuters.detour_ms, np.int64),
        np.ascontiguousarray(commuters.seats, np.int32),
        direct[0],
        direct[1],
        direct[2],
    )


def find_pairs(
    commuters: Commuters, people: tuple[Any, ...], drivers: Int64, roads: Roads, boarding_ms: int
) -> Pairs:
    """Return every feasible pair of some drivers and all riders.

    Notes
    -----
    O(drivers * riders in their time) looks at two bounds, and O(depth) for each pair that passes.
    """
    riders = np.flatnonzero(commuters.may_ride)
    riders = riders[np.argsort(commuters.earliest_departure_ms[riders], kind="stable")]
    cells = (roads.cells.of, roads.cells.ahead)
    start, rider, ends = _find(drivers, riders, people, boarding_ms, cells, kernel_roads(roads))
    return Pairs(drivers, start, rider, ends)


@njit(cache=True)
def _direct(origin, destination, roads):  # type: ignore[no-untyped-def]
    """Measure everybody's own way; O(people * depth)."""
    out = np.empty((3, len(origin)), np.int64)
    for n in range(len(origin)):
        out[0, n], out[1, n], out[2, n] = look_up(origin[n], destination[n], roads)
    return out


@njit(cache=True)
def fits(i, r, out_ms, home_ms, people, boarding_ms):  # type: ignore[no-untyped-def]
    """Tell whether driver i can carry rider r alone, given the two drives between them; O(1)."""
    _origin, _destination, earliest, latest, detour, _seats, direct, _length, _least = people
    budget = direct[i] + detour[i]
    ride = boarding_ms + direct[r]
    total = out_ms + ride + boarding_ms + home_ms
    if total > budget:
        return False
    ready = max(earliest[i] + out_ms, earliest[r])
    end = ready + ride + boarding_ms + home_ms
    if ready + ride > latest[r] or end > latest[i]:
        return False
    last_start = min(latest[i] - total, latest[r] - out_ms - ride)
    return end - min(last_start, end - total) <= budget


@njit(cache=True)
def _find(drivers, riders, people, boarding_ms, cells, roads):  # type: ignore[no-untyped-def]
    """Fill the arrays of :class:`Pairs`; riders come by earliest departure."""
    origin, destination, earliest, latest = people[0], people[1], people[2], people[3]
    cell, least = cells
    longest = np.int64(0)
    for r in riders:
        longest = max(longest, latest[r] - earliest[r])
    begins = earliest[riders]
    start = np.zeros(len(drivers) + 1, np.int64)
    rider = np.empty(1024, np.int32)
    ends = np.empty((1024, 6), np.int32)
    used = 0
    for n in range(len(drivers)):
        i = drivers[n]
        first = np.searchsorted(begins, earliest[i] - longest)
        last = np.searchsorted(begins, latest[i], side="right")
        if used + last - first > len(rider):
            rider, ends = _more_room(rider, ends, used, 2 * (used + last - first))
        for k in range(first, last):
            r = riders[k]
            out = least[cell[origin[i]], cell[origin[r]]]
            home = least[cell[destination[r]], cell[destination[i]]]
            if r == i or not fits(i, r, out, home, people, boarding_ms):
                continue
            ends[used, 0], ends[used, 1], ends[used, 2] = look_up(origin[i], origin[r], roads)
            if not fits(i, r, ends[used, 0], home, people, boarding_ms):
                continue
            ends[used, 3], ends[used, 4], ends[used, 5] = look_up(
                destination[r], destination[i], roads
            )
            if fits(i, r, ends[used, 0], ends[used, 3], people, boarding_ms):
                rider[used] = r
                used += 1
        start[n + 1] = used
    return start, rider[:used].copy(), ends[:used].copy()


@njit(cache=True)
def _more_room(rider, ends, used, size):  # type: ignore[no-untyped-def]
    """Copy what was found into longer arrays."""
    longer, more = np.empty(size, np.int32), np.empty((size, 6), np.int32)
    longer[:used] = rider[:used]
    more[:used] = ends[:used]
    return longer, more
