"""Reads about rides; each begins with the member who asks, and shows what they may see."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.contrib.gis.geos import LineString
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Member
from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import (
    LonLat,
    coarse_cell,
    crow_fly_m,
    from_point,
    to_point,
    trim_line,
)
from maps.models import Region
from maps.selectors import load_network, region_at, region_of_both, snap
from rides.errors import BookingNotFound, RequestNotFound, RideNotFound, TooClose
from rides.models import Booking, Ride, RideRequest, Stop, StopKind
from rides.models.requests import RequestQuerySet
from rides.models.rides import RideQuerySet
from rides.permissions import DISCLOSED, Datum, is_driver, stage_between, travels_along
from rides.selectors.reliability import UNKNOWN, Reliability, known_reliability

INNER = {StopKind.PICKUP, StopKind.DROPOFF}
# Everybody walks this far to a road, see maps.engine.meeting.
ALWAYS_WALKED_M = 150.0
# Below this nobody needs a car.
LEAST_TRIP_M = 300.0


@dataclass(frozen=True, slots=True)
class RideView:
    """A ride as one member may see it: from door to door for its driver, else between thresholds.

    The places of private ends are the middles of the thresholds' 500 m cells.
    """

    ride: Ride
    viewer: Member
    is_driver: bool
    is_aboard: bool
    my_booking: Booking | None
    origin: LonLat
    origin_label: str
    destination: LonLat
    destination_label: str
    departure_at: datetime
    arrival_at: datetime
    route: LineString | None
    distance_m: int
    stops: list[Stop]
    bookings: list[Booking]
    seats_left: int
    known: Mapping[UUID, Reliability] = field(default_factory=dict)

    def partner_of(self, person: Member) -> str | None:
        """Return the name of somebody's organization, unless it is the viewer's own."""
        is_colleague = person.organization_id == self.viewer.organization_id
        return None if is_colleague else person.organization.name

    @property
    def sees_people(self) -> bool:
        """Driver and confirmed riders know each other's names and cars."""
        return self.tells(Datum.FULL_NAME, of=self.ride.driver)

    @property
    def sees_drivers_phone(self) -> bool:
        """Confirmed riders may call until the ride is over."""
        return self.tells(Datum.PHONE, of=self.ride.driver)

    @property
    def drivers_reliability(self) -> Reliability:
        """How surely one can count on the driver."""
        return self.known.get(self.ride.driver_id, UNKNOWN)

    def reliability_of(self, booking: Booking) -> Reliability | None:
        """Return how surely one can count on a rider: for the driver, who decides about them."""
        return self.known.get(booking.rider_id, UNKNOWN) if self.is_driver else None

    def tells(self, datum: Datum, *, of: Member) -> bool:
        """Tell whether the viewer may know something of a person of this ride."""
        if of.pk == self.viewer.pk:
            return True
        return datum in DISCLOSED[stage_between(self.viewer, of, self.ride, self.bookings)]


def get_trip_region(origin: LonLat, destination: LonLat, *, walk_m: float | None = None) -> Region:
    """Return the region in which both ends of a trip lie.

    With ``walk_m``, cars can come near enough to both ends for somebody who walks that far.

    Raises:
        OutsideMap: an end lies in no region (names ``origin`` or ``destination``).
        OffNetwork: an end is too far from any road (names it).
        InvalidInput: the ends lie in different regions.
        TooClose: there is nothing to drive.
    """
    region = region_of_both(origin, destination)
    if region is None:
        region_at(origin, field="origin")
        region_at(destination, field="destination")
        raise InvalidInput(_("Start and destination lie on different maps."), field="destination")
    if crow_fly_m(origin, destination) < LEAST_TRIP_M:
        raise TooClose(field="destination")
    if walk_m is not None:
        network, most_m = load_network(region), max(walk_m, ALWAYS_WALKED_M)
        snap(network, origin, field="origin", max_m=most_m)
        snap(network, destination, field="destination", max_m=most_m)
    return region


def with_everything(rides: RideQuerySet) -> QuerySet[Ride]:
    """Load all that :func:`as_seen_by` shows, in three queries."""
    bookings = Booking.objects.select_related("rider__user", "rider__organization")  # by pick-up
    stops = Stop.objects.select_related("booking", "booking__rider").order_by("position")
    return (
        rides.with_avoided()
        .select_related("organization", "driver__user", "driver__organization", "car")
        .defer("reach")
        .prefetch_related(
            Prefetch("bookings", queryset=bookings), Prefetch("stops", queryset=stops)
        )
    )


