"""A trip to be judged: two traces and what is known besides."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from maps.engine.geodesy import Floats
from tracking.engine.traces import Trace

RoadDistance: TypeAlias = Callable[[Floats, Floats], Floats]
"""(lon[n], lat[n]) to the metres from the nearest road[n]; infinity where none is near."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What else is known of a trip of one driver and one rider.

    Attributes
    ----------
    declared : bool
        The two were matched: booked or joined by code in the product.
    same_device, same_person : bool
        Both roles come from one phone, or from one person.
    boarding_code : bool, optional
        The driver was told the rider's code at the kerb; None when the rider was given none.
    aboard_s : (float, float), optional
        When the rider boarded and left, seconds since 1970, as reported; without it, the rider's
        trace from end to end, or the driver's where there is none.
    distance_m : float, optional
        Length of the rider's way, as reported.
    routed_distance_m, routed_duration_s : float, optional
        The same way by the road network.
    other_trips_that_day : int
        The most distinct other trips that either of the two made that day.
    to_other_trip_s : float, optional
        Seconds between this trip and the nearest other one of the same two people.
    overlap_share : float
        The largest share of this trip's time in which the rider was in another trip too.
    reported_after_s : float
        Seconds from the trip's start to its report.
    """

    declared: bool = True
    same_device: bool = False
    same_person: bool = False
    boarding_code: bool | None = False
    aboard_s: tuple[float, float] | None = None
    distance_m: float | None = None
    routed_distance_m: float | None = None
    routed_duration_s: float | None = None
    other_trips_that_day: int = 0
    to_other_trip_s: float | None = None
    overlap_share: float = 0.0
    reported_after_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A trip to be judged.

    Attributes
    ----------
    driver, rider : Trace, optional
        As recorded, not simplified: forgery shows in what simplification takes away.
    facts : Facts
    earlier : tuple of Trace
        Earlier traces, of these two and of others on the corridor, among which a replayed one
        would be found.
    road_distance_m : callable, optional
        How far places are from the road network; without it the roads are not looked at.
    """

    driver: Trace | None
    rider: Trace | None
    facts: Facts = field(default_factory=Facts)
    earlier: tuple[Trace, ...] = ()
    road_distance_m: RoadDistance | None = None
