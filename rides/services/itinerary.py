"""The itinerary of a ride: in which order the car stops, when, with how many aboard.

In words: the car leaves its first stop at the departure. It drives to the next stop; from and to a
door that counts as a fixed time. At a pick-up it
waits until the time it promised, if it is early. Getting in or out takes the organization's
boarding time; at the kerb of an instant ride one gets in before it leaves. An itinerary is valid
when no stop is planned later than promised and no leg carries more people than seats.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from django.contrib.gis.geos import LineString

from carpool.kernel.geo import METRES_PER_DEGREE, LonLat, from_point, to_line, to_point
from maps.engine import RoadNetwork, Route
from maps.selectors import load_network
from rides.errors import RideChanged, SeatsExhausted
from rides.models import Booking, Ride, Stop, StopKind
from rides.services.thresholds import DOOR_TIME

_DRAWN_WITHIN = 2 / METRES_PER_DEGREE  # degrees of latitude; of longitude, fewer metres still


@dataclass(frozen=True, slots=True)
class Call:
    """One stop of an itinerary before it has a time: where, for whom, between which times."""

    kind: StopKind
    location: LonLat
    label: str
    seats: int
    booking: Booking | None
    earliest_at: datetime | None
    latest_at: datetime
    stop: Stop | None = None


@dataclass(frozen=True, slots=True)
class Itinerary:
    """Calls with their times, in order, and the road between them."""

    calls: tuple[Call, ...]
    planned_at: tuple[datetime, ...]
    seats_after: tuple[int, ...]
    leg_distances_m: tuple[int, ...]
    leg_durations_ms: tuple[int, ...]
    route: LineString

    @property
    def distance_m(self) -> int:
        """Metres from origin to destination."""
        return sum(self.leg_distances_m)


def calls_of(ride: Ride) -> list[Call]:
    """Return a ride's stops as calls, in order."""
    return [
        Call(
            kind=StopKind(stop.kind),
            location=from_point(stop.location),
            label=stop.label,
            seats=_seats_change(stop),
            booking=stop.booking,
            earliest_at=stop.earliest_at,
            latest_at=stop.latest_at,
            stop=stop,
        )
        for stop in ride.stops.select_related("booking").order_by("position")
    ]


def _seats_change(stop: Stop) -> int:
    if stop.booking is None:
        return 0
    return stop.booking.seats if stop.kind == StopKind.PICKUP else -stop.booking.seats


def plan(ride: Ride, calls: Sequence[Call]) -> Itinerary:
    """Drive through the calls and return when the car is where; promises are not checked."""
    network = load_network(ride.region)
    route = drive(network, calls)
    boarding = timedelta(seconds=ride.organization.policy.boarding_s)
    legs_ms = count_legs_ms(calls, route)
    planned, seats, aboard, at = [], [], 0, ride.departure_at
    for call, leg_ms in zip(calls, legs_ms, strict=True):
        at += timedelta(milliseconds=leg_ms)
        if call.earliest_at is not None:
            at = max(at, call.earliest_at)
        planned.append(at)
        aboard += call.seats
        seats.append(aboard)
        if call.kind == StopKind.DROPOFF or (call.kind == StopKind.PICKUP and not ride.is_instant):
            at += boarding
    return Itinerary(
        calls=tuple(calls),
        planned_at=tuple(planned),
        seats_after=tuple(seats),
        leg_distances_m=(0, *(round(float(leg)) for leg in route.leg_distances_m)),
        leg_durations_ms=legs_ms,
        route=_line(route.geometry),
    )