def get_ride_for(member: Member, ride_id: UUID, *, lock: bool = False) -> Ride:
    """Return a ride that the member may see.

    Raises:
        RideNotFound: it does not exist, or belongs to another organization.
    """
    rides = Ride.objects.visible_to(member).filter(pk=ride_id)
    ride = (lock_rows(rides) if lock else rides).first()
    if ride is None:
        raise RideNotFound
    return ride


def lock_rows(rides: QuerySet[Ride]) -> QuerySet[Ride]:
    """Lock the rides; everything that changes seats or stops goes through here."""
    return rides.select_for_update(no_key=True, of=("self",))


def view_ride(member: Member, ride_id: UUID) -> RideView:
    """Return a ride as the member may see it, in four queries whatever its size.

    Raises:
        RideNotFound: as in :func:`get_ride_for`.
    """
    rides = with_everything(Ride.objects.visible_to(member)).select_related("region")
    ride = rides.defer("reach", "region__boundary").filter(pk=ride_id).first()
    if ride is None:
        raise RideNotFound
    return as_seen_by(member, ride)


def view_ride_and_people(member: Member, ride_id: UUID, *, now: datetime) -> RideView:
    """Return the same with how surely one can count on its people, in one query more.

    Raises:
        RideNotFound: as in :func:`get_ride_for`.
    """
    view = view_ride(member, ride_id)
    people = {view.ride.driver_id}
    if view.is_driver:
        people |= {booking.rider_id for booking in view.bookings}
    return replace(view, known=known_reliability(people, now=now))


def list_views(member: Member, ride_ids: Sequence[UUID], *, now: datetime) -> list[RideView]:
    """Return several rides as the member may see them, in the order of the ids."""
    rides = {
        ride.pk: ride
        for ride in with_everything(Ride.objects.visible_to(member).filter(pk__in=ride_ids))
    }
    known = known_reliability({ride.driver_id for ride in rides.values()}, now=now)
    return [as_seen_by(member, rides[pk], known=known) for pk in ride_ids if pk in rides]


def as_seen_by(
    member: Member, ride: Ride, *, known: Mapping[UUID, Reliability] | None = None
) -> RideView:
    """Show a fully loaded ride to a member, with what is known of some people."""
    bookings = list(ride.bookings.all())
    _tell_stops(ride, bookings)
    driver, aboard = is_driver(member, ride), travels_along(member, bookings)
    held = [b for b in bookings if b.state != "cancelled"]
    mine = next((b for b in reversed(held) if b.rider_id == member.pk), None)
    stops = between_doors(ride) if driver else between_thresholds(ride)
    stops = [_as_told(member, stop, ride, bookings) for stop in stops]
    origin, destination = from_point(stops[0].location), from_point(stops[-1].location)
    return RideView(
        ride=ride,
        viewer=member,
        is_driver=driver,
        is_aboard=aboard,
        my_booking=mine or next((b for b in bookings if b.rider_id == member.pk), None),
        origin=from_point(ride.origin) if driver else origin,
        origin_label=stops[0].label,
        destination=from_point(ride.destination) if driver else destination,
        destination_label=stops[-1].label,
        departure_at=stops[0].planned_at,
        arrival_at=stops[-1].planned_at,
        route=ride.route if driver else drawn_route(ride),
        distance_m=ride.distance_m - (0 if driver else sum(door_legs_m(ride))),
        stops=stops if driver or aboard else [s for s in stops if _own_stop(member, s)],
        bookings=held if driver or aboard else [b for b in held if b.rider_id == member.pk],
        seats_left=ride.seats_offered - max((stop.seats_after for stop in stops), default=0),
        known=known or {},
    )


def _tell_stops(ride: Ride, bookings: Sequence[Booking]) -> None:
    """Let each stop know its booking, which is loaded already."""
    by_id = {booking.pk: booking for booking in bookings}
    for stop in ride.stops.all():
        if stop.booking_id is not None:
            stop.booking = by_id[stop.booking_id]


def _own_stop(member: Member, stop: Stop) -> bool:
    return stop.booking is not None and stop.booking.rider_id == member.pk


def _as_told(member: Member, stop: Stop, ride: Ride, bookings: Sequence[Booking]) -> Stop:
    """Show where somebody else got in or out as a street, once the ride is over."""
    if stop.booking is None or stop.booking.rider_id == member.pk:
        return stop
    stage = stage_between(member, stop.booking.rider, ride, bookings)
    if Datum.MEETING_POINT in DISCLOSED[stage]:
        return stop
    shown = copy(stop)
    shown.location = to_point(coarse_cell(from_point(stop.location)))
    return shown


