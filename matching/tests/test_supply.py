"""The supply index against evaluating every ride: the same rides, places and costs, in order."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maps.engine import RoadNetwork, compiler, store
from maps.engine.cells import build_cells, open_cells
from maps.engine.hierarchy import build_hierarchy, rank_order
from maps.engine.osm_file import read_osm
from maps.tests.conftest import DEMO
from matching.engine import (
    CostWeights,
    InsertionTimes,
    RequestWindow,
    RideBatch,
    best_insertions,
)
from matching.engine import supply as supply_module
from matching.engine.insertion import NO_EARLIEST
from matching.engine.supply import (
    EVERYBODY,
    Placement,
    RoutedRequest,
    SearchCounts,
    Supply,
    SupplyIndex,
    join_segments,
)
from matching.tests.test_engine import PLACES, as_arrays, priced, situations

MINUTE = 60_000


@pytest.fixture(scope="module")
def city(django_db_setup) -> tuple[RoadNetwork, Path]:
    from django.conf import settings as django_settings

    version = compiler.version_of(DEMO)
    folder = Path(django_settings.NETWORKS_DIR) / version
    if not store.is_complete(folder):
        compiler.compile_network(read_osm(DEMO), version, folder)
    return RoadNetwork(folder), folder


def everything(supply, request, times, weights, organization=EVERYBODY):
    """Return every ride's best insertion, best first: what the index must begin with."""
    best = best_insertions(supply.rides, request.window, times, weights)
    found = [
        (insertion.cost_s, int(supply.rides.departure_ms[r]), int(supply.key[r]), insertion)
        for r, insertion in enumerate(best)
        if insertion is not None and organization in {EVERYBODY, int(supply.organization[r])}
    ]
    return [Placement(key, insertion) for _c, _d, key, insertion in sorted(found)]


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(situation=situations(), data=st.data())
def test_the_best_of_a_few_rides_are_found_on_any_network(situation, data):
    times, some_rides, plain = situation
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    number, labels = labelled(times, rng)
    batch, window, table = as_arrays(times, some_rides, plain)
    nodes = np.array([stop.node for stops, _at, _seats in some_rides for stop in stops])
    if data.draw(st.booleans()):  # rides planned before the roads changed
        batch = replace(batch, leg_ms=(batch.leg_ms * rng.uniform(0, 2)).astype(np.int32))
    batch, window = priced(batch, window, rng)
    window = replace(
        window,
        anchor_ms=int(rng.integers(0, 12_000_000)),
        anchored_at_arrival=data.draw(st.booleans()),
    )
    weights = CostWeights(*data.draw(st.tuples(*[st.sampled_from([0.0, 0.5, 1.0, 3.7])] * 4)))
    supply = Supply(
        key=rng.permutation(len(some_rides)).astype(np.int64),
        organization=np.zeros(len(some_rides), np.int32),
        node=number[nodes],
        rides=batch,
    )
    request = RoutedRequest(
        number[[node for node, _ in plain.pickups]],
        number[[node for node, _ in plain.dropoffs]],
        window,
    )
    places = rng.uniform(0, 1, (2, PLACES))
    cells = build_cells(*places, labels, data.draw(st.sampled_from([1, 2, 4, 8])))
    index = SupplyIndex(labels, cells)
    index.put(supply)
    count = data.draw(st.integers(1, 5))
    truth = everything(supply, request, table, weights)[:count]
    assert index.search(request, count, weights=weights) == truth


def labelled(times, rng):
    """Return the new number of each place and the labels of the graph with an arc for each pair."""
    tail, head = (side.astype(np.int32) for side in np.nonzero(~np.eye(PLACES, dtype=bool)))
    number = rank_order(rng.uniform(0, 1, PLACES), rng.uniform(0, 1, PLACES), tail, head)
    weight = times[tail, head].astype(np.int32)
    tree = build_hierarchy(PLACES, number[tail], number[head], weight)
    return number, (tree.jumps, tree.depth, tree.start, tree.ahead, tree.back)


