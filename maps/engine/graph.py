"""Build drive and walk graphs with OSMnx and lay them out as edges with geometry.

OSMnx is imported by the functions, not the module: it takes seconds and only imports of maps
need it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from maps.engine import osm_tags, speeds
from maps.engine.geodesy import Floats, Longs
from maps.engine.osm_file import OsmExtract, Road

if TYPE_CHECKING:
    import networkx as nx

# Where one of these changes along a street, the vertex between is kept, so that every edge has
# one class, one name and one limit.
KEPT_APART = ("highway", "name", "maxspeed", "tunnel")


@dataclass(frozen=True)
class Edge:
    """A stretch of road from one junction to the next, in its direction of travel.

    ``points`` is float64[p, 2] from ``tail`` to ``head``, both included, ``length_m`` their length
    as OSMnx measured it; ``kph`` is 0 on foot.
    """

    tail: int
    head: int
    highway: str
    name: str
    kph: float
    points: Floats
    length_m: float


def drive_edges(extract: OsmExtract) -> list[Edge]:
    """Return the edges that cars may use, one per direction, with speeds as driven."""
    import osmnx as ox

    graph = _osmnx_graph(extract, walk=False)
    if not graph.number_of_edges():
        return []
    graph = ox.simplify_graph(graph, edge_attrs_differ=KEPT_APART)
    graph = ox.add_edge_speeds(graph, hwy_speeds=_assumed(graph), fallback=40.0)
    return list(_edges(graph))


def walk_edges(extract: OsmExtract) -> list[Edge]:
    """Return the edges that people on foot may use, each once."""
    import osmnx as ox

    graph = _osmnx_graph(extract, walk=True)
    if not graph.number_of_edges():
        return []
    graph = ox.simplify_graph(graph, edge_attrs_differ=("highway", "name"))
    seen: set[bytes] = set()
    kept = []
    for edge in _edges(graph):
        key = canonical_key(edge.points)
        if key not in seen:
            seen.add(key)
            kept.append(edge)
    return kept


def canonical_key(points: Floats) -> bytes:
    """Return the same key for a line and its reverse."""
    return min(points.tobytes(), np.ascontiguousarray(points[::-1]).tobytes())


def _osmnx_graph(extract: OsmExtract, *, walk: bool) -> "nx.MultiDiGraph[int]":
    """Return the unsimplified graph in OSMnx's data model (crs, x, y, length, reversed)."""
    import networkx as nx
    import osmnx as ox

    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs="epsg:4326", simplified=False)
    usable = osm_tags.may_walk if walk else osm_tags.may_drive
    for road in extract.roads:
        if usable(road.tags):
            _add_road(graph, road, 0 if walk else osm_tags.direction(road.tags))
    for node, data in graph.nodes(data=True):
        data.update(x=float(extract.lon[node]), y=float(extract.lat[node]))
    if graph.number_of_edges():
        graph = ox.distance.add_edge_lengths(graph)
    return graph


def _add_road(graph: "nx.MultiDiGraph[int]", road: Road, direction: int) -> None:
    tags = road.tags
    nodes = road.nodes.tolist()
    if direction < 0:
        nodes.reverse()
    ahead = list(pairwise(nodes))
    common = {
        "osmid": road.osm_id,
        "highway": tags["highway"],
        "name": osm_tags.street_name(tags),
        "tunnel": tags.get("tunnel", "no"),
        "oneway": direction != 0,
    }
    sides = ("maxspeed:forward", "maxspeed:backward")
    for is_back, side in enumerate(sides[: 1 if direction else 2]):
        limit = tags.get(side) or tags.get("maxspeed")
        attributes = {**common, "maxspeed": limit} if limit else common
        pairs = [(b, a) for a, b in ahead] if is_back else ahead
        graph.add_edges_from(pairs, reversed=bool(is_back), **attributes)


def _assumed(graph: "nx.MultiDiGraph[int]") -> dict[str, float]:
    """Return limits for the classes with too few posted ones for OSMnx to average."""
    posted = Counter(
        data["highway"] for _, _, data in graph.edges(data=True) if data.get("maxspeed")
    )
    return {
        highway: kph
        for highway, kph in speeds.ASSUMED_KPH.items()
        if posted[highway] < speeds.FEWEST_TO_AVERAGE
    }


def _edges(graph: "nx.MultiDiGraph[int]") -> Iterator[Edge]:
    for tail, head, data in graph.edges(data=True):
        geometry = data.get("geometry")
        if geometry is None:
            ends = graph.nodes[tail], graph.nodes[head]
            points = np.array([(end["x"], end["y"]) for end in ends])
        else:
            points = np.asarray(geometry.coords, np.float64)
        highway = _single(data["highway"])
        share = speeds.DRIVEN_SHARE[osm_tags.road_class(highway)]
        posted = float(np.clip(data.get("speed_kph", 0.0), speeds.SLOWEST_KPH, speeds.FASTEST_KPH))
        kph = posted * share if "speed_kph" in data else 0.0
        yield Edge(tail, head, highway, _single(data["name"]), kph, points, data["length"])


def _single(value: Any) -> str:
    """Return one value where OSMnx merged several."""
    return str(value[0] if isinstance(value, list) else value)


def node_table(edges: list[Edge]) -> tuple[Longs, Floats]:
    """Return the distinct end vertices of edges, sorted, and their places float64[n, 2]."""
    place = {}
    for edge in edges:
        place[edge.tail] = edge.points[0]
        place[edge.head] = edge.points[-1]
    ids = np.array(sorted(place), np.int64)
    return ids, np.array([place[i] for i in ids.tolist()]).reshape(-1, 2)
