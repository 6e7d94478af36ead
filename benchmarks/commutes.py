"""Rides and requests as people's mornings make them, drawn from a seed, on any road network.

Homes and workplaces follow the population of the demo city's zones (elsewhere the density of
roads, which stands in for it); of eight workplaces drawn for a home one is chosen with a chance
that falls with distance, as gravity does. Three rides in ten have one or two riders aboard
already, who get in and out near the way (the share that the targets ask for).

When people travel is a :class:`Calendar`. The usual one follows the instance on which the targets
were set: 14 days, 35 % around 8:00 (± 1 h) to work, 35 % around 17:30 (± 1.5 h) back home, the rest
between 5:00 and 23:00 either way; whoever asks leaves half an hour to spare beyond the drive and
the walks. The dense one is harder: everybody goes to work within ten mornings (7:45 ± 45 min), so
ten times as many rides leave in the same minutes, and requests have a quarter of the drive and 40
minutes to spare.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from numba import njit

from maps.engine import RoadNetwork, WalkNetwork, find_meeting_points
from maps.engine.geodesy import crow_fly_m, unit_sphere
from maps.engine.labels import duration
from matching.engine.insertion import NO_EARLIEST, RequestWindow, RideBatch
from matching.engine.segment import Supply
from matching.engine.supply import RoutedRequest

Ints = npt.NDArray[Any]
MINUTE, DAY = 60_000, 86_400_000
HOUR = 3_600_000
NEAREST_M = 2_000.0
WALK_M, WALK_MPS = 400, 1.25
MULTI_STOP_SHARE = 0.3


@dataclass(frozen=True)
class Calendar:
    """When people travel.

    ``to_work`` and ``to_home`` are the share of all trips, the hour of their peak and its standard
    deviation in hours; the rest is spread evenly. A request leaves ``spare`` of its drive and
    ``spare_ms`` more.
    """

    days: int
    to_work: tuple[float, float, float]
    to_home: tuple[float, float, float]
    rest_between: tuple[float, float]
    spare: float
    spare_ms: int


USUAL = Calendar(
    days=14,
    to_work=(0.35, 8, 1),
    to_home=(0.35, 17.5, 1.5),
    rest_between=(5, 23),
    spare=0.0,
    spare_ms=30 * MINUTE + int(2000 * WALK_M / WALK_MPS),
)
DENSE = Calendar(
    days=10,
    to_work=(1, 7.75, 0.75),
    to_home=(0, 0, 0),
    rest_between=(0, 0),
    spare=0.25,
    spare_ms=40 * MINUTE,
)


@dataclass(frozen=True)
class Trip:
    """A request, and the two places that its meeting points belong to.

    ``home`` is where it begins and ``work`` where it ends, as in the morning.
    """

    request: RoutedRequest
    home: int
    work: int


@njit(cache=True)
def pair_times(a, b, jumps, depth, start, ahead, back):  # type: ignore[no-untyped-def]
    """Return the driving time of each pair."""
    out = np.empty(len(a), np.int32)
    for n in range(len(a)):
        out[n] = duration(a[n], b[n], jumps, depth, start, ahead, back)
    return out


def population(network: RoadNetwork, zones: Path | None) -> npt.NDArray[np.float64]:
    """Return the share of people who live at each vertex."""
    mass = network.stoppable.astype(np.float64)
    if zones is not None:
        for zone in json.loads(zones.read_text())["features"]:
            inside = shapely.contains_xy(
                shapely.from_geojson(json.dumps(zone["geometry"])), network.lon, network.lat
            )
            inside &= network.stoppable
            mass[inside] = zone["properties"]["population"] / max(1, inside.sum())
    return np.asarray(mass / mass.sum(), np.float64)


def draw_trips(
    network: RoadNetwork, mass: npt.NDArray[np.float64], count: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return the vertices of ``count`` homes and workplaces, at least two kilometres apart."""
    home = rng.choice(len(mass), count, p=mass)
    work = home.copy()
    todo = np.arange(count)
    while len(todo):
        choice = rng.choice(len(mass), (len(todo), 8), p=mass)
        far = crow_fly_m(
            network.lon[home[todo], None],
            network.lat[home[todo], None],
            network.lon[choice],
            network.lat[choice],
        )
        pull = np.where(far >= NEAREST_M, 1 / np.maximum(far, 1.0), 0.0).cumsum(axis=1)
        pick = (rng.random((len(todo), 1)) * pull[:, -1:] >= pull).sum(axis=1)
        good = pull[:, -1] > 0
        work[todo[good]] = choice[good, pick[good]]
        todo = todo[~good]
    return home.astype(np.int32), work.astype(np.int32)


def draw_departures(
    count: int, rng: np.random.Generator, calendar: Calendar = USUAL
) -> npt.NDArray[np.int64]:
    """Return times in ms."""
    return draw_times(count, rng, calendar)[0]


