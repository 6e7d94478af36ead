"""All that is measured of a case, as numbers by name: what is kept with a verdict."""

from collections.abc import Mapping
from typing import TypeAlias

from tracking.engine.cases import Case, Facts, RoadDistance
from tracking.engine.evidence import (
    compare,
    coverage_alone,
    off_road_share,
    recorded_m,
    thinned,
    usable,
)
from tracking.engine.forgery import accuracy_spread_m, difference, jumps, p99_mps, replay_m
from tracking.engine.traces import Trace

Measures: TypeAlias = Mapping[str, float | None]

NEAR_M = 100.0
CLOCK_S = 10.0
LONGEST_S, AROUND_S = 43_200.0, 3600.0
"""What lies beyond is no part of the trip, and must not cost memory: times are the sender's."""
OFF_ROAD_M = 60.0
"""Farther from every road than half a wide road, a car park's aisle and a phone's usual error."""


def measure(case: Case) -> dict[str, float | None]:
    """Return all measures of a case; None where something could not be measured.

    Notes
    -----
    O(n + m n) for traces of n fixes and m earlier ones; a few milliseconds each.
    """
    found = _facts(case.facts)
    driver, rider = (None if one is None else usable(one) for one in (case.driver, case.rider))
    window = _window(case.facts, driver, rider)
    driver, rider = _near(driver, window), _near(rider, window)
    for name, raw, clean in (("driver", case.driver, driver), ("rider", case.rider, rider)):
        parts = {} if raw is None else _trace(raw, clean, case, window)
        found |= {f"{name}.{key}": value for key, value in (_NO_TRACE | parts).items()}
    return found | _pair(case.facts, driver, rider, window)


_NO_TRACE: dict[str, float | None] = {
    "fixes": 0.0,
    "recorded_m": 0.0,
    "recorded_s": 0.0,
    "coverage": 0.0,
    "jumps": None,
    "longest_jump_m": None,
    "p99_mps": None,
    "mock_share": None,
    "accuracy_spread_m": None,
    "off_road": None,
    "replay_m": None,
}


def _facts(facts: Facts) -> dict[str, float | None]:
    start, end = facts.aboard_s or (None, None)
    return {
        "declared": float(facts.declared),
        "same_device": float(facts.same_device),
        "same_person": float(facts.same_person),
        "boarding_code": None if facts.boarding_code is None else float(facts.boarding_code),
        "reported_m": facts.distance_m,
        "reported_s": None if start is None or end is None else end - start,
        "routed_m": facts.routed_distance_m,
        "routed_s": facts.routed_duration_s,
        "other_trips_that_day": float(facts.other_trips_that_day),
        "to_other_trip_s": facts.to_other_trip_s,
        "overlap_share": facts.overlap_share,
        "reported_after_s": facts.reported_after_s,
    }


def _window(facts: Facts, driver: Trace | None, rider: Trace | None) -> tuple[float, float] | None:
    """Return the rider's part of the journey, as far as anything tells it, half a day at most."""
    trace = rider or driver
    if facts.aboard_s is None and trace is None:
        return None
    ends = facts.aboard_s
    if ends is None and trace is not None:
        ends = float(trace.time_s[0]), float(trace.time_s[-1])
    assert ends is not None
    return ends[0], min(ends[1], ends[0] + LONGEST_S)


def _near(trace: Trace | None, window: tuple[float, float] | None) -> Trace | None:
    """Return what a phone recorded in and around the rider's part of the journey."""
    if trace is None or window is None:
        return None
    return trace.between(min(window) - AROUND_S, max(window) + AROUND_S)


def _trace(
    raw: Trace, clean: Trace | None, case: Case, window: tuple[float, float] | None
) -> dict[str, float | None]:
    """Return what one trace says; forgery is sought in all of it, the way in the rider's part."""
    mock: dict[str, float | None] = {
        "fixes": float(len(raw)),
        "mock_share": float(raw.is_mock.mean()),
    }
    if clean is None or window is None:
        return mock
    leaps = jumps(clean)
    inside = clean.between(*window)
    return mock | {
        "recorded_m": recorded_m(clean, *window),
        "recorded_s": 0.0 if inside is None else inside.duration_s,
        "coverage": coverage_alone(clean, *window, case.facts.distance_m),
        "jumps": float(leaps.count),
        "longest_jump_m": leaps.longest_m,
        "p99_mps": p99_mps(clean),
        "accuracy_spread_m": accuracy_spread_m(raw),
        "off_road": _off_road(clean, case.road_distance_m),
        "replay_m": replay_m(clean, map(_half_a_day, case.earlier)),
    }


def _half_a_day(trace: Trace) -> Trace:
    start = float(trace.time_s[0])
    return trace.between(start, start + LONGEST_S) or trace


def _off_road(trace: Trace, road_distance_m: RoadDistance | None) -> float | None:
    if road_distance_m is None:
        return None
    return off_road_share(thinned(trace), road_distance_m, beyond_m=OFF_ROAD_M)


def _pair(
    facts: Facts, driver: Trace | None, rider: Trace | None, window: tuple[float, float] | None
) -> dict[str, float | None]:
    if driver is None or rider is None:
        return dict.fromkeys(_PAIR)
    together = compare(
        driver,
        rider,
        aboard_s=window,
        near_m=NEAR_M,
        clock_s=CLOCK_S,
        ride_m=facts.distance_m,
    )
    rest = difference(driver, rider)
    return {
        "lag_s": together.lag_s,
        "share_of_time": together.share_of_time,
        "share_of_length": together.share_of_length,
        "coverage": together.coverage,
        "together_m": together.together_m,
        "median_m": together.median_m,
        "copy_m": None if rest is None else rest.rms_m,
        "copy_fixes": None if rest is None else float(rest.fixes),
        "autocorrelation": None if rest is None else rest.autocorrelation,
    }


_PAIR = (
    "lag_s",
    "share_of_time",
    "share_of_length",
    "coverage",
    "together_m",
    "median_m",
    "copy_m",
    "copy_fixes",
    "autocorrelation",
)
