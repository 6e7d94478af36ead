"""A proposal with fewer riders: the same departure and pick-up times, driven again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from carpool.kernel.geo import LonLat, from_point
from maps.engine import RoadNetwork, Route
from maps.selectors import load_network, region_at
from matching.models import CarpoolProposal, ProposalSeat
from rides.services.thresholds import settle_ends


@dataclass(frozen=True, slots=True)
class Replanned:
    """What a proposal comes to with those who are left."""

    arrival_at: datetime
    added_s: int
    saved_m: int


class _Stop(NamedTuple):
    at: datetime
    place: LonLat
    waits: bool


def replan(proposal: CarpoolProposal, seats: Sequence[ProposalSeat]) -> Replanned:
    """Drive a proposal with some of its riders only.

    The car leaves when it was proposed to and waits at each pick-up for the time that was
    proposed, so nobody has to be told a new one; as every ride it begins and ends at thresholds.
    Saved is what everybody would have driven alone, less the tour from door to door.
    """
    origin = from_point(proposal.origin)
    network = load_network(region_at(origin, field="origin"))
    stops = sorted(
        [_Stop(seat.pickup_at, seat.pickup_place, waits=True) for seat in seats]
        + [_Stop(seat.dropoff_at, seat.dropoff_place, waits=False) for seat in seats]
    )
    start, end = settle_ends(proposal.driver, network, origin, from_point(proposal.destination))
    inner = [stop.place for stop in stops]
    route = _drive(network, [start.shown_at, *inner, end.shown_at])
    tour = _drive(network, [start.stands_at, *inner, end.stands_at])
    alone = _drive(network, [start.shown_at, end.shown_at])
    boarding = timedelta(seconds=proposal.run.strictest("boarding_s"))
    at = proposal.departure_at + start.door_time
    for stop, leg_ms in zip(stops, route.leg_durations_ms[:-1], strict=True):
        at += timedelta(milliseconds=int(leg_ms))
        at = (max(at, stop.at) if stop.waits else at) + boarding
    at += timedelta(milliseconds=int(route.leg_durations_ms[-1]))
    longer = at - proposal.departure_at - start.door_time
    longer -= timedelta(milliseconds=int(alone.duration_ms))
    everybody_alone_m = proposal.alone_m + sum(seat.alone_m for seat in seats)
    return Replanned(
        arrival_at=at + end.door_time,
        added_s=max(0, -int(-longer.total_seconds() // 1)),
        saved_m=round(everybody_alone_m - float(tour.distance_m)),
    )


def _drive(network: RoadNetwork, places: Sequence[LonLat]) -> Route:
    nodes = network.nearest_nodes(*np.array(places).T)
    return network.route([int(node) for node in nodes])
