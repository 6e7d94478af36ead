"""Drives and phones made up, for measuring the verification and for simulated weeks.

A drive follows a route of the road network: its speed is the road's times the driver's own habit
and mood, it brakes for bends, waits at some crossings, accelerates like a car. A phone in it
samples at its own period and phase, by a clock that is off, and errs as receivers do: slowly
(autoregressive noise), around a bias, with gaps and rare reflections. Two phones in one car share
the drive, not the error. Nothing is random but by the generator that is passed in.

What is left out, so that nobody believes more than was shown: real streets' multipath, that two
receivers in one car err partly together, batteries that save power, people who walk on.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from carpool.kernel.lonlat import LonLat
from maps.engine.geodesy import Floats
from tracking.engine.traces import Flags, Plane, Trace, steps_m

STEP_M = 10.0
"""Spacing of the speed profile: a car's length or two."""
FASTEST_MPS, SLOWEST_MPS = 36.0, 1.5
ACCELERATION_MPS2, BRAKING_MPS2 = 1.5, 2.0
"""What passengers find comfortable. Source: Hoberock (1977), 0.11 to 0.15 g and a little more."""
CROSSING_M = 400.0
HABIT, MOOD, MOOD_M = 0.12, 0.15, 400.0
"""Spread of one driver's speed from another's, and within a drive, and over which way it changes.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """Where a car really was.

    Attributes
    ----------
    time_s : float64[n]
        Ascending; where the car waits, two points lie at one place.
    metres : float64[n, 2]
        In ``plane``.
    along_m : float64[n]
    plane : Plane
    """

    time_s: Floats
    metres: Floats
    along_m: Floats
    plane: Plane

    def at(self, time_s: Floats) -> Floats:
        """Return the places at given times, float64[k, 2]; at the ends the car stands."""
        columns = [np.interp(time_s, self.time_s, column) for column in self.metres.T]
        return np.column_stack(columns)

    def speed_mps(self, time_s: Floats) -> Floats:
        """Return the speed at given times, from the second around each."""
        ahead = np.interp(time_s + 0.5, self.time_s, self.along_m)
        return np.asarray(ahead - np.interp(time_s - 0.5, self.time_s, self.along_m))

    @property
    def length_m(self) -> float:
        """Return the length of the way."""
        return float(self.along_m[-1])


class Jam(NamedTuple):
    """A stretch of the way, in shares of it, on which every car crawls."""

    from_share: float
    to_share: float
    mps: float


def draw_jams(rng: np.random.Generator) -> tuple[Jam, ...]:
    """Return the jams of an hour: none every second time, else one to three."""
    count = int(rng.integers(1, 4)) if rng.random() < 0.5 else 0
    starts, lengths = rng.uniform(0.0, 0.9, count), rng.uniform(0.03, 0.2, count)
    speeds = rng.uniform(SLOWEST_MPS, 4.0, count)
    rows = zip(starts.tolist(), lengths.tolist(), speeds.tolist(), strict=True)
    return tuple(Jam(start, start + length, mps) for start, length, mps in rows)


@dataclass(frozen=True, slots=True)
class Phone:
    """How a phone records.

    Attributes
    ----------
    every_s : float
        Period of its fixes.
    error_m : float
        Standard deviation of the slow error, in each direction.
    memory : float
        Share of the slow error that is left after a second.
    bias_m : (float, float)
        East and north, constant.
    clock_s : float
        By how much its clock is ahead.
    gap_share : float
        Share of time in which it records nothing.
    reflection_share : float
        Share of fixes that are far off.
    white_m : float
        Error from fix to fix: rounding, and the receiver's own noise.
    """

    every_s: float = 1.0
    error_m: float = 4.0
    memory: float = 0.97
    bias_m: tuple[float, float] = (0.0, 0.0)
    clock_s: float = 0.0
    gap_share: float = 0.02
    reflection_share: float = 0.0005
    white_m: float = 0.3


def draw_phone(rng: np.random.Generator) -> Phone:
    """Return a phone as they differ.

    Notes
    -----
    Source: slow error 3 to 8 m with 0.95 to 0.98 left after a second, periods of 1 to 5 s and 2 %
    of gaps: the measurements behind docs/proof.md. Clocks set by network and satellites differ by
    a second or so.
    """
    return Phone(
        every_s=float(rng.choice([1.0, 2.0, 3.0, 5.0])),
        error_m=float(rng.uniform(3.0, 8.0)),
        memory=float(rng.uniform(0.95, 0.98)),
        bias_m=(float(rng.normal(0, 2.0)), float(rng.normal(0, 2.0))),
        clock_s=float(np.clip(rng.normal(0, 1.0), -3.0, 3.0)),
    )


def drive(
    lonlat: Floats,
    time_s: Floats,
    *,
    departure_s: float,
    rng: np.random.Generator,
    jams: tuple[Jam, ...] = (),
) -> Drive:
    """Return one car's drive along a route.

    Parameters
    ----------
    lonlat : float64[p, 2]
    time_s : float64[p]
        When a car without any hindrance passes each point, ascending from 0.
    departure_s : float
        Seconds since 1970.
    rng : numpy.random.Generator
    jams : tuple of Jam
        The hour's, the same for all cars.

    Notes
    -----
    O(length / 10 m).
    """
    plane = Plane(LonLat(*map(float, lonlat[len(lonlat) // 2])))
    corners = plane.project(lonlat[:, 0], lonlat[:, 1])
    at_m = np.concatenate([[0.0], np.cumsum(steps_m(corners))])
    along = np.linspace(0.0, at_m[-1], max(3, int(at_m[-1] / STEP_M) + 1))
    step = along[1] - along[0]
    metres = np.column_stack([np.interp(along, at_m, column) for column in corners.T])
    road_mps = step / np.maximum(np.diff(np.interp(along, at_m, time_s)), 1e-3)
    wanted = np.append(road_mps, road_mps[-1]) * _temper(len(along), step, rng)
    wanted = np.minimum(wanted, _bend_speeds(metres))
    for jam in jams:
        inside = slice(int(jam.from_share * len(along)), int(jam.to_share * len(along)) + 1)
        wanted[inside] = np.minimum(wanted[inside], jam.mps)
    waits = _waits(along, rng)
    wanted[waits > 0] = SLOWEST_MPS
    wanted[[0, -1]] = SLOWEST_MPS
    speed = _as_cars_do(wanted.clip(SLOWEST_MPS, FASTEST_MPS), step)
    travel = np.concatenate([[0.0], np.cumsum(2 * step / (speed[1:] + speed[:-1]))])
    return _with_waits(travel + departure_s, metres, along, waits, plane)


def _temper(count: int, step_m: float, rng: np.random.Generator) -> Floats:
    """Return the factor by which a driver differs from the road's speed, along the way."""
    keep = np.exp(-step_m / MOOD_M)
    mood = _slow_noise(np.full(count, keep), rng)
    return np.asarray(np.exp(rng.normal(0, HABIT) + MOOD * mood))


