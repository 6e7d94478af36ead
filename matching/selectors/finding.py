"""The rides that serve a query: proposed by the index in memory, decided on the database's rows.

The index knows a ride's stops, times and seats, and returns the cheapest insertions without missing
one. It knows neither the driver's limit in metres nor how reliable they are, nor who asks. So the
rides it proposes are read from the database as the asking member may see them, and evaluated again.
What that says is what counts: it may drop a ride or find it dearer, never cheaper. So as soon as
enough rides cost no more than the last one proposed, nothing that was not proposed can be among
them; until then, more are asked for.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias

import numpy as np
from django.db.models import QuerySet

from accounts.models import Member
from accounts.selectors import visible_organization_ids
from carpool.kernel.tenancy import keys_of
from maps.models import Region
from matching.engine.supply import Placement
from matching.selectors.arrays import route_request
from matching.selectors.candidates import candidate_rides, with_stops
from matching.selectors.evaluation import Found, evaluate, places_to_meet
from matching.selectors.ranking import Ranking
from matching.selectors.supply import LiveSupply, live_supply
from rides.models import Ride
from rides.models.rides import RideQuerySet
from rides.services import RequestTerms

Load: TypeAlias = Callable[[RideQuerySet], QuerySet[Ride]]

# So many more are asked for than wanted: the member's own rides, and the odd one that drops out.
SPARE = 4


def find_rides(
    viewer: Member,
    region: Region,
    query: RequestTerms,
    *,
    count: int,
    now: datetime,
    ranking: Ranking,
    load: Load = with_stops,
) -> tuple[list[Found], int]:
    """Return the ``count`` best rides that serve a query, and how many came near at all.

    If there are fewer than ``count``, these are all. ``ranking`` says what is best, ``load`` what
    to load with the rides, their stops at least. While this process still fills its index, PostGIS
    narrows the rides down.
    """
    supply = live_supply(region, now)
    if supply is None:
        near = keys_of(candidate_rides(viewer, region, query, now=now))
        rides = list(load(Ride.objects.filter(pk__in=near)))
        known = ranking.knowing(rides, now=now)
        return evaluate(rides, region, query, ranking=known)[:count], len(rides)
    read = partial(_read, supply, viewer, region, load, now)
    return _find_in(supply, viewer, region, query, count, ranking, read, now)


def _find_in(
    supply: LiveSupply,
    viewer: Member,
    region: Region,
    query: RequestTerms,
    count: int,
    ranking: Ranking,
    read: Callable[[Sequence[Placement]], list[Ride]],
    now: datetime,
) -> tuple[list[Found], int]:
    pickups, dropoffs = places_to_meet(region, query)
    if not (len(pickups) and len(dropoffs)):
        return [], 0
    fares = ranking.fares(region, pickups, dropoffs, seats=query.seats)
    request = route_request(
        query, pickups, dropoffs, 1000 * viewer.organization.policy.boarding_s, fares.price_ms
    )
    asked = count + SPARE
    while True:
        proposed, counts = supply.search(
            request, asked, weights=ranking.weights, organizations=visible_organization_ids(viewer)
        )
        rides = read(proposed)
        known = ranking.knowing(rides, now=now)
        found = evaluate(rides, region, query, ranking=known)
        if len(proposed) < asked or _is_certain(found, proposed, count):
            return found[:count], counts.bounded
        asked *= 4


def _is_certain(found: Sequence[Found], proposed: Sequence[Placement], count: int) -> bool:
    """Tell whether no ride that was not proposed can be among the ``count`` best."""
    last = proposed[-1].insertion.cost_s
    return len(found) >= count and found[count - 1].insertion.cost_s <= last


def _read(
    supply: LiveSupply,
    viewer: Member,
    region: Region,
    load: Load,
    now: datetime,
    proposed: Sequence[Placement],
) -> list[Ride]:
    """Read the proposed rides that the viewer may book now."""
    numbers = [placement.key for placement in proposed]
    if not numbers:
        return []
    # All of them: a ride that is hidden from this viewer must stay in the index for the others.
    there = Ride.objects.marking_visible_to(viewer).filter(region=region, number__in=numbers)
    rides = list(load(there))
    if gone := set(numbers) - {ride.number for ride in rides}:
        supply.forget(np.array(sorted(gone), np.int64))
    return [
        ride
        for ride in rides
        if ride.is_visible and ride.driver_id != viewer.pk and ride.is_bookable_at(now)
    ]
