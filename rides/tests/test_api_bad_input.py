"""Offers and requests that make no sense: a clear answer, and nothing half-done stays."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine

from accounts.services import remove_car
from accounts.tests.factories import AT_SEA, ELSEWHERE, HEAD_OFFICE, HOME_NORTH, CarFactory
from carpool.kernel.geo import LonLat
from carpool.kernel.models import IdempotentRequest, OutboxEvent
from carpool.kernel.tests.problems import assert_problem
from rides.models import Ride, RideRequest, Stop
from rides.tests.api import Api, end, offer_body, wish_body
from rides.tests.factories import offer

pytestmark = pytest.mark.usefixtures("city")
FAR_FROM_ROADS = LonLat(-71.2176, -29.9386)  # on the map, in the hills, 1.1 km from any road


def assert_nothing_stays():
    for model in (Ride, Stop, RideRequest, OutboxEvent, IdempotentRequest):
        assert not model.objects.exists(), model


ENDS = [
    ({"origin": end(ELSEWHERE)}, 422, "outside_map", "origin"),
    ({"destination": end(ELSEWHERE)}, 422, "outside_map", "destination"),
    ({"origin": end(AT_SEA)}, 422, "outside_map", "origin"),
    ({"destination": end(AT_SEA)}, 422, "outside_map", "destination"),
    ({"origin": end(FAR_FROM_ROADS)}, 422, "off_network", "origin"),
    ({"destination": end(FAR_FROM_ROADS)}, 422, "off_network", "destination"),
    ({"origin": None}, 400, "invalid_input", "origin"),
    ({"origin": "Home"}, 400, "invalid_input", "origin"),
    ({"origin": {"label": "Home"}}, 400, "invalid_input", "origin.location"),
    ({"origin": {"location": {"lon": -71.2}}}, 400, "invalid_input", "origin.location.lat"),
    ({"origin": end(HEAD_OFFICE, "x" * 256)}, 400, "invalid_input", "origin.label"),
    (
        {"destination": {"location": {"lon": "nan", "lat": -29.9}}},
        400,
        "invalid_input",
        "destination.location.lon",
    ),
    (
        {"destination": {"location": {"lon": -71.2, "lat": -95}}},
        400,
        "invalid_input",
        "destination.location.lat",
    ),
]

OFFERS = [
    *ENDS,
    ({"destination": end(HEAD_OFFICE)}, 422, "too_close", "destination"),
    ({"seats": 0}, 422, "seats_out_of_range", "seats"),
    ({"seats": -1}, 422, "seats_out_of_range", "seats"),
    ({"seats": 4}, 422, "seats_out_of_range", "seats"),
    ({"seats": 99}, 422, "seats_out_of_range", "seats"),
    ({"seats": 10**30}, 422, "seats_out_of_range", "seats"),
    ({"seats": "two"}, 400, "invalid_input", "seats"),
    ({"seats": 2.5}, 400, "invalid_input", "seats"),
    ({"seats": None}, 400, "invalid_input", "seats"),
    ({"detour_s": -1}, 422, "invalid_input", "detour_s"),
    ({"detour_s": 7201}, 422, "invalid_input", "detour_s"),
    ({"detour_m": -1}, 422, "invalid_input", "detour_m"),
    ({"detour_m": 10**9}, 422, "invalid_input", "detour_m"),
    ({"booking_mode": "sometimes"}, 400, "invalid_input", "booking_mode"),
    ({"note": "x" * 281}, 400, "invalid_input", "note"),
    ({"note": "nul\x00"}, 400, "invalid_input", "note"),
    ({"departure_at": None}, 422, "invalid_input", "departure_at"),
    ({"departure_at": "tomorrow"}, 400, "invalid_input", "departure_at"),
    ({"departure_at": "2026-13-01T08:00:00Z"}, 400, "invalid_input", "departure_at"),
    ({"departure_at": "2020-01-01T08:00:00Z"}, 422, "in_the_past", "departure_at"),
    ({"departure_at": "0001-01-02T00:00:00Z"}, 422, "in_the_past", "departure_at"),
    ({"departure_at": "2999-01-01T08:00:00Z"}, 422, "too_far_ahead", "departure_at"),
    ({"departure_at": "9999-12-31T23:59:59Z"}, 422, "too_far_ahead", "departure_at"),
    (
        {"departure_at": None, "arrive_by": "2020-01-01T08:00:00Z"},
        422,
        "in_the_past",
        "arrive_by",
    ),
    (
        {"departure_at": None, "arrive_by": "0001-01-02T00:00:00Z"},
        422,
        "in_the_past",
        "arrive_by",
    ),
    (
        {"departure_at": None, "arrive_by": "9999-12-31T23:59:59Z"},
        422,
        "too_far_ahead",
        "arrive_by",
    ),
    (
        {"departure_at": None, "arrive_by": "0001-01-01T04:43:00Z"},
        422,
        "in_the_past",
        "arrive_by",
    ),
    ({"departure_at": "0001-01-01T00:00:00Z"}, 400, "invalid_input", "departure_at"),
    ({"arrive_by": "2020-01-01T08:00:00Z"}, 422, "arrival_before_departure", "arrive_by"),
    ({"car": None}, 400, "invalid_input", "car"),
    ({"car": "mine"}, 400, "invalid_input", "car"),
    ({"car": str(uuid4())}, 404, "car_not_found", "car"),
]


@pytest.mark.parametrize(("change", "status", "code", "field"), OFFERS)
def test_an_offer_that_makes_no_sense_names_the_field(cast, now, change, status, code, field):
    answer = Api(cast.driver).post("rides", offer_body(cast.driver, now=now, **change))
    assert_problem(answer, status, code, field)
    assert_nothing_stays()


@pytest.mark.parametrize(
    "field", ["origin", "destination", "car", "seats", "detour_s", "departure_at"]
)
def test_an_offer_without_it_names_what_is_missing(cast, now, field):
    body = offer_body(cast.driver, now=now)
    del body[field]
    answer = Api(cast.driver).post("rides", body)
    assert answer.status_code in {400, 422}
    assert {error["field"] for error in answer.json()["errors"]} == {field}
    assert_nothing_stays()


def test_an_arrival_before_the_departure_is_told_with_the_time_the_drive_takes(cast, now):
    body = offer_body(cast.driver, now=now)
    answer = Api(cast.driver).post("rides", body | {"arrive_by": body["departure_at"]})
    problem = assert_problem(answer, 422, "arrival_before_departure", "arrive_by")
    assert "minutes" in problem["detail"]
    assert_nothing_stays()


def test_a_local_time_that_the_clocks_skip_is_refused(cast):
    # In Santiago the clocks go from 00:00 to 01:00 on Sunday, 6 September 2026.
    with time_machine.travel(datetime(2026, 9, 1, 12, tzinfo=UTC), tick=False):
        now = datetime.now(UTC)
        for wall in ("2026-09-06T00:30:00", "2026-09-06T00:00"):
            for field in ("departure_at", "arrive_by"):
                body = offer_body(cast.driver, now=now, **{field: wall})
                problem = Api(cast.driver).post("rides", body)
                problem = assert_problem(problem, 400, "invalid_input", field)
                assert "01:00" in problem["detail"]
        assert_nothing_stays()
        body = offer_body(cast.driver, now=now, departure_at="2026-09-06T01:00:00")
        ride = Api(cast.driver).post("rides", body).json()
    assert ride["departure_at"] == "2026-09-06T01:00:00-03:00"


def test_a_car_of_somebody_else_or_one_that_was_removed_is_no_car(cast, now):
    removed = CarFactory(member=cast.driver)
    remove_car(car=removed, now=now)
    foreign = [removed, cast.outsider.cars.get(), CarFactory(member=cast.colleague)]
    body = offer_body(cast.outsider, now=now)
    for car in foreign:
        answer = Api(cast.driver).post("rides", body | {"car": str(car.pk)})
        assert_problem(answer, 404, "car_not_found", "car")
    assert_nothing_stays()


def test_a_second_ride_at_the_same_time_is_a_conflict(cast, now):
    offer(cast.driver, now=now)
    events = OutboxEvent.objects.count()
    answer = Api(cast.driver).post("rides", offer_body(cast.driver, now=now))
    assert_problem(answer, 409, "driver_busy", "departure_at")
    assert Ride.objects.count() == 1
    assert Stop.objects.count() == 2
    assert OutboxEvent.objects.count() == events


@pytest.mark.parametrize("path", ["rides", "requests", "bookings", "searches"])
@pytest.mark.parametrize("body", [[], "ride", 7, [{"seats": 1}]])
def test_a_body_that_is_no_object_is_refused(cast, path, body):
    answer = Api(cast.driver).client.post(
        f"/api/v1/{path}", body, format="json", headers={"Idempotency-Key": "one"}
    )
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert_nothing_stays()


WISHES = [
    *ENDS,
    ({"destination": end(HOME_NORTH)}, 422, "too_close", "destination"),
    ({"seats": 0}, 422, "seats_out_of_range", "seats"),
    ({"seats": 9}, 422, "seats_out_of_range", "seats"),
    ({"seats": 99}, 422, "seats_out_of_range", "seats"),
    ({"seats": None}, 400, "invalid_input", "seats"),
    ({"walk_m": -1}, 422, "invalid_input", "walk_m"),
    ({"walk_m": 5001}, 422, "invalid_input", "walk_m"),
    ({"walk_m": "far"}, 400, "invalid_input", "walk_m"),
    ({"earliest_departure_at": None}, 400, "invalid_input", "earliest_departure_at"),
    ({"earliest_departure_at": "soon"}, 400, "invalid_input", "earliest_departure_at"),
    ({"latest_arrival_at": "2020-01-01T08:00:00Z"}, 422, "arrival_before_departure",
     "latest_arrival_at"),
    ({"latest_arrival_at": "0001-01-02T00:00:00Z"}, 422, "arrival_before_departure",
     "latest_arrival_at"),
    (
        {
            "earliest_departure_at": "2020-01-01T07:00:00Z",
            "latest_arrival_at": "2020-01-01T08:00:00Z",
        },
        422,
        "in_the_past",
        "latest_arrival_at",
    ),
    (
        {"earliest_departure_at": "0001-01-02T00:00:00Z"},
        422,
        "in_the_past",
        "earliest_departure_at",
    ),
    ({"latest_arrival_at": "9999-12-30T00:00:00Z"}, 422, "too_far_ahead", "latest_arrival_at"),
]  # fmt: skip


@pytest.mark.parametrize("path", ["requests", "searches"])
@pytest.mark.parametrize(("change", "status", "code", "field"), WISHES)
def test_a_wish_that_makes_no_sense_names_the_field(cast, now, path, change, status, code, field):
    body = wish_body(now + timedelta(hours=24), **change)
    assert_problem(Api(cast.rider).post(path, body), status, code, field)
    assert_nothing_stays()
