"""Other ways to answer a request: what the supply index is compared with, and the truth."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from benchmarks.commutes import Trip
from maps.engine import RoadNetwork
from matching.engine import CostWeights, InsertionTimes, RideBatch, best_insertions
from matching.engine.insertion import NO_EARLIEST
from matching.engine.segment import Supply
from matching.engine.supply import Placement
from matching.tests.brute import PlainRequest, PlainStop, all_insertions

Rows = npt.NDArray[Any]


@dataclass(frozen=True)
class Answer:
    """What a rival makes of a request.

    Attributes:
    ----------
    keys : int64[...]
        The rides that it would show.
    candidates, routed : int
        How many rides passed its filter, and for how many of them it asked for a route.
    ms : dict
        What each step took.
    """

    keys: npt.NDArray[np.int64]
    candidates: int
    routed: int
    ms: dict[str, float]


class Rival(Protocol):
    """Another way to answer a request."""

    name: str

    def search(self, trip: Trip) -> Answer:
        """Return the rides that it would show."""


def in_time(supply: Supply, trip: Trip) -> Rows:
    """Return the rides that leave before the rider must be there and end after they are ready."""
    rides, window = supply.rides, trip.request.window
    until = rides.latest_ms[rides.start[1:] - 1]
    return np.flatnonzero(
        (rides.departure_ms < window.due_ms.max()) & (until > window.ready_ms.min())
    )


def pick(supply: Supply, rows: Rows) -> Supply:
    """Return some of the rides."""
    rides = supply.rides
    sizes = np.diff(rides.start)[rows]
    start = np.concatenate([[0], np.cumsum(sizes)])
    stops = np.arange(start[-1]) + np.repeat(rides.start[:-1][rows] - start[:-1], sizes)
    return Supply(
        key=supply.key[rows],
        organization=supply.organization[rows],
        node=supply.node[stops],
        rides=RideBatch(
            start=start.astype(np.int32),
            departure_ms=rides.departure_ms[rows],
            seats_offered=rides.seats_offered[rows],
            leg_ms=rides.leg_ms[stops],
            earliest_ms=rides.earliest_ms[stops],
            latest_ms=rides.latest_ms[stops],
            boarding_ms=rides.boarding_ms[stops],
            seats_after=rides.seats_after[stops],
            handicap_ms=rides.handicap_ms[rows],
        ),
    )


class EveryRide:
    """Every ride in time, inserted exactly by the plain engine; how times are found is open."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network

    def search(self, supply: Supply, trip: Trip, weights: CostWeights) -> list[Placement]:
        """Return all rides that serve, best first."""
        here = pick(supply, in_time(supply, trip))
        best = best_insertions(here.rides, trip.request.window, self.times(here, trip), weights)
        found = [
            (b.cost_s, int(here.rides.departure_ms[r]), int(here.key[r]), b)
            for r, b in enumerate(best)
            if b is not None
        ]
        return [Placement(key, insertion) for _c, _d, key, insertion in sorted(found)]

    def times(self, here: Supply, trip: Trip) -> InsertionTimes:
        """Return the exact times between stops and meeting points, by our labels."""
        pickups, dropoffs = trip.request.pickups, trip.request.dropoffs
        nodes, between = here.node, self._network.durations_ms
        return InsertionTimes(
            to_pickup=between(nodes, pickups),
            from_pickup=np.ascontiguousarray(between(pickups, nodes).T),
            to_dropoff=between(nodes, dropoffs),
            from_dropoff=np.ascontiguousarray(between(dropoffs, nodes).T),
            direct=between(pickups, dropoffs),
        )


class Sweeps(EveryRide):
    """The same by Dijkstra (scipy) from and to each meeting point: nothing of ours but the map."""

    def __init__(self, network: RoadNetwork) -> None:
        super().__init__(network)
        tail = np.repeat(np.arange(len(network)), np.diff(network.arc_start))
        shape = len(network), len(network)
        self._ahead = csr_matrix((network.arc_ms, (tail, network.arc_head)), shape=shape)
        self._back = self._ahead.T.tocsr()

    def times(self, here: Supply, trip: Trip) -> InsertionTimes:
        """Return the exact times between stops and meeting points, by Dijkstra."""
        pickups, dropoffs = trip.request.pickups, trip.request.dropoffs
        from_pickup, to_pickup = self._trees(pickups)
        from_dropoff, to_dropoff = self._trees(dropoffs)
        return InsertionTimes(
            to_pickup=_at(to_pickup, here.node),
            from_pickup=_at(from_pickup, here.node),
            to_dropoff=_at(to_dropoff, here.node),
            from_dropoff=_at(from_dropoff, here.node),
            direct=np.ascontiguousarray(from_pickup[:, dropoffs].astype(np.int32)),
        )

    def _trees(self, points: Rows) -> tuple[Rows, Rows]:
        return dijkstra(self._ahead, indices=points), dijkstra(self._back, indices=points)


def _at(tree: Rows, nodes: Rows) -> npt.NDArray[np.int32]:
    return np.ascontiguousarray(tree[:, nodes].T.astype(np.int32))


def brute_cost(
    network: RoadNetwork, supply: Supply, row: int, trip: Trip, weights: CostWeights
) -> float | None:
    """Return what a ride's best insertion costs, by plain Python over every sequence of calls."""
    rides, window = supply.rides, trip.request.window
    a, b = int(rides.start[row]), int(rides.start[row + 1])
    points = np.concatenate([supply.node[a:b], trip.request.pickups, trip.request.dropoffs])
    times = network.durations_ms(points, points)
    taken = rides.seats_after[a:b].tolist()
    stops = [
        PlainStop(
            node=k - a,
            earliest=None if rides.earliest_ms[k] == NO_EARLIEST else int(rides.earliest_ms[k]),
            latest=int(rides.latest_ms[k]),
            change=taken[k - a] - (taken[k - a - 1] if k > a else 0),
            stand=int(rides.boarding_ms[k]),
        )
        for k in range(a, b)
    ]
    first_dropoff = b - a + len(window.ready_ms)
    request = PlainRequest(
        pickups=[(b - a + n, int(at)) for n, at in enumerate(window.ready_ms)],
        dropoffs=[(first_dropoff + n, int(at)) for n, at in enumerate(window.due_ms)],
        seats=window.seats,
        stand=window.boarding_ms,
    )
    departure, seats = int(rides.departure_ms[row]), int(rides.seats_offered[row])
    found = all_insertions(stops, departure, seats, request, times)  # type: ignore[no-untyped-call]
    alone = departure
    for before, stop in pairwise(stops):
        alone += before.stand + int(times[before.node, stop.node])
        alone = alone if stop.earliest is None else max(alone, stop.earliest)
    costs = []
    for (_i, _j, p, d), (pickup_at, dropoff_at, end) in found.items():
        walk_to, walk_from = int(window.walk_to_ms[p]), int(window.walk_from_ms[d])
        arrives, leaves = dropoff_at + walk_from, pickup_at - walk_to
        shift = abs(window.anchor_ms - (arrives if window.anchored_at_arrival else leaves))
        costs.append(
            weights.ride * (dropoff_at - pickup_at)
            + weights.walk * (walk_to + walk_from)
            + weights.detour * (end - alone)
            + weights.shift * shift
            + int(window.price_ms[p, d])
            + int(rides.handicap_ms[row])
        )
    return min(costs) / 1000 if costs else None
