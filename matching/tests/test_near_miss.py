"""Near misses against brute force: one bound, relaxed step by step, until the ride fits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.engine import near_miss
from matching.engine.near_miss import (
    FartherPoints,
    Limits,
    Promise,
    every_relaxation,
    least_relaxations,
)
from matching.tests.brute import PlainRequest, PlainStop, all_insertions, drive
from matching.tests.test_engine import as_arrays

PLACES = 8
# Few and uneven, so that each step can be tried and shares differ.
LIMITS = Limits(earliest_departure_ms=30, latest_arrival_ms=25, walk_m=12, detour_ms=20)


@st.composite
def situations(draw):
    """A few rides and a request on a small network whose times are a handful of milliseconds."""
    dice = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    times = dice.integers(1, 30, (PLACES, PLACES)).astype(np.int64)
    np.fill_diagonal(times, 0)
    for via in range(PLACES):
        times = np.minimum(times, times[:, via : via + 1] + times[via : via + 1, :])
    rides = [draw(ride(times)) for _ in range(draw(st.integers(1, 3)))]
    ends = st.tuples(st.integers(0, PLACES - 1), st.integers(0, 90))
    request = PlainRequest(
        pickups=draw(st.lists(ends, min_size=1, max_size=3)),
        dropoffs=draw(st.lists(ends, min_size=1, max_size=3)),
        seats=draw(st.integers(1, 2)),
        stand=draw(st.integers(1, 3)),
    )
    metres = st.sampled_from([0, 0, 1, 5, 12, 13])
    farther = FartherPoints(
        *(
            np.array([draw(metres) for _ in points], np.int64)
            for points in (request.pickups, request.dropoffs)
        )
    )
    return times, rides, request, farther


@st.composite
def ride(draw, times):
    places = draw(st.lists(st.integers(0, PLACES - 1), min_size=2, max_size=5))
    departure = draw(st.integers(0, 40))
    plain, aboard, most = [], 0, 1
    for n, node in enumerate(places):
        is_end = n in {0, len(places) - 1}
        change = 0 if is_end else draw(st.sampled_from([1, -1] if aboard else [1]))
        aboard += change
        most = max(most, aboard)
        plain.append(PlainStop(node, None, 2**60, change, 0 if is_end else 2))
    stops = []
    for stop, at in zip(plain, drive(plain, departure, times), strict=True):
        waits = at if stop.change > 0 else None
        latest = at + draw(st.integers(0, 25))
        stops.append(PlainStop(stop.node, waits, latest, stop.change, stop.stand))
    return stops, departure, draw(st.integers(most, most + 2))


def fits(ride, request, farther, times, *, earlier=0, later=0, walk=0, detour=0):
    """Say by brute force whether a ride fits when the bounds are relaxed by so much."""
    stops, departure, seats = ride
    stops = [*stops[:-1], replace(stops[-1], latest=stops[-1].latest + detour)]
    relaxed = replace(
        request,
        pickups=[
            (node, ready - earlier)
            for (node, ready), metres in zip(request.pickups, farther.pickup_m, strict=True)
            if metres <= walk
        ],
        dropoffs=[
            (node, due + later)
            for (node, due), metres in zip(request.dropoffs, farther.dropoff_m, strict=True)
            if metres <= walk
        ],
    )
    return bool(all_insertions(stops, departure, seats, relaxed, times))


BOUNDS = {
    Promise.EARLIEST_DEPARTURE: "earlier",
    Promise.LATEST_ARRIVAL: "later",
    Promise.WALK: "walk",
    Promise.DETOUR: "detour",
}


def step_by_step(ride, request, farther, times, promise):
    """Return the first step at which relaxing one bound makes a ride fit; None if none does."""
    steps = range(LIMITS.of(promise) + 1)
    bound = BOUNDS[promise]
    return next((n for n in steps if fits(ride, request, farther, times, **{bound: n})), None)


def arguments(situation):
    times, rides, request, farther = situation
    batch, window, table = as_arrays(times, rides, request)
    return batch, window, farther, table, LIMITS


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(situation=situations())
def test_the_least_relaxation_is_the_one_that_trying_step_by_step_finds(situation):
    times, rides, request, farther = situation
    for one, found in zip(rides, least_relaxations(*arguments(situation)), strict=True):
        truth = {}
        for promise in Promise:
            steps = step_by_step(one, request, farther, times, promise)
            if steps is not None:
                truth[promise] = steps
        if not truth or 0 in truth.values():
            assert found is None
            continue
        share, promise = min((steps / LIMITS.of(p), p) for p, steps in truth.items())
        assert (found.share, found.promise, found.amount) == (share, promise, truth[promise])


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(situation=situations())
def test_the_least_of_every_promise_is_exact(situation):
    times, rides, request, farther = situation
    for r, one in enumerate(rides):
        found = {}
        for relaxation in every_relaxation(r, *arguments(situation)):
            found.setdefault(relaxation.promise, relaxation.amount)
        if fits(one, request, farther, times):
            continue
        for promise in Promise:
            assert found.get(promise) == step_by_step(one, request, farther, times, promise)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(situation=situations())
def test_the_compiled_kernel_is_the_one_that_is_written(situation):
    compiled = least_relaxations(*arguments(situation))
    names = ("drive_on", "_latest_call", "_latest_pickup", "_note", "_relax")
    with pytest.MonkeyPatch.context() as patch:
        for name in (*names, "_least"):
            patch.setattr(near_miss, name, getattr(near_miss, name).py_func)
        assert least_relaxations(*arguments(situation)) == compiled


def test_seats_never_give():
    times = np.full((PLACES, PLACES), 10) - 10 * np.eye(PLACES, dtype=np.int64)
    stops = [PlainStop(0, None, 0, 0, 0), PlainStop(1, None, 35, 0, 0)]
    request = PlainRequest([(2, 0)], [(3, 18)], 2, 1)
    none = FartherPoints(np.zeros(1, np.int64), np.zeros(1, np.int64))
    for seats, promise in ((2, Promise.LATEST_ARRIVAL), (1, None)):
        found = least_relaxations(*arguments((times, [(stops, 0, seats)], request, none)))[0]
        assert (found and found.promise) == promise


def test_what_was_promised_to_riders_aboard_never_gives():
    times = np.full((PLACES, PLACES), 10) - 10 * np.eye(PLACES, dtype=np.int64)
    ends = [PlainStop(0, None, 0, 0, 0), PlainStop(1, None, 40, 0, 0)]
    aboard = [
        ends[0],
        PlainStop(4, 10, 10, 1, 1),
        PlainStop(5, None, 21, -1, 1),
        PlainStop(1, None, 33, 0, 0),
    ]
    request = PlainRequest([(0, 0)], [(4, 90)], 1, 1)
    none = FartherPoints(np.zeros(1, np.int64), np.zeros(1, np.int64))
    assert least_relaxations(*arguments((times, [(aboard, 0, 3)], request, none))) == [None]


def test_nothing_is_asked_beyond_its_limit():
    times = np.full((PLACES, PLACES), 10) - 10 * np.eye(PLACES, dtype=np.int64)
    stops = [PlainStop(0, None, 0, 0, 0), PlainStop(1, None, 100, 0, 0)]
    none = FartherPoints(np.zeros(1, np.int64), np.zeros(1, np.int64))
    for due, amount in ((21 - LIMITS.latest_arrival_ms, 25), (20 - LIMITS.latest_arrival_ms, None)):
        request = PlainRequest([(2, 0)], [(3, due)], 1, 1)
        found = least_relaxations(*arguments((times, [(stops, 0, 3)], request, none)))[0]
        assert (found and found.amount) == amount
