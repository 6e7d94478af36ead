"""Reading maps: regions, places, meeting points, address search, health, tiles."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import LonLat, from_point
from maps import selectors, services
from maps.errors import (
    GeocoderDown,
    MapNotReady,
    NoWalk,
    OffNetwork,
    OutsideMap,
    RegionNotFound,
)
from maps.models import Address, MapFeature, Region
from maps.tests.factories import grid_town, place, rich_town
from maps.tests.servers import serve

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
AT_SEA = LonLat(-71.3300, -29.9000)
IN_THE_BAY = LonLat(-71.3558, -29.9722)  # inside the hull, no street near

pytestmark = pytest.mark.django_db


def at(column: float, row: float) -> LonLat:
    return LonLat(*place(column, row))


@pytest.fixture(scope="module")
def town_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rich_town().write(tmp_path_factory.mktemp("town") / "gridtown.osm.pbf")


@pytest.fixture
def town(town_file: Path, settings: Settings, no_maps: None) -> Region:
    settings.NETWORKS_DIR = town_file.parent / "networks"
    return services.import_file(path=town_file, now=NOW).region


# --- Regions and points -----------------------------------------------------------------------


def test_a_point_finds_its_region(town: Region) -> None:
    assert selectors.region_at(at(2, 2)) == town


def test_a_point_outside_names_its_field(town: Region) -> None:
    with pytest.raises(OutsideMap) as outside:
        selectors.region_at(LonLat(10, 50), field="origin")
    assert outside.value.fields.keys() == {"origin"}
    assert outside.value.status == 422


def test_the_smaller_of_two_regions_wins(town: Region, tmp_path: Path) -> None:
    small = grid_town(2).write(tmp_path / "small.osm.pbf")
    region = services.import_file(path=small, now=NOW).region
    assert selectors.region_at(at(0.5, 0.5)) == region
    assert selectors.region_at(at(4, 7.5)) == town


def test_a_region_that_was_never_imported_serves_nobody(town: Region) -> None:
    Region.objects.create(slug="waiting", name="Waiting", boundary=town.boundary)
    assert list(selectors.list_regions()) == [town]
    with pytest.raises(RegionNotFound):
        selectors.get_region("waiting")
    assert selectors.get_region("gridtown") == town


def test_a_point_without_a_road_near_names_its_field(town: Region) -> None:
    network = selectors.load_network(town)
    assert selectors.snap(network, at(1, 1)).distance_m < 1
    with pytest.raises(OffNetwork) as off:
        selectors.snap(network, at(-3.5, 2), field="destination")
    assert off.value.fields.keys() == {"destination"}


def test_networks_are_opened_once_per_process(town: Region) -> None:
    assert selectors.load_network(town) is selectors.load_network(town)
    assert selectors.load_walk_network(town) is selectors.load_walk_network(town)


def test_a_missing_network_is_a_503_and_not_well(town: Region) -> None:
    assert selectors.map_health() == "ok"
    Region.objects.update(network_version="gone")
    town.refresh_from_db()
    for load in (selectors.load_network, selectors.load_walk_network):
        with pytest.raises(MapNotReady) as missing:
            load(town)
        assert missing.value.status == 503
    assert "gridtown" in selectors.map_health()


def test_without_a_map_the_health_says_what_to_do() -> None:
    Region.objects.all().delete()
    assert "import_map" in selectors.map_health()


def test_meeting_points_and_their_errors(town: Region) -> None:
    points = selectors.meeting_points(town, at(2.2, 2.0), walk_m=300, limit=3)
    assert len(points) == 3
    with pytest.raises(OffNetwork) as off:
        selectors.meeting_points(town, at(-4, 2), walk_m=200, field="origin")
    assert off.value.fields.keys() == {"origin"}


def test_walks_and_their_errors(town: Region) -> None:
    assert selectors.walk_between(town, at(0, 0), at(2, 0)).distance_m == pytest.approx(
        200, rel=0.01
    )
    with pytest.raises(NoWalk):
        selectors.walk_between(town, at(-9, 0), at(2, 0))


def test_places_are_described_without_house_numbers(town: Region) -> None:
    assert selectors.describe_place(town, at(0.05, 0.5)) == "Ash Avenue"
    assert selectors.describe_place(town, at(2, 3)) == "Cedar Avenue / Fourth Street"
    assert selectors.describe_place(town, at(-5, 0)) == "near Ash Avenue / First Street"


def test_a_nameless_town_is_described_by_the_region(tmp_path: Path, settings: Settings) -> None:
    settings.NETWORKS_DIR = tmp_path / "networks"
    town = grid_town(3)
    town.ways = [(n, refs, {"highway": "residential"}) for n, refs, _ in town.ways]
    path = town.write(tmp_path / "nameless.osm.pbf")
    region = services.import_file(path=path, now=NOW, name="Nameless").region
    assert selectors.describe_place(region, at(1, 1)) == "Nameless"


def test_a_drive_between_two_points(town: Region) -> None:
    drive = selectors.drive_between(at(0, 0), at(4, 4))
    assert drive.distance_m == pytest.approx(800, rel=0.01)
    assert drive.duration_s == pytest.approx(800 / (50 / 3.6 * 0.77), rel=0.1)
    assert drive.geometry[0] == pytest.approx(at(0, 0), abs=1e-6)
    assert drive.geometry[-1] == pytest.approx(at(4, 4), abs=1e-6)


def test_a_drive_between_two_maps_is_refused(town: Region, tmp_path: Path) -> None:
    far = grid_town(3)
    far.nodes = {n: (lon + 1, lat) for n, (lon, lat) in far.nodes.items()}
    services.import_file(path=far.write(tmp_path / "far.osm.pbf"), now=NOW)
    with pytest.raises(InvalidInput) as wrong:
        selectors.drive_between(at(0, 0), LonLat(-1.999, 40.001))
    assert wrong.value.fields.keys() == {"destination"}


# --- Address search ---------------------------------------------------------------------------


def labels(hits: list[selectors.AddressHit]) -> list[str]:
    return [hit.label for hit in hits]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("ash", "Ash Avenue"),
        ("ASH AV", "Ash Avenue"),
        ("cédar avenúe", "Cedar Avenue"),
        ("dogwod", "Dogwood Avenue"),
        ("secnd street", "Second Street"),
        ("ash avenue 12", "Ash Avenue 12"),
        ("ash avenue 99", "Ash Avenue"),
        ("westend", "Westend"),
        ("grid school", "Grid School"),
        ("birch", "Birch Avenue"),
        ("elm / third", "Elm Avenue / Third Street"),
        ("Third & Elm", "Elm Avenue / Third Street"),
        ("cedar and first street", "Cedar Avenue / First Street"),
        ("elm parking", "Elm Parking"),
    ],
)
def test_the_place_meant_comes_first(town: Region, query: str, first: str) -> None:
    assert labels(selectors.search_addresses(town, query))[0] == first


def test_every_prefix_of_two_letters_and_more_finds_the_street(town: Region) -> None:
    for length in range(2, len("Dogwood Avenue") + 1):
        found = labels(selectors.search_addresses(town, "Dogwood Avenue"[:length]))
        assert "Dogwood Avenue" in found, length


def test_a_corner_that_does_not_exist_falls_back_to_its_streets(town: Region) -> None:
    found = labels(selectors.search_addresses(town, "ash / birch"))
    assert "Ash Avenue / Birch Avenue" not in found


def test_corners_do_not_crowd_out_streets(town: Region) -> None:
    found = selectors.search_addresses(town, "ash", limit=20)
    assert not [hit for hit in found if hit.kind == "corner"]


def test_what_is_near_comes_first_among_equals(town: Region) -> None:
    for name, where in [("A", at(0, 0)), ("B", at(4, 4))]:
        Address.objects.create(
            region=town,
            kind="street",
            label="Twin Road",
            context=name,
            location=f"SRID=4326;POINT({where.lon} {where.lat})",
            search="twin road",
        )
    for name, where in [("A", at(0, 0.2)), ("B", at(4, 4.2))]:
        found = selectors.search_addresses(town, "twin", near=where)
        assert found[0].context == name


def test_nothing_fits_nonsense(town: Region) -> None:
    assert selectors.search_addresses(town, "zzqqxx") == []


@pytest.mark.parametrize("query", ["", " ", "a", "é", " / ", "x" * 121])
def test_queries_too_short_or_long_name_the_field(town: Region, query: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        selectors.search_addresses(town, query)
    assert wrong.value.fields.keys() == {"q"}


@pytest.mark.parametrize("query", ["100%", "a_b", "ab';--", "ab\\", "(zz", "zz%"])
def test_signs_of_sql_and_patterns_match_nothing_special(town: Region, query: str) -> None:
    assert selectors.search_addresses(town, query) == []


@pytest.mark.parametrize("query", ["';--", "\\", "%%", "_"])
def test_signs_alone_are_no_query(town: Region, query: str) -> None:
    with pytest.raises(InvalidInput):
        selectors.search_addresses(town, query)


def test_a_search_takes_the_same_queries_however_much_it_finds(
    town: Region, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):  # savepoint, threshold, search, release
        assert len(selectors.search_addresses(town, "street", limit=20)) == 5
    with django_assert_num_queries(4):
        assert len(selectors.search_addresses(town, "westend", limit=1)) == 1


def test_a_search_may_span_all_regions(town: Region) -> None:
    assert labels(selectors.search_addresses(None, "dogwood"))[0] == "Dogwood Avenue"


def test_the_demo_citys_balmaceda_is_found_as_people_type_it(city: Region) -> None:
    for query in ["balmaceda", "Balmac", "balmaceada", "jose manuel balmaceda", "av balmaceda"]:
        found = labels(selectors.search_addresses(city, query))
        assert any("Balmaceda" in label for label in found), query
    corners = selectors.search_addresses(city, "francisco de aguirre con balmaceda")
    assert corners[0].kind == "corner"


def test_an_outside_geocoder_learns_no_position(town: Region, settings: Settings) -> None:
    answer = [
        {
            "lat": "40.001",
            "lon": "-3.0",
            "display_name": "Ash Avenue, Gridtown",
            "class": "highway",
        },
        {"lat": "50.0", "lon": "8.0", "display_name": "Far Street, Elsewhere", "class": "highway"},
    ]
    with serve({"/search": answer}) as server:
        settings.GEOCODER = f"nominatim:http://{server.host}"
        found = selectors.search_addresses(town, "ash", near=at(1.23, 2.34))
        everywhere = selectors.search_addresses(None, "ash")
    assert labels(found) == ["Ash Avenue"]
    assert labels(everywhere) == ["Ash Avenue", "Far Street"]
    asked = " ".join(str(request.query) for request in server.requests)
    lon, lat = at(1.23, 2.34)
    assert str(round(lon, 4)) not in asked
    assert str(round(lat, 4)) not in asked


def test_an_outside_geocoder_that_is_down_is_a_503(town: Region, settings: Settings) -> None:
    settings.GEOCODER = "photon:http://127.0.0.1:9"
    with pytest.raises(GeocoderDown) as down:
        selectors.search_addresses(town, "ash")
    assert down.value.status == 503


# --- Tiles ------------------------------------------------------------------------------------


def tile_of(point: LonLat, z: int) -> tuple[int, int]:
    n = 2**z
    lat = np.radians(point.lat)
    y = (1 - np.log(np.tan(lat) + 1 / np.cos(lat)) / np.pi) / 2
    return int((point.lon + 180) / 360 * n), int(y * n)


@pytest.fixture
def decode(tmp_path: Path) -> Callable[[bytes], dict[str, list[dict[str, Any]]]]:
    """Decode a tile with GDAL's own reader: layer name -> attributes of its features."""
    import gzip

    def read(tile: bytes) -> dict[str, list[dict[str, Any]]]:
        path = tmp_path / "tile.mvt"
        path.write_bytes(gzip.decompress(tile))
        names = [name for name, _ in pyogrio.list_layers(path)]
        layers = {}
        for name in names:
            meta, _fids, _geometry, columns = pyogrio.raw.read(path, layer=name)
            rows = zip(*columns, strict=True)
            layers[name] = [dict(zip(meta["fields"], row, strict=True)) for row in rows]
        return layers

    return read


