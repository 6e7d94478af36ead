"""Near misses: which single promise would have to give for a ride to fit, and by how much.

In words. Every way to insert a request into a ride is driven through as in
``matching.engine.insertion``, except that three kinds of lateness are written down instead of being
refused: how much too late the rider gets out, how much too late the car reaches the end of its own
way, and how far beyond the rider's tolerance the meeting points lie. If exactly one of them is not
zero, that promise alone would make the insertion feasible, and its size is the least that does.
The fourth promise, the rider's earliest departure, is asked backwards: from the end of the way the
latest moment at which the car may leave the pick-up for everything after it to hold, and from
that how much earlier the rider would have to be there. What was promised to riders aboard, and
seats, never give.

The smallest of a kind is exact: lateness grows with the moment of the pick-up and never shrinks, so
one pass finds what trying minute after minute would.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numba import njit

from matching.engine.insertion import (
    InsertionTimes,
    Int32,
    Int64,
    RequestWindow,
    RideBatch,
    drive_on,
)

NEVER = np.int64(-(2**62))


class Promise(IntEnum):
    """What may give; of equally small relaxations the first one here is preferred."""

    EARLIEST_DEPARTURE = 0
    LATEST_ARRIVAL = 1
    WALK = 2
    DETOUR = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """How far each promise may be stretched; beyond, nobody would call it near.

    The limits also say what is as much to ask as what: half an hour of the rider's time, 800 m
    on foot, ten minutes of the driver.
    """

    earliest_departure_ms: int = 30 * 60_000
    latest_arrival_ms: int = 30 * 60_000
    walk_m: int = 800
    detour_ms: int = 10 * 60_000

    def of(self, promise: Promise) -> int:
        """Return the limit of one promise, in its own unit (ms, or metres for the walk)."""
        return (self.earliest_departure_ms, self.latest_arrival_ms, self.walk_m, self.detour_ms)[
            promise
        ]


@dataclass(frozen=True, slots=True)
class FartherPoints:
    """How many metres beyond the rider's tolerance each meeting point of a window lies.

    Attributes:
    ----------
    pickup_m : int64[pickups]
    dropoff_m : int64[dropoffs]
        0 within the tolerance.
    """

    pickup_m: Int64
    dropoff_m: Int64


@dataclass(frozen=True, slots=True, order=True)
class Relaxation:
    """One promise that gives, and where the request then fits; smaller is less to ask.

    ``share`` is ``amount`` over the promise's limit, in (0, 1]; ``amount`` is in ms, or metres for
    the walk. The rest is as in :class:`matching.engine.Insertion`.
    """

    share: float
    promise: Promise
    amount: int
    pickup_after: int
    dropoff_after: int
    pickup: int
    dropoff: int


def least_relaxations(
    rides: RideBatch,
    request: RequestWindow,
    farther: FartherPoints,
    times: InsertionTimes,
    limits: Limits,
) -> list[Relaxation | None]:
    """Return for each ride the least that would have to give.

    None where the ride fits as it is, and where no single promise within the limits suffices.

    Complexity: O(pickups * dropoffs * k^3) per ride with k stops, as the insertion itself.
    """
    count = len(rides.departure_ms)
    shares = np.full(count, np.inf)
    what = np.zeros((count, 2), np.int64)
    where = np.full((count, 4), -1, np.int32)
    _least(*_arguments(rides, request, farther, times, limits), shares, what, where)  # type: ignore[call-arg]
    return [
        _to_relaxation(shares[r], what[r], where[r]) if 0 < shares[r] < np.inf else None
        for r in range(count)
    ]


def every_relaxation(
    ride: int,
    rides: RideBatch,
    request: RequestWindow,
    farther: FartherPoints,
    times: InsertionTimes,
    limits: Limits,
) -> list[Relaxation]:
    """Return every way in which one promise of one ride could give, the least first.

    Also where the ride fits in time: it may be ruled out for other reasons, such as metres driven.
    """
    stops = int(rides.start[ride + 1] - rides.start[ride])
    room = 2 * times.direct.size * stops * stops
    shares = np.empty(room)
    what, where = np.empty((room, 2), np.int64), np.empty((room, 4), np.int32)
    arguments = _arguments(rides, request, farther, times, limits)
    found = _relax(ride, *arguments, shares, what, where)  # type: ignore[call-arg]
    return sorted(
        _to_relaxation(shares[k], what[k], where[k]) for k in range(found) if shares[k] > 0
    )


def _to_relaxation(share: float, what: Int64, where: Int32) -> Relaxation:
    return Relaxation(
        float(share), Promise(int(what[0])), int(what[1]), *(int(place) for place in where)
    )


def _arguments(
    rides: RideBatch,
    request: RequestWindow,
    farther: FartherPoints,
    times: InsertionTimes,
    limits: Limits,
) -> tuple[Any, ...]:
    most = np.array([limits.of(promise) for promise in Promise], np.int64)
    stand = np.array([request.seats, request.boarding_ms], np.int64)
    return (
        (rides.start, rides.departure_ms, rides.seats_offered),
        (rides.leg_ms, rides.earliest_ms, rides.latest_ms, rides.boarding_ms, rides.seats_after),
        (request.ready_ms, request.due_ms, farther.pickup_m, farther.dropoff_m),
        (times.to_pickup, times.from_pickup, times.to_dropoff, times.from_dropoff, times.direct),
        stand,
        most,
    )


@njit(cache=True)
def _latest_call(first, last, earliest, latest, boarding, leg):  # type: ignore[no-untyped-def]
    """Return the latest moment to reach ``first`` so that it and all after hold; NEVER if none."""
    bound = latest[last]
    if earliest[last] > bound:
        return NEVER
    for k in range(last - 1, first - 1, -1):
        bound = min(latest[k], bound - leg[k + 1] - boarding[k])
        if earliest[k] > bound:
            return NEVER
    return bound


@njit(cache=True)
def _latest_pickup(r, i, j, p, d, ride, stop, due, times, stand_ms):  # type: ignore[no-untyped-def]
    """Return the latest moment to reach the pick-up for everything after it to hold."""
    start = ride[0]
    leg, earliest, latest, boarding, _taken = stop
    _to_pickup, from_pickup, to_dropoff, from_dropoff, direct = times
    onward = _latest_call(j + 1, start[r + 1] - 1, earliest, latest, boarding, leg)
    if onward == NEVER:
        return NEVER
    bound = min(due[d], onward - from_dropoff[j + 1, d] - stand_ms)
    if j == i:
        return bound - direct[p, d] - stand_ms
    bound -= to_dropoff[j, d]
    for k in range(j, i, -1):
        bound = min(bound - boarding[k], latest[k])
        if earliest[k] > bound:
            return NEVER
        bound -= leg[k] if k > i + 1 else from_pickup[k, p]
    return bound - stand_ms


@njit(cache=True)
def _note(found, promise, amount, most, place, shares, what, where):  # type: ignore[no-untyped-def]
    """Write one relaxation down if it is within its limit; return how many there are now."""
    if amount > most[promise]:
        return found
    shares[found] = amount / max(most[promise], 1)
    what[found, 0], what[found, 1] = promise, amount
    for n in range(4):
        where[found, n] = place[n]
    return found + 1


@njit(cache=True)
def _relax(r, ride, stop, window, times, stand, most, shares, what, where):  # type: ignore[no-untyped-def]  # noqa: C901, PLR0912
    """Write every single relaxation of ride ``r`` into the outputs' rows; return how many.

    An insertion that is feasible as it is counts as one of share 0.
    """
    start, departure, offered = ride
    leg, earliest, latest, boarding, taken = stop
    ready, due, pickup_m, dropoff_m = window
    to_pickup, from_pickup, to_dropoff, from_dropoff, direct = times
    seats, stand_ms = stand[0], stand[1]
    a, b = start[r], start[r + 1]
    found = 0
    leave = departure[r]
    for i in range(a, b - 1):
        if i > a:
            leave = max(leave + leg[i], earliest[i])
        leave += boarding[i]
        if taken[i] + seats > offered[r]:
            continue
        for p in range(len(ready)):
            car_at = leave + to_pickup[i, p]
            pickup_at = max(car_at, ready[p])
            aboard = pickup_at + stand_ms
            late_aboard = False
            for j in range(i, b - 1):
                if j > i:
                    if taken[j] + seats > offered[r]:
                        break
                    road = from_pickup[j, p] if j == i + 1 else leg[j]
                    aboard = max(aboard + road, earliest[j])
                    late_aboard = late_aboard or aboard > latest[j]
                    aboard += boarding[j]
                for d in range(len(due)):
                    place = (i - a, j - a, p, d)
                    farther = max(pickup_m[p], dropoff_m[d])
                    dropoff_at = aboard + (direct[p, d] if j == i else to_dropoff[j, d])
                    if dropoff_at <= pickup_at:
                        continue
                    rider_late = max(dropoff_at - due[d], 0)
                    late = np.int64(-1)
                    if not late_aboard:
                        onward = dropoff_at + stand_ms + from_dropoff[j + 1, d]
                        end = drive_on(onward, j + 1, b - 1, earliest, latest, boarding, leg)
                        late = end if end < 0 else max(end - latest[b - 1], np.int64(0))
                    if late == 0 and rider_late == 0:
                        # Beyond the tolerance it is a walk; within, nothing has to give: share 0.
                        found = _note(found, 2, farther, most, place, shares, what, where)
                        continue
                    if farther > 0:
                        continue
                    if late == 0:
                        found = _note(found, 1, rider_late, most, place, shares, what, where)
                    elif late > 0 and rider_late == 0:
                        found = _note(found, 3, late, most, place, shares, what, where)
                    bound = _latest_pickup(r, i, j, p, d, ride, stop, due, times, stand_ms)
                    if bound >= car_at and bound < ready[p]:
                        earlier = ready[p] - bound
                        found = _note(found, 0, earlier, most, place, shares, what, where)
    return found


@njit(cache=True)
def _least(ride, stop, window, times, stand, most, shares, what, where):  # type: ignore[no-untyped-def]
    """Keep the least row of each ride; of equal ones the first promise, then the first place."""
    start = ride[0]
    longest = 0
    for r in range(len(start) - 1):
        longest = max(longest, start[r + 1] - start[r])
    room = max(1, 2 * times[4].size * longest * longest)
    row_shares = np.empty(room)
    row_what = np.empty((room, 2), np.int64)
    row_where = np.empty((room, 4), np.int32)
    for r in range(len(start) - 1):
        found = _relax(r, ride, stop, window, times, stand, most, row_shares, row_what, row_where)
        for k in range(found):
            same = row_shares[k] == shares[r]
            if row_shares[k] < shares[r] or (same and row_what[k, 0] < what[r, 0]):
                shares[r] = row_shares[k]
                what[r] = row_what[k]
                where[r] = row_where[k]
