"""Pages and API of instant rides, as a driver and riders at the kerb use them."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.services import block_member
from accounts.tests.factories import HEAD_OFFICE, PORT, WORKSHOP
from carpool.kernel.web import write_place
from rides import services
from rides.models import Booking, InstantCode, Ride
from rides.selectors.personal import export_rides
from rides.tests.api import Api, end
from rides.tests.factories import stand_at_kerb

pytestmark = pytest.mark.usefixtures("city")


def browser(member):
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def code(cast, now):
    return stand_at_kerb(cast.driver, now=now)


@pytest.fixture
def page(code):
    """Where a code leads."""
    return reverse("rides:instant-join", args=[code.code])


def read(answer):
    return answer.content.decode()


def test_a_driver_stands_at_the_kerb_and_shows_code_and_picture(cast):
    driver = browser(cast.driver)
    entered = {
        "origin_label": "Here",
        "origin": write_place(HEAD_OFFICE),
        "destination_label": "Port",
        "destination": write_place(PORT),
        "car": str(cast.driver.cars.get().pk),
        "seats": 2,
        "detour_minutes": 10,
    }
    answer = driver.post(reverse("rides:instant"), entered, follow=True)
    code = InstantCode.objects.get()
    shown = read(answer)
    assert answer.redirect_chain[-1][0] == reverse("rides:ride", args=[code.ride_id])
    assert code.shown in shown
    assert re.search(r'<div class="qr" role="img"[^>]*><svg [^>]*><path d="M', shown)
    assert "Nobody has joined yet" in shown
    assert "<script>" not in shown


def test_a_bad_offer_names_the_field(cast):
    driver = browser(cast.driver)
    answer = driver.post(reverse("rides:instant"), {"origin_label": "Here", "seats": 9})
    form = answer.context["form"]
    assert {"destination_label", "car", "detour_minutes"} <= set(form.errors)
    assert not Ride.objects.exists()


def test_without_a_car_one_may_still_ride_along(cast):
    shown = read(browser(cast.rider).get(reverse("rides:instant")))
    assert 'name="code"' in shown
    assert "Add a car" in shown


@pytest.mark.parametrize("written", ["{code}", " {half} {rest} ", "{lower}"])
def test_a_code_is_found_however_it_is_written(cast, code, page, written):
    text = written.format(
        code=code.code, half=code.code[:3], rest=code.code[3:], lower=code.code.lower()
    )
    answer = browser(cast.rider).get(reverse("rides:instant"), {"code": text})
    assert answer["Location"] == page


@pytest.mark.parametrize("written", ["", "../admin", "a/b", "…"])
def test_what_is_no_code_leads_nowhere(cast, written):
    answer = browser(cast.rider).get(reverse("rides:instant"), {"code": written})
    assert answer.status_code == 200


def test_one_tap_gets_in_and_the_page_says_the_boarding_code(cast, code, page):
    rider = browser(cast.rider)
    shown = read(rider.get(page))
    assert "Dora" in shown
    assert "America/Santiago" in shown
    assert "cost nothing" in shown
    assert cast.driver.cars.get().plate not in shown, "the plate is for those aboard"
    answer = rider.post(page, follow=True)
    booking = Booking.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("rides:ride", args=[code.ride_id])
    assert booking.boarding_code in read(answer)
    assert code.shown not in read(answer), "the code is the driver's to show"
    assert rider.get(page)["Location"] == reverse("rides:ride", args=[code.ride_id])


def test_the_driver_reads_no_boarding_code_before_it_is_said(cast, code, page):
    browser(cast.rider).post(page)
    shown = read(browser(cast.driver).get(reverse("rides:ride", args=[code.ride_id])))
    assert "Rita Rider" in shown
    assert f">{Booking.objects.get().boarding_code}<" not in shown
    assert "Start the ride" in shown


def test_one_gets_out_on_the_way_at_a_place_named_in_the_form(cast, code, page):
    named = {"dropoff_label": "Workshop", "dropoff": write_place(WORKSHOP)}
    browser(cast.rider).post(page, named)
    assert Booking.objects.get().destination_label == "Workshop"


def test_a_refusal_stands_at_its_field_and_keeps_what_was_entered(cast, code, page):
    named = {"dropoff_label": "Right here", "dropoff": write_place(HEAD_OFFICE)}
    answer = browser(cast.rider).post(page, named)
    assert answer.status_code == 200
    assert "dropoff_label" in answer.context["form"].errors
    assert "Right here" in read(answer)
    assert not Booking.objects.exists()


def test_an_unknown_code_and_that_of_somebody_kept_apart_read_the_same(cast, code, page, now):
    block_member(by=cast.driver, other=cast.rider, now=now)
    apart = browser(cast.rider).get(page)
    unknown = browser(cast.rider).get(reverse("rides:instant-join", args=["ZZZZZZ"]))
    foreign = browser(cast.outsider).get(page)
    assert apart.status_code == unknown.status_code == foreign.status_code == 404
    bare = [re.sub(r'value="[^"]{64}"', "", read(answer)) for answer in (apart, unknown)]
    assert re.findall(r"<h1>.*", bare[0]) == re.findall(r"<h1>.*", bare[1])
    assert "Nobody waits" in bare[0]


def test_from_the_kerb_to_the_end_with_buttons_only(cast, code, page, now):
    driver, rider = browser(cast.driver), browser(cast.rider)
    rider.post(page)
    booking, ride_page = Booking.objects.get(), reverse("rides:ride", args=[code.ride_id])
    driver.post(reverse("rides:board", args=[code.ride_id]), {"code": booking.boarding_code})
    assert "You are aboard" in read(rider.get(ride_page))
    driver.post(reverse("rides:start", args=[code.ride_id]))
    assert code.shown not in read(driver.get(ride_page))
    assert "I got out" in read(rider.get(ride_page))
    with time_machine.travel(now + timedelta(minutes=5), tick=False):
        driver.post(reverse("rides:finish", args=[code.ride_id]))
    with time_machine.travel(now + timedelta(minutes=8), tick=False):
        rider.post(reverse("rides:booking-alight", args=[booking.pk]))
        assert "You got out at" in read(rider.get(ride_page))
        assert "got out" in read(driver.get(ride_page))
    booking.refresh_from_db()
    assert booking.boarded_at
    assert booking.alighted_at


def test_a_wrong_boarding_code_says_so(cast, code, page):
    browser(cast.rider).post(page)
    wrong = "0000" if Booking.objects.get().boarding_code != "0000" else "0001"
    answer = browser(cast.driver).post(
        reverse("rides:board", args=[code.ride_id]), {"code": wrong}, follow=True
    )
    assert "nobody&#x27;s boarding code" in read(answer)


@pytest.mark.parametrize("look", ["page", "api"])
def test_codes_cannot_be_tried_through(cast, code, settings, look):
    (limit,) = (one for one in settings.ALL_LIMITS if one.name == "code")
    assert limit.per == "person"
    settings.LIMITS = [replace(limit, rate="3/h")]
    client, api = browser(cast.rider), Api(cast.rider)

    def try_code(text):
        if look == "api":
            return api.get(f"instant/{text}").status_code
        return client.get(reverse("rides:instant-join", args=[text])).status_code

    assert [try_code(text) for text in ("AAAAAA", "BBBBBB", "CCCCCC")] == [404] * 3
    assert try_code(code.code) == 429, "even the right one"


def test_the_api_goes_from_the_kerb_to_the_end(cast, now):
    driver, rider = Api(cast.driver), Api(cast.rider)
    body = {
        "origin": end(HEAD_OFFICE)["location"],
        "destination": end(PORT, "Port"),
        "car": str(cast.driver.cars.get().pk),
        "seats": 1,
        "detour_s": 600,
    }
    made = driver.post("instant", body)
    assert made.status_code == 201, made.content
    code, ride = made.json()["code"], made.json()["ride"]["id"]
    assert made.json()["ride"]["is_instant"]
    assert made.json()["time_zone"] == "America/Santiago"
    looked = rider.get(f"instant/{code}").json()
    assert looked["ride"]["seats_left"] == 1
    joined = rider.post(f"instant/{code}/join")
    assert joined.status_code == 201, joined.content
    late = Api(cast.colleague).post(f"instant/{code}/join")
    assert (late.status_code, late.json()["code"]) == (409, "seats_exhausted")
    said = joined.json()["boarding_code"]
    seen = driver.post(f"rides/{ride}/board", {"code": said})
    assert seen.status_code == 200
    assert "boarding_code" not in seen.json()["bookings"][0]
    assert driver.post(f"rides/{ride}/start").json()["state"] == "in_transit"
    assert Api(cast.colleague).get(f"instant/{code}").json()["code"] == "instant_not_found"
    out = rider.post(f"bookings/{joined.json()['id']}/alight")
    assert out.json()["alighted_at"]
    assert driver.post(f"rides/{ride}/finish").json()["state"] == "arriving"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"seats": 9}, "seats"),
        ({"detour_s": -1}, "detour_s"),
        ({"origin": {"lon": 0, "lat": 0}}, "origin"),
        ({"destination": end(HEAD_OFFICE)}, "destination"),
    ],
)
def test_the_api_names_the_field(cast, changes, field):
    body = {
        "origin": end(HEAD_OFFICE)["location"],
        "destination": end(PORT, "Port"),
        "car": str(cast.driver.cars.get().pk),
        "seats": 1,
        "detour_s": 600,
        **changes,
    }
    refused = Api(cast.driver).post("instant", body)
    assert refused.status_code == 422
    assert field in {one["field"] for one in refused.json()["errors"]}


def test_today_leads_to_the_kerb(cast, code, page):
    browser(cast.rider).post(page)
    for person in (cast.driver, cast.rider):
        shown = read(browser(person).get(reverse("rides:today")))
        assert reverse("rides:instant") in shown
        assert reverse("rides:ride", args=[code.ride_id]) in shown


def test_an_export_tells_of_instant_rides(cast, code, page):
    browser(cast.rider).post(page)
    services.start_ride(ride_id=code.ride_id, by=cast.driver, now=code.ride.departure_at)
    assert export_rides(cast.driver.pk)["driven"][0]["instant"]
    assert "got_out_at" in export_rides(cast.rider.pk)["booked"][0]
