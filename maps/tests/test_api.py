"""The API of maps and the tiles over HTTP: good, bad, and nobody's."""

import gzip
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Member
from maps.models import Region

HEAD_OFFICE = "-71.25094,-29.90747"
WORKSHOP = "-71.28881,-29.94895"
AT_SEA = "-71.3300,-29.9000"

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(client: Client, cast: Any, city: Region) -> Client:
    client.force_login(cast.rider.user)
    return client


def get(client: Client, name: str, **query: Any) -> Any:
    return client.get(reverse(f"maps-api:{name}"), query)


def wrong_fields(response: Any) -> set[str]:
    assert response["Content-Type"] == "application/problem+json"
    return {error["field"] for error in response.json()["errors"]}


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("addresses", {"q": "balmaceda"}),
        ("route", {"from": HEAD_OFFICE, "to": WORKSHOP}),
        ("place", {"at": HEAD_OFFICE}),
        ("regions", {}),
    ],
)
def test_only_members_may_ask(
    client: Client, city: Region, name: str, query: dict[str, str]
) -> None:
    response = get(client, name, **query)
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"


def test_addresses_are_found_with_their_places(api: Client) -> None:
    body = get(api, "addresses", q="balmaceda", lat=-29.9, lon=-71.25).json()
    hit = next(hit for hit in body["results"] if "Balmaceda" in hit["label"])
    assert hit["kind"] == "street"
    assert "La Serena" in hit["context"]
    lon, lat = hit["place"]
    assert -71.4 < lon < -71.1
    assert -30.1 < lat < -29.8


def test_a_search_may_be_kept_to_a_region_and_a_number(api: Client) -> None:
    body = get(api, "addresses", q="avenida", region="la-serena-coquimbo", limit=3).json()
    assert len(body["results"]) == 3
    assert get(api, "addresses", q="avenida", region="nowhere").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "q"),
        ({"q": ""}, "q"),
        ({"q": "a"}, "q"),
        ({"q": "x" * 121}, "q"),
        ({"q": "\x00ab"}, "q"),
        ({"q": "balmaceda", "lat": "-29.9"}, "lon"),
        ({"q": "balmaceda", "lon": "-71"}, "lat"),
        ({"q": "balmaceda", "lat": "95", "lon": "0"}, "lat"),
        ({"q": "balmaceda", "lat": "x", "lon": "0"}, "lat"),
        ({"q": "balmaceda", "limit": "999"}, "limit"),
    ],
)
def test_a_bad_search_names_the_field(api: Client, query: dict[str, str], field: str) -> None:
    response = get(api, "addresses", **query)
    assert response.status_code in {400, 422}
    assert field in wrong_fields(response)


def test_a_route_has_time_metres_and_a_line(api: Client) -> None:
    body = get(api, "route", **{"from": HEAD_OFFICE, "to": WORKSHOP}).json()
    assert 300 < body["duration_s"] < 1200
    assert 5_000 < body["distance_m"] < 12_000
    assert body["geometry"]["type"] == "LineString"
    first, last = body["geometry"]["coordinates"][0], body["geometry"]["coordinates"][-1]
    assert first == pytest.approx([-71.25094, -29.90747], abs=0.003)
    assert last == pytest.approx([-71.28881, -29.94895], abs=0.003)


def test_a_route_to_where_one_is_has_a_line_too(api: Client) -> None:
    body = get(api, "route", **{"from": HEAD_OFFICE, "to": HEAD_OFFICE}).json()
    assert body["duration_s"] == 0
    assert len(body["geometry"]["coordinates"]) == 2


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (None, WORKSHOP, "from"),
        ("here", WORKSHOP, "from"),
        ("1", WORKSHOP, "from"),
        ("1,2,3", WORKSHOP, "from"),
        ("nan,nan", WORKSHOP, "from"),
        ("inf,0", WORKSHOP, "from"),
        ("200,0", WORKSHOP, "from"),
        ("2.35,48.85", WORKSHOP, "from"),
        (HEAD_OFFICE, AT_SEA, "to"),
        (HEAD_OFFICE, "-71.3558,-29.9722", "to"),
        (HEAD_OFFICE, "", "to"),
    ],
)
def test_a_bad_route_names_the_end(api: Client, start: str | None, end: str, field: str) -> None:
    query = {"to": end} | ({"from": start} if start is not None else {})
    response = get(api, "route", **query)
    assert response.status_code in {400, 422}
    assert wrong_fields(response) == {field}


