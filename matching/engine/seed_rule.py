"""The rule that went before, word for word: what NetMobiel's search keeps, loses and stumbles over.

Kept to be compared with, never to search by. A ride passes when pick-up and drop-off lie in an
ellipse around its ends, the crow-fly bearings of ride and rider differ by less than 60°, no other
booking is aboard, seats suffice and the times overlap; of those that pass, the five that leave
first are sent to the router. Its options mend one weakness each, so that a comparison can tell
which of them costs what.

Source: ``RideDao.search``, ``RideManager``, ``EllipseHelper`` and ``RideBase`` of
SaxionSmartCities/netmobiel-platform, after ESTAM, Masoud & Jayakrishnan (2017).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from carpool.kernel.lonlat import EARTH_RADIUS_M, LonLat

DEFAULT_DETOUR_M = 10_000.0
MOST_DEGREES_APART = 60.0
# Shout-outs go to drivers who live this near to one end, and to the farther one.
NEAR_HOME_M, FAR_FROM_HOME_M = 20_000.0, 50_000.0
BAND_DEGREES = 8


class LatitudeBandsDiffer(ValueError):
    """The ends lie in two latitude bands of the UTM grid, for which the old code can't save."""


@dataclass(frozen=True, slots=True)
class SeedRide:
    """What the rule knows of a ride."""

    origin: LonLat
    destination: LonLat
    departure_ms: int
    arrival_ms: int
    detour_m: float = DEFAULT_DETOUR_M
    seats_left: int = 1
    bookings: int = 0


@dataclass(frozen=True, slots=True)
class SeedRequest:
    """What the rule knows of a rider: no walk, they are met at the door."""

    pickup: LonLat
    dropoff: LonLat
    earliest_ms: int
    latest_ms: int
    seats: int = 1


@dataclass(frozen=True, slots=True)
class SeedRule:
    """The rule and its mends; the defaults are the published code.

    Attributes:
    ----------
    half_margin : bool
        The major axis is crow-fly + detour, as its own comment says; else crow-fly + 2 detours.
    wraps : bool
        350° and 10° are 20° apart; else 340°.
    most_bookings : int
        How many bookings a ride may get.
    most_routed : int
        How many rides of those that pass are sent to the router.
    """

    half_margin: bool = False
    wraps: bool = False
    most_bookings: int = 1
    most_routed: int = 5

    def admits(self, ride: SeedRide, request: SeedRequest) -> bool:
        """Return whether a ride passes the filters.

        Raises:
            LatitudeBandsDiffer: the ride can't be stored at all.
        """
        return (
            self.holds(ride, request.pickup)
            and self.holds(ride, request.dropoff)
            and self.degrees_apart(ride, request) < MOST_DEGREES_APART
            and ride.bookings < self.most_bookings
            and request.seats <= ride.seats_left
            and ride.departure_ms < request.latest_ms
            and ride.arrival_ms > request.earliest_ms
        )

    def holds(self, ride: SeedRide, place: LonLat) -> bool:
        """Return whether a place lies in the ride's ellipse.

        Raises:
            LatitudeBandsDiffer: see :meth:`admits`.
        """
        if latitude_band(ride.origin) != latitude_band(ride.destination):
            raise LatitudeBandsDiffer
        margin_m = ride.detour_m if self.half_margin else 2 * ride.detour_m
        around_m = _crow_fly_m(ride.origin, place) + _crow_fly_m(place, ride.destination)
        return around_m <= _crow_fly_m(ride.origin, ride.destination) + margin_m

    def degrees_apart(self, ride: SeedRide, request: SeedRequest) -> float:
        """Return how far the rider's crow-fly bearing is from the ride's."""
        theirs = bearing_degrees(ride.origin, ride.destination)
        apart = abs(theirs - bearing_degrees(request.pickup, request.dropoff))
        return min(apart, 360 - apart) if self.wraps else apart

    def shortlist(self, rides: Iterable[SeedRide], request: SeedRequest) -> list[SeedRide]:
        """Return the rides that are sent to the router: the first to leave, not the nearest.

        O(n log n) for n rides.

        Raises:
            LatitudeBandsDiffer: see :meth:`admits`.
        """
        passing = [ride for ride in rides if self.admits(ride, request)]
        return sorted(passing, key=lambda ride: ride.departure_ms)[: self.most_routed]


def hears_shout_out(home: LonLat, request: SeedRequest) -> bool:
    """Return whether a driver who lives there is told of a standing request.

    Where they drive does not matter: both ends within 50 km of the home, one within 20 km.
    """
    near_m, far_m = sorted(_crow_fly_m(home, end) for end in (request.pickup, request.dropoff))
    return near_m <= NEAR_HOME_M and far_m <= FAR_FROM_HOME_M


def latitude_band(place: LonLat) -> int:
    """Return the number of the 8° band of the UTM grid in which a place lies."""
    return math.floor(place.lat / BAND_DEGREES)


def bearing_degrees(a: LonLat, b: LonLat) -> float:
    """Return the initial great-circle bearing from a to b, clockwise from north, in [0, 360)."""
    lat_a, lat_b, turn = math.radians(a.lat), math.radians(b.lat), math.radians(b.lon - a.lon)
    east = math.sin(turn) * math.cos(lat_b)
    north = math.cos(lat_a) * math.sin(lat_b) - math.sin(lat_a) * math.cos(lat_b) * math.cos(turn)
    return math.degrees(math.atan2(east, north)) % 360


def _crow_fly_m(a: LonLat, b: LonLat) -> float:
    half_lat = math.radians(b.lat - a.lat) / 2
    half_lon = math.radians(b.lon - a.lon) / 2
    across = math.cos(math.radians(a.lat)) * math.cos(math.radians(b.lat))
    h = math.sin(half_lat) ** 2 + across * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))
