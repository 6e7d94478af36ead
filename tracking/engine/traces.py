"""What a phone recorded of one journey, and its plain geometry."""

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from carpool.kernel.lonlat import METRES_PER_DEGREE, LonLat
from maps.engine.geodesy import Floats, Ints

Flags = npt.NDArray[np.bool_]


class TraceInvalid(ValueError):
    """The columns of a trace differ in length, are empty, or hold what is no time or no place."""


class Stop(NamedTuple):
    """A stay: from, until (seconds) and where."""

    from_s: float
    until_s: float
    place: LonLat


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres east and north of a place: a plane that touches the sphere there.

    Notes
    -----
    Within 50 km of the place and 60° of latitude a distance errs by less than one per cent, which
    matters to no threshold here: all of them compare positions that are near each other.
    """

    at: LonLat

    def project(self, lon: Floats, lat: Floats) -> Floats:
        """Return float64[n, 2], metres; across the date line the short way."""
        east = (lon - self.at.lon + 180.0) % 360.0 - 180.0
        shrink = np.cos(np.radians(self.at.lat))
        return np.column_stack([east * shrink, lat - self.at.lat]) * METRES_PER_DEGREE

    def restore(self, metres: Floats) -> tuple[Floats, Floats]:
        """Return longitudes and latitudes of float64[n, 2] metres."""
        shrink = np.cos(np.radians(self.at.lat))
        lon = self.at.lon + metres[:, 0] / (METRES_PER_DEGREE * shrink)
        lat = self.at.lat + metres[:, 1] / METRES_PER_DEGREE
        return (lon + 180.0) % 360.0 - 180.0, lat


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A trace in a plane: what is compared.

    Attributes
    ----------
    time_s : float64[n]
    metres : float64[n, 2]
    """

    time_s: Floats
    metres: Floats

    def at(self, time_s: Floats, *, widest_gap_s: float) -> Floats:
        """Return where the phone was at given times, on the straight line between its fixes.

        Parameters
        ----------
        time_s : float64[k]
        widest_gap_s : float
            Between fixes that lie farther apart, nothing is known.

        Returns
        -------
        float64[k, 2]
            Metres; NaN before the first fix, after the last and in gaps.

        Notes
        -----
        O(k log n).
        """
        own = self.time_s
        if len(own) == 1:
            return np.asarray(np.where((time_s == own[0])[:, None], self.metres, np.nan))
        after = np.searchsorted(own, time_s, side="left").clip(1, len(own) - 1)
        before = after - 1
        gap = own[after] - own[before]
        share = (time_s - own[before]) / gap
        known = (share >= 0.0) & (share <= 1.0)
        known &= (gap <= widest_gap_s) | (share == 0.0) | (share == 1.0)
        here = self.metres[before]
        places = here + share[:, None] * (self.metres[after] - here)
        places[~known] = np.nan
        return np.asarray(places)


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Fixes of one phone in order of time; make one with :meth:`of`.

    Attributes
    ----------
    time_s : float64[n]
        Seconds since 1970 (UTC) by the phone's clock, strictly ascending; n >= 1.
    lon, lat : float64[n]
        Degrees.
    accuracy_m : float64[n]
        Radius that the phone claims (68 %); NaN where it claims none.
    speed_mps : float64[n]
        Speed that the phone claims; NaN where it claims none.
    is_mock : bool[n]
        The system said that another program made the position up.
    """

    time_s: Floats
    lon: Floats
    lat: Floats
    accuracy_m: Floats
    speed_mps: Floats
    is_mock: Flags

    @classmethod
    def of(
        cls,
        time_s: npt.ArrayLike,
        lon: npt.ArrayLike,
        lat: npt.ArrayLike,
        *,
        accuracy_m: npt.ArrayLike | None = None,
        speed_mps: npt.ArrayLike | None = None,
        is_mock: npt.ArrayLike | None = None,
    ) -> Self:
        """Return the trace of fixes in any order; of two at the same time the first is kept.

        Raises
        ------
        TraceInvalid
            Nothing is recorded, the columns differ in length, or a value is out of its range.

        Notes
        -----
        O(n log n).
        """
        times = np.asarray(time_s, np.float64)
        unknown = np.full(times.shape, np.nan)
        columns = [
            times,
            np.asarray(lon, np.float64),
            np.asarray(lat, np.float64),
            unknown if accuracy_m is None else np.asarray(accuracy_m, np.float64),
            unknown if speed_mps is None else np.asarray(speed_mps, np.float64),
        ]
        mock = np.zeros(times.shape, np.bool_) if is_mock is None else np.asarray(is_mock, np.bool_)
        _check(columns, mock)
        _, order = np.unique(times, return_index=True)
        time, east, north, accuracy, speed = (column[order] for column in columns)
        return cls(time, east, north, accuracy, speed, mock[order])

    def __len__(self) -> int:
        """Return the number of fixes."""
        return len(self.time_s)

    @property
    def duration_s(self) -> float:
        """Return the seconds from the first fix to the last."""
        return float(self.time_s[-1] - self.time_s[0])

    @property
    def start(self) -> LonLat:
        """Return where the first fix lies."""
        return LonLat(float(self.lon[0]), float(self.lat[0]))

    @property
    def end(self) -> LonLat:
        """Return where the last fix lies."""
        return LonLat(float(self.lon[-1]), float(self.lat[-1]))

    def plane(self) -> Plane:
        """Return the plane around the trace's middle fix."""
        middle = len(self) // 2
        return Plane(LonLat(float(self.lon[middle]), float(self.lat[middle])))

    def on(self, plane: Plane) -> Track:
        """Return the trace in a plane."""
        return Track(self.time_s, plane.project(self.lon, self.lat))

    def take(self, which: Ints | Flags | npt.NDArray[np.int64]) -> "Trace":
        """Return the chosen fixes, in order; at least one."""
        return Trace(
            self.time_s[which],
            self.lon[which],
            self.lat[which],
            self.accuracy_m[which],
            self.speed_mps[which],
            self.is_mock[which],
        )

    def between(self, from_s: float, until_s: float) -> "Trace | None":
        """Return the fixes of a closed stretch of time, None when there are none."""
        inside = (self.time_s >= from_s) & (self.time_s <= until_s)
        return self.take(inside) if inside.any() else None

    def shifted(self, by_s: float) -> "Trace":
        """Return the same fixes that much later."""
        return replace(self, time_s=self.time_s + by_s)


