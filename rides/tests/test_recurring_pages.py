"""Repeating rides as their driver meets them: pages without script, and the API."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import HEAD_OFFICE, PORT
from chat.models import Kind, Notification
from chat.tests.test_notifications import relay
from rides.models import DayState, RecurringRide, Ride
from rides.selectors import get_agenda
from rides.tests.api import Api, offer_body
from rides.tests.factories import book
from rides.tests.recurring import NOW, TODAY, begin

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture(autouse=True)
def _at_that_time():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def browser(cast):
    client = Client()
    client.force_login(cast.driver.user)
    return client


def entered(driver, **changes):
    """What a driver enters in the form, for Monday and Wednesday at eight."""
    return {
        "origin": f"{HEAD_OFFICE.lon},{HEAD_OFFICE.lat}",
        "origin_label": "Head office",
        "destination": f"{PORT.lon},{PORT.lat}",
        "destination_label": "Port",
        "when": "leave",
        "date": TODAY.isoformat(),
        "time": "08:00",
        "car": str(driver.cars.get().pk),
        "seats": "3",
        "detour_minutes": "15",
        "booking_mode": "instant",
        "weekdays": ["0", "2"],
        **changes,
    }


def test_choosing_days_of_the_week_makes_the_offer_repeat(cast, browser):
    answer = browser.post(reverse("rides:offer"), entered(cast.driver), follow=True)
    recurring = RecurringRide.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("rides:recurring-ride", args=[recurring.pk])
    assert recurring.weekdays == [0, 2]
    assert not recurring.skips_holidays  # the box was not ticked
    assert Ride.objects.count() == 17
    page = answer.content.decode()
    assert all(f'"{reverse("rides:ride", args=[ride.pk])}"' in page for ride in Ride.objects.all())
    listed = browser.get(reverse("rides:recurring-rides")).content.decode()
    assert reverse("rides:recurring-ride", args=[recurring.pk]) in listed


def test_no_day_of_the_week_is_a_single_ride(cast, browser):
    browser.post(reverse("rides:offer"), entered(cast.driver, weekdays=[]))
    assert (Ride.objects.count(), RecurringRide.objects.count()) == (1, 0)


def test_a_bad_period_is_named_at_its_field(cast, browser):
    bad = entered(cast.driver, until=(TODAY - timedelta(days=3)).isoformat())
    answer = browser.post(reverse("rides:offer"), bad)
    assert answer.context["form"].errors.keys() == {"until"}


@pytest.mark.parametrize(
    ("scope", "patterns", "going"), [("this", 1, 41), ("following", 2, 41), ("all", 2, 41)]
)
def test_a_ride_is_changed_in_three_scopes(cast, browser, scope, patterns, going):
    recurring = begin(cast.driver)
    day = date(2026, 6, 10)
    ride = recurring.days.get(date=day).ride
    page = reverse("rides:change", args=[ride.pk])
    initial = browser.get(page).context["form"].initial
    assert (initial["date"], initial["weekdays"]) == (day, [0, 1, 2, 3, 4])
    body = entered(
        cast.driver, date=day.isoformat(), time="09:30", scope=scope,
        weekdays=["0", "1", "2", "3", "4"],
    )  # fmt: skip
    answer = browser.post(page, body)
    assert answer.status_code == 302, answer.context["form"].errors
    assert RecurringRide.objects.count() == patterns
    standing = Ride.objects.filter(cancelled_at=None)
    assert standing.count() == going
    zone = cast.organization.zone
    moved = [r for r in standing if r.departure_at.astimezone(zone).hour == 9]
    assert len(moved) == {"this": 1, "following": 34, "all": 41}[scope]


def test_following_needs_a_day_of_the_week(cast, browser):
    ride = begin(cast.driver).days.get(date=TODAY).ride
    body = entered(cast.driver, scope="following", weekdays=[])
    answer = browser.post(reverse("rides:change", args=[ride.pk]), body)
    assert answer.context["form"].errors.keys() == {"weekdays"}


def test_a_booked_day_is_changed_by_asking_who_booked_it(cast, browser):
    recurring = begin(cast.driver)
    ride = recurring.days.get(date=date(2026, 6, 10)).ride
    booking = book(cast.rider, ride, now=NOW)
    page = browser.get(reverse("rides:ride", args=[ride.pk])).content.decode()
    assert reverse("rides:change", args=[ride.pk]) in page
    body = entered(cast.driver, scope="this", date="2026-06-10", time="09:00")
    answer = browser.post(reverse("rides:change", args=[ride.pk]), body)
    assert answer.status_code == 302
    booking.refresh_from_db()
    assert booking.questions.filter(ended_at=None).count() == 1
    day = recurring.days.get(date=date(2026, 6, 10))
    assert (day.state, day.kept_id) == (DayState.BOOKED, ride.pk), "it is not offered twice"


def test_after_a_change_of_all_days_each_booked_one_is_changed_by_asking(cast, browser):
    recurring = begin(cast.driver)
    booking = book(cast.rider, recurring.days.get(date=date(2026, 6, 10)).ride, now=NOW)
    ride = recurring.days.get(date=date(2026, 6, 8)).ride
    ask = reverse("rides:change", args=[booking.ride_id])
    form = browser.get(reverse("rides:change", args=[ride.pk])).content.decode()
    assert "stay as they are" in form
    body = entered(cast.driver, scope="all", time="09:00", weekdays=["0", "1", "2", "3", "4"])
    answer = browser.post(reverse("rides:change", args=[ride.pk]), body, follow=True)
    page = answer.content.decode()
    assert "1 ride that is booked stays as it was" in page
    assert f'href="{ask}"' in page
    assert "Change by asking" in page
    assert browser.get(ask).status_code == 200
    changed = RecurringRide.objects.get(ended_at=None)
    days = Api(cast.driver).get(f"recurring-rides/{changed.pk}/days").json()
    kept = [one for one in days if one["state"] == "booked"]
    assert [(one["ride"], one["bookings"]) for one in kept] == [(str(booking.ride_id), 1)]


def test_days_are_left_out_taken_back_and_ended_by_buttons(cast, browser):
    recurring = begin(cast.driver)
    out = reverse("rides:recurring-out", args=[recurring.pk])
    browser.post(out, {"first": "2026-06-10", "last": "2026-06-11"})
    assert recurring.days.filter(state=DayState.SKIPPED).count() == 2
    back = reverse("rides:recurring-back", args=[recurring.pk])
    page = browser.get(reverse("rides:recurring-ride", args=[recurring.pk])).content.decode()
    assert page.count(f'action="{back}"') == 2
    browser.post(back, {"day": "2026-06-10"})
    assert recurring.days.get(date=date(2026, 6, 10)).state == DayState.OFFERED
    end = reverse("rides:recurring-end", args=[recurring.pk])
    browser.post(end, {"day": "2026-06-15", "reason": "New job"})
    assert Ride.objects.filter(cancelled_at=None).count() == 9
    assert recurring.days.filter(date__gte=date(2026, 6, 15)).count() == 0


def test_today_shows_the_next_days_and_what_is_booked(cast):
    recurring = begin(cast.driver)
    far = recurring.days.get(date=date(2026, 7, 1)).ride
    book(cast.rider, far, now=NOW)
    shown = [ride.departure_at.date() for ride in get_agenda(cast.driver, now=NOW).driving]
    assert shown == [TODAY, TODAY + timedelta(days=1), date(2026, 7, 1)]


def test_the_driver_is_told_of_days_that_are_left_out(cast):
    begin(cast.driver, weekdays=frozenset({2}))
    begin(cast.driver, weekdays=frozenset({2, 3}))
    relay()
    news = Notification.objects.get(member=cast.driver, kind=Kind.DAYS_SKIPPED)
    assert news.facts["days"] == 8


def test_the_same_by_the_api(cast):
    api, body = Api(cast.driver), offer_body(cast.driver, now=NOW)
    del body["departure_at"]
    body |= {"weekdays": [0, 2], "wall_time": "08:00", "skips_holidays": False}
    made = api.post("me/recurring-rides", body)
    assert made.status_code == 201, made.content
    path = f"recurring-rides/{made.json()['id']}"
    assert api.get("me/recurring-rides").json()[0]["time_zone"] == "America/Santiago"
    days = api.get(f"{path}/days").json()
    assert len(days) == 17
    assert {day["state"] for day in days} == {"offered"}
    out = {"first_date": "2026-06-03", "last_date": "2026-06-03"}
    left = api.post(f"{path}/days-out", out).json()
    assert {day["date"] for day in left if day["state"] == "skipped"} == {"2026-06-03"}
    back = api.post(f"{path}/day-back", {"date": "2026-06-03"}).json()
    assert {day["state"] for day in back} == {"offered"}
    changed = api.put(path, {**body, "wall_time": "09:00", "first_date": "2026-06-08"})
    assert changed.status_code == 200, changed.content
    assert api.get(path).json()["last_date"] == "2026-06-07"
    assert api.post(f"{path}/end", {}).status_code == 204
    assert api.get(path).status_code == 404
    assert len(api.get("me/recurring-rides").json()) == 1


def test_a_ride_is_replaced_by_the_api(cast):
    ride = begin(cast.driver).days.get(date=TODAY).ride
    at = datetime(2026, 6, 1, 18, tzinfo=UTC)
    body = offer_body(cast.driver, now=NOW, departure_at=at.isoformat())
    new = Api(cast.driver).post(f"rides/{ride.pk}/replace", body)
    assert new.status_code == 201
    ride.refresh_from_db()
    assert ride.cancelled_at is not None