def between_doors(ride: Ride) -> list[Stop]:
    """Return the stops as the driver knows them: the thresholds are no stops of theirs."""
    stops = list(ride.stops.all())
    shown = [stop for stop in stops if stop.kind in INNER]
    return [
        _renamed(stops[0], StopKind.ORIGIN, ride.origin_label),
        *shown,
        _renamed(stops[-1], StopKind.DESTINATION, ride.destination_label),
    ]


def between_thresholds(ride: Ride) -> list[Stop]:
    """Return the stops as everybody else may know them: nobody stops at a door."""
    ends = {
        StopKind.ORIGIN: (ride.origin_public, ride.origin_label, ride.origin_area),
        StopKind.DESTINATION: (
            ride.destination_public,
            ride.destination_label,
            ride.destination_area,
        ),
    }
    shown = []
    for stop in ride.stops.all():
        kind = StopKind(stop.kind)
        if kind in INNER:
            shown.append(stop)
        elif kind in ends:
            is_public, label, area = ends[kind]
            shown.append(_renamed(stop, kind, label if is_public else area))
            if not is_public:
                shown[-1].location = to_point(coarse_cell(from_point(stop.location)))
    return shown


def _renamed(stop: Stop, kind: StopKind, label: str) -> Stop:
    shown = copy(stop)
    shown.kind, shown.label = kind, label
    return shown


def door_legs_m(ride: Ride) -> tuple[int, int]:
    """Return the metres that only the driver knows of: from their door, and to it."""
    stops = list(ride.stops.all())
    first = stops[1].leg_distance_m if stops[0].kind == StopKind.DOOR else 0
    return first, stops[-1].leg_distance_m if stops[-1].kind == StopKind.DOOR else 0


def drawn_route(ride: Ride) -> LineString | None:
    """Return a ride's way between its thresholds; None where a private end has none.

    Such are rides from before there were thresholds.
    """
    stops = list(ride.stops.all())
    ends = ((ride.origin_public, stops[0]), (ride.destination_public, stops[-1]))
    if any(not is_public and stop.kind != StopKind.DOOR for is_public, stop in ends):
        return None
    start_m, end_m = door_legs_m(ride)
    if not start_m and not end_m:
        return ride.route
    return trim_line(ride.route, start_m=float(start_m), end_m=float(end_m))


def list_rides(member: Member) -> QuerySet[Ride]:
    """List the rides that a member drives."""
    return with_everything(Ride.objects.visible_to(member).filter(driver=member))


def list_colleagues_rides(member: Member, *, now: datetime) -> QuerySet[Ride]:
    """List bookable rides of colleagues."""
    rides = Ride.objects.visible_to(member).bookable(now).exclude(driver=member)
    return with_everything(rides)


def list_bookings(member: Member) -> QuerySet[Booking]:
    """List the bookings that a member made."""
    return Booking.objects.filter(rider=member).select_related(
        "rider", "ride", "ride__driver", "ride__driver__user", "ride__car", "ride__organization"
    )


def get_booking_for(member: Member, booking_id: UUID, *, lock: bool = False) -> Booking:
    """Return a booking of the member's own, or for a ride they drive.

    Raises:
        BookingNotFound: it is neither, or does not exist.
    """
    bookings = (
        Booking.objects.visible_to(member)
        .filter(pk=booking_id)
        .select_related(
            "rider", "ride", "ride__driver", "ride__driver__user", "ride__car", "ride__organization"
        )
    )
    if lock:
        bookings = bookings.select_for_update(no_key=True, of=("self",))
    booking = bookings.first()
    if booking is None:
        raise BookingNotFound
    return booking


def get_own_booking(member: Member, booking_id: UUID) -> Booking:
    """Return one of the bookings that a member made themselves.

    Raises:
        BookingNotFound: it is not theirs: a driver never sees where a rider lives.
    """
    booking = list_bookings(member).filter(pk=booking_id).first()
    if booking is None:
        raise BookingNotFound
    return booking


def list_requests(member: Member) -> RequestQuerySet:
    """List a member's own standing requests."""
    return RideRequest.objects.visible_to(member).select_related("rider", "rider__organization")


def get_request_for(member: Member, request_id: UUID, *, lock: bool = False) -> RideRequest:
    """Return one of the member's own requests.

    Raises:
        RequestNotFound: it is not theirs, or does not exist.
    """
    requests = RideRequest.objects.visible_to(member).filter(pk=request_id)
    if lock:
        requests = requests.select_for_update(no_key=True, of=("self",))
    request = requests.select_related("rider", "rider__organization", "region").first()
    if request is None:
        raise RequestNotFound
    return request
