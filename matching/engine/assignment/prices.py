"""Prices of people that make the bound small: the Lagrangian dual of choosing trips.

In words. Choosing the most valuable trips with nobody in two of them is a set packing problem. Give
every person a price ``u >= 0`` for being taken, and let each driver freely choose the trip with the
largest worth after paying for everybody aboard, or none. What all prices and all those worths add
up to is never less than the best assignment's value, whatever the prices are: that is the bound.
Who is chosen by several drivers gets dearer, who is left gets cheaper, in ever smaller steps, and
the best prices seen are kept.

Source: Held, Wolfe & Crowder, *Validation of subgradient optimization*, Mathematical Programming 6
(1974); the mixture of directions of Camerini, Fratta & Maffioli (1975).
"""

import numpy as np
from numba import njit

from matching.engine.assignment.commuters import Floats, Int64
from matching.engine.assignment.orders import MOST
from matching.engine.assignment.pricing import Trips

PATIENCE = 6
NOBODY = np.empty(0, np.int64)


def improve_prices(
    prices: Floats, trips: Trips, value: Floats, rounds: int
) -> tuple[Floats, float]:
    """Return better prices for choosing among some trips, and the bound they prove for these.

    Parameters
    ----------
    prices : float64[n]
        To start from.
    trips : Trips
        Sorted by driver.
    value : float64[trips]
        In the unit of the prices.
    rounds : int

    Notes
    -----
    O(rounds * (trips + n)).
    """
    best, bound = _improve(prices, trips.driver, trips.riders, value, rounds)
    return best, float(bound)


@njit(cache=True)
def _improve(prices, driver, riders, value, rounds):  # type: ignore[no-untyped-def]
    u = prices.copy()
    best_u, best = prices.copy(), np.inf
    along = np.zeros(len(u))
    step, stuck = 0.05, 0
    for _ in range(rounds):
        slope, total = choose_freely(u, driver, riders, value)
        if total < best * (1 - 1e-6):
            best = total
            best_u[:] = u
            stuck = 0
        else:
            stuck += 1
            if stuck == PATIENCE:
                step, stuck = step * 0.6, 0
                u[:] = best_u
                along[:] = 0
                continue
        square = 0.0
        for p in range(len(u)):
            along[p] = slope[p] + 0.6 * along[p]
            if u[p] <= 0 and along[p] > 0:
                along[p] = 0
            square += along[p] * along[p]
        if square == 0:
            break
        u = np.maximum(u - step * best / square * along, 0.0)
    absorb(best_u, driver, riders, value)
    return best_u, best


@njit(cache=True)
def absorb(u, driver, riders, value):  # type: ignore[no-untyped-def]
    """Raise each driver's price by the worth of their best trip.

    The bound does not rise: the sum gains what the driver's choice loses, and trips in which they
    would ride are worth less now. Searches cut earlier when no trip is worth more than nothing.
    """
    worth = np.zeros(len(u))
    for k in range(len(driver)):
        left = value[k] - u[driver[k]]
        for r in riders[k]:
            if r >= 0:
                left -= u[r]
        worth[driver[k]] = max(worth[driver[k]], left)
    u += worth


@njit(cache=True)
def choose_freely(u, driver, riders, value):  # type: ignore[no-untyped-def]
    """Let every driver choose; return how often each person is left (1) or taken twice (-1).

    And the bound. O(trips + people).
    """
    slope = np.ones(len(u))
    total = u.sum()
    k = 0
    while k < len(driver):
        i = driver[k]
        worth, chosen = 0.0, -1
        while k < len(driver) and driver[k] == i:
            left = value[k] - u[i]
            for r in riders[k]:
                if r >= 0:
                    left -= u[r]
            if left > worth:
                worth, chosen = left, k
            k += 1
        if chosen >= 0:
            total += worth
            slope[i] -= 1
            for r in riders[chosen]:
                if r >= 0:
                    slope[r] -= 1
    return slope, total


def reduced(prices: Floats, trips: Trips, value: Floats) -> Floats:
    """Return what each trip is worth after paying for everybody aboard."""
    paid = np.append(prices, 0.0)
    return np.asarray(value - prices[trips.driver] - paid[trips.riders].sum(axis=1))


def join_trips(parts: list[Trips]) -> Trips:
    """Return all trips once, sorted by driver and riders; none of none."""
    parts = [Trips(NOBODY, NOBODY.reshape(0, MOST), NOBODY), *parts]
    driver = np.concatenate([part.driver for part in parts])
    riders = np.concatenate([part.riders for part in parts])
    length = np.concatenate([part.length_dm for part in parts])
    order = np.lexsort((*riders.T[::-1], driver))
    same = np.zeros(len(order), bool)
    same[1:] = (driver[order[1:]] == driver[order[:-1]]) & (
        riders[order[1:]] == riders[order[:-1]]
    ).all(axis=1)
    rows: Int64 = order[~same]
    return Trips(driver[rows], riders[rows], length[rows])
