"""Small towns for tests, written as real OSM files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import osmium
from osmium.osm import mutable

Tags = Mapping[str, str]

# Around 40 N, 3 W: one step is 100 m in each direction.
LAT, LON = 40.0, -3.0
STEP_LAT = 100 / 111_195.0
STEP_LON = STEP_LAT / 0.766


def place(column: float, row: float) -> tuple[float, float]:
    """Return the (lon, lat) of a point on the town's grid."""
    return LON + column * STEP_LON, LAT + row * STEP_LAT


@dataclass
class Town:
    """An OSM file in the making."""

    nodes: dict[int, tuple[float, float]] = field(default_factory=dict)
    node_tags: dict[int, Tags] = field(default_factory=dict)
    ways: list[tuple[int, Sequence[int], Tags]] = field(default_factory=list)
    relations: list[tuple[int, Sequence[tuple[str, int, str]], Tags]] = field(default_factory=list)

    def node(self, number: int, column: float, row: float, **tags: str) -> int:
        self.nodes[number] = place(column, row)
        if tags:
            self.node_tags[number] = {k.replace("__", ":"): v for k, v in tags.items()}
        return number

    def way(self, refs: Sequence[int], **tags: str) -> int:
        number = len(self.ways) + 1
        self.ways.append((number, refs, {k.replace("__", ":"): v for k, v in tags.items()}))
        return number

    def relation(self, members: Sequence[tuple[str, int, str]], **tags: str) -> None:
        self.relations.append((len(self.relations) + 1, members, tags))

    def write(self, path: Path) -> Path:
        path.unlink(missing_ok=True)
        with osmium.SimpleWriter(str(path)) as writer:
            for number, where in sorted(self.nodes.items()):
                writer.add_node(
                    mutable.Node(
                        id=number, location=where, tags=dict(self.node_tags.get(number, {}))
                    )
                )
            for number, refs, tags in self.ways:
                writer.add_way(mutable.Way(id=number, nodes=list(refs), tags=dict(tags)))
            for number, members, tags in self.relations:
                writer.add_relation(
                    mutable.Relation(id=number, members=list(members), tags=dict(tags))
                )
        return path


ROWS = ("First Street", "Second Street", "Third Street", "Fourth Street", "Fifth Street")
COLUMNS = ("Ash Avenue", "Birch Avenue", "Cedar Avenue", "Dogwood Avenue", "Elm Avenue")


def grid_town(size: int = 5) -> Town:
    """Return a grid of two-way streets, 100 m apart: Ash to Elm Avenue, First to Fifth Street.

    Node 100 * row + column stands at each crossing.
    """
    town = Town()
    for row in range(size):
        for column in range(size):
            town.node(100 * row + column + 1, column, row)
    for row in range(size):
        refs = [100 * row + column + 1 for column in range(size)]
        town.way(refs, highway="residential", name=ROWS[row], maxspeed="50")
    for column in range(size):
        refs = [100 * row + column + 1 for row in range(size)]
        kind = "primary" if column == size // 2 else "residential"
        town.way(refs, highway=kind, name=COLUMNS[column], maxspeed="50")
    return town


def rich_town() -> Town:
    """Return the grid with what else a real map holds: water, houses, stops, a rail, districts."""
    town = grid_town()
    for number, (column, row) in enumerate([(5, 0), (8, 0), (8, 3), (5, 3)], start=1001):
        town.node(number, column, row)
    town.way([1001, 1002, 1003, 1004, 1001], natural="water", name="Mirror Lake")
    for number, (column, row) in enumerate([(0.1, 0.2), (0.3, 0.2), (0.3, 0.4)], start=1011):
        town.node(number, column, row)
    town.way(
        [1011, 1012, 1013, 1011],
        building="yes",
        addr__street="Ash Avenue",
        addr__housenumber="12",
        addr__city="Gridtown",
    )
    town.node(1021, 1.0, 1.05, highway="bus_stop", name="Second and Birch")
    town.node(1022, 1.0, 0.95, highway="bus_stop", name="Second and Birch")
    town.node(1023, 2.5, 2.5, amenity="school", name="Grid School")
    town.node(1024, 1.5, 1.5, place="suburb", name="Westend")
    town.node(1025, 3.0, 3.0, place="town", name="Gridtown")
    town.node(1026, 2.2, 2.2, amenity="bench", name="A bench with a name")
    town.node(1027, 3.4, 3.4, amenity="parking", name="Elm Parking")
    town.node(1028, 0.0, 1.5, addr__street="Ash Avenue", addr__housenumber="7")
    town.way([1, 1001], waterway="river", name="Grid River")
    town.way([1002, 1003], railway="rail")
    outer = [town.node(1040 + i, c, r) for i, (c, r) in enumerate([(0, 5), (4, 5), (4, 8), (0, 8)])]
    inner = [town.node(1050 + i, c, r) for i, (c, r) in enumerate([(1, 6), (2, 6), (2, 7)])]
    sides = [
        ("w", town.way(outer[:3]), "outer"),
        ("w", town.way([*outer[2:], outer[0]]), "outer"),
        ("w", town.way([*inner, inner[0]]), "inner"),
    ]
    town.relation(sides, type="multipolygon", leisure="park", name="North Park")
    town.relation([("w", 9999, "outer")], type="multipolygon", natural="wood")
    town.way([2, 102], highway="footway", bridge="yes")
    town.way([outer[0], outer[1], outer[2], outer[0]], highway="pedestrian", area="yes")
    return town
