"""What makes matching look again, by way of the outbox."""

import pytest

from carpool.kernel import clock, outbox
from matching import tasks
from rides import services as rides
from rides.tests.factories import book, offer, wish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]


@pytest.fixture
def queued(monkeypatch):
    """What was queued, instead of a broker."""
    sent = []
    for task in (tasks.match_ride, tasks.match_request):
        monkeypatch.setattr(task, "delay", lambda pk, name=task.name: sent.append((name, pk)))
    return sent


def test_new_rides_bookings_and_requests_are_matched(cast, now, queued):
    ride = offer(cast.driver, now=now)
    outbox.relay(now=clock.now())
    book(cast.rider, ride, now=now)
    outbox.relay(now=clock.now())
    query = wish(ride)
    request = rides.post_request(
        rider=cast.colleague,
        terms=rides.RequestTerms(
            origin=query.origin,
            destination=query.destination,
            earliest_departure_at=query.earliest_departure_at,
            latest_arrival_at=query.latest_arrival_at,
        ),
        now=now,
    )
    outbox.relay(now=clock.now())
    assert queued == [
        ("matching.match_ride", str(ride.pk)),
        ("matching.match_ride", str(ride.pk)),
        ("matching.match_request", str(request.pk)),
    ]
    assert tasks.match_ride(str(ride.pk)) == 1
    assert tasks.match_request(str(request.pk)) == 1
