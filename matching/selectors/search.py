"""Search: the ranked, explained offers that one member is shown, and what a shown offer stands for.

The best rides are found (:mod:`matching.selectors.finding`), shown as this member may see them, and
signed, so that exactly what was shown can be booked. If they are few, near misses are added.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.core import signing

from accounts.models import Member
from carpool.kernel.geo import LonLat, from_point, walking_time
from maps.engine import RoadNetwork
from maps.models import Region
from maps.selectors import load_network
from matching.errors import OfferExpired
from matching.selectors.evaluation import (
    Found,
    Meeting,
    SearchQuery,
    to_ms,
    to_time,
)
from matching.selectors.finding import find_rides
from matching.selectors.near_misses import FEW_OFFERS, NearlyFound, NearMiss, find_near_misses
from rides.models import Ride
from rides.selectors import RideView, get_trip_region, list_views
from rides.services import TripEnd

MOST_OFFERS = 20
OFFER_VALID_FOR = timedelta(minutes=30)
_SALT = "matching.offer"
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
    query.check(now)
    region = get_trip_region(query.origin.location, query.destination.location, walk_m=query.walk_m)
    found, considered = find_rides(viewer, region, query, count=MOST_OFFERS, now=now)
    near: list[NearlyFound] = []
    if len(found) < FEW_OFFERS:
        fitting = {fits.ride.pk for fits in found}
        near = find_near_misses(viewer, query, region, fitting=fitting, now=now)
    shown = found[:MOST_OFFERS]
    ids = [one.ride.pk for one in (*shown, *(nearly.found for nearly in near))]
    views = {view.ride.pk: view for view in list_views(viewer, ids)}
    return SearchResult(
        query=query,
        region=region,
        offers=_to_offers(viewer, query, load_network(region), shown, views),
        rides_considered=considered,
        near_misses=[nearly.show(views[nearly.found.ride.pk]) for nearly in near],
    )


def _to_offers(
    viewer: Member,
    query: SearchQuery,
    network: RoadNetwork,
    found: Sequence[Found],
    views: Mapping[UUID, RideView],
) -> list[Offer]:
    return [
        Offer(
            view=views[f.ride.pk],
            pickup=f.pickup,
            dropoff=f.dropoff,
            detour_s=f.detour_s,
            shared_distance_m=_shared_m(network, f),
            cost_s=f.insertion.cost_s,
            token=sign_offer(viewer, query, f),
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


def sign_offer(viewer: Member, query: SearchQuery, found: Found) -> str:
    """Return a token with which the viewer, and nobody else, can book what was shown."""
    content = {
        "member": str(viewer.pk),
        "ride": str(found.ride.pk),
        "origin": [*query.origin.location, query.origin.label],
        "destination": [*query.destination.location, query.destination.label],
        "window": [to_ms(query.earliest_departure_at), to_ms(query.latest_arrival_at)],
        "arrive": query.arrive,
        "seats": query.seats,
        "walk_m": query.walk_m,
        "pickup": [*found.pickup.location, found.pickup.walk_m],
        "dropoff": [*found.dropoff.location, found.dropoff.walk_m],
        "pickup_at": found.insertion.pickup_ms,
    }
    return signing.dumps(content, salt=_SALT, compress=True)


@dataclass(frozen=True, slots=True)
class ShownOffer:
    """What a token stands for: the ride, the query, and the meeting points that were shown."""

    ride_id: UUID
    query: SearchQuery
    pickup: LonLat
    dropoff: LonLat
    shown_pickup_at: datetime


def read_offer(viewer: Member, token: str) -> ShownOffer:
    """Read a token.

    Raises:
        OfferExpired: too old, altered, or made for somebody else.
    """
    try:
        content = signing.loads(token, salt=_SALT, max_age=OFFER_VALID_FOR)
    except signing.BadSignature as error:
        raise OfferExpired(field="offer") from error
    if content["member"] != str(viewer.pk):
        raise OfferExpired(field="offer")
    *origin, origin_label = content["origin"]
    *destination, destination_label = content["destination"]
    earliest, latest = content["window"]
    query = SearchQuery(
        origin=TripEnd(LonLat(*origin), origin_label),
        destination=TripEnd(LonLat(*destination), destination_label),
        earliest_departure_at=to_time(earliest),
        latest_arrival_at=to_time(latest),
        seats=content["seats"],
        walk_m=content["walk_m"],
        arrive=content["arrive"],
    )
    return ShownOffer(
        ride_id=UUID(content["ride"]),
        query=query,
        pickup=LonLat(*content["pickup"][:2]),
        dropoff=LonLat(*content["dropoff"][:2]),
        shown_pickup_at=to_time(content["pickup_at"]),
    )
