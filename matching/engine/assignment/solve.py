"""Solve one part: prices, trips at these prices, the best choice among them.

In words. Prices say which trips are worth having; the search finds each driver's best ones at those
prices and so proves a bound; better prices for the trips known so far make the next search
better (column generation). After a few turns the bound hardly moves, and HiGHS chooses among
the trips that nearly earn their prices: no others can matter much.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from time import perf_counter

import numpy as np

from matching.engine.assignment.apart import NOBODY, Apart, are_apart
from matching.engine.assignment.choose import choose
from matching.engine.assignment.commuters import Commuters, Floats, Int64, Options
from matching.engine.assignment.market import DM_PER_M, Market, open_market
from matching.engine.assignment.orders import MOST
from matching.engine.assignment.parts import Part
from matching.engine.assignment.prices import improve_prices, join_trips, reduced
from matching.engine.assignment.pricing import Trips
from matching.engine.assignment.result import Assignment, Car
from matching.engine.assignment.roads import Roads
from matching.engine.assignment.schedule import write_cars

MOST_COLUMNS = 20_000
NEAR = 0.001
"""Searches end when the bound is this near to what the known trips allow."""


def solve(part: Part, roads: Roads, options: Options, apart: Apart = NOBODY) -> Assignment:
    """Assign the people of one part; needs nothing else, so it can run on any worker.

    ``apart`` tells who must not share a car; cars found before it was so are given up.

    Returns
    -------
    Assignment
        Its bound holds for the people of this part among themselves.
    """
    clock = perf_counter()
    order = np.argsort(part.commuters.key, kind="stable")
    market = open_market(part.commuters.take(order), roads, options, apart=apart)
    seconds = {"pairs": perf_counter() - clock}
    prices = market.first_prices() if part.prices_m is None else DM_PER_M * part.prices_m[order]
    clock = perf_counter()
    known = in_company(market, part.cars)
    trips, prices, bound = search_trips(market, prices, trips_of(market, known))
    seconds["trips"] = perf_counter() - clock
    clock = perf_counter()
    cars = choose_cars(market, trips, prices, known)
    seconds["choice"] = perf_counter() - clock
    back = np.empty(len(order))
    back[order] = prices / DM_PER_M
    found = state(part.commuters, cars, bound / DM_PER_M, back, seconds)
    return replace(found, trips=near_trips(market, trips, prices))


def in_company(market: Market, cars: Iterable[Car]) -> tuple[Car, ...]:
    """Return the cars in which no two are kept apart."""
    row = {int(key): n for n, key in enumerate(market.commuters.key)}
    return tuple(
        car
        for car in cars
        if not any(
            are_apart(row[one], row[other], market.world[5])
            for one, other in combinations((car.driver, *car.riders), 2)
        )
    )


def near_trips(market: Market, trips: Trips, prices: Floats) -> Trips:
    """Return the trips that nearly earn their prices, as keys."""
    short = reduced(prices, trips, market.value(trips))
    rows = np.flatnonzero(short >= -market.options.slack_m * DM_PER_M)
    keys = np.append(market.commuters.key, -1)
    return Trips(keys[trips.driver[rows]], keys[trips.riders[rows]], trips.length_dm[rows])


def search_trips(market: Market, prices: Floats, known: Trips) -> tuple[Trips, Floats, float]:
    """Return the trips found, the best prices, and the bound in decimetres that these prove."""
    options = market.options
    best, bound, trips = prices, np.inf, known
    for _ in range(options.searches):
        found, fair = market.search(prices, options.slack_m, options.keep)
        if fair.sum() < bound:
            best, bound = fair, float(fair.sum())
        trips = join_trips([trips, found])
        if not len(trips.driver):
            return trips, best, bound
        prices, enough = improve_prices(best, trips, market.value(trips), options.steps)
        if bound - enough <= NEAR * bound:
            break
    return trips, best, bound


def choose_cars(market: Market, trips: Trips, prices: Floats, cars: Iterable[Car]) -> list[Car]:
    """Return the best choice among the trips that nearly earn their prices."""
    value = market.value(trips)
    misses = -reduced(prices, trips, value)
    old = {(car.driver, car.riders) for car in cars}
    keys = market.commuters.key
    is_old = np.zeros(len(value), bool)
    if old:
        is_old = np.array(
            [
                (int(keys[d]), tuple(int(keys[r]) for r in party if r >= 0)) in old
                for d, party in zip(trips.driver, trips.riders, strict=True)
            ]
        )
    misses[is_old] = -np.inf
    rows = np.sort(np.argsort(misses, kind="stable")[:MOST_COLUMNS])
    few = Trips(trips.driver[rows], trips.riders[rows], trips.length_dm[rows])
    known = np.flatnonzero(is_old[rows])
    limit = (market.options.solver_s, market.options.solver_gap)
    chosen = choose(few, value[rows], len(keys), known, limit)
    return write_cars(market, few, chosen)


def trips_of(market: Market, cars: Iterable[Car]) -> Trips:
    """Return cars as trips of this market."""
    row = {int(key): n for n, key in enumerate(market.commuters.key)}
    drivers: list[int] = []
    parties: list[list[int]] = []
    lengths: list[int] = []
    for car in cars:
        riders = sorted(row[key] for key in car.riders)
        drivers.append(row[car.driver])
        parties.append(riders + [-1] * (MOST - len(riders)))
        lengths.append(round(car.driven_m * DM_PER_M))
    return Trips(
        np.array(drivers, np.int64),
        np.array(parties, np.int64).reshape(-1, MOST),
        np.array(lengths, np.int64),
    )


def state(
    commuters: Commuters,
    cars: Iterable[Car],
    bound_m: float,
    prices_m: Floats,
    seconds: dict[str, float],
) -> Assignment:
    """Write down an assignment of some commuters."""
    cars = tuple(sorted(cars, key=lambda car: car.driver))
    aboard = {key for car in cars for key in (car.driver, *car.riders)}
    driving = np.isin(commuters.key, [car.driver for car in cars])
    riding = np.isin(commuters.key, [key for car in cars for key in car.riders])
    saved = sum(car.saved_m for car in cars)
    fairness = commuters.share_favour_m[driving | riding].sum()
    fairness += commuters.ride_favour_m[riding].sum()
    return Assignment(
        cars=cars,
        unmatched=tuple(sorted(set(commuters.key.tolist()) - aboard)),
        saved_m=saved,
        objective_m=float(saved + fairness),
        bound_m=float(bound_m),
        keys=commuters.key,
        prices_m=prices_m,
        seconds=seconds,
    )


def rows_of(commuters: Commuters, keys: Int64) -> Int64:
    """Return the rows of some keys."""
    order = np.argsort(commuters.key, kind="stable")
    return np.asarray(order[np.searchsorted(commuters.key[order], keys)], np.int64)
