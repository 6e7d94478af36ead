"""Split many commuters into parts that any worker can solve.

In words. Each person is a point: when they leave, where they start and where they go, measured so
that five kilometres count like twenty minutes, about as far as sharing reaches. The longest side
of the cloud is cut in two again and again until parts are small enough; neighbours stay
together, and cuts run where few could share. Cuts still part some who could. So everything is cut
again, along other lines, with every car found so far kept whole in one part, and solved again
from there: whoever stood at a border stands inside now, and no answer gets worse.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from maps.engine.geodesy import METRES_PER_DEGREE
from matching.engine.assignment.commuters import Commuters, Floats, Int64, Options
from matching.engine.assignment.result import Assignment, Car
from matching.engine.assignment.roads import Roads

NEAR_M = 5_000.0
NEAR_MS = 20 * 60_000.0
CUTS = (0.5, 0.33, 0.67, 0.25)


@dataclass(frozen=True, slots=True)
class Part:
    """Some commuters, the cars found for them before, and prices to start from."""

    commuters: Commuters
    cars: tuple[Car, ...] = ()
    prices_m: Floats | None = None


def split(
    commuters: Commuters,
    roads: Roads,
    options: Options,
    sweep: int = 0,
    before: Assignment | None = None,
) -> list[Part]:
    """Cut commuters into parts of at most ``options.part_size`` (or one car) people.

    Parameters
    ----------
    commuters : Commuters
    roads : Roads
    options : Options
    sweep : int
        Every number cuts along other lines.
    before : Assignment, optional
        What was found for the same commuters; its cars stay whole.

    Notes
    -----
    O(n log n log(n / part size)).
    """
    cars = before.cars if before else ()
    group = _groups(commuters, cars)
    points = _points(commuters, roads)
    leads = np.flatnonzero(group == np.arange(len(commuters)))
    size = np.bincount(group, minlength=len(commuters))[leads]
    part_of = np.zeros(len(commuters), np.int64)
    pieces = _cut(points[leads], size, options.part_size, sweep)
    for number, piece in enumerate(pieces):
        part_of[leads[piece]] = number
    part_of = part_of[group]
    row = {int(key): n for n, key in enumerate(commuters.key)}
    mine: list[list[Car]] = [[] for _ in pieces]
    for car in cars:
        mine[part_of[row[car.driver]]].append(car)
    members = [np.flatnonzero(part_of == number) for number in range(len(pieces))]
    return [
        Part(commuters.take(rows), tuple(cars), before.prices_m[rows] if before else None)
        for rows, cars in zip(members, mine, strict=True)
    ]


def _groups(commuters: Commuters, cars: Iterable[Car]) -> Int64:
    """Return for each row the row of their driver, or their own."""
    row = {int(key): n for n, key in enumerate(commuters.key)}
    group = np.arange(len(commuters))
    for car in cars:
        for rider in car.riders:
            group[row[rider]] = row[car.driver]
    return group


def _points(commuters: Commuters, roads: Roads) -> Floats:
    """Return when and where people travel, in units of how far sharing reaches, float64[n, 5]."""
    east = METRES_PER_DEGREE * np.cos(np.radians(np.mean(roads.lat))) / NEAR_M
    north = METRES_PER_DEGREE / NEAR_M
    middle = (commuters.earliest_departure_ms + commuters.latest_arrival_ms) / 2
    sides = [(middle - middle.min()) / NEAR_MS if len(middle) else middle]
    for end in (commuters.origin, commuters.destination):
        sides += [roads.lon[end] * east, roads.lat[end] * north]
    return np.column_stack(sides)


def _cut(points: Floats, size: Int64, most: int, sweep: int) -> list[npt.NDArray[np.int64]]:
    """Cut points until no piece holds more than ``most`` people or it is a single point."""
    todo = [(np.arange(len(points)), 0)]
    done = []
    while todo:
        piece, depth = todo.pop()
        if size[piece].sum() <= most or len(piece) < 2:
            if len(piece):
                done.append(piece)
            continue
        sides = np.argsort(-points[piece].std(axis=0), kind="stable")
        side = sides[sweep % 2 if depth == 0 else 0]
        along = piece[np.argsort(points[piece, side], kind="stable")]
        share = CUTS[sweep % len(CUTS)] if depth == 0 else 0.5
        middle = min(max(1, round(len(along) * share)), len(along) - 1)
        todo += [(along[middle:], depth + 1), (along[:middle], depth + 1)]
    return done
