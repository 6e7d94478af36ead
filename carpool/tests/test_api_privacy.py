"""Nobody reads where somebody else lives, and no organization reads of another.

Everybody sends every request there is, at every stage of a ride; all answers are searched.
"""

import itertools
import re
from typing import Any

import pytest

from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from carpool.tests.addresses import api_endpoints
from carpool.tests.belongings import DRIVERS_DOOR, RIDERS_DOOR
from carpool.tests.world import world_at
from rides.services import TripEnd
from rides.tests.api import Api
from rides.tests.factories import offer

pytestmark = pytest.mark.usefixtures("city")

# A corner this near to a door would give the door away.
TELLING_M = 25.0
PEOPLE = ("driver", "rider", "colleague", "manager", "operator", "outsider")
# The way between thresholds may come past any door.
WAY = re.compile(r'"route": \[\[.*?\]\]')
NUMBER = re.compile(r"-?\d{1,3}\.\d{3,}")


def positions_in(data: Any) -> list[LonLat]:
    """Find every position in an answer: {lon, lat} and [lon, lat]."""
    if isinstance(data, dict):
        if data.get("type") == "LineString":
            return []  # between thresholds, wherever the doors are: see test_drawing
        here = [LonLat(data["lon"], data["lat"])] if {"lon", "lat"} <= set(data) else []
        return here + [found for value in data.values() for found in positions_in(value)]
    if isinstance(data, list):
        if len(data) == 2 and all(isinstance(value, float) for value in data):
            return [LonLat(*data)]
        return [found for value in data for found in positions_in(value)]
    return []


def tells(answer: Any, door: TripEnd, *doorsteps: LonLat) -> list[str]:
    """What an answer of the API gives away of somebody's door, or of the kerb before it."""
    if answer.streaming:
        return []  # a photo, drawn anew without any metadata: see chat's test_photos
    told = [door.label] if door.label in answer.content.decode() else []
    if answer.headers.get("Content-Type", "").endswith("json"):
        told += [
            f"{place} lies {crow_fly_m(place, secret):.0f} m away"
            for place in positions_in(answer.json())
            for secret in (door.location, *doorsteps)
            if crow_fly_m(place, secret) < TELLING_M
        ]
    return told


def endpoints_about_people():
    return sorted(key for key in api_endpoints() if key[1] and not key[1].startswith("maps/"))


@pytest.mark.parametrize("stage", ["offered", "asked", "booked", "over"])
def test_nobody_is_told_where_somebody_else_lives(cast, now, stage):
    with world_at(stage, cast, now) as world:
        kerb = from_point(world.ride.stops.get(kind="door").location)
        for who in PEOPLE:
            for method, path in endpoints_about_people():
                answer = world.send(getattr(cast, who), method, path)
                drivers, riders = tells(answer, DRIVERS_DOOR, kerb), tells(answer, RIDERS_DOOR)
                assert not drivers or who == "driver", (who, method, path, drivers)
                assert not riders or who == "rider", (who, method, path, riders)


def test_control_the_owners_of_the_doors_do_find_them(cast, now):
    with world_at("booked", cast, now) as world:
        ride = world.send(cast.driver, "GET", "rides/<uuid:ride_id>")
        assert len(tells(ride, DRIVERS_DOOR)) >= 2
        booking = world.send(cast.rider, "GET", "bookings/<uuid:booking_id>")
        assert len(tells(booking, RIDERS_DOOR)) == 2


def test_others_are_shown_the_middle_of_a_cell_and_a_street(cast, now):
    with world_at("booked", cast, now) as world:
        threshold = world.ride.stops.get(kind="origin")
        for who in ("rider", "colleague"):
            ride = world.send(getattr(cast, who), "GET", "rides/<uuid:ride_id>").json()
            shown = LonLat(ride["origin"]["lon"], ride["origin"]["lat"])
            assert crow_fly_m(shown, from_point(threshold.location)) < 360
            assert ride["origin_label"] == world.ride.origin_area
            assert ride["destination_label"] == "Port", "a site of the organization is public"
            [first, *_between, _last] = ride["stops"] or [None, None]
            if who == "rider":
                assert first["kind"] == "origin"
                assert first["location"] == ride["origin"]
                assert first["label"] == ride["origin_label"]
            else:
                assert ride["stops"] == ride["bookings"] == []


