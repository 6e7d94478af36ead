"""Choose what the basemap shows, and from which zoom level on."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import floor
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from maps.engine import osm_tags
from maps.engine.geodesy import METRES_PER_DEGREE, LonLat
from maps.engine.osm_file import OsmExtract, Road

# First zoom level of each class of road. At zoom z a pixel is 156 km / 2^z wide at the equator.
ROAD_ZOOM: Final = {
    "motorway": 6,
    "trunk": 7,
    "primary": 8,
    "secondary": 10,
    "tertiary": 11,
    "unclassified": 12,
    "residential": 12,
    "living_street": 13,
    "service": 14,
    "path": 14,
}
_LINE_ZOOM: Final = {"coast": 6, "river": 9, "stream": 13, "rail": 11}
_LABEL_ZOOM: Final = {"city": 7, "town": 9, "village": 11, "suburb": 11, "quarter": 12}
OTHER_SETTLEMENT_ZOOM: Final = 13
PLACE_ZOOM: Final = 15
BUILDING_ZOOM: Final = 14

BUILT_UP_M: Final = 60.0
"""How far the built-up area reaches from a street where people live."""

_TOWN_CELL_DEGREES: Final = 0.02
_TOWN_ROADS: Final = frozenset("residential living_street unclassified tertiary".split())


@dataclass(frozen=True)
class Drawn:
    """Something on a layer of the basemap."""

    layer: str
    kind: str
    name: str
    geometry: BaseGeometry
    min_zoom: int
    one_way: bool = False
    level: int = 0


def draw(extract: OsmExtract) -> Iterator[Drawn]:
    """Yield everything that the basemap shows, areas first.

    Notes
    -----
    O(n log n). A map that names no land use still shows where the town is: the built-up area is
    drawn around the streets that people live in.
    """
    yield from _areas(extract)
    yield from built_up(extract)
    yield from _lines(extract)
    yield from _roads(extract)
    yield from _labels(extract)


def _areas(extract: OsmExtract) -> Iterator[Drawn]:
    for feature in extract.features:
        if feature.layer == "area":
            zoom = BUILDING_ZOOM if feature.kind == "building" else _area_zoom(feature.geometry)
            yield Drawn("areas", feature.kind, feature.name, feature.geometry, zoom)


def _area_zoom(shape: BaseGeometry) -> int:
    """Return the zoom level at which an area is about 3 pixels across."""
    across_degrees = max(float(shape.area) ** 0.5, 1e-6)
    return int(np.clip(np.ceil(np.log2(360.0 / 256.0 * 3 / across_degrees)), 6, 15))


def _lines(extract: OsmExtract) -> Iterator[Drawn]:
    for feature in extract.features:
        if feature.layer == "line":
            layer = "roads" if feature.kind == "rail" else "waterways"
            zoom = _LINE_ZOOM[feature.kind]
            yield Drawn(layer, feature.kind, feature.name, feature.geometry, zoom)


def _roads(extract: OsmExtract) -> Iterator[Drawn]:
    for road in extract.roads:
        tags = road.tags
        if tags["highway"] in osm_tags.NOT_THERE or tags.get("area") == "yes":
            continue
        yield Drawn(
            "roads",
            tags["highway"][:24],
            osm_tags.street_name(tags),
            _line(extract, road),
            ROAD_ZOOM[osm_tags.road_class(tags["highway"])],
            one_way=osm_tags.direction(tags) != 0,
            level=osm_tags.level(tags),
        )


def _labels(extract: OsmExtract) -> Iterator[Drawn]:
    for place in extract.places:
        if place.kind == "settlement":
            kind = place.detail
            zoom = _LABEL_ZOOM.get(kind, OTHER_SETTLEMENT_ZOOM)
        elif place.kind in {"stop", "place"}:
            kind, zoom = place.kind, PLACE_ZOOM
        else:
            continue
        yield Drawn("labels", kind, place.label, shapely.Point(place.location), zoom)


def built_up(extract: OsmExtract) -> Iterator[Drawn]:
    """Yield where the town is, in pieces of about 2 km: everything near a street people live in."""
    cells: dict[tuple[int, int], list[shapely.LineString]] = defaultdict(list)
    for road in extract.roads:
        if road.tags["highway"] in _TOWN_ROADS:
            line = _line(extract, road)
            for cell in _cells(line):
                cells[cell].append(line)
    for (column, row), lines in sorted(cells.items()):
        west, south = column * _TOWN_CELL_DEGREES, row * _TOWN_CELL_DEGREES
        box = shapely.box(west, south, west + _TOWN_CELL_DEGREES, south + _TOWN_CELL_DEGREES)
        shape = shapely.intersection(_around(lines, LonLat(west, south)), box)
        parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
        if parts:
            yield Drawn("areas", "built", "", shapely.MultiPolygon(parts), 0)


def _cells(line: shapely.LineString) -> Iterator[tuple[int, int]]:
    margin = 2 * BUILT_UP_M / METRES_PER_DEGREE
    west, south, east, north = (value / _TOWN_CELL_DEGREES for value in line.bounds)
    pad = margin / _TOWN_CELL_DEGREES
    for column in range(floor(west - pad), floor(east + pad) + 1):
        for row in range(floor(south - pad), floor(north + pad) + 1):
            yield column, row


def _around(lines: list[shapely.LineString], corner: LonLat) -> BaseGeometry:
    """Return what lies near lines; small gaps closed, so that blocks look whole."""
    squeeze = np.array([np.cos(np.radians(corner.lat)), 1.0])
    flat = shapely.transform(shapely.MultiLineString(lines), lambda xy: xy * squeeze)
    reach = BUILT_UP_M / METRES_PER_DEGREE
    plain = shapely.simplify(flat, reach / 6)
    wide = shapely.buffer(plain, 2 * reach, quad_segs=2)
    near = shapely.simplify(shapely.buffer(wide, -reach, quad_segs=2), reach / 12)
    return shapely.make_valid(shapely.transform(near, lambda xy: xy / squeeze))


def _line(extract: OsmExtract, road: Road) -> shapely.LineString:
    return shapely.LineString(np.column_stack([extract.lon[road.nodes], extract.lat[road.nodes]]))