@pytest.mark.parametrize("z", [10, 13, 14, 16])
def test_tiles_hold_what_their_zoom_shows(town: Region, decode: Any, z: int) -> None:
    layers = decode(selectors.get_tile("gridtown", z, *tile_of(at(2.02, 2.02), z)))
    roads = {road["class"] for road in layers["roads"]}
    assert "primary" in roads
    assert ("residential" in roads) is (z >= 12)
    assert ("building" in {a["class"] for a in layers.get("areas", [])}) is (z == 14)
    if z == 14:
        assert {label["name"] for label in layers["labels"]} >= {"Gridtown", "Westend"}
        assert "water" in {a["class"] for a in layers["areas"]}
        assert layers["waterways"][0]["class"] == "river"
        assert "Cedar Avenue" in {road["name"] for road in layers["roads"]}


def test_a_tile_is_made_once(
    town: Region, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    x, y = tile_of(at(2, 2), 14)
    first = selectors.get_tile("gridtown", 14, x, y)
    with django_assert_num_queries(0):
        assert selectors.get_tile("gridtown", 14, x, y) == first


def test_a_tile_without_anything_is_empty(town: Region) -> None:
    assert selectors.get_tile("gridtown", 14, 0, 0) == b""


def test_tiles_of_an_unknown_region_are_refused() -> None:
    with pytest.raises(RegionNotFound):
        selectors.get_tile("nowhere", 1, 0, 0)


def test_one_way_streets_keep_their_direction_in_deep_tiles(town: Region, decode: Any) -> None:
    MapFeature.objects.filter(name="Ash Avenue", layer="roads").update(one_way=True, level=1)
    point = at(0, 2)
    deep = decode(selectors.get_tile("gridtown", 15, *tile_of(point, 15)))
    ash = next(road for road in deep["roads"] if road["name"] == "Ash Avenue")
    assert ash["oneway"]
    assert ash["level"] == 1
    high = decode(selectors.get_tile("gridtown", 13, *tile_of(point, 13)))
    ash = next(road for road in high["roads"] if road["name"] == "Ash Avenue")
    assert not ash.get("oneway")


def test_the_demo_city_ends_at_the_sea(city: Region) -> None:
    with pytest.raises(OutsideMap):
        selectors.region_at(AT_SEA)
    assert city.centre is not None
    assert selectors.region_at(from_point(city.centre)) == city
    region = selectors.region_at(IN_THE_BAY, field="origin")
    with pytest.raises(OffNetwork):
        selectors.snap(selectors.load_network(region), IN_THE_BAY, field="origin")