def test_the_drawn_way_begins_away_from_a_private_end(cast, now):
    with world_at("booked", cast, now) as world:
        for who in ("rider", "colleague"):
            way = world.send(getattr(cast, who), "GET", "rides/<uuid:ride_id>").json()["route"]
            first = LonLat(*way["coordinates"][0])
            threshold = from_point(world.ride.stops.get(kind="origin").location)
            assert crow_fly_m(first, threshold) < 30
            assert crow_fly_m(first, DRIVERS_DOOR.location) > 250


@pytest.mark.parametrize("stage", ["offered", "booked", "over"])
@pytest.mark.parametrize("address", ["/", "/rides/{ride}/", "/find/", "/profile/"])
def test_pages_of_others_do_not_tell_where_the_driver_lives(client, cast, now, stage, address):
    with world_at(stage, cast, now) as world:
        kerb = from_point(world.ride.stops.get(kind="door").location)
        for person in (cast.rider, cast.colleague, cast.manager, cast.operator):
            client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
            page = client.get(address.format(ride=world.ride.pk)).content.decode()
            assert DRIVERS_DOOR.label not in page
            page = WAY.sub("", page)
            numbers = [float(text) for text in NUMBER.findall(page)]
            for lon, lat in itertools.pairwise(numbers):
                for secret in (DRIVERS_DOOR.location, kerb):
                    assert crow_fly_m(LonLat(lon, lat), secret) > TELLING_M


def traces_of(organization: Any) -> set[str]:
    """Every id and name by which an organization's things can be recognised."""
    traces = {str(organization.pk), organization.name}
    for member in organization.members.all():
        traces |= {str(member.pk), member.display_name, member.user.email}
        for things in (member.cars, member.places, member.ride_requests, member.bookings):
            traces |= {str(pk) for pk in things.values_list("pk", flat=True)}
    for things in (organization.sites, organization.rides):
        traces |= {str(pk) for pk in things.values_list("pk", flat=True)}
    return traces


@pytest.mark.parametrize("stage", ["offered", "booked", "over"])
def test_no_answer_tells_of_another_organization(cast, now, stage):
    offer(cast.outsider, now=now)  # somebody else's day, so that the lists are not just empty
    with world_at(stage, cast, now) as world:
        for person, foreign in [
            (cast.outsider, traces_of(cast.organization)),
            (cast.colleague, traces_of(cast.outsider.organization)),
        ]:
            for method, path in endpoints_about_people():
                text = world.send(person, method, path).content.decode()
                assert not [trace for trace in foreign if trace in text], (method, path)


def test_control_ones_own_organization_is_recognised(cast, now):
    with world_at("booked", cast, now) as world:
        own = traces_of(cast.organization)
        for path in ("me", "me/bookings", "requests"):
            text = world.send(cast.rider, "GET", path).content.decode()
            assert [trace for trace in own if trace in text], path
        text = world.send(cast.colleague, "POST", "searches").content.decode()
        assert str(world.ride.pk) in text


@pytest.mark.parametrize("path", ["rides", "me/bookings", "requests"])
@pytest.mark.parametrize("who", ["colleague", "manager", "operator"])
def test_lists_are_ones_own_whatever_ones_role(cast, now, path, who):
    with world_at("booked", cast, now):
        assert Api(getattr(cast, who)).get(path).json()["results"] == []


def test_names_and_phones_are_for_the_people_aboard(cast, now):
    for person in (cast.driver, cast.rider):
        person.phone = f"+56 9 0000 {person.pk.int % 10_000:04}"
        person.save()
    with world_at("booked", cast, now) as world:
        for who in ("colleague", "manager", "operator"):
            for method, path in endpoints_about_people():
                text = world.send(getattr(cast, who), method, path).content.decode()
                aboard = (method, path) == ("POST", "bookings")  # it makes them one of them
                if who != "colleague" and path.startswith("organization/people"):
                    text = text.replace("Rita Rider", "").replace("Dora Driver", "")  # their job
                for secret in (cast.driver.phone, cast.rider.phone, "Rita Rider", "Dora Driver"):
                    assert secret not in text or aboard, (who, method, path, secret)
        text = world.send(cast.rider, "GET", "rides/<uuid:ride_id>").content.decode()
        assert cast.driver.phone in text
