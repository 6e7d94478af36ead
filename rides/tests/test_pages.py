"""Pages of rides, as a browser asks for them."""

import json
import re
from datetime import datetime, timedelta
from unittest import mock
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import AT_SEA, ELSEWHERE, HEAD_OFFICE, PORT, CarFactory
from carpool.kernel import clock
from carpool.kernel.geo import LonLat, crow_fly_m
from carpool.kernel.web import write_place
from rides import services
from rides.models import Booking, BookingState, Ride, RideState
from rides.tests.factories import book, offer

pytestmark = pytest.mark.django_db


def browser(member):
    """Return a browser in which somebody is signed in."""
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def driver(city, cast):
    return browser(cast.driver)


@pytest.fixture
def rider(city, cast):
    return browser(cast.rider)


@pytest.fixture
def ride(city, cast, now):
    """From the head office to the port, tomorrow."""
    return offer(cast.driver, now=now)


@pytest.fixture
def booking(cast, ride, now):
    """The rider's confirmed seat in it."""
    return book(cast.rider, ride, now=now)


@pytest.fixture
def entered(cast, now):
    """A complete offer, as the form sends it."""
    leave = (now + timedelta(days=1)).astimezone(cast.organization.zone)
    return {
        "origin_label": "Head office",
        "origin": write_place(HEAD_OFFICE),
        "destination_label": "Port",
        "destination": write_place(PORT),
        "when": "leave",
        "date": leave.date().isoformat(),
        "time": "08:10",
        "car": str(cast.driver.cars.get().pk),
        "seats": "2",
        "detour_minutes": "15",
        "detour_km": "",
        "booking_mode": "instant",
        "note": "Please be there in time.",
    }


def at(moment):
    """Turn the clock of the pages to a moment."""
    return mock.patch("carpool.kernel.clock.now", return_value=moment)


def text_of(answer):
    return answer.content.decode()


# --- Offer --------------------------------------------------------------------------------------
def test_offer_is_published_and_shown(driver, cast, entered):
    answer = driver.post(reverse("rides:offer"), entered, follow=True)
    ride = Ride.objects.get(driver=cast.driver)
    assert answer.redirect_chain == [(reverse("rides:ride", args=[ride.pk]), 302)]
    local = ride.departure_at.astimezone(cast.organization.zone)
    assert (local.hour, local.minute) == (8, 10)
    assert ride.detour_s == 900
    assert ride.detour_m is None
    assert "Please be there in time." in text_of(answer)
    assert "08:10" in text_of(answer)


def test_offer_by_arrival_leaves_early_enough(driver, cast, entered):
    driver.post(reverse("rides:offer"), entered | {"when": "arrive", "detour_km": "4.5"})
    ride = Ride.objects.get(driver=cast.driver)
    latest = ride.arrive_latest_at.astimezone(cast.organization.zone)
    assert (latest.hour, latest.minute) == (8, 10)
    assert ride.detour_m == 4500


def test_offer_in_words_only_is_looked_up(driver, cast, entered):
    words = {"origin": "", "origin_label": "Avenida Cuatro Esquinas"}
    answer = driver.post(reverse("rides:offer"), entered | words)
    assert answer.status_code == 302, answer.context["form"].errors
    assert Ride.objects.get(driver=cast.driver).origin_label == "Avenida Cuatro Esquinas"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"origin": write_place(AT_SEA)}, "origin_label"),
        ({"destination": write_place(ELSEWHERE)}, "destination_label"),
        ({"destination": write_place(HEAD_OFFICE)}, "destination_label"),
        ({"origin": "east,north"}, "origin"),
        ({"origin": "", "origin_label": ""}, "origin_label"),
        ({"origin": "", "origin_label": "Xyzzy Plugh Street"}, "origin_label"),
        ({"date": "2020-01-01"}, "time"),
        ({"date": "2199-01-01"}, "time"),
        ({"date": "31.12."}, "date"),
        ({"time": "25:61"}, "time"),
        ({"when": "sometime"}, "when"),
        ({"seats": "0"}, "seats"),
        ({"seats": "99"}, "seats"),
        ({"seats": "4"}, "seats"),
        ({"seats": "two"}, "seats"),
        ({"detour_minutes": "-5"}, "detour_minutes"),
        ({"detour_minutes": "500"}, "detour_minutes"),
        ({"detour_km": "-1"}, "detour_km"),
        ({"booking_mode": "never"}, "booking_mode"),
        ({"note": "x" * 281}, "note"),
        ({"car": ""}, "car"),
    ],
)
def test_bad_offer_names_the_field_and_keeps_what_was_entered(driver, entered, changes, field):
    answer = driver.post(reverse("rides:offer"), entered | changes)
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert f'id="id_{field}_error"' in text_of(answer)
    assert not Ride.objects.exists()
    if "note" not in changes:
        assert "Please be there in time." in text_of(answer)


