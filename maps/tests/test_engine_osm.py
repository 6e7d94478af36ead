"""Reading OSM files: tags, features, clipped and broken files."""

from pathlib import Path

import numpy as np
import pytest

from maps.engine import MapFileUnreadable, NoRoads, basemap, osm_features, osm_tags
from maps.engine.osm_file import read_osm
from maps.tests.conftest import DEMO
from maps.tests.factories import Town, grid_town, rich_town


@pytest.mark.parametrize(
    ("tags", "drive", "walk"),
    [
        ({"highway": "residential"}, True, True),
        ({"highway": "motorway"}, True, False),
        ({"highway": "motorway_link"}, True, False),
        ({"highway": "footway"}, False, True),
        ({"highway": "cycleway"}, False, False),
        ({"highway": "cycleway", "foot": "designated"}, False, True),
        ({"highway": "construction"}, False, False),
        ({"highway": "service", "service": "driveway"}, False, True),
        ({"highway": "service", "service": "private"}, False, False),
        ({"highway": "service"}, True, True),
        ({"highway": "residential", "access": "private"}, False, False),
        ({"highway": "residential", "access": "no", "motor_vehicle": "yes"}, True, False),
        ({"highway": "residential", "motor_vehicle": "no"}, False, True),
        ({"highway": "residential", "access": "no", "foot": "yes"}, False, True),
        ({"highway": "residential", "foot": "no"}, True, False),
        ({"highway": "pedestrian", "area": "yes"}, False, False),
        ({"highway": "trunk", "motorroad": "yes"}, True, False),
        ({"building": "yes"}, False, False),
        ({"highway": "yes"}, False, True),
    ],
)
def test_who_may_use_a_way(tags: dict[str, str], drive: bool, walk: bool) -> None:
    assert osm_tags.may_drive(tags) is drive
    assert osm_tags.may_walk(tags) is walk


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"oneway": "yes"}, 1),
        ({"oneway": "-1"}, -1),
        ({"oneway": "no", "highway": "motorway"}, 0),
        ({"highway": "motorway"}, 1),
        ({"junction": "roundabout"}, 1),
        ({"highway": "residential"}, 0),
        ({"oneway": "reversible"}, 0),
    ],
)
def test_the_direction_of_a_way(tags: dict[str, str], expected: int) -> None:
    assert osm_tags.direction(tags) == expected


@pytest.mark.parametrize(
    ("highway", "expected"),
    [
        ("trunk_link", "trunk"),
        ("residential", "residential"),
        ("steps", "path"),
        ("road", "unclassified"),
    ],
)
def test_the_class_of_a_road(highway: str, expected: str) -> None:
    assert osm_tags.road_class(highway) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [({"tunnel": "yes"}, -1), ({"bridge": "viaduct"}, 1), ({"bridge": "no"}, 0), ({}, 0)],
)
def test_bridges_lie_above_and_tunnels_below(tags: dict[str, str], expected: int) -> None:
    assert osm_tags.level(tags) == expected


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"name": "A", "place": "town"}, "settlement"),
        ({"name": "A", "highway": "bus_stop"}, "stop"),
        ({"name": "A", "amenity": "parking"}, "parking"),
        ({"name": "A", "shop": "bakery"}, "place"),
        ({"name": "A", "building": "office"}, "place"),
        ({"name:en": "A", "tourism": "museum"}, "place"),
        ({"name": "A", "amenity": "bench"}, None),
        ({"amenity": "school"}, None),
        ({"name": "A", "natural": "peak"}, None),
    ],
)
def test_what_a_named_object_is_in_search(tags: dict[str, str], kind: str | None) -> None:
    assert osm_features.place_kind(tags) == kind


def test_a_value_of_no_makes_no_area() -> None:
    assert osm_features.area_class({"building": "no"}) is None
    assert osm_features.area_class({"building": "no", "landuse": "forest"}) == "wood"


def test_a_rich_map_gives_roads_features_and_places(tmp_path: Path) -> None:
    extract = read_osm(rich_town().write(tmp_path / "town.osm.pbf"))
    assert {(f.layer, f.kind) for f in extract.features} == {
        ("area", "water"),
        ("area", "building"),
        ("area", "green"),
        ("area", "residential"),
        ("line", "river"),
        ("line", "rail"),
    }
    park = next(f for f in extract.features if f.name == "North Park")
    whole = 400 * 300
    assert park.geometry.area * 111_195**2 * 0.766 == pytest.approx(whole - 5_000, rel=0.01)
    assert sorted((p.kind, p.label) for p in extract.places if p.kind == "house") == [
        ("house", "Ash Avenue 12"),
        ("house", "Ash Avenue 7"),
    ]
    assert {p.label for p in extract.places} >= {"Mirror Lake", "Westend", "Grid School"} - {
        "Mirror Lake"
    }
    assert "A bench with a name" not in {p.label for p in extract.places}


