"""What members are told of each other at each stage, as the API answers, against the one table."""

from datetime import timedelta

import pytest

from accounts.tests.factories import MemberFactory
from carpool.kernel.geo import LonLat, coarse_cell, crow_fly_m, from_point
from rides import services
from rides.models import BookingMode
from rides.permissions import DISCLOSED, Datum, Stage, stage_between
from rides.services import TripEnd
from rides.tests.api import Api
from rides.tests.factories import book, offer

pytestmark = pytest.mark.usefixtures("city")
DOOR = LonLat(-71.2466, -29.8930)


@pytest.fixture
def ride(cast, now):
    cast.driver.phone, cast.rider.phone = "+56 9 1111 1111", "+56 9 2222 2222"
    cast.driver.save()
    cast.rider.save()
    return offer(
        cast.driver, now=now, origin=TripEnd(DOOR, "Home"), detour_s=1800,
        booking_mode=BookingMode.CONFIRM,
    )  # fmt: skip


def shown(viewer, ride):
    """What the API tells the viewer of driver and riders, as data of the table."""
    body = Api(viewer).get(f"rides/{ride.pk}").json()
    driver, car = body["driver"], body["car"]
    told = {Datum.FIRST_NAME, Datum.CAR_LOOK, Datum.AREA}
    told |= {Datum.FULL_NAME} if "display_name" in driver else set()
    told |= {Datum.PHONE} if driver.get("phone") else set()
    told |= {Datum.PLATE} if "plate" in car else set()
    return told


def told_of_riders(viewer, ride):
    body = Api(viewer).get(f"rides/{ride.pk}").json()
    return {one["rider"]["id"]: one["rider"] for one in body["bookings"]}, body["stops"]


def test_the_driver_is_told_of_as_the_table_says_at_every_stage(cast, ride, now):
    people = DISCLOSED
    of_driver = {Datum.FIRST_NAME, Datum.FULL_NAME, Datum.PHONE, Datum.CAR_LOOK, Datum.PLATE}
    of_driver |= {Datum.AREA}
    assert shown(cast.rider, ride) == people[Stage.STRANGERS] & of_driver
    booking = book(cast.rider, ride, now=now)
    assert shown(cast.rider, ride) == people[Stage.ASKED] & of_driver
    services.confirm_booking(booking_id=booking.pk, by=cast.driver, now=now)
    assert shown(cast.rider, ride) == people[Stage.PARTNERS] & of_driver
    assert shown(cast.colleague, ride) == people[Stage.STRANGERS] & of_driver
    services.watch(now=ride.arrival_at + timedelta(days=8))
    services.watch(now=ride.arrival_at + timedelta(days=9))
    ride.refresh_from_db()
    assert ride.state == "completed"
    assert shown(cast.rider, ride) == people[Stage.AFTERWARDS] & of_driver


def test_a_rider_is_told_of_as_the_table_says_at_every_stage(cast, ride, now):
    rider = str(cast.rider.pk)
    booking = book(cast.rider, ride, now=now)
    riders, stops = told_of_riders(cast.driver, ride)
    assert set(riders[rider]) == {"id", "first_name"}
    at = LonLat(**next(stop for stop in stops if stop["kind"] == "pickup")["location"])
    assert crow_fly_m(at, from_point(booking.origin)) > 1, "a meeting point, not a door"
    services.confirm_booking(booking_id=booking.pk, by=cast.driver, now=now)
    riders, _stops = told_of_riders(cast.driver, ride)
    assert riders[rider] == {
        "id": rider, "display_name": "Rita Rider", "phone": cast.rider.phone,
    }  # fmt: skip
    fellow = MemberFactory(organization=cast.organization, display_name="Fia Fellow")
    second = book(fellow, ride, now=now)
    services.confirm_booking(booking_id=second.pk, by=cast.driver, now=now)
    riders, _stops = told_of_riders(fellow, ride)
    assert riders[rider] == {"id": rider, "display_name": "Rita Rider", "phone": ""}
    services.watch(now=ride.arrival_at + timedelta(days=8))
    services.watch(now=ride.arrival_at + timedelta(days=9))
    riders, stops = told_of_riders(cast.driver, ride)
    assert riders[rider]["phone"] == ""
    assert len(stops) == 6
    for stop in stops:
        if stop["rider"]:
            place = LonLat(**stop["location"])
            assert crow_fly_m(place, coarse_cell(place)) < 1, "a street and its cell"


def test_stages_look_the_same_from_both_sides(cast, ride, now):
    booking = book(cast.rider, ride, now=now)
    bookings = [booking]
    pairs = [(cast.driver, cast.rider), (cast.driver, cast.colleague), (cast.rider, cast.colleague)]
    stages = {stage_between(a, b, ride, bookings) for a, b in pairs}
    assert stages == {stage_between(b, a, ride, bookings) for a, b in pairs}
    assert stages == {Stage.ASKED, Stage.STRANGERS}


def test_nothing_in_the_table_is_a_door_and_each_stage_adds_to_the_one_before():
    assert set(DISCLOSED) == set(Stage)
    assert DISCLOSED[Stage.STRANGERS] < DISCLOSED[Stage.ASKED] < DISCLOSED[Stage.FELLOWS]
    assert DISCLOSED[Stage.FELLOWS] < DISCLOSED[Stage.PARTNERS]
    assert Datum.MEETING_POINT not in DISCLOSED[Stage.AFTERWARDS]
    assert Datum.PHONE not in DISCLOSED[Stage.AFTERWARDS]
