"""Distances on the sphere, in metres, for arrays; the same sphere as OSMnx and ``kernel.geo``."""

import numpy as np
import numpy.typing as npt

from carpool.kernel.lonlat import EARTH_RADIUS_M, METRES_PER_DEGREE, LonLat

__all__ = ["EARTH_RADIUS_M", "METRES_PER_DEGREE", "Floats", "Ints", "LonLat", "Longs"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]


def crow_fly_m(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """Return great-circle distances of pairs.

    Parameters
    ----------
    lon_a, lat_a, lon_b, lat_b : float64[...]
        Degrees; the shapes broadcast.

    Returns
    -------
    float64[...]
        Metres.

    Notes
    -----
    Source: haversine formula, as in ``osmnx.distance.great_circle``; O(n).
    """
    half_lat = np.radians(lat_b - lat_a) / 2
    half_lon = np.radians(lon_b - lon_a) / 2
    h = (
        np.sin(half_lat) ** 2
        + np.cos(np.radians(lat_a)) * np.cos(np.radians(lat_b)) * np.sin(half_lon) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(h, 1.0))))


def steps_m(points: Floats) -> Floats:
    """Return the length of every step of a line.

    Parameters
    ----------
    points : float64[n, 2]
        Longitude and latitude.

    Returns
    -------
    float64[n - 1]
        Metres.
    """
    return crow_fly_m(points[:-1, 0], points[:-1, 1], points[1:, 0], points[1:, 1])


def unit_sphere(lon: Floats, lat: Floats) -> Floats:
    """Return points on the unit sphere, float64[n, 3].

    Chords there grow with great-circle distance, so the nearest by chord is the nearest on the
    ground at any latitude and across the date line.
    """
    lam, phi = np.radians(lon), np.radians(lat)
    return np.column_stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
