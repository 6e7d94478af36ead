"""Pages of finding and booking, as a browser asks for them."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import AT_SEA, ELSEWHERE, HOME_NORTH, WORKSHOP
from carpool.kernel.web import write_place
from matching.models import Match
from matching.services import match_ride
from rides.models import Booking, BookingState, RequestState, RideRequest
from rides.tests.factories import book, offer, offer_token

pytestmark = pytest.mark.django_db


def browser(member):
    """Return a browser in which somebody is signed in."""
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def rider(city, cast):
    return browser(cast.rider)


@pytest.fixture
def ride(city, cast, now):
    """From the head office to the port, tomorrow."""
    return offer(cast.driver, now=now)


@pytest.fixture
def asked(cast, ride):
    """What the rider enters to find it."""
    around = (ride.departure_at - timedelta(minutes=20)).astimezone(cast.organization.zone)
    return {
        "origin_label": "My home",
        "origin": write_place(HOME_NORTH),
        "destination_label": "Workshop",
        "destination": write_place(WORKSHOP),
        "when": "leave",
        "date": around.date().isoformat(),
        "time": around.strftime("%H:%M"),
        "window": "120",
        "seats": "1",
        "walk_m": "800",
    }


def text_of(answer):
    return answer.content.decode()


def token_in(text):
    return re.search(r'name="offer" value="([^"]+)"', text).group(1)


def test_form_begins_with_the_usual_trip(rider, cast):
    from accounts.services import save_place

    save_place(member=cast.rider, kind="home", label="Calle Norte", location=HOME_NORTH)
    save_place(member=cast.rider, kind="work", label="Workshop", location=WORKSHOP)
    out = rider.get(reverse("matching:find"), {"to": "work"}).context["form"].initial
    back = rider.get(reverse("matching:find"), {"to": "home"}).context["form"].initial
    assert (out["origin_label"], out["destination_label"]) == ("Calle Norte", "Workshop")
    assert (back["origin_label"], back["destination_label"]) == ("Workshop", "Calle Norte")


def test_search_shows_where_and_when_and_why(rider, ride, asked):
    text = text_of(rider.get(reverse("matching:find"), asked))
    assert "1 ride fits" in text
    assert "Dora" in text
    assert "Dora Driver" not in text
    assert ride.car.plate not in text
    assert "Why this ride" in text
    assert "door to door" in text


def test_found_ride_is_booked_and_shown(rider, cast, ride, asked):
    token = token_in(text_of(rider.get(reverse("matching:find"), asked)))
    answer = rider.post(reverse("matching:book"), {"offer": token}, follow=True)
    booking = Booking.objects.get(rider=cast.rider)
    assert booking.state == BookingState.CONFIRMED
    assert answer.redirect_chain == [(reverse("rides:ride", args=[ride.pk]), 302)]
    assert "Your seat is certain" in text_of(answer)


def test_ride_that_is_confirmed_by_its_driver_is_asked_for(rider, cast, city, now, asked, ride):
    ride.booking_mode = "confirm"
    ride.save(update_fields=["booking_mode"])
    text = text_of(rider.get(reverse("matching:find"), asked))
    assert "Ask for a seat" in text
    answer = rider.post(reverse("matching:book"), {"offer": token_in(text)}, follow=True)
    assert "Your driver confirms soon" in text_of(answer)


def test_arrival_can_be_the_time_that_is_named(rider, ride, asked):
    result = rider.get(reverse("matching:find"), asked | {"when": "arrive"}).context["result"]
    assert result.query.arrive
    assert result.query.latest_arrival_at < ride.departure_at
    assert result.offers == []


def test_without_scripts_addresses_in_words_are_looked_up(rider, ride, asked, gazetteer):
    words = {"origin": "", "origin_label": "Avenida Cuatro Esquinas"}
    assert rider.get(reverse("matching:find"), asked | words).context["result"] is not None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"origin": write_place(AT_SEA)}, "origin_label"),
        ({"destination": write_place(ELSEWHERE)}, "destination_label"),
        ({"destination": write_place(HOME_NORTH)}, "destination_label"),
        ({"origin": "here"}, "origin"),
        ({"origin": "", "origin_label": "Xyzzy Plugh Street"}, "origin_label"),
        ({"destination": "", "destination_label": ""}, "destination_label"),
        ({"date": "2020-01-01"}, "time"),
        ({"date": "tomorrow"}, "date"),
        ({"time": "late"}, "time"),
        ({"window": "1"}, "window"),
        ({"seats": "0"}, "seats"),
        ({"seats": "99"}, "seats"),
        ({"walk_m": "90000"}, "walk_m"),
    ],
)
def test_bad_search_names_the_field(rider, asked, changes, field):
    for answer in (
        rider.get(reverse("matching:find"), asked | changes),
        rider.post(reverse("matching:request"), asked | changes),
    ):
        assert answer.status_code == 200
        assert list(answer.context["form"].errors) == [field]
        assert f'id="id_{field}_error"' in text_of(answer)
    assert not RideRequest.objects.exists()


def test_nothing_found_offers_more_time_and_to_keep_looking(rider, cast, ride, asked):
    early = (ride.departure_at - timedelta(hours=8)).astimezone(cast.organization.zone)
    when = {"date": early.date().isoformat(), "time": early.strftime("%H:%M"), "window": "30"}
    text = text_of(rider.get(reverse("matching:find"), asked | when))
    assert "No ride fits yet" in text
    assert "come near" not in text
    assert "Keep looking for me" in text
    wider = re.search(r'href="\?([^"]*window=180[^"]*)"', text).group(1)
    assert "walk_m=2000" in wider


def test_near_miss_says_what_would_have_to_give_and_shows_it(rider, cast, ride, asked):
    late = (ride.departure_at + timedelta(minutes=25)).astimezone(cast.organization.zone)
    when = {"date": late.date().isoformat(), "time": late.strftime("%H:%M")}
    text = text_of(rider.get(reverse("matching:find"), asked | when))
    assert "No ride fits yet" in text
    assert "It fits if you leave" in text
    search = re.search(r'href="(/find/\?[^"]+)"[^>]*>Show', text).group(1)
    found = text_of(rider.get(unescape(search)))
    assert "1 ride fits" in found


def test_kept_request_is_matched_found_again_and_fulfilled(rider, cast, asked, now, ride):
    rider.post(reverse("matching:request"), asked)
    wanted = RideRequest.objects.get(rider=cast.rider)
    assert match_ride(ride_id=ride.pk, now=now) == 1
    today = text_of(rider.get(reverse("rides:today")))
    assert "1 ride fits" in today
    found = rider.get(reverse("matching:find"), {"request": str(wanted.pk)})
    assert "My home" in text_of(found)
    rider.post(
        reverse("matching:book"),
        {"offer": token_in(text_of(found)), "request": str(wanted.pk)},
    )
    wanted.refresh_from_db()
    assert wanted.state == RequestState.FULFILLED
    assert Match.objects.filter(request=wanted).exists()


def test_request_is_closed_by_its_owner_only(rider, cast, asked):
    rider.post(reverse("matching:request"), asked)
    wanted = RideRequest.objects.get()
    address = reverse("matching:request-close", args=[wanted.pk])
    browser(cast.colleague).post(address)
    wanted.refresh_from_db()
    assert wanted.state == RequestState.OPEN
    assert "no longer look" in text_of(rider.post(address, follow=True))
    wanted.refresh_from_db()
    assert wanted.state == RequestState.CLOSED


@pytest.mark.parametrize("request_id", ["not-a-uuid", "00000000-0000-4000-8000-000000000000"])
def test_unknown_request_does_not_exist(rider, request_id):
    assert rider.get(reverse("matching:find"), {"request": request_id}).status_code == 404


def test_last_seat_that_is_gone_says_so_on_the_search(rider, cast, now, ride, asked):
    ride.seats_offered = 1
    ride.save(update_fields=["seats_offered"])
    token = token_in(text_of(rider.get(reverse("matching:find"), asked)))
    book(cast.colleague, ride, now=now)
    back = {"offer": token, "search": "to=work"}
    answer = rider.post(reverse("matching:book"), back, follow=True)
    assert "last seat has just been taken" in text_of(answer)
    assert answer.redirect_chain[0][0] == reverse("matching:find") + "?to=work"
    assert not Booking.objects.filter(rider=cast.rider).exists()


def test_booking_twice_is_refused(rider, cast, ride, now):
    token = offer_token(cast.rider, ride, now=now)
    rider.post(reverse("matching:book"), {"offer": token})
    again = rider.post(reverse("matching:book"), {"offer": token}, follow=True)
    assert "already booked" in text_of(again)
    assert Booking.objects.filter(rider=cast.rider).count() == 1


@pytest.mark.parametrize("token", ["", "forged:token", "x" * 5000])
def test_forged_offer_is_refused(rider, token):
    answer = rider.post(reverse("matching:book"), {"offer": token}, follow=True)
    assert "no longer valid" in text_of(answer)


def test_offer_made_for_somebody_else_is_refused(rider, cast, ride, now):
    token = offer_token(cast.colleague, ride, now=now)
    answer = rider.post(reverse("matching:book"), {"offer": token}, follow=True)
    assert "no longer valid" in text_of(answer)
    assert not Booking.objects.exists()


def test_rides_of_another_organization_are_not_found(city, cast, ride, asked):
    result = browser(cast.outsider).get(reverse("matching:find"), asked).context["result"]
    assert result.rides_considered == 0


def test_the_way_of_an_offer_is_told_in_words_and_in_order(rider, cast, ride, asked):
    answer = rider.get(reverse("matching:find"), asked)
    (entry,) = answer.context["offers"]
    steps = entry["way"]["steps"]
    assert [s.at for s in steps] == sorted(s.at for s in steps)
    kinds = [s.kind for s in steps]
    assert sorted(kinds) == sorted(["start", "leave", "pickup", "dropoff", "arrive", "end"])
    assert kinds.index("leave") < kinds.index("pickup") < kinds.index("dropoff")
    text = text_of(answer)
    assert "Dora sets off" in text
    assert 'data-drawing="' in text
    assert f'data-drawing-url="{reverse("matching-api:drawing")}"' in text


def test_how_many_others_get_in_is_told_but_not_where(city, cast, ride, asked, now):
    booking = book(cast.colleague, ride, now=now)
    theirs = booking.stops.get(kind="pickup").location
    text = text_of(browser(cast.rider).get(reverse("matching:find"), asked))
    assert "1 colleague gets in and out on the way, too." in text
    shown = re.search(r"<ol class=\"trail way__steps\">.*?</ol>", text, re.DOTALL).group(0)
    assert booking.rider.first_name not in shown
    assert f"{theirs.x:.5f}" not in shown