def _slow_noise(keep: Floats, rng: np.random.Generator) -> Floats:
    """Return first-order autoregressive noise of variance 1, float64[n].

    ``keep[i]`` is the share left of value i - 1 in value i (the first is not read).
    """
    fresh = rng.normal(size=len(keep)) * np.sqrt(1 - keep**2)
    noise = np.empty(len(keep))
    value = float(rng.normal())
    for i, (share, new) in enumerate(zip(keep.tolist(), fresh.tolist(), strict=True)):
        value = share * value + new if i else value
        noise[i] = value
    return noise


def _bend_speeds(metres: Floats) -> Floats:
    """Return the most comfortable speed at each point: 2 m/s² sideways."""
    heading = np.unwrap(np.arctan2(*np.diff(metres, axis=0).T[::-1]))
    turn = np.abs(np.diff(heading)).clip(1e-4)
    radius = np.minimum(steps_m(metres)[1:] / turn, 1e5)
    return np.concatenate([[FASTEST_MPS], np.sqrt(2.0 * radius), [FASTEST_MPS]])


def _waits(along: Floats, rng: np.random.Generator) -> Floats:
    """Return how long the car waits at each point: at a third of the crossings, some seconds."""
    waits = np.zeros(len(along))
    for _ in range(int(rng.poisson(along[-1] / CROSSING_M / 3))):
        waits[rng.integers(1, len(along) - 1)] = min(70.0, rng.exponential(20.0))
    return waits


