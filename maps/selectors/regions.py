"""Regions, their networks, and where on them a point is."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.gis.db.models.functions import Area
from django.contrib.gis.geos import GEOSGeometry, MultiPoint
from django.utils.translation import gettext as _

from carpool.kernel.geo import LonLat, to_point
from maps.engine import (
    MeetingPoints,
    NetworkMissing,
    RoadNetwork,
    Snap,
    TooFarFromRoad,
    Walk,
    WalkNetwork,
    find_meeting_points,
    store,
)
from maps.engine.cells import Cells, open_cells
from maps.errors import MapNotReady, NoWalk, OffNetwork, OutsideMap, RegionNotFound
from maps.models import Region, RegionQuerySet

SNAP_M = 300.0


def list_regions() -> RegionQuerySet:
    """Return the regions that people can travel in."""
    return Region.objects.usable()


def get_region(slug: str) -> Region:
    """Return a usable region by its short name.

    Raises:
        RegionNotFound: there is none.
    """
    region = Region.objects.usable().filter(slug=slug).first()
    if region is None:
        raise RegionNotFound
    return region


def region_at(point: LonLat, *, field: str = "point") -> Region:
    """Return the region that contains a point; where regions overlap, the smallest.

    Raises:
        OutsideMap: none does; names ``field``.
    """
    region = _smallest_around(to_point(point))
    if region is None:
        raise OutsideMap(field=field)
    return region


def region_of_both(one: LonLat, other: LonLat) -> Region | None:
    """Return the smallest region that contains two points; None when there is none."""
    return _smallest_around(MultiPoint(to_point(one), to_point(other), srid=4326))


def _smallest_around(places: GEOSGeometry) -> Region | None:
    around = Region.objects.usable().filter(boundary__covers=places)
    return around.order_by(Area("boundary")).defer("boundary").first()


def load_network(region: Region) -> RoadNetwork:
    """Return the drive network of a region; opened once per process and version.

    Raises:
        MapNotReady: its files are absent or damaged here.
    """
    try:
        return _road_network(_folder(region))
    except NetworkMissing as problem:
        raise MapNotReady from problem


def load_cells(region: Region) -> Cells:
    """Return the cells of a region's drive network; opened once per process and version.

    Raises:
        MapNotReady: its files are absent or damaged here.
    """
    try:
        return _cells(_folder(region))
    except NetworkMissing as problem:
        raise MapNotReady from problem


def load_walk_network(region: Region) -> WalkNetwork:
    """Return the walk network of a region; opened once per process and version.

    Raises:
        MapNotReady: its files are absent or damaged here.
    """
    try:
        return _walk_network(_folder(region))
    except NetworkMissing as problem:
        raise MapNotReady from problem


def _folder(region: Region) -> Path:
    return Path(settings.NETWORKS_DIR) / (region.network_version or "none")


@lru_cache(maxsize=8)
def _road_network(folder: Path) -> RoadNetwork:
    return RoadNetwork(folder)


@lru_cache(maxsize=8)
def _cells(folder: Path) -> Cells:
    return open_cells(folder)


@lru_cache(maxsize=8)
def _walk_network(folder: Path) -> WalkNetwork:
    return WalkNetwork(folder)


def snap(
    network: RoadNetwork, point: LonLat, *, field: str = "point", max_m: float = SNAP_M
) -> Snap:
    """Bring a point to the nearest road.

    Raises:
        OffNetwork: no road lies within ``max_m`` metres; names ``field``.
    """
    try:
        return network.snap(point, max_m=max_m)
    except TooFarFromRoad as problem:
        raise OffNetwork(field=field) from problem


def meeting_points(
    region: Region, point: LonLat, *, walk_m: float, limit: int = 8, field: str = "point"
) -> MeetingPoints:
    """Return where a car can meet somebody who walks at most ``walk_m`` from a point.

    Raises:
        OffNetwork: no road lies within max(``walk_m``, 150 m); names ``field``.
    """
    drive, walk = load_network(region), load_walk_network(region)
    try:
        return find_meeting_points(drive, walk, point, walk_m=walk_m, limit=limit)
    except TooFarFromRoad as problem:
        raise OffNetwork(field=field) from problem


def walks_from(
    region: Region, point: LonLat, places: Sequence[LonLat], *, max_m: float, field: str = "point"
) -> list[float]:
    """Return the metres on foot from a point to places, infinite where they are over ``max_m``.

    Raises:
        OffNetwork: the point is not near any way; names ``field``.
    """
    try:
        metres = load_walk_network(region).distances_m(point, places, max_m=max_m)
    except TooFarFromRoad as problem:
        raise OffNetwork(field=field) from problem
    return [float(one) for one in metres]


def walk_between(region: Region, a: LonLat, b: LonLat, *, field: str = "point") -> Walk:
    """Return the shortest walk between two points.

    Raises:
        NoWalk: one of them is not near any way, or the ways are not joined; names ``field``.
    """
    try:
        return load_walk_network(region).route(a, b)
    except TooFarFromRoad as problem:
        raise NoWalk(field=field) from problem


def describe_place(region: Region, point: LonLat) -> str:
    """Return a public name for a point: a corner or a street, never a house number."""
    name, is_there = load_network(region).place_name(point)
    if not name:
        return region.name
    return name if is_there else _("near %(place)s") % {"place": name}


def map_health() -> str:
    """Return "ok" when there is a region and every region's network can be opened here."""
    regions = list(list_regions())
    if not regions:
        return "no map is imported: run manage.py import_map"
    missing = [region.slug for region in regions if not store.is_complete(_folder(region))]
    if missing:
        return f"no compiled network for {', '.join(missing)}: run manage.py import_map again"
    return "ok"