def draw_times(
    count: int, rng: np.random.Generator, calendar: Calendar
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return times in ms, and which of them are those of ways home."""
    work_share, leave, spread = calendar.to_work
    home_share, back, back_spread = calendar.to_home
    kind = rng.random(count)
    to_work, to_home = kind < work_share, kind >= 1 - home_share
    hour = rng.uniform(*calendar.rest_between, count)
    hour = np.where(to_work, rng.normal(leave, spread, count), hour)
    hour = np.where(to_home, rng.normal(back, back_spread, count), hour)
    day = rng.integers(0, calendar.days, count)
    at = day * DAY + (hour * HOUR).clip(0, DAY - 1).astype(np.int64)
    return at, to_home | (~to_work & (rng.random(count) < 0.5))


def draw_rides(
    network: RoadNetwork,
    mass: npt.NDArray[np.float64],
    count: int,
    rng: np.random.Generator,
    calendar: Calendar = USUAL,
) -> Supply:
    """Return open rides whose promises hold as planned: 5 min or a quarter of the way to spare."""
    home, work = draw_trips(network, mass, count, rng)
    departure, back = draw_times(count, rng, calendar)
    home, work = np.where(back, work, home), np.where(back, home, work)
    riders = np.where(rng.random(count) < MULTI_STOP_SHARE, rng.integers(1, 3, count), 0)
    start = np.concatenate([[0], np.cumsum(2 + 2 * riders)]).astype(np.int32)
    ride = np.repeat(np.arange(count), np.diff(start))
    position = np.arange(start[-1]) - start[ride]
    last = position == 2 * riders[ride] + 1
    inner = (position > 0) & ~last
    part = position / (2 * riders[ride] + 1)
    noise = rng.normal(0, 0.003, (2, start[-1])) * inner
    lon = network.lon[home][ride] * (1 - part) + network.lon[work][ride] * part + noise[0]
    lat = network.lat[home][ride] * (1 - part) + network.lat[work][ride] * part + noise[1]
    node = np.where(last, work[ride], home[ride]).astype(np.int32)
    node[inner] = network.tree.query(unit_sphere(lon[inner], lat[inner]))[1]
    leg = np.zeros(start[-1], np.int32)
    leg[1:] = pair_times(node[:-1], node[1:], *network.labels)
    leg[start[:-1]] = 0
    boarding = (MINUTE * inner).astype(np.int32)
    spent = np.cumsum(leg.astype(np.int64) + boarding) - boarding
    planned = departure[ride] + spent - spent[start[:-1]][ride]
    gets_in = inner & (position <= riders[ride])
    solo = pair_times(home, work, *network.labels)
    leeway = np.maximum(5 * MINUTE, solo // 4)[ride]
    aboard = np.minimum(position, 2 * riders[ride] - position).clip(0)
    return Supply(
        key=np.arange(count),
        organization=np.zeros(count, np.int32),
        node=node,
        rides=RideBatch(
            start=start,
            departure_ms=departure,
            seats_offered=rng.integers(2, 5, count).astype(np.int32),
            leg_ms=leg,
            earliest_ms=np.where(gets_in, planned, NO_EARLIEST),
            latest_ms=planned + np.where(inner, np.minimum(leeway, 5 * MINUTE), leeway),
            boarding_ms=boarding,
            seats_after=aboard.astype(np.int32),
        ),
    )


def draw_requests(
    network: RoadNetwork,
    walks: WalkNetwork,
    mass: npt.NDArray[np.float64],
    count: int,
    rng: np.random.Generator,
    calendar: Calendar = USUAL,
) -> list[Trip]:
    """Return requests with up to eight real meeting points at each end."""
    home, work = draw_trips(network, mass, count, rng)
    departure, back = draw_times(count, rng, calendar)
    home, work = np.where(back, work, home), np.where(back, home, work)
    direct = pair_times(home, work, *network.labels)
    trips = []
    for n in range(count):
        ends = [
            find_meeting_points(network, walks, network.location(int(v)), walk_m=WALK_M, limit=8)
            for v in (home[n], work[n])
        ]
        walk_to, walk_from = (
            np.ceil(1000 * end.walk_m / WALK_MPS).astype(np.int64) for end in ends
        )
        earliest = int(departure[n])
        latest = earliest + int((1 + calendar.spare) * direct[n]) + calendar.spare_ms
        arrive = bool(n % 2)
        window = RequestWindow(
            ready_ms=earliest + walk_to,
            due_ms=latest - walk_from,
            walk_to_ms=walk_to,
            walk_from_ms=walk_from,
            anchor_ms=latest if arrive else earliest,
            anchored_at_arrival=arrive,
            seats=1,
            boarding_ms=MINUTE,
        )
        trips.append(
            Trip(RoutedRequest(ends[0].nodes, ends[1].nodes, window), int(home[n]), int(work[n]))
        )
    return trips
