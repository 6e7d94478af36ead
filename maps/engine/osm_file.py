"""Stream an .osm.pbf (or .osm) file into what Carpool needs of it.

Three passes, each in the file's own order (nodes, ways, relations): relations tell which ways
are rings of areas, ways tell which nodes are needed, nodes give the places. Only needed nodes
are kept, in sorted arrays. Extracts are often clipped, so a way may name nodes that the file
does not hold: such a way is split there, never bridged by a straight line that does not exist.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely
from shapely.geometry.base import BaseGeometry

from maps.engine import osm_features, osm_tags
from maps.engine.errors import MapFileUnreadable, NoRoads
from maps.engine.geodesy import Floats, Longs, LonLat

Progress = Callable[[float, str], None]
"""Called with the share of the work done (0 to 1) and a word on what is being done."""


def silent(_share: float, _what: str) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Road:
    """One OSM way that people drive or walk on, or a part of it inside the extract.

    ``nodes`` indexes :class:`OsmExtract` arrays.
    """

    osm_id: int
    tags: dict[str, str]
    nodes: Longs


@dataclass(frozen=True)
class Feature:
    """Something drawn on the basemap: ``layer`` is "area" or "line"."""

    layer: str
    kind: str
    name: str
    geometry: BaseGeometry


@dataclass(frozen=True)
class Place:
    """Something with a name at a point: settlement, stop, parking, place or house.

    ``detail`` is the ``place`` value of a settlement ("suburb"), else ""; ``also`` are other names.
    """

    kind: str
    detail: str
    label: str
    context: str
    rank: int
    location: LonLat
    also: str = ""


@dataclass
class OsmExtract:
    """What an OSM file holds for us. Node arrays are sorted by OSM id."""

    node_ids: Longs
    lon: Floats
    lat: Floats
    roads: list[Road] = field(default_factory=list)
    features: list[Feature] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)


@dataclass
class _RawWay:
    osm_id: int
    tags: dict[str, str]
    refs: list[int]


def read_osm(path: Path, progress: Progress = silent) -> OsmExtract:
    """Read roads, basemap features and named places from an OSM file.

    Parameters
    ----------
    path : Path
        ``.osm.pbf``, ``.osm`` or any other format that libosmium reads.
    progress : callable
        Called a few times with (share done, what).

    Raises
    ------
    MapFileUnreadable
        The file is missing, not OSM data, damaged or truncated.
    NoRoads
        It holds no way with a ``highway`` tag whose nodes are there.

    Notes
    -----
    O(size of file) time; memory for needed nodes (24 B each) and kept ways.
    """
    try:
        progress(0.0, "relations")
        rings = _read_rings(path)
        progress(0.1, "ways")
        ways = _read_ways(path, {ref for ring in rings for ref, _ in ring.members})
        progress(0.5, "nodes")
        extract = _read_nodes(path, ways)
    except RuntimeError as problem:  # libosmium raises plain RuntimeError for all of these
        raise MapFileUnreadable(str(problem)) from problem
    progress(0.8, "features")
    _place_ways(extract, ways, rings)
    if not extract.roads:
        raise NoRoads("the file holds no roads")
    progress(1.0, "features")
    return extract


@dataclass
class _Rings:
    """A multipolygon relation: its member ways as (way id, role)."""

    tags: dict[str, str]
    members: list[tuple[int, str]]


def _objects(path: Path, kind: osmium.osm.osm_entity_bits) -> Iterator[Any]:
    """Yield the objects of one kind; each is valid until the next. The stubs know no kinds."""
    yield from osmium.FileProcessor(str(path), kind)


def _read_rings(path: Path) -> list[_Rings]:
    found = []
    for relation in _objects(path, osmium.osm.RELATION):
        tags = dict(relation.tags)
        if tags.get("type") != "multipolygon" or osm_features.area_class(tags) is None:
            continue
        members = [(m.ref, m.role) for m in relation.members if m.type == "w"]
        found.append(_Rings(tags, members))
    return found


def _read_ways(path: Path, ring_members: set[int]) -> dict[int, _RawWay]:
    ways: dict[int, _RawWay] = {}
    for way in _objects(path, osmium.osm.WAY):
        tags = dict(way.tags)
        wanted = (
            "highway" in tags
            or way.id in ring_members
            or osm_features.area_class(tags)
            or osm_features.line_class(tags)
            or osm_features.place_kind(tags)
            or osm_features.house_number(tags)
        )
        if wanted:
            ways[way.id] = _RawWay(way.id, tags, [node.ref for node in way.nodes])
    return ways


def _read_nodes(path: Path, ways: dict[int, _RawWay]) -> OsmExtract:
    needed = {ref for way in ways.values() for ref in way.refs}
    ids: list[int] = []
    lon: list[float] = []
    lat: list[float] = []
    places: list[Place] = []
    for node in _objects(path, osmium.osm.NODE):
        location = node.location
        if not location.valid():
            continue
        if node.id in needed:
            ids.append(node.id)
            lon.append(location.lon)
            lat.append(location.lat)
        if node.tags:
            places += _places_at(dict(node.tags), LonLat(location.lon, location.lat))
    order = np.argsort(np.array(ids, np.int64), kind="stable")
    return OsmExtract(
        np.array(ids, np.int64)[order],
        np.array(lon, np.float64)[order],
        np.array(lat, np.float64)[order],
        places=places,
    )


def _place_ways(extract: OsmExtract, ways: dict[int, _RawWay], rings: list[_Rings]) -> None:
    """Turn ways and rings with known nodes into roads, features and places."""
    lines: dict[int, Floats] = {}
    for way in ways.values():
        for nodes in _runs_inside(extract, way.refs):
            points = np.column_stack([extract.lon[nodes], extract.lat[nodes]])
            whole = len(nodes) == len(way.refs)
            if whole:
                lines[way.osm_id] = points
            if "highway" in way.tags:
                kept = {k: v for k, v in way.tags.items() if k in osm_tags.TAG_KEYS}
                extract.roads.append(Road(way.osm_id, kept, nodes))
            _add_feature(extract, way.tags, points, closed=whole and _is_ring(way.refs))
    for ring in rings:
        shape = _assemble(ring, lines)
        if shape is not None:
            _add_area(extract, ring.tags, shape)


def _runs_inside(extract: OsmExtract, refs: list[int]) -> Iterator[Longs]:
    """Yield the longest runs of a way whose nodes are in the extract, at least 2 nodes each."""
    if len(refs) < 2 or not len(extract.node_ids):
        return
    wanted = np.array(refs, np.int64)
    at = np.searchsorted(extract.node_ids, wanted)
    at[at == len(extract.node_ids)] = 0
    known = extract.node_ids[at] == wanted
    if known.all():
        yield at
        return
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]])))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start >= 2:
            yield at[start:end]


def _is_ring(refs: list[int]) -> bool:
    return len(refs) >= 4 and refs[0] == refs[-1]


def _add_feature(
    extract: OsmExtract, tags: dict[str, str], points: Floats, *, closed: bool
) -> None:
    if closed and osm_features.area_class(tags) and tags.get("area") != "no":
        _add_area(extract, tags, shapely.make_valid(shapely.Polygon(points)))
        return
    kind = osm_features.line_class(tags)
    if kind is not None:
        line = shapely.LineString(points)
        extract.features.append(Feature("line", kind, tags.get("name", ""), line))
    elif "highway" not in tags:
        middle = points[len(points) // 2]
        extract.places += _places_at(tags, LonLat(float(middle[0]), float(middle[1])))


def _add_area(extract: OsmExtract, tags: dict[str, str], shape: BaseGeometry) -> None:
    kind = osm_features.area_class(tags)
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    if kind is None or not polygons:
        return
    whole = shapely.MultiPolygon(polygons)
    extract.features.append(Feature("area", kind, tags.get("name", ""), whole))
    inside = whole.representative_point()
    extract.places += _places_at(tags, LonLat(inside.x, inside.y))


def _assemble(ring: _Rings, lines: dict[int, Floats]) -> BaseGeometry | None:
    """Build a multipolygon of its member ways; None when no outer ring is complete."""
    sides: dict[str, list[BaseGeometry]] = {"outer": [], "inner": []}
    for way_id, role in ring.members:
        if way_id in lines:
            sides["inner" if role == "inner" else "outer"].append(shapely.LineString(lines[way_id]))
    shells = shapely.union_all(shapely.get_parts(shapely.polygonize(sides["outer"])))
    if shells.is_empty:
        return None
    holes = shapely.union_all(shapely.get_parts(shapely.polygonize(sides["inner"])))
    return shapely.make_valid(shells.difference(holes))


def _places_at(tags: dict[str, str], location: LonLat) -> Iterator[Place]:
    kind = osm_features.place_kind(tags)
    town = tags.get("addr:city") or tags.get("addr:suburb") or ""
    if kind is not None:
        detail = tags.get("place", "") if kind == "settlement" else ""
        rank = osm_features.SETTLEMENTS.get(detail, 7)
        label = tags.get("name") or tags["name:en"]
        yield Place(kind, detail, label, town, rank, location, osm_tags.other_names(tags))
    house = osm_features.house_number(tags)
    if house is not None:
        street, number, town = house
        yield Place("house", "", f"{street} {number}", town, 8, location)
