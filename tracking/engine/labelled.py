"""Trips whose truth is known: genuine ones, and every fraud that we know of."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from maps.engine.geodesy import Floats
from tracking.engine.cases import Case, Facts, RoadDistance
from tracking.engine.synthetic import (
    Drive,
    Jam,
    Phone,
    behind,
    draw_jams,
    draw_phone,
    drive,
    record,
)
from tracking.engine.traces import Plane, Trace

DAY_S = 86_400.0
EARLIER_DRIVES = 3
"""Earlier drives of the same route that are known when a trip is judged: none of them a replay."""


class Truth(StrEnum):
    """What really happened."""

    GENUINE = "genuine"
    COPY = "copy"  # the driver's trace, sent a second time as the rider's
    OFFSET = "offset"  # the same, moved by some metres
    LAG = "lag"  # the same, some seconds later or earlier
    WHITE_JITTER = "white_jitter"  # the same, with random metres added to each fix
    REPLAY = "replay"  # both traces of an earlier day, sent again
    TELEPORT = "teleport"  # the rider's phone jumps to the car, or from it
    MOCK = "mock"  # another program makes the rider's positions up and the system says so
    FOLLOWER_5 = "follower_5"  # another car, seconds behind
    FOLLOWER_10 = "follower_10"
    FOLLOWER_20 = "follower_20"
    FOLLOWER_30 = "follower_30"
    FOLLOWER_60 = "follower_60"
    FOLLOWER_120 = "follower_120"
    SMOOTH_JITTER = "smooth_jitter"  # a copy with noise that imitates a receiver's


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A route: its points, and when a car without hindrance passes them."""

    lonlat: Floats
    time_s: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One trip before anybody records it."""

    way: Way
    car: Drive
    tunnels: tuple[tuple[float, float], ...]
    aboard_s: tuple[float, float]
    departure_s: float
    jams: tuple[Jam, ...]


def make_case(
    truth: Truth,
    way: Way,
    *,
    seed: int,
    departure_s: float,
    road_distance_m: RoadDistance | None = None,
) -> Case:
    """Return a trip of which the truth is known.

    Parameters
    ----------
    truth : Truth
    way : Way
    seed : int
        The same seed gives the same case, on every machine.
    departure_s : float
    road_distance_m : callable, optional

    Notes
    -----
    Frauds are worst cases: those who cheat work together, so the boarding code is known to both,
    and their phones and names are two.
    """
    rng = np.random.default_rng([seed, *truth.encode()])
    scene = _scene(way, departure_s, rng)
    driver = record(scene.car, draw_phone(rng), rng, tunnels=scene.tunnels)
    driver, rider = _MAKERS[truth](scene, driver, rng)
    earlier = tuple(_earlier(scene, rng) for _ in range(EARLIER_DRIVES))
    if truth is Truth.REPLAY:
        earlier += (driver, rider)
        days = DAY_S * int(rng.integers(1, 7))
        driver, rider = driver.shifted(days), rider.shifted(days)
        scene = replace(scene, aboard_s=(scene.aboard_s[0] + days, scene.aboard_s[1] + days))
    ride_m = float(np.ptp(np.interp(scene.aboard_s, scene.car.time_s, scene.car.along_m)))
    facts = Facts(boarding_code=True, aboard_s=scene.aboard_s, distance_m=round(ride_m))
    return Case(driver, rider, facts, earlier, road_distance_m)


def _scene(way: Way, departure_s: float, rng: np.random.Generator) -> Scene:
    jams = draw_jams(rng)
    car = drive(way.lonlat, way.time_s, departure_s=departure_s, rng=rng, jams=jams)
    begin, length = float(car.time_s[0]), float(np.ptp(car.time_s))
    aboard = (
        begin + length * float(rng.uniform(0.0, 0.25)) * int(rng.random() < 0.5),
        begin + length * (1 - float(rng.uniform(0.0, 0.25)) * int(rng.random() < 0.5)),
    )
    tunnels = []
    if rng.random() < 0.15:
        inside = float(rng.uniform(*aboard))
        tunnels.append((inside, inside + float(rng.uniform(15.0, 60.0))))
    return Scene(way, car, tuple(tunnels), aboard, departure_s, jams)


def _earlier(scene: Scene, rng: np.random.Generator) -> Trace:
    """Return the trace of another day's drive of the same route."""
    before = scene.departure_s - DAY_S * int(rng.integers(1, 20))
    other = drive(scene.way.lonlat, scene.way.time_s, departure_s=before, rng=rng)
    return record(other, draw_phone(rng), rng)


def _rider_of(scene: Scene, car: Drive, phone: Phone, rng: np.random.Generator) -> Trace:
    """Return the rider's trace: begun a little early or late, ended a little early or late."""
    length = scene.aboard_s[1] - scene.aboard_s[0]
    slack = min(60.0, length / 10)
    from_s = scene.aboard_s[0] + float(rng.uniform(-slack, slack))
    until_s = scene.aboard_s[1] + float(rng.uniform(-slack, slack))
    return record(car, phone, rng, from_s=from_s, until_s=until_s, tunnels=scene.tunnels)


