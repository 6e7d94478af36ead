"""What can be searched for: folding of text, the list of entries, outside geocoders."""

from pathlib import Path

import pytest

from maps.engine import RoadNetwork
from maps.engine.gazetteer import Entry, list_entries
from maps.engine.geocoding import GeocoderFailed, geocode
from maps.engine.osm_file import read_osm
from maps.engine.text import fold, fold_query, split_corner
from maps.tests.conftest import compile_town
from maps.tests.factories import Town, grid_town, place, rich_town
from maps.tests.servers import serve


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Avenida José Manuel Balmaceda", "avenida jose manuel balmaceda"),
        ("O'Higgins", "ohiggins"),
        ("  Straße  12-b ", "strasse 12 b"),
        ("Ørsteds Gate", "orsteds gate"),
        ("강남대로 12", "강남대로 12"),
        ("A / B", "a / b"),
        ("Ñuñoa", "nunoa"),
        ("x" * 400, "x" * 255),
    ],
)
def test_text_is_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_hangul_is_folded_the_same_however_it_is_encoded() -> None:
    import unicodedata

    assert fold(unicodedata.normalize("NFD", "강남대로")) == fold("강남대로")


@pytest.mark.parametrize(
    ("query", "streets"),
    [
        ("Balmaceda con Cienfuegos", ("balmaceda", "cienfuegos")),
        ("Av. Balmaceda & Colón", ("avenida balmaceda", "colon")),
        ("balmaceda/colon", ("balmaceda", "colon")),
        ("Rua A1 / Rua B2", ("rua a1", "rua b2")),
        ("Balmaceda", None),
        ("Conchalí", None),
        ("y", None),
        ("balmaceda con", None),
    ],
)
def test_a_corner_is_two_streets(query: str, streets: tuple[str, str] | None) -> None:
    assert split_corner(fold_query(query)) == streets


def entries_of(town: Town, folder: Path) -> list[Entry]:
    networks = compile_town(town, folder)
    return list_entries(read_osm(folder / "town.osm.pbf"), RoadNetwork(networks))


def test_every_street_corner_house_stop_and_district_is_listed(tmp_path: Path) -> None:
    entries = entries_of(rich_town(), tmp_path)
    kinds = {
        kind: sorted(e.label for e in entries if e.kind == kind)
        for kind in ("street", "corner", "house", "stop", "settlement", "place", "parking")
    }
    assert len(kinds["street"]) == 10
    assert len(kinds["corner"]) == 25
    assert "Cedar Avenue / Third Street" in kinds["corner"]  # the main street first
    assert kinds["house"] == ["Ash Avenue 12", "Ash Avenue 7"]
    assert kinds["stop"] == ["Second and Birch"]  # two poles, one stop
    assert kinds["settlement"] == ["Gridtown", "Westend"]
    assert kinds["place"] == ["Grid School", "North Park"]
    assert kinds["parking"] == ["Elm Parking"]


def test_entries_name_their_district(tmp_path: Path) -> None:
    entries = {(e.kind, e.label): e for e in entries_of(rich_town(), tmp_path)}
    assert entries["house", "Ash Avenue 12"].context == "Gridtown"
    assert entries["house", "Ash Avenue 7"].context == "Westend"
    assert entries["settlement", "Westend"].context == "Gridtown"


def test_a_streets_point_lies_on_the_street(tmp_path: Path) -> None:
    street = next(e for e in entries_of(grid_town(), tmp_path) if e.label == "Ash Avenue")
    assert street.location == pytest.approx(place(0, 2), abs=1e-6)


def test_streets_of_one_name_are_told_apart_by_the_streets_they_meet(tmp_path: Path) -> None:
    town = grid_town()
    for number, (column, row) in enumerate([(0, 10), (1, 10), (0, 4.0)], start=901):
        town.node(number, column, row)
    town.way([401, 901], highway="residential", name="Long Road")
    town.way([901, 902], highway="residential", name="First Street")
    found = [e for e in entries_of(town, tmp_path) if e.label == "First Street"]
    assert sorted(e.context for e in found) == ["Cedar Avenue", "Long Road"]


def test_other_names_and_road_numbers_are_listed_too(tmp_path: Path) -> None:
    town = grid_town()
    for number, column in [(901, 5), (902, 6)]:
        town.node(number, column, 0, place="suburb", name="동네", name__en="Neighbourhood")
    town.way([5, 901], highway="residential", name="강남대로", name__en="Gangnam-daero")
    town.way([901, 902], highway="primary", ref="N 340;E 5")
    entries = {e.label: e for e in entries_of(town, tmp_path)}
    assert entries["강남대로"].also == "Gangnam-daero"
    assert entries["동네"].also == "Neighbourhood"
    assert entries["N 340"].kind == "street"
    assert "N 340 / 강남대로" in entries


def test_nominatim_is_asked_inside_the_box_only() -> None:
    answer = [
        {
            "lat": "40.001",
            "lon": "-3.001",
            "display_name": "Ash Avenue, Westend, Gridtown",
            "class": "highway",
        }
    ]
    with serve({"/search": answer}) as server:
        found = geocode(
            f"nominatim:http://{server.host}",
            "ash",
            box=(-3.1, 39.9, -2.9, 40.1),
            language="en",
            limit=3,
        )
    assert [(e.kind, e.label, e.context) for e in found] == [
        ("street", "Ash Avenue", "Westend, Gridtown")
    ]
    assert found[0].location == (-3.001, 40.001)
    query = server.requests[0].query
    assert query["q"] == ["ash"]
    assert query["bounded"] == ["1"]
    assert query["viewbox"] == ["-3.1,39.9,-2.9,40.1"]


def test_photon_is_asked_too() -> None:
    answer = {
        "features": [
            {
                "geometry": {"coordinates": [-3.001, 40.001]},
                "properties": {
                    "street": "Ash Avenue",
                    "housenumber": "7",
                    "city": "Gridtown",
                    "type": "house",
                },
            }
        ]
    }
    with serve({"/api": answer}) as server:
        found = geocode(f"photon:http://{server.host}", "ash 7", box=None, language="en", limit=3)
    assert [(e.kind, e.label, e.context) for e in found] == [("house", "Ash Avenue 7", "Gridtown")]


def test_nothing_found_is_an_empty_list() -> None:
    with serve({"/search": [], "/api": {"features": []}}) as server:
        for kind in ("nominatim", "photon"):
            server_name = f"{kind}:http://{server.host}"
            assert geocode(server_name, "zz", box=None, language="en", limit=3) == []


@pytest.mark.parametrize("server", ["nominatim:http://127.0.0.1:9", "bing:x", "nonsense"])
def test_a_geocoder_that_fails_is_named(server: str) -> None:
    with pytest.raises(GeocoderFailed):
        geocode(server, "ash", box=None, language="en", limit=3)
