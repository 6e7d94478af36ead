"""Search: the ranked, explained offers that one member is shown.

The best rides are found (:mod:`matching.selectors.finding`), shown as this member may see them, and
signed, so that exactly what was shown can be booked. If they are few, near misses are added.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import numpy as np

from accounts.models import Member
from accounts.selectors import avoided_circles
from carpool.kernel.geo import from_point, walking_time
from carpool.kernel.money import Money
from maps.engine import RoadNetwork
from maps.models import Region
from maps.selectors import load_network
from matching.selectors.arrays import SearchQuery
from matching.selectors.evaluation import CostParts, Found, Meeting, evaluate
from matching.selectors.finding import find_rides
from matching.selectors.matches import query_of
from matching.selectors.near_misses import FEW_OFFERS, NearlyFound, NearMiss, find_near_misses
from matching.selectors.ranking import get_ranking
from matching.selectors.shown import seal_offer
from rides.models import Ride
from rides.selectors import (
    Reliability,
    RideView,
    as_seen_by,
    get_request_for,
    get_trip_region,
    list_offers_to,
    list_views,
    with_everything,
)

MOST_OFFERS = 20
# What an average car in use emits per kilometre driven (tank to wheel).
# Source: European Environment Agency, average of the passenger car fleet, rounded.
CO2_G_PER_KM = 150


@dataclass(frozen=True, slots=True)
class Offer:
    """A ranked offer. ``view`` shows the ride as the asking member may see it."""

    view: RideView
    pickup: Meeting
    dropoff: Meeting
    detour_s: int
    shared_distance_m: int
    cost_s: float
    costs: CostParts
    price: Money | None
    reliability: Reliability
    token: str

    @property
    def ride(self) -> Ride:
        """The ride that is offered."""
        return self.view.ride

    @property
    def saved_co2_g(self) -> int:
        """CO2 that the rider's own car would have emitted over the shared way."""
        return round(self.shared_distance_m / 1000 * CO2_G_PER_KM)

    @property
    def rider_duration_s(self) -> int:
        """Seconds from door to door, walks included."""
        walks = walking_time(self.pickup.walk_m + self.dropoff.walk_m)
        return round((self.dropoff.at - self.pickup.at + walks).total_seconds())


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Offers, best first, and how many rides were looked at to find them.

    ``near_misses`` is empty when there are :data:`FEW_OFFERS` or more.
    """

    query: SearchQuery
    region: Region
    offers: list[Offer]
    rides_considered: int
    near_misses: list[NearMiss]


def search(viewer: Member, query: SearchQuery, *, now: datetime) -> SearchResult:
    """Find the rides that serve a query, best first.

    Raises:
        OutsideMap, OffNetwork, TooClose: an end is not on the map (names it).
        ArrivalBeforeDeparture, InThePast, SeatsOutOfRange, InvalidInput: names the field.
    """
    query.check(now, most_walk_m=viewer.organization.policy.most_walk_m)
    query = replace(query, avoided=avoided_circles(viewer))
    region = get_trip_region(query.origin.location, query.destination.location, walk_m=query.walk_m)
    ranking = get_ranking(viewer.organization)
    found, considered = find_rides(
        viewer, region, query, count=MOST_OFFERS, now=now, ranking=ranking, load=with_everything
    )
    near: list[NearlyFound] = []
    if len(found) < FEW_OFFERS:
        fitting = {fits.ride.pk for fits in found}
        near = find_near_misses(viewer, query, region, fitting=fitting, ranking=ranking, now=now)
    missed = list_views(viewer, [nearly.found.ride.pk for nearly in near], now=now) if near else []
    views = {view.ride.pk: view for view in missed}
    return SearchResult(
        query=query,
        region=region,
        offers=_to_offers(viewer, query, load_network(region), found),
        rides_considered=considered,
        near_misses=[nearly.show(views[nearly.found.ride.pk]) for nearly in near],
    )


def list_answers(viewer: Member, request_id: UUID, *, now: datetime) -> list[Offer]:
    """Return the rides that drivers offered to one's own request, to be compared, best first.

    What no longer fits is left out.

    Raises:
        RequestNotFound: it is not theirs, or does not exist.
    """
    request = get_request_for(viewer, request_id)
    query, region = query_of(request), request.region
    offered = list_offers_to(viewer, request_id)
    rides = Ride.objects.visible_to(viewer).bookable(now).filter(pk__in=offered)
    loaded = list(with_everything(rides))
    ranking = get_ranking(viewer.organization).knowing(loaded, now=now)
    found = evaluate(loaded, region, query, ranking=ranking)
    return _to_offers(viewer, query, load_network(region), found)


def _to_offers(
    viewer: Member,
    query: SearchQuery,
    network: RoadNetwork,
    found: Sequence[Found],
) -> list[Offer]:
    return [
        Offer(
            view=as_seen_by(viewer, f.ride, known={f.ride.driver_id: f.reliability}),
            pickup=f.pickup,
            dropoff=f.dropoff,
            detour_s=f.detour_s,
            shared_distance_m=_shared_m(network, f),
            cost_s=f.insertion.cost_s,
            costs=f.costs,
            price=f.price,
            reliability=f.reliability,
            token=seal_offer(viewer, query, f),
        )
        for f in found
    ]


def _shared_m(network: RoadNetwork, found: Found) -> int:
    """Return the metres that the rider spends aboard."""
    stops = list(found.ride.stops.all())
    first, last = found.insertion.pickup_after, found.insertion.dropoff_after
    places = [found.pickup.location]
    places += [from_point(stop.location) for stop in stops[first + 1 : last + 1]]
    places.append(found.dropoff.location)
    nodes = network.nearest_nodes(
        np.array([place.lon for place in places]), np.array([place.lat for place in places])
    )
    return round(float(network.route([int(node) for node in nodes]).distance_m))
