"""Homes for invented people: drawn where the census counted people, next to a road."""

import json
import random
from pathlib import Path

from django.conf import settings
from shapely import Point, prepare
from shapely.geometry import shape

from carpool.kernel.geo import LonLat, crow_fly_m
from maps.engine import RoadNetwork
from maps.errors import OffNetwork
from maps.selectors import snap

ZONES = Path(settings.BASE_DIR) / "data" / "la-serena-coquimbo-zones.geojson"
NEAR_A_ROAD_M = 120.0
TOO_FAR_TO_WALK_M = 1_500.0


class Homes:
    """Draws homes; the same seed draws the same ones."""

    def __init__(self, network: RoadNetwork, *, seed: int) -> None:
        """Read the zones, keeping those in which somebody lives."""
        features = json.loads(ZONES.read_text())["features"]
        lived_in = [f for f in features if f["properties"]["population"] > 0]
        self._network = network
        self._random = random.Random(seed)  # noqa: S311 (nothing secret is drawn)
        self._zones = [shape(f["geometry"]) for f in lived_in]
        self._weights = [f["properties"]["population"] for f in lived_in]
        for zone in self._zones:
            prepare(zone)

    def draw(self, *, far_from: LonLat) -> LonLat:
        """Return a place inside a zone, zones by population, near a road, too far to walk."""
        while True:
            zone = self._random.choices(self._zones, weights=self._weights)[0]
            west, south, east, north = zone.bounds
            place = LonLat(
                round(self._random.uniform(west, east), 6),
                round(self._random.uniform(south, north), 6),
            )
            if crow_fly_m(place, far_from) < TOO_FAR_TO_WALK_M or not zone.contains(Point(place)):
                continue
            if self._is_near_a_road(place):
                return place

    def _is_near_a_road(self, place: LonLat) -> bool:
        try:
            snap(self._network, place, max_m=NEAR_A_ROAD_M)
        except OffNetwork:
            return False
        return True