def random_supply(network, rng, count, first_key=0):
    """Rides across a network, one in three with one to four people's stops on the way."""
    sizes = np.where(rng.random(count) < 0.35, 2 + 2 * rng.integers(1, 3, count), 2)
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    node = rng.integers(0, len(network), start[-1]).astype(np.int32)
    middle = np.ones(start[-1], bool)
    middle[start[:-1]] = middle[start[1:] - 1] = False
    boarding = (MINUTE * middle).astype(np.int32)
    departure = rng.integers(0, 180 * MINUTE, count)
    leg, taken = np.zeros(start[-1], np.int32), np.zeros(start[-1], np.int32)
    earliest = np.full(start[-1], NO_EARLIEST, np.int64)
    latest = np.empty(start[-1], np.int64)
    for r in range(count):
        at, last = int(departure[r]), start[r + 1] - 1
        leeway = int(rng.integers(2, 25)) * MINUTE
        for k in range(start[r], start[r + 1]):
            if k > start[r]:
                leg[k] = network.durations_ms(node[k - 1], node[k])[0, 0]
                at += int(leg[k])
            gets_in = start[r] < k < last and (k - start[r]) % 2 == 1
            if gets_in and rng.random() < 0.5:
                at += int(rng.integers(0, 5)) * MINUTE
                earliest[k] = at
            taken[k] = gets_in
            latest[k] = at + (leeway if k == last else int(rng.integers(0, 15)) * MINUTE)
            at += int(boarding[k])
    rides = RideBatch(
        start=start,
        departure_ms=departure,
        seats_offered=rng.integers(1, 5, count).astype(np.int32),
        leg_ms=leg,
        earliest_ms=earliest,
        latest_ms=latest,
        boarding_ms=boarding,
        seats_after=taken,
        handicap_ms=rng.integers(0, 5 * MINUTE, count, np.int32),
    )
    keys = first_key + rng.permutation(count).astype(np.int64)
    return Supply(keys, rng.integers(0, 3, count).astype(np.int32), node, rides)


def random_request(network, rng):
    """A request with up to four meeting points at each end."""
    pickups, dropoffs = (
        network.tree.query(network.tree.data[rng.integers(len(network))], k=int(k))[1]
        for k in rng.integers(1, 5, 2)
    )
    pickups, dropoffs = (np.atleast_1d(p).astype(np.int32) for p in (pickups, dropoffs))
    walk_to, walk_from = (rng.integers(0, 8 * MINUTE, len(p)) for p in (pickups, dropoffs))
    earliest = int(rng.integers(0, 150 * MINUTE))
    latest = earliest + int(rng.integers(15, 90)) * MINUTE
    arrive = bool(rng.random() < 0.5)
    window = RequestWindow(
        ready_ms=earliest + walk_to,
        due_ms=latest - walk_from,
        walk_to_ms=walk_to,
        walk_from_ms=walk_from,
        anchor_ms=latest if arrive else earliest,
        anchored_at_arrival=arrive,
        seats=int(rng.integers(1, 3)),
        boarding_ms=MINUTE,
        price_ms=rng.integers(0, 5 * MINUTE, (len(pickups), len(dropoffs))),
    )
    return RoutedRequest(pickups, dropoffs, window)


