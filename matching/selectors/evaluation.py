"""Exact evaluation: which of some rides serve a query, and at what cost.

Turns rides and a query into the arrays of ``matching.engine``, fetches exact road times, and turns
the engine's answers back into places and times.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

import numpy as np

from carpool.kernel.geo import Circle, LonLat
from carpool.kernel.money import Money
from maps.engine import RoadNetwork
from maps.models import Region
from maps.selectors import MeetingPoints, load_network, meeting_points
from matching.engine import (
    Insertion,
    best_insertions,
    feasible_insertions,
)
from matching.selectors.arrays import Gathered, gather_arrays, to_ms, to_time
from matching.selectors.ranking import BY_TIME, Fares, Ranking
from rides.models import Ride
from rides.selectors import Reliability
from rides.services import RequestTerms


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where and when the rider gets in or out, and how far they walk for it."""

    location: LonLat
    label: str
    at: datetime
    walk_m: int


@dataclass(frozen=True, slots=True)
class CostParts:
    """Of what a ride's generalized cost is made, in seconds of time aboard."""

    riding_s: float
    walking_s: float
    shift_s: float
    detour_s: float
    price_s: float
    reliability_s: float


@dataclass(frozen=True, slots=True)
class Found:
    """A ride that serves a query, before it is shown to anybody."""

    ride: Ride
    insertion: Insertion
    pickup: Meeting
    dropoff: Meeting
    detour_s: int
    costs: CostParts
    price: Money | None
    reliability: Reliability


def evaluate(
    rides: Sequence[Ride],
    region: Region,
    query: RequestTerms,
    *,
    only: tuple[LonLat, LonLat] | None = None,
    ranking: Ranking = BY_TIME,
    told_pickup_at: datetime | None = None,
) -> list[Found]:
    """Insert a query exactly into each ride and return those that serve it, cheapest first.

    ``only`` keeps to one meeting point to get in and one to get out; ``ranking`` says what is
    cheap. Of somebody who was told when to get in (``told_pickup_at``) the insertion is kept that
    is next to it.
    """
    if not rides:
        return []
    network = load_network(region)
    pickups, dropoffs = places_to_meet(region, query)
    if only is not None:
        pickups, dropoffs = _just(network, pickups, only[0]), _just(network, dropoffs, only[1])
    if not (len(pickups) and len(dropoffs)):
        return []
    fares = ranking.fares(region, pickups, dropoffs, seats=query.seats)
    gather = gather_arrays(rides, network, query, pickups, dropoffs, fares.price_ms)
    gather = replace(gather, batch=replace(gather.batch, handicap_ms=ranking.handicaps_ms(rides)))
    weights = ranking.weights
    best = best_insertions(gather.batch, gather.window, gather.times, weights)
    found = []
    for r, (ride, cheapest) in enumerate(zip(rides, best, strict=True)):
        insertion = cheapest
        chooses = told_pickup_at or ride.driver_avoids or ride.detour_m is not None
        if cheapest is not None and chooses:
            choices = feasible_insertions(r, gather.batch, gather.window, gather.times, weights)
            if told_pickup_at is not None:
                told_ms = to_ms(told_pickup_at)
                choices = sorted(choices, key=lambda one: abs(one.pickup_ms - told_ms))
            welcome = [one for one in choices if _stops_where_welcome(network, ride, gather, one)]
            insertion = within_metres(network, ride, gather, r, welcome)
        if insertion is not None:
            found.append(_to_found(network, ride, gather, insertion, ranking, fares))
    return sorted(found, key=lambda f: (f.insertion.cost_s, f.ride.departure_at, f.ride.pk))


def places_to_meet(region: Region, query: RequestTerms) -> tuple[MeetingPoints, MeetingPoints]:
    """Return where the rider may get in, and where out; none where they avoid all there are."""
    ends = (("origin", query.origin), ("destination", query.destination))
    pickups, dropoffs = (
        meeting_points(region, end.location, walk_m=query.walk_m, field=field)
        for field, end in ends
    )
    network = load_network(region)
    return outside(network, pickups, query.avoided), outside(network, dropoffs, query.avoided)


def outside(
    network: RoadNetwork, points: MeetingPoints, circles: Sequence[Circle]
) -> MeetingPoints:
    """Return the meeting points that lie in none of some circles."""
    if not circles:
        return points
    places = [network.location(int(node)) for node in points.nodes]
    kept = np.array([not any(one.holds(place) for one in circles) for place in places], bool)
    return MeetingPoints(nodes=points.nodes[kept], walk_m=points.walk_m[kept])


