"""A broker that was emptied takes no request's chance away."""

import pytest
from django.core.cache import cache

from carpool.kernel import clock, outbox
from matching import tasks
from matching.models import Match
from matching.services import again
from rides import services as rides
from rides.tests.factories import offer, wish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]


@pytest.fixture
def forgotten(cast, now, monkeypatch):
    """A ride, and two requests that it serves; nobody has taken what was queued of them."""
    for task in (tasks.match_ride, tasks.match_request):
        monkeypatch.setattr(task, "delay", lambda _pk: None)
    ride = offer(cast.driver, now=now)
    query = wish(ride)
    for rider in (cast.rider, cast.colleague):
        terms = rides.RequestTerms(
            origin=query.origin,
            destination=query.destination,
            earliest_departure_at=query.earliest_departure_at,
            latest_arrival_at=query.latest_arrival_at,
        )
        rides.post_request(rider=rider, terms=terms, now=now)
    outbox.relay(now=clock.now())
    return ride


def test_who_waits_is_looked_after_again_once(forgotten):
    assert not Match.objects.exists()
    assert tasks.look_again() == 2
    assert Match.objects.filter(ride=forgotten).count() == 2
    assert tasks.look_again() == 0


def test_an_emptied_broker_is_noticed_each_time(forgotten):
    tasks.look_again()
    Match.objects.all().delete()
    assert tasks.look_again() == 0  # nothing was forgotten
    cache.clear()
    assert tasks.look_again() == 2
    assert Match.objects.count() == 2


def test_many_are_looked_after_some_at_a_time(forgotten, monkeypatch):
    monkeypatch.setattr(again, "AT_ONCE", 1)
    assert [tasks.look_again() for _time in range(4)] == [1, 1, 0, 0]
    assert Match.objects.count() == 2
