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
from matching.selectors.ranking import compare_examples, handicap_ms
from matching.services import book_offer
from rides.engine import Kind, Weighed
from rides.models import Deed, Ride
from rides.selectors import UNKNOWN, Reliability, who_kept
from rides.services import cancel_booking
from rides.tests.factories import book, offer, wish

pytestmark = pytest.mark.usefixtures("city")


def another_ride(cast, now, **changes):
    driver = MemberFactory(organization=cast.organization, car=True)
    return offer(driver, now=now, **changes)


def remember(ride, count, kind, now):
    """Write down what the driver of a ride did on earlier days, with a rider each."""
    booking = book(MemberFactory(organization=ride.organization), ride, now=now)
    for number in range(count):
        booking.pk, booking.state = uuid4(), "validated"
        booking.rider = MemberFactory(organization=ride.organization)
        booking.save(force_insert=True)
        Deed.objects.create(
            member=ride.driver, booking=booking, role="driver", kind=kind,
            at=now - timedelta(days=number + 1),
        )  # fmt: skip


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


def test_what_a_rider_calls_off_says_nothing_of_the_driver(cast, now):
    ride = offer(cast.driver, now=now, hours=2)
    booking = book(cast.rider, ride, now=now)
    cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
    later = get_ranking(cast.organization).knowing([ride], now=now + timedelta(days=1))
    assert later.reliability(ride) == UNKNOWN


def test_a_score_costs_at_most_what_the_organization_says_and_nobody_new_is_condemned():
    policy = RankingPolicy(Policies(unreliable_s=600), "EUR")
    costs = [handicap_ms(one, policy) for one in (who_kept(1000), UNKNOWN, who_never_came(1000))]
    assert costs == sorted(costs)
    assert costs[1] == 60_000
    assert 0 < costs[0] < 60_000
    assert costs[2] < 600_000
    assert handicap_ms(who_never_came(1000), RankingPolicy(Policies(unreliable_s=0), "EUR")) == 0


def who_never_came(rides):
    return Reliability(
        deeds={"no_show": rides}, weighed=Weighed(deeds={Kind.NO_SHOW: float(rides)})
    )


def test_the_more_reliable_driver_comes_first(cast, now):
    shaky, steady = offer(cast.driver, now=now), another_ride(cast, now)
    Ride.objects.filter(pk=steady.pk).update(departure_at=shaky.departure_at)
    earlier = offer(cast.driver, now=now, hours=48)
    remember(earlier, 5, "no_show", now)
    offers = search(cast.rider, wish(shaky), now=now).offers
    assert [o.ride.pk for o in offers] == [steady.pk, shaky.pk]
    assert (offers[1].reliability.kept, offers[1].reliability.total) == (0, 5)
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