def _as_cars_do(wanted: Floats, step_m: float) -> Floats:
    """Return the fastest profile below the wanted one that a car can drive.

    The square of the speed grows by 2 a step at most: a running minimum forwards, then backwards.
    """
    place = np.arange(len(wanted))
    gain, loss = 2 * ACCELERATION_MPS2 * step_m * place, 2 * BRAKING_MPS2 * step_m * place
    square = np.minimum.accumulate(wanted**2 - gain) + gain
    square = np.minimum.accumulate((square + loss)[::-1])[::-1] - loss
    return np.asarray(np.sqrt(square))


def _with_waits(
    time_s: Floats, metres: Floats, along: Floats, waits: Floats, plane: Plane
) -> Drive:
    later = time_s + np.cumsum(waits) - waits
    index = np.repeat(np.arange(len(along)), 1 + (waits > 0))
    second = np.concatenate([[False], index[1:] == index[:-1]])
    times = later[index] + np.where(second, waits[index], 0.0)
    return Drive(times, metres[index], along[index], plane)


def behind(first: Drive, own: Drive, *, headway_s: float, slack_s: float = 15.0) -> Drive:
    """Return another car's drive of the same way, never nearer than a headway.

    Parameters
    ----------
    first : Drive
    own : Drive
        How the second driver drives, on the same route, with the same departure.
    headway_s, slack_s : float
        At each place the second car passes between ``headway_s`` and ``slack_s`` more later.

    Notes
    -----
    Times by place are clipped between two increasing functions, so they increase too.
    """
    leading = np.interp(own.along_m, first.along_m, first.time_s)
    times = np.clip(own.time_s + headway_s, leading + headway_s, leading + headway_s + slack_s)
    return replace(own, time_s=np.maximum.accumulate(times))


def record(
    journey: Drive,
    phone: Phone,
    rng: np.random.Generator,
    *,
    from_s: float | None = None,
    until_s: float | None = None,
    tunnels: tuple[tuple[float, float], ...] = (),
) -> Trace:
    """Return what a phone records of a drive.

    Parameters
    ----------
    journey : Drive
    phone : Phone
    rng : numpy.random.Generator
    from_s, until_s : float, optional
        When recording begins and ends; before and after the drive the phone rests.
    tunnels : tuple of (float, float)
        Times without any fix, for every phone in the car.

    Notes
    -----
    O(fixes).
    """
    begin = float(journey.time_s[0]) if from_s is None else from_s
    end = float(journey.time_s[-1]) if until_s is None else until_s
    times = np.arange(begin + rng.uniform(0, phone.every_s), end, phone.every_s)
    times = times + rng.uniform(-0.05, 0.05, len(times)) * phone.every_s
    times = times[_heard(times, phone, rng, tunnels)]
    if len(times) < 2:
        times = np.array([begin, end])
    keep = phone.memory ** np.diff(times, prepend=times[0])
    error = np.column_stack([_slow_noise(keep, rng), _slow_noise(keep, rng)]) * phone.error_m
    error += rng.normal(0, phone.white_m, error.shape) + phone.bias_m
    lost = np.flatnonzero(rng.random(len(times)) < phone.reflection_share)
    error[lost] += rng.normal(0, 150.0, (len(lost), 2))
    lon, lat = journey.plane.restore(journey.at(times) + error)
    claimed = phone.error_m * np.exp(_slow_noise(keep, rng) * 0.2)
    speed = np.abs(journey.speed_mps(times) + rng.normal(0, 0.3, len(times)))
    return Trace.of(
        times + phone.clock_s,
        np.round(lon, 7),
        np.round(lat, 7),
        accuracy_m=np.round(claimed, 1),
        speed_mps=np.where(speed < 0.5, 0.0, np.round(speed, 2)),
    )


def _heard(
    times: Floats,
    phone: Phone,
    rng: np.random.Generator,
    tunnels: tuple[tuple[float, float], ...],
) -> Flags:
    """Return at which times the phone records, bool[n]."""
    heard = np.ones(len(times), np.bool_)
    silent = list(tunnels)
    if len(times):
        length = times[-1] - times[0]
        for _ in range(int(rng.poisson(phone.gap_share * length / 25.0))):
            start = rng.uniform(times[0], times[-1])
            silent.append((start, start + rng.uniform(10.0, 40.0)))
    for start, end in silent:
        heard &= (times < start) | (times > end)
    return heard
