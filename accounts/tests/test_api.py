"""The REST API about oneself, one's cars and one's places."""

from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import Car, Member, MemberRole, Place
from accounts.services import save_place
from accounts.tests.factories import ELSEWHERE, HOME_NORTH, HOME_SOUTH, CarFactory, UserFactory
from carpool.kernel.tests.problems import api_client, assert_problem

ME = "/api/v1/me"
CARS = "/api/v1/me/cars"
PLACES = "/api/v1/me/places"
CAR = {"make": "Kia", "model": "Rio", "colour": "Red", "plate": "kx-rt-42", "seats": 4}
HOME = {
    "kind": "home",
    "label": "Calle Secreta 12",
    "location": {"lon": HOME_NORTH.lon, "lat": HOME_NORTH.lat},
}


@pytest.fixture
def api(cast):
    """The rider's client."""
    return api_client(cast.rider)


def test_addresses_of_the_api_stay_where_clients_expect_them():
    assert [reverse(f"accounts-api:{name}") for name in ("me", "cars", "places")] == [
        ME, CARS, PLACES
    ]  # fmt: skip


ALL = [("get", ME), ("patch", ME), ("get", CARS), ("post", CARS), ("get", PLACES), ("post", PLACES)]
ONE = [("patch", CARS), ("delete", CARS), ("delete", PLACES)]
NOBODYS = "00000000-0000-4000-8000-000000000000"
EVERYWHERE = [*ALL, *((method, f"{path}/{NOBODYS}") for method, path in ONE)]


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
class TestWhoMayNot:
    """Strangers, people without an organization, people who left."""

    def test_who_is_not_signed_in_is_asked_to(self, cast, method, path):
        assert_problem(getattr(api_client(), method)(path), 401, "not_authenticated")

    def test_who_belongs_nowhere_is_told_so(self, cast, method, path):
        client = api_client(UserFactory())
        assert_problem(getattr(client, method)(path), 403, "no_membership")

    def test_who_left_belongs_nowhere(self, cast, now, method, path):
        cast.rider.left_at = now
        cast.rider.save()
        assert_problem(getattr(api_client(cast.rider), method)(path), 403, "no_membership")

    def test_who_may_no_longer_sign_in_is_a_stranger(self, cast, method, path):
        client = api_client(cast.rider)
        cast.rider.user.is_active = False
        cast.rider.user.save()
        assert_problem(getattr(client, method)(path), 401, "not_authenticated")


class TestMe:
    """Oneself."""

    def test_shows_oneself_and_the_organization_with_its_sites(self, api, cast):
        body = api.get(ME).json()
        assert body["id"] == str(cast.rider.pk)
        assert body["email"] == cast.rider.user.email
        assert (body["display_name"], body["role"]) == ("Rita Rider", "member")
        assert body["organization"]["name"] == "Copper"
        assert body["organization"]["time_zone"] == "America/Santiago"
        sites = body["organization"]["sites"]
        assert [site["name"] for site in sites] == ["Head office", "Port", "Workshop"]
        assert sites[0]["location"] == {"lon": -71.25094, "lat": -29.90747}

    def test_of_another_organization_nothing_is_shown(self, cast):
        body = api_client(cast.outsider).get(ME).content.decode()
        assert "Copper" not in body
        assert "Head office" not in body

    @pytest.mark.parametrize(
        "change",
        [
            {"display_name": "Rita Río"},
            {"phone": "+56 9 1234 5678"},
            {"phone": ""},
            {"language": "ko"},
            {"language": ""},
            {"display_name": "R", "phone": "12345", "language": "en"},
            {},
        ],
    )
    def test_changes_what_is_said_and_nothing_else(self, api, cast, change):
        Member.objects.filter(pk=cast.rider.pk).update(phone="11111", language="en")
        before = api.get(ME).json()
        answer = api.patch(ME, change, format="json")
        assert answer.status_code == 200
        assert answer.json() == {**before, **change} == api.get(ME).json()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("display_name", ""),
            ("display_name", "   "),
            ("display_name", None),
            ("display_name", "x" * 81),
            ("display_name", "nul\x00"),
            ("phone", "call me"),
            ("phone", "1234"),
            ("phone", "+" + "5" * 40),
            ("language", "tlh"),
            ("language", "../../en"),
            ("language", 7),
        ],
    )
    def test_names_the_field_that_is_wrong_and_changes_nothing(self, api, field, value):
        before = api.get(ME).json()
        change = {"phone": "+56 9 0000 0000", "display_name": "New", field: value}
        assert_problem(api.patch(ME, change, format="json"), 400, "invalid_input", field)
        assert api.get(ME).json() == before

    def test_nobody_promotes_or_moves_themselves(self, api, cast):
        change = {
            "role": "owner",
            "email": "boss@copper.example",
            "id": str(uuid4()),
            "organization": {"id": str(cast.outsider.organization_id)},
        }
        assert api.patch(ME, change, format="json").status_code == 200
        cast.rider.refresh_from_db()
        assert cast.rider.role == MemberRole.MEMBER
        assert cast.rider.organization == cast.organization
        assert cast.rider.user.email != "boss@copper.example"

    def test_is_read_in_the_same_number_of_queries_however_many_sites(
        self, api, cast, django_assert_num_queries
    ):
        with django_assert_num_queries(4):  # session, user, member, sites
            api.get(ME)
        for number in range(5):
            cast.organization.sites.create(name=f"Gate {number}", location="POINT(-71.2 -29.9)")
        with django_assert_num_queries(4):
            api.get(ME)


