"""The insertion kernel against brute force: no match lost, none invented."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.engine import (
    CostWeights,
    InsertionTimes,
    RequestWindow,
    RideBatch,
    best_insertions,
    feasible_insertions,
    insertion,
)
from matching.engine.insertion import NO_EARLIEST
from matching.tests.brute import PlainRequest, PlainStop, all_insertions, cost_s, drive

PLACES = 12
WEIGHTS = CostWeights()


@st.composite
def networks(draw):
    """Driving times between places that keep the triangle inequality, as shortest paths do."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    times = rng.integers(1, 600_000, (PLACES, PLACES)).astype(np.int64)
    np.fill_diagonal(times, 0)
    for via in range(PLACES):
        times = np.minimum(times, times[:, via : via + 1] + times[via : via + 1, :])
    return times


@st.composite
def rides(draw, times):
    """A ride with 2 to 7 stops whose promises hold as planned, with leeway here and there."""
    places = draw(st.lists(st.integers(0, PLACES - 1), min_size=2, max_size=7))
    departure = draw(st.integers(0, 10_000_000))
    plain, aboard, most = [], 0, 0
    for n, node in enumerate(places):
        is_end = n in {0, len(places) - 1}
        change = 0 if is_end else draw(st.sampled_from([1, -1] if aboard else [1]))
        aboard += change
        most = max(most, aboard)
        plain.append(PlainStop(node, None, 2**60, change, 0 if is_end else 60_000))
    moments = drive(plain, departure, times)
    stops = []
    for stop, at in zip(plain, moments, strict=True):
        leeway = draw(st.integers(0, 900_000))
        waits = stop.change > 0
        stops.append(
            PlainStop(stop.node, at if waits else None, at + leeway, stop.change, stop.stand)
        )
    return stops, departure, draw(st.integers(max(1, most), 5))


@st.composite
def requests(draw):
    """A request with one to three meeting points at each end."""
    ends = st.tuples(st.integers(0, PLACES - 1), st.integers(0, 12_000_000))
    return PlainRequest(
        pickups=draw(st.lists(ends, min_size=1, max_size=3)),
        dropoffs=draw(st.lists(ends, min_size=1, max_size=3)),
        seats=draw(st.integers(1, 3)),
        stand=60_000,
    )


@st.composite
def situations(draw):
    """A network, some rides on it, and a request."""
    times = draw(networks())
    return times, draw(st.lists(rides(times), min_size=1, max_size=4)), draw(requests())


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(situation=situations())
def test_every_feasible_insertion_is_found_and_no_other(situation):
    times, some_rides, request = situation
    arguments = as_arrays(times, some_rides, request)
    for r, (stops, departure, seats) in enumerate(some_rides):
        truth = all_insertions(stops, departure, seats, request, times)
        found = {
            (f.pickup_after, f.dropoff_after, f.pickup, f.dropoff): (
                f.pickup_ms,
                f.dropoff_ms,
                f.arrival_ms,
            )
            for f in feasible_insertions(r, *arguments, WEIGHTS)
        }
        assert found == truth


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(situation=situations())
def test_the_best_is_the_cheapest_of_all(situation):
    times, some_rides, request = situation
    arguments = as_arrays(times, some_rides, request)
    for r, best in enumerate(best_insertions(*arguments, WEIGHTS)):
        every = feasible_insertions(r, *arguments, WEIGHTS)
        assert (best is None) == (not every)
        if best is not None:
            assert best.cost_s == every[0].cost_s


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(situation=situations(), seed=st.integers(0, 2**32 - 1))
def test_an_insertion_costs_what_its_parts_are_worth(situation, seed):
    times, some_rides, request = situation
    dice = np.random.default_rng(seed)
    batch, window, table = as_arrays(times, some_rides, request, anchor=int(dice.integers(10**7)))
    batch, window = priced(batch, window, dice)
    window = replace(window, anchored_at_arrival=bool(dice.integers(2)))
    weights = CostWeights(*dice.choice([0.0, 0.5, 1.0, 3.7], 4).tolist())
    for r, (stops, departure, _seats) in enumerate(some_rides):
        alone = drive(stops, departure, times)[-1]
        for found in feasible_insertions(r, batch, window, table, weights):
            truth = cost_s(found, alone, int(batch.handicap_ms[r]), window, weights)
            assert found.cost_s == pytest.approx(truth, rel=1e-12)


def priced(batch, window, dice):
    """Give every ride a handicap, and every pair of meeting points walks and a price."""
    points = len(window.ready_ms), len(window.due_ms)
    return (
        replace(batch, handicap_ms=dice.integers(0, 900_000, len(batch.departure_ms), np.int32)),
        replace(
            window,
            walk_to_ms=dice.integers(0, 600_000, points[0]),
            walk_from_ms=dice.integers(0, 600_000, points[1]),
            price_ms=dice.integers(0, 900_000, points),
        ),
    )


