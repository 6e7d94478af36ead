"""Offering and withdrawing rides."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.errors import CarNotFound
from accounts.tests.factories import (
    AT_SEA,
    ELSEWHERE,
    HEAD_OFFICE,
    HOME_NORTH,
    PORT,
    CarFactory,
)
from carpool.kernel.errors import DomainError, InvalidInput
from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from carpool.kernel.models import OutboxEvent
from maps.errors import OutsideMap
from rides import services as rides
from rides.errors import (
    ArrivalBeforeDeparture,
    DriverBusy,
    InThePast,
    NotTheDriver,
    RideNotFound,
    SeatsOutOfRange,
    TooClose,
    TooFarAhead,
    WrongState,
)
from rides.models import BookingState, Ride, RideState
from rides.services import TripEnd
from rides.tests.factories import book, offer, terms

pytestmark = pytest.mark.usefixtures("city")


def test_an_offer_becomes_a_ride_with_two_stops_on_the_road(cast, now):
    ride = offer(cast.driver, now=now)
    stops = list(ride.stops.all())
    assert [stop.kind for stop in stops] == ["origin", "destination"]
    assert stops[0].planned_at == ride.departure_at
    assert stops[1].planned_at == ride.arrival_at
    assert stops[1].latest_at == ride.arrive_latest_at
    assert ride.arrive_latest_at - ride.arrival_at <= timedelta(seconds=900)
    assert ride.solo_distance_m > crow_fly_m(HEAD_OFFICE, PORT)
    assert ride.state == RideState.SCHEDULED
    assert ride.reach.contains(ride.route)
    assert OutboxEvent.objects.filter(name="rides.RideOffered").count() == 1


def test_arriving_by_a_time_leaves_room_for_the_detour(cast, now):
    arrive_by = now + timedelta(hours=30)
    ride = offer(cast.driver, now=now, departure_at=None, arrive_by=arrive_by)
    assert ride.arrive_latest_at == arrive_by
    assert ride.arrival_at <= arrive_by - timedelta(seconds=899)


def test_both_times_given_keep_both(cast, now):
    departure_at = now + timedelta(hours=5)
    solo = offer(cast.driver, now=now, departure_at=departure_at)
    rides.cancel_ride(ride_id=solo.pk, by=cast.driver, reason="", now=now)
    arrive_by = solo.arrival_at + timedelta(seconds=60)
    ride = offer(cast.driver, now=now, departure_at=departure_at, arrive_by=arrive_by)
    assert ride.arrive_latest_at == arrive_by


def test_a_home_is_named_exactly_for_the_driver_only(cast, now):
    ride = offer(cast.driver, now=now, origin=TripEnd(HOME_NORTH, "Calle Secreta 12"))
    assert ride.origin_label == "Calle Secreta 12"
    assert "12" not in ride.origin_area
    assert ride.origin_area
    assert (ride.origin_public, ride.destination_public) == (False, True)
    assert ride.destination_area == "Port"


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"origin": TripEnd(ELSEWHERE)}, OutsideMap, "origin"),
        ({"destination": TripEnd(ELSEWHERE)}, OutsideMap, "destination"),
        ({"origin": TripEnd(AT_SEA)}, DomainError, "origin"),
        ({"destination": TripEnd(HEAD_OFFICE)}, TooClose, "destination"),
        ({"seats": 0}, SeatsOutOfRange, "seats"),
        ({"seats": 4}, SeatsOutOfRange, "seats"),
        ({"seats": 99}, SeatsOutOfRange, "seats"),
        ({"detour_s": -1}, InvalidInput, "detour_s"),
        ({"detour_s": 7201}, InvalidInput, "detour_s"),
        ({"detour_m": -5}, InvalidInput, "detour_m"),
        ({"booking_mode": "sometimes"}, InvalidInput, "booking_mode"),
        ({"departure_at": None}, InvalidInput, "departure_at"),
        ({"departure_at": datetime(2020, 1, 1, tzinfo=UTC)}, InThePast, "departure_at"),
        ({"departure_at": datetime(2999, 1, 1, tzinfo=UTC)}, TooFarAhead, "departure_at"),
    ],
)
def test_bad_terms_name_the_field_and_leave_nothing(cast, now, changes, error, field):
    with pytest.raises(error) as caught:
        offer(cast.driver, now=now, **changes)
    assert list(caught.value.fields) == [field]
    assert caught.value.detail
    assert not Ride.objects.exists()
    assert not OutboxEvent.objects.exists()


def test_arrival_before_departure_is_refused(cast, now):
    departure_at = now + timedelta(hours=3)
    with pytest.raises(ArrivalBeforeDeparture) as caught:
        offer(cast.driver, now=now, departure_at=departure_at, arrive_by=departure_at)
    assert list(caught.value.fields) == ["arrive_by"]


def test_an_arrival_that_would_need_leaving_in_the_past_is_refused(cast, now):
    with pytest.raises(InThePast) as caught:
        offer(cast.driver, now=now, departure_at=None, arrive_by=now + timedelta(minutes=1))
    assert list(caught.value.fields) == ["arrive_by"]


def test_somebody_elses_car_is_refused(cast, now):
    other = CarFactory(member=cast.colleague)
    with pytest.raises(CarNotFound):
        rides.offer_ride(
            driver=cast.driver,
            terms=terms(cast.driver, departure_at=now + timedelta(hours=9), car_id=other.pk),
            now=now,
        )


def test_a_driver_drives_one_ride_at_a_time(cast, now):
    offer(cast.driver, now=now)
    with pytest.raises(DriverBusy) as caught:
        offer(cast.driver, now=now)
    assert list(caught.value.fields) == ["departure_at"]
    assert Ride.objects.count() == 1


def test_a_cancelled_ride_frees_its_driver(cast, now):
    ride = offer(cast.driver, now=now)
    rides.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="Ill", now=now)
    assert offer(cast.driver, now=now).state == RideState.SCHEDULED


def test_cancelling_a_ride_cancels_its_bookings_and_tells(cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    rides.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="Ill", now=now)
    booking.refresh_from_db()
    ride.refresh_from_db()
    assert ride.state == RideState.CANCELLED
    assert booking.state == BookingState.CANCELLED
    assert booking.cancelled_by == cast.driver
    assert booking.cancel_reason == "Ill"
    names = OutboxEvent.objects.values_list("name", flat=True)
    assert list(names).count("rides.RideStateChanged") == 1
    assert list(names).count("rides.BookingStateChanged") == 2


def test_only_the_driver_cancels_a_ride(cast, now):
    ride = offer(cast.driver, now=now)
    with pytest.raises(NotTheDriver):
        rides.cancel_ride(ride_id=ride.pk, by=cast.colleague, reason="", now=now)
    with pytest.raises(RideNotFound):
        rides.cancel_ride(ride_id=ride.pk, by=cast.outsider, reason="", now=now)


def test_a_ride_that_has_left_is_not_cancelled(cast, now):
    ride = offer(cast.driver, now=now)
    with pytest.raises(WrongState):
        rides.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=ride.departure_at)


def test_the_reach_holds_what_the_promise_can_reach(cast, now):
    ride = offer(cast.driver, now=now)
    a, b = from_point(ride.origin), from_point(ride.destination)
    half_way = LonLat((a.lon + b.lon) / 2, (a.lat + b.lat) / 2)
    assert ride.reach.contains(ride.origin)
    assert ride.reach.contains(ride.destination)
    assert crow_fly_m(half_way, LonLat(*ride.reach.centroid.coords)) < 100
