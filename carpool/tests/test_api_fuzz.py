"""Whatever is sent, the API answers with sense: success, or a problem, never a crash."""

import copy
import json
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.throttling import UserRateThrottle

from carpool.kernel import clock
from carpool.kernel.tests.problems import assert_problem_shape
from rides.tests.api import Api, offer_body, wish_body
from rides.tests.factories import offer

pytestmark = pytest.mark.usefixtures("city")

NASTY = [
    "nan", "-inf", "1e999", "\x00", "\ud800", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z",
    "2026-09-06T00:30:00", "24:00", "\u202e", "x" * 5000, "-0", "١٢", 10**400, -1e308, [[]], {},
]  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=40)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["lon", "lat", "label", "location"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def paths_in(body, prefix=()):
    """Every place in a body where something else could stand."""
    for key, value in body.items():
        yield (*prefix, key)
        if isinstance(value, dict):
            yield from paths_in(value, (*prefix, key))


def replaced(body, path, value):
    body = copy.deepcopy(body)
    part = body
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return body


def bodies(cast):
    now = clock.now()
    wish = wish_body(now + timedelta(days=3))
    return {
        "rides": offer_body(cast.driver, now=now, detour_m=500, arrive_by=None, note="n"),
        "requests": wish,
        "searches": {**wish, "arrive": True},
        "searches/drawing": {"offer": "token"},
        "bookings": {"offer": "token", "request": None},
        "me/cars": {"make": "a", "model": "b", "colour": "c", "plate": "d", "seats": 3},
        "me/places": {"kind": "home", "label": "x", "location": {"lon": -71.25, "lat": -29.91}},
        "me": {"display_name": "x", "phone": "", "language": ""},
    }


def send_raw(api, path, text):
    """Send JSON as it stands: the test client's own encoder would refuse what others send."""
    return api.client.generic(
        "PATCH" if path == "me" else "POST",
        f"/api/v1/{path}",
        text,
        content_type="application/json",
        HTTP_IDEMPOTENCY_KEY="one",
    )


def try_value(api, path, plain, where, value):
    with transaction.atomic():
        answer = send_raw(api, path, json.dumps(replaced(plain, where, value)))
        transaction.set_rollback(True)
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert_problem_shape(answer)


PATHS = [
    "rides", "requests", "searches", "searches/drawing", "bookings", "me/cars", "me/places", "me",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_value_in_any_field_crashes_the_api(cast, path):
    api, plain = Api(cast.driver), bodies(cast)[path]

    @settings(max_examples=80, deadline=None)
    @given(where=st.sampled_from(sorted(paths_in(plain))), value=values)
    def send(where, value):
        try_value(api, path, plain, where, value)

    send()


@pytest.mark.parametrize("path", PATHS)
def test_no_nasty_value_in_any_field_crashes_the_api(cast, path, monkeypatch):
    monkeypatch.setattr(UserRateThrottle, "rate", "10000/min", raising=False)
    api, plain = Api(cast.driver), bodies(cast)[path]
    for where in paths_in(plain):
        for value in NASTY:
            try_value(api, path, plain, where, value)


@pytest.mark.parametrize("key", ["\x00", "a\x00b", "\n", "ключ", "a b", "x" * 300])
def test_no_key_crashes_the_api(cast, now, key):
    api = Api(cast.driver)
    answer = api.client.post(
        "/api/v1/rides",
        offer_body(cast.driver, now=now),
        format="json",
        HTTP_IDEMPOTENCY_KEY=key,
    )
    assert answer.status_code in {201, 400}
    if answer.status_code == 400:
        assert_problem_shape(answer)


@pytest.mark.parametrize("number", ["0", "-1", "9" * 12, "9" * 30, "x"])
def test_no_number_in_an_address_crashes_the_api(cast, now, number):
    ride = offer(cast.driver, now=now)
    answer = Api(cast.driver).post(f"rides/{ride.pk}/stops/{number}/visit")
    assert answer.status_code == 404
    assert_problem_shape(answer)


@pytest.mark.parametrize("path", ["rides", "me/bookings", "requests"])
@pytest.mark.parametrize(
    "cursor", ["", "x", "\x00", "cD0yMDI2", "cj0xJnA9eA==", "bz05OTk5OTk5OTk5"]
)
def test_no_cursor_crashes_a_list(cast, now, path, cursor):
    offer(cast.driver, now=now)
    answer = Api(cast.driver).get(path, cursor=cursor)
    assert answer.status_code in {200, 404}
