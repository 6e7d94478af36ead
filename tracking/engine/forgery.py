"""Traces that no phone in a car recorded: copies, added noise, replays, jumps, mock positions.

Two phones in one car err differently: take the lag and the constant difference out, and several
metres remain, which change slowly, as a receiver's error does. A copy leaves nothing. A copy with
random jitter leaves something that jumps from fix to fix. A replayed trace leaves nothing beside
the earlier one, while two drives of one road are never second for second alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from maps.engine.geodesy import Floats
from tracking.engine.evidence import GRID_S, MOST_LAG_S, SPIKE_MPS, WIDEST_GAP_S
from tracking.engine.traces import Plane, Trace, positions_at, speeds_mps, steps_m

ANCHORS = (0.2, 0.35, 0.5, 0.65, 0.8)
"""Where along a trace an earlier one is sought nearby, as shares of its moving fixes."""
ANCHOR_M = 200.0
REPLAY_SEARCH_S = 20.0
PAIR_S = 3 * GRID_S
"""Residuals farther apart in time than this say nothing about how fast the error changes."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What remains between two traces when lag and constant offset are taken out.

    Attributes
    ----------
    rms_m : float
        Root of the mean squared remainder.
    offset_m : float
        Length of the constant offset.
    lag_s : float
    autocorrelation : float
        Of the remainder, from fix to fix about five seconds apart: near 1 for errors of receivers,
        near 0 for added noise.
    fixes : int
        How many were compared.
    """

    rms_m: float
    offset_m: float
    lag_s: float
    autocorrelation: float
    fixes: int


def difference(
    a: Trace, b: Trace, *, around_s: float = 0.0, search_s: float = float(MOST_LAG_S)
) -> Difference | None:
    """Return what remains between two traces at the lag that leaves least.

    Parameters
    ----------
    a, b : Trace
        ``b`` may be a forged copy of ``a``, or the reverse.
    around_s, search_s : float
        The lag of ``b`` is sought this far around that.

    Returns
    -------
    Difference, optional
        None when the two have less than three fixes in common at every lag.

    Notes
    -----
    The lag is sought in whole seconds on a five-second grid, then at the fixes themselves, between
    whole seconds, by golden section: a copy shifted by 37.3 s is found to be one. Each trace's
    fixes are laid on the other's straight lines, since a forger may have thinned the copy; the
    smaller remainder counts. O(search n / 5 s). F1 and F2 of docs/proof.md.
    """
    plane = a.plane()
    guess = _coarse_lag(a, b, plane, around_s, search_s)
    if guess is None:
        return None
    found = [_refined(a, b, plane, guess), _refined(b, a, plane, -guess)]
    known = [one for one in found if one is not None]
    if not known:
        return None
    best = min(known, key=lambda one: one.rms_m)
    flip = -1.0 if best is found[1] else 1.0
    return Difference(
        best.rms_m, best.offset_m, flip * best.lag_s, best.autocorrelation, best.fixes
    )


def _coarse_lag(a: Trace, b: Trace, plane: Plane, around_s: float, search_s: float) -> float | None:
    """Return the whole second at which b minus a varies least."""
    lags = np.arange(np.floor(around_s - search_s), np.ceil(around_s + search_s) + 1)
    times = np.arange(np.ceil(a.time_s[0] / GRID_S), np.floor(a.time_s[-1] / GRID_S) + 1) * GRID_S
    if not len(times):
        return None
    ours = positions_at(a, times, plane, widest_gap_s=WIDEST_GAP_S)
    seconds = np.arange(times[0] + lags[0], times[-1] + lags[-1] + 1)
    theirs = positions_at(b, seconds, plane, widest_gap_s=WIDEST_GAP_S)
    at = (times - times[0]).astype(np.int64)
    apart = theirs[at[None, :] + np.arange(len(lags))[:, None]] - ours
    known = ~np.isnan(apart[..., 0])
    count = known.sum(axis=1)
    if count.max() < 3:
        return None
    apart = np.where(known[..., None], apart, 0.0)
    mean = apart.sum(axis=1) / np.maximum(count, 1)[:, None]
    spread = (apart**2).sum(axis=(1, 2)) / np.maximum(count, 1) - (mean**2).sum(axis=1)
    spread[count < max(3, count.max() / 2)] = np.inf
    return float(lags[np.argmin(spread)])


def _refined(a: Trace, b: Trace, plane: Plane, guess_s: float) -> Difference | None:
    """Return the least remainder of b's fixes on a's lines, within two seconds of a lag."""
    fixes = _thinned(b)
    where = plane.project(fixes.lon, fixes.lat)

    def remainder(lag: float) -> Floats:
        ours = positions_at(a, fixes.time_s - lag, plane, widest_gap_s=WIDEST_GAP_S)
        apart = where - ours
        return np.asarray(apart[~np.isnan(apart[:, 0])])

    def rms(lag: float) -> float:
        apart = remainder(lag)
        return float(np.sqrt(apart.var(axis=0).sum())) if len(apart) >= 3 else np.inf

    candidates = guess_s + np.arange(-2.0, 2.01, 0.5)
    start = float(candidates[int(np.argmin([rms(lag) for lag in candidates]))])
    lag = _golden(rms, start - 0.5, start + 0.5)
    lag = min((lag, start, round(lag)), key=rms)
    apart = remainder(lag)
    if len(apart) < 3:
        return None
    ours = positions_at(a, fixes.time_s - lag, plane, widest_gap_s=WIDEST_GAP_S)
    known = ~np.isnan(ours[:, 0])
    middle = apart.mean(axis=0)
    return Difference(
        rms_m=rms(lag),
        offset_m=float(np.hypot(*middle)),
        lag_s=lag,
        autocorrelation=_autocorrelation(apart - middle, fixes.time_s[known]),
        fixes=len(apart),
    )


def _golden(value, low: float, high: float, steps: int = 16) -> float:  # type: ignore[no-untyped-def]
    """Return where a function of one minimum is least; Kiefer (1953), golden section."""
    ratio = (np.sqrt(5.0) - 1.0) / 2.0
    inner, outer = high - ratio * (high - low), low + ratio * (high - low)
    at_inner, at_outer = value(inner), value(outer)
    for _ in range(steps):
        if at_inner < at_outer:
            high, outer, at_outer = outer, inner, at_inner
            inner = high - ratio * (high - low)
            at_inner = value(inner)
        else:
            low, inner, at_inner = inner, outer, at_outer
            outer = low + ratio * (high - low)
            at_outer = value(outer)
    return float((low + high) / 2)


def _thinned(trace: Trace) -> Trace:
    """Return fixes about five seconds apart: the grid on which errors are compared."""
    bucket = np.floor(trace.time_s / GRID_S)
    return trace.take(np.unique(bucket, return_index=True)[1])


def _autocorrelation(remainder: Floats, time_s: Floats) -> float:
    """Return how much of a remainder is still there one fix later, -1 to 1; 1 for none."""
    near = np.diff(time_s) <= PAIR_S
    power = float((remainder**2).sum(axis=1).mean())
    if power <= 0.0 or not near.any():
        return 1.0
    return float((remainder[1:][near] * remainder[:-1][near]).sum(axis=1).mean() / power)


def replay_m(trace: Trace, earlier: Iterable[Trace]) -> float | None:
    """Return the metres that remain between a trace and the most similar earlier one.

    The two are laid over each other where they pass the same places, and compared at equal elapsed
    time. None when no earlier trace shares enough of the way. F4 of docs/proof.md.

    Notes
    -----
    O(m n) for m earlier traces.
    """
    anchors = _anchors(trace)
    found = []
    for other in earlier:
        if other.duration_s <= 0.0:
            continue
        for lag in _replay_lags(trace, anchors, other):
            moved = difference(other, trace, around_s=lag, search_s=REPLAY_SEARCH_S)
            if moved is not None and moved.fixes >= len(_thinned(trace)) / 2:
                found.append(moved.rms_m)
                if moved.rms_m < 1.0:
                    return moved.rms_m
    return min(found, default=None)


def _anchors(trace: Trace) -> list[int]:
    moving = np.flatnonzero(speeds_mps(trace) > 3.0)
    return [int(moving[int(share * (len(moving) - 1))]) for share in ANCHORS] if len(moving) else []


def _replay_lags(trace: Trace, anchors: list[int], other: Trace) -> list[float]:
    """Return by how much the trace is later than another one, where both pass one place."""
    plane = trace.plane()
    where = plane.project(trace.lon, trace.lat)
    there = plane.project(other.lon, other.lat)
    lags: list[float] = []
    for anchor in anchors:
        away = np.hypot(*(there - where[anchor]).T)
        nearest = int(np.argmin(away))
        lag = float(trace.time_s[anchor] - other.time_s[nearest])
        if away[nearest] <= ANCHOR_M and all(abs(lag - seen) > REPLAY_SEARCH_S for seen in lags):
            lags.append(lag)
    return lags


@dataclass(frozen=True, slots=True)
class Jumps:
    """Steps that no car makes.

    Attributes
    ----------
    count : int
    longest_m : float
        0 without any.
    """

    count: int
    longest_m: float


def jumps(trace: Trace) -> Jumps:
    """Return the steps faster than 70 m/s; F5 of docs/proof.md."""
    metres = trace.plane().project(trace.lon, trace.lat)
    steps = steps_m(metres)
    too_fast = steps / np.diff(trace.time_s) > SPIKE_MPS
    return Jumps(int(too_fast.sum()), float(steps[too_fast].max(initial=0.0)))


def p99_mps(trace: Trace) -> float:
    """Return the speed that one step in a hundred exceeds; 0 for a single fix."""
    if len(trace) < 2:
        return 0.0
    metres = trace.plane().project(trace.lon, trace.lat)
    return float(np.quantile(steps_m(metres) / np.diff(trace.time_s), 0.99))


def accuracy_spread_m(trace: Trace, *, least_fixes: int = 60) -> float | None:
    """Return the standard deviation of the claimed accuracy; None with fewer claims. F6."""
    claimed = trace.accuracy_m[~np.isnan(trace.accuracy_m)]
    return float(claimed.std()) if len(claimed) >= least_fixes else None
