"""Two rate each other at once, or one rates twice."""

import threading

import pytest
from django.db import connection

from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.models import OutboxEvent
from rides.models import Review
from rides.permissions import can_rate
from rides.selectors.seeing import get_booking_for
from rides.services import reviews
from rides.tests.travelled import over, rate, trip

pytestmark = pytest.mark.usefixtures("city")


def opened():
    return list(
        OutboxEvent.objects.filter(name__endswith="ReviewOpened").values_list("payload", flat=True)
    )


def at_once(*deeds):
    """Do several things in threads that begin together; return how each ended."""
    ends, barrier = [], threading.Barrier(len(deeds))

    def run(deed):
        barrier.wait()
        try:
            ends.append(deed())
        except DomainError as error:
            ends.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_both_rate_at_once_and_both_ratings_open(city, cast):
    for days in (1, 2, 3, 4):
        booking = trip(cast.driver, cast.rider, now=clock.now(), hours=24 * days)
        then = over(booking.ride)
        at_once(
            lambda: rate(booking, cast.driver, now=then),  # noqa: B023
            lambda: rate(booking, cast.rider, now=then),  # noqa: B023
        )
        assert set(booking.reviews.values_list("opens_at", flat=True)) == {then}
    assert len(opened()) == 8


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_rating_that_is_sent_twice_at_once_is_one(city, cast):
    booking = trip(cast.driver, cast.rider, now=clock.now())
    then = over(booking.ride)
    at_once(*[lambda: rate(booking, cast.rider, 3, now=then)] * 4)
    assert Review.objects.get().overall == 3


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_neither_would_see_that_the_other_has_rated(
    city, cast, monkeypatch
):
    booking = trip(cast.driver, cast.rider, now=clock.now())
    then, both_have_looked = over(booking.ride), threading.Barrier(2, timeout=20)

    def look(by, booking_id, *, lock):
        return get_booking_for(by, booking_id)

    def wait_and_see(*terms):
        both_have_looked.wait()
        return can_rate(*terms)

    monkeypatch.setattr(reviews, "get_booking_for", look)
    monkeypatch.setattr(reviews, "can_rate", wait_and_see)
    at_once(
        lambda: rate(booking, cast.driver, now=then),
        lambda: rate(booking, cast.rider, now=then),
    )
    assert set(booking.reviews.values_list("opens_at", flat=True)) == {booking.rated_until}
