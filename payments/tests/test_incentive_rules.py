"""What a rule gives whom: worth, caps, places and hours, in any order."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.engine.incentives import (
    Limit,
    Role,
    Terms,
    Trip,
    Used,
    may_take_back,
    reward,
    simulate,
    takes,
    worth,
)
from payments.engine.rules import RewardRules
from payments.tests.test_after_settlement import NOW, SECOND

MONDAY = date(2026, 11, 23)
BOTH = frozenset(Role)
PLAIN = Terms(roles=BOTH, first_day=date(2026, 1, 1), per_trip=600)
TRIP = Trip(
    booking="b1", ride="r1", people=(("D", Role.DRIVER), ("R", Role.RIDER)), day=MONDAY,
    minute=8 * 60, distance_m=12_345, proof_class="C", site_m=40.0, way="to:s",
)  # fmt: skip


def trip(number, **changes):
    return replace(TRIP, booking=f"b{number}", ride=f"r{number}", way="", **changes)


def amounts(given_):
    return {(one.person, one.amount, one.limit) for one in given_}


def test_a_trip_pays_both_or_only_one_of_them():
    assert amounts(reward(PLAIN, TRIP, Used())) == {("D", 600, None), ("R", 600, None)}
    for role, person in ((Role.DRIVER, "D"), (Role.RIDER, "R")):
        terms = replace(PLAIN, roles=frozenset({role}))
        assert amounts(reward(terms, TRIP, Used())) == {(person, 600, None)}


def test_kilometres_are_paid_by_the_metre_and_rounded_down():
    terms = replace(PLAIN, per_trip=0, per_km=100)
    assert worth(terms, TRIP, Role.RIDER) == 1_234
    assert worth(terms, replace(TRIP, distance_m=9), Role.RIDER) == 0
    assert reward(terms, replace(TRIP, distance_m=9), Used()) == []


def test_a_driver_with_two_passengers_makes_one_trip_and_is_paid_for_each_of_them():
    terms = replace(PLAIN, per_passenger=100, roles=frozenset({Role.DRIVER}))
    used = Used()
    first = reward(terms, TRIP, used)
    second = reward(terms, replace(TRIP, booking="b2"), used)
    assert [one.amount for one in first + second] == [700, 100]
    riders = replace(PLAIN, per_trip=0, per_passenger=100, roles=frozenset({Role.RIDER}))
    assert reward(riders, TRIP, Used()) == []


@pytest.mark.parametrize(
    ("terms", "trip_"),
    [
        ({}, {"proof_class": "B"}),
        ({"least_class": "B"}, {"proof_class": "A"}),
        ({"first_day": MONDAY + timedelta(days=1)}, {}),
        ({"last_day": MONDAY - timedelta(days=1)}, {}),
        ({"weekdays": frozenset({1, 2})}, {}),
        ({"from_minute": 8 * 60 + 1, "until_minute": 600}, {}),
        ({"from_minute": 7 * 60, "until_minute": 8 * 60}, {}),
        ({"from_minute": 22 * 60, "until_minute": 6 * 60}, {}),
        ({"zone_m": 100}, {"site_m": 100.1}),
        ({"zone_m": 100}, {"site_m": None}),
    ],
)
def test_what_a_rule_does_not_take_it_does_not_pay(terms, trip_):
    changed, other = replace(PLAIN, **terms), replace(TRIP, **trip_)
    assert not takes(changed, other)
    assert reward(changed, other, Used()) == []


@pytest.mark.parametrize(
    ("terms", "trip_"),
    [
        ({"last_day": MONDAY, "first_day": MONDAY}, {}),
        ({"least_class": "B"}, {"proof_class": "B"}),
        ({"from_minute": 8 * 60, "until_minute": 8 * 60 + 1}, {}),
        ({"from_minute": 22 * 60, "until_minute": 6 * 60}, {"minute": 23 * 60}),
        ({"from_minute": 22 * 60, "until_minute": 6 * 60}, {"minute": 0}),
        ({"zone_m": 100}, {"site_m": 100.0}),
    ],
)
def test_the_edges_belong_to_it(terms, trip_):
    assert takes(replace(PLAIN, **terms), replace(TRIP, **trip_))


def test_each_way_counts_once_a_day_and_four_trips_do():
    used = Used()
    reward(PLAIN, TRIP, used)
    again = replace(TRIP, booking="b2", ride="r2")
    assert amounts(reward(PLAIN, again, used)) == {
        ("D", 0, Limit.SAME_WAY), ("R", 0, Limit.SAME_WAY),
    }  # fmt: skip
    back = replace(TRIP, booking="b3", ride="r3", way="from:s")
    assert all(one.amount == 600 for one in reward(PLAIN, back, used))
    for number in (4, 5):
        assert all(one.amount == 600 for one in reward(PLAIN, trip(number), used))
    assert {one.limit for one in reward(PLAIN, trip(6), used)} == {Limit.TRIPS}
    tomorrow = replace(TRIP, booking="b7", ride="r7", day=MONDAY + timedelta(days=1))
    assert all(one.amount == 600 for one in reward(PLAIN, tomorrow, used))


@pytest.mark.parametrize(
    ("cap", "limit"),
    [
        ({"most_a_day": 500}, Limit.DAY),
        ({"most_a_month": 500}, Limit.MONTH),
        ({"most_a_year": 500}, Limit.YEAR),
    ],
)
def test_a_cap_leaves_the_rest_and_then_nothing(cap, limit):
    terms, used = replace(PLAIN, roles=frozenset({Role.RIDER}), **cap), Used()
    assert amounts(reward(terms, trip(1), used)) == {("R", 500, limit)}
    assert amounts(reward(terms, trip(2), used)) == {("R", 0, limit)}


def test_the_total_and_the_money_are_shared_by_everybody():
    assert amounts(reward(replace(PLAIN, total=700), trip(1), Used())) == {
        ("D", 600, None), ("R", 100, Limit.TOTAL),
    }  # fmt: skip
    assert amounts(reward(PLAIN, trip(1), Used(), money=700)) == {
        ("D", 600, None), ("R", 100, Limit.MONEY),
    }  # fmt: skip


caps = st.none() | st.integers(0, 3_000)
many_terms = st.builds(
    Terms,
    roles=st.sampled_from([BOTH, frozenset({Role.DRIVER}), frozenset({Role.RIDER})]),
    first_day=st.just(date(2026, 1, 1)),
    per_trip=st.integers(0, 900),
    per_km=st.integers(0, 90),
    per_passenger=st.integers(0, 300),
    most_a_day=caps, most_a_month=caps, most_a_year=caps, total=caps,
    most_trips=st.integers(1, 5),
)  # fmt: skip
many_trips = st.lists(
    st.builds(
        Trip,
        booking=st.uuids().map(str),
        ride=st.sampled_from([f"r{n}" for n in range(6)]),
        people=st.sampled_from([
            (("D", Role.DRIVER), ("R", Role.RIDER)), (("R", Role.DRIVER), ("D", Role.RIDER)),
            (("D", Role.DRIVER),), (("E", Role.RIDER),),
        ]),
        day=st.dates(date(2026, 12, 30), date(2027, 1, 3)),
        minute=st.integers(0, 1439),
        distance_m=st.integers(0, 60_000),
        proof_class=st.sampled_from("ABC"),
        way=st.sampled_from(["", "to:s", "from:s"]),
    ),
    max_size=14,
)  # fmt: skip


@given(many_terms, many_trips, caps)
def test_no_cap_is_ever_passed_and_every_sum_is_exact(terms, trips, money):
    used, left, got = Used(), money, []
    for one in trips:
        given_ = reward(terms, one, used, money=left)
        left = None if left is None else left - sum(row.amount for row in given_)
        got += [(one, row) for row in given_]
    total = sum(row.amount for _trip, row in got)
    assert used.total == total
    assert total <= min(most for most in (terms.total, money, 10**9) if most is not None)
    for key, most in (
        (lambda t: t.day, terms.most_a_day),
        (lambda t: (t.day.year, t.day.month), terms.most_a_month),
        (lambda t: t.day.year, terms.most_a_year),
    ):
        sums: dict = {}
        for one, row in got:
            sums[row.person, key(one)] = sums.get((row.person, key(one)), 0) + row.amount
        assert all(most is None or spent <= most for spent in sums.values())
    for _trip, row in got:
        assert 0 <= row.amount <= row.worth
        assert (row.limit is None) == (row.amount == row.worth)
    paid_rides: dict = {}
    for one, row in got:
        if row.amount:
            paid_rides.setdefault((row.person, one.day), set()).add(one.ride)
    assert all(len(rides) <= terms.most_trips for rides in paid_rides.values())


@given(
    st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 2)), min_size=1, max_size=4),
    caps,
    caps,
)
def test_within_a_day_the_order_of_trips_changes_no_sum(ways, day, month):
    terms = replace(PLAIN, per_km=37, most_a_day=day, most_a_month=month, most_trips=20)
    trips = [
        trip(number, distance_m=distance, people=((f"P{who}", Role.RIDER),))
        for number, (distance, who) in enumerate(ways)
    ]
    sums = set()
    for order in permutations(trips):
        used = Used()
        for one in order:
            reward(terms, one, used)
        sums.add(tuple(sorted(used.days.items())))
    assert len(sums) == 1


@given(many_terms, many_trips)
def test_a_trial_tells_what_the_rule_would_have_given(terms, trips):
    used = Used()
    given_ = [row for one in trips for row in reward(terms, one, used)]
    told = simulate(terms, trips)
    assert told.cost == sum(row.amount for row in given_) == used.total
    assert told.cost == sum(cost for cost, _people in told.months.values())
    assert told.worth == sum(row.worth for row in given_)
    assert sum(told.limits.values()) == sum(row.limit is not None for row in given_)
    assert told.people == len({row.person for row in given_ if row.amount})


def test_thirty_days_are_time_to_take_back():
    rules = RewardRules()
    assert may_take_back(NOW + timedelta(days=30) - SECOND, NOW, rules)
    assert not may_take_back(NOW + timedelta(days=30), NOW, rules)
