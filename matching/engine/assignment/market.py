"""A part made ready: who can share with whom, what each trip is worth, and the search for trips."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from matching.engine.assignment.apart import NOBODY, Apart, kernel_apart, may_meet
from matching.engine.assignment.commuters import Commuters, Floats, Int64, Options
from matching.engine.assignment.legs import kernel_roads, new_memory
from matching.engine.assignment.pairs import Pairs, direct_ways, find_pairs, kernel_people
from matching.engine.assignment.pricing import Trips, best_trips
from matching.engine.assignment.roads import Roads

DM_PER_M = 10.0


@dataclass(frozen=True)
class Market:
    """Commuters with their pairs; values are in decimetres, as lengths are.

    Attributes
    ----------
    commuters : Commuters
        Sorted by key: the lower row wins a tie.
    options : Options
    pairs : Pairs
        Of the drivers looked at.
    driver_value, rider_value : float64[n]
        What a trip gains by its driver, and by a rider, before its length is taken off.
    direct_dm : int64[n]
        Of each person's own way.
    world : tuple
        For the kernels.
    """

    commuters: Commuters
    options: Options
    pairs: Pairs
    driver_value: Floats
    rider_value: Floats
    direct_dm: Int64
    world: tuple[Any, ...]

    def value(self, trips: Trips) -> Floats:
        """Return what each trip adds to the objective."""
        aboard = np.append(self.rider_value, 0.0)[trips.riders].sum(axis=1)
        return np.asarray(self.driver_value[trips.driver] + aboard - trips.length_dm)

    def first_prices(self) -> Floats:
        """Return prices to start from: half of what each rider saves."""
        return np.where(self.commuters.may_ride, 0.5 * self.rider_value, 0.0)

    def search(self, prices: Floats, slack_m: float, keep: int) -> tuple[Trips, Floats]:
        """Return the drivers' best trips at some prices, and prices that no trip can beat.

        The latter, summed up, are a bound of every assignment in which these drivers drive: a
        driver's price is raised by what their best trip is worth.
        """
        limits = (-slack_m * DM_PER_M, keep, self.options.most_riders, self.options.tries)
        own, gain = self.driver_value - prices, self.rider_value - prices
        trips, ceiling = best_trips(self.pairs, own, gain, limits, self.world)
        fair = prices.copy()
        fair[self.pairs.driver] += np.maximum(ceiling, 0.0)
        return trips, fair


def open_market(
    commuters: Commuters,
    roads: Roads,
    options: Options,
    drivers: Int64 | None = None,
    apart: Apart = NOBODY,
) -> Market:
    """Find all feasible pairs of some commuters, who come sorted by key.

    Parameters
    ----------
    commuters : Commuters
    roads : Roads
    options : Options
    drivers : int64[], optional
        Rows of those whose cars are looked at; by default everybody who may drive.
    apart : Apart, optional
        Who must not share a car.
    """
    direct = direct_ways(commuters, roads)
    people = kernel_people(commuters, direct)
    if drivers is None:
        drivers = np.flatnonzero(commuters.may_drive & (commuters.seats > 0))
    kept_apart = kernel_apart(commuters.key, apart)
    pairs = find_pairs(commuters, people, drivers, roads, options.boarding_ms)
    pairs = pairs.only(may_meet(pairs.driver, pairs.start, pairs.rider, kept_apart))
    at_stake = np.where(commuters.car, direct[1], 0) + DM_PER_M * commuters.share_favour_m
    cells = (roads.cells.of, roads.cells.ahead)
    return Market(
        commuters=commuters,
        options=options,
        pairs=pairs,
        driver_value=at_stake,
        rider_value=at_stake + DM_PER_M * commuters.ride_favour_m,
        direct_dm=direct[1],
        world=(people, options.boarding_ms, kernel_roads(roads), new_memory(), cells, kept_apart),
    )
