"""Everything at once: split, solve, combine, and prove how good it is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from matching.engine.assignment.commuters import Commuters, Floats, Int64, Options
from matching.engine.assignment.market import DM_PER_M, open_market
from matching.engine.assignment.parts import split
from matching.engine.assignment.prices import improve_prices, join_trips
from matching.engine.assignment.pricing import Trips
from matching.engine.assignment.result import Assignment
from matching.engine.assignment.roads import Roads
from matching.engine.assignment.solve import NEAR, rows_of, solve, state

Spread = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]
DRIVERS_PER_SHARE = 1500
KEEP = 10
"""Trips of a driver that matter for the bound."""


def assign(
    commuters: Commuters,
    roads: Roads,
    options: Options | None = None,
    spread: Spread = map,
    worker: Callable[..., Any] | None = None,
) -> Assignment:
    """Decide who drives and who rides with whom.

    Parameters
    ----------
    commuters : Commuters
        Of one region, direction and day.
    roads : Roads
    options : Options, optional
    spread : callable
        ``spread(function, parts)`` returns the results in the order of the parts, as ``map`` does;
        a pool's ``map`` uses several processes.
    worker : callable, optional
        ``worker(function, part)`` calls ``function(part, roads, options)`` where the part is
        worked on; by default here, with this very network. A pool's workers open their own.

    Returns
    -------
    Assignment
        Every promise kept, nobody in two cars, and a bound of what is possible at all.

    Notes
    -----
    A single part that holds everybody is solved at once and its own bound stands.
    """
    options = options or Options()
    call = worker or (lambda function, part: function(part, roads, options))
    found: Assignment | None = None
    seconds: dict[str, float] = {}
    for sweep in range(max(1, options.sweeps)):
        clock = perf_counter()
        parts = split(commuters, roads, options, sweep, found)
        solved = list(spread(partial(call, solve), parts))
        found = combine(commuters, solved)
        seconds[f"sweep {sweep + 1}"] = perf_counter() - clock
        if len(parts) <= 1:
            return found
    assert found is not None
    clock = perf_counter()
    found = prove(commuters, found, roads, options, spread, call)
    seconds["bound"] = perf_counter() - clock
    return replace(found, seconds=seconds)


def combine(commuters: Commuters, solved: Sequence[Assignment]) -> Assignment:
    """Put parts together again.

    The bound is infinite when there are several parts: cars across parts were not looked at, so
    only :func:`prove` can tell. Prices are those of the parts.
    """
    prices = np.zeros(len(commuters))
    seconds: dict[str, float] = {}
    for part in solved:
        prices[rows_of(commuters, part.keys)] = part.prices_m
        for stage, took in part.seconds.items():
            seconds[stage] = seconds.get(stage, 0.0) + took
    bound = sum(part.bound_m for part in solved) if len(solved) < 2 else np.inf
    cars = [car for part in solved for car in part.cars]
    near = join_trips([part.trips for part in solved if part.trips is not None])
    return replace(state(commuters, cars, bound, prices, seconds), trips=near)


@dataclass(frozen=True, slots=True)
class Share:
    """Some drivers, among everybody whom they could carry, and the prices of all.

    ``slack_m`` is by how much a trip that is looked for may miss its price.
    """

    commuters: Commuters
    drivers: Int64
    prices_dm: Floats
    slack_m: float


def search_share(share: Share, roads: Roads, options: Options) -> tuple[Trips, Floats]:
    """Return the best trips of some drivers and by how much each beats the prices."""
    market = open_market(share.commuters, roads, options, share.drivers)
    trips, fair = market.search(share.prices_dm, share.slack_m, KEEP)
    return trips, (fair - share.prices_dm)[share.drivers]


def prove(
    commuters: Commuters,
    found: Assignment,
    roads: Roads,
    options: Options,
    spread: Spread = map,
    worker: Callable[..., Any] | None = None,
) -> Assignment:
    """Return the same cars with a bound that holds for everybody together.

    The prices of all parts are put side by side and each driver's best trip is looked for among
    *all* riders. What it is worth beyond its price is added to the bound; trips that are worth
    a lot better the prices for another search, as often as ``options.searches`` says.
    """
    call = worker or (lambda function, share: function(share, roads, options))
    order = np.argsort(commuters.key, kind="stable")
    everybody = commuters.take(order)
    drivers = np.flatnonzero(everybody.may_drive & (everybody.seats > 0))
    market = open_market(everybody, roads, options, drivers[:0])
    prices, best, bound = DM_PER_M * found.prices_m[order], found.prices_m[order], np.inf
    trips = _rows(everybody, found.trips)
    slack_m = 0.0 if len(trips.driver) else options.slack_m  # whatever bounds prices from below
    for turn in range(options.searches):
        pieces = np.array_split(drivers, max(1, -(-len(drivers) // DRIVERS_PER_SHARE)))
        shares = [Share(everybody, piece, prices, slack_m) for piece in pieces]
        searched = list(spread(partial(call, search_share), shares))
        fair = prices.copy()
        for share, (_, above) in zip(shares, searched, strict=True):
            fair[share.drivers] += above
        if fair.sum() < bound:
            best, bound = fair, float(fair.sum())
        trips = join_trips([trips, *(some for some, _ in searched)])
        if turn + 1 == options.searches:
            break
        prices, enough = improve_prices(best, trips, market.value(trips), options.steps)
        if bound - enough <= NEAR * bound:
            break
    back = np.empty(len(order))
    back[order] = best / DM_PER_M
    return replace(found, bound_m=bound / DM_PER_M, prices_m=back)


def _rows(commuters: Commuters, trips: Trips | None) -> Trips:
    """Return trips with rows of some commuters, sorted by key, instead of keys."""
    if trips is None:
        return join_trips([])
    rows = np.searchsorted(commuters.key, trips.riders)
    return Trips(
        np.searchsorted(commuters.key, trips.driver),
        np.where(trips.riders >= 0, rows, -1),
        trips.length_dm,
    )
