"""Near misses on the demo city's streets: true, least, few, private, and cheap to ask for."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.tests.factories import HOME_NORTH, PORT, WORKSHOP, MemberFactory
from carpool.kernel.geo import LonLat, coarse_cell, crow_fly_m, from_point
from matching.engine import Promise
from matching.forms import write_query
from matching.selectors import explain_near_miss, near_misses, search
from matching.selectors.near_misses import FEW_OFFERS, MOST_NEAR_MISSES
from rides.models import Ride
from rides.services import TripEnd
from rides.tests.api import Api
from rides.tests.factories import book, offer, wish

pytestmark = pytest.mark.usefixtures("city")
MINUTE = timedelta(minutes=1)
HOME_SOUTH_ROAD = WORKSHOP
# A search takes 3 queries (avoided places, region, what is new), four more if it has
# offers; near misses take one more to look, two to load what comes near with its stops, and three
# to show it.
ENOUGH, NOBODY_NEAR, NEAR, BOTH = 7, 4, 10, 14


def leaving_late(ride, minutes=10):
    """A rider who could leave only so long after the car has passed the pick-up."""
    return wish(ride, earliest_departure_at=ride.departure_at + minutes * MINUTE)


def due_early(ride):
    """A rider who has to arrive soon after the car has left its start."""
    return wish(ride, latest_arrival_at=ride.departure_at + 6 * MINUTE)


def far_from_the_road(ride):
    """A rider who does not walk to where the driver, who counts metres, would pass."""
    return wish(ride, walk_m=100)


def one_minute_less(query, wanted):
    """Take a minute (for the walk, 10 m) of what a near miss asks for back."""
    changes = {
        Promise.EARLIEST_DEPARTURE: {"earliest_departure_at": query.earliest_departure_at + MINUTE},
        Promise.LATEST_ARRIVAL: {"latest_arrival_at": query.latest_arrival_at - MINUTE},
        Promise.WALK: {"walk_m": query.walk_m - 10},
    }
    return replace(query, **changes[wanted])


@pytest.mark.parametrize(
    ("terms", "asking", "promise"),
    [
        ({}, lambda ride: leaving_late(ride, 20), Promise.EARLIEST_DEPARTURE),
        ({}, due_early, Promise.LATEST_ARRIVAL),
        ({"detour_m": 2000}, far_from_the_road, Promise.WALK),
    ],
)
def test_what_the_rider_can_change_is_the_least_with_which_the_ride_is_offered(
    cast, now, terms, asking, promise
):
    ride = offer(cast.driver, now=now, **terms)
    query = asking(ride)
    result = search(cast.rider, query, now=now)
    assert result.offers == []
    (near,) = result.near_misses
    assert (near.ride.pk, near.promise) == (ride.pk, promise)

    offered = search(cast.rider, near.query, now=now).offers[0]
    assert offered.ride.pk == ride.pk
    assert (offered.pickup, offered.dropoff) == (near.pickup, near.dropoff)
    assert offered.detour_s == near.detour_s
    assert search(cast.rider, one_minute_less(near.query, promise), now=now).offers == []
    kept = {"earliest_departure_at", "latest_arrival_at", "walk_m", "seats", "origin"}
    assert sum(getattr(near.query, name) != getattr(query, name) for name in kept) == 1


def test_what_the_driver_would_have_to_accept_is_the_least_with_which_the_ride_is_offered(
    cast, now
):
    ride = offer(cast.driver, now=now, detour_s=120)
    query = wish(ride, walk_m=200)
    (near,) = search(cast.rider, query, now=now).near_misses
    assert near.promise is Promise.DETOUR
    assert near.query is None

    def accepting(seconds):
        latest = ride.arrive_latest_at + timedelta(seconds=seconds)
        ride.stops.filter(kind="destination").update(latest_at=latest)
        return [offered.ride.pk for offered in search(cast.rider, query, now=now).offers]

    assert accepting(near.amount - 60) == []
    assert accepting(near.amount) == [ride.pk]


@pytest.mark.parametrize(
    ("promise", "amount", "english", "korean"),
    [
        (Promise.EARLIEST_DEPARTURE, 720, "leave 12 min earlier", "12분 일찍"),
        (Promise.LATEST_ARRIVAL, 240, "arrive 4 min later", "4분 늦게"),
        (Promise.WALK, 150, "walk up to 150 m more", "150"),
        (Promise.DETOUR, 120, "driver accepts 2 min more", "2분"),
    ],
)
def test_the_sentence_carries_the_number(cast, now, promise, amount, english, korean):
    ride = offer(cast.driver, now=now)
    (near,) = search(cast.rider, due_early(ride), now=now).near_misses
    near = replace(near, promise=promise, amount=amount)
    with translation.override("en"):
        assert english in explain_near_miss(near)
    with translation.override("ko"):
        assert korean in explain_near_miss(near)


def test_nobody_is_asked_to_have_left_already(cast, now):
    query = wish(offer(cast.driver, now=now))
    leaves_at = query.earliest_departure_at
    for before, minutes in ((timedelta(hours=5), 30), (4.5 * MINUTE, 4), (-MINUTE, 0)):
        most = near_misses._limits(cast.rider, query, leaves_at - before)
        assert most.earliest_departure_ms == minutes * 60_000


def test_nobody_is_asked_to_walk_beyond_all_reason(cast, now):
    query = wish(offer(cast.driver, now=now))
    for walk_m, more_m in ((0, 800), (4200, 800), (4600, 400), (5000, 0)):
        limits = near_misses._limits(cast.rider, replace(query, walk_m=walk_m), now)
        assert limits.walk_m == more_m
    assert search(cast.rider, replace(query, walk_m=5000), now=now).offers
    early = replace(query, latest_arrival_at=query.earliest_departure_at + 5 * MINUTE, walk_m=5000)
    assert search(cast.rider, early, now=now).offers == []


def test_seats_never_give(cast, now):
    ride = offer(cast.driver, now=now, seats=1)
    query = due_early(ride)
    assert search(cast.colleague, query, now=now).near_misses
    assert search(cast.colleague, replace(query, seats=2), now=now).near_misses == []
    book(cast.rider, ride, now=now)
    assert search(cast.colleague, query, now=now).near_misses == []


def test_near_misses_are_few_the_least_to_ask_first_and_never_offers(cast, now):
    rides = [
        offer(driver, now=now, hours=24 + n / 30, detour_s=240 - 20 * n)
        for n, driver in enumerate(people(cast, MOST_NEAR_MISSES + 2))
    ]
    fits = offer(cast.driver, now=now)
    result = search(cast.rider, wish(rides[0], walk_m=200), now=now)
    assert [found.ride.pk for found in result.offers] == [fits.pk]
    assert len(result.near_misses) == MOST_NEAR_MISSES
    amounts = [near.amount for near in result.near_misses]
    assert amounts == sorted(amounts)
    assert fits.pk not in {near.ride.pk for near in result.near_misses}


def people(cast, count):
    return [MemberFactory(organization=cast.organization, car=True) for _ in range(count)]


def test_colleagues_only_and_nobodys_own_ride(cast, now):
    query = due_early(offer(cast.driver, now=now))
    assert search(cast.rider, query, now=now).near_misses
    assert search(cast.driver, query, now=now).near_misses == []
    assert search(cast.outsider, query, now=now).near_misses == []


def test_a_near_miss_shows_no_home(cast, now):
    ride = offer(cast.driver, now=now, origin=TripEnd(HOME_NORTH, "Calle Norte 12"))
    query = wish(ride, origin=TripEnd(HOME_SOUTH_ROAD, ""), destination=TripEnd(PORT, ""))
    query = replace(query, latest_arrival_at=ride.departure_at + 8 * MINUTE)
    (near,) = search(cast.rider, query, now=now).near_misses
    assert near.view.origin == coarse_cell(from_point(ride.stops.get(kind="origin").location))
    assert crow_fly_m(from_point(ride.stops.get(kind="origin").location), HOME_NORTH) > 250
    assert near.view.origin_label != "Calle Norte 12"
    assert near.view.stops == []
    assert near.view.bookings == []
    assert crow_fly_m(LonLat(*near.view.route.coords[0]), from_point(ride.origin)) > 150


def read_what_is_new(cast, ride, now):
    """Let the live index read new rides: the next search need not."""
    search(cast.rider, wish(ride), now=now)


def test_enough_offers_cost_no_query_more(cast, now, django_assert_num_queries):
    for driver in people(cast, FEW_OFFERS):
        ride = offer(driver, now=now)
    read_what_is_new(cast, ride, now)
    with django_assert_num_queries(ENOUGH):
        assert len(search(cast.rider, wish(ride), now=now).offers) == FEW_OFFERS


def test_near_misses_cost_a_fixed_number_of_queries(cast, now, django_assert_num_queries):
    ride = offer(cast.driver, now=now)
    read_what_is_new(cast, ride, now)
    with django_assert_num_queries(NOBODY_NEAR):
        far = replace(
            wish(ride),
            earliest_departure_at=ride.departure_at + timedelta(days=1),
            latest_arrival_at=ride.departure_at + timedelta(days=1, hours=1),
        )
        assert search(cast.rider, far, now=now).near_misses == []
    with django_assert_num_queries(NEAR):
        assert len(search(cast.rider, due_early(ride), now=now).near_misses) == 1
    for driver in people(cast, 3):
        offer(driver, now=now)
    read_what_is_new(cast, ride, now)
    with django_assert_num_queries(NEAR):
        assert len(search(cast.rider, due_early(ride), now=now).near_misses) == 4
    Ride.objects.exclude(pk=ride.pk).delete()
    offer(people(cast, 1)[0], now=now, detour_s=120)
    read_what_is_new(cast, ride, now)
    with django_assert_num_queries(BOTH):
        both = search(cast.rider, wish(ride, walk_m=200), now=now)
    assert (len(both.offers), len(both.near_misses)) == (1, 1)


def posted(query):
    """Return a query as an app sends it."""
    ends = {
        name: {"location": dict(zip(("lon", "lat"), end.location, strict=True)), "label": end.label}
        for name, end in (("origin", query.origin), ("destination", query.destination))
    }
    times = {
        "earliest_departure_at": query.earliest_departure_at.isoformat(),
        "latest_arrival_at": query.latest_arrival_at.isoformat(),
    }
    return {**ends, **times, "walk_m": query.walk_m}


def test_the_api_says_what_would_have_to_give_and_takes_the_changed_search(cast, now):
    ride = offer(cast.driver, now=now)
    rider = Api(cast.rider)
    body = rider.post("searches", posted(due_early(ride))).json()
    assert body["offers"] == []
    (near,) = body["near_misses"]
    assert near["ride"]["id"] == str(ride.pk)
    assert (near["promise"], near["by_m"]) == ("latest_arrival", None)
    assert near["by_s"] % 60 == 0
    assert f"{near['by_s'] // 60} min later" in near["reason"]
    again = rider.post("searches", near["search"]).json()
    assert [found["ride"]["id"] for found in again["offers"]] == [str(ride.pk)]
    assert again["near_misses"] == []


def test_the_api_leaves_to_the_driver_what_is_the_drivers(cast, now):
    ride = offer(cast.driver, now=now, detour_s=120)
    body = Api(cast.rider).post("searches", posted(wish(ride, walk_m=200))).json()
    (near,) = body["near_misses"]
    assert near["promise"] == "detour"
    assert near["search"] is None
    assert near["by_s"] > 0


def test_the_api_tells_of_no_home_and_no_plate(cast, now):
    ride = offer(cast.driver, now=now, origin=TripEnd(HOME_NORTH, "Calle Norte 12"))
    query = wish(ride, origin=TripEnd(WORKSHOP, ""), destination=TripEnd(PORT, ""))
    query = replace(query, latest_arrival_at=ride.departure_at + 8 * MINUTE)
    answer = Api(cast.rider).post("searches", posted(query))
    (near,) = answer.json()["near_misses"]
    text = answer.content.decode()
    assert "Calle Norte 12" not in text
    assert ride.car.plate not in text
    assert "Dora Driver" not in text
    threshold = from_point(ride.stops.get(kind="origin").location)
    assert near["ride"]["origin"]["lon"] == pytest.approx(coarse_cell(threshold).lon)
    assert near["ride"]["stops"] == near["ride"]["bookings"] == []


def test_the_page_tells_of_no_home_and_no_plate(cast, now):
    ride = offer(cast.driver, now=now, origin=TripEnd(HOME_NORTH, "Calle Norte 12"))
    query = wish(ride, origin=TripEnd(WORKSHOP, "From"), destination=TripEnd(PORT, "To"))
    query = replace(query, latest_arrival_at=ride.departure_at + 8 * MINUTE)
    browser = Client()
    browser.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")
    answer = browser.get(reverse("matching:find"), write_query(query, cast.organization.zone))
    assert len(answer.context["result"].near_misses) == 1
    text = answer.content.decode()
    assert "with Dora" in text
    for secret in ("Calle Norte 12", ride.car.plate, "Dora Driver", str(HOME_NORTH.lat)):
        assert secret not in text