def _check(columns: list[Floats], mock: Flags) -> None:
    time_s, lon, lat, accuracy_m, speed_mps = columns
    if time_s.ndim != 1 or not len(time_s):
        raise TraceInvalid("a trace is a list of at least one fix")
    if any(column.shape != time_s.shape for column in (*columns, mock)):
        raise TraceInvalid("the columns of a trace differ in length")
    if not np.isfinite(time_s).all():
        raise TraceInvalid("a time is not a number")
    if not ((np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)).all():
        raise TraceInvalid("a position is not on the earth")
    if (accuracy_m < 0).any() or (speed_mps < 0).any():
        raise TraceInvalid("accuracy or speed is negative")


def steps_m(metres: Floats) -> Floats:
    """Return the lengths of the steps of a projected line, float64[n - 1]."""
    return np.asarray(np.hypot(*np.diff(metres, axis=0).T))


def distance_m(trace: Trace, *, ignore_below_m: float = 0.0) -> float:
    """Return the length of a trace.

    Parameters
    ----------
    trace : Trace
    ignore_below_m : float
        A step counts from the last place that counted once it is this long: a resting phone's
        noise then adds nothing.

    Notes
    -----
    O(n).
    """
    metres = trace.plane().project(trace.lon, trace.lat)
    if ignore_below_m <= 0.0:
        return float(steps_m(metres).sum())
    total, last = 0.0, metres[0]
    for place in metres[1:]:
        step = float(np.hypot(*(place - last)))
        if step >= ignore_below_m:
            total, last = total + step, place
    return total


def speeds_mps(trace: Trace) -> Floats:
    """Return the speed at each fix: the phone's own, else that of the steps around it.

    Returns
    -------
    float64[n]
        0 for a single fix whose speed is unknown.
    """
    if len(trace) == 1:
        return np.nan_to_num(trace.speed_mps, nan=0.0)
    metres = trace.plane().project(trace.lon, trace.lat)
    steps = steps_m(metres) / np.diff(trace.time_s)
    around = np.concatenate([steps[:1], (steps[1:] + steps[:-1]) / 2, steps[-1:]])
    return np.where(np.isnan(trace.speed_mps), around, trace.speed_mps)


def positions_at(trace: Trace, time_s: Floats, plane: Plane, *, widest_gap_s: float) -> Floats:
    """Return where the phone was at given times; see :meth:`Track.at`."""
    return trace.on(plane).at(time_s, widest_gap_s=widest_gap_s)


def resample(trace: Trace, *, every_s: float, widest_gap_s: float) -> Trace:
    """Return the trace at whole multiples of a period, without times that fall into gaps.

    Raises
    ------
    TraceInvalid
        No such time lies within the trace.
    """
    first, last = np.ceil(trace.time_s[0] / every_s), np.floor(trace.time_s[-1] / every_s)
    times = np.arange(first, last + 1) * every_s
    plane = trace.plane()
    metres = positions_at(trace, times, plane, widest_gap_s=widest_gap_s)
    known = ~np.isnan(metres[:, 0])
    lon, lat = plane.restore(metres[known])
    return Trace.of(times[known], lon, lat)


def stops(trace: Trace, *, least_s: float = 60.0, radius_m: float = 30.0) -> list[Stop]:
    """Return the stays: stretches of time spent around their first fix.

    Notes
    -----
    Source: stay points as in Li et al. (2008), Mining user similarity based on location history:
    the stay grows while fixes lie within ``radius_m`` of its first. O(n) fixes looked at, each at
    most twice.
    """
    metres = trace.plane().project(trace.lon, trace.lat)
    found, first = [], 0
    while first < len(trace):
        away = np.hypot(*(metres[first:] - metres[first]).T) > radius_m
        last = first + int(np.argmax(away)) - 1 if away.any() else len(trace) - 1
        if trace.time_s[last] - trace.time_s[first] >= least_s:
            lon, lat = trace.lon[first : last + 1].mean(), trace.lat[first : last + 1].mean()
            place = LonLat(float(lon), float(lat))
            found.append(Stop(float(trace.time_s[first]), float(trace.time_s[last]), place))
            first = last + 1
        else:
            first += 1
    return found
