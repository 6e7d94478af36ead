"""Sites with their fences: entered by managers, public to members, never wider than they are."""

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Site
from accounts.selectors import get_site_near, list_sites
from accounts.tests.factories import ELSEWHERE, HEAD_OFFICE, HOME_NORTH, WORKSHOP
from carpool.kernel.geo import LonLat, offset_m, to_polygon
from carpool.kernel.web import place_chips, write_place
from rides.tests.api import Api

URL = "/organization/sites/"
API = "organization/sites"
BACKEND = "django.contrib.auth.backends.ModelBackend"
GATE = LonLat(HOME_NORTH.lon + 0.0005, HOME_NORTH.lat)

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client, cast):
    client.force_login(cast.manager.user, backend=BACKEND)
    return client


def entered(**changes):
    return {
        "name": "North depot",
        "place_label": "Calle Uno",
        "place": write_place(HOME_NORTH),
        "radius_m": "120",
        "entrance_label": "Gate",
        "entrance": write_place(GATE),
    } | changes


def test_a_manager_adds_moves_and_removes_a_site(manager, cast):
    answer = manager.post(f"{URL}add/", entered())
    assert answer.status_code == 302, answer.context["form"].errors
    site = Site.objects.get(name="North depot")
    assert (site.organization, site.radius_m) == (cast.organization, 120)
    assert site.meeting_point.x == pytest.approx(GATE.lon, abs=1e-6)
    assert "North depot" in manager.get(URL).content.decode()
    page = f"{URL}{site.pk}/"
    assert "data-map" in manager.get(page).content.decode()
    manager.post(page, entered(name="Depot", entrance_label="", entrance=""))
    site.refresh_from_db()
    assert (site.name, site.entrance, site.meeting_point) == ("Depot", None, site.location)
    manager.post(f"{page}remove/")
    assert not Site.objects.filter(pk=site.pk).exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "head OFFICE"}, "name"),
        ({"radius_m": "24"}, "radius_m"),
        ({"radius_m": "2001"}, "radius_m"),
        ({"place": write_place(ELSEWHERE)}, "place_label"),
        ({"entrance": write_place(WORKSHOP)}, "entrance_label"),
    ],
)
def test_the_form_says_what_is_wrong(manager, cast, changes, field):
    answer = manager.post(f"{URL}add/", entered(**changes))
    assert list(answer.context["form"].errors) == [field]
    assert list_sites(cast.manager).count() == 3


