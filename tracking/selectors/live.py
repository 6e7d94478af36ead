"""Where the car is, for those who wait for it or sit in it; and when it is at their next stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from accounts.models import ConsentPurpose, Member
from carpool.kernel.geo import LonLat, from_point
from maps.errors import MapNotReady
from maps.selectors import load_network
from rides.models import Ride, Stop, StopKind
from rides.permissions import is_driver
from rides.selectors import get_ride_for
from tracking.errors import PositionHidden
from tracking.models import Trace
from tracking.permissions import sees_car, tells_a_door
from tracking.selectors.consents import agrees

INNER = {StopKind.PICKUP, StopKind.DROPOFF}
# Older positions say where the car was, not where it is.
STALE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class NextStop:
    """The stop that matters to the viewer, and when the car is there by the roads."""

    label: str
    kind: str
    planned_at: datetime
    expected_at: datetime


@dataclass(frozen=True, slots=True)
class Car:
    """Where a ride's car is; ``place`` is None while nobody says it, or it would tell a home."""

    driver_id: UUID
    place: LonLat | None = None
    located_at: datetime | None = None
    speed_mps: float | None = None
    next_stop: NextStop | None = None


def get_car(member: Member, ride_id: UUID, *, now: datetime) -> Car:
    """Return where a ride's car is, as this member may know it now.

    Raises:
        RideNotFound: the member may not see the ride.
        PositionHidden: they neither wait for the car nor sit in it, or it is not the time.
    """
    ride = get_ride_for(member, ride_id)
    stops = list(ride.stops.order_by("position"))
    if not sees_car(member, ride, list(ride.bookings.all()), stops, now):
        raise PositionHidden
    shared = Trace.objects.shared().filter(
        agrees(ConsentPurpose.LIVE_POSITION, who="member"), ride=ride, member=ride.driver_id
    )
    trace = shared.exclude(location=None).first()
    place = None if trace is None or trace.location is None else from_point(trace.location)
    if trace is None or place is None or not _may_be_shown(member, ride, trace, place, now):
        return Car(driver_id=ride.driver_id)
    return Car(
        driver_id=ride.driver_id,
        place=place,
        located_at=trace.located_at,
        speed_mps=trace.speed_mps,
        next_stop=_next_stop(member, ride, stops, place, trace.located_at or now),
    )


def _may_be_shown(member: Member, ride: Ride, trace: Trace, place: LonLat, now: datetime) -> bool:
    if trace.located_at is None or trace.located_at < now - STALE_AFTER:
        return False
    if is_driver(member, ride):
        return True
    if trace.shown_from is None or trace.located_at < trace.shown_from:
        return False
    return not tells_a_door(ride, place)


def _next_stop(
    member: Member, ride: Ride, stops: Sequence[Stop], place: LonLat, located_at: datetime
) -> NextStop | None:
    """Return the viewer's next stop with when the car is there, all stops before it included."""
    mine = {one.pk for one in ride.bookings.all() if one.rider_id == member.pk}
    ahead = [stop for stop in stops if stop.kind in INNER and stop.visited_at is None]
    wanted = next((s for s in ahead if is_driver(member, ride) or s.booking_id in mine), None)
    if wanted is None:
        return None
    before = ahead[: ahead.index(wanted) + 1]
    try:
        expected_at = _expected_at(ride, before, place, located_at)
    except MapNotReady:
        return None
    return NextStop(wanted.label, wanted.kind, wanted.planned_at, expected_at)


def _expected_at(
    ride: Ride, stops: Sequence[Stop], place: LonLat, located_at: datetime
) -> datetime:
    """Drive from where the car is over each stop by the road network; at a pick-up it waits."""
    network = load_network(ride.region)
    way = np.array([place, *(from_point(stop.location) for stop in stops)])
    nodes = network.nearest_nodes(way[:, 0], way[:, 1])
    at = located_at
    for stop, start, end in zip(stops, nodes[:-1], nodes[1:], strict=True):
        took_ms = int(network.durations_ms(start, end)[0, 0])
        at = max(at + timedelta(milliseconds=took_ms), stop.earliest_at or at)
    return at
