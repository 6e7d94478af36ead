"""Traces that no phone in a car recorded: copies, added noise, replays, jumps, mock positions.

Two phones in one car err differently: take the lag and the constant difference out, and several
metres remain, which change slowly, as a receiver's error does. A copy leaves nothing. A copy with
random jitter leaves something that jumps from fix to fix. A replayed trace leaves nothing beside
the earlier one, while two drives of one road are never second for second alike.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from maps.engine.geodesy import Floats
from tracking.engine.evidence import GRID_S, MOST_LAG_S, WIDEST_GAP_S
from tracking.engine.traces import Flags, Plane, Trace, Track, speeds_mps, steps_m

ANCHORS = tuple(np.linspace(0.1, 0.9, 9).tolist())
"""Where along a trace an earlier one is sought nearby, as shares of its moving fixes."""
ANCHOR_M = 200.0
REPLAY_SEARCH_S = 20.0
ANCHOR_S = 12.0
"""At anchors of a replay the same time has passed since, but for what an offset of metres does."""
LAG_STEP_S = 2.0
REPLAY_WORTH_M = 60.0
"""Two drives that differ by more on the coarse grid are not looked at more closely."""
JUMP_MPS = 70.0
"""Source: of 164,509 real fixes, 0.03 % of all steps are faster; no car is."""
WILD = 3.0
"""A remainder longer than so many medians is cut: three and a half deviations of plain noise."""
JUMP_M = 150.0
"""A shorter one is a reflection: it brings a forger nowhere."""
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
    The lag is sought in steps of two seconds on a five-second grid, then at the fixes themselves,
    between whole seconds, by golden section: a copy shifted by 37.3 s is found to be one. Each
    trace's fixes are laid on the other's straight lines, since a forger may have thinned the copy;
    the smaller remainder counts. The offset is the median, and what is longer than three median
    lengths is cut, so that a reflection, or a forger's few wild fixes, change nothing.
    O(search n / 5 s). F1 and F2 of docs/proof.md.
    """
    plane = a.plane()
    return _difference(_Sides.of(a, plane), _Sides.of(b, plane), around_s, search_s)


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """A trace in the common plane: all its fixes, and those about five seconds apart."""

    track: Track
    thin: Track

    @classmethod
    def of(cls, trace: Trace, plane: Plane) -> "_Sides":
        track = trace.on(plane)
        first = np.unique(np.floor(trace.time_s / GRID_S), return_index=True)[1]
        return cls(track, Track(track.time_s[first], track.metres[first]))


def _difference(
    a: _Sides, b: _Sides, around_s: float, search_s: float, *, worth_m: float = np.inf
) -> Difference | None:
    """Return what remains; None also when the coarse search finds nothing within ``worth_m``."""
    guess, spread_m = _coarse_lag(a.track, b.track, around_s, search_s)
    if spread_m > worth_m or np.isinf(spread_m):
        return None
    ahead, back = _refined(a.track, b.thin, guess), _refined(b.track, a.thin, -guess)
    if back is not None and (ahead is None or back.rms_m < ahead.rms_m):
        return replace(back, lag_s=-back.lag_s)
    return ahead


def _coarse_lag(a: Track, b: Track, around_s: float, search_s: float) -> tuple[float, float]:
    """Return the second, of every other, at which b minus a varies least, and how much there."""
    reach = np.arange(-np.ceil(search_s / LAG_STEP_S), np.ceil(search_s / LAG_STEP_S) + 1)
    lags = np.round(around_s) + reach * LAG_STEP_S
    times = np.arange(np.ceil(a.time_s[0] / GRID_S), np.floor(a.time_s[-1] / GRID_S) + 1) * GRID_S
    if not len(times):
        return 0.0, np.inf
    ours = a.at(times, widest_gap_s=WIDEST_GAP_S)
    seconds = np.arange(times[0] + lags[0], times[-1] + lags[-1] + 1)
    theirs = b.at(seconds, widest_gap_s=WIDEST_GAP_S)
    at = (times - times[0]).astype(np.int64)
    moved = (lags - lags[0]).astype(np.int64)
    apart = theirs[at[None, :] + moved[:, None]] - ours
    known = ~np.isnan(apart[..., 0])
    count = known.sum(axis=1)
    if count.max() < 3:
        return 0.0, np.inf
    apart = np.where(known[..., None], apart, 0.0)
    mean = apart.sum(axis=1) / np.maximum(count, 1)[:, None]
    spread = np.einsum("kni,kni->k", apart, apart) / np.maximum(count, 1) - (mean**2).sum(axis=1)
    spread[count < max(3, count.max() / 2)] = np.inf
    best = int(np.argmin(spread))
    return float(lags[best]), float(np.sqrt(max(spread[best], 0.0)))


