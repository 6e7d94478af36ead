"""Search on the demo city's streets: complete, within the walk, explained, for colleagues only."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import translation

from accounts.tests.factories import HOME_NORTH, PORT, WORKSHOP, MemberFactory
from carpool.kernel.geo import LonLat, crow_fly_m, walking_time
from maps.errors import OffNetwork, OutsideMap
from matching import selectors
from matching.selectors import SearchQuery, evaluate, explain, search, with_stops
from matching.services import book_offer
from rides.errors import ArrivalBeforeDeparture, InThePast, RideChanged, TooClose
from rides.models import Ride
from rides.services import OfferTerms, TripEnd, cancel_booking, offer_ride
from rides.tests.factories import book, offer, offer_token, wish

pytestmark = pytest.mark.usefixtures("city")


def test_no_ride_that_serves_the_wish_is_lost_by_the_prefilter(cast, city, now):
    dice = random.Random(11)
    for _ in range(40):
        _random_ride(cast.organization, dice, now)
    everything = list(with_stops(Ride.objects.all()))
    lost, found_in_all = 0, 0
    for _ in range(40):
        query = _random_query(dice, now)
        try:
            truth = {f.ride.pk for f in evaluate(everything, city, query)}
        except (OutsideMap, OffNetwork):
            continue
        kept = {r.pk for r in selectors.candidate_rides(cast.rider, city, query, now=now)}
        found_in_all += len(truth)
        lost += len(truth - kept)
    assert found_in_all > 20, "the sample must have something to lose"
    assert lost == 0


def test_an_offer_keeps_the_riders_times_and_walk(cast, now):
    ride = offer(cast.driver, now=now)
    query = wish(ride, walk_m=500)
    best = search(cast.rider, query, now=now).offers[0]
    assert best.pickup.walk_m <= 500
    assert best.dropoff.walk_m <= 500
    assert best.pickup.at >= query.earliest_departure_at + walking_time(best.pickup.walk_m)
    assert best.dropoff.at + walking_time(best.dropoff.walk_m) <= query.latest_arrival_at
    assert best.detour_s <= ride.detour_s
    assert crow_fly_m(best.pickup.location, HOME_NORTH) <= 500


def test_the_explanation_carries_the_numbers(cast, now):
    ride = offer(cast.driver, now=now)
    best = search(cast.rider, wish(ride), now=now).offers[0]
    with translation.override("en"):
        walk, detour, together, price = explain(best)
    assert f"{best.shared_distance_m / 1000:.1f} km" in together
    assert "walk" in walk
    assert "driver" in detour
    assert str(best.price) in price
    assert best.saved_co2_g > 0
    assert best.rider_duration_s > (best.dropoff.at - best.pickup.at).total_seconds()


def test_a_rider_going_the_other_way_is_not_offered_the_ride(cast, now):
    ride = offer(cast.driver, now=now)
    back = wish(ride, origin=TripEnd(PORT, ""), destination=TripEnd(HOME_NORTH, ""))
    assert search(cast.rider, back, now=now).offers == []


def test_rides_of_others_only(cast, now):
    ride = offer(cast.driver, now=now)
    assert search(cast.rider, wish(ride), now=now).offers
    assert search(cast.driver, wish(ride), now=now).offers == []
    assert search(cast.outsider, wish(ride), now=now).offers == []


def test_full_cancelled_and_departed_rides_are_not_offered(cast, now):
    ride = offer(cast.driver, now=now, seats=1)
    query = wish(ride)
    assert search(cast.colleague, query, now=ride.departure_at).offers == []
    book(cast.rider, ride, now=now)
    assert search(cast.colleague, query, now=now).offers == []


def test_a_limit_in_metres_is_kept(cast, now):
    generous = offer(cast.driver, now=now, hours=24)
    query = wish(generous, walk_m=100)
    detour_m = _detour_m(cast.rider, generous, query, now)
    assert detour_m > 50, "the wish must cost metres"
    Ride.objects.filter(pk=generous.pk).update(detour_m=detour_m // 2)
    for stingy in search(cast.colleague, query, now=now).offers:
        booking = book(cast.colleague, generous, now=now, walk_m=100)
        generous.refresh_from_db()
        assert generous.distance_m <= generous.solo_distance_m + detour_m // 2 + 10, stingy
        cancel_booking(booking_id=booking.pk, by=cast.colleague, reason="", now=now)
    Ride.objects.filter(pk=generous.pk).update(detour_m=detour_m + 100)
    assert search(cast.colleague, query, now=now).offers


def test_offers_come_best_first_and_always_in_the_same_order(cast, now):
    for number in range(4):
        driver = MemberFactory(organization=cast.organization, car=True)
        ride = offer(driver, now=now, hours=24 + number / 4)
    query = wish(ride)
    offers = search(cast.rider, query, now=now).offers
    assert len(offers) == 4
    assert [o.cost_s for o in offers] == sorted(o.cost_s for o in offers)
    again = search(cast.rider, query, now=now).offers
    assert [o.ride.pk for o in offers] == [o.ride.pk for o in again]


def test_searching_takes_the_same_queries_for_one_ride_and_for_many(
    cast, now, django_assert_max_num_queries
):
    ride = offer(cast.driver, now=now)
    query = wish(ride)
    search(cast.rider, query, now=now)  # reads what is new into memory, once
    with django_assert_max_num_queries(9) as one:
        search(cast.rider, query, now=now)
    for number in range(5):
        driver = MemberFactory(organization=cast.organization, car=True)
        book(
            cast.colleague if number == 0 else MemberFactory(organization=cast.organization),
            offer(driver, now=now),
            now=now,
        )
    search(cast.rider, query, now=now)
    with django_assert_max_num_queries(8) as many:
        assert len(search(cast.rider, query, now=now).offers) == 6
    assert len(one) == len(many) + 1, "few offers: one more to look for near misses"


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        (
            lambda q: {"latest_arrival_at": q.earliest_departure_at},
            ArrivalBeforeDeparture,
            "latest_arrival_at",
        ),
        (lambda _q: {"origin": TripEnd(LonLat(0, 0), "")}, OutsideMap, "origin"),
        (lambda _q: {"destination": TripEnd(LonLat(0, 0), "")}, OutsideMap, "destination"),
    ],
)
def test_a_bad_search_names_the_field(cast, now, change, error, field):
    ride = offer(cast.driver, now=now)
    with pytest.raises(error) as caught:
        search(cast.rider, wish(ride, **change(wish(ride))), now=now)
    assert list(caught.value.fields) == [field]


def test_a_search_in_the_past_is_refused(cast, now):
    ride = offer(cast.driver, now=now)
    with pytest.raises(InThePast):
        search(cast.rider, wish(ride), now=now + timedelta(days=3))


def test_a_ride_that_no_longer_passes_is_refused_when_it_is_booked(cast, now):
    ride = offer(cast.driver, now=now)
    token = offer_token(cast.rider, ride, now=now)
    Ride.objects.filter(pk=ride.pk).update(arrive_latest_at=ride.arrival_at)
    ride.stops.filter(kind="destination").update(latest_at=ride.arrival_at)
    with pytest.raises(RideChanged):
        book_offer(rider=cast.rider, token=token, now=now)
    assert ride.stops.count() == 2


def _detour_m(rider, ride, query, now):
    booking = book(rider, ride, now=now, walk_m=query.walk_m)
    ride.refresh_from_db()
    extra = ride.distance_m - ride.solo_distance_m
    cancel_booking(booking_id=booking.pk, by=rider, reason="", now=now)
    return extra


def _somewhere(dice):
    centre = dice.choice((HOME_NORTH, WORKSHOP, PORT))
    return LonLat(centre.lon + dice.uniform(-0.01, 0.01), centre.lat + dice.uniform(-0.01, 0.01))


def _random_ride(organization, dice, now):
    driver = MemberFactory(organization=organization, car=True)
    terms = OfferTerms(
        origin=TripEnd(_somewhere(dice)),
        destination=TripEnd(_somewhere(dice)),
        car_id=driver.cars.get().pk,
        seats=3,
        detour_s=dice.choice((60, 300, 900)),
        departure_at=now + timedelta(hours=24, minutes=dice.uniform(0, 90)),
    )
    with suppress(OutsideMap, OffNetwork, TooClose):
        offer_ride(driver=driver, terms=terms, now=now)


def _random_query(dice, now):
    return SearchQuery(
        origin=TripEnd(_somewhere(dice)),
        destination=TripEnd(_somewhere(dice)),
        earliest_departure_at=now + timedelta(hours=24),
        latest_arrival_at=now + timedelta(hours=26),
        walk_m=dice.choice((200, 300, 800)),
    )
