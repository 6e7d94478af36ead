"""A place on the ground and the sphere it lies on: what engines and apps share, without Django."""

import math
from typing import NamedTuple

EARTH_RADIUS_M = 6_371_009.0  # the sphere OSMnx measures with, so our bounds and its lengths agree
METRES_PER_DEGREE = math.pi * EARTH_RADIUS_M / 180


class LonLat(NamedTuple):
    """A place in degrees (WGS 84); longitude first, as in GeoJSON (RFC 7946)."""

    lon: float
    lat: float