def _genuine(scene: Scene, driver: Trace, rng: np.random.Generator) -> tuple[Trace, Trace]:
    return driver, _rider_of(scene, scene.car, draw_phone(rng), rng)


def _aboard(scene: Scene, driver: Trace) -> Trace:
    """Return the part of the driver's trace that a forger would send as the rider's."""
    return driver.between(*scene.aboard_s) or driver


def _moved(trace: Trace, metres: Floats) -> Trace:
    """Return a trace with each fix moved by metres east and north."""
    plane: Plane = trace.plane()
    lon, lat = plane.restore(plane.project(trace.lon, trace.lat) + metres)
    return replace(trace, lon=lon, lat=lat)


def _thinned(trace: Trace, rng: np.random.Generator) -> Trace:
    """Return each fix, or each second one: forgers hide their source."""
    every = int(rng.choice([1, 1, 2])) if len(trace) > 120 else 1
    return trace.take(np.arange(int(rng.integers(0, every)), len(trace), every))


def _copy(scene: Scene, driver: Trace, rng: np.random.Generator) -> tuple[Trace, Trace]:
    copied = _thinned(_aboard(scene, driver), rng)
    if rng.random() < 0.5:
        copied = replace(copied, lon=np.round(copied.lon, 5), lat=np.round(copied.lat, 5))
    return driver, copied


def _direction(rng: np.random.Generator) -> Floats:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), np.sin(angle)])


def _offset(scene: Scene, driver: Trace, rng: np.random.Generator) -> tuple[Trace, Trace]:
    _, copied = _copy(scene, driver, rng)
    return driver, _moved(copied, _direction(rng) * rng.uniform(3.0, 80.0))


def _lag(scene: Scene, driver: Trace, rng: np.random.Generator) -> tuple[Trace, Trace]:
    _, copied = _copy(scene, driver, rng)
    later_s = rng.uniform(2.0, 120.0) * rng.choice([-1.0, 1.0])
    return driver, copied.shifted(float(later_s))


def _white_jitter(scene: Scene, driver: Trace, rng: np.random.Generator) -> tuple[Trace, Trace]:
    copied = _thinned(_aboard(scene, driver), rng)
    return driver, _moved(copied, rng.normal(0, rng.uniform(3.0, 8.0), (len(copied), 2)))


def _smooth_jitter(scene: Scene, driver: Trace, rng: np.random.Generator) -> tuple[Trace, Trace]:
    copied = _aboard(scene, driver)
    stay = replace(scene.car, metres=np.zeros_like(scene.car.metres))
    noise = record(stay, replace(draw_phone(rng), gap_share=0.0, clock_s=0.0), rng)
    drift = stay.plane.project(noise.lon, noise.lat)
    east, north = (np.interp(copied.time_s, noise.time_s, column) for column in drift.T)
    return driver, _moved(copied, np.column_stack([east, north]))


def _teleport(scene: Scene, driver: Trace, rng: np.random.Generator) -> tuple[Trace, Trace]:
    """Return a rider's trace of which parts lie kilometres away."""
    _, rider = _genuine(scene, driver, rng)
    away = np.zeros((len(rider), 2))
    for _ in range(int(rng.integers(1, 4))):
        first = int(rng.integers(1, max(2, len(rider) * 3 // 4)))
        last = first + int(rng.integers(max(2, len(rider) // 20), max(3, len(rider) // 4)))
        away[first:last] = _direction(rng) * rng.uniform(800.0, 20_000.0)
    return driver, _moved(rider, away)


def _mock(scene: Scene, driver: Trace, rng: np.random.Generator) -> tuple[Trace, Trace]:
    _, rider = _genuine(scene, driver, rng)
    return driver, replace(rider, is_mock=np.ones(len(rider), np.bool_))


def _follower(headway_s: float) -> "Maker":
    def make(scene: Scene, driver: Trace, rng: np.random.Generator) -> tuple[Trace, Trace]:
        own = drive(
            scene.way.lonlat,
            scene.way.time_s,
            departure_s=float(scene.car.time_s[0]),
            rng=rng,
            jams=scene.jams,
        )
        car = behind(scene.car, own, headway_s=headway_s)
        return driver, _rider_of(scene, car, draw_phone(rng), rng)

    return make


Maker = Callable[[Scene, Trace, np.random.Generator], tuple[Trace, Trace]]

_MAKERS: dict[Truth, Maker] = {
    Truth.GENUINE: _genuine,
    Truth.COPY: _copy,
    Truth.OFFSET: _offset,
    Truth.LAG: _lag,
    Truth.WHITE_JITTER: _white_jitter,
    Truth.REPLAY: _genuine,
    Truth.TELEPORT: _teleport,
    Truth.MOCK: _mock,
    Truth.FOLLOWER_5: _follower(5.0),
    Truth.FOLLOWER_10: _follower(10.0),
    Truth.FOLLOWER_20: _follower(20.0),
    Truth.FOLLOWER_30: _follower(30.0),
    Truth.FOLLOWER_60: _follower(60.0),
    Truth.FOLLOWER_120: _follower(120.0),
    Truth.SMOOTH_JITTER: _smooth_jitter,
}
