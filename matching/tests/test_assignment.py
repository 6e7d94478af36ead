"""Batch assignment against trying everything, and every promise against plain Python."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maps.engine.cells import build_cells
from maps.engine.lengths import build_lengths, measure
from maps.tests.test_engine_hierarchy import labelled
from matching.engine.assignment import (
    Commuters,
    Options,
    Part,
    Roads,
    assign,
    combine,
    favours,
    greedy_by_departure,
    prove,
    solve,
    split,
)
from matching.tests.assignment_promises import assert_keeps_promises, best_objective_m

MINUTE = 60_000
VERTICES = 30
WHOLE = Options(sweeps=1, slack_m=1e7, keep=2000, solver_gap=0.0, most_riders=3)
"""Keeps every trip, so that the answer is the best and not only nearly so."""


def make_roads(seed: int) -> Roads:
    """Return a small town of one-way roads whose fastest ways are often not the shortest."""
    rng = np.random.default_rng(seed)
    around = rng.permutation(VERTICES)
    tail = np.concatenate([around, rng.integers(0, VERTICES, 3 * VERTICES)])
    head = np.concatenate([np.roll(around, -1), rng.integers(0, VERTICES, 3 * VERTICES)])
    keep = np.unique(tail * VERTICES + head, return_index=True)[1]
    keep = keep[tail[keep] != head[keep]]
    weight = rng.integers(1, 5 * MINUTE, len(keep)).astype(np.int32)
    graph = VERTICES, tail[keep].astype(np.int32), head[keep].astype(np.int32), weight
    (count, tail, head, weight), tree = labelled(graph)
    lengths = build_lengths(count, tail, head, weight, rng.uniform(10, 4000, len(weight)))
    labels = tree.jumps, tree.depth, tree.start, tree.ahead, tree.back
    lon, lat = rng.uniform(0, 0.1, (2, count))
    return Roads(labels, lengths, build_cells(lon, lat, labels, 8), lon, lat)


def make_people(count: int, seed: int, roads: Roads) -> Commuters:
    rng = np.random.default_rng(seed)
    origin, destination = rng.integers(0, VERTICES, (2, count)).astype(np.int32)
    alone = measure(origin, destination, roads.labels, roads.lengths)[0].astype(np.int64)
    earliest = rng.integers(0, 15, count) * MINUTE
    role = rng.choice(["drive", "ride", "either", "none"], count, p=[0.2, 0.35, 0.4, 0.05])
    return Commuters(
        key=rng.permutation(1000)[:count].astype(np.int64),
        origin=origin,
        destination=destination,
        earliest_departure_ms=earliest,
        latest_arrival_ms=earliest + alone + rng.integers(0, 30, count) * MINUTE,
        may_drive=np.isin(role, ["drive", "either"]),
        may_ride=np.isin(role, ["ride", "either"]),
        seats=rng.integers(0, 4, count).astype(np.int32),
        detour_ms=rng.integers(0, 20, count) * MINUTE,
        car=rng.random(count) < 0.9,
        ride_favour_m=np.zeros(count),
        share_favour_m=np.zeros(count),
    )


def drive_on(roads: Roads):
    """Return the times and metres of a town as plain Python asks for them."""
    every = np.arange(VERTICES, dtype=np.int32)
    here, there = np.repeat(every, VERTICES), np.tile(every, VERTICES)
    ms, tenths = measure(here, there, roads.labels, roads.lengths)
    table = list(zip(ms.tolist(), (tenths / 10).tolist(), strict=True))
    return lambda a, b: table[a * VERTICES + b]


towns = st.integers(0, 5).map(make_roads)
relaxed = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@relaxed
@given(roads=towns, count=st.integers(0, 6), seed=st.integers(0, 10**6), favour=st.booleans())
def test_a_small_assignment_is_the_best_of_all(roads, count, seed, favour) -> None:
    people = make_people(count, seed, roads)
    if favour:
        rng = np.random.default_rng(seed)
        people = replace(
            people,
            ride_favour_m=rng.uniform(0, 3000, count),
            share_favour_m=rng.uniform(0, 3000, count),
        )
    drive = drive_on(roads)
    found = assign(people, roads, WHOLE)
    assert_keeps_promises(people, found, drive, WHOLE)
    best = best_objective_m(people, drive, WHOLE)
    assert found.objective_m == pytest.approx(best, abs=0.5)
    assert found.bound_m >= best - 0.01


@relaxed
@given(roads=towns, seed=st.integers(0, 10**6), sweeps=st.integers(1, 3))
def test_parts_keep_every_promise_and_the_bound_holds_for_everybody(roads, seed, sweeps) -> None:
    people = make_people(7, seed, roads)
    drive = drive_on(roads)
    options = Options(part_size=3, sweeps=sweeps, keep=3, slack_m=100.0)
    found = assign(people, roads, options)
    assert_keeps_promises(people, found, drive, options)
    best = best_objective_m(people, drive, options)
    assert found.objective_m <= best + 0.01
    assert found.bound_m >= best - 0.01


@relaxed
@given(roads=towns, seed=st.integers(0, 10**6), tries=st.integers(1, 12))
def test_the_bound_holds_when_the_search_is_cut_short(roads, seed, tries) -> None:
    people = make_people(7, seed, roads)
    options = Options(tries=tries, keep=2, searches=2)
    found = assign(people, roads, options)
    assert found.bound_m >= best_objective_m(people, drive_on(roads), options) - 0.01


@relaxed
@given(roads=towns, seed=st.integers(0, 10**6))
def test_greedy_keeps_every_promise_and_saves_no_more_than_the_best(roads, seed) -> None:
    people = make_people(7, seed, roads)
    drive = drive_on(roads)
    found = greedy_by_departure(people, roads, WHOLE)
    assert_keeps_promises(people, found, drive, WHOLE)
    assert found.objective_m <= best_objective_m(people, drive, WHOLE) + 0.01


def test_a_later_sweep_is_never_worse() -> None:
    roads = make_roads(1)
    people = make_people(150, 4, roads)
    saved = [
        assign(people, roads, Options(part_size=40, sweeps=sweeps)).objective_m
        for sweeps in (1, 2, 3)
    ]
    assert saved == sorted(saved)
    assert saved[0] < saved[2], "the parts' borders cost nothing here: the test shows nothing"


def test_the_same_people_in_another_order_get_the_same_cars() -> None:
    roads = make_roads(2)
    people = make_people(60, 9, roads)
    once = assign(people, roads)
    again = assign(people.take(np.random.default_rng(0).permutation(60)), roads)
    assert once.cars
    assert once.cars == again.cars
    assert once.unmatched == again.unmatched


def test_split_puts_everybody_into_one_part_and_keeps_cars_whole() -> None:
    roads = make_roads(3)
    people = make_people(120, 5, roads)
    options = Options(part_size=25)
    parts = split(people, roads, options)
    assert len(parts) > 4
    assert sorted(np.concatenate([part.commuters.key for part in parts])) == sorted(people.key)
    before = combine(people, [solve(part, roads, options) for part in parts])
    assert before.bound_m == np.inf
    again = split(people, roads, options, 1, before)
    assert sum(len(part.cars) for part in again) == len(before.cars)
    for part in again:
        inside = set(part.commuters.key.tolist())
        assert all({car.driver, *car.riders} <= inside for car in part.cars)
    assert {tuple(sorted(part.commuters.key)) for part in again} != {
        tuple(sorted(part.commuters.key)) for part in parts
    }
    proven = prove(people, before, roads, options)
    assert proven.cars == before.cars
    assert before.objective_m <= proven.bound_m < np.inf


def test_a_part_asked_to_start_from_cars_does_not_lose_by_it() -> None:
    roads = make_roads(4)
    people = make_people(80, 6, roads)
    options = Options()
    good = solve(Part(people), roads, options)
    hasty = replace(options, solver_s=0.0, keep=1, searches=1)
    assert solve(Part(people, good.cars), roads, hasty).objective_m >= good.objective_m


def test_who_drove_a_lot_rides_and_who_was_left_over_is_served() -> None:
    roads = make_roads(0)
    base = make_people(2, 1, roads)
    same = np.zeros(2, np.int32)
    people = replace(
        base,
        key=np.arange(2),
        origin=same,
        destination=same + 7,
        earliest_departure_ms=np.zeros(2, np.int64),
        latest_arrival_ms=np.full(2, 10**8),
        may_drive=np.ones(2, bool),
        may_ride=np.ones(2, bool),
        seats=np.ones(2, np.int32),
        detour_ms=np.full(2, 5 * MINUTE),
        car=np.ones(2, bool),
    )
    for drove in ([3, 0], [0, 3]):
        ride, share = favours(drove, [0, 0], [0, 0])
        fair = replace(people, ride_favour_m=ride, share_favour_m=share)
        (car,) = assign(fair, roads).cars
        assert car.riders == (int(np.argmax(drove)),)
    three = replace(people.take(np.array([0, 1, 1])), key=np.arange(3))
    three = replace(three, may_drive=np.array([True, False, False]))
    for left_over in ([0, 2, 0], [0, 0, 2]):
        ride, share = favours([0] * 3, [0] * 3, left_over)
        fair = replace(three, ride_favour_m=ride, share_favour_m=share)
        (car,) = assign(fair, roads).cars
        assert car.riders == (int(np.argmax(left_over)),)


def test_favours_count_turns_owed_and_are_capped() -> None:
    ride, share = favours([5, 1, 100], [1, 4, 0], [0, 2, 50])
    assert ride.tolist() == [2000.0, 0.0, 3000.0]
    assert share.tolist() == [0.0, 2000.0, 3000.0]


def test_nobody_is_assigned_when_nobody_travels() -> None:
    roads = make_roads(0)
    found = assign(make_people(0, 0, roads), roads)
    assert (found.cars, found.unmatched, found.saved_m, found.gap) == ((), (), 0, 0.0)
