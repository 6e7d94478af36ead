"""People who look for a ride along a driver's way.

Nothing here depends on where they live but the middles of 500 m cells: the rider's ends are
replaced by them before anything is computed, so that neither what is shown, nor whether somebody is
shown at all, tells a driver more, however many rides they offer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from accounts.models import Member
from accounts.selectors import get_site_near
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import LonLat, coarse_cell, from_point, to_point
from maps.models import Region
from maps.selectors import describe_place
from matching.selectors.arrays import SearchQuery
from matching.selectors.candidates import with_stops
from matching.selectors.evaluation import Found, Meeting, evaluate
from rides.models import Ride, RideRequest
from rides.selectors import (
    UNKNOWN,
    Reliability,
    known_answers,
    known_reliability,
    list_sought_rides,
)
from rides.services import TripEnd
from rides.services.thresholds import PUBLIC_WITHIN_M

# From the middle of a cell of 500 m to its corner.
CELL_M = 354
MOST_RIDES, MOST_REQUESTS, MOST_TRIED = 60, 200, 120
AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Fit:
    """A ride of the driver's with which they could take somebody along; about, not exactly."""

    ride: Ride
    pickup: Meeting
    dropoff: Meeting
    detour_s: int
    offer_id: UUID | None


@dataclass(frozen=True, slots=True)
class Sought:
    """A ride that somebody looks for, as a driver may see it."""

    request_id: UUID
    first_name: str
    origin: LonLat
    origin_area: str
    destination: LonLat
    destination_area: str
    earliest_departure_at: datetime
    latest_arrival_at: datetime
    seats: int
    known: Reliability
    fits: list[Fit]


def list_sought_along(driver: Member, *, now: datetime) -> list[Sought]:
    """Return who looks for a ride along the rides that a driver has published, soonest first."""
    rides = _rides_ahead(driver, now)
    if not rides:
        return []
    until = max(ride.arrive_latest_at for ride in rides)
    wanted = list_sought_rides(driver, now=now).filter(earliest_departure_at__lt=until)
    offered = known_answers(driver)
    matched, tried = [], 0
    for request in wanted.select_related("rider__organization", "region")[:MOST_REQUESTS]:
        query = coarse_query(driver, request)
        near = [ride for ride in rides if _may_serve(ride, request, query)]
        tried += len(near)
        found = _evaluate(near[:MOST_TRIED], request.region, query)
        if found:
            matched.append((request, query, found))
        if tried > MOST_TRIED:
            break
    known = known_reliability({request.rider_id for request, _query, _found in matched}, now=now)
    return [
        _show(request, query, found, offered, known.get(request.rider_id, UNKNOWN))
        for request, query, found in matched
    ]


def fits_about(driver: Member, ride: Ride, request: RideRequest) -> bool:
    """Tell whether a ride passes near enough to somebody's cells, in time and with seats."""
    query = coarse_query(driver, request)
    loaded = with_stops(Ride.objects.filter(pk=ride.pk)).select_related("region").get()
    return bool(_evaluate([loaded], request.region, query))


def coarse_query(driver: Member, request: RideRequest) -> SearchQuery:
    """Return what somebody looks for, from cell to cell; at a site, which is public, from there."""
    ends = []
    for point in (request.origin, request.destination):
        place = from_point(point)
        site = get_site_near(driver, place, within_m=PUBLIC_WITHIN_M)
        shown = from_point(site.meeting_point) if site else coarse_cell(place)
        name = site.name if site else describe_place(request.region, shown)
        ends.append(TripEnd(shown, name))
    return SearchQuery(
        origin=ends[0],
        destination=ends[1],
        earliest_departure_at=request.earliest_departure_at,
        latest_arrival_at=request.latest_arrival_at,
        seats=request.seats,
        walk_m=request.walk_m + CELL_M,
    )


def _rides_ahead(driver: Member, now: datetime) -> list[Ride]:
    rides = Ride.objects.filter(driver=driver, departure_at__lt=now + AHEAD).bookable(now)
    return list(with_stops(rides.select_related("region")).order_by("departure_at")[:MOST_RIDES])


def _may_serve(ride: Ride, request: RideRequest, query: SearchQuery) -> bool:
    """Tell whether it is worth computing: same map, times that overlap, both ends in reach."""
    if ride.region_id != request.region_id or ride.seats_offered < request.seats:
        return False
    if not (
        ride.departure_at < request.latest_arrival_at
        and request.earliest_departure_at < ride.arrive_latest_at
    ):
        return False
    ends = (query.origin.location, query.destination.location)
    return all(ride.reach.distance(to_point(end)) < REACH_SLACK for end in ends)


# Who walks to the car may live beyond its reach; in degrees of latitude, 3 km.
REACH_SLACK = 3_000 / 111_195


def _evaluate(rides: Sequence[Ride], region: Region, query: SearchQuery) -> list[Found]:
    try:
        return evaluate(rides, region, query) if rides else []
    except DomainError:  # the middle of a cell may lie far from every road
        return []


def _show(
    request: RideRequest,
    query: SearchQuery,
    found: Sequence[Found],
    offered: dict[tuple[UUID, UUID], UUID],
    known: Reliability,
) -> Sought:
    return Sought(
        request_id=request.pk,
        first_name=request.rider.first_name,
        origin=query.origin.location,
        origin_area=query.origin.label,
        destination=query.destination.location,
        destination_area=query.destination.label,
        earliest_departure_at=request.earliest_departure_at,
        latest_arrival_at=request.latest_arrival_at,
        seats=request.seats,
        known=known,
        fits=[
            Fit(
                ride=one.ride,
                pickup=one.pickup,
                dropoff=one.dropoff,
                detour_s=one.detour_s,
                offer_id=offered.get((request.pk, one.ride.pk)),
            )
            for one in sorted(found, key=lambda fit: fit.ride.departure_at)[:3]
        ],
    )
