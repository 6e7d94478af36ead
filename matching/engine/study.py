"""The launch study: what carpooling could do for people who do not use it yet.

From where everybody lives and works, and when: how many have partners, how many cars could stay at
home by an assignment that can be driven as it stands, which neighbourhoods there are and where
their people could meet, how far and when people travel. Everything that leaves this module is
k-anonymous (:mod:`matching.engine.study_privacy`): parts with nobody or at least k people, sizes
rounded to multiples of k.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from maps.engine import RoadNetwork, WalkNetwork
from maps.engine.cells import Cells
from maps.engine.geodesy import Floats, Ints, Longs
from matching.engine.study_cars import Assign, SharedCars, share_cars
from matching.engine.study_clusters import (
    CellOf,
    Neighbourhood,
    Pair,
    group_homes,
    propose_points,
)
from matching.engine.study_pairs import Commutes, Promise, count_partners, drive_times
from matching.engine.study_privacy import LEAST, Count, count_from, join_bins, rounded

Report = Callable[[float], None]

KILOMETRES = (0, 2, 5, 10, 15, 20, 30, 50)
"""Where the bands of the distance to work begin; the last is open."""
HALF_HOUR_MS = 1_800_000
DAY_BANDS = 48

# Shares of the whole work, as measured on 5,000 people in a city.
PAIRED, ASSIGNED = 0.3, 0.8


@dataclass(frozen=True, slots=True)
class Ground:
    """The region in which people travel, and what is asked of it.

    Attributes
    ----------
    metres : callable
        Lengths of the fastest ways: int32[n], int32[n] to float64[n].
    assign : callable
        The batch assignment on this region's network.
    cell_of : callable
        The centre of a place's 500 m cell.
    """

    network: RoadNetwork
    walk: WalkNetwork
    cells: Cells
    metres: Callable[[Ints, Ints], Floats]
    assign: Assign
    cell_of: CellOf


@dataclass(frozen=True, slots=True)
class Band:
    """People between two values (km, or minutes of the day); ``end`` is None where it is open."""

    start: int
    end: int | None
    people: int


@dataclass(frozen=True, slots=True)
class PointFigures:
    """A meeting point, by its number among the candidates, and who can walk to it."""

    candidate: int
    people: int


@dataclass(frozen=True, slots=True)
class Area:
    """A neighbourhood: the centre of a 500 m cell, its people, how far they drive on average."""

    centre: Pair
    people: int
    mean_km: int
    points: list[PointFigures]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a study tells. Counts are rounded to multiples of k; None where too few are meant.

    Attributes
    ----------
    people : int
        In the study, exactly.
    one_partner, three_partners, cars_today, cars_stay : Count or None
    driven_km, saved_km : float
        By car, a day, both ways; ``saved_km`` is 0 when ``cars_stay`` is not told.
    elsewhere : int
        People in no neighbourhood that is shown.
    """

    people: int
    one_partner: Count | None
    three_partners: Count | None
    cars_today: Count | None
    cars_stay: Count | None
    mean_km: float
    driven_km: float
    saved_km: float
    distances: list[Band] = field(default_factory=list)
    leaves_home: list[Band] = field(default_factory=list)
    leaves_work: list[Band] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    elsewhere: int = 0


class TooFewPeople(ValueError):
    """A study of fewer than k people would tell of single ones."""


def study(
    commutes: Commutes,
    homes: Floats,
    candidates: Floats,
    ground: Ground,
    *,
    promise: Promise,
    walk_m: float,
    k: int = LEAST,
    report: Report = lambda _share: None,
) -> Figures:
    """Return the figures of a launch study.

    Parameters
    ----------
    commutes : Commutes
    homes : float64[n, 2]
        Longitude and latitude.
    candidates : float64[c, 2]
        Public places where people can meet, the better known first.
    ground : Ground
    promise : Promise
        The same as the options of ``ground.assign``.
    walk_m : float
    k : int
    report : callable
        Told the share of the work done, 0 to 1.

    Raises
    ------
    TooFewPeople
        Fewer than k.

    Notes
    -----
    The sum of :func:`~matching.engine.study_pairs.count_partners`, two assignments,
    :func:`~matching.engine.study_clusters.group_homes` and ``propose_points``.
    """
    if len(commutes) < k:
        raise TooFewPeople(len(commutes))
    partners = count_partners(
        commutes, promise, ground.cells, ground.network.labels, _within(report, 0, PAIRED)
    )
    drives = _measure(commutes, ground)
    cars = share_cars(
        commutes, promise, (drives.there_ms, drives.back_ms), drives.there_m, ground.assign
    )
    report(ASSIGNED)
    groups = propose_points(
        ground.walk,
        homes,
        group_homes(homes, ground.cell_of, k),
        candidates,
        walk_m=walk_m,
        k=k,
        report=_within(report, ASSIGNED, 1.0),
    )
    return _tell_all(commutes, drives, partners, cars, groups, k)


