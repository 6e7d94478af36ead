"""Longitude and latitude, decided once: always ``LonLat(lon, lat)``, degrees, SRID 4326.

A degree is never a distance here: what is measured is in metres on a sphere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import shapely
from django.contrib.gis.geos import GEOSGeometry, LineString, Point, Polygon

from carpool.kernel.lonlat import EARTH_RADIUS_M, METRES_PER_DEGREE, LonLat

__all__ = [
    "EARTH_RADIUS_M",
    "METRES_PER_DEGREE",
    "SRID",
    "WALKING_SPEED_MPS",
    "Circle",
    "LonLat",
    "area_m2",
    "box_around",
    "coarse_cell",
    "coordinates",
    "corners_of",
    "crow_fly_m",
    "from_point",
    "lengths_m",
    "offset_m",
    "reach_ellipse",
    "to_line",
    "to_point",
    "to_polygon",
    "trim_line",
    "walking_time",
]

SRID = 4326
# Adults walk about 1.2 to 1.4 m/s on level ground (Bohannon 1997); a little less is safer to plan.
WALKING_SPEED_MPS = 1.2


def to_point(place: LonLat) -> Point:
    """Return the GEOS point of a place."""
    return Point(place.lon, place.lat, srid=SRID)


def from_point(point: Point) -> LonLat:
    """Return the place of a GEOS point."""
    return LonLat(point.x, point.y)


@dataclass(frozen=True, slots=True)
class Circle:
    """A round piece of ground."""

    centre: LonLat
    radius_m: float

    def holds(self, place: LonLat) -> bool:
        """Tell whether a place lies in it."""
        return crow_fly_m(self.centre, place) <= self.radius_m


def crow_fly_m(a: LonLat, b: LonLat) -> float:
    """Return the great-circle distance in metres (haversine)."""
    half_lat = math.radians(b.lat - a.lat) / 2
    half_lon = math.radians(b.lon - a.lon) / 2
    h = (
        math.sin(half_lat) ** 2
        + math.cos(math.radians(a.lat)) * math.cos(math.radians(b.lat)) * math.sin(half_lon) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def walking_time(distance_m: float) -> timedelta:
    """Return how long a walk takes, at ``WALKING_SPEED_MPS``."""
    return timedelta(seconds=distance_m / WALKING_SPEED_MPS)


def offset_m(place: LonLat, *, east_m: float, north_m: float) -> LonLat:
    """Return the place that many metres east and north (plane around ``place``)."""
    lat = place.lat + north_m / METRES_PER_DEGREE
    lon = place.lon + east_m / (METRES_PER_DEGREE * math.cos(math.radians(place.lat)))
    return LonLat(lon, lat)


def box_around(place: LonLat, *, radius_m: float) -> Polygon:
    """Return the box that contains the circle of ``radius_m`` metres around a place."""
    west_south = offset_m(place, east_m=-radius_m, north_m=-radius_m)
    east_north = offset_m(place, east_m=radius_m, north_m=radius_m)
    box = Polygon.from_bbox((*west_south, *east_north))
    box.srid = SRID
    return box


def to_polygon(corners: Sequence[LonLat]) -> Polygon:
    """Return the GEOS polygon with these corners, in order; the last edge closes it."""
    ring = [(corner.lon, corner.lat) for corner in corners]
    return Polygon([*ring, ring[0]], srid=SRID)


def corners_of(polygon: Polygon) -> list[LonLat]:
    """Return the corners of a polygon's outline, each once."""
    outline: Sequence[tuple[float, ...]] = polygon.exterior_ring.coords
    return [LonLat(corner[0], corner[1]) for corner in outline[:-1]]


def area_m2(polygon: Polygon) -> float:
    """Return how much ground a small polygon covers, square metres (plane around its corner)."""
    first, *_rest = corners = corners_of(polygon)
    east = [(c.lon - first.lon) * math.cos(math.radians(first.lat)) for c in corners]
    north = [c.lat - first.lat for c in corners]
    twice = np.dot(east, np.roll(north, -1)) - np.dot(np.roll(east, -1), north)
    return float(abs(twice) / 2 * METRES_PER_DEGREE**2)


