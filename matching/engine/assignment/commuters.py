"""Who commutes, and the rules of a batch assignment."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Commuters:
    """Everybody who wants to travel once, as columns of equal length, one region and direction.

    Attributes
    ----------
    key : int64[n]
        Who; unique. Ties are broken by it, so the same people get the same answer in any order.
    origin, destination : int32[n]
        Vertices of the road network.
    earliest_departure_ms, latest_arrival_ms : int64[n]
        Epoch times that nobody is asked to undercut or to exceed, in either role.
    may_drive, may_ride : bool[n]
        Both for the role "either"; who has neither is left out.
    seats : int32[n]
        For others, when this person drives.
    detour_ms : int64[n]
        How much longer than alone a driver's whole tour may take, standing and waiting included.
    car : bool[n]
        Would drive alone if nothing were arranged; their direct way counts as saved when they ride.
    ride_favour_m, share_favour_m : float64[n]
        Fairness: metres that the objective gains when this person rides, and when this person
        is in a shared car in either role. See :func:`matching.engine.assignment.favours`; zeros
        maximize the saved vehicle-kilometres alone. Not negative.
    """

    key: Int64
    origin: Int32
    destination: Int32
    earliest_departure_ms: Int64
    latest_arrival_ms: Int64
    may_drive: Flags
    may_ride: Flags
    seats: Int32
    detour_ms: Int64
    car: Flags
    ride_favour_m: Floats
    share_favour_m: Floats

    def __len__(self) -> int:
        """Return how many people there are."""
        return len(self.key)

    def take(self, rows: npt.NDArray[np.integer] | Flags) -> "Commuters":
        """Return some of them, in the order asked for."""
        return Commuters(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True, slots=True)
class Options:
    """The rules, and how much work to put in.

    Attributes
    ----------
    boarding_ms : int
        How long the car stands at every call, as an insertion into a ride counts it.
    most_riders : int
        In one car at a time, however many seats it has; at most 4.
    part_size : int
        The most people in one part.
    sweeps : int
        How often everything is split, each time along other lines, and solved again from what was
        found before.
    searches : int
        How often better trips are looked for at better prices, in a part and for the bound.
    steps : int
        Of each improvement of prices.
    keep : int
        Trips of a driver kept by each search.
    slack_m : float
        By how much a trip that is kept may miss its price.
    tries : int
        Sets of riders tried for one driver in one search; more of them only tighten the bound.
    solver_s : float
        The most that the integer solver may take for one part before its best answer is taken.
    solver_gap : float
        The share of the value that the integer solver may leave.
    """

    boarding_ms: int = 60_000
    most_riders: int = 3
    part_size: int = 4000
    sweeps: int = 4
    searches: int = 3
    steps: int = 150
    keep: int = 30
    slack_m: float = 500.0
    tries: int = 200_000
    solver_s: float = 6.0
    solver_gap: float = 0.002
