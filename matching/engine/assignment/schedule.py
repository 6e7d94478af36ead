"""Chosen trips written out: when the car leaves, calls and arrives."""

from itertools import pairwise

import numpy as np

from matching.engine.assignment.commuters import Int64
from matching.engine.assignment.legs import leg
from matching.engine.assignment.market import DM_PER_M, Market
from matching.engine.assignment.orders import NOWHERE, best_order, new_desk
from matching.engine.assignment.pricing import Trips
from matching.engine.assignment.result import Call, Car


def write_cars(market: Market, trips: Trips, rows: Int64) -> list[Car]:
    """Return the cars of some trips, by driver's key.

    A car leaves as late as its earliest end allows, so that nobody waits in it for nothing.
    """
    place = {int(driver): n for n, driver in enumerate(market.pairs.driver)}
    return [
        _car(market, place, int(trips.driver[row]), trips.riders[row])
        for row in sorted(rows.tolist(), key=lambda row: int(trips.driver[row]))
    ]


def _car(market: Market, place: dict[int, int], driver: int, party: Int64) -> Car:
    riders = party[party >= 0]
    pairs = market.pairs
    first, last = pairs.start[place[driver]], pairs.start[place[driver] + 1]
    near = pairs.rider[first:last]
    ends = pairs.ends[first:last][[int(np.flatnonzero(near == r)[0]) for r in riders]]
    desk = new_desk()
    length = int(best_order(driver, riders, ends, NOWHERE, market.world, desk)[0])
    order = desk[2][: 2 * len(riders)].tolist()
    commuters = market.commuters
    who = [int(riders[call % len(riders)]) for call in order]
    gets_in = [call < len(riders) for call in order]
    vertex = [
        int((commuters.origin if start else commuters.destination)[r])
        for r, start in zip(who, gets_in, strict=True)
    ]
    steps = _steps(market, driver, vertex)
    times = _times(market, driver, who, gets_in, steps)
    keys = commuters.key
    saved = sum(int(market.direct_dm[r]) for r in (driver, *riders) if commuters.car[r]) - length
    return Car(
        driver=int(keys[driver]),
        departure_ms=times[0],
        arrival_ms=times[-1],
        calls=tuple(
            Call(int(keys[r]), start, at, when)
            for r, start, at, when in zip(who, gets_in, vertex, times[1:-1], strict=True)
        ),
        riders=tuple(int(key) for key in keys[riders]),
        driven_m=length / DM_PER_M,
        saved_m=saved / DM_PER_M,
    )


def _steps(market: Market, driver: int, vertex: list[int]) -> list[int]:
    """Return the time from each call, and from the start, to the next; standing included."""
    _people, boarding_ms, roads, memory, _cells = market.world[:5]
    way = [market.commuters.origin[driver], *vertex, market.commuters.destination[driver]]
    drives = [int(leg(a, b, roads, memory)[0]) for a, b in pairwise(way)]
    return [drives[0], *(boarding_ms + drive for drive in drives[1:])]


def _times(
    market: Market, driver: int, who: list[int], gets_in: list[bool], steps: list[int]
) -> list[int]:
    """Return when the car leaves, is at each call, and arrives.

    See :mod:`matching.engine.assignment.pairs` for ``L`` and ``E``.
    """
    commuters = market.commuters
    end = int(commuters.earliest_departure_ms[driver])
    total, last_start = 0, int(commuters.latest_arrival_ms[driver]) - sum(steps)
    for r, start, step in zip(who, gets_in, steps[:-1], strict=True):
        total, end = total + step, end + step
        if start:
            end = max(end, int(commuters.earliest_departure_ms[r]))
        else:
            last_start = min(last_start, int(commuters.latest_arrival_ms[r]) - total)
    end += steps[-1]
    at = min(last_start, end - sum(steps))
    times = [at]
    for r, start, step in zip(who, gets_in, steps[:-1], strict=True):
        at += step
        if start:
            at = max(at, int(commuters.earliest_departure_ms[r]))
        times.append(at)
    return [*times, at + steps[-1]]