def test_offer_with_somebody_elses_car_is_refused(driver, cast, entered):
    foreign = CarFactory(member=cast.colleague)
    answer = driver.post(reverse("rides:offer"), entered | {"car": str(foreign.pk)})
    assert list(answer.context["form"].errors) == ["car"]


def test_hour_that_daylight_saving_skips_is_refused(driver, cast, entered):
    cast.organization.own_policies = {"booking_horizon_days": 400}
    cast.organization.save()
    day = _night_of_the_gap(cast.organization.zone)
    changes = {"date": day.date().isoformat(), "time": day.strftime("%H:%M")}
    answer = driver.post(reverse("rides:offer"), entered | changes)
    assert list(answer.context["form"].errors) == ["time"]
    assert "skip" in text_of(answer)


def _night_of_the_gap(zone: ZoneInfo) -> datetime:
    moment = clock.now()
    while True:
        later = moment + timedelta(hours=1)
        gap = later.astimezone(zone).utcoffset() - moment.astimezone(zone).utcoffset()
        if gap > timedelta(0):
            exact = moment.replace(minute=0, second=0, microsecond=0)
            wall = (exact + timedelta(hours=1)).astimezone(zone) - timedelta(minutes=30)
            return wall.replace(tzinfo=None)
        moment = later


def test_two_offers_at_one_time_are_refused_at_the_time(driver, cast, entered):
    driver.post(reverse("rides:offer"), entered)
    answer = driver.post(reverse("rides:offer"), entered)
    assert list(answer.context["form"].errors) == ["time"]
    assert Ride.objects.count() == 1


def test_without_a_car_the_page_leads_to_adding_one(rider):
    assert reverse("accounts:car-add") + "?next=offer" in text_of(rider.get(reverse("rides:offer")))


# --- the page of a ride ---------------------------------------------------------------------------
def test_driver_sees_who_joins_where(driver, ride, booking):
    text = text_of(driver.get(reverse("rides:ride", args=[ride.pk])))
    assert "Rita Rider" in text
    assert "Rita gets in" in text
    assert "Rita gets out" in text
    assert "Cancel the ride" in text


def test_rider_sees_the_car_and_their_own_walk(rider, ride, booking):
    text = text_of(rider.get(reverse("rides:ride", args=[ride.pk])))
    assert ride.car.plate in text
    assert "Dora Driver" in text
    assert "You get in" in text
    assert "Cancel my booking" in text


def test_colleague_sees_neither_plate_nor_people(city, cast, ride, booking):
    text = text_of(browser(cast.colleague).get(reverse("rides:ride", args=[ride.pk])))
    assert ride.car.plate not in text
    assert "Driver" not in text.replace("Driver and car", "")
    assert "Rita" not in text


