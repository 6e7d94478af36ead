"""What an organization finds good decides which ride comes first; every number can be checked."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import numpy as np
import pytest

from accounts.models import Policies
from accounts.services import change_policies
from accounts.tests.factories import HOME_NORTH, WORKSHOP, MemberFactory
from carpool.kernel.money import Money
from maps.selectors import load_network, meeting_points
from maps.selectors.routes import drive_lengths_m
from matching.models import RankingPolicy
from matching.selectors import get_ranking, search
from matching.selectors.ranking import (
    LATE,
    UNKNOWN,
    Reliability,
    compare_examples,
    count_kept_rides,
)
from matching.services import book_offer
from rides.models import Ride
from rides.services import cancel_booking
from rides.tests.factories import book, offer, wish

pytestmark = pytest.mark.usefixtures("city")


def another_ride(cast, now, **changes):
    driver = MemberFactory(organization=cast.organization, car=True)
    return offer(driver, now=now, **changes)


def remember(ride, count, now, *, notice=None, **facts):
    """Write down what became of seats that the driver of a ride gave away on earlier days."""
    booking = book(MemberFactory(organization=ride.organization), ride, now=now)
    for number in range(count):
        booking.pk = uuid4()
        booking.rider = MemberFactory(organization=ride.organization)
        booking.pickup_at = now - timedelta(days=number + 1)
        booking.dropoff_at = booking.pickup_at + timedelta(minutes=20)
        booking.cancelled_at = notice and booking.pickup_at - notice
        for name, value in facts.items():
            setattr(booking, name, value)
        booking.save(force_insert=True)


def test_the_parts_of_the_cost_sum_up_to_it_and_are_what_the_offer_says(cast, now):
    ride = offer(cast.driver, now=now)
    query = wish(ride)
    shown = search(cast.rider, query, now=now).offers[0]
    parts = shown.costs
    total = sum(getattr(parts, name) for name in parts.__slots__)
    assert total == pytest.approx(shown.cost_s, abs=0.001)
    assert parts.riding_s == pytest.approx((shown.dropoff.at - shown.pickup.at).total_seconds())
    walked_s = (shown.pickup.walk_m + shown.dropoff.walk_m) / 1.2
    assert parts.walking_s == pytest.approx(2 * walked_s, abs=0.01)
    assert parts.detour_s == pytest.approx(shown.detour_s, abs=1)
    leave_at = shown.pickup.at - timedelta(seconds=shown.pickup.walk_m / 1.2)
    shift_s = (leave_at - query.earliest_departure_at).total_seconds()
    assert parts.shift_s == pytest.approx(shift_s / 2, abs=0.01)
    assert parts.reliability_s == pytest.approx(60)


def test_the_price_follows_the_direct_way(cast, city, now):
    shown = search(cast.rider, wish(offer(cast.driver, now=now)), now=now).offers[0]
    network = load_network(city)
    ends = [shown.pickup.location, shown.dropoff.location]
    nodes = network.nearest_nodes(np.array([e.lon for e in ends]), np.array([e.lat for e in ends]))
    metres = network.route(nodes.tolist()).distance_m
    assert shown.price == Money(round(6 * metres / 1000), "EUR")
    assert shown.costs.price_s == pytest.approx(metres / 1000 * 6 / 1000 * 3600, abs=0.1)


def test_lengths_from_labels_are_those_of_the_routes(city):
    network = load_network(city)
    a, b = (
        meeting_points(city, place, walk_m=800, limit=4).nodes for place in (HOME_NORTH, WORKSHOP)
    )
    lengths = drive_lengths_m(city, a, b)
    for i, start in enumerate(a):
        for j, end in enumerate(b):
            route = network.route([int(start), int(end)])
            assert lengths[i, j] <= route.distance_m + len(route.geometry) / 10
            assert lengths[i, j] == pytest.approx(route.distance_m, rel=0.05)


def test_two_seats_cost_twice_as_much(cast, now):
    ride = offer(cast.driver, now=now)
    one, two = (
        search(cast.rider, wish(ride, seats=n), now=now).offers[0].price.minor for n in (1, 2)
    )
    assert abs(two - 2 * one) <= 1


@pytest.mark.parametrize(
    ("currency", "rate", "expected"),
    [("EUR", None, 60), ("KRW", None, 900), ("EUR", Decimal("7.5"), 75), ("XAU", None, None)],
)
def test_a_price_is_in_the_currencys_own_rate_unless_the_organization_has_one(
    currency, rate, expected
):
    policy = RankingPolicy(Policies(price_minor_per_km=rate), currency)
    price = policy.price(10_000, seats=1)
    assert price == (None if expected is None else Money(expected, currency))
    assert (policy.ms_per_metre > 0) is (expected is not None)


def test_weights_decide_which_ride_comes_first(cast, now):
    soon = offer(cast.driver, now=now, hours=24)
    later = another_ride(cast, now, hours=24.5)
    query = wish(soon, arrive=True, latest_arrival_at=later.arrive_latest_at)
    organization = cast.organization

    def order():
        return [o.ride.pk for o in search(cast.rider, query, now=now).offers]

    first = order()
    change_policies(organization=organization, values={"shift": 10}, by=None, now=now)
    assert order() == [later.pk, soon.pk], "who is punctual wins where shift counts most"
    only_walk = {"shift": 0, "riding": 0, "detour": 0, "unreliable_s": 0}
    change_policies(organization=organization, values=only_walk, by=None, now=now)
    again = order()
    assert again == order()
    assert set(first) == set(again) == {soon.pk, later.pk}


def test_equal_rides_come_in_a_fixed_order(cast, now):
    rides = [another_ride(cast, now) for _ in range(4)]
    departure = rides[0].departure_at
    Ride.objects.filter(pk__in=[r.pk for r in rides]).update(departure_at=departure)
    found = [o.ride.pk for o in search(cast.rider, wish(rides[0]), now=now).offers]
    assert found == sorted(r.pk for r in rides)


def test_another_organization_ranks_by_its_own_policy(cast, now):
    change_policies(organization=cast.organization, values={"walking": 5}, by=None, now=now)
    assert get_ranking(cast.organization).weights.walk == 5
    assert get_ranking(cast.outsider.organization).weights.walk == 2


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"state": "validated", "outcome": "pay"}, Reliability(kept=3)),
        (
            {
                "state": "validated",
                "outcome": "release",
                "rider_answer": False,
                "driver_answer": None,
            },
            Reliability(broken=3),
        ),
        ({"state": "validated", "outcome": "dispute"}, UNKNOWN),
        ({"state": "cancelled", "notice": LATE / 2}, Reliability(broken=3)),
        ({"state": "cancelled", "notice": LATE * 2}, UNKNOWN),
    ],
)
def test_reliability_is_what_became_of_the_promised_seats(cast, now, facts, expected):
    ride = offer(cast.driver, now=now)
    who = {"cancelled_by": cast.driver} if facts["state"] == "cancelled" else {}
    remember(ride, 3, now, **facts, **who)
    known = count_kept_rides([cast.driver.pk, cast.colleague.pk], now=now)
    assert known.get(cast.driver.pk, UNKNOWN) == expected
    assert cast.colleague.pk not in known


def test_what_a_rider_calls_off_says_nothing_of_the_driver(cast, now):
    ride = offer(cast.driver, now=now, hours=2)
    booking = book(cast.rider, ride, now=now)
    cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
    assert count_kept_rides([cast.driver.pk], now=now + timedelta(days=1)) in (
        {},
        {cast.driver.pk: UNKNOWN},
    )


def test_a_new_driver_is_not_condemned_and_one_slip_weighs_less_with_much_behind_it():
    assert UNKNOWN.expected_share == pytest.approx(0.9)
    veteran, beginner = Reliability(kept=24, broken=1), Reliability(kept=0, broken=1)
    assert veteran.expected_share > UNKNOWN.expected_share > beginner.expected_share
    policy = RankingPolicy(Policies(), "EUR")
    assert beginner.handicap_ms(policy) > UNKNOWN.handicap_ms(policy) > 0


def test_the_more_reliable_driver_comes_first(cast, now):
    shaky, steady = offer(cast.driver, now=now), another_ride(cast, now)
    Ride.objects.filter(pk=steady.pk).update(departure_at=shaky.departure_at)
    earlier = offer(cast.driver, now=now, hours=48)
    remember(earlier, 5, now, state="validated", outcome="release", rider_answer=False)
    offers = search(cast.rider, wish(shaky), now=now).offers
    assert [o.ride.pk for o in offers] == [steady.pk, shaky.pk]
    assert offers[1].reliability == Reliability(broken=5)
    assert offers[1].costs.reliability_s > offers[0].costs.reliability_s


def test_what_was_shown_is_booked_whatever_the_weights(cast, now):
    change_policies(
        organization=cast.organization, values={"walking": 0, "detour": 10}, by=None, now=now
    )
    shown = search(cast.rider, wish(offer(cast.driver, now=now)), now=now).offers[0]
    booking = book_offer(rider=cast.rider, token=shown.token, now=now)
    assert (booking.walk_to_m, booking.walk_from_m) == (shown.pickup.walk_m, shown.dropoff.walk_m)
    assert abs((booking.pickup_at - shown.pickup.at).total_seconds()) < 1


def test_ranking_takes_one_query_for_many_rides(cast, now, django_assert_num_queries):
    rides = [another_ride(cast, now) for _ in range(5)]
    with django_assert_num_queries(1):
        ranking = get_ranking(cast.organization)
        known = ranking.knowing(rides, now=now)
        assert known.handicaps_ms(rides).tolist() == [60_000] * 5
        assert known.knowing(rides, now=now) is known


@pytest.mark.parametrize(("walking", "prefers_the_door"), [(3, True), (0, False)])
def test_who_loves_to_walk_prefers_the_other_example(walking, prefers_the_door):
    policy = RankingPolicy(Policies(walking=Decimal(walking)), "EUR")
    near, far = (sum(ride.values()) for ride in compare_examples(policy))
    assert (near < far) is prefers_the_door
