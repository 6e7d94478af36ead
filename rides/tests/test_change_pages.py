"""Changing a booked ride as driver and rider meet it: pages without script, and the API."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import HEAD_OFFICE, PORT
from rides.models import BookingState, ChangeQuestion, QuestionState, Ride
from rides.tests.api import Api, offer_body
from rides.tests.factories import book, offer

pytestmark = pytest.mark.usefixtures("city")
HOUR = timedelta(hours=1)


@pytest.fixture
def ride(cast, now):
    return offer(cast.driver, now=now, hours=30)


@pytest.fixture
def booking(cast, ride, now):
    return book(cast.rider, ride, now=now)


def browser_of(member):
    client = Client()
    client.force_login(member.user)
    return client


def entered(ride, *, later=timedelta(0), **changes):
    local = (ride.departure_at + later).astimezone(ride.organization.zone)
    return {
        "origin": f"{HEAD_OFFICE.lon},{HEAD_OFFICE.lat}",
        "origin_label": "Head office",
        "destination": f"{PORT.lon},{PORT.lat}",
        "destination_label": "Port",
        "when": "leave",
        "date": local.date().isoformat(),
        "time": f"{local:%H:%M}",
        "car": str(ride.car_id),
        "seats": "3",
        "detour_minutes": "15",
        "booking_mode": "instant",
        **changes,
    }


def test_a_driver_changes_the_time_and_the_rider_agrees(cast, ride, booking):
    driver, rider = browser_of(cast.driver), browser_of(cast.rider)
    page = driver.get(reverse("rides:change", args=[ride.pk])).content.decode()
    assert "1 person has booked" in page
    answer = driver.post(
        reverse("rides:change", args=[ride.pk]), entered(ride, later=HOUR), follow=True
    )
    assert "1 person is asked whether it still suits them." in answer.content.decode()
    assert "asked about the change" in answer.content.decode()
    for path in (reverse("rides:today"), reverse("rides:ride", args=[ride.pk])):
        shown = rider.get(path).content.decode()
        assert "changed the ride" in shown
        assert "It suits me" in shown
    answer = rider.post(
        reverse("rides:booking-change", args=[booking.pk]), {"answer": "yes"}, follow=True
    )
    assert "You keep your seat" in answer.content.decode()
    assert ChangeQuestion.objects.get().state == QuestionState.AGREED
    assert Ride.objects.count() == 1


def test_a_rider_says_no_without_a_fee(cast, ride, booking):
    browser_of(cast.driver).post(reverse("rides:change", args=[ride.pk]), entered(ride, later=HOUR))
    rider = browser_of(cast.rider)
    shown = rider.get(reverse("rides:ride", args=[ride.pk])).content.decode()
    assert "so this costs nothing" in shown
    rider.post(reverse("rides:booking-change", args=[booking.pk]), {"answer": "no"})
    booking.refresh_from_db()
    assert booking.state == BookingState.CANCELLED
    again = rider.post(
        reverse("rides:booking-change", args=[booking.pk]), {"answer": "yes"}, follow=True
    )
    assert again.status_code == 200


def test_a_change_that_leaves_somebody_behind_asks_the_driver_first(cast, ride, booking):
    driver = browser_of(cast.driver)
    path = reverse("rides:change", args=[ride.pk])
    page = driver.post(path, entered(ride, detour_minutes="0")).content.decode()
    assert "1 person who booked could not come along then" in page
    assert 'name="may_release" value="1"' in page
    assert cast.rider.display_name not in page
    booking.refresh_from_db()
    assert booking.state == BookingState.CONFIRMED
    driver.post(path, entered(ride, detour_minutes="0", may_release="1"))
    booking.refresh_from_db()
    assert booking.state == BookingState.CANCELLED


def test_a_ride_that_nobody_booked_is_offered_anew(cast, ride):
    driver = browser_of(cast.driver)
    assert "Nobody has booked yet" in driver.get(f"/rides/{ride.pk}/change/").content.decode()
    driver.post(f"/rides/{ride.pk}/change/", entered(ride, later=HOUR))
    assert Ride.objects.count() == 2


def test_who_is_late_is_told_before_they_cancel(cast, now):
    ride = offer(cast.driver, now=now, hours=3)
    booking = book(cast.rider, ride, now=now - HOUR)
    assert booking.transitions.get().at == now - HOUR
    shown = browser_of(cast.rider).get(f"/rides/{ride.pk}/").content.decode()
    assert "1 late cancellation a month is free, and this one is" in shown
    assert "I am ill" in shown
    shown = browser_of(cast.driver).get(f"/rides/{ride.pk}/").content.decode()
    assert "your riders count on you" in shown


class TestApi:
    """The same, for apps."""

    def test_a_change_says_what_it_came_to(self, cast, ride, booking, now):
        body = offer_body(cast.driver, now=now, hours=31)
        said = Api(cast.driver).post(f"rides/{ride.pk}/change", body)
        assert said.json() == {"ride": str(ride.pk), "told": 0, "asked": 1, "released": 0}
        asked = Api(cast.rider).get("me/change-questions").json()
        assert [one["booking"] for one in asked] == [str(booking.pk)]
        said = Api(cast.rider).post(f"bookings/{booking.pk}/change-answer", {"agrees": True})
        assert said.status_code == 200
        assert Api(cast.rider).get("me/change-questions").json() == []
        said = Api(cast.rider).post(f"bookings/{booking.pk}/change-answer", {"agrees": True})
        assert said.status_code == 409

    def test_who_cannot_fit_is_a_conflict_until_the_driver_agrees(self, cast, ride, booking, now):
        body = offer_body(cast.driver, now=now, hours=30, detour_s=0)
        said = Api(cast.driver).post(f"rides/{ride.pk}/change", body)
        assert (said.status_code, said.json()["code"]) == (409, "people_cannot_fit")
        said = Api(cast.driver).post(f"rides/{ride.pk}/change", {**body, "may_release": 1})
        assert said.json()["released"] == 1

    def test_a_reason_is_kept_and_only_ones_own_word_is_told(self, cast, ride, booking):
        body = {"reason": "Sorry", "code": "ill"}
        Api(cast.rider).post(f"bookings/{booking.pk}/cancel", body)
        booking.refresh_from_db()
        assert booking.cancel_code == "ill"
        shown = Api(cast.driver).get(f"rides/{ride.pk}").content.decode()
        assert '"ill"' not in shown