def test_a_dearer_ride_and_a_less_reliable_driver_cost_more():
    times = np.full((PLACES, PLACES), 300_000) - np.eye(PLACES, dtype=np.int64) * 300_000
    ride = [PlainStop(0, None, 0, 0, 0), PlainStop(1, None, 9_000_000, 0, 0)], 0, 4
    request = PlainRequest([(2, 0), (3, 0)], [(4, 9_000_000)], 1, 0)
    batch, window, table = as_arrays(times, [ride, ride], request)
    batch = replace(batch, handicap_ms=np.array([0, 7_000], np.int32))
    window = replace(window, price_ms=np.array([[5_000], [2_000]]))
    first, second = best_insertions(batch, window, table, WEIGHTS)
    assert first.pickup == second.pickup == 1
    assert second.cost_s == first.cost_s + 7


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(situation=situations())
def test_the_compiled_kernel_is_the_one_that_is_written(situation):
    """Run the same source without numba: compiled and plain Python must agree."""
    arguments = as_arrays(*situation)
    compiled = [feasible_insertions(r, *arguments, WEIGHTS) for r in range(len(situation[1]))]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("drive_on", "insertion_cost", "_enumerate", "_best"):
            patch.setattr(insertion, name, getattr(insertion, name).py_func)
        plain = [feasible_insertions(r, *arguments, WEIGHTS) for r in range(len(situation[1]))]
        best = best_insertions(*arguments, WEIGHTS)
    assert compiled == plain
    assert [b.cost_s if b else None for b in best] == [p[0].cost_s if p else None for p in plain]


def test_more_walking_costs_more():
    times = np.full((PLACES, PLACES), 300_000) - np.eye(PLACES, dtype=np.int64) * 300_000
    stops = [PlainStop(0, None, 0, 0, 0), PlainStop(1, None, 9_000_000, 0, 0)]
    request = PlainRequest([(2, 0), (3, 0)], [(4, 9_000_000)], 1, 0)
    batch, window, table = as_arrays(times, [(stops, 0, 4)], request)
    window.walk_to_ms[:] = [600_000, 0]
    assert best_insertions(batch, window, table, WEIGHTS)[0].pickup == 1


def test_an_arrival_near_the_wished_time_is_better():
    times = np.full((PLACES, PLACES), 300_000) - np.eye(PLACES, dtype=np.int64) * 300_000
    early = [PlainStop(0, None, 0, 0, 0), PlainStop(1, None, 9_000_000, 0, 0)]
    late = [PlainStop(0, None, 9_000_000, 0, 0), PlainStop(1, None, 99_000_000, 0, 0)]
    request = PlainRequest([(2, 0)], [(4, 90_000_000)], 1, 0)
    batch, window, table = as_arrays(
        times, [(early, 0, 4), (late, 8_000_000, 4)], request, anchor=9_000_000, arrive=True
    )
    first, second = best_insertions(batch, window, table, WEIGHTS)
    assert second.cost_s < first.cost_s


def as_arrays(times, some_rides, request, *, anchor=0, arrive=False):
    """Return the kernel's arguments for plain rides and a plain request."""
    every = [stop for stops, _departure, _seats in some_rides for stop in stops]
    nodes = np.array([stop.node for stop in every])
    legs, aboard = [], []
    for stops, _departure, _seats in some_rides:
        legs += [0, *(times[a.node, b.node] for a, b in pairwise(stops))]
        aboard += np.cumsum([stop.change for stop in stops]).tolist()
    sizes = [len(stops) for stops, _departure, _seats in some_rides]
    batch = RideBatch(
        start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        departure_ms=np.array([departure for _stops, departure, _seats in some_rides], np.int64),
        seats_offered=np.array([seats for _stops, _departure, seats in some_rides], np.int32),
        leg_ms=np.array(legs, np.int32),
        earliest_ms=np.array(
            [NO_EARLIEST if s.earliest is None else s.earliest for s in every], np.int64
        ),
        latest_ms=np.array([stop.latest for stop in every], np.int64),
        boarding_ms=np.array([stop.stand for stop in every], np.int32),
        seats_after=np.array(aboard, np.int32),
    )
    pickups = np.array([node for node, _ready in request.pickups])
    dropoffs = np.array([node for node, _due in request.dropoffs])
    window = RequestWindow(
        ready_ms=np.array([ready for _node, ready in request.pickups], np.int64),
        due_ms=np.array([due for _node, due in request.dropoffs], np.int64),
        walk_to_ms=np.zeros(len(pickups), np.int64),
        walk_from_ms=np.zeros(len(dropoffs), np.int64),
        anchor_ms=anchor,
        anchored_at_arrival=arrive,
        seats=request.seats,
        boarding_ms=request.stand,
    )
    table = InsertionTimes(
        to_pickup=times[np.ix_(nodes, pickups)].astype(np.int32),
        from_pickup=np.ascontiguousarray(times[np.ix_(pickups, nodes)].T.astype(np.int32)),
        to_dropoff=times[np.ix_(nodes, dropoffs)].astype(np.int32),
        from_dropoff=np.ascontiguousarray(times[np.ix_(dropoffs, nodes)].T.astype(np.int32)),
        direct=times[np.ix_(pickups, dropoffs)].astype(np.int32),
    )
    return batch, window, table
