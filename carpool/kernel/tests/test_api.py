"""Errors of the API are problems: of one shape, with a stable code, naming the field."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest
from django.conf import settings
from django.utils.translation import gettext_lazy
from rest_framework.renderers import JSONRenderer
from rest_framework.test import APIClient
from rest_framework.throttling import UserRateThrottle

from carpool.kernel.rendering import FastJSONRenderer
from carpool.kernel.tests.problems import api_client, assert_problem

own_urls = pytest.mark.urls("carpool.kernel.tests.api")


@own_urls
@pytest.mark.parametrize(
    ("kind", "status", "code", "fields"),
    [
        ("plain", 400, "error", ()),
        ("invalid", 422, "invalid_input", ("name",)),
        ("several", 422, "invalid_input", ("name", "seats")),
        ("listed", 400, "invalid_input", ("items.1.number",)),
        ("missing", 404, "not_found", ()),
        ("forbidden", 403, "forbidden", ()),
        ("conflict", 409, "conflict", ()),
        ("down", 503, "service_unavailable", ()),
        ("http404", 404, "not_found", ()),
        ("denied", 403, "permission_denied", ()),
        ("drf-404", 404, "not_found", ()),
        ("unauthenticated", 401, "not_authenticated", ()),
        ("authentication", 401, "authentication_failed", ()),
        ("method", 405, "method_not_allowed", ()),
        ("media", 415, "unsupported_media_type", ()),
        ("not-acceptable", 406, "not_acceptable", ()),
        ("parse", 400, "parse_error", ()),
        ("throttled", 429, "throttled", ()),
    ],
)
def test_every_kind_of_error_is_a_problem(db, kind, status, code, fields):
    assert_problem(APIClient().get(f"/fail/{kind}"), status, code, *fields)


@own_urls
def test_a_field_with_two_errors_is_named_twice(db):
    errors = APIClient().get("/fail/several").json()["errors"]
    assert [(e["field"], e["code"], e["detail"]) for e in errors] == [
        ("name", "invalid_input", "Too short."),
        ("name", "invalid_input", "Too plain."),
        ("seats", "invalid_input", "Too many."),
    ]


@own_urls
@pytest.mark.parametrize("kind", ["http404", "denied"])
def test_inner_reasons_stay_inside(db, kind):
    assert "secret" not in APIClient().get(f"/fail/{kind}").content.decode()


@own_urls
def test_an_unforeseen_error_is_not_dressed_up_as_a_problem(db):
    with pytest.raises(KeyError):
        APIClient().get("/fail/unforeseen")


@own_urls
def test_who_is_throttled_reads_when_to_come_back(db):
    assert APIClient().get("/fail/throttled")["Retry-After"] == "8"  # DRF rounds up before us


@own_urls
@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"name": ""}, ("name",)),
        ({"name": None, "inner": {"number": 0}}, ("name", "inner.number")),
        ({"inner": {}}, ("inner.number",)),
        ({"inner": 5}, ("inner",)),
        ({"items": [{"number": 1}, {"number": 0}]}, ("items.1.number",)),
        ({"items": "none"}, ("items",)),
        ({"tags": [1, "two", 3, "four"]}, ("tags.1", "tags.3")),
        ({"name": "whole"}, ("",)),
    ],
)
def test_a_field_is_named_by_its_path(db, change, fields):
    body = {"name": "x", "inner": {"number": 1}, "items": [{"number": 1}], **change}
    response = APIClient().post("/form", body, format="json")
    problem = assert_problem(response, 400, "invalid_input", *fields)
    for error in problem["errors"]:
        assert error["detail"] in problem["detail"]


@own_urls
@pytest.mark.parametrize("body", [[], "text", 5, None])
def test_a_body_that_is_no_object_is_an_error_of_the_whole(db, body):
    response = APIClient().post("/form", body, format="json")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("body", ["{", "", "{'a': 1}", '{"a": NaN}', "\xff", '{"a": 1'])
def test_json_that_cannot_be_read_is_a_problem(cast, body):
    response = api_client(cast.driver).post(
        "/api/v1/me/cars", body.encode("latin-1"), content_type="application/json"
    )
    if body:
        assert_problem(response, 400, "parse_error")
    else:
        assert response.status_code == 400


def test_another_media_type_is_a_problem(cast):
    response = api_client(cast.driver).post("/api/v1/me/cars", "<car/>", content_type="text/xml")
    assert_problem(response, 415, "unsupported_media_type")


def test_who_is_not_signed_in_gets_401_with_a_scheme(db):
    response = APIClient().get("/api/v1/me")
    assert_problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_method_that_there_is_not_is_a_problem_with_the_ones_there_are(cast):
    response = api_client(cast.driver).put("/api/v1/me", {}, format="json")
    assert_problem(response, 405, "method_not_allowed")
    assert "PATCH" in response["Allow"]


@pytest.mark.parametrize("path", ["", "nothing", "nothing/", "rides/no-uuid", "me/cars/7/"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_there_is_not_is_a_problem_too(cast, path, method):
    for client in (APIClient(), api_client(cast.driver)):
        response = getattr(client, method)(f"/api/v1/{path}")
        assert_problem(response, 404, "not_found")


def test_a_browser_without_a_csrf_token_cannot_write(cast):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(cast.driver.user)
    response = client.patch("/api/v1/me", {"phone": "+56 9 9999 9999"}, format="json")
    assert_problem(response, 403, "permission_denied")
    assert "CSRF" in response.json()["detail"]


def test_a_page_that_there_is_not_is_a_problem(cast):
    response = api_client(cast.driver).get("/api/v1/rides", {"cursor": "nonsense"})
    assert_problem(response, 404, "not_found")


def test_who_asks_too_often_is_asked_to_wait(cast, monkeypatch):
    monkeypatch.setattr(UserRateThrottle, "rate", "2/min", raising=False)
    client = api_client(cast.driver)
    assert [client.get("/api/v1/me").status_code for _ in range(2)] == [200, 200]
    response = client.get("/api/v1/me")
    assert_problem(response, 429, "throttled")
    assert 0 < int(response["Retry-After"]) <= 61
    assert api_client(cast.rider).get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("invalid_input", 422),
        ("seats_exhausted", 409),
        ("outside_map", 422),
        ("no_membership", 403),
        ("idempotency_key_reused", 422),
        ("not_authenticated", 401),
        ("permission_denied", 403),
        ("method_not_allowed", 405),
        ("parse_error", 400),
        ("throttled", 429),
        ("not_found", 404),
        ("unsupported_media_type", 415),
    ],
)
def test_the_type_of_a_problem_is_an_address_that_explains_it(client, db, code, status):
    response = client.get(f"/problems/{code}")
    assert response.status_code == 200
    body = response.json()
    assert (body["code"], body["status"]) == (code, status)
    assert body["title"]
    assert "{" not in body["title"]


def test_a_kind_of_problem_that_there_is_not_is_not_explained(client, db):
    assert client.get("/problems/bad-hair-day").status_code == 404


def test_answers_are_json_only():
    renderers = settings.REST_FRAMEWORK["DEFAULT_RENDERER_CLASSES"]
    assert renderers == ["carpool.kernel.rendering.FastJSONRenderer"]


def test_json_is_written_as_the_framework_writes_it():
    odd = {
        "moment": datetime(2026, 11, 21, 7, 45, 0, 120000, tzinfo=UTC),
        "day": date(2026, 11, 21),
        "id": UUID(int=7),
        "lazy": gettext_lazy("Today"),
        "amount": Decimal("1.50"),
        "한국어": "é",
        1: [None, True, 2.5],
    }
    ours = FastJSONRenderer().render(odd)
    assert json.loads(ours) == json.loads(JSONRenderer().render(odd))
    assert FastJSONRenderer().render({"line": np.array([[1.5, 2.0]])}) == b'{"line":[[1.5,2.0]]}'
    assert FastJSONRenderer().render(None) == b""