def test_nobody_but_the_driver_reads_the_driver_door(city, cast, now):
    door = LonLat(-71.2466, -29.8930)
    ride = offer(cast.driver, now=now, origin=services.TripEnd(door, "Calle Secreta 12"))
    booked = book(cast.rider, ride, now=now)
    page = reverse("rides:ride", args=[ride.pk])
    assert "Calle Secreta 12" in text_of(browser(cast.driver).get(page))
    for other in (cast.colleague, cast.rider):
        text = text_of(browser(other).get(page))
        assert "Secreta" not in text + text_of(browser(other).get(reverse("rides:today")))
        drawn = json.loads(
            re.search(r'id="ride-map"[^>]*>(.*?)</script>', text, re.DOTALL).group(1)
        )
        nearest = min(crow_fly_m(door, LonLat(*place)) for place in drawn["route"])
        assert nearest > 250
        assert crow_fly_m(door, LonLat(*drawn["origin"]["place"])) > 1
    assert booked.origin_label not in text_of(browser(cast.colleague).get(page))


def test_foreign_and_unknown_rides_do_not_exist(city, cast, ride):
    stranger = browser(cast.outsider)
    assert stranger.get(reverse("rides:ride", args=[ride.pk])).status_code == 404
    assert stranger.get(reverse("rides:ride", args=[uuid4()])).status_code == 404
    for action in ("cancel", "start", "visit", "finish"):
        assert stranger.post(reverse(f"rides:{action}", args=[ride.pk])).status_code == 404
    ride.refresh_from_db()
    assert ride.cancelled_at is None


def test_foreign_bookings_do_not_exist(city, cast, booking):
    for person in (cast.outsider, cast.colleague):
        client = browser(person)
        for action in ("confirm", "decline", "cancel", "answer"):
            answer = client.post(reverse(f"rides:booking-{action}", args=[booking.pk]))
            assert answer.status_code == 404
    booking.refresh_from_db()
    assert booking.state == BookingState.CONFIRMED


def test_actions_are_never_done_by_following_a_link(driver, ride):
    for action in ("cancel", "start", "visit", "finish"):
        assert driver.get(reverse(f"rides:{action}", args=[ride.pk])).status_code == 405


def test_fragment_is_the_part_without_the_frame(driver, ride):
    text = text_of(driver.get(reverse("rides:ride", args=[ride.pk]), {"fragment": "ride"}))
    assert "<html" not in text
    assert "ride-map" in text
    assert "<html" not in text_of(driver.get(reverse("rides:today"), {"fragment": "today"}))


def test_dialog_opens_without_scripts(driver, ride):
    text = text_of(driver.get(reverse("rides:ride", args=[ride.pk]), {"dialog": "cancel-ride"}))
    assert 'aria-labelledby="cancel-ride-title" open' in text


# --- what one does --------------------------------------------------------------------------------
def test_cancelled_ride_says_why_to_the_rider(driver, rider, ride, booking):
    driver.post(reverse("rides:cancel", args=[ride.pk]), {"reason": "The car broke down"})
    ride.refresh_from_db()
    assert ride.cancelled_at is not None
    text = text_of(rider.get(reverse("rides:today")))
    assert "was cancelled" in text
    assert "The car broke down" in text
    assert "Find another one" in text


def test_rider_gives_the_seat_back(driver, rider, ride, booking):
    rider.post(reverse("rides:booking-cancel", args=[booking.pk]), {"reason": "Ill"})
    booking.refresh_from_db()
    assert (booking.state, booking.cancel_reason) == (BookingState.CANCELLED, "Ill")
    text = text_of(rider.get(reverse("rides:ride", args=[ride.pk])))
    assert "Your booking is cancelled." in text
    assert "Rita" not in text_of(driver.get(reverse("rides:ride", args=[ride.pk])))


def test_waiting_booking_is_confirmed_or_declined(driver, cast, city, now):
    ride = offer(cast.driver, now=now, booking_mode="confirm")
    first = book(cast.rider, ride, now=now)
    second = book(cast.colleague, ride, now=now)
    text = text_of(driver.get(reverse("rides:today")))
    assert "Rita asks for a seat" in text
    assert "Carl asks for a seat" in text
    driver.post(reverse("rides:booking-confirm", args=[first.pk]))
    driver.post(reverse("rides:booking-decline", args=[second.pk]), {"reason": "Full"})
    states = dict(Booking.objects.values_list("pk", "state"))
    assert states == {first.pk: BookingState.CONFIRMED, second.pk: BookingState.CANCELLED}
    again = driver.post(reverse("rides:booking-confirm", args=[second.pk]), follow=True)
    assert "This is not possible any more" in text_of(again)


