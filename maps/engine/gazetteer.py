"""Make the list of what people can search for: streets, corners, settlements, places, houses."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Final

import numpy as np
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from maps.engine import osm_tags
from maps.engine.geodesy import METRES_PER_DEGREE, LonLat, unit_sphere
from maps.engine.osm_file import OsmExtract, Place, Road
from maps.engine.roads import RoadNetwork

SAME_STREET_M: Final = 400.0
"""Ways of one name nearer than this are one street; farther apart, two streets of that name."""

STREET_RANK: Final = 20
CORNER_RANK: Final = 30
RANKS: Final = {"settlement": 0, "stop": 22, "place": 24, "parking": 26, "house": 28}

MOST_NAMES_AT_CORNER: Final = 3


@dataclass(frozen=True)
class Entry:
    """A line of the list; a smaller ``rank`` comes first among equal matches.

    ``also`` are other names by which it is found, without being shown.
    """

    kind: str
    label: str
    context: str
    rank: int
    location: LonLat
    also: str = ""


@dataclass(frozen=True)
class _Street:
    name: str
    also: str
    box: tuple[float, float, float, float]
    location: LonLat

    def holds(self, place: LonLat) -> bool:
        """Say whether a place lies in the box around the street."""
        west, south, east, north = self.box
        return west <= place.lon <= east and south <= place.lat <= north


@dataclass(frozen=True)
class _Corner:
    """Streets that meet, as (name, class), the main one first."""

    location: LonLat
    streets: list[tuple[str, int]]


def list_entries(extract: OsmExtract, network: RoadNetwork) -> list[Entry]:
    """Return everything that can be found on a map.

    Parameters
    ----------
    extract : OsmExtract
    network : RoadNetwork
        Compiled of it; its vertices are the crossings.

    Notes
    -----
    O(n log n) in the number of named things. Streets of the same name in different parts of town
    are told apart by the district they lie in or, where the map names none, by the main street
    nearest to them.
    """
    corners = _corners(network)
    districts = _Nearest([p for p in extract.places if p.kind == "settlement"])
    entries = list(_place_entries(extract.places, districts))
    entries += _street_entries(_streets(extract), districts, corners)
    entries += _corner_entries(corners, districts)
    return entries


class _Nearest:
    """Names of districts, by the nearest of their centres within a few kilometres."""

    FARTHEST_M = 4_000.0

    def __init__(self, places: list[Place]) -> None:
        self._names = [place.label for place in places]
        where = np.array([place.location for place in places]).reshape(-1, 2)
        self._tree = cKDTree(unit_sphere(where[:, 0], where[:, 1])) if places else None

    def name(self, place: LonLat, *, other_than: str = "") -> str:
        """Return the nearest district's name, or ""."""
        if self._tree is None:
            return ""
        point = unit_sphere(np.array([place.lon]), np.array([place.lat]))
        bound = np.radians(self.FARTHEST_M / METRES_PER_DEGREE)
        _, found = self._tree.query(point, k=min(2, len(self._names)), distance_upper_bound=bound)
        names = [self._names[i] for i in np.ravel(found) if i < len(self._names)]
        return next((name for name in names if name != other_than), "")


def _place_entries(places: Iterable[Place], districts: _Nearest) -> Iterator[Entry]:
    seen: set[tuple[str, str, float, float]] = set()
    for place in places:
        context = place.context or districts.name(place.location, other_than=place.label)
        # A stop has a pole on each side of the street and a sign; people look for one.
        spot = (place.kind, place.label, round(place.location.lon, 3), round(place.location.lat, 3))
        if place.kind != "house" and spot in seen:
            continue
        seen.add(spot)
        rank = RANKS[place.kind] + (place.rank if place.kind == "settlement" else 0)
        yield Entry(place.kind, place.label, context, rank, place.location, place.also)


def _streets(extract: OsmExtract) -> list[_Street]:
    named: dict[str, list[Road]] = defaultdict(list)
    for road in extract.roads:
        name = osm_tags.street_name(road.tags)
        if name and road.tags.get("area") != "yes":
            named[name].append(road)
    return [part for name in sorted(named) for part in _parts_of_town(extract, name, named[name])]


