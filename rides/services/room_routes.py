"""The way of a shared taxi: in which order people get out, and whether they belong together.

All get in at one place. Of the at most 4! orders of the drop-offs the fastest is taken; people with
the same drop-off get out together. A party belongs together when everybody's ride is at most some
minutes longer than alone, and everybody has company for most of the metres they sit in the taxi.

Source: PRODUCT.md and issue "Rooms and money": at least 70 % shared, at most 15 minutes longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

import numpy as np
from django.contrib.gis.geos import LineString

from carpool.kernel.geo import LonLat, to_line
from maps.engine import RoadNetwork
from maps.models import Region
from maps.selectors import load_network, snap
from rides.errors import RoutesDiffer, TooClose


@dataclass(frozen=True, slots=True)
class Part:
    """One person's part of the way. ``shared_m`` are the metres aboard with somebody else."""

    position: int
    distance_m: int
    duration_s: int
    extra_s: int
    shared_m: int


@dataclass(frozen=True, slots=True)
class RoomRoute:
    """The whole way, and everybody's part of it in the order in which they were given."""

    parts: tuple[Part, ...]
    distance_m: int
    duration_s: int
    line: LineString


def plan_room(region: Region, pickup: LonLat, dropoffs: Sequence[LonLat]) -> RoomRoute:
    """Return the fastest way from the pick-up over all drop-offs, of which there are 1 to 4.

    Raises:
        OffNetwork: a place has no road near (names ``pickup`` or ``dropoff``).
        TooClose: there is nothing to drive.
    """
    network = load_network(region)
    start = snap(network, pickup, field="pickup").node
    ends = [snap(network, place, field="dropoff").node for place in dropoffs]
    if start in ends:
        raise TooClose(field="dropoff")
    order = _fastest(network, start, sorted(set(ends)))
    route = network.route([start, *order])
    reached_m = dict(zip(order, np.cumsum(route.leg_distances_m).tolist(), strict=True))
    reached_ms = dict(zip(order, np.cumsum(route.leg_durations_ms).tolist(), strict=True))
    alone_ms = network.durations_ms([start], order)[0].tolist()
    in_company_m = _company(order, ends, reached_m)
    parts = tuple(
        Part(
            position=order.index(node),
            distance_m=round(reached_m[node]),
            duration_s=-(-reached_ms[node] // 1000),
            extra_s=max(0, (reached_ms[node] - alone_ms[order.index(node)]) // 1000),
            shared_m=round(min(reached_m[node], in_company_m)),
        )
        for node in ends
    )
    return RoomRoute(
        parts=parts,
        distance_m=round(float(route.distance_m)),
        duration_s=-(-int(route.duration_ms) // 1000),
        line=to_line(route.geometry),
    )


def check_belongs_together(
    route: RoomRoute, *, most_extra_s: int, least_shared_percent: int
) -> None:
    """Make sure that nobody is driven about too long or shares too little of the way.

    Raises:
        RoutesDiffer: somebody would.
    """
    for part in route.parts:
        if part.extra_s > most_extra_s:
            raise RoutesDiffer(field="dropoff")
        if len(route.parts) > 1 and 100 * part.shared_m < least_shared_percent * part.distance_m:
            raise RoutesDiffer(field="dropoff")


def _fastest(network: RoadNetwork, start: int, ends: Sequence[int]) -> list[int]:
    """Return the ends in the order that takes least time; among equals the first."""
    nodes = [start, *ends]
    times = network.durations_ms(np.array(nodes, np.int32), np.array(nodes, np.int32))

    def lasts_ms(order: Sequence[int]) -> int:
        stops = [0, *order]
        return int(sum(times[a, b] for a, b in pairwise(stops)))

    best = min(permutations(range(1, len(nodes))), key=lasts_ms)
    return [nodes[i] for i in best]


def _company(order: Sequence[int], ends: Sequence[int], reached_m: dict[int, float]) -> float:
    """Return after how many metres somebody sits alone, or the whole way if nobody ever does."""
    last = order[-1]
    if list(ends).count(last) > 1:
        return reached_m[last]
    return reached_m[order[-2]] if len(order) > 1 else 0.0
