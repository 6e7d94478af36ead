"""Make the demo city's map: La Serena and Coquimbo, Chile.

The real streets come from a package on PyPI, `aequilibrae` 1.7.2, which ships an
OpenStreetMap extract as an example project. Nothing here is needed to *run* Carpool: both
results are committed beside this script. To make them again::

    pip download --no-deps aequilibrae==1.7.2          # a wheel is a zip file
    pip install osmium
    python data/make_la_serena.py aequilibrae-1.7.2-*.whl
    python data/make_la_serena.py coquimbo.zip         # or the example project alone

writes ``data/la-serena-coquimbo.osm.pbf`` and ``data/la-serena-coquimbo-zones.geojson``.

The example project cut every OSM way at its crossings into links. This script sews the
links of one way together again, so that ways keep their OSM id, and drops the "centroid
connectors", which are no streets. Crossings and way ends keep their OSM node id; the points
that only give a way its shape had lost theirs and get ids above 10^12, far beyond the ids that
OpenStreetMap has given out (negative ids would be the convention, but several readers refuse
to locate them).
"""

from __future__ import annotations

import argparse
import io
import json
import sqlite3
import struct
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
INNER_ZIP = "aequilibrae/reference_files/coquimbo.zip"
DATABASE = "project_database.sqlite"
NAME = "la-serena-coquimbo"
FIRST_SHAPE_ID = 10**12
FIRST_SPARE_WAY_ID = 10**12

LINKS_SQL = """
    SELECT links.osm_id, link_id, a.osm_id, b.osm_id, direction, link_type, links.name,
           speed_ab, speed_ba, links.geometry
    FROM links JOIN nodes a ON a.node_id = links.a_node JOIN nodes b ON b.node_id = links.b_node
    WHERE link_type <> 'centroid_connector'
    ORDER BY links.osm_id, link_id
"""

Coordinate = tuple[float, float]


@dataclass(frozen=True)
class Link:
    """Hold one piece of an OSM way between two crossings, in the order of its geometry."""

    link_id: int
    start: int
    end: int
    one_way: bool
    highway: str
    name: str | None
    speed_forward: int | None
    speed_backward: int | None
    points: tuple[Coordinate, ...]

    def tags(self) -> dict[str, str]:
        """Give the OSM tags back that the example project kept in columns."""
        tags = {"highway": self.highway}
        if self.name:
            tags["name"] = self.name
        if self.one_way:
            tags["oneway"] = "yes"
            # Ways drawn against their direction were turned round; their speed was not.
            speed = self.speed_forward or self.speed_backward
            if speed:
                tags["maxspeed"] = str(speed)
        elif self.speed_forward and self.speed_forward == self.speed_backward:
            tags["maxspeed"] = str(self.speed_forward)
        else:
            if self.speed_forward:
                tags["maxspeed:forward"] = str(self.speed_forward)
            if self.speed_backward:
                tags["maxspeed:backward"] = str(self.speed_backward)
        return tags


class BlobReader:
    """Read SpatiaLite geometry blobs.

    Source: "The SpatiaLite BLOB-Geometry format", gaia-gis.it: 39 bytes of header and
    bounding box, then WKB without byte-order marks, then 0xFE; each member of a collection
    is preceded by 0x69.
    """

    HEADER = 39

    def __init__(self, blob: bytes) -> None:
        if blob[0] != 0 or blob[1] != 1 or blob[-1] != 0xFE:
            raise ValueError("not a little-endian SpatiaLite geometry")
        self._blob, self._at = blob, self.HEADER

    def _unpack(self, layout: str) -> tuple[float, ...]:
        values = struct.unpack_from(layout, self._blob, self._at)
        self._at += struct.calcsize(layout)
        return values

    def _points(self) -> tuple[Coordinate, ...]:
        (count,) = self._unpack("<I")
        flat = self._unpack(f"<{2 * int(count)}d")
        return tuple(zip(flat[::2], flat[1::2], strict=True))

    def _expect(self, kind: int) -> None:
        (found,) = self._unpack("<I")
        if found != kind:
            raise ValueError(f"expected geometry type {kind}, found {found}")

    def line(self) -> tuple[Coordinate, ...]:
        """Return the vertices of a LINESTRING."""
        self._expect(2)
        return self._points()

    def multi_polygon(self) -> list[list[tuple[Coordinate, ...]]]:
        """Return the rings of each polygon of a MULTIPOLYGON."""
        self._expect(6)
        (count,) = self._unpack("<I")
        polygons = []
        for _ in range(int(count)):
            self._at += 1  # 0x69
            self._expect(3)
            (rings,) = self._unpack("<I")
            polygons.append([self._points() for _ in range(int(rings))])
        return polygons


