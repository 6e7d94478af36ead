"""The index in memory is as fresh as the database, and the database has the last word."""

import os
import subprocess
import sys
from datetime import timedelta
from threading import Thread
from unittest.mock import Mock

import pytest
from django.db import OperationalError, connection

from accounts.services import change_policies
from accounts.tests.factories import MemberFactory
from carpool.kernel import clock, outbox
from carpool.tests import servers
from matching import selectors
from matching.selectors import candidate_rides, evaluate, get_ranking, search
from matching.selectors import supply as live
from matching.selectors.arrays import route_request
from matching.selectors.evaluation import places_to_meet
from matching.services import book_offer
from rides.models import Ride
from rides.services import cancel_booking, cancel_ride, start_ride
from rides.tests.factories import book, offer, offer_token, wish

pytestmark = pytest.mark.usefixtures("city")


def _found(member, query, now):
    return [o.ride.pk for o in search(member, query, now=now).offers]


def test_a_ride_is_found_as_soon_as_it_is_offered_and_lost_as_soon_as_it_is_cancelled(cast, now):
    ride = offer(cast.driver, now=now)
    query = wish(ride)
    assert _found(cast.rider, query, now) == [ride.pk]
    another = offer(MemberFactory(organization=cast.organization, car=True), now=now)
    assert set(_found(cast.rider, query, now)) == {ride.pk, another.pk}
    cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=now)
    assert _found(cast.rider, query, now) == [another.pk]
    assert _holds(another)
    assert not _holds(ride)


def test_the_last_seat_is_lost_when_it_is_booked_and_found_when_it_is_given_back(cast, now):
    ride = offer(cast.driver, now=now, seats=1)
    query = wish(ride)
    booking = book(cast.rider, ride, now=now)
    assert _found(cast.colleague, query, now) == []
    cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
    assert _found(cast.colleague, query, now) == [ride.pk]


def test_a_ride_under_way_is_not_proposed(cast, now):
    ride = offer(cast.driver, now=now)
    assert _found(cast.rider, wish(ride), now) == [ride.pk]
    start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at - timedelta(minutes=5))
    assert _found(cast.rider, wish(ride), now) == []
    assert not _holds(ride)


def test_a_ride_that_vanished_without_a_trace_is_forgotten_at_the_next_search(cast, now):
    ride = offer(cast.driver, now=now)
    query = wish(ride)
    assert _found(cast.rider, query, now) == [ride.pk]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rides_ridetransition WHERE ride_id = %s", [ride.pk])
        cursor.execute("DELETE FROM rides_stop WHERE ride_id = %s", [ride.pk])
        cursor.execute("DELETE FROM rides_ride WHERE id = %s", [ride.pk])
    assert _holds(ride)
    assert _found(cast.rider, query, now) == []
    assert not _holds(ride)


def test_an_index_filled_later_knows_the_same_rides(cast, city, now):
    rides = [offer(MemberFactory(organization=cast.organization, car=True), now=now) for _ in "ab"]
    book(cast.colleague, rides[0], now=now)
    query = wish(rides[0])
    before = search(cast.rider, query, now=now).offers
    live.forget_supplies()
    after = search(cast.rider, query, now=now).offers
    assert [(o.ride.pk, o.cost_s) for o in before] == [(o.ride.pk, o.cost_s) for o in after]
    assert {o.ride.pk for o in after} == {ride.pk for ride in rides}


def test_what_the_index_finds_is_what_postgis_and_the_engine_find(cast, city, now):
    for number in range(8):
        driver = MemberFactory(organization=cast.organization, car=True)
        ride = offer(driver, now=now, hours=24 + number / 8)
        if number % 2:
            book(cast.colleague if number == 1 else MemberFactory(organization=cast.organization),
                 ride, now=now)  # fmt: skip
    query = wish(ride)
    candidates = list(candidate_rides(cast.rider, city, query, now=now))
    ranking = get_ranking(cast.organization).knowing(candidates, now=now)
    truth = evaluate(candidates, city, query, ranking=ranking)
    offers = search(cast.rider, query, now=now).offers
    assert [(o.ride.pk, o.cost_s) for o in offers] == [
        (f.ride.pk, f.insertion.cost_s) for f in truth
    ]


def test_rides_that_the_final_check_drops_make_room_for_others(cast, city, now, monkeypatch):
    """Five of six do not allow the metres; the sixth costs most, and is found all the same."""
    monkeypatch.setattr("matching.selectors.finding.SPARE", 0)
    monkeypatch.setattr(sys.modules["matching.selectors.search"], "MOST_OFFERS", 1)
    rides = [
        offer(MemberFactory(organization=cast.organization, car=True), now=now, hours=24 + n / 20)
        for n in range(6)
    ]
    query = wish(rides[0], walk_m=100)
    ranked = [
        f.ride.pk for f in evaluate(list(selectors.with_stops(Ride.objects.all())), city, query)
    ]
    Ride.objects.exclude(pk=ranked[-1]).update(detour_m=0)
    assert _found(cast.rider, query, now) == [ranked[-1]]


