"""What an assignment says: who drives, who rides with whom, what it saves, and what is possible."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from matching.engine.assignment.commuters import Floats, Int64
from matching.engine.assignment.pricing import Trips


class Call(NamedTuple):
    """The car stops for a rider: to let them in (``pickup``) or out.

    ``at_ms`` is when the car is there and the rider can board or leaves; it drives on
    ``boarding_ms`` later.
    """

    key: int
    pickup: bool
    vertex: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Car:
    """One shared car.

    Attributes
    ----------
    driver : int
        Key.
    departure_ms, arrival_ms : int
        Of the driver, at their own origin and destination.
    calls : tuple of Call
        In the order driven; each rider appears twice.
    riders : tuple of int
        Keys, ascending.
    driven_m : float
        Of the whole tour.
    saved_m : float
        What those aboard would have driven alone, less ``driven_m``.
    """

    driver: int
    departure_ms: int
    arrival_ms: int
    calls: tuple[Call, ...]
    riders: tuple[int, ...]
    driven_m: float
    saved_m: float


@dataclass(frozen=True, slots=True)
class Assignment:
    """Shared cars, nobody in two of them, and how far they can be from the best.

    Attributes
    ----------
    cars : tuple of Car
        By driver's key.
    unmatched : tuple of int
        Keys of those in no shared car, ascending.
    saved_m : float
        Vehicle-metres saved by all cars.
    objective_m : float
        ``saved_m`` and what fairness adds.
    bound_m : float
        No assignment whatsoever of these people, with any number of riders up to the options'
        ``most_riders``, has a larger objective.
    keys : int64[n]
        Of everybody, in the order of the commuters.
    prices_m : float64[n]
        What each person is worth at the margin: the multipliers behind the bound.
    trips : Trips, optional
        With keys instead of rows: those that nearly earn their prices. :func:`prove` starts there.
    seconds : mapping of str to float
        By stage.
    """

    cars: tuple[Car, ...]
    unmatched: tuple[int, ...]
    saved_m: float
    objective_m: float
    bound_m: float
    keys: Int64
    prices_m: Floats
    trips: Trips | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def gap(self) -> float:
        """Return by which share of the bound the objective may fall short of the best, 0 to 1."""
        return max(0.0, 1 - self.objective_m / self.bound_m) if self.bound_m > 0 else 0.0

    @property
    def served(self) -> int:
        """Return how many people share a car, drivers included."""
        return sum(1 + len(car.riders) for car in self.cars)