def _refined(a: Track, b: Track, guess_s: float) -> Difference | None:
    """Return the least remainder of b's fixes on a's lines, near a lag."""

    def remainder(lag: float) -> tuple[Floats, Flags]:
        apart = b.metres - a.at(b.time_s - lag, widest_gap_s=WIDEST_GAP_S)
        known = ~np.isnan(apart[:, 0])
        return apart[known], known

    def rms(lag: float) -> float:
        apart, _ = remainder(lag)
        return _rms(_tamed(apart - _middle(apart))) if len(apart) >= 3 else np.inf

    candidates = guess_s + np.arange(-1.5, 1.51, 0.5)
    start = float(candidates[int(np.argmin([rms(lag) for lag in candidates]))])
    lag = _golden(rms, start - 0.5, start + 0.5)
    lag = min((lag, start, float(round(lag))), key=rms)
    apart, known = remainder(lag)
    if len(apart) < 3:
        return None
    offset = _middle(apart)
    rest = _tamed(apart - offset)
    return Difference(
        rms_m=_rms(rest),
        offset_m=float(np.hypot(*offset)),
        lag_s=lag,
        autocorrelation=_autocorrelation(rest, b.time_s[known]),
        fixes=len(rest),
    )


def _middle(values: Floats) -> Floats:
    """Return the upper median along the first axis; ``numpy.median`` takes several times longer."""
    half = len(values) // 2
    return np.asarray(np.partition(values, half, axis=0)[half])


def _tamed(remainder: Floats) -> Floats:
    """Return a remainder whose longest vectors are cut to three median lengths."""
    length = np.hypot(remainder[:, 0], remainder[:, 1])
    cut = WILD * _middle(length)
    return np.asarray(remainder * np.minimum(1.0, cut / np.maximum(length, 1e-9))[:, None])


def _rms(remainder: Floats) -> float:
    return float(np.sqrt(np.einsum("ni,ni->", remainder, remainder) / len(remainder)))


def _golden(value: Callable[[float], float], low: float, high: float, steps: int = 10) -> float:
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
    time. None when no earlier trace comes within 60 m of it for at least half of its fixes. F4 of
    docs/proof.md.

    Notes
    -----
    O(m n) for m earlier traces.
    """
    anchors, plane = _anchors(trace), trace.plane()
    ours = _Sides.of(trace, plane)
    found = []
    for other in earlier:
        theirs = _Sides.of(other, plane)
        for lag in _replay_lags(ours.track, anchors, theirs.track):
            moved = _difference(theirs, ours, lag, REPLAY_SEARCH_S, worth_m=REPLAY_WORTH_M)
            if moved is not None and moved.fixes >= len(ours.thin.time_s) / 2:
                found.append(moved.rms_m)
    return min(found, default=None)


def _anchors(trace: Trace) -> list[int]:
    moving = np.flatnonzero(speeds_mps(trace) > 3.0)
    return [int(moving[int(share * (len(moving) - 1))]) for share in ANCHORS] if len(moving) else []


def _replay_lags(ours: Track, anchors: list[int], theirs: Track) -> list[float]:
    """Return by how much the trace may be later than another one.

    That is: by how much it is where both pass one place, if at half of the places it is the same.
    """
    if not anchors:
        return []
    apart = theirs.metres[None, :, :] - ours.metres[anchors][:, None, :]
    away = np.hypot(apart[..., 0], apart[..., 1])
    nearest = away.argmin(axis=1)
    near = away[np.arange(len(anchors)), nearest] <= ANCHOR_M
    lags = (ours.time_s[anchors] - theirs.time_s[nearest])[near]
    chosen: list[float] = []
    for lag in lags.tolist():
        agreed = lags[np.abs(lags - lag) <= ANCHOR_S]
        middle = float(np.median(agreed)) if len(agreed) * 2 >= len(anchors) else None
        if middle is not None and all(abs(middle - seen) > REPLAY_SEARCH_S for seen in chosen):
            chosen.append(middle)
    return chosen


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
    """Return the steps faster than 70 m/s and longer than 150 m; F5 of docs/proof.md."""
    metres = trace.plane().project(trace.lon, trace.lat)
    steps = steps_m(metres)
    too_fast = (steps / np.diff(trace.time_s) > JUMP_MPS) & (steps > JUMP_M)
    return Jumps(int(too_fast.sum()), float(steps[too_fast].max(initial=0.0)))


def p99_mps(trace: Trace) -> float:
    """Return the speed that one step in a hundred exceeds, and at least two do; 0 for few fixes."""
    if len(trace) < 4:
        return 0.0
    metres = trace.plane().project(trace.lon, trace.lat)
    speed = np.sort(steps_m(metres) / np.diff(trace.time_s))
    return float(speed[min(int(0.99 * len(speed)), len(speed) - 3)])


def accuracy_spread_m(trace: Trace, *, least_fixes: int = 60) -> float | None:
    """Return the standard deviation of the claimed accuracy; None with fewer claims. F6."""
    claimed = trace.accuracy_m[~np.isnan(trace.accuracy_m)]
    return float(claimed.std()) if len(claimed) >= least_fixes else None