def test_a_point_has_a_public_name(api: Client) -> None:
    body = get(api, "place", at=HEAD_OFFICE).json()
    assert body["region"] == "la-serena-coquimbo"
    assert body["label"]
    response = get(api, "place", at=AT_SEA)
    assert response.status_code == 422
    assert wrong_fields(response) == {"at"}


def test_the_maps_are_listed_with_their_tiles(api: Client) -> None:
    region = next(r for r in get(api, "regions").json() if r["slug"] == "la-serena-coquimbo")
    assert region["tiles"] == "/maps/la-serena-coquimbo/{z}/{x}/{y}.mvt"
    west, south, east, north = region["bbox"]
    assert west < region["centre"][0] < east
    assert south < region["centre"][1] < north
    assert region["attribution"] == "© OpenStreetMap contributors"


def test_a_search_asks_the_database_a_fixed_number_of_times(
    api: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for query in ("avenida", "zzqqxx"):
        with django_assert_num_queries(7):  # session, user, member, then four of the search
            get(api, "addresses", q=query)


# --- Tiles ------------------------------------------------------------------------------------

CENTRE = (14, 4949, 9621)


def tile(
    client: Client, z: int, x: int, y: int, slug: str = "la-serena-coquimbo", **headers: str
) -> Any:
    return client.get(reverse("maps:tile", args=[slug, z, x, y]), headers=headers)


def test_tiles_are_public_packed_and_cacheable(client: Client, city: Region) -> None:
    plain = tile(client, *CENTRE)
    assert plain.status_code == 200
    assert plain["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert "public" in plain["Cache-Control"]
    assert "max-age=3600" in plain["Cache-Control"]
    packed = tile(client, *CENTRE, accept_encoding="gzip, br")
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert gzip.decompress(packed.content) == plain.content
    assert "sessionid" not in packed.cookies


def test_an_empty_tile_is_204(client: Client, city: Region) -> None:
    response = tile(client, 14, 0, 0)
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize(
    ("z", "x", "y", "slug"),
    [
        (17, 0, 0, "la-serena-coquimbo"),
        (2, 4, 0, "la-serena-coquimbo"),
        (2, 0, 4, "la-serena-coquimbo"),
        (10, 1, 1, "nowhere"),
    ],
)
def test_a_tile_that_cannot_be_is_404(
    client: Client, city: Region, z: int, x: int, y: int, slug: str
) -> None:
    assert tile(client, z, x, y, slug).status_code == 404


def test_tiles_are_for_reading(client: Client, city: Region) -> None:
    url = reverse("maps:tile", args=["la-serena-coquimbo", *CENTRE])
    assert client.post(url).status_code == 405
    assert client.head(url).status_code == 200


# --- Admin ------------------------------------------------------------------------------------


@pytest.fixture
def admin_client(client: Client, cast: Any, city: Region) -> Client:
    client.force_login(cast.operator.user)
    return client


@pytest.mark.parametrize("model", ["region", "address", "mapfeature"])
def test_operators_see_maps_in_the_admin(admin_client: Client, model: str) -> None:
    listing = admin_client.get(reverse(f"admin:maps_{model}_changelist"))
    assert listing.status_code == 200
    first = listing.context["cl"].result_list[0]
    page = admin_client.get(reverse(f"admin:maps_{model}_change", args=[first.pk]))
    assert page.status_code == 200


def test_members_do_not(client: Client, cast: Any) -> None:
    client.force_login(cast.rider.user)
    assert client.get(reverse("admin:maps_region_changelist")).status_code == 302


def test_an_operator_adds_a_region_and_a_worker_imports_it(
    admin_client: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    handed: list[tuple[str, ...]] = []
    monkeypatch.setattr("maps.admin.import_map.delay", lambda *args: handed.append(args))
    form = {"name": "Porto", "slug": "porto", "source": "Porto, Portugal", "attribution": "© OSM"}
    with django_capture_on_commit_callbacks(execute=True):
        response = admin_client.post(reverse("admin:maps_region_add"), form)
    assert response.status_code == 302
    assert handed == [("Porto, Portugal", "Porto", "porto")]
    region = Region.objects.get(slug="porto")
    assert region.status == "pending"
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(
            reverse("admin:maps_region_changelist"),
            {"action": "import_again", "_selected_action": [str(region.pk)]},
        )
    assert len(handed) == 2


def test_rows_of_an_import_cannot_be_edited(admin_client: Client, cast: Any) -> None:
    assert admin_client.get(reverse("admin:maps_address_add")).status_code == 403
    assert isinstance(cast.operator, Member)
