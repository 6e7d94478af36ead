"""Traces, and how few of their fixes need to be kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carpool.kernel.lonlat import LonLat
from tracking.engine import Trace, TraceInvalid, distance_m, keep_within, resample, simplify, stops
from tracking.engine.traces import Plane, positions_at, speeds_mps
from tracking.tests.ways import HERE, NOW_S, straight


def trace_of(metres, times):
    lon, lat = HERE.restore(np.asarray(metres, np.float64))
    return Trace.of(NOW_S + np.asarray(times, np.float64), lon, lat)


def test_fixes_that_arrive_late_and_twice_are_put_in_order_once():
    trace = Trace.of([30, 10, 20, 10], [3, 1, 2, 9], [0, 0, 0, 0], speed_mps=[3, 1, 2, 9])
    assert trace.time_s.tolist() == [10, 20, 30]
    assert trace.lon.tolist() == trace.speed_mps.tolist() == [1, 2, 3]
    assert np.isnan(trace.accuracy_m).all()
    assert not trace.is_mock.any()


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        (([], [], []), {}),
        (([1, 2], [0], [0, 0]), {}),
        (([np.nan], [0], [0]), {}),
        (([1], [181], [0]), {}),
        (([1], [0], [np.nan]), {}),
        (([1], [0], [0]), {"speed_mps": [-1]}),
        (([1], [0], [0]), {"accuracy_m": [-1]}),
    ],
)
def test_columns_that_are_no_trace_are_refused(columns, options):
    with pytest.raises(TraceInvalid):
        Trace.of(*columns, **options)


@st.composite
def journeys(draw):
    """Fixes of someone who walks, waits and rides, at uneven times."""
    count = draw(st.integers(2, 80))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    gaps = rng.choice([0.5, 1.0, 5.0, 60.0], count)
    speed = rng.choice([0.0, 1.0, 12.0, 30.0], (count, 1))
    steps = speed * gaps[:, None] * rng.normal(size=(count, 2))
    return np.cumsum(gaps), np.cumsum(steps, axis=0)


@given(journeys(), st.sampled_from([0.5, 5.0, 20.0, 200.0]))
@settings(max_examples=200, deadline=None)
def test_no_dropped_fix_errs_more_than_stated_at_its_own_time(journey, most_m):
    times, metres = journey
    kept = keep_within(times, metres, most_m)
    told = np.column_stack([np.interp(times, times[kept], column[kept]) for column in metres.T])
    assert np.hypot(*(metres - told).T).max() <= most_m + 1e-6
    assert kept[0] == 0
    assert kept[-1] == len(times) - 1
    assert (np.diff(kept) > 0).all()


@given(journeys())
@settings(max_examples=50, deadline=None)
def test_a_larger_error_never_needs_more_than_all_and_none_less_than_two(journey):
    times, metres = journey
    assert len(keep_within(times, metres, np.inf)) == 2
    assert len(keep_within(times, metres, 10.0)) <= len(times)


def test_a_stop_on_a_straight_road_survives_since_time_counts():
    times = np.arange(0.0, 300.0, 5.0)
    along = np.interp(times, [0, 100, 200, 300], [0, 1000, 1000, 2000])
    trace = trace_of(np.column_stack([along, np.zeros_like(along)]), times)
    kept = simplify(trace, most_m=10.0)
    assert 4 <= len(kept) <= 6  # a line's simplification without time would keep the two ends
    assert len(stops(kept, least_s=60.0)) == len(stops(trace, least_s=60.0)) == 1
    assert distance_m(kept) == pytest.approx(distance_m(trace), abs=10.0)


def test_a_steady_drive_is_kept_as_its_two_ends():
    trace = straight()
    kept = simplify(trace, most_m=1.0)
    assert len(kept) == 2
    assert kept.start == trace.start
    assert kept.end == trace.end


def test_a_stop_is_found_with_its_place_and_time():
    times = np.arange(0.0, 600.0, 10.0)
    along = np.interp(times, [0, 200, 400, 600], [0, 2000, 2000, 4000])
    (stop,) = stops(trace_of(np.column_stack([along, 0 * along]), times), least_s=120.0)
    assert stop.from_s == pytest.approx(NOW_S + 200, abs=10)
    assert stop.until_s == pytest.approx(NOW_S + 400, abs=10)
    assert HERE.project(np.array([stop.place.lon]), np.array([stop.place.lat]))[
        0, 0
    ] == pytest.approx(2000, abs=10)


def test_nothing_is_known_in_a_gap_nor_beyond_the_ends():
    trace = trace_of([[0, 0], [10, 0], [100, 0]], [0, 10, 100])
    seconds = NOW_S + np.array([-1.0, 0.0, 5.0, 50.0, 100.0, 101.0])
    east = positions_at(trace, seconds, HERE, widest_gap_s=30.0)[:, 0]
    assert np.isnan(east).tolist() == [True, False, False, True, False, True]
    assert east[[1, 2, 4]] == pytest.approx([0, 5, 100], abs=1e-6)
    assert len(resample(trace, every_s=5.0, widest_gap_s=30.0)) == 4


def test_a_resting_phones_noise_adds_no_distance():
    rng = np.random.default_rng(1)
    times = np.arange(0.0, 600.0)
    trace = trace_of(rng.normal(0, 3.0, (len(times), 2)), times)
    assert distance_m(trace) > 1000
    assert distance_m(trace, ignore_below_m=25.0) == 0


def test_speed_is_the_phones_own_or_that_of_the_steps():
    trace = straight(mps=10.0)
    assert speeds_mps(trace) == pytest.approx(np.full(len(trace), 10.0), rel=1e-3)
    told = Trace.of(trace.time_s, trace.lon, trace.lat, speed_mps=np.full(len(trace), 7.0))
    assert (speeds_mps(told) == 7.0).all()


@given(
    st.floats(-179.9, 179.9),
    st.floats(-60, 60),
    st.lists(st.floats(-20_000, 20_000), min_size=2, max_size=2),
)
def test_a_place_comes_back_from_the_plane_also_across_the_date_line(lon, lat, metres):
    plane = Plane(LonLat(lon, lat))
    again = plane.project(*plane.restore(np.array([metres])))
    assert again[0] == pytest.approx(metres, abs=1e-3)
