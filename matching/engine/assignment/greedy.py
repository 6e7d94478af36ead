"""The named baseline: drivers in order of departure take the best rider still free."""

import numpy as np
from numba import njit

from matching.engine.assignment.commuters import Commuters, Options
from matching.engine.assignment.market import DM_PER_M, open_market
from matching.engine.assignment.orders import MOST, NOWHERE, best_order, new_desk
from matching.engine.assignment.pricing import Trips
from matching.engine.assignment.result import Assignment
from matching.engine.assignment.roads import Roads
from matching.engine.assignment.schedule import write_cars
from matching.engine.assignment.solve import state


def greedy_by_departure(commuters: Commuters, roads: Roads, options: Options) -> Assignment:
    """Fill cars one after the other, as a system does that answers everybody at once.

    Drivers come by earliest departure (then key). Each takes the free rider who adds most to the
    objective, in the best order of all calls, then the next, until nobody adds anything or the car
    is full. Who took nobody may still ride with a later driver. The same promises, the same exact
    roads; the bound is infinite, for there is none.
    """
    order = np.argsort(commuters.key, kind="stable")
    market = open_market(commuters.take(order), roads, options)
    pairs = market.pairs
    turn = np.argsort(market.commuters.earliest_departure_ms[pairs.driver], kind="stable")
    parties = _fill(
        turn,
        (pairs.driver, pairs.start, pairs.rider, pairs.ends),
        market.rider_value,
        market.driver_value,
        options.most_riders,
        market.world,
    )
    rows = np.flatnonzero(parties[:, 0] >= 0)
    trips = Trips(pairs.driver[rows], parties[rows], np.zeros(len(rows), np.int64))
    cars = write_cars(market, trips, np.arange(len(rows)))
    prices = np.full(len(commuters), np.inf)
    return state(commuters, cars, np.inf, prices / DM_PER_M, {})


@njit(cache=True)
def _fill(turn, pairs, rider_value, driver_value, most_riders, world):  # type: ignore[no-untyped-def]
    """Return the riders of each driver, rows ascending, -1 where there is none."""
    driver, start, rider, ends = pairs
    desk = new_desk()
    taken = np.zeros(len(rider_value), np.bool_)
    parties = np.full((len(driver), MOST), -1, np.int64)
    for n in turn:
        i = driver[n]
        if taken[i]:
            continue
        aboard = np.empty(0, np.int64)
        worth = 0.0  # of driving without anybody: nothing saved
        while len(aboard) < most_riders:
            best, chosen = worth, -1
            for k in range(start[n], start[n + 1]):
                if taken[rider[k]]:
                    continue
                party = np.append(aboard, k)
                party = party[np.argsort(rider[party])]
                length = best_order(i, rider[party], ends[party], NOWHERE, world, desk)[0]
                if length == NOWHERE:
                    continue
                value = driver_value[i] + rider_value[rider[party]].sum() - length
                if value > best:
                    best, chosen = value, k
            if chosen < 0:
                break
            worth = best
            aboard = np.append(aboard, chosen)
            taken[rider[chosen]] = True
        if len(aboard):
            taken[i] = True
            parties[n, : len(aboard)] = np.sort(rider[aboard])
    return parties
