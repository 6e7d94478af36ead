"""The rule that went before, word for word: what NetMobiel's search keeps, loses and stumbles over.

Kept to be compared with, never to search by. A ride passes when pick-up and drop-off lie in an
ellipse around its ends, the crow-fly bearings of ride and rider differ by less than 60°, no other
booking is aboard, seats suffice and the times overlap; of those that pass, the five that leave
first are sent to the router. Its options mend one weakness each, so that a comparison can tell
which of them costs what.

Source: ``RideDao.search``, ``RideManager``, ``EllipseHelper`` and ``RideBase`` of
SaxionSmartCities/netmobiel-platform, after ESTAM, Masoud & Jayakrishnan (2017).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from carpool.kernel.lonlat import LonLat
from maps.engine.geodesy import Floats, Ints, Longs, crow_fly_m

Flags = npt.NDArray[np.bool_]

DEFAULT_DETOUR_M = 10_000.0
NOMINAL_SPEED_MPS = 25 / 3.6
"""By which minutes of detour become metres."""
MOST_DEGREES_APART = 60.0
# Shout-outs go to drivers who live this near to one end, and to the farther one.
NEAR_HOME_M, FAR_FROM_HOME_M = 20_000.0, 50_000.0
BAND_DEGREES = 8


class LatitudeBandsDiffer(ValueError):
    """The ends lie in two latitude bands of the UTM grid, for which the old code can't save."""


@dataclass(frozen=True, slots=True)
class SeedRides:
    """What the rule knows of rides.

    Attributes
    ----------
    origin, destination : (float64[n], float64[n])
        Longitudes and latitudes.
    departure_ms, arrival_ms : int64[n]
    detour_m : float64[n]
    seats_left, bookings : int32[n]
    """

    origin: tuple[Floats, Floats]
    destination: tuple[Floats, Floats]
    departure_ms: Longs
    arrival_ms: Longs
    detour_m: Floats
    seats_left: Ints
    bookings: Ints

    def __len__(self) -> int:
        """Return the number of rides."""
        return len(self.departure_ms)


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

    Attributes
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

    def parts(self, rides: SeedRides, request: SeedRequest) -> dict[str, Flags]:
        """Say which part of the rule lets which rides pass, bool[n] each; O(n).

        Raises
        ------
        LatitudeBandsDiffer
            A ride can't be stored at all.
        """
        return {
            "ellipse": self.holds(rides, request.pickup) & self.holds(rides, request.dropoff),
            "bearing": self.degrees_apart(rides, request) < MOST_DEGREES_APART,
            "one booking": rides.bookings < self.most_bookings,
            "seats": rides.seats_left >= request.seats,
            "time": (rides.departure_ms < request.latest_ms)
            & (rides.arrival_ms >= request.earliest_ms),
        }

    def admits(self, rides: SeedRides, request: SeedRequest) -> Flags:
        """Return which rides pass the filters, bool[n]; O(n).

        Raises
        ------
        LatitudeBandsDiffer
            See :meth:`parts`.
        """
        parts = self.parts(rides, request)
        return np.asarray(np.logical_and.reduce(list(parts.values())), np.bool_)

    def major_axis_m(self, rides: SeedRides) -> Floats:
        """Return the length of each ride's ellipse, float64[n].

        Raises
        ------
        LatitudeBandsDiffer
            See :meth:`parts`.
        """
        if np.any(latitude_band(rides.origin[1]) != latitude_band(rides.destination[1])):
            raise LatitudeBandsDiffer
        margin_m = rides.detour_m if self.half_margin else 2 * rides.detour_m
        return crow_fly_m(*rides.origin, *rides.destination) + margin_m

    def holds(self, rides: SeedRides, place: LonLat) -> Flags:
        """Return in which rides' ellipses a place lies, bool[n].

        Raises
        ------
        LatitudeBandsDiffer
            See :meth:`parts`.
        """
        lon, lat = np.array(place.lon), np.array(place.lat)
        around_m = crow_fly_m(*rides.origin, lon, lat) + crow_fly_m(lon, lat, *rides.destination)
        return np.asarray(around_m <= self.major_axis_m(rides), np.bool_)

    def degrees_apart(self, rides: SeedRides, request: SeedRequest) -> Floats:
        """Return how far the rider's crow-fly bearing is from the rides', float64[n]."""
        theirs = bearings_degrees(*rides.origin, *rides.destination)
        apart = np.abs(theirs - bearing_degrees(request.pickup, request.dropoff))
        return np.minimum(apart, 360 - apart) if self.wraps else apart

    def shortlist(self, rides: SeedRides, request: SeedRequest) -> npt.NDArray[np.intp]:
        """Return the rows that are sent to the router: the first to leave, not the nearest.

        O(n log n) for n rides.

        Raises
        ------
        LatitudeBandsDiffer
            See :meth:`parts`.
        """
        passing = np.flatnonzero(self.admits(rides, request))
        first = np.argsort(rides.departure_ms[passing], kind="stable")[: self.most_routed]
        return np.asarray(passing[first])


def hears_shout_out(home: LonLat, request: SeedRequest) -> bool:
    """Return whether a driver who lives there is told of a standing request.

    Where they drive does not matter: both ends within 50 km of the home, one within 20 km.
    """
    lon, lat = np.array([request.pickup, request.dropoff]).T
    near_m, far_m = np.sort(crow_fly_m(np.array(home.lon), np.array(home.lat), lon, lat))
    return bool(near_m <= NEAR_HOME_M and far_m <= FAR_FROM_HOME_M)


def latitude_band(lat: Floats) -> Floats:
    """Return the numbers of the 8° bands of the UTM grid in which places lie."""
    return np.floor(np.asarray(lat) / BAND_DEGREES)


def bearing_degrees(a: LonLat, b: LonLat) -> float:
    """Return the initial great-circle bearing from a to b, clockwise from north, in [0, 360)."""
    return float(bearings_degrees(a.lon, a.lat, b.lon, b.lat))


def bearings_degrees(lon_a: Any, lat_a: Any, lon_b: Any, lat_b: Any) -> Floats:
    """Return :func:`bearing_degrees` of pairs; the shapes broadcast."""
    turn, lat_a, lat_b = np.radians(lon_b - lon_a), np.radians(lat_a), np.radians(lat_b)
    east = np.sin(turn) * np.cos(lat_b)
    north = np.cos(lat_a) * np.sin(lat_b) - np.sin(lat_a) * np.cos(lat_b) * np.cos(turn)
    return np.asarray(np.degrees(np.arctan2(east, north)) % 360)
