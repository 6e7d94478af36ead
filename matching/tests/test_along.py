"""People who look for a ride along a driver's way: who is seen, how much, and how it ends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.services import block_member
from accounts.tests.factories import HEAD_OFFICE, HOME_NORTH, PORT, CarFactory
from carpool.kernel.geo import LonLat, coarse_cell
from carpool.tests.doors import Doors
from chat.models import Kind, Notification
from chat.tests.test_notifications import relay
from matching.selectors import list_answers, list_sought_along
from matching.services import book_offer, offer_along
from rides import services as rides
from rides.errors import (
    AlreadyOffered,
    DoesNotPass,
    NotTheDriver,
    RequestNotFound,
    RequestOfferNotFound,
    WrongState,
)
from rides.models import (
    REQUEST_OFFER_TRANSITIONS,
    Booking,
    Deed,
    RequestOffer,
    RequestOfferEnd,
    RequestOfferState,
    RequestState,
)
from rides.services import RequestTerms
from rides.services.transitions import move_request_offer
from rides.tests.api import Api
from rides.tests.factories import book, offer, wish

pytestmark = pytest.mark.usefixtures("city")


def ask(rider, ride, *, now, **changes):
    """Leave a request that a ride serves."""
    query = wish(ride, **changes)
    terms = RequestTerms(
        origin=query.origin,
        destination=query.destination,
        earliest_departure_at=query.earliest_departure_at,
        latest_arrival_at=query.latest_arrival_at,
    )
    return rides.post_request(rider=rider, terms=terms, now=now)


@pytest.fixture
def ride(cast, now):
    return offer(cast.driver, now=now)


@pytest.fixture
def request_(cast, now, ride):
    return ask(cast.rider, ride, now=now)


def second_ride(cast, now):
    CarFactory(member=cast.colleague)
    return offer(cast.colleague, now=now)


def test_a_driver_sees_who_looks_along_their_way_from_cell_to_cell(cast, now, ride, request_):
    (sought,) = list_sought_along(cast.driver, now=now)
    assert (sought.request_id, sought.first_name) == (request_.pk, "Rita")
    assert sought.origin == coarse_cell(HOME_NORTH)
    assert sought.origin != HOME_NORTH
    assert [fit.ride for fit in sought.fits] == [ride]
    assert "Home" not in sought.origin_area


def test_how_surely_one_can_count_on_them_is_shown_as_before_a_booking(cast, now, ride, request_):
    (sought,) = list_sought_along(cast.driver, now=now)
    assert sought.known.shown_score is None
    for hours in (48, 51, 54):
        kept = book(cast.rider, offer(cast.driver, now=now, hours=hours), now=now)
        Deed.objects.create(
            member=cast.rider, booking=kept, role="rider", kind="came", at=now - timedelta(days=1)
        )
    (one,) = Api(cast.driver).get("me/sought-rides").json()
    assert one["reliability"]["score"] is not None
    assert (one["reliability"]["kept"], one["reliability"]["total"]) == (3, 3)
    page = Client()
    page.force_login(cast.driver.user, backend="django.contrib.auth.backends.ModelBackend")
    assert "Kept 3 of 3 rides." in page.get(reverse("matching:along")).content.decode()


def test_what_a_driver_sees_depends_on_the_cell_only(cast, now, ride):
    """Two doors in one cell cannot be told apart, by whatever the page or the API says."""
    shown = []
    for aside in (0.0006, 0.0012):
        home = coarse_cell(HOME_NORTH)
        place = rides.TripEnd(LonLat(home.lon + aside, home.lat + aside), "Pasaje Oculto 7")
        assert coarse_cell(place.location) == home
        request = ask(cast.rider, ride, now=now, origin=place)
        answer = Api(cast.driver).get("me/sought-rides")
        assert (
            Doors({"r": (place.label, place.location)}).found_in(answer.content.decode()) == set()
        )
        (one,) = answer.json()
        shown.append({**one, "request": ""})
        rides.close_request(request_id=request.pk, by=cast.rider, now=now)
    assert shown[0] == shown[1]


def test_whoever_is_kept_apart_is_not_seen(cast, now, ride, request_):
    block_member(by=cast.rider, other=cast.driver, now=now)
    assert list_sought_along(cast.driver, now=now) == []
    with pytest.raises(RequestNotFound):
        offer_along(request_id=request_.pk, ride_id=ride.pk, by=cast.driver, now=now)


def test_people_of_other_organizations_are_not_seen(cast, now, request_):
    theirs = offer(cast.outsider, now=now)
    assert list_sought_along(cast.outsider, now=now) == []
    with pytest.raises(RequestNotFound):
        offer_along(request_id=request_.pk, ride_id=theirs.pk, by=cast.outsider, now=now)


def test_who_drives_elsewhere_or_another_day_sees_nobody(cast, now, ride, request_):
    CarFactory(member=cast.colleague)
    away = offer(
        cast.colleague, now=now, detour_s=60, origin=rides.TripEnd(PORT, ""),
        destination=rides.TripEnd(HEAD_OFFICE, ""),
    )  # fmt: skip
    assert list_sought_along(cast.colleague, now=now) == []
    with pytest.raises(DoesNotPass):
        offer_along(request_id=request_.pk, ride_id=away.pk, by=cast.colleague, now=now)
    later = offer(cast.colleague, now=now, hours=72)
    with pytest.raises(DoesNotPass):
        offer_along(request_id=request_.pk, ride_id=later.pk, by=cast.colleague, now=now)


def test_only_ones_own_ride_is_offered_and_only_once(cast, now, ride, request_):
    with pytest.raises(NotTheDriver):
        offer_along(request_id=request_.pk, ride_id=ride.pk, by=cast.colleague, now=now)
    offer_along(request_id=request_.pk, ride_id=ride.pk, by=cast.driver, now=now)
    with pytest.raises(AlreadyOffered):
        offer_along(request_id=request_.pk, ride_id=ride.pk, by=cast.driver, now=now)
    (sought,) = list_sought_along(cast.driver, now=now)
    assert sought.fits[0].offer_id == RequestOffer.objects.get().pk


def test_accepting_one_books_it_and_closes_the_others_with_a_reason(cast, now, ride, request_):
    other = second_ride(cast, now)
    for mine, who in ((ride, cast.driver), (other, cast.colleague)):
        offer_along(request_id=request_.pk, ride_id=mine.pk, by=who, now=now)
    relay()
    answers = list_answers(cast.rider, request_.pk, now=now)
    assert {answer.ride for answer in answers} == {ride, other}
    chosen = next(answer for answer in answers if answer.ride == ride)
    booking = book_offer(rider=cast.rider, token=chosen.token, request_id=request_.pk, now=now)
    request_.refresh_from_db()
    assert (booking.ride, request_.state) == (ride, RequestState.FULFILLED)
    states = dict(RequestOffer.objects.values_list("ride", "state"))
    assert states == {ride.pk: RequestOfferState.ACCEPTED, other.pk: RequestOfferState.CLOSED}
    assert RequestOffer.objects.get(ride=other).reason == RequestOfferEnd.OTHER_CHOSEN
    relay()
    assert Notification.objects.filter(member=cast.rider, kind=Kind.REQUEST_OFFERED).count() == 2
    ended = Notification.objects.get(kind=Kind.REQUEST_OFFER_ENDED)
    assert (ended.member, ended.facts["reason"]) == (cast.colleague, "other_chosen")


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("close", RequestOfferEnd.NOT_NEEDED),
        ("expire", RequestOfferEnd.TOO_LATE),
        ("cancel", RequestOfferEnd.RIDE_GONE),
    ],
)
def test_an_answer_ends_with_its_request_or_its_ride(cast, now, ride, request_, end, reason):
    offer_along(request_id=request_.pk, ride_id=ride.pk, by=cast.driver, now=now)
    deeds = {
        "close": lambda: rides.close_request(request_id=request_.pk, by=cast.rider, now=now),
        "expire": lambda: rides.watch(now=now + timedelta(days=3)),
        "cancel": lambda: rides.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=now),
    }
    deeds[end]()
    assert RequestOffer.objects.get().reason == reason


@pytest.mark.parametrize(("before", "after"), product(RequestOfferState, repeat=2))
def test_an_answer_moves_only_along_the_table(cast, now, ride, request_, before, after):
    answer = offer_along(request_id=request_.pk, ride_id=ride.pk, by=cast.driver, now=now)
    answer.state = before
    reason = RequestOfferEnd.TOO_LATE if after == RequestOfferState.CLOSED else ""
    if after in REQUEST_OFFER_TRANSITIONS[before]:
        move_request_offer(answer, after, reason, now=now)
        assert RequestOffer.objects.get().state == after
    else:
        with pytest.raises(WrongState):
            move_request_offer(answer, after, reason, now=now)


def test_an_answer_is_taken_back_by_its_driver_only(cast, now, ride, request_):
    answer = offer_along(request_id=request_.pk, ride_id=ride.pk, by=cast.driver, now=now)
    with pytest.raises(NotTheDriver):
        rides.withdraw_request_offer(offer_id=answer.pk, by=cast.rider, now=now)
    with pytest.raises(RequestOfferNotFound):
        rides.withdraw_request_offer(offer_id=answer.pk, by=cast.colleague, now=now)
    rides.withdraw_request_offer(offer_id=answer.pk, by=cast.driver, now=now)
    with pytest.raises(WrongState):
        rides.withdraw_request_offer(offer_id=answer.pk, by=cast.driver, now=now)
    assert list_answers(cast.rider, request_.pk, now=now) == []


def test_by_pages_a_driver_offers_and_the_rider_sees_who(cast, now, ride, request_):
    driver, rider = Client(), Client()
    driver.force_login(cast.driver.user)
    rider.force_login(cast.rider.user)
    page = driver.get(reverse("matching:along")).content.decode()
    where = reverse("matching:along-offer", args=[request_.pk])
    assert where in page
    driver.post(where, {"ride": str(ride.pk)})
    answer = RequestOffer.objects.get()
    found = rider.get(reverse("matching:find"), {"request": str(request_.pk)}).content.decode()
    assert "Dora offers it to you" in found
    driver.post(reverse("matching:along-withdraw", args=[answer.pk]))
    answer.refresh_from_db()
    assert answer.state == RequestOfferState.WITHDRAWN


def test_by_the_api(cast, now, ride, request_):
    driver, rider = Api(cast.driver), Api(cast.rider)
    made = driver.post(f"requests/{request_.pk}/offers", {"ride": str(ride.pk)})
    assert made.status_code == 201, made.content
    (answer,) = rider.get(f"requests/{request_.pk}/offers").json()
    assert answer["ride"]["id"] == str(ride.pk)
    assert driver.get(f"requests/{request_.pk}/offers").status_code == 404
    booked = rider.post("bookings", {"offer": answer["token"], "request": str(request_.pk)})
    assert booked.status_code == 201
    (mine,) = driver.get("me/request-offers").json()["results"]
    assert mine["state"] == "accepted"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_answers_accepted_at_once_one_is_booked(cast, now):
    ride = offer(cast.driver, now=now)
    other = second_ride(cast, now)
    request = ask(cast.rider, ride, now=now)
    for mine, who in ((ride, cast.driver), (other, cast.colleague)):
        offer_along(request_id=request.pk, ride_id=mine.pk, by=who, now=now)
    tokens = [one.token for one in list_answers(cast.rider, request.pk, now=now)]
    together = Barrier(2)

    def accept(token):
        try:
            together.wait()
            book_offer(rider=cast.rider, token=token, request_id=request.pk, now=now)
            return True
        except Exception:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(accept, tokens)) == [False, True]
    assert Booking.objects.exclude(state="cancelled").count() == 1
    states = sorted(RequestOffer.objects.values_list("state", flat=True))
    assert states == ["accepted", "closed"]
