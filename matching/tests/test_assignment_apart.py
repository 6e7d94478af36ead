"""Who must not share a car is known to the search, so that nobody loses a seat to it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.services import block_member, choose_company
from accounts.tests.factories import HOME_NORTH, HOME_SOUTH
from carpool.kernel.geo import offset_m
from matching.engine.assignment import Apart, Part, assign, solve
from matching.models import CarpoolProposal, CommuteRole, Outcome
from matching.tests.assignment_promises import assert_keeps_promises, best_objective_m
from matching.tests.plan_factories import plan
from matching.tests.test_assignment import WHOLE, drive_on, make_people, relaxed, towns
from matching.tests.test_plan_runs import ON_THE_WAY, ask, outcome_of, work


def some_apart(people, seed):
    """Return a few blocked pairs, and groups of which somebody wants their own only."""
    rng = np.random.default_rng(seed)
    count = len(people)
    pairs = people.key[rng.integers(0, count, (3, 2))] if count else np.empty((0, 2), np.int64)
    return Apart(
        key=people.key,
        group=rng.integers(0, 3, count).astype(np.int32),
        own_only=rng.random(count) < 0.2,
        pairs=pairs[pairs[:, 0] != pairs[:, 1]].astype(np.int64),
    )


def may_share(apart):
    """Return the rule in plain Python."""
    blocked = {frozenset(pair) for pair in apart.pairs.tolist()}
    told = {
        key: (group, only)
        for key, group, only in zip(
            apart.key.tolist(), apart.group.tolist(), apart.own_only.tolist(), strict=True
        )
    }

    def may(one, other):
        if frozenset((one, other)) in blocked:
            return False
        (group, only), (others_group, others_only) = told[one], told[other]
        return not (only or others_only) or group == others_group != 0

    return may


@relaxed
@given(roads=towns, count=st.integers(0, 6), seed=st.integers(0, 10**6))
def test_the_best_of_all_cars_in_which_everybody_may_share(roads, count, seed) -> None:
    people = make_people(count, seed, roads)
    apart = some_apart(people, seed)
    drive, rule = drive_on(roads), may_share(apart)
    # What was found before anybody was blocked is no reason to keep them together.
    before = assign(people, roads, WHOLE).cars
    found = solve(Part(people, before), roads, WHOLE, apart)
    assert_keeps_promises(people, found, drive, WHOLE)
    for car in found.cars:
        aboard = (car.driver, *car.riders)
        assert all(rule(one, other) for one in aboard for other in aboard if one != other)
    best = best_objective_m(people, drive, WHOLE, rule)
    assert found.objective_m == pytest.approx(best, abs=0.5)
    assert found.bound_m >= best - 0.01


@pytest.fixture
def one_seat(cast, now):
    """A car with one seat: the rider from farther away would fill it best, the colleague may."""
    near = offset_m(HOME_NORTH, east_m=60, north_m=0)
    plan(cast.driver, CommuteRole.DRIVE, now=now, home=HOME_NORTH, seats=1)
    plan(cast.rider, CommuteRole.RIDE, now=now, home=near)
    plan(cast.colleague, CommuteRole.RIDE, now=now, home=ON_THE_WAY)
    return cast


@pytest.mark.django_db
def test_a_seat_goes_to_who_may_have_it(one_seat, now):
    work(ask(one_seat, now), now)
    seat = CarpoolProposal.objects.get().seats.get()
    assert seat.rider == one_seat.rider, "without a block they fill it best"


@pytest.mark.django_db
@pytest.mark.parametrize("why", ["driver blocks", "rider blocks", "own gender only"])
def test_a_blocked_pair_costs_nobody_a_seat(one_seat, now, why):
    if why == "driver blocks":
        block_member(by=one_seat.driver, other=one_seat.rider, now=now)
    elif why == "rider blocks":
        block_member(by=one_seat.rider, other=one_seat.driver, now=now)
    else:
        for member, gender in ((one_seat.driver, "woman"), (one_seat.colleague, "woman")):
            choose_company(member=member, gender=gender, same_gender_only=True, now=now)
        choose_company(member=one_seat.rider, gender="man", same_gender_only=False, now=now)
    run = work(ask(one_seat, now), now)
    assert CarpoolProposal.objects.get().seats.get().rider == one_seat.colleague
    assert outcome_of(run, one_seat.rider) != Outcome.RIDER


@pytest.mark.django_db
def test_two_riders_kept_apart_do_not_share_a_car(cast, now):
    plan(cast.driver, CommuteRole.DRIVE, now=now, home=HOME_NORTH)
    plan(cast.rider, CommuteRole.RIDE, now=now, home=HOME_SOUTH)
    plan(cast.colleague, CommuteRole.RIDE, now=now, home=ON_THE_WAY)
    block_member(by=cast.rider, other=cast.colleague, now=now)
    work(ask(cast, now), now)
    assert CarpoolProposal.objects.get().seats.count() == 1