class TestCars:
    """One's own cars."""

    def test_a_car_is_added_shown_changed_and_removed(self, api, cast):
        added = api.post(CARS, CAR, format="json")
        assert added.status_code == 201
        car = added.json()
        assert {**car, "id": None} == {**CAR, "id": None, "plate": "KX-RT-42"}
        assert api.get(CARS).json() == [car]
        path = f"{CARS}/{car['id']}"
        changed = api.patch(path, {"colour": "Blue"}, format="json")
        assert changed.json() == {**car, "colour": "Blue"} == api.get(CARS).json()[0]
        assert api.delete(path).status_code == 204
        assert api.get(CARS).json() == []
        assert Car.objects.get(pk=car["id"]).removed_at is not None
        assert_problem(api.delete(path), 404, "car_not_found", "car")

    def test_seats_have_a_default(self, api):
        car = {key: value for key, value in CAR.items() if key != "seats"}
        assert api.post(CARS, car, format="json").json()["seats"] == 3

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("seats", 0),
            ("seats", 9),
            ("seats", 99),
            ("seats", -1),
            ("seats", 10**20),
            ("seats", "many"),
            ("seats", None),
            ("make", ""),
            ("make", None),
            ("make", "x" * 41),
            ("model", " "),
            ("colour", ["red"]),
            ("plate", ""),
            ("plate", "x" * 17),
        ],
    )
    def test_names_the_field_that_is_wrong_and_adds_nothing(self, api, cast, field, value):
        answer = api.post(CARS, {**CAR, field: value}, format="json")
        assert_problem(answer, 400, "invalid_input", field)
        car = CarFactory(member=cast.rider, plate="OLD")
        answer = api.patch(f"{CARS}/{car.pk}", {field: value}, format="json")
        assert_problem(answer, 400, "invalid_input", field)
        assert Car.objects.filter(member=cast.rider).count() == 1

    def test_a_plate_that_grows_in_capitals_names_the_plate(self, api):
        answer = api.post(CARS, {**CAR, "plate": "ß" * 16}, format="json")
        assert_problem(answer, 422, "invalid_input", "plate")

    @pytest.mark.parametrize("field", ["make", "model", "colour", "plate"])
    def test_every_field_but_seats_is_required(self, api, field):
        car = {key: value for key, value in CAR.items() if key != field}
        assert_problem(api.post(CARS, car, format="json"), 400, "invalid_input", field)

    def test_the_same_plate_twice_is_a_conflict(self, api, cast):
        api.post(CARS, CAR, format="json")
        again = api.post(CARS, {**CAR, "plate": "KX-rt-42 "}, format="json")
        assert_problem(again, 409, "car_plate_taken", "plate")
        other = CarFactory(member=cast.rider)
        path = f"{CARS}/{other.pk}"
        assert_problem(
            api.patch(path, {"plate": "kx-rt-42"}, format="json"), 409, "car_plate_taken", "plate"
        )
        other.refresh_from_db()
        assert other.plate != "KX-RT-42"

    def test_somebody_elses_car_does_not_exist(self, cast):
        car = cast.driver.cars.get()
        path = f"{CARS}/{car.pk}"
        for person in (cast.rider, cast.colleague, cast.manager, cast.operator, cast.outsider):
            client = api_client(person)
            assert_problem(client.delete(path), 404, "car_not_found", "car")
            answer = client.patch(path, {"colour": "Stolen"}, format="json")
            assert_problem(answer, 404, "car_not_found", "car")
            assert car.plate not in client.get(CARS).content.decode()
        car.refresh_from_db()
        assert (car.removed_at, car.colour) == (None, "White")

    def test_a_car_cannot_be_given_away(self, api, cast):
        answer = api.post(CARS, {**CAR, "member": str(cast.driver.pk)}, format="json")
        assert Car.objects.get(pk=answer.json()["id"]).member == cast.rider


