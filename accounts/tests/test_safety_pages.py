"""The page about whom one travels with and where one does not stop."""

import pytest

from accounts.models import AvoidedPlace, Block
from accounts.services import avoid_place, block_member
from accounts.services.company import MOST_AVOIDED_PLACES
from accounts.tests.factories import AT_SEA, HOME_NORTH
from rides.tests.api import Api

pytestmark = pytest.mark.usefixtures("city")
PAGE = "/profile/safety/"


@pytest.fixture
def rider(client, cast):
    client.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")
    return cast.rider


def test_a_wish_needs_a_stated_gender(client, rider):
    page = client.post(PAGE, {"gender": "", "same_gender_only": "on"})
    assert b"State your gender" in page.content
    assert client.post(PAGE, {"gender": "woman", "same_gender_only": "on"}).status_code == 302
    rider.refresh_from_db()
    assert (rider.gender, rider.same_gender_only) == ("woman", True)


def test_a_place_is_put_on_the_list_and_taken_off(client, rider):
    place = f"{HOME_NORTH.lon},{HOME_NORTH.lat}"
    form = {"place_label": "Dark corner", "place": place, "radius_m": "400"}
    assert client.post(f"{PAGE}avoid/", form).status_code == 302
    assert b"Dark corner" in client.get(PAGE).content
    saved = AvoidedPlace.objects.get()
    assert (saved.member, saved.radius_m) == (rider, 400)
    client.post(f"{PAGE}avoid/{saved.pk}/remove/")
    assert not AvoidedPlace.objects.exists()


def test_other_peoples_lists_are_theirs(client, cast, rider, now):
    place = avoid_place(member=cast.driver, label="Bar", location=HOME_NORTH, radius_m=100)
    block = block_member(by=cast.driver, other=rider, now=now)
    page = client.get(PAGE).content
    assert b"Bar" not in page
    assert b"Dora" not in page
    assert client.post(f"{PAGE}avoid/{place.pk}/remove/").status_code == 404
    assert client.post(f"{PAGE}blocks/{block.pk}/remove/").status_code == 404
    assert Block.objects.exists()


def test_a_block_is_taken_back_on_the_page(client, cast, rider, now):
    block = block_member(by=rider, other=cast.driver, now=now)
    assert b"Dora" in client.get(PAGE).content
    client.post(f"{PAGE}blocks/{block.pk}/remove/")
    assert not Block.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"radius_m": 49}, "radius_m"),
        ({"radius_m": 1001}, "radius_m"),
        ({"location": {"lon": AT_SEA.lon, "lat": AT_SEA.lat}}, "location"),
        ({"location": {"lon": 999, "lat": 0}}, "location.lon"),
    ],
)
def test_a_place_that_makes_no_sense_is_refused_by_its_field(cast, body, field):
    plain = {"label": "X", "location": {"lon": HOME_NORTH.lon, "lat": HOME_NORTH.lat}}
    answer = Api(cast.rider).post("me/avoided-places", plain | body)
    assert answer.status_code in {400, 422}
    assert field in [error["field"] for error in answer.json()["errors"]]


def test_twenty_places_are_enough(cast):
    for _ in range(MOST_AVOIDED_PLACES):
        avoid_place(member=cast.rider, label="X", location=HOME_NORTH, radius_m=50)
    body = {"label": "X", "location": {"lon": HOME_NORTH.lon, "lat": HOME_NORTH.lat}}
    answer = Api(cast.rider).post("me/avoided-places", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_avoided_places")


def test_what_somebody_stated_is_in_no_answer_about_them(cast, now):
    Api(cast.rider).put("me/company", {"gender": "woman", "same_gender_only": False})
    assert Api(cast.rider).get("me/company").json()["gender"] == "woman"
    assert "gender" not in Api(cast.rider).get("me").json()
