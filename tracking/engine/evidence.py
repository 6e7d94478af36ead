"""How far two traces show one journey: time and way together, lag, coverage, roads.

Both traces are read every five seconds. The rider's is also read every second, moved by each lag
from -90 to 90 s, and the lag at which the two lie nearest to each other is *the* lag: in one car it
is the difference of two clocks, behind another car it is the headway. Then, with the lag taken
out as far as clocks can explain it, the time and the way are counted that both spent within 100 m.
"""

from dataclasses import dataclass

import numpy as np

from maps.engine.geodesy import Floats, Longs
from tracking.engine.cases import RoadDistance
from tracking.engine.traces import (
    Flags,
    Plane,
    Trace,
    TraceInvalid,
    positions_at,
    speeds_mps,
    steps_m,
)

GRID_S = 5.0
"""The seed's bucket: what one point of the comparison stands for."""
MOST_LAG_S = 90
WIDEST_GAP_S = 30.0
"""Between fixes farther apart a car may have been anywhere: a tunnel, a phone that slept."""
MOVING_M = 5.0
"""A step of the grid with less is a stop; two resting phones say nothing about a shared way."""
LEAST_POINTS = 12
"""A minute of the grid: with less in common, lag and shares are left unknown."""
FAR_M = 150.0
"""Distances are cut here when the lag is sought, so that one wrong fix does not decide it."""
POOR_ACCURACY_M = 100.0
SPIKE_MPS = 45.0
"""162 km/h: there and back again within a few fixes, no car does that."""
LONGEST_SPIKE = 2


@dataclass(frozen=True, slots=True)
class Together:
    """What two traces have in common.

    Attributes
    ----------
    lag_s : float, optional
        By how many seconds the rider's trace is behind the driver's; None when too little is
        common.
    share_of_time, share_of_length : float, optional
        Of the moving time and of the way that both recorded, the share within reach.
    coverage : float
        Share of the rider's way that both recorded, 0 to 1.
    together_m : float
        The way together.
    median_m : float, optional
        Median distance between the two while they move.
    """

    lag_s: float | None
    share_of_time: float | None
    share_of_length: float | None
    coverage: float
    together_m: float
    median_m: float | None


def usable(trace: Trace) -> Trace | None:
    """Return a trace without fixes that say little: poor accuracy, and spikes.

    A spike is a fix, or two in a row, too far from both neighbours for any car, while these fit
    each other: a reflection in a street of high houses. A jump that stays is kept: it is either a
    gap or a forgery, and :mod:`tracking.engine.forgery` looks at it.

    Notes
    -----
    O(n).
    """
    good = ~(trace.accuracy_m > POOR_ACCURACY_M)
    if not good.any():
        return None
    return without_spikes(trace.take(good))


def without_spikes(trace: Trace) -> Trace:
    """Return a trace without single fixes that both neighbours contradict."""
    return trace.take(~spikes(trace)) if len(trace) >= 3 else trace


def spikes(trace: Trace) -> Flags:
    """Return which fixes are spikes, bool[n]; the first and the last have one neighbour each."""
    found = np.zeros(len(trace), np.bool_)
    if len(trace) < 3:
        return found
    metres, times = trace.plane().project(trace.lon, trace.lat), trace.time_s
    steps = steps_m(metres) / np.diff(times)
    wild = steps > SPIKE_MPS
    found[0], found[-1] = wild[0], wild[-1]
    for run in range(1, min(LONGEST_SPIKE, len(trace) - 2) + 1):
        across = np.hypot(*(metres[run + 1 :] - metres[: -run - 1]).T)
        back = across / (times[run + 1 :] - times[: -run - 1]) <= SPIKE_MPS
        starts = np.flatnonzero(wild[: len(wild) - run] & wild[run:] & back)
        for offset in range(1, run + 1):
            found[starts + offset] = True
    return found


def compare(
    driver: Trace,
    rider: Trace,
    *,
    aboard_s: tuple[float, float] | None = None,
    near_m: float = 100.0,
    clock_s: float = 10.0,
    ride_m: float | None = None,
) -> Together:
    """Return what two traces have in common.

    Parameters
    ----------
    driver, rider : Trace
        As :func:`usable` returns them.
    aboard_s : (float, float), optional
        The rider's part of the journey; without it, the rider's trace.
    near_m : float
    clock_s : float
        The most seconds by which two clocks may differ: so much lag is taken out before distances
        are counted.
    ride_m : float, optional
        Length of the rider's way as known from elsewhere; the longer of it and the recorded way
        is what has to be covered.

    Notes
    -----
    O(181 n / 5 s): a half-hour's pair takes about two milliseconds.
    """
    start, end = aboard_s or (float(rider.time_s[0]), float(rider.time_s[-1]))
    times = grid(start, end)
    plane = driver.plane()
    ours = positions_at(driver, times, plane, widest_gap_s=WIDEST_GAP_S)
    lags = np.arange(-MOST_LAG_S, MOST_LAG_S + 1)
    theirs = _moved(rider, times, lags, plane)
    way_m = max(_way_m(driver, times), _way_m(rider, times), ride_m or 0.0)
    lag = nearest_lag(ours, theirs, lags)
    if lag is None:
        return Together(None, None, None, 0.0, 0.0, None)
    taken_out = int(np.clip(lag, -clock_s, clock_s)) + MOST_LAG_S
    apart = np.hypot(*(theirs[taken_out] - ours).T)
    step = steps_m(ours)
    both = ~np.isnan(apart[1:]) & ~np.isnan(step)
    moving = both & (step >= MOVING_M)
    common_m = float(step[both].sum())
    if moving.sum() < LEAST_POINTS:
        return Together(None, None, None, _share(common_m, way_m), 0.0, None)
    near = moving & (apart[1:] < near_m)
    return Together(
        lag_s=lag,
        share_of_time=float(near.sum() / moving.sum()),
        share_of_length=float(step[near].sum() / step[moving].sum()),
        coverage=_share(common_m, way_m),
        together_m=float(step[near].sum()),
        median_m=float(np.median(apart[1:][moving])),
    )