def reach_ellipse(a: LonLat, b: LonLat, *, major_axis_m: float, corners: int = 32) -> Polygon:
    """Return a polygon that contains every point whose distances to a and b sum to the major axis.

    The polygon is drawn around the ellipse (radius / cos(pi / corners)), as much larger as degrees
    of longitude shrink towards the pole within it, and one half per cent for the rest of the
    plane's error: it is a *necessary* condition, so it may admit too much and must never lose a
    point.

    Source: ellipse with foci a and b, semi-axes A = major / 2 and B = sqrt(A² - c²); admissible
    sizing as in Masoud & Jayakrishnan (2017), ESTAM.
    """
    middle = LonLat((a.lon + b.lon) / 2, (a.lat + b.lat) / 2)
    per_lon = METRES_PER_DEGREE * math.cos(math.radians(middle.lat))
    focus_x = (b.lon - a.lon) / 2 * per_lon
    focus_y = (b.lat - a.lat) / 2 * METRES_PER_DEGREE
    focal = math.hypot(focus_x, focus_y)
    poleward = min(abs(middle.lat) + major_axis_m / 2 / METRES_PER_DEGREE, 89.0)
    shrink = math.cos(math.radians(poleward)) / math.cos(math.radians(middle.lat))
    grow = 1.005 / math.cos(math.pi / corners) / shrink
    half_major = max(major_axis_m / 2, focal) * grow + 1.0
    half_minor = math.sqrt(max(half_major**2 - focal**2, 1.0)) * grow
    turn = math.atan2(focus_y, focus_x)
    ring = []
    for i in range(corners):
        angle = 2 * math.pi * i / corners
        x, y = half_major * math.cos(angle), half_minor * math.sin(angle)
        east = x * math.cos(turn) - y * math.sin(turn)
        north = x * math.sin(turn) + y * math.cos(turn)
        ring.append((middle.lon + east / per_lon, middle.lat + north / METRES_PER_DEGREE))
    return Polygon([*ring, ring[0]], srid=SRID)


def coarse_cell(place: LonLat, *, size_m: float = 500.0) -> LonLat:
    """Return the centre of the fixed grid cell that holds a place.

    The grid does not depend on who asks or when, so asking again teaches nothing more (averaging
    over fresh noise would).
    """
    step_lat = size_m / METRES_PER_DEGREE
    row = math.floor(place.lat / step_lat)
    lat = (row + 0.5) * step_lat
    step_lon = size_m / (METRES_PER_DEGREE * math.cos(math.radians(lat)))
    return LonLat((math.floor(place.lon / step_lon) + 0.5) * step_lon, lat)


def lengths_m(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the length of each piece of a line, metres; ``lonlat`` is (n, 2), the result n - 1."""
    radians = np.radians(lonlat)
    mean_lat = (radians[1:, 1] + radians[:-1, 1]) / 2
    east = np.diff(radians[:, 0]) * np.cos(mean_lat)
    north = np.diff(radians[:, 1])
    return np.asarray(EARTH_RADIUS_M * np.hypot(east, north), dtype=np.float64)


def to_line(lonlat: npt.NDArray[np.float64]) -> LineString:
    """Return the GEOS line through (n, 2) points, n >= 2, rounded to a tenth of a metre."""
    wkb = bytes(shapely.to_wkb(shapely.linestrings(np.round(lonlat, 6))))
    line = GEOSGeometry(memoryview(wkb), srid=SRID)
    assert isinstance(line, LineString)
    return line


def points_of(line: LineString) -> npt.NDArray[np.float64]:
    """Return a line's points, (n, 2); much faster than ``line.coords``."""
    return np.asarray(shapely.get_coordinates(shapely.from_wkb(bytes(line.wkb))), np.float64)


def coordinates(line: LineString) -> list[list[float]]:
    """Return a line's points as GeoJSON writes them."""
    points: list[list[float]] = points_of(line).tolist()
    return points


def trim_line(line: LineString, *, start_m: float, end_m: float) -> LineString | None:
    """Cut metres off both ends of a line; None when nothing is left."""
    points = points_of(line)
    along = np.concatenate([[0.0], np.cumsum(lengths_m(points))])
    first, last = start_m, along[-1] - end_m
    if last - first <= 1.0:
        return None
    cuts = np.concatenate([[first], along[(along > first) & (along < last)], [last]])
    lon, lat = np.interp(cuts, along, points[:, 0]), np.interp(cuts, along, points[:, 1])
    return to_line(np.column_stack([lon, lat]))