def count_legs_ms(calls: Sequence[Call], route: Route) -> tuple[int, ...]:
    """Return the time to each call from the one before; a door's own way is not told by it."""
    driven = [int(leg) for leg in route.leg_durations_ms]
    for i, (start, end) in enumerate(pairwise(calls)):
        if StopKind.DOOR in {start.kind, end.kind}:
            driven[i] = max(driven[i], DOOR_TIME // timedelta(milliseconds=1))
    return (0, *driven)


def drive(network: RoadNetwork, calls: Sequence[Call]) -> Route:
    """Return the fastest way through the calls."""
    return network.route(_nodes(network, calls))


def _nodes(network: RoadNetwork, calls: Sequence[Call]) -> list[int]:
    lon = np.array([call.location.lon for call in calls])
    lat = np.array([call.location.lat for call in calls])
    return [int(node) for node in network.nearest_nodes(lon, lat)]


def _line(geometry: npt.NDArray[np.float64]) -> LineString:
    """Return the way as it is drawn: never more than two metres off, with a third of the points."""
    if len(geometry) < 2:
        return to_line(np.repeat(geometry, 2, axis=0))
    drawn = shapely.simplify(shapely.linestrings(geometry), _DRAWN_WITHIN, preserve_topology=False)
    return to_line(shapely.get_coordinates(drawn))


def check(ride: Ride, itinerary: Itinerary) -> None:
    """Make sure that an itinerary keeps every promise.

    Raises:
        SeatsExhausted: a leg would carry more people than seats.
        RideChanged: a stop would be reached later than promised, or the detour in metres broken.
    """
    if max(itinerary.seats_after) > ride.seats_offered:
        raise SeatsExhausted
    late = any(
        at > call.latest_at for at, call in zip(itinerary.planned_at, itinerary.calls, strict=True)
    )
    too_long = (
        ride.detour_m is not None
        and itinerary.distance_m > ride.solo_distance_m + ride.detour_m + len(itinerary.calls)
    )
    if late or too_long:
        raise RideChanged


def save(ride: Ride, itinerary: Itinerary) -> None:
    """Write an itinerary as the ride's stops, in a fixed number of queries."""
    kept: list[Stop] = []
    new: list[Stop] = []
    for position, call in enumerate(itinerary.calls):
        stop = call.stop or Stop(ride=ride, kind=call.kind, booking=call.booking, label=call.label)
        stop.position = position
        stop.location = to_point(call.location)
        stop.earliest_at, stop.latest_at = call.earliest_at, call.latest_at
        stop.planned_at = itinerary.planned_at[position]
        stop.seats_after = itinerary.seats_after[position]
        stop.leg_distance_m = itinerary.leg_distances_m[position]
        stop.leg_duration_ms = itinerary.leg_durations_ms[position]
        (kept if call.stop else new).append(stop)
    moving = ["position", "planned_at", "seats_after", "leg_distance_m", "leg_duration_ms"]
    Stop.objects.bulk_update(kept, [*moving, "earliest_at", "latest_at"])
    Stop.objects.bulk_create(new)
    _save_booking_times(itinerary)
    ride.arrival_at, ride.distance_m = itinerary.planned_at[-1], itinerary.distance_m
    ride.route = itinerary.route
    ride.save(update_fields=["arrival_at", "distance_m", "route"])


def _save_booking_times(itinerary: Itinerary) -> None:
    bookings: dict[object, Booking] = {}
    for call, at in zip(itinerary.calls, itinerary.planned_at, strict=True):
        if call.booking is None:
            continue
        booking = bookings.setdefault(call.booking.pk, call.booking)
        if call.kind == StopKind.PICKUP:
            booking.pickup_at = at
        else:
            booking.dropoff_at = at
    Booking.objects.bulk_update(bookings.values(), ["pickup_at", "dropoff_at"])


def moved(itinerary: Itinerary, by: timedelta) -> Itinerary:
    """Return the same way, driven earlier or later; nothing on it waits for a time."""
    return replace(itinerary, planned_at=tuple(at + by for at in itinerary.planned_at))


def without(calls: Sequence[Call], booking: Booking) -> list[Call]:
    """Return the calls that remain when a booking goes."""
    return [call for call in calls if call.booking is None or call.booking.pk != booking.pk]


def with_insertion(
    calls: Sequence[Call], *, pickup: Call, dropoff: Call, pickup_after: int, dropoff_after: int
) -> list[Call]:
    """Insert a pick-up after one call and a drop-off after one call of the old order.

    Raises:
        RideChanged: the ride has fewer stops than the insertion was computed for.
    """
    if not 0 <= pickup_after <= dropoff_after < len(calls) - 1:
        raise RideChanged
    return [
        *calls[: pickup_after + 1],
        pickup,
        *calls[pickup_after + 1 : dropoff_after + 1],
        dropoff,
        *calls[dropoff_after + 1 :],
    ]


def promise(
    itinerary: Itinerary,
    booking: Booking,
    *,
    leeway: timedelta,
    arrive_by: datetime,
    told_dropoff_at: datetime | None = None,
) -> Itinerary:
    """Turn what is planned for a new booking into what is promised: its own windows."""

    def bound(call: Call, at: datetime) -> Call:
        if call.booking is not booking:
            return call
        if call.kind == StopKind.PICKUP:
            return replace(call, earliest_at=at, latest_at=at + leeway)
        return replace(call, latest_at=min(max(at, told_dropoff_at or at) + leeway, arrive_by))

    calls = tuple(
        bound(call, at) for call, at in zip(itinerary.calls, itinerary.planned_at, strict=True)
    )
    return replace(itinerary, calls=calls)
