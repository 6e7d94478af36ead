"""Where the car is: for those who wait for it or sit in it, only meanwhile, and never at a home."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from accounts.models import ConsentPurpose, PositionRead
from accounts.services import withdraw_consent
from carpool.kernel.geo import crow_fly_m, from_point, offset_m
from carpool.tests.belongings import DRIVERS_DOOR
from rides.services import finish_ride, start_ride, visit_stop
from rides.tests.api import Api
from rides.tests.factories import book, offer
from tracking.errors import PositionHidden
from tracking.services import look_at_car, record_positions, stop_sharing_position
from tracking.tests.factories import fixes_along, send, share

pytestmark = pytest.mark.usefixtures("city")


def booked(cast, now, **terms):
    ride = offer(cast.driver, now=now, hours=24, **terms)
    book(cast.rider, ride, now=now)
    ride.refresh_from_db()
    share(cast.driver, ride, now=now)
    return ride


@pytest.fixture
def ride(cast, now):
    """From an office, where there is nothing to hide."""
    return booked(cast, now)


@pytest.fixture
def from_home(cast, now):
    return booked(cast, now, origin=DRIVERS_DOOR)


@pytest.fixture
def driving(cast, ride):
    """Just before the pick-up."""
    start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)
    pickup = from_point(ride.stops.get(kind="pickup").location)
    fixes = fixes_along(ride)
    there = next(n for n, fix in enumerate(fixes) if crow_fly_m(pickup, fix.place) < 90)
    at = fixes[there - 1].recorded_at
    send(cast.driver, ride, fixes[:there], now=at)
    return at


def look(member, ride, now):
    return look_at_car(ride_id=ride.pk, by=member, now=now)


def test_a_rider_who_waits_sees_the_car_and_when_it_comes(cast, ride, driving):
    car = look(cast.rider, ride, driving)
    assert car.place is not None
    assert car.next_stop.kind == "pickup"
    wait = car.next_stop.expected_at - max(driving, car.next_stop.planned_at)
    assert abs(wait) < timedelta(minutes=5)


def test_each_look_at_somebody_else_is_written_down_for_them(cast, ride, driving):
    look(cast.driver, ride, driving)
    assert not PositionRead.objects.exists(), "one's own position"
    look(cast.rider, ride, driving)
    read = PositionRead.objects.get()
    assert (read.member, read.reader, read.source) == (cast.driver, cast.rider, "live_map")


def test_nobody_else_sees_it(cast, ride, driving):
    for member in (cast.colleague, cast.manager, cast.operator):
        with pytest.raises(PositionHidden):
            look(member, ride, driving)


def test_it_is_shown_from_a_quarter_before_until_one_gets_out(cast, ride, driving):
    with pytest.raises(PositionHidden):
        look(cast.rider, ride, ride.departing_at - timedelta(seconds=1))
    assert look(cast.rider, ride, ride.departing_at)
    for kind in ("pickup", "dropoff"):
        stop = ride.stops.get(kind=kind)
        visit_stop(ride_id=ride.pk, stop_id=stop.pk, by=cast.driver, now=driving)
    with pytest.raises(PositionHidden):
        look(cast.rider, ride, driving)


def test_a_ride_that_is_over_shows_nothing(cast, ride, driving):
    finish_ride(ride_id=ride.pk, by=cast.driver, now=driving)
    with pytest.raises(PositionHidden):
        look(cast.rider, ride, driving)


def test_near_its_drivers_door_a_car_is_nowhere(cast, from_home):
    ride = from_home
    fixes = fixes_along(ride)
    at = fixes[0].recorded_at
    record_positions(ride_id=ride.pk, by=cast.driver, fixes=fixes[:1], now=at)
    assert look(cast.driver, ride, at).place is not None
    car = look(cast.rider, ride, at)
    assert car.place is car.located_at is car.next_stop is None
    assert not PositionRead.objects.exists(), "nothing was read"


def test_a_car_that_comes_home_again_is_nowhere(cast, from_home):
    fix = fixes_along(from_home)[0]
    away = replace(fix, place=offset_m(DRIVERS_DOOR.location, east_m=2_000, north_m=0))
    at = away.recorded_at + timedelta(seconds=100)
    home = replace(fix, sequence=9_000, recorded_at=at)
    for one, is_shown in ((away, True), (home, False)):
        now = one.recorded_at
        record_positions(ride_id=from_home.pk, by=cast.driver, fixes=[one], now=now)
        assert (look(cast.rider, from_home, now).place is not None) is is_shown


@pytest.mark.parametrize("how", ["stops", "withdraws", "is silent"])
def test_who_does_not_share_is_not_shown(cast, ride, driving, how):
    at = driving
    if how == "stops":
        stop_sharing_position(ride_id=ride.pk, by=cast.driver, now=at)
    elif how == "withdraws":
        withdraw_consent(member=cast.driver, purpose=ConsentPurpose.LIVE_POSITION, now=at)
    else:
        at += timedelta(minutes=6)
    assert look(cast.rider, ride, at).place is None


def test_the_api_says_the_same(cast, ride, driving):
    with time_machine.travel(driving, tick=False):
        car = Api(cast.rider).get(f"rides/{ride.pk}/car")
        assert car.status_code == 200
        assert set(car.json()) == {"place", "located_at", "speed_mps", "next_stop"}
        hidden = Api(cast.colleague).get(f"rides/{ride.pk}/car")
        assert (hidden.status_code, hidden.json()["code"]) == (403, "position_hidden")


def test_the_api_names_the_wrong_element(cast, ride, driving):
    def element(sequence, **changes):
        return {
            "sequence": sequence,
            "recorded_at": driving.isoformat(),
            "location": {"lon": -71.25, "lat": -29.9},
            **changes,
        }

    with time_machine.travel(driving, tick=False):
        api = Api(cast.driver)
        body = {"positions": [element(9_001), element(9_002, location={"lon": 0, "lat": 91})]}
        answer = api.post(f"rides/{ride.pk}/positions", body)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "positions.1.location.lat"
        late = (driving + timedelta(minutes=5)).isoformat()
        body = {"positions": [element(9_001), element(9_002, recorded_at=late)]}
        answer = api.post(f"rides/{ride.pk}/positions", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "recorded_in_the_future")
        assert answer.json()["errors"][0]["field"] == "positions.1.recorded_at"
        soon = (driving + timedelta(seconds=5)).isoformat()
        away = element(9_001, recorded_at=soon, location={"lon": -71.4, "lat": -29.9})
        answer = api.post(f"rides/{ride.pk}/positions", {"positions": [away]})
        assert answer.json() == {"stored": 1, "known": 0, "flagged": 1}


def test_the_page_offers_to_share_and_shows_the_car(client, cast, ride, driving):
    backend = "django.contrib.auth.backends.ModelBackend"
    with time_machine.travel(driving, tick=False):
        client.force_login(cast.rider.user, backend=backend)
        page = client.get(f"/rides/{ride.pk}/").content.decode()
        assert "data-car=" in page
        assert "data-sharing=" not in page
        client.post(f"/rides/{ride.pk}/position/", {"purpose": ["trip_proof"]})
        assert "data-sharing=" in client.get(f"/rides/{ride.pk}/").content.decode()
        client.post(f"/rides/{ride.pk}/position/stop/")
        assert "data-sharing=" not in client.get(f"/rides/{ride.pk}/").content.decode()
        client.force_login(cast.colleague.user, backend=backend)
        assert "data-car=" not in client.get(f"/rides/{ride.pk}/").content.decode()


def test_the_first_position_that_others_see_is_far_from_the_door(cast, from_home):
    ride = from_home
    start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)
    for fix in fixes_along(ride)[::4]:
        record_positions(ride_id=ride.pk, by=cast.driver, fixes=[fix], now=fix.recorded_at)
        car = look(cast.rider, ride, fix.recorded_at)
        if car.place is not None:
            break
    assert crow_fly_m(car.place, DRIVERS_DOOR.location) >= 300
