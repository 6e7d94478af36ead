"""A new ride is matched against all waiting requests, as fresh as the database, at a small cost."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from time import sleep

import numpy as np
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import MemberFactory
from carpool.kernel.geo import LonLat
from carpool.kernel.models import OutboxEvent
from carpool.tests import servers
from maps.selectors import load_network
from matching.models import Match
from matching.selectors import demand as live
from matching.selectors import evaluate, query_of, requests_served, with_stops
from matching.services import match_request, match_ride
from rides import services as rides
from rides.models import Ride, RideRequest
from rides.tests.factories import book, offer, wish

pytestmark = pytest.mark.usefixtures("city")


def post(rider, query, *, now):
    terms = rides.RequestTerms(
        origin=query.origin,
        destination=query.destination,
        earliest_departure_at=query.earliest_departure_at,
        latest_arrival_at=query.latest_arrival_at,
        seats=query.seats,
        walk_m=query.walk_m,
    )
    return rides.post_request(rider=rider, terms=terms, now=now)


def served(ride, now):
    ride = with_stops(Ride.objects.filter(pk=ride.pk)).get()
    return {request.pk for request in requests_served(ride, now=now)}


def test_a_request_is_found_as_soon_as_it_is_left_and_lost_as_soon_as_it_is_taken_back(cast, now):
    ride = offer(cast.driver, now=now)
    assert served(ride, now) == set()
    first = post(cast.rider, wish(ride), now=now)
    assert served(ride, now) == {first.pk}
    second = post(cast.colleague, wish(ride), now=now)
    assert served(ride, now) == {first.pk, second.pk}
    rides.close_request(request_id=first.pk, by=cast.rider, now=now)
    assert served(ride, now) == {second.pk}
    assert not _holds(first)


def test_a_request_whose_time_is_over_is_forgotten(cast, now):
    ride = offer(cast.driver, now=now)
    request = post(cast.rider, wish(ride), now=now)
    assert served(ride, now) == {request.pk}
    later = request.latest_arrival_at + timedelta(days=2)
    assert served(ride, later) == set()
    assert not _holds(request)


def test_what_the_index_proposes_is_all_that_evaluating_every_request_finds(cast, city, now):
    rng = np.random.default_rng(5)
    network = load_network(city)
    ride = offer(cast.driver, now=now, detour_s=1200)
    book(cast.colleague, ride, now=now)
    plain = wish(ride)
    for n in range(60):
        a, b = (LonLat(*network.location(int(v))) for v in rng.choice(len(network), 2))
        if n % 4 == 0:  # so that not all of them are far from the way
            a = plain.origin.location
        query = replace(
            plain,
            origin=replace(plain.origin, location=a),
            destination=replace(plain.destination, location=b),
            seats=int(rng.integers(1, 4)),
            walk_m=int(rng.integers(0, 1500)),
            latest_arrival_at=ride.departure_at + timedelta(minutes=int(rng.integers(5, 90))),
        )
        post(MemberFactory(organization=cast.organization), query, now=now)
    loaded = with_stops(Ride.objects.filter(pk=ride.pk)).get()
    truth = {
        request.pk
        for request in RideRequest.objects.select_related("rider")
        if evaluate([loaded], city, query_of(request))
    }
    assert 3 <= len(truth) < 40
    assert served(ride, now) == truth
    assert match_ride(ride_id=ride.pk, now=now) == len(truth)
    assert set(Match.objects.values_list("request", flat=True)) == truth


def test_an_index_filled_later_knows_the_same_requests(cast, now):
    ride = offer(cast.driver, now=now)
    first, second = (post(who, wish(ride), now=now) for who in (cast.rider, cast.colleague))
    assert served(ride, now) == {first.pk, second.pk}
    live.forget_demands()
    assert served(ride, now) == {first.pk, second.pk}


def test_requests_of_another_organization_and_ones_own_are_not_served(cast, now):
    ride = offer(cast.driver, now=now)
    for who in (cast.outsider, cast.driver):
        post(who, wish(ride), now=now)
    assert served(ride, now) == set()


def test_a_limit_in_metres_has_the_last_word(cast, now):
    ride = offer(cast.driver, now=now)
    request = post(cast.rider, wish(ride, walk_m=100), now=now)
    assert match_ride(ride_id=ride.pk, now=now) == 1
    Ride.objects.filter(pk=ride.pk).update(detour_m=0)
    assert served(ride, now) == {request.pk}
    assert match_ride(ride_id=ride.pk, now=now) == 0
    assert not request.matches.exists()


def test_a_door_that_no_road_is_near_any_more_hides_no_other_request(cast, now):
    ride = offer(cast.driver, now=now)
    lost, found = (post(who, wish(ride), now=now) for who in (cast.rider, cast.colleague))
    RideRequest.objects.filter(pk=lost.pk).update(origin="SRID=4326;POINT(-71.9 -29.9)")
    assert served(ride, now) == {found.pk}
    assert match_ride(ride_id=ride.pk, now=now) == 1


def test_while_the_index_is_being_filled_the_database_answers(cast, city, now, monkeypatch):
    ride = offer(cast.driver, now=now)
    request = post(cast.rider, wish(ride), now=now)
    monkeypatch.setattr(live.LiveDemand, "fill", lambda *_: False)
    assert served(ride, now) == {request.pk}
    assert match_ride(ride_id=ride.pk, now=now) == 1


def test_200_waiting_requests_cost_no_more_queries_than_3(cast, now):
    """Three fit; the others travel the other way, or at another time."""
    ride = offer(cast.driver, now=now)
    plain = wish(ride)
    for _ in range(3):
        post(MemberFactory(organization=cast.organization), plain, now=now)
    assert match_ride(ride_id=ride.pk, now=now) == 3
    with CaptureQueriesContext(connection) as few:
        assert match_ride(ride_id=ride.pk, now=now) == 3
    rider, region = cast.rider, ride.region
    away = [
        RideRequest(
            rider=rider,
            region=region,
            origin=ride.destination,
            origin_label="",
            destination=ride.origin,
            destination_label="",
            earliest_departure_at=plain.earliest_departure_at,
            latest_arrival_at=plain.latest_arrival_at,
            walk_m=800,
        )
        for _ in range(197)
    ]
    for other in away[100:]:
        other.earliest_departure_at += timedelta(days=1)
        other.latest_arrival_at += timedelta(days=1)
    RideRequest.objects.bulk_create(away)
    with CaptureQueriesContext(connection) as many:
        assert match_ride(ride_id=ride.pk, now=now) == 3
    assert len(many) == len(few) <= 20
    assert OutboxEvent.objects.filter(name="rides.RequestMatched").count() == 3


def test_what_is_found_meanwhile_for_a_younger_request_stays(cast, now, monkeypatch):
    ride = offer(cast.driver, now=now)

    def late(*arguments, **named):
        found = list(requests_served(*arguments, **named))
        younger = post(cast.rider, wish(ride), now=now)
        assert match_request(request_id=younger.pk, now=now) == 1
        return found

    monkeypatch.setattr("matching.services.requests.requests_served", late)
    assert match_ride(ride_id=ride.pk, now=now) == 0
    assert Match.objects.get().ride == ride


def test_a_request_that_was_taken_back_meanwhile_is_not_matched(cast, now, monkeypatch):
    ride = offer(cast.driver, now=now)
    request = post(cast.rider, wish(ride), now=now)

    def early(*arguments, **named):
        found = list(requests_served(*arguments, **named))
        rides.close_request(request_id=request.pk, by=cast.rider, now=now)
        return found

    monkeypatch.setattr("matching.services.requests.requests_served", early)
    assert match_ride(ride_id=ride.pk, now=now) == 0
    assert not Match.objects.exists()
    assert not OutboxEvent.objects.filter(name="rides.RequestMatched").exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_what_another_process_commits_is_found_by_the_very_next_ride(cast, now):
    ride = offer(cast.driver, now=now)
    request = post(cast.rider, wish(ride), now=now)
    assert served(ride, now) == {request.pk}
    _elsewhere(f"filter(pk='{request.pk}').update(state='closed')")
    assert served(ride, now) == set()
    assert not _holds(request)
    _elsewhere(f"filter(pk='{request.pk}').update(state='open')")
    assert served(ride, now) == {request.pk}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_matching_waits_for_a_booking_without_holding_what_that_needs_next(cast, now):
    """Whoever books locks the ride and then the request; the other way round, both would hang."""
    ride = offer(cast.driver, now=now)
    request = post(cast.rider, wish(ride), now=now)
    matched = []
    thread = Thread(target=lambda: matched.append(_match_and_close(ride, now)))
    with transaction.atomic():
        Ride.objects.select_for_update().get(pk=ride.pk)
        thread.start()
        _until_somebody_waits()
        assert RideRequest.objects.select_for_update(nowait=True).get(pk=request.pk)
    thread.join(timeout=20)
    assert matched == [1]


def _match_and_close(ride, now):
    try:
        return match_ride(ride_id=ride.pk, now=now)
    finally:
        connection.close()


def _until_somebody_waits():
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting + "wait_event_type = 'Lock'")
            if cursor.fetchone()[0]:
                return
        sleep(0.02)
    raise AssertionError("nobody waits")


def _elsewhere(change):
    code = (
        "import django; django.setup()\n"
        "from rides.models import RideRequest\n"
        f"RideRequest.objects.{change}\n"
    )
    environment = {**os.environ, "DATABASE_URL": servers.test_database_url()}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def _holds(request):
    index = live._demand_of(request.region_id, request.region.network_version)._index
    return any(len(part.rows_of([request.number])) for part in (index._settled, index._recent))