def _stops_where_welcome(
    network: RoadNetwork, ride: Ride, gather: "Gathered", choice: "Placement"
) -> bool:
    """Tell whether the driver avoids neither of the two new stops."""
    circles = [
        Circle(LonLat(one["lon"], one["lat"]), one["radius_m"]) for one in ride.driver_avoids
    ]
    nodes = (gather.pickups.nodes[choice.pickup], gather.dropoffs.nodes[choice.dropoff])
    places = [network.location(int(node)) for node in nodes]
    return not any(circle.holds(place) for circle in circles for place in places)


def _just(network: RoadNetwork, points: MeetingPoints, place: LonLat) -> MeetingPoints:
    """Keep the one meeting point that lies at a place (none, if it is not among them)."""
    here = points.nodes == network.nearest_nodes(np.array([place.lon]), np.array([place.lat]))
    return MeetingPoints(nodes=points.nodes[here], walk_m=points.walk_m[here])


class Placement(Protocol):
    """Where a request goes: an insertion, or a relaxation that would allow one."""

    @property
    def pickup_after(self) -> int:
        """The stop after which the rider gets in."""

    @property
    def dropoff_after(self) -> int:
        """The stop after which they get out."""

    @property
    def pickup(self) -> int:
        """Which meeting point to get in."""

    @property
    def dropoff(self) -> int:
        """Which to get out."""


Placed = TypeVar("Placed", bound=Placement)


def within_metres(
    network: RoadNetwork, ride: Ride, gather: Gathered, r: int, choices: Sequence[Placed]
) -> Placed | None:
    """Return the first choice that also keeps the driver's limit in metres, if there is one."""
    if ride.detour_m is None:
        return next(iter(choices), None)
    start, end = gather.batch.start[r], gather.batch.start[r + 1]
    stops = [int(node) for node in gather.nodes[start:end]]
    for insertion in choices:
        nodes = [
            *stops[: insertion.pickup_after + 1],
            int(gather.pickups.nodes[insertion.pickup]),
            *stops[insertion.pickup_after + 1 : insertion.dropoff_after + 1],
            int(gather.dropoffs.nodes[insertion.dropoff]),
            *stops[insertion.dropoff_after + 1 :],
        ]
        if network.route(nodes).distance_m <= ride.solo_distance_m + ride.detour_m:
            return insertion
    return None


def _to_found(
    network: RoadNetwork,
    ride: Ride,
    gather: Gathered,
    insertion: Insertion,
    ranking: Ranking,
    fares: Fares,
) -> Found:
    pickup_node = int(gather.pickups.nodes[insertion.pickup])
    dropoff_node = int(gather.dropoffs.nodes[insertion.dropoff])
    added = to_time(insertion.arrival_ms) - ride.arrival_at
    return Found(
        ride=ride,
        insertion=insertion,
        pickup=Meeting(
            location=network.location(pickup_node),
            label=network.corner_name(pickup_node),
            at=to_time(insertion.pickup_ms),
            walk_m=int(np.ceil(gather.pickups.walk_m[insertion.pickup])),
        ),
        dropoff=Meeting(
            location=network.location(dropoff_node),
            label=network.corner_name(dropoff_node),
            at=to_time(insertion.dropoff_ms),
            walk_m=int(np.ceil(gather.dropoffs.walk_m[insertion.dropoff])),
        ),
        detour_s=max(0, -int(-added.total_seconds() // 1)),
        costs=_split_cost(gather, insertion, ranking, ride),
        price=ranking.price(
            float(fares.direct_m[insertion.pickup, insertion.dropoff]), seats=gather.window.seats
        ),
        reliability=ranking.reliability(ride),
    )


def _split_cost(gather: Gathered, insertion: Insertion, ranking: Ranking, ride: Ride) -> CostParts:
    """Say of what an insertion's cost is made; the formula is the engine's."""
    window, weights, p, d = gather.window, ranking.weights, insertion.pickup, insertion.dropoff
    walk_to_ms, walk_from_ms = int(window.walk_to_ms[p]), int(window.walk_from_ms[d])
    if window.anchored_at_arrival:
        shift_ms = window.anchor_ms - (insertion.dropoff_ms + walk_from_ms)
    else:
        shift_ms = insertion.pickup_ms - walk_to_ms - window.anchor_ms
    riding_s = weights.ride * (insertion.dropoff_ms - insertion.pickup_ms) / 1000
    walking_s = weights.walk * (walk_to_ms + walk_from_ms) / 1000
    shift_s = weights.shift * abs(shift_ms) / 1000
    price_s = int(window.price_ms[p, d]) / 1000
    reliability_s = int(ranking.handicaps_ms([ride])[0]) / 1000
    others_s = riding_s + walking_s + shift_s + price_s + reliability_s
    return CostParts(
        riding_s=riding_s,
        walking_s=walking_s,
        shift_s=shift_s,
        detour_s=max(0.0, insertion.cost_s - others_s),
        price_s=price_s,
        reliability_s=reliability_s,
    )
