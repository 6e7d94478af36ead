"""Put the people of a study into shared cars, there and back, by the batch assignment.

In words. To work, everybody may drive who has a car and a free seat, and everybody may ride. Home,
those drive who drove, and those ride who rode: a car that stayed at home can't be driven back. A
car counts as staying at home when its owner found a seat both ways; whoever found one only to work
is taken to have driven alone, and the kilometres counted for that way are taken back. So the result
is a plan that can be driven as it stands, and what it saves is a lower estimate.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from maps.engine.geodesy import Floats, Longs
from matching.engine.assignment import Assignment, Commuters
from matching.engine.study_pairs import Commutes, Flags, Promise

DAY_MS = 86_400_000
"""Added to times of the day, so that nobody leaves before the beginning of time."""

Assign = Callable[[Commuters], Assignment]


@dataclass(frozen=True, slots=True)
class SharedCars:
    """What an assignment of both ways comes to.

    Attributes
    ----------
    stays : bool[n]
        Whose car stays at home.
    drives_others : bool[n]
        Who takes others along both ways.
    saved_m : float
        Vehicle-metres saved a day, at least.
    """

    stays: Flags
    drives_others: Flags
    saved_m: float


def share_cars(
    commutes: Commutes,
    promise: Promise,
    times: tuple[Longs, Longs],
    metres_to_work: Floats,
    assign: Assign,
) -> SharedCars:
    """Return who could leave the car at home.

    Parameters
    ----------
    commutes : Commutes
    promise : Promise
    times : (int64[n], int64[n])
        Driving alone to work and home, ms.
    metres_to_work : float64[n]
    assign : callable
        The batch assignment on this network, with riders and boarding as its options say.
    """
    there, back = times
    may_drive = commutes.car & (commutes.seats > 0)
    everybody = np.ones(len(commutes), np.bool_)
    to_work = assign(_to_work(commutes, promise, there, may_drive, everybody))
    rode = _riders(to_work, len(commutes))
    home = assign(_home(commutes, promise, back, may_drive & ~rode, rode))
    rides_home = _riders(home, len(commutes))
    stranded = rode & commutes.car & ~rides_home
    return SharedCars(
        stays=rode & rides_home & commutes.car,
        drives_others=_drivers(to_work, len(commutes)) & _drivers(home, len(commutes)),
        saved_m=max(0.0, to_work.saved_m + home.saved_m - float(metres_to_work[stranded].sum())),
    )


def _to_work(
    commutes: Commutes, promise: Promise, there: Longs, may_drive: Flags, may_ride: Flags
) -> Commuters:
    return _commuters(
        commutes,
        promise,
        ends=(commutes.home, commutes.work),
        window=(commutes.arrive_ms - there - promise.slack_ms, commutes.arrive_ms),
        roles=(may_drive, may_ride),
    )


def _home(
    commutes: Commutes, promise: Promise, back: Longs, may_drive: Flags, may_ride: Flags
) -> Commuters:
    return _commuters(
        commutes,
        promise,
        ends=(commutes.work, commutes.home),
        window=(commutes.depart_ms, commutes.depart_ms + back + promise.slack_ms),
        roles=(may_drive, may_ride),
    )


def _commuters(
    commutes: Commutes,
    promise: Promise,
    *,
    ends: tuple[np.ndarray, np.ndarray],
    window: tuple[Longs, Longs],
    roles: tuple[Flags, Flags],
) -> Commuters:
    count = len(commutes)
    return Commuters(
        key=np.arange(count, dtype=np.int64),
        origin=ends[0],
        destination=ends[1],
        earliest_departure_ms=window[0] + DAY_MS,
        latest_arrival_ms=window[1] + DAY_MS,
        may_drive=roles[0],
        may_ride=roles[1],
        seats=commutes.seats,
        detour_ms=np.full(count, promise.detour_ms, np.int64),
        car=commutes.car,
        ride_favour_m=np.zeros(count),
        share_favour_m=np.zeros(count),
    )


def _riders(assignment: Assignment, count: int) -> Flags:
    flags = np.zeros(count, np.bool_)
    flags[[key for car in assignment.cars for key in car.riders]] = True
    return flags


def _drivers(assignment: Assignment, count: int) -> Flags:
    flags = np.zeros(count, np.bool_)
    flags[[car.driver for car in assignment.cars]] = True
    return flags
