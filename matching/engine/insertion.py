"""Exact insertion of a pick-up and a drop-off into the stops of a ride.

In words. A ride calls at its stops in a fixed order; each stop has a latest time that was
promised, a pick-up also an earliest time until which the car waits. A request offers several
meeting points to get in (each with a walk, so a time from which the rider is there) and several
to get out (each with a time by which the rider must be there). For every pair of meeting points
and every pair of legs, the car's way is driven through with exact road times: it leaves leg ``i``
for the pick-up, perhaps calls at stops on the way, leaves leg ``j`` for the drop-off, and goes on.
The insertion is feasible when every stop is still reached by its latest time, no leg carries more
people than seats, and the rider's own times hold. Of the feasible ones the cheapest wins.

What is cheap is decided by one generalized cost, in seconds of the rider's time aboard::

    cost_s = ( ride   * (drop-off - pick-up)
             + walk   * (walk to + walk from) + price of the pair of meeting points
             + detour * (arrival of the car - its arrival without the rider)
             + shift  * |time named - time kept|
             + handicap of the ride ) / 1000

with the four weights of :class:`CostWeights` and everything in milliseconds. Price and handicap
come already weighed: whoever asks knows what a minute is worth in money, and how many minutes
longer they would ride with a driver who can be relied upon.

Nothing is approximated; whatever is faster must give the same answers.

Source: the insertion of Jaw et al. (1986), with the vocabulary of KaRRi (Laupichler & Sanders,
ALENEX 2024): pickup, dropoff, stop, leg, leeway, detour.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
NO_EARLIEST = np.int64(-(2**62))


@dataclass(frozen=True, slots=True)
class RideBatch:
    """Rides as flat arrays; the stops of ride ``r`` are ``start[r]:start[r + 1]``.

    Attributes:
    ----------
    start : int32[rides + 1]
    departure_ms : int64[rides]
        When the car leaves its first stop.
    seats_offered : int32[rides]
    leg_ms : int32[stops]
        Driving time from the stop before; 0 at the first stop of a ride.
    earliest_ms, latest_ms : int64[stops]
        Until when the car waits (``NO_EARLIEST`` for never), and what was promised.
    boarding_ms : int32[stops]
        How long the car stands at the stop.
    seats_after : int32[stops]
        Seats taken when leaving the stop.
    handicap_ms : int32[rides], optional
        What a ride costs in itself, as for a driver who cannot be relied upon, in ms of the
        rider's time; 0 by default.
    """

    start: Int32
    departure_ms: Int64
    seats_offered: Int32
    leg_ms: Int32
    earliest_ms: Int64
    latest_ms: Int64
    boarding_ms: Int32
    seats_after: Int32
    handicap_ms: Int32 = field(default_factory=lambda: np.zeros(0, np.int32))

    def __post_init__(self) -> None:
        """Give no ride a handicap if none was named."""
        if not len(self.handicap_ms):
            none = np.zeros(len(self.departure_ms), np.int32)
            object.__setattr__(self, "handicap_ms", none)


@dataclass(frozen=True, slots=True)
class RequestWindow:
    """A request's meeting points.

    Attributes:
    ----------
    ready_ms : int64[pickups]
        When the rider can be at each meeting point to get in.
    due_ms : int64[dropoffs]
        By when the rider must get out at each meeting point.
    walk_to_ms, walk_from_ms : int64[pickups], int64[dropoffs]
        How long the walks take.
    anchor_ms : int
        The time that the rider named; arriving at or leaving from it is best.
    anchored_at_arrival : bool
        Whether the anchor is an arrival (else a departure).
    seats : int
    boarding_ms : int
        How long the car stands at the new stops.
    price_ms : int64[pickups, dropoffs], optional
        What a ride between each two meeting points is paid, in ms of the rider's time; 0 by
        default.
    """

    ready_ms: Int64
    due_ms: Int64
    walk_to_ms: Int64
    walk_from_ms: Int64
    anchor_ms: int
    anchored_at_arrival: bool
    seats: int
    boarding_ms: int
    price_ms: Int64 = field(default_factory=lambda: np.zeros((0, 0), np.int64))

    def __post_init__(self) -> None:
        """Charge nothing if no price was named."""
        if not self.price_ms.size:
            free = np.zeros((len(self.ready_ms), len(self.due_ms)), np.int64)
            object.__setattr__(self, "price_ms", free)


@dataclass(frozen=True, slots=True)
class InsertionTimes:
    """Exact driving times in ms between the stops of a batch and a request's meeting points.

    Attributes:
    ----------
    to_pickup, from_pickup : int32[stops, pickups]
    to_dropoff, from_dropoff : int32[stops, dropoffs]
    direct : int32[pickups, dropoffs]
    """

    to_pickup: Int32
    from_pickup: Int32
    to_dropoff: Int32
    from_dropoff: Int32
    direct: Int32


@dataclass(frozen=True, slots=True)
class CostWeights:
    """What a second of each kind is worth; the module's docstring has the formula.

    Walking counts double, as travel behaviour research finds again and again (Wardman 2004); a
    shift of the wished time counts half; the driver's detour counts like the rider's own time.
    """

    ride: float = 1.0
    walk: float = 2.0
    detour: float = 1.0
    shift: float = 0.5


@dataclass(frozen=True, slots=True, order=True)
class Insertion:
    """A feasible place for a request in a ride; smaller is better, ties are deterministic.

    ``pickup_after <= dropoff_after`` are stop positions within the ride, ``pickup`` and
    ``dropoff`` index the request's meeting points, times are epoch ms.
    """

    cost_s: float
    pickup_after: int
    dropoff_after: int
    pickup: int
    dropoff: int
    pickup_ms: int
    dropoff_ms: int
    arrival_ms: int


def best_insertions(
    rides: RideBatch, request: RequestWindow, times: InsertionTimes, weights: CostWeights
) -> list[Insertion | None]:
    """Return the cheapest feasible insertion of each ride, or None where there is none.

    Complexity: O(pickups * dropoffs * k^3) per ride with k stops.
    """
    count = len(rides.departure_ms)
    costs = np.full(count, np.inf)
    where = np.full((count, 4), -1, np.int32)
    when = np.zeros((count, 3), np.int64)
    _best(*_arguments(rides, request, times, weights), costs, where, when)  # type: ignore[call-arg]
    return [
        _to_insertion(costs[r], where[r], when[r]) if np.isfinite(costs[r]) else None
        for r in range(count)
    ]


def feasible_insertions(
    ride: int, rides: RideBatch, request: RequestWindow, times: InsertionTimes, weights: CostWeights
) -> list[Insertion]:
    """Return every feasible insertion into one ride, cheapest first."""
    stops = int(rides.start[ride + 1] - rides.start[ride])
    room = times.direct.size * stops * stops
    costs, where, when = (
        np.empty(room),
        np.empty((room, 4), np.int32),
        np.empty((room, 3), np.int64),
    )
    arguments = _arguments(rides, request, times, weights)
    found = _enumerate(ride, *arguments, costs, where, when)  # type: ignore[call-arg]
    return sorted(_to_insertion(costs[k], where[k], when[k]) for k in range(found))


def _to_insertion(cost: float, where: Int32, when: Int64) -> Insertion:
    return Insertion(float(cost), *(int(v) for v in where), *(int(v) for v in when))


def _arguments(
    rides: RideBatch, request: RequestWindow, times: InsertionTimes, weights: CostWeights
) -> tuple[Any, ...]:
    stand = np.array(
        [request.seats, request.boarding_ms, request.anchor_ms, request.anchored_at_arrival],
        np.int64,
    )
    worth = np.array([weights.ride, weights.detour, weights.shift], np.float64)
    return (
        (rides.start, rides.departure_ms, rides.seats_offered, rides.handicap_ms),
        (rides.leg_ms, rides.earliest_ms, rides.latest_ms, rides.boarding_ms, rides.seats_after),
        (
            request.ready_ms,
            request.due_ms,
            request.walk_to_ms,
            request.walk_from_ms,
            pair_costs(request, weights),
        ),
        (times.to_pickup, times.from_pickup, times.to_dropoff, times.from_dropoff, times.direct),
        stand,
        worth,
    )


def pair_costs(request: RequestWindow, weights: CostWeights) -> npt.NDArray[np.float64]:
    """Return what each pair of meeting points costs whatever the ride, float64[p, d]: ms."""
    walk_ms = request.walk_to_ms[:, None] + request.walk_from_ms
    return np.asarray(weights.walk * walk_ms + request.price_ms, np.float64)


@njit(cache=True)
def drive_on(at, first, last, earliest, latest, boarding, leg):  # type: ignore[no-untyped-def]
    """Return when the car that reaches ``first`` at ``at`` is at ``last``.

    -1 when it breaks a promise on the way; whether it is in time in the end, the caller compares.
    """
    for k in range(first, last):
        at = max(at, earliest[k])
        if at > latest[k]:
            return np.int64(-1)
        at += boarding[k] + leg[k + 1]
    return max(at, earliest[last])


@njit(cache=True)
def insertion_cost(pickup_at, dropoff_at, added, handicap, pair, walk_to, walk_from, stand, worth):  # type: ignore[no-untyped-def]
    """Generalized cost in seconds of one insertion."""
    anchor, at_arrival = stand[2], stand[3]
    if at_arrival:
        shift = abs(anchor - (dropoff_at + walk_from))
    else:
        shift = abs(pickup_at - walk_to - anchor)
    return (
        worth[0] * (dropoff_at - pickup_at) + pair + worth[1] * added + worth[2] * shift + handicap
    ) / 1000.0


@njit(cache=True)
def _enumerate(  # type: ignore[no-untyped-def]  # noqa: C901
    r, ride, stop, window, times, stand, worth, costs, where, when
):
    """Write every feasible insertion of ride ``r`` into the outputs' rows; return how many."""
    start, departure, offered, handicap = ride
    leg, earliest, latest, boarding, taken = stop
    ready, due, walk_to, walk_from, pair = window
    to_pickup, from_pickup, to_dropoff, from_dropoff, direct = times
    seats, stand_ms = stand[0], stand[1]
    a, b = start[r], start[r + 1]
    found = 0
    leave = departure[r]
    alone = departure[r]
    for k in range(a + 1, b):
        alone = max(alone + boarding[k - 1] + leg[k], earliest[k])
    for i in range(a, b - 1):
        if i > a:
            leave = max(leave + leg[i], earliest[i])
        leave += boarding[i]
        if taken[i] + seats > offered[r]:
            continue
        for p in range(len(ready)):
            pickup_at = max(leave + to_pickup[i, p], ready[p])
            aboard = pickup_at + stand_ms  # leaving the pick-up, then each stop on the way
            for j in range(i, b - 1):
                if j > i:
                    road = from_pickup[j, p] if j == i + 1 else leg[j]
                    reached = max(aboard + road, earliest[j])
                    if reached > latest[j] or taken[j] + seats > offered[r]:
                        break
                    aboard = reached + boarding[j]
                for d in range(len(due)):
                    road = direct[p, d] if j == i else to_dropoff[j, d]
                    dropoff_at = aboard + road
                    if dropoff_at > due[d] or dropoff_at <= pickup_at:
                        continue
                    onward = dropoff_at + stand_ms + from_dropoff[j + 1, d]
                    end = drive_on(onward, j + 1, b - 1, earliest, latest, boarding, leg)
                    if end < 0 or end > latest[b - 1]:
                        continue
                    costs[found] = insertion_cost(
                        pickup_at,
                        dropoff_at,
                        end - alone,
                        handicap[r],
                        pair[p, d],
                        walk_to[p],
                        walk_from[d],
                        stand,
                        worth,
                    )
                    where[found, 0], where[found, 1] = i - a, j - a
                    where[found, 2], where[found, 3] = p, d
                    when[found, 0], when[found, 1], when[found, 2] = pickup_at, dropoff_at, end
                    found += 1
    return found


@njit(cache=True)
def _best(ride, stop, window, times, stand, worth, costs, where, when):  # type: ignore[no-untyped-def]
    """Keep the cheapest row of each ride; of equal ones the first enumerated."""
    start = ride[0]
    longest = 0
    for r in range(len(start) - 1):
        longest = max(longest, start[r + 1] - start[r])
    room = max(1, times[4].size * longest * longest)
    row_costs = np.empty(room)
    row_where = np.empty((room, 4), np.int32)
    row_when = np.empty((room, 3), np.int64)
    for r in range(len(start) - 1):
        found = _enumerate(
            r, ride, stop, window, times, stand, worth, row_costs, row_where, row_when
        )
        for k in range(found):
            if row_costs[k] < costs[r]:
                costs[r] = row_costs[k]
                where[r] = row_where[k]
                when[r] = row_when[k]