class TestPlaces:
    """One's own places, which nobody else ever sees."""

    def test_a_place_is_saved_shown_moved_and_forgotten(self, api):
        saved = api.post(PLACES, HOME, format="json")
        assert saved.status_code == 201
        place = saved.json()
        assert {**place, "id": None} == {**HOME, "id": None}
        moved = api.post(
            PLACES,
            {**HOME, "location": {"lon": HOME_SOUTH.lon, "lat": HOME_SOUTH.lat}},
            format="json",
        ).json()
        assert moved["id"] == place["id"]
        assert api.get(PLACES).json() == [moved]
        assert api.delete(f"{PLACES}/{place['id']}").status_code == 204
        assert api.get(PLACES).json() == []
        assert_problem(api.delete(f"{PLACES}/{place['id']}"), 404, "place_not_found")

    def test_there_are_many_other_places(self, api):
        for label in ("Gym", "School"):
            api.post(PLACES, {**HOME, "kind": "other", "label": label}, format="json")
        assert [place["label"] for place in api.get(PLACES).json()] == ["Gym", "School"]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"kind": "moon"}, "kind"),
            ({"kind": None}, "kind"),
            ({"label": ""}, "label"),
            ({"label": "x" * 256}, "label"),
            ({"location": None}, "location"),
            ({"location": "here"}, "location"),
            ({"location": [1, 2]}, "location"),
            ({"location": {"lon": -71.2}}, "location.lat"),
            ({"location": {"lon": 181, "lat": 0}}, "location.lon"),
            ({"location": {"lon": 0, "lat": -91}}, "location.lat"),
            ({"location": {"lon": "west", "lat": 0}}, "location.lon"),
            ({"location": {"lon": "nan", "lat": 0}}, "location.lon"),
            ({"location": {"lon": 0, "lat": "NaN"}}, "location.lat"),
            ({"location": {"lon": "inf", "lat": 0}}, "location.lon"),
            ({"location": {"lon": True, "lat": 0}}, "location.lon"),
            ({"location": {"lon": 0, "lat": None}}, "location.lat"),
        ],
    )
    def test_names_the_field_that_is_wrong_and_saves_nothing(self, api, change, field):
        answer = api.post(PLACES, {**HOME, **change}, format="json")
        assert_problem(answer, 400, "invalid_input", field)
        assert not Place.objects.exists()

    def test_a_place_that_no_map_knows_names_the_location(self, api):
        far = {"lon": ELSEWHERE.lon, "lat": ELSEWHERE.lat}
        answer = api.post(PLACES, {**HOME, "location": far}, format="json")
        assert_problem(answer, 422, "outside_map", "location")
        assert not Place.objects.exists()

    def test_nobody_sees_or_forgets_somebody_elses_home(self, cast):
        home = save_place(
            member=cast.driver, kind="home", label="Calle Secreta 12", location=HOME_NORTH
        )
        for person in (cast.rider, cast.colleague, cast.manager, cast.operator, cast.outsider):
            client = api_client(person)
            assert client.get(PLACES).json() == []
            assert_problem(client.delete(f"{PLACES}/{home.pk}"), 404, "place_not_found")
        assert Place.objects.filter(pk=home.pk).exists()