def open_database(source: Path, folder: str) -> sqlite3.Connection:
    """Unpack the example project from the wheel or its inner zip and open it."""
    with zipfile.ZipFile(source) as outer:
        if INNER_ZIP in outer.namelist():
            with zipfile.ZipFile(io.BytesIO(outer.read(INNER_ZIP))) as inner:
                path = inner.extract(DATABASE, folder)
        else:
            path = outer.extract(DATABASE, folder)
    return sqlite3.connect(path)


def read_links(database: sqlite3.Connection) -> dict[int, list[Link]]:
    """Return the links of every OSM way."""
    ways: dict[int, list[Link]] = defaultdict(list)
    for (
        osm_id,
        link_id,
        start,
        end,
        direction,
        highway,
        name,
        ahead,
        back,
        blob,
    ) in database.execute(LINKS_SQL):
        points = BlobReader(blob).line()
        link = Link(link_id, start, end, direction == 1, highway, name, ahead, back, points)
        ways[osm_id].append(link)
    return ways


def sew(links: list[Link]) -> Iterator[list[Link]]:
    """Chain links that follow one another and carry the same tags, each chain a way."""
    left = dict.fromkeys(links)
    while left:
        chain = [next(iter(left))]
        del left[chain[0]]
        while following := _neighbour(chain[-1].end, "start", chain[0], left):
            chain.append(following)
            del left[following]
        while leading := _neighbour(chain[0].start, "end", chain[0], left):
            chain.insert(0, leading)
            del left[leading]
        yield chain


def _neighbour(node: int, side: str, like: Link, left: dict[Link, None]) -> Link | None:
    tags = like.tags()
    return next((k for k in left if getattr(k, side) == node and k.tags() == tags), None)


def write_pbf(ways: dict[int, list[Link]], path: Path) -> tuple[int, int]:
    """Write nodes and ways; return how many of each.

    A way that falls into several chains (cut at the edge of the extract, or with tags that
    change along it) keeps its OSM id on the longest chain; the others get spare ids.
    """
    from osmium import SimpleWriter  # only this step needs it
    from osmium.osm.mutable import Node, Way

    nodes: dict[int, Coordinate] = {}
    chains: dict[int, tuple[dict[str, str], list[int]]] = {}
    for osm_id, links in ways.items():
        sewn = sorted(sew(links), key=lambda chain: (-len(chain), chain[0].link_id))
        for rank, chain in enumerate(sewn):
            refs = [chain[0].start]
            for link in chain:
                nodes[link.start], nodes[link.end] = link.points[0], link.points[-1]
                for order, point in enumerate(link.points[1:-1]):
                    shape_id = FIRST_SHAPE_ID + link.link_id * 1000 + order
                    nodes[shape_id] = point
                    refs.append(shape_id)
                refs.append(link.end)
            way_id = osm_id if rank == 0 else FIRST_SPARE_WAY_ID + chain[0].link_id
            chains[way_id] = (chain[0].tags(), refs)
    path.unlink(missing_ok=True)
    with SimpleWriter(str(path)) as writer:
        for node_id in sorted(nodes):
            writer.add_node(Node(id=node_id, version=1, location=nodes[node_id]))
        for way_id in sorted(chains):
            tags, refs = chains[way_id]
            writer.add_way(Way(id=way_id, version=1, nodes=refs, tags=tags))
    return len(nodes), len(chains)


def write_zones(database: sqlite3.Connection, path: Path) -> int:
    """Write the zones with their population; coordinates to 1e-6 degrees (0.1 m)."""
    features = []
    sql = "SELECT zone_id, population, geometry FROM zones ORDER BY zone_id"
    for zone_id, population, blob in database.execute(sql):
        polygons = [
            [[[round(x, 6), round(y, 6)] for x, y in ring] for ring in polygon]
            for polygon in BlobReader(blob).multi_polygon()
        ]
        features.append(
            {
                "type": "Feature",
                "properties": {"zone": zone_id, "population": round(population)},
                "geometry": {"type": "MultiPolygon", "coordinates": polygons},
            }
        )
    rows = ",\n".join(json.dumps(feature, separators=(",", ":")) for feature in features)
    path.write_text(f'{{"type":"FeatureCollection","features":[\n{rows}\n]}}\n')
    return len(features)


def main() -> None:
    """Read the arguments and make both files."""
    parser = argparse.ArgumentParser(description="Make the demo city's map and zones.")
    parser.add_argument("source", type=Path, help="aequilibrae wheel, or its coquimbo.zip")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(options.source, folder)
        nodes, ways = write_pbf(read_links(database), options.out / f"{NAME}.osm.pbf")
        zones = write_zones(database, options.out / f"{NAME}-zones.geojson")
        database.close()
    print(f"{nodes} nodes, {ways} ways, {zones} zones")


if __name__ == "__main__":
    main()
