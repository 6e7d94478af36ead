"""Made-up drives behave like cars, made-up phones like phones, and everything repeats."""

import numpy as np
import pytest

from maps.engine import RoadNetwork
from maps.tests.conftest import compile_town
from maps.tests.factories import grid_town
from tracking.engine.labelled import Truth, make_case
from tracking.engine.roads import road_distance, timed_route
from tracking.engine.synthetic import Jam, Phone, behind, drive, record
from tracking.engine.traces import distance_m, positions_at
from tracking.tests.ways import NOW_S, crooked_way


def make_drive(seed=0, **options):
    way, rng = crooked_way(seed), np.random.default_rng(seed)
    return drive(way.lonlat, way.time_s, departure_s=NOW_S, rng=rng, **options)


def errors(journey, trace):
    """Return how far each fix lies from where the car was, east and north."""
    return journey.plane.project(trace.lon, trace.lat) - journey.at(trace.time_s)


@pytest.mark.parametrize("truth", [Truth.GENUINE, Truth.REPLAY, Truth.FOLLOWER_30])
def test_the_same_seed_makes_the_same_case_and_another_seed_another(truth):
    def columns(seed):
        case = make_case(truth, crooked_way(), seed=seed, departure_s=NOW_S)
        traces = (case.driver, case.rider, *case.earlier)
        return [column.tolist() for one in traces for column in (one.time_s, one.lon, one.lat)]

    assert columns(5) == columns(5)
    assert columns(5) != columns(6)


def test_a_car_ends_where_its_way_ends_and_brakes_and_accelerates_like_one():
    journey = make_drive()
    steps = np.diff(journey.time_s)
    assert (steps > 0).all()
    seconds = np.arange(journey.time_s[0] + 1, journey.time_s[-1] - 1)
    speed = journey.speed_mps(seconds)
    assert speed.max() <= 36.0 + 1e-6
    assert np.abs(speed[5:] - speed[:-5]).max() / 5 <= 2.5
    assert np.allclose(journey.metres[-1], journey.plane.project(*crooked_way().lonlat[-1:].T))


def test_a_jam_slows_every_car_down_where_it_is():
    free, jammed = make_drive(), make_drive(jams=(Jam(0.4, 0.6, 2.0),))
    for journey, slowest, fastest in ((free, 2.0, 40.0), (jammed, 0.0, 2.2)):
        inside = np.flatnonzero(np.abs(journey.along_m / journey.length_m - 0.5) < 0.05)
        first, last = inside[[0, -1]]
        way = journey.along_m[last] - journey.along_m[first]
        assert slowest < way / (journey.time_s[last] - journey.time_s[first]) < fastest


@pytest.mark.parametrize("headway_s", [5.0, 30.0, 120.0])
def test_another_car_is_nowhere_nearer_than_its_headway(headway_s):
    first, own = make_drive(1), drive(*_way_of(1), departure_s=NOW_S, rng=np.random.default_rng(99))
    second = behind(first, own, headway_s=headway_s)
    places = np.linspace(0, first.length_m, 500)
    gap = np.interp(places, second.along_m, second.time_s) - np.interp(
        places, first.along_m, first.time_s
    )
    waiting = 71.0  # while the first car waits, "when it was here" is a span of time
    assert np.quantile(gap, 0.1) >= headway_s - 1.0
    assert gap.max() <= headway_s + 15.0 + waiting
    assert (np.diff(second.time_s) >= 0).all()


def _way_of(seed):
    way = crooked_way(seed)
    return way.lonlat, way.time_s


def test_two_phones_in_one_car_err_slowly_and_each_in_its_own_way():
    journey, rng = make_drive(), np.random.default_rng(3)
    quiet = Phone(every_s=1.0, error_m=5.0, memory=0.97, gap_share=0.0, reflection_share=0.0)
    first, second = (errors(journey, record(journey, quiet, rng)) for _ in range(2))
    for error in (first, second):
        assert 2.5 < error.std() < 8.0
        assert np.corrcoef(error[:-1, 0], error[1:, 0])[0, 1] > 0.9
    shared = min(len(first), len(second))
    assert abs(np.corrcoef(first[:shared, 0], second[:shared, 0])[0, 1]) < 0.6


def test_bias_clock_and_period_are_the_phones_own():
    journey, rng = make_drive(), np.random.default_rng(3)
    phone = Phone(every_s=3.0, error_m=0.1, bias_m=(9.0, -4.0), clock_s=2.0, gap_share=0.0)
    trace = record(journey, phone, rng).shifted(-2.0)
    assert np.median(errors(journey, trace), axis=0) == pytest.approx([9.0, -4.0], abs=0.5)
    assert np.median(np.diff(trace.time_s)) == pytest.approx(3.0, abs=0.2)


def test_no_phone_hears_anything_in_a_tunnel():
    journey, rng = make_drive(), np.random.default_rng(3)
    tunnel = (NOW_S + 200.0, NOW_S + 250.0)
    trace = record(journey, Phone(), rng, tunnels=(tunnel,))
    assert trace.between(tunnel[0] + 0.1, tunnel[1] - 0.1) is None
    middle = np.array([NOW_S + 225.0])
    assert np.isnan(positions_at(trace, middle, trace.plane(), widest_gap_s=30.0)).all()


def test_before_and_after_the_drive_a_phone_rests():
    journey, rng = make_drive(), np.random.default_rng(3)
    quiet = Phone(error_m=0.1, reflection_share=0.0)
    trace = record(journey, quiet, rng, from_s=NOW_S - 300.0, until_s=NOW_S - 1.0)
    assert distance_m(trace, ignore_below_m=20.0) == 0.0
    assert (trace.speed_mps == 0.0).mean() > 0.8


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return RoadNetwork(compile_town(grid_town(), tmp_path_factory.mktemp("proof")))


def test_a_timed_route_takes_what_the_route_takes_through_each_of_its_stations(network):
    nodes = [0, len(network) - 1, 3]
    route = network.route(nodes)
    lonlat, time_s = timed_route(network, nodes)
    assert len(lonlat) == len(time_s)
    assert (np.diff(time_s) > 0).all()
    assert time_s[-1] == pytest.approx(route.duration_ms / 1000)
    assert time_s[route.leg_starts[1]] == pytest.approx(route.leg_durations_ms[0] / 1000)


def test_distance_to_the_road_grows_with_distance_and_has_no_end(network):
    lon, lat = network.lon[:1], network.lat[:1]
    away = road_distance(network)
    assert away(lon, lat)[0] < 1e-6
    south = network.lat.min() - np.array([1e-4, 1e-3])  # 11 and 111 m below the lowest street
    assert away(np.repeat(lon, 2), south) == pytest.approx([11.1, 111.2], rel=0.01)
    assert np.isinf(away(lon, lat - 1.0)[0])