def _parts_of_town(extract: OsmExtract, name: str, roads: list[Road]) -> Iterator[_Street]:
    """Yield one street for each group of ways that lie together."""
    squeeze = np.array([np.cos(np.radians(extract.lat[roads[0].nodes[0]])), 1.0])
    lines = [
        shapely.LineString(np.column_stack([extract.lon[r.nodes], extract.lat[r.nodes]]) * squeeze)
        for r in roads
    ]
    for group in _together(lines):
        also = " ".join(sorted({osm_tags.other_names(roads[i].tags) for i in group} - {""}))
        whole = shapely.MultiLineString([lines[i] for i in group])
        on_street = shapely.get_point(shapely.shortest_line(whole, whole.centroid), 0)
        x, y = np.array([on_street.x, on_street.y]) / squeeze
        west, south, east, north = np.array(whole.bounds) / np.tile(squeeze, 2)
        box = (float(west), float(south), float(east), float(north))
        yield _Street(name, also, box, LonLat(float(x), float(y)))


def _together(lines: Sequence[BaseGeometry]) -> list[list[int]]:
    """Group lines by :data:`SAME_STREET_M`."""
    if len(lines) == 1:
        return [[0]]
    reach = SAME_STREET_M / METRES_PER_DEGREE
    one, other = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=reach)
    links = csr_matrix((np.ones(len(one)), (one, other)), shape=(len(lines), len(lines)))
    count, group = connected_components(links, directed=False)
    return [np.flatnonzero(group == i).tolist() for i in range(count)]


def _street_entries(
    streets: list[_Street], districts: _Nearest, corners: list[_Corner]
) -> Iterator[Entry]:
    crossings: dict[str, list[tuple[LonLat, int, str]]] = defaultdict(list)
    for corner in corners:
        for (name, _), (other, other_class) in permutations(corner.streets, 2):
            crossings[name].append((corner.location, other_class, other))
    district = [districts.name(street.location) for street in streets]
    clash = Counter((s.name, d) for s, d in zip(streets, district, strict=True))
    taken: set[tuple[str, str]] = set()
    for street, where in zip(streets, district, strict=True):
        context = where
        if clash[street.name, where] > 1:
            met = sorted((c, other) for at, c, other in crossings[street.name] if street.holds(at))
            free = [other for _, other in met if (street.name, other) not in taken]
            landmark = next(iter(free), "")
            taken.add((street.name, landmark))
            context = " \u00b7 ".join(filter(None, [landmark, where]))
        yield Entry("street", street.name, context, STREET_RANK, street.location, street.also)


def _corners(network: RoadNetwork) -> list[_Corner]:
    """Return the vertices where streets of different names meet."""
    meeting: dict[int, dict[str, int]] = defaultdict(dict)
    tails = np.repeat(np.arange(len(network)), np.diff(network.arc_start))
    for ends in (tails, network.arc_head):
        for vertex, name, rank in np.unique(
            np.column_stack([ends, network.arc_name, network.arc_class]), axis=0
        ).tolist():
            if name:
                names = meeting[vertex]
                known = network.names[name]
                names[known] = min(rank, names.get(known, rank))
    return [
        _Corner(network.location(v), sorted(names.items(), key=lambda item: (item[1], item[0])))
        for v, names in sorted(meeting.items())
        if len(names) >= 2
    ]


def _corner_entries(corners: list[_Corner], districts: _Nearest) -> Iterator[Entry]:
    """Yield each pair of streets once per part of town: a dual carriageway meets a street twice."""
    places: dict[tuple[str, str], list[LonLat]] = defaultdict(list)
    for corner in corners:
        names = [name for name, _ in corner.streets[:MOST_NAMES_AT_CORNER]]
        for pair in combinations(names, 2):
            places[pair].append(corner.location)
    for (first, second), spots in places.items():
        points = [shapely.Point(spot.lon, spot.lat) for spot in spots]
        for group in _together(points):
            spot = spots[group[len(group) // 2]]
            label = f"{first} / {second}"
            yield Entry("corner", label, districts.name(spot), CORNER_RANK, spot)
