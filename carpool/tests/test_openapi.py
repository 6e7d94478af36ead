"""The API's description (OpenAPI 3.1) is valid, complete, and true."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from carpool.tests.addresses import api_endpoints
from carpool.tests.world import world_at
from rides.api import examples
from rides.models import Ride
from rides.tests.api import Api

SCHEMA_URI = "urn:carpool"
PEOPLE = (None, "driver", "rider", "colleague", "outsider")
MAIN = {
    "rides_create",
    "rides_retrieve",
    "searches_create",
    "bookings_create",
    "requests_create",
    "me_cars_create",
    "me_places_create",
}
TAKES_A_KEY = {
    "instant_create",
    "instant_join_create",
    "rides_create",
    "rides_cancel_create",
    "rides_change_create",
    "bookings_create",
    "bookings_cancel_create",
    "bookings_confirm_create",
    "bookings_decline_create",
    "bookings_fare_objection_create",
    "proposals_answer_create",
    "requests_create",
    "requests_offers_create",
    "recurring_rides_day_back_create",
    "recurring_rides_days_out_create",
    "recurring_rides_end_create",
    "me_recurring_rides_create",
    "rides_replace_create",
    "organization_rewards_take_back_create",
    "rooms_absorb_create",
    "rooms_cancel_create",
    "rooms_create",
    "rooms_dispute_create",
    "rooms_fare_create",
    "rooms_join_create",
    "rooms_leave_create",
    "rooms_merger_create",
    "rooms_take_over_create",
    "rooms_top_ups_answer_create",
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The description as clients get it."""
    described: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return described


def operations(schema):
    """Yield (METHOD, path as in the URLs, operation)."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path.removeprefix("/api/v1/"), operation


def described_as(path: str) -> str:
    """``rides/<uuid:ride_id>`` is described as ``rides/{ride_id}``."""
    for kind in ("<uuid:", "<int:", "<str:"):
        path = path.replace(kind, "{")
    return path.replace(">", "}")


def validator(schema, pointer):
    """Check values against one part of the description."""
    registry = Registry().with_resource(
        SCHEMA_URI, Resource.from_contents(schema, default_specification=DRAFT202012)
    )
    return Draft202012Validator(
        {"$ref": f"{SCHEMA_URI}#{pointer}"}, registry=registry, format_checker=FormatChecker()
    )


def pointer_to(*parts):
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def test_it_is_made_without_a_warning_and_is_valid(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", file=str(tmp_path / "openapi.yaml"))


def test_it_is_served_to_everybody_in_version_3_1(client, db):
    answer = client.get("/api/schema/", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert answer.json()["openapi"] == "3.1.0"
    validate_schema(answer.json())
    assert client.get("/api/schema/")["Content-Type"].startswith("application/vnd.oai.openapi")
    assert client.get("/api/docs/").status_code == 200


def test_it_describes_every_endpoint(schema):
    described = {(method, path) for method, path, _operation in operations(schema)}
    assert described == {(m, described_as(path)) for m, path in api_endpoints() if path}


def test_every_operation_says_what_it_does_and_how_it_can_fail(schema):
    seen = set()
    for method, path, operation in operations(schema):
        assert operation["summary"], (method, path)
        assert operation["description"], (method, path)
        assert len(operation["tags"]) == 1, (method, path)
        assert operation["security"] == [{"token": []}, {"session": []}], (method, path)
        assert operation["operationId"] not in seen
        seen.add(operation["operationId"])
        for status in ("401", "403"):
            content = operation["responses"][status]["content"]
            assert list(content) == ["application/problem+json"], (method, path)


def test_what_moves_seats_is_described_with_its_key(schema):
    keyed = {
        operation["operationId"]
        for _method, _path, operation in operations(schema)
        if any(
            p["name"] == "Idempotency-Key" and p["required"]
            for p in operation.get("parameters", [])
        )
    }
    assert keyed == TAKES_A_KEY


def media_of(schema):
    """Yield (where, pointer to the schema, examples) of every body in and out."""
    for method, path, operation in operations(schema):
        base = ("paths", f"/api/v1/{path}", method.lower())
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            where = (*base, "requestBody", "content", media, "schema")
            yield operation["operationId"], "in", pointer_to(*where), content
        for status, response in operation["responses"].items():
            for media, content in response.get("content", {}).items():
                where = (*base, "responses", status, "content", media, "schema")
                yield operation["operationId"], status, pointer_to(*where), content


def test_every_example_is_valid_against_its_description(schema):
    checked = 0
    for operation, direction, pointer, content in media_of(schema):
        for name, example in content.get("examples", {}).items():
            errors = list(validator(schema, pointer).iter_errors(example["value"]))
            assert not errors, (operation, direction, name, errors)
            checked += 1
    assert checked > 40


def test_the_main_operations_have_examples_of_what_goes_in_and_what_comes_out(schema):
    shown = {
        (operation, "in" if direction == "in" else "out")
        for operation, direction, _pointer, content in media_of(schema)
        if content.get("examples") and direction in {"in", "200", "201"}
    }
    asked = {operation for operation, direction in shown if direction == "in"}
    answered = {operation for operation, direction in shown if direction == "out"}
    assert asked >= MAIN - {"rides_retrieve"}
    assert answered >= MAIN - {"me_cars_create", "me_places_create"}


def test_the_examples_can_be_sent_as_they_are(cast, city):
    car = cast.driver.cars.get()
    with time_machine.travel(datetime(2027, 3, 14, 12, tzinfo=UTC), tick=False):
        driver, rider = Api(cast.driver), Api(cast.rider)
        for example in (examples.OFFER, examples.OFFER_BY_ARRIVAL):
            offered = driver.post("rides", {**example.value, "car": str(car.pk)})
            assert offered.status_code == 201, offered.content
            driver.post(f"rides/{offered.json()['id']}/cancel")
        driver.post("rides", {**examples.OFFER.value, "car": str(car.pk)})
        found = rider.post("searches", examples.WISH.value).json()["offers"]
        assert len(found) == 1
        assert rider.post("requests", examples.WISH.value).status_code == 201
        assert rider.post("bookings", {"offer": found[0]["token"]}).status_code == 201
    assert Ride.objects.filter(cancelled_at=None).get().bookings.count() == 1


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize("stage", ["offered", "asked", "booked", "driving", "over"])
def test_whatever_is_answered_is_described(cast, now, schema, stage):
    by_path = {(method, path): operation for method, path, operation in operations(schema)}
    with world_at(stage, cast, now) as world:
        for method, path in sorted(key for key in api_endpoints() if key[1]):
            operation = by_path[method, described_as(path)]
            for who in PEOPLE:
                answer = world.send(who and getattr(cast, who), method, path)
                status = str(answer.status_code)
                assert status in operation["responses"], (method, path, who, status)
                content = operation["responses"][status].get("content", {})
                if not content:
                    assert answer.content == b""
                    continue
                media = answer["Content-Type"].partition(";")[0]
                if media == "image/jpeg":
                    assert media in content
                    continue
                pointer = pointer_to(
                    "paths", f"/api/v1/{described_as(path)}", method.lower(), "responses",
                    status, "content", media, "schema",
                )  # fmt: skip
                errors = list(validator(schema, pointer).iter_errors(answer.json()))
                assert not errors, (method, path, who, status, errors)
