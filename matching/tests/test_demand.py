"""The demand index against evaluating every request: the same requests, places and costs."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maps.engine import RoadNetwork, compiler, store
from maps.engine.cells import build_cells, open_cells
from maps.engine.osm_file import read_osm
from maps.tests.conftest import DEMO
from matching.engine import CostWeights, RequestWindow, best_insertions
from matching.engine.demand import DemandIndex
from matching.engine.demand_segment import Demand
from matching.engine.insertion import NO_EARLIEST
from matching.engine.segment import Supply
from matching.engine.supply import EVERYBODY, Placement, RoutedRequest, SearchCounts
from matching.tests.test_engine import PLACES, as_arrays, networks, requests, rides
from matching.tests.test_supply import labelled, only, random_request, random_supply, road_times

MINUTE = 60_000


@pytest.fixture(scope="module")
def city(django_db_setup) -> tuple[RoadNetwork, Path]:
    from django.conf import settings as django_settings

    version = compiler.version_of(DEMO)
    folder = Path(django_settings.NETWORKS_DIR) / version
    if not store.is_complete(folder):
        compiler.compile_network(read_osm(DEMO), version, folder)
    return RoadNetwork(folder), folder


@dataclass(frozen=True)
class Waiting:
    """A waiting request: who may serve it, from when until when, and where it begins and ends."""

    key: int
    organization: int
    earliest: int
    latest: int
    routed: RoutedRequest


def as_demand(waiting):
    """Return waiting requests as the columns that the index takes."""
    points = [(w.routed.pickups, w.routed.dropoffs) for w in waiting]
    windows = [w.routed.window for w in waiting]
    sizes = np.array([len(p) + len(d) for p, d in points], np.int64)
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return Demand(
        key=np.array([w.key for w in waiting], np.int64),
        organization=np.array([w.organization for w in waiting], np.int32),
        seats=np.array([window.seats for window in windows], np.int32),
        earliest_ms=np.array([w.earliest for w in waiting], np.int64),
        latest_ms=np.array([w.latest for w in waiting], np.int64),
        anchored_at_arrival=np.array([window.anchored_at_arrival for window in windows], np.bool_),
        start=start,
        middle=(start[:-1] + [len(p) for p, _d in points]).astype(np.int32),
        node=np.concatenate([side for both in points for side in both]).astype(np.int32),
        walk_ms=np.concatenate(
            [side for w in windows for side in (w.walk_to_ms, w.walk_from_ms)]
        ).astype(np.int32),
    )


def at_door(key, organization, routed, earliest, latest):
    """Return a waiting request whose window is told from door to door, as the index has it."""
    window = routed.window
    exact = replace(
        window,
        ready_ms=earliest + window.walk_to_ms,
        due_ms=latest - window.walk_from_ms,
        anchor_ms=latest if window.anchored_at_arrival else earliest,
        price_ms=np.zeros((0, 0), np.int64),  # the index is asked who fits, not what they pay
    )
    return Waiting(key, organization, earliest, latest, replace(routed, window=exact))


def everyone(waiting, ride, tables, weights, organization=EVERYBODY):
    """Return the best insertion of every request in one ride, each evaluated by itself."""
    found = []
    for each, table in zip(waiting, tables, strict=True):
        best = best_insertions(ride.rides, each.routed.window, table, weights)[0]
        if best is not None and organization in {EVERYBODY, each.organization}:
            found.append((best.cost_s, each.key, best))
    return [Placement(key, insertion) for _cost, key, insertion in sorted(found)]


def random_waiting(network, rng, count, first_key=0):
    """Waiting requests all over a network, within three hours."""
    waiting = []
    for key in first_key + rng.permutation(count):
        routed = random_request(network, rng)
        walk = int(routed.window.walk_to_ms[0])
        earliest = int(routed.window.ready_ms[0]) - walk
        latest = earliest + int(rng.integers(15, 120)) * MINUTE
        waiting.append(at_door(int(key), int(rng.integers(0, 3)), routed, earliest, latest))
    return waiting


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_the_requests_that_a_ride_serves_are_found_on_any_network(data):
    times = data.draw(networks())
    stops, departure, seats = data.draw(rides(times))
    slack = data.draw(st.sampled_from([0, 600_000, 3_000_000]))
    stops = [replace(stop, latest=stop.latest + slack) for stop in stops]
    wishes = data.draw(st.lists(requests(), min_size=1, max_size=4))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    number, labels = labelled(times, rng)
    weights = CostWeights(*data.draw(st.tuples(*[st.sampled_from([0.0, 0.5, 1.0, 3.7])] * 4)))
    waiting, tables, batch = [], [], None
    for key, wish in zip(rng.permutation(len(wishes)).tolist(), wishes, strict=True):
        batch, window, table = as_arrays(times, [(stops, departure, seats)], wish)
        walks = (rng.integers(0, 300_000, len(side)) for side in (window.ready_ms, window.due_ms))
        window = replace(
            window,
            **dict(zip(("walk_to_ms", "walk_from_ms"), walks, strict=True)),
            anchored_at_arrival=data.draw(st.booleans()),
        )
        ends = [number[[node for node, _at in side]] for side in (wish.pickups, wish.dropoffs)]
        earliest = departure + int(rng.integers(-1_200_000, 300_000))
        latest = stops[-1].latest + int(rng.integers(-300_000, 1_200_000))
        waiting.append(at_door(key, 0, RoutedRequest(*ends, window), earliest, latest))
        tables.append(table)
    # The roads may have changed since the ride was planned.
    noise = data.draw(st.sampled_from([1.0, 0.5, 2.0, rng.uniform(0, 2, len(batch.leg_ms))]))
    batch = replace(batch, leg_ms=(batch.leg_ms * noise).astype(np.int32))
    nodes = number[[stop.node for stop in stops]]
    ride = Supply(np.zeros(1, np.int64), np.zeros(1, np.int32), nodes, batch)
    cells = build_cells(
        *rng.uniform(0, 1, (2, PLACES)), labels, data.draw(st.sampled_from([1, 4, 16]))
    )
    truth = everyone(waiting, ride, tables, weights)
    if truth and data.draw(st.integers(0, 3)):  # nobody has a millisecond to spare
        one = data.draw(st.sampled_from(truth))
        ride, waiting = without_leeway(ride, waiting, one)
        truth = everyone(waiting, ride, tables, weights)
        assert one.key in {placement.key for placement in truth}
    index = DemandIndex(labels, cells)
    index.put(as_demand(waiting))
    assert index.search(ride, boarding_ms=60_000, weights=weights) == truth


def without_leeway(ride, waiting, one):
    """Let driver and rider arrive by the moment at which one insertion brings them there."""
    latest = ride.rides.latest_ms.copy()
    latest[-1] = one.insertion.arrival_ms
    tight = []
    for each in waiting:
        if each.key == one.key:
            by = one.insertion.dropoff_ms + each.routed.window.walk_from_ms[one.insertion.dropoff]
            each = at_door(each.key, 0, each.routed, each.earliest, int(by))  # noqa: PLW2901
        tight.append(each)
    return replace(ride, rides=replace(ride.rides, latest_ms=latest)), tight


def test_a_leg_that_is_planned_faster_than_the_roads_takes_riders_faster_too(city):
    """The rider gets in before the first stop, and from there to the next the plan counts."""
    network, folder = city
    rng = np.random.default_rng(2)
    ride = next(
        one
        for one in (only(random_supply(network, rng, 1), 0, 0) for _ in range(100))
        if len(one.node) == 4 and one.rides.seats_offered[0] > 2
    )
    leg = ride.rides.leg_ms.copy()
    leg[2] = 1000
    rides = replace(ride.rides, leg_ms=leg, earliest_ms=np.full(4, NO_EARLIEST))
    ride = replace(ride, rides=rides)
    one = between(int(ride.node[1]), int(ride.node[2]), 0)
    table = road_times(network, ride, one.routed)
    best = everyone([one], ride, [table], CostWeights())[0].insertion
    assert best.dropoff_ms - best.pickup_ms < table.direct[0, 0]
    tight = replace(at_door(0, 0, one.routed, one.earliest, best.dropoff_ms))
    index = DemandIndex(network.labels, open_cells(folder))
    index.put(as_demand([tight]))
    found = index.search(ride, boarding_ms=0, weights=CostWeights())
    assert [placement.key for placement in found] == [0]


@pytest.mark.parametrize("seed", range(4))
def test_all_of_a_city_full_of_requests_that_a_ride_serves_are_found(city, seed):
    network, folder = city
    rng = np.random.default_rng(seed)
    waiting = random_waiting(network, rng, 500)
    index = DemandIndex(network.labels, open_cells(folder))
    index.put(as_demand(waiting))
    supply, served = random_supply(network, rng, 20), 0
    for r in range(20):
        ride = only(supply, r, 0)
        tables = [road_times(network, ride, each.routed) for each in waiting]
        organization = int(rng.integers(-1, 3))
        for weights in (CostWeights(), CostWeights(ride=0, walk=1, detour=2, shift=3)):
            truth = everyone(waiting, ride, tables, weights, organization)
            found = index.search(
                ride, boarding_ms=MINUTE, weights=weights, organization=organization
            )
            assert found == truth
            served += len(truth)
    assert served > 100  # the instances are no empty ones


def test_most_requests_are_never_inserted(city):
    network, folder = city
    rng = np.random.default_rng(9)
    index = DemandIndex(network.labels, open_cells(folder))
    index.put(as_demand(random_waiting(network, rng, 1000)))
    supply, counts = random_supply(network, rng, 30), [SearchCounts() for _ in range(30)]
    found = 0
    for r, each in enumerate(counts):
        found += len(
            index.search(only(supply, r, 0), boarding_ms=MINUTE, weights=CostWeights(), counts=each)
        )
    assert found <= sum(c.inserted for c in counts) < 1.5 * found
    assert sum(c.inserted for c in counts) < 0.05 * 30 * 1000
    assert all(c.inserted <= c.bounded <= c.sliced for c in counts)


@pytest.mark.parametrize("seed", range(3))
def test_adding_replacing_and_removing_equals_building_anew(city, seed):
    network, folder = city
    rng = np.random.default_rng(100 + seed)
    cells = open_cells(folder)
    live, index = {}, DemandIndex(network.labels, cells)
    supply = random_supply(network, rng, 30)
    for step in range(25):
        added = random_waiting(network, rng, 60, first_key=int(rng.integers(0, 400)))
        index.put(as_demand(added))
        live |= {each.key: each for each in added}
        gone = rng.integers(0, 460, 20)
        index.remove(gone)
        for key in gone.tolist():
            live.pop(key, None)
        if step % 8 == 7:
            moment = int(rng.integers(10, 40)) * MINUTE
            index.forget_before(moment)
            live = {key: each for key, each in live.items() if each.latest > moment}
        if rng.random() < 0.1:
            index.settle()
        assert len(index) == len(live)
        anew = DemandIndex(network.labels, cells)
        anew.put(as_demand(list(live.values())))
        for r in rng.choice(30, 6, replace=False):
            ride = only(supply, r, 0)
            expected = anew.search(ride, boarding_ms=MINUTE, weights=CostWeights())
            assert index.search(ride, boarding_ms=MINUTE, weights=CostWeights()) == expected


def between(a, b, key, **changes):
    """Return a request from one vertex to another, without a walk and without hurry."""
    window = RequestWindow(
        ready_ms=np.zeros(1, np.int64),
        due_ms=np.zeros(1, np.int64),
        walk_to_ms=np.zeros(1, np.int64),
        walk_from_ms=np.zeros(1, np.int64),
        anchor_ms=0,
        anchored_at_arrival=False,
        seats=1,
        boarding_ms=0,
    )
    ends = np.array([a], np.int32), np.array([b], np.int32)
    return at_door(key, 0, RoutedRequest(*ends, replace(window, **changes)), 0, 10**9)


def test_of_equal_requests_the_smaller_number_is_first(city):
    network, folder = city
    index = DemandIndex(network.labels, open_cells(folder))
    ride = only(random_supply(network, np.random.default_rng(1), 1), 0, 0)
    a, b = int(ride.node[0]), int(ride.node[-1])
    for key in (7, 3, 5):
        index.put(as_demand([between(a, b, key)]))
    found = index.search(ride, boarding_ms=0, weights=CostWeights())
    assert [placement.key for placement in found] == [3, 5, 7]


def test_a_full_ride_serves_nobody_and_a_party_needs_all_its_seats(city):
    network, folder = city
    index = DemandIndex(network.labels, open_cells(folder))
    ride = only(random_supply(network, np.random.default_rng(1), 1), 0, 0)
    a, b = int(ride.node[0]), int(ride.node[-1])
    index.put(as_demand([between(a, b, 1), between(a, b, 2, seats=3)]))
    for seats, keys in ((3, [1, 2]), (2, [1]), (0, [])):
        rides = replace(
            ride.rides,
            seats_offered=np.array([seats], np.int32),
            seats_after=np.zeros_like(ride.rides.seats_after),
        )
        found = index.search(replace(ride, rides=rides), boarding_ms=0, weights=CostWeights())
        assert [placement.key for placement in found] == keys


def test_a_request_with_eight_points_at_both_ends_takes_less_than_256_bytes(city):
    network, folder = city
    index = DemandIndex(network.labels, open_cells(folder))
    rng = np.random.default_rng(4)
    waiting = []
    for key in range(300):
        ends = [
            network.tree.query(network.tree.data[rng.integers(len(network))], k=8)[1]
            for _ in range(2)
        ]
        none = np.zeros(8, np.int64)
        window = RequestWindow(none, none, none, none, 0, False, 1, 0)
        routed = RoutedRequest(*(end.astype(np.int32) for end in ends), window)
        waiting.append(at_door(key, 0, routed, key, key + MINUTE))
    index.put(as_demand(waiting))
    index.settle()
    assert index.nbytes / len(index) < 256


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seats": [0]}, "seat"),
        ({"organization": [-1]}, "organization"),
        ({"middle": [0]}, "meeting point"),
        ({"middle": [2]}, "meeting point"),
        ({"walk_ms": [0, -1]}, "less than no time"),
        ({"key": [1, 1]}, "differ in length"),
    ],
)
def test_requests_that_make_no_sense_are_refused(city, change, message):
    network, folder = city
    index = DemandIndex(network.labels, open_cells(folder))
    columns = {name: np.array(values, np.int32) for name, values in change.items()}
    with pytest.raises(ValueError, match=message):
        index.put(replace(as_demand([between(0, 1, 1)]), **columns))
    twice = as_demand([between(0, 1, 1), between(1, 0, 1)])
    with pytest.raises(ValueError, match="same key"):
        index.put(twice)


def test_one_ride_is_asked_for_at_a_time_and_no_weight_is_negative(city):
    network, folder = city
    index = DemandIndex(network.labels, open_cells(folder))
    supply = random_supply(network, np.random.default_rng(1), 2)
    with pytest.raises(ValueError, match="one ride"):
        index.search(supply, boarding_ms=0, weights=CostWeights())
    with pytest.raises(ValueError, match="negative"):
        index.search(only(supply, 0, 0), boarding_ms=0, weights=CostWeights(detour=-1))
