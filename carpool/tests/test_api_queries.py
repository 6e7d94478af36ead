"""The API asks the database as often for much as for little."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import CarFactory, MemberFactory
from rides.services import RequestTerms, post_request
from rides.tests.api import Api, wish_for
from rides.tests.factories import book, offer, wish

pytestmark = pytest.mark.usefixtures("city")


def count_queries(ask):
    """Count what one request asks of the database, once everything is loaded that stays loaded."""
    ask()
    with CaptureQueriesContext(connection) as caught:
        answer = ask()
    assert answer.status_code == 200, answer.content
    return len(caught), answer.json()


@pytest.fixture
def riders(cast):
    return [MemberFactory(organization=cast.organization) for _ in range(5)]


@pytest.fixture
def drivers(cast):
    return [MemberFactory(organization=cast.organization, car=True) for _ in range(5)]


def test_a_search_that_finds_many_rides(cast, now, drivers, django_assert_max_num_queries):
    ride = offer(cast.driver, now=now)

    api = Api(cast.rider)

    def ask():
        return api.post("searches", wish_for(ride))

    ask()  # the index reads what is new
    few, answer = count_queries(ask)
    assert len(answer["offers"]) == 1
    for minutes, driver in enumerate(drivers):
        offer(driver, now=now, hours=24 + minutes / 60)
    ask()
    many, answer = count_queries(ask)
    assert len(answer["offers"]) == 6
    assert many == few - 1, "with few offers, one more looks for near misses"
    with django_assert_max_num_queries(11):  # one for where the member does not stop
        ask()


def test_a_search_among_rides_with_many_stops(cast, now, riders):
    ride = offer(cast.driver, now=now, seats=3)

    api = Api(cast.rider)

    def ask():
        return api.post("searches", wish_for(ride))

    ask()
    few, _answer = count_queries(ask)
    for rider in riders[:2]:
        book(rider, ride, now=now)
    ask()
    many, answer = count_queries(ask)
    assert len(answer["offers"]) == 1
    assert many == few


@pytest.mark.parametrize("who", ["driver", "rider", "colleague"])
def test_a_ride_with_many_riders(cast, now, riders, who, django_assert_max_num_queries):
    cast.driver.cars.update(seats=8)
    ride = offer(cast.driver, now=now, seats=8, detour_s=3600)
    book(cast.rider, ride, now=now)

    api = Api(getattr(cast, who))

    def ask():
        return api.get(f"rides/{ride.pk}")

    few, _answer = count_queries(ask)
    for rider in riders[:4]:
        book(rider, ride, now=now)
    many, answer = count_queries(ask)
    assert len(answer["stops"]) == (0 if who == "colleague" else 12)
    assert many == few
    with django_assert_max_num_queries(7):  # one for how surely its people come
        ask()


def test_the_list_of_ones_rides(cast, now, riders, django_assert_max_num_queries):
    offer(cast.driver, now=now)

    api = Api(cast.driver)

    def ask():
        return api.get("rides")

    few, _answer = count_queries(ask)
    for number, rider in enumerate(riders):
        book(rider, offer(cast.driver, now=now, hours=30 + 2 * number), now=now)
    many, answer = count_queries(ask)
    assert len(answer["results"]) == 6
    assert many == few
    with django_assert_max_num_queries(6):
        ask()


def test_the_list_of_ones_bookings(cast, now, drivers, django_assert_max_num_queries):
    book(cast.rider, offer(cast.driver, now=now), now=now)

    api = Api(cast.rider)

    def ask():
        return api.get("me/bookings")

    few, _answer = count_queries(ask)
    for number, driver in enumerate(drivers):
        book(cast.rider, offer(driver, now=now, hours=30 + 2 * number), now=now)
    many, answer = count_queries(ask)
    assert len(answer["results"]) == 6
    assert many == few
    with django_assert_max_num_queries(5):
        ask()


def test_the_list_of_ones_requests(cast, now, django_assert_max_num_queries):
    query = wish(offer(cast.driver, now=now))

    def leave():
        terms = RequestTerms(
            query.origin,
            query.destination,
            query.earliest_departure_at,
            query.latest_arrival_at + timedelta(minutes=1),
        )
        post_request(rider=cast.rider, terms=terms, now=now)

    api = Api(cast.rider)

    def ask():
        return api.get("requests")

    leave()
    few, _answer = count_queries(ask)
    for _ in range(5):
        leave()
    many, answer = count_queries(ask)
    assert len(answer["results"]) == 6
    assert many == few
    with django_assert_max_num_queries(5):
        ask()


def test_the_list_of_ones_cars(cast):
    api = Api(cast.rider)

    def ask():
        return api.get("me/cars")

    CarFactory(member=cast.rider)
    few, _answer = count_queries(ask)
    for _ in range(5):
        CarFactory(member=cast.rider)
    many, answer = count_queries(ask)
    assert len(answer) == 6
    assert many == few