def road_times(network, supply, request):
    pickups, dropoffs = request.pickups, request.dropoffs
    return InsertionTimes(
        to_pickup=network.durations_ms(supply.node, pickups),
        from_pickup=np.ascontiguousarray(network.durations_ms(pickups, supply.node).T),
        to_dropoff=network.durations_ms(supply.node, dropoffs),
        from_dropoff=np.ascontiguousarray(network.durations_ms(dropoffs, supply.node).T),
        direct=network.durations_ms(pickups, dropoffs),
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_top_of_a_city_full_of_rides_is_the_top_of_all_of_them(city, seed):
    network, folder = city
    rng = np.random.default_rng(seed)
    supply = random_supply(network, rng, 1200)
    index = SupplyIndex(network.labels, open_cells(folder))
    index.put(supply)
    served = 0
    for _ in range(40):
        request = random_request(network, rng)
        organization = int(rng.integers(-1, 3))
        table = road_times(network, supply, request)
        for weights in (CostWeights(), CostWeights(ride=0, walk=1, detour=2, shift=3)):
            truth = everything(supply, request, table, weights, organization)
            served += len(truth)
            for count in (1, 5, len(truth) + 3):
                found = index.search(request, count, weights=weights, organization=organization)
                assert found == truth[:count]
    assert served > 500  # the instances are no empty ones


def test_most_rides_are_never_inserted(city):
    network, folder = city
    rng = np.random.default_rng(9)
    index = SupplyIndex(network.labels, open_cells(folder))
    index.put(random_supply(network, rng, 1200))
    counts = [SearchCounts() for _ in range(30)]
    for each in counts:
        index.search(random_request(network, rng), 5, weights=CostWeights(), counts=each)
    assert sum(c.inserted for c in counts) < 0.1 * sum(c.sliced for c in counts)
    assert all(c.inserted <= c.bounded <= c.sliced for c in counts)


@pytest.mark.parametrize("seed", range(3))
def test_adding_replacing_and_removing_equals_building_anew(city, seed, monkeypatch):
    monkeypatch.setattr(supply_module, "MOST_RECENT", 60)  # so that all segments are in use
    monkeypatch.setattr(supply_module, "MOST_MIDDLE", 100)
    network, folder = city
    rng = np.random.default_rng(100 + seed)
    cells = open_cells(folder)
    live, index, aside = {}, SupplyIndex(network.labels, cells), None
    pool = [random_supply(network, rng, 40, first_key=int(rng.integers(0, 120))) for _ in range(25)]
    for supply in pool:
        index.put(supply)
        live |= {int(key): (supply, r) for r, key in enumerate(supply.key)}
        gone = rng.integers(0, 160, 12)
        index.remove(gone)
        for key in gone.tolist():
            live.pop(key, None)
        assert len(index) == len(live)
        if aside is not None and rng.random() < 0.4:
            index.end_joining(aside)
            aside = None
        elif aside is not None and rng.random() < 0.2:
            index.give_up_joining()
            aside = None
        elif aside is None and rng.random() < 0.3:
            aside = join_segments(index.begin_joining(), index.cells)
        if rng.random() < 0.1:
            index.settle()
        anew = SupplyIndex(network.labels, cells)
        for key, (each, r) in live.items():
            anew.put(only(each, r, key))
        for _ in range(5):
            request = random_request(network, rng)
            expected = anew.search(request, 10, weights=CostWeights())
            assert index.search(request, 10, weights=CostWeights()) == expected


def only(supply, r, key):
    """Return one ride of a supply."""
    a, b = supply.rides.start[r], supply.rides.start[r + 1]
    rides = supply.rides
    return Supply(
        np.array([key], np.int64),
        supply.organization[r : r + 1],
        supply.node[a:b],
        RideBatch(
            np.array([0, b - a], np.int32),
            rides.departure_ms[r : r + 1],
            rides.seats_offered[r : r + 1],
            rides.leg_ms[a:b],
            rides.earliest_ms[a:b],
            rides.latest_ms[a:b],
            rides.boarding_ms[a:b],
            rides.seats_after[a:b],
            rides.handicap_ms[r : r + 1],
        ),
    )


def test_rides_of_a_year_are_told_apart_as_exactly_as_those_of_a_day(city):
    network, folder = city
    rng = np.random.default_rng(12)
    supply = random_supply(network, rng, 300)
    later = 365 * 24 * 60 * MINUTE * rng.integers(0, 2, 300) + rng.integers(0, 60_000, 300)
    by_stop = np.repeat(later, np.diff(supply.rides.start))
    waits = supply.rides.earliest_ms != NO_EARLIEST
    rides = replace(
        supply.rides,
        departure_ms=supply.rides.departure_ms + later,
        earliest_ms=np.where(waits, supply.rides.earliest_ms + by_stop, NO_EARLIEST),
        latest_ms=supply.rides.latest_ms + by_stop,
    )
    supply = replace(supply, rides=rides)
    index = SupplyIndex(network.labels, open_cells(folder))
    index.put(supply)
    found = 0
    for _ in range(20):
        request = random_request(network, rng)
        expected = everything(supply, request, road_times(network, supply, request), CostWeights())
        assert index.search(request, 10, weights=CostWeights()) == expected[:10]
        found += len(expected)
    assert found


def test_rides_that_have_left_are_forgotten_and_no_others(city):
    network, folder = city
    rng = np.random.default_rng(11)
    cells, pool = open_cells(folder), [random_supply(network, rng, 400)]
    index = SupplyIndex(network.labels, cells)
    index.put(pool[0])
    for minute in (0, 20, 21, 90, 170):
        pool.append(random_supply(network, rng, 5, first_key=1000 + 10 * minute))
        index.put(pool[-1])
        index.forget_before(minute * MINUTE)
        anew = SupplyIndex(network.labels, cells)
        for supply in pool:
            for r in np.flatnonzero(supply.rides.departure_ms >= minute * MINUTE):
                anew.put(only(supply, int(r), int(supply.key[r])))
        assert len(index) == len(anew)
        for _ in range(5):
            request = random_request(network, rng)
            expected = anew.search(request, 10, weights=CostWeights())
            assert index.search(request, 10, weights=CostWeights()) == expected


def test_of_equal_rides_the_earlier_and_then_the_smaller_number_is_first(city):
    network, folder = city
    index = SupplyIndex(network.labels, open_cells(folder))
    ride = random_supply(network, np.random.default_rng(1), 1)
    a, b = int(ride.node[0]), int(ride.node[-1])
    for key in (7, 3, 5):
        index.put(only(ride, 0, key))
    window = RequestWindow(
        ready_ms=np.zeros(1, np.int64),
        due_ms=np.full(1, 10**9),
        walk_to_ms=np.zeros(1, np.int64),
        walk_from_ms=np.zeros(1, np.int64),
        anchor_ms=0,
        anchored_at_arrival=False,
        seats=1,
        boarding_ms=0,
    )
    request = RoutedRequest(np.array([a], np.int32), np.array([b], np.int32), window)
    found = index.search(request, 2, weights=CostWeights())
    assert [placement.key for placement in found] == [3, 5]


def test_a_ride_between_two_places_takes_less_than_400_bytes(city):
    network, folder = city
    index = SupplyIndex(network.labels, open_cells(folder))
    count = 1000
    node = np.random.default_rng(4).integers(0, len(network), 2 * count).astype(np.int32)
    times = [network.durations_ms(a, b)[0, 0] for a, b in node.reshape(-1, 2)]
    leg = np.column_stack([np.zeros(count), times]).ravel().astype(np.int32)
    zeros = np.zeros(2 * count, np.int32)
    rides = RideBatch(
        start=np.arange(0, 2 * count + 1, 2, dtype=np.int32),
        departure_ms=np.arange(count),
        seats_offered=np.full(count, 3, np.int32),
        leg_ms=leg,
        earliest_ms=np.full(2 * count, NO_EARLIEST),
        latest_ms=np.full(2 * count, 10**9),
        boarding_ms=zeros,
        seats_after=zeros,
    )
    index.put(Supply(np.arange(count), np.zeros(count, np.int32), node, rides))
    index.settle()
    assert index.nbytes / count < 250


@pytest.mark.parametrize("harm", ["organization", "leg", "stops", "keys", "lengths"])
def test_rides_that_make_no_sense_are_refused(city, harm):
    network, folder = city
    index = SupplyIndex(network.labels, open_cells(folder))
    good = random_supply(network, np.random.default_rng(2), 2)
    bad = {
        "organization": replace(good, organization=good.organization - 9),
        "leg": replace(good, rides=replace(good.rides, leg_ms=good.rides.leg_ms - 1)),
        "stops": replace(good, rides=replace(good.rides, start=good.rides.start * 0)),
        "keys": replace(good, key=good.key * 0),
        "lengths": replace(good, key=good.key[:1]),
    }[harm]
    with pytest.raises(ValueError, match=r"ride|drives"):
        index.put(bad)
    assert len(index) == 0


def test_a_weight_below_zero_is_refused_and_an_empty_request_finds_nothing(city):
    network, folder = city
    index = SupplyIndex(network.labels, open_cells(folder))
    request = random_request(network, np.random.default_rng(2))
    with pytest.raises(ValueError, match="negative"):
        index.search(request, 1, weights=CostWeights(detour=-1))
    nowhere = replace(request, pickups=request.pickups[:0])
    assert index.search(nowhere, 1, weights=CostWeights()) == []
    assert index.search(request, 0, weights=CostWeights()) == []