def test_while_the_index_is_being_filled_postgis_answers(cast, city, now, monkeypatch):
    ride = offer(cast.driver, now=now)
    monkeypatch.setattr("matching.selectors.finding.live_supply", lambda *_: None)
    assert _found(cast.rider, wish(ride), now) == [ride.pk]


def test_a_fill_that_is_under_way_is_not_waited_for(city, now):
    fresh = live.LiveSupply(city)
    answers = []
    with fresh._lock:
        thread = Thread(target=lambda: answers.append(fresh.fill(now)))
        thread.start()
        thread.join()
    assert answers == [False]
    assert fresh.fill(now)


@pytest.mark.django_db(transaction=True)
def test_every_service_that_moves_stops_touches_the_ride(cast, now):
    ride = offer(cast.driver, now=now)
    token = offer_token(cast.rider, ride, now=now)
    touched = [_changed_in(ride)]
    booking = book_offer(rider=cast.rider, token=token, now=now)
    touched.append(_changed_in(ride))
    cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
    touched.append(_changed_in(ride))
    assert touched == sorted(set(touched))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_what_another_process_commits_is_found_by_the_very_next_search(cast, now):
    """Two processes; a transaction that is open while others commit hides nothing afterwards."""
    first = offer(cast.driver, now=now)
    query = wish(first)
    assert _found(cast.rider, query, now) == [first.pk]
    code = (
        "import django; django.setup()\n"
        "from django.utils.dateparse import parse_datetime\n"
        "from rides.models import Ride\n"
        f"at = parse_datetime('{now.isoformat()}')\n"
        f"Ride.objects.filter(pk='{first.pk}').update(cancelled_at=at)\n"
    )
    environment = {**os.environ, "DATABASE_URL": servers.test_database_url()}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert _found(cast.rider, query, now) == []
    Ride.objects.filter(pk=first.pk).update(cancelled_at=None)
    assert _found(cast.rider, query, now) == [first.pk]


@pytest.mark.django_db(transaction=True)
def test_a_new_process_reads_the_rides_before_anybody_asks(cast, now):
    ride = offer(cast.driver, now=now)
    live.forget_supplies()
    live.fill_supplies_aside().join()
    assert _holds(ride)


def test_a_database_that_is_away_at_the_start_is_logged_and_tried_again(
    cast, now, monkeypatch, caplog
):
    ride = offer(cast.driver, now=now)
    live.forget_supplies()
    with monkeypatch.context() as patch:
        patch.setattr(live, "list_regions", Mock(side_effect=OperationalError("away")))
        live.fill_supplies_aside().join()
    assert "could not be read" in caplog.text
    assert _found(cast.rider, wish(ride), now) == [ride.pk]


@pytest.mark.django_db(transaction=True)
def test_a_changed_policy_is_in_the_index_at_the_next_search(cast, now):
    """All drivers cost the same here, so what the index proposes is certain at once."""
    for number in range(3):
        ride = offer(
            MemberFactory(organization=cast.organization, car=True), now=now, hours=24 + number / 9
        )
    query = wish(ride)
    for worth in (600, 3000, 0):
        change_policies(
            organization=cast.organization, values={"unreliable_s": worth}, by=None, now=now
        )
        outbox.relay(now=clock.now())
        offers = search(cast.rider, query, now=now).offers
        proposed = _proposed(cast.rider, query, ride.region)
        assert [(o.ride.number, o.cost_s) for o in offers] == proposed


def _proposed(member, query, region):
    ranking = get_ranking(member.organization)
    pickups, dropoffs = places_to_meet(region, query)
    fares = ranking.fares(region, pickups, dropoffs, seats=1)
    request = route_request(query, pickups, dropoffs, 60_000, fares.price_ms)
    found, _counts = live._supply_of(region.pk, region.network_version).search(
        request, 20, weights=ranking.weights, organizations=[member.organization_id]
    )
    return [(placement.key, placement.insertion.cost_s) for placement in found]


def _changed_in(ride):
    return Ride.objects.values_list("changed_in", flat=True).get(pk=ride.pk)


def _holds(ride):
    index = live._supply_of(ride.region_id, ride.region.network_version)._index
    return any(len(part.rows_of([ride.number])) for part in (index._settled, index._recent))