def test_a_clipped_way_is_split_and_never_bridged(tmp_path: Path) -> None:
    town = grid_town()
    for column in range(10, 16):
        town.node(500 + column, column, 0)
    town.way([5, 510, 511, 9_999, 513, 514, 9_998, 515], highway="residential", name="Clipped")
    extract = read_osm(town.write(tmp_path / "town.osm.pbf"))
    runs = [
        extract.node_ids[road.nodes].tolist()
        for road in extract.roads
        if road.tags.get("name") == "Clipped"
    ]
    assert runs == [[5, 510, 511], [513, 514]]


def test_shape_points_keep_their_places(tmp_path: Path) -> None:
    town = grid_town()
    extract = read_osm(town.write(tmp_path / "town.osm.pbf"))
    for number, where in town.nodes.items():
        at = np.searchsorted(extract.node_ids, number)
        assert (extract.lon[at], extract.lat[at]) == pytest.approx(where, abs=1e-7)


def test_the_demo_city_is_what_its_readme_says() -> None:
    extract = read_osm(DEMO)
    assert (len(extract.node_ids), len(extract.roads)) == (31_033, 6_209)
    assert all(osm_tags.may_drive(road.tags) for road in extract.roads)
    named = sum("name" in road.tags for road in extract.roads)
    assert named > 5_000
    assert all(road.osm_id < 10**12 for road in extract.roads)  # every way kept its OSM id


@pytest.mark.parametrize("content", [b"", b"not a map", b"\x00" * 4096])
def test_a_file_that_is_no_map_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.osm.pbf"
    path.write_bytes(content)
    with pytest.raises(MapFileUnreadable):
        read_osm(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    whole = DEMO.read_bytes()
    path = tmp_path / "short.osm.pbf"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(MapFileUnreadable):
        read_osm(path)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "map.txt"
    path.write_text("hello")
    with pytest.raises(MapFileUnreadable):
        read_osm(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MapFileUnreadable):
        read_osm(tmp_path / "absent.osm.pbf")


def test_a_map_without_roads_is_refused(tmp_path: Path) -> None:
    town = Town()
    town.node(1, 0, 0, amenity="school", name="Lonely")
    with pytest.raises(NoRoads):
        read_osm(town.write(tmp_path / "town.osm.pbf"))
    town.way([1, 77], highway="residential")
    with pytest.raises(NoRoads):
        read_osm(town.write(tmp_path / "town.osm.pbf"))


def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    shares: list[float] = []
    path = grid_town().write(tmp_path / "town.osm.pbf")
    read_osm(path, lambda share, _what: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_the_basemap_draws_what_the_map_holds(tmp_path: Path) -> None:
    extract = read_osm(rich_town().write(tmp_path / "town.osm.pbf"))
    drawn = list(basemap.draw(extract))
    by_layer = {(d.layer, d.kind) for d in drawn}
    assert by_layer >= {
        ("areas", "water"),
        ("areas", "built"),
        ("areas", "green"),
        ("roads", "primary"),
        ("roads", "rail"),
        ("roads", "footway"),
        ("waterways", "river"),
        ("labels", "suburb"),
        ("labels", "town"),
        ("labels", "stop"),
    }
    assert ("roads", "pedestrian") not in by_layer
    bridge = next(d for d in drawn if d.kind == "footway")
    assert (bridge.level, bridge.one_way) == (1, False)
    assert all(6 <= d.min_zoom <= 15 for d in drawn if d.layer == "areas" and d.kind != "built")


def test_the_built_up_area_covers_the_streets_and_little_more(tmp_path: Path) -> None:
    import shapely

    extract = read_osm(grid_town().write(tmp_path / "town.osm.pbf"))
    town = shapely.union_all([d.geometry for d in basemap.built_up(extract)])
    streets = shapely.union_all([d.geometry for d in basemap.draw(extract) if d.layer == "roads"])
    assert town.buffer(1e-9).covers(streets)
    side_m = 400 + 2 * basemap.BUILT_UP_M
    assert town.area * 111_195**2 * 0.766 == pytest.approx(side_m**2, rel=0.08)