def grid(start_s: float, end_s: float) -> Floats:
    """Return the times at which traces are compared: every five seconds, both ends within."""
    return np.arange(np.ceil(start_s / GRID_S), np.floor(end_s / GRID_S) + 1) * GRID_S


def _moved(rider: Trace, times: Floats, lags: Longs, plane: Plane) -> Floats:
    """Return the rider's places at every time and lag, float64[lags, times, 2]."""
    if not len(times):
        return np.full((len(lags), 0, 2), np.nan)
    seconds = np.arange(times[0] + lags[0], times[-1] + lags[-1] + 1)
    places = positions_at(rider, seconds, plane, widest_gap_s=WIDEST_GAP_S)
    at = (times - times[0]).astype(np.int64)
    return np.asarray(places[at[None, :] + np.arange(len(lags))[:, None]])


def nearest_lag(ours: Floats, theirs: Floats, lags: Longs) -> float | None:
    """Return the lag at which two rows of places lie nearest to each other.

    Parameters
    ----------
    ours : float64[n, 2]
    theirs : float64[k, n, 2]
        Per lag.
    lags : int64[k]

    Notes
    -----
    The cross-correlation of two position signals is largest where their mean squared distance is
    least; distances are cut at 150 m instead of squared, which a few wild fixes do not move.
    Lags for which less than half as much is common as for the best are not considered.
    """
    apart = np.minimum(np.hypot(theirs[..., 0] - ours[:, 0], theirs[..., 1] - ours[:, 1]), FAR_M)
    known = ~np.isnan(apart)
    count = known.sum(axis=1)
    if not len(count) or count.max() < LEAST_POINTS:
        return None
    enough = count >= max(LEAST_POINTS, count.max() / 2)
    mean = np.where(known, apart, 0.0).sum(axis=1) / np.maximum(count, 1)
    mean[~enough] = np.inf
    ties = np.flatnonzero(mean <= mean.min() + 1e-9)
    return float(lags[ties[np.argmin(np.abs(lags[ties]))]])


def coverage_alone(trace: Trace, start_s: float, end_s: float, ride_m: float | None) -> float:
    """Return the share of a way that one trace recorded, 0 to 1."""
    times = grid(start_s, end_s)
    places = positions_at(trace, times, trace.plane(), widest_gap_s=WIDEST_GAP_S)
    step = steps_m(places)
    return _share(float(np.nansum(step)), max(_way_m(trace, times), ride_m or 0.0))


def _way_m(trace: Trace, times: Floats) -> float:
    """Return the length recorded in these times, gaps bridged by straight lines."""
    if len(times) < 2:
        return 0.0
    places = positions_at(trace, times, trace.plane(), widest_gap_s=np.inf)
    return float(np.nansum(steps_m(places)))


def _share(part: float, whole: float) -> float:
    return min(1.0, part / whole) if whole > 0.0 else 0.0


def recorded_m(trace: Trace, start_s: float, end_s: float) -> float:
    """Return the length that a trace recorded between two times, without its gaps."""
    places = positions_at(trace, grid(start_s, end_s), trace.plane(), widest_gap_s=WIDEST_GAP_S)
    return float(np.nansum(steps_m(places)))


def thinned(trace: Trace) -> Trace:
    """Return the first fix of every five seconds."""
    return trace.take(np.unique(np.floor(trace.time_s / GRID_S), return_index=True)[1])


def off_road_share(trace: Trace, road_distance_m: RoadDistance, *, beyond_m: float) -> float:
    """Return the share of moving fixes that lie farther from every road than that, 0 to 1.

    Raises
    ------
    TraceInvalid
        The road distances are not one per fix.
    """
    away = np.asarray(road_distance_m(trace.lon, trace.lat), np.float64)
    if away.shape != trace.time_s.shape:
        raise TraceInvalid("one distance to the road is needed for each fix")
    moving = speeds_mps(trace) > 1.0
    return float((away[moving] > beyond_m).mean()) if moving.any() else 0.0