@dataclass(frozen=True, slots=True)
class _Drives:
    """Everybody's drive alone: int64[n] ms and float64[n] metres, to work and home."""

    there_ms: Longs
    back_ms: Longs
    there_m: Floats
    back_m: Floats


def _measure(commutes: Commutes, ground: Ground) -> _Drives:
    labels = ground.network.labels
    return _Drives(
        there_ms=drive_times(labels, commutes.home, commutes.work),
        back_ms=drive_times(labels, commutes.work, commutes.home),
        there_m=ground.metres(commutes.home, commutes.work),
        back_m=ground.metres(commutes.work, commutes.home),
    )


def _tell_all(
    commutes: Commutes,
    drives: _Drives,
    partners: Ints,
    cars: SharedCars,
    groups: Sequence[Neighbourhood],
    k: int,
) -> Figures:
    """Return what may be told of it all."""
    cars_today, cars_stay = _tell_cars(commutes, cars, k)
    one, three = _tell_partners(partners, k)
    driven_m = float((drives.there_m + drives.back_m)[commutes.car].sum())
    return Figures(
        people=len(commutes),
        one_partner=one,
        three_partners=three,
        cars_today=cars_today,
        cars_stay=cars_stay,
        mean_km=round(float(drives.there_m.mean()) / 1000, 1),
        driven_km=round(driven_m / 1000),
        saved_km=round(cars.saved_m / 1000) if cars_stay and cars_stay.n else 0,
        distances=_bands(np.searchsorted(KILOMETRES, drives.there_m / 1000, side="right") - 1, k),
        leaves_home=_half_hours(commutes.arrive_ms - drives.there_ms, k),
        leaves_work=_half_hours(commutes.depart_ms, k),
        areas=[_tell_area(group, drives.there_m, k) for group in groups],
        elsewhere=rounded(len(commutes) - sum(len(group.people) for group in groups), k),
    )


def _within(report: Report, start: float, end: float) -> Report:
    return lambda share: report(start + share * (end - start))


def _tell(count: Count | None, k: int) -> Count | None:
    """Round a count, and keep its bound."""
    return None if count is None else Count(rounded(count.n, k), count.bound)


def _tell_partners(partners: Ints, k: int) -> tuple[Count | None, Count | None]:
    groups = np.searchsorted((1, 3), partners, side="right")
    parts = join_bins(np.bincount(groups, minlength=3).tolist(), k)
    return _tell(count_from(parts, 1), k), _tell(count_from(parts, 2), k)


def _tell_cars(commutes: Commutes, cars: SharedCars, k: int) -> tuple[Count | None, Count | None]:
    """Return cars that drive today, and those that could stay: one partition of everybody."""
    sizes = [~commutes.car, commutes.car & ~cars.stays, cars.stays]
    parts = join_bins([int(size.sum()) for size in sizes], k)
    today, stay = count_from(parts, 1), count_from(parts, 2)
    if today is None or today.bound:
        today = Count(len(commutes), "at_most")
    return _tell(today, k), _tell(stay, k)


def _tell_area(group: Neighbourhood, metres: Floats, k: int) -> Area:
    return Area(
        centre=group.centre,
        people=rounded(len(group.people), k),
        mean_km=round(float(metres[group.people].mean()) / 1000),
        points=[
            PointFigures(place.candidate, rounded(len(place.people), k)) for place in group.points
        ],
    )


def _bands(numbers: npt.NDArray[np.integer], k: int) -> list[Band]:
    sizes = np.bincount(numbers, minlength=len(KILOMETRES)).tolist()
    return _to_bands(sizes, (*KILOMETRES, None), k)


def _half_hours(times_ms: npt.NDArray[np.int64], k: int) -> list[Band]:
    numbers = times_ms % (DAY_BANDS * HALF_HOUR_MS) // HALF_HOUR_MS
    sizes = np.bincount(numbers, minlength=DAY_BANDS).tolist()
    return _to_bands(sizes, tuple(30 * n for n in range(DAY_BANDS + 1)), k)


def _to_bands(sizes: Sequence[int], edges: Sequence[int | None], k: int) -> list[Band]:
    """Return the bands with people; a joined band loses the empty bins at its edges."""
    bands = []
    for part in join_bins(sizes, k):
        if part.people:
            start = edges[part.first]
            assert start is not None
            bands.append(Band(start, edges[part.last + 1], rounded(part.people, k)))
    return bands