def test_rider_cannot_confirm_their_own_booking(rider, cast, city, now):
    ride = offer(cast.driver, now=now, booking_mode="confirm")
    booking = book(cast.rider, ride, now=now)
    answer = rider.post(reverse("rides:booking-confirm", args=[booking.pk]), follow=True)
    assert "Only the driver can do this" in text_of(answer)


def test_drive_from_start_to_both_answers(driver, rider, ride, booking):
    page = reverse("rides:ride", args=[ride.pk])
    leave = ride.departure_at - timedelta(minutes=5)
    services.watch(now=leave)
    with at(leave):
        assert "Start the ride" in text_of(driver.get(page))
        driver.post(reverse("rides:start", args=[ride.pk]))
        assert "Rita is aboard" in text_of(driver.get(page))
        stop = ride.stops.get(kind="pickup")
        driver.post(reverse("rides:visit", args=[ride.pk]), {"stop": stop.pk})
        assert "Rita got out" in text_of(driver.get(page))
        driver.post(reverse("rides:finish", args=[ride.pk]))
    later = leave + timedelta(minutes=20)
    services.watch(now=later)
    with at(later):
        assert "Did Rita Rider ride with you?" in text_of(driver.get(reverse("rides:today")))
        assert "Did Dora take you along?" in text_of(rider.get(page))
        answer = reverse("rides:booking-answer", args=[booking.pk])
        assert "yes or no" in text_of(driver.post(answer, {"answer": "maybe"}, follow=True))
        driver.post(answer, {"answer": "yes"})
        rider.post(answer, {"answer": "yes"})
        assert "Completed" in text_of(driver.get(page))
    booking.refresh_from_db()
    ride.refresh_from_db()
    assert booking.state == BookingState.VALIDATED
    assert ride.state == RideState.COMPLETED


def test_too_early_start_says_so(driver, ride):
    answer = driver.post(reverse("rides:start", args=[ride.pk]), follow=True)
    assert "This is not possible any more" in text_of(answer) or "15" in text_of(answer)
    ride.refresh_from_db()
    assert ride.started_at is None


def test_visit_without_a_stop_is_told(driver, ride):
    answer = driver.post(reverse("rides:visit", args=[ride.pk]), {"stop": "the moon"})
    assert answer.status_code == 404


# --- Today ----------------------------------------------------------------------------------------
def test_empty_today_teaches(rider):
    text = text_of(rider.get(reverse("rides:today")))
    assert "Nothing planned yet" in text
    assert reverse("rides:offer") in text
    assert reverse("accounts:place", args=["home"]) in text


def test_today_shows_the_next_thing_first(driver, rider, cast, ride, booking, now):
    offer(cast.driver, now=now, hours=48)
    text = text_of(driver.get(reverse("rides:today")))
    assert text.index(str(ride.pk)) < text.index("Later")
    text = text_of(rider.get(reverse("rides:today")))
    assert "You ride along" in text
    assert ride.car.plate in text


def test_times_are_the_organizations(driver, ride, cast):
    local = ride.departure_at.astimezone(cast.organization.zone).strftime("%H:%M")
    assert local in text_of(driver.get(reverse("rides:ride", args=[ride.pk])))


def test_pages_speak_korean(driver, ride):
    driver.cookies["django_language"] = "ko"
    text = text_of(driver.get(reverse("rides:ride", args=[ride.pk])))
    assert '<html lang="ko"' in text
    assert "누가 어디서 타나요" in text


def test_todays_date_is_written_as_the_language_writes_it(cast):
    phone = browser(cast.rider)
    phone.cookies["django_language"] = "ko"
    today = clock.now().astimezone(cast.organization.zone)
    assert f"{today.month}월 {today.day}일" in phone.get("/").content.decode()