def test_the_database_knows_the_bounds_too(cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        Site.objects.filter(organization=cast.organization).update(radius_m=2001)


@pytest.mark.parametrize("who", ["driver", "outsider"])
def test_others_change_nothing_and_the_outsider_sees_nothing(client, cast, who):
    person = getattr(cast, who)
    client.force_login(person.user, backend=BACKEND)
    site = list_sites(cast.manager).first()
    for address in (URL, f"{URL}add/", f"{URL}{site.pk}/"):
        assert client.get(address).status_code == 403
    assert client.post(f"{URL}{site.pk}/remove/").status_code == 403
    shown = {row["id"] for row in Api(person).get(API).json()}
    assert (str(site.pk) in shown) is (who == "driver")


def test_another_organizations_manager_finds_no_such_site(client, cast):
    cast.outsider.role = "owner"
    cast.outsider.save()
    client.force_login(cast.outsider.user, backend=BACKEND)
    site = list_sites(cast.manager).first()
    assert client.get(f"{URL}{site.pk}/").status_code == 404
    assert Api(cast.outsider).send("DELETE", f"{API}/{site.pk}").status_code == 404
    assert Site.objects.filter(pk=site.pk).exists()


def test_the_api_names_the_field(cast):
    api = Api(cast.manager)
    body = {"name": "Depot", "location": HOME_NORTH._asdict()}
    for changes, field in (
        ({"radius_m": 5}, "radius_m"),
        ({"entrance": WORKSHOP._asdict()}, "entrance"),
        ({"location": ELSEWHERE._asdict()}, "location"),
        ({"name": "Port"}, "name"),
    ):
        errors = api.post(API, body | changes).json()["errors"]
        assert [error["field"] for error in errors] == [field], changes
    made = api.post(API, body).json()
    assert made["radius_m"] == 150
    changed = api.send("PATCH", f"{API}/{made['id']}", {"radius_m": 60}).json()
    assert (changed["radius_m"], changed["name"]) == (60, "Depot")


def around(middle, east_m, north_m):
    """The corners of a box around a place."""
    ways = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return [offset_m(middle, east_m=a * east_m, north_m=b * north_m) for a, b in ways]


def written(corners):
    return " ".join(write_place(corner) for corner in corners)


def test_a_manager_draws_an_outline_and_goes_back_to_the_circle(manager, cast):
    corners = around(HOME_NORTH, 400, 30)
    assert manager.post(f"{URL}add/", entered(fence=written(corners))).status_code == 302
    site = Site.objects.get(name="North depot")
    page = manager.get(f"{URL}{site.pk}/").content.decode()
    assert written(corners) in page
    assert "as drawn on the map" in manager.get(URL).content.decode()
    assert site.holds(offset_m(HOME_NORTH, east_m=300, north_m=0))
    assert not site.holds(offset_m(HOME_NORTH, east_m=0, north_m=60)), "the circle would hold it"
    manager.post(f"{URL}{site.pk}/", entered(fence=""))
    site.refresh_from_db()
    assert site.fence is None
    assert site.holds(offset_m(HOME_NORTH, east_m=0, north_m=60))


@pytest.mark.parametrize(
    "corners",
    [
        around(HOME_NORTH, 100, 100)[:2],
        around(HOME_NORTH, 9, 9),
        around(HOME_NORTH, 2100, 2000),
        around(offset_m(HOME_NORTH, east_m=500, north_m=0), 100, 100),
        [around(HOME_NORTH, 100, 100)[i] for i in (0, 2, 1, 3)],
        around(HOME_NORTH, 100, 100) * 16,
    ],
    ids=["line", "tiny", "vast", "beside", "crossing", "too many corners"],
)
def test_an_outline_that_makes_no_sense_is_refused(manager, cast, corners):
    answer = manager.post(f"{URL}add/", entered(fence=written(corners), entrance_label=""))
    assert list(answer.context["form"].errors) == ["fence"]
    body = {"name": "D", "location": HOME_NORTH._asdict()}
    sent = Api(cast.manager).post(API, body | {"fence": [c._asdict() for c in corners]})
    assert sent.status_code in {400, 422}
    assert {error["field"].split(".")[0] for error in sent.json()["errors"]} == {"fence"}
    assert list_sites(cast.manager).count() == 3


def test_nonsense_instead_of_corners_is_refused(manager, cast):
    for text in ("x", "1,2 3", "1,2 nan,4 5,6", "200,1 1,1 1,2"):
        answer = manager.post(f"{URL}add/", entered(fence=text))
        assert list(answer.context["form"].errors) == ["fence"], text


def test_the_entrance_lies_in_the_outline(manager, cast):
    corners = around(HOME_NORTH, 20, 20)
    answer = manager.post(f"{URL}add/", entered(fence=written(corners)))
    assert list(answer.context["form"].errors) == ["entrance_label"], "48 m, but the circle has 120"


def test_the_api_takes_and_shows_an_outline_and_null_is_the_circle(cast):
    api = Api(cast.manager)
    corners = [corner._asdict() for corner in around(HOME_NORTH, 60, 60)]
    body = {"name": "Depot", "location": HOME_NORTH._asdict(), "fence": corners}
    made = api.post(API, body).json()
    shown = [(round(c["lon"], 6), round(c["lat"], 6)) for c in made["fence"]]
    assert shown == [(round(c["lon"], 6), round(c["lat"], 6)) for c in corners]
    kept = api.send("PATCH", f"{API}/{made['id']}", {"name": "Depot 2"}).json()
    assert kept["fence"] == made["fence"]
    assert api.send("PATCH", f"{API}/{made['id']}", {"fence": None}).json()["fence"] is None


def test_an_outline_decides_what_is_public_and_opens_no_home_across_the_road(cast):
    site = Site.objects.get(organization=cast.organization, name="Head office")
    beside = offset_m(HEAD_OFFICE, east_m=0, north_m=100)
    far = offset_m(HEAD_OFFICE, east_m=300, north_m=0)
    assert get_site_near(cast.driver, beside, within_m=150) == site
    site.fence = to_polygon(around(HEAD_OFFICE, 400, 50))
    site.save()
    assert get_site_near(cast.driver, beside, within_m=150) is None
    assert site.holds(far)
    assert get_site_near(cast.driver, far, within_m=150) is None
    near = offset_m(HEAD_OFFICE, east_m=140, north_m=0)
    assert get_site_near(cast.driver, near, within_m=150) == site


def test_the_database_takes_no_outline_that_crosses_itself(cast):
    corners = around(HOME_NORTH, 100, 100)
    crossing = to_polygon([corners[i] for i in (0, 2, 1, 3)])
    with pytest.raises(IntegrityError), transaction.atomic():
        Site.objects.filter(organization=cast.organization).update(fence=crossing)


def test_a_wide_fence_makes_no_home_public_and_a_narrow_one_counts(cast):
    near = LonLat(HEAD_OFFICE.lon + 0.0012, HEAD_OFFICE.lat)  # 116 m
    across = LonLat(HEAD_OFFICE.lon + 0.005, HEAD_OFFICE.lat)  # 482 m
    sites = Site.objects.filter(organization=cast.organization, name="Head office")
    for radius_m, is_near, is_across in (
        (150, True, False),
        (2000, True, False),
        (50, False, False),
    ):
        sites.update(radius_m=radius_m)
        assert (get_site_near(cast.driver, near, within_m=150) is not None) is is_near
        assert (get_site_near(cast.driver, across, within_m=150) is not None) is is_across


def test_people_choose_the_entrance_with_one_tap(cast):
    site = list_sites(cast.driver).first()
    site.entrance = f"SRID=4326;POINT({site.location.x + 0.0005} {site.location.y})"
    site.save()
    chips = place_chips([], list_sites(cast.driver))
    assert chips[0]["point"] == write_place(LonLat(site.location.x + 0.0005, site.location.y))
