"""Each candidate routed on the graph, as OSMnx does it: shortest paths by networkx.

The graph is made of our compiled arcs, so that network and travel times are the same; OSMnx built
those. ``osmnx.shortest_path`` ends in networkx's ``bidirectional_dijkstra``, which is called here
directly, on a plain DiGraph: that is faster. Candidates are the rides in time whose ellipse holds
both doors; the time for the way between the doors is found once.
"""

import time

import networkx as nx
import numpy as np

from benchmarks.commutes import Trip
from benchmarks.rivals import Answer
from benchmarks.rivals_seed import seed_request, seed_rides
from maps.engine import RoadNetwork
from matching.engine.seed_rule import SeedRule
from matching.engine.segment import Supply

RULE = SeedRule(half_margin=True)


class RoutesOnGraph:
    """Shortest paths on a networkx graph, for at most so many candidates of each request.

    ``wrong`` counts its travel times that differ from those of our labels: none may.
    """

    name = "(c) OSMnx + networkx per candidate"

    def __init__(self, network: RoadNetwork, supply: Supply, most_routed: int) -> None:
        self._network, self._supply, self._most_routed = network, supply, most_routed
        self._rides = seed_rides(network, supply, own_detour=True)
        self._graph = nx.DiGraph()
        tail = np.repeat(np.arange(len(network)), np.diff(network.arc_start))
        arcs = zip(tail.tolist(), network.arc_head.tolist(), network.arc_ms.tolist(), strict=True)
        self._graph.add_weighted_edges_from(arcs, weight="ms")
        self.wrong = 0

    def search(self, trip: Trip) -> Answer:
        """Return the rides that serve door to door, among those that it had the time to route."""
        start = time.perf_counter()
        asked = seed_request(self._network, trip)
        parts = RULE.parts(self._rides, asked)
        rows = np.flatnonzero(parts["ellipse"] & parts["time"] & parts["seats"])
        filtered = time.perf_counter()
        rides, stand_ms, keys = self._supply.rides, trip.request.window.boarding_ms, []
        direct_ms = self._route_ms(trip.home, trip.work)
        some = rows[:: max(1, len(rows) // self._most_routed)][: self._most_routed]
        for row in some.tolist():
            first, last = rides.start[row], rides.start[row + 1] - 1
            to_pickup_ms = self._route_ms(int(self._supply.node[first]), trip.home)
            onward_ms = self._route_ms(trip.work, int(self._supply.node[last]))
            picked_up_ms = max(int(rides.departure_ms[row]) + to_pickup_ms, asked.earliest_ms)
            out_ms = picked_up_ms + stand_ms + direct_ms
            if out_ms <= asked.latest_ms and out_ms + stand_ms + onward_ms <= rides.latest_ms[last]:
                keys.append(row)
        took_ms = 1000 * (time.perf_counter() - filtered)
        share = len(rows) / max(1, len(some))
        return Answer(
            keys=np.array(keys, np.int64),
            candidates=len(rows),
            routed=len(some),
            ms={"filter": 1000 * (filtered - start), "route": took_ms * share},
        )

    def _route_ms(self, start: int, end: int) -> int:
        ms, _path = nx.bidirectional_dijkstra(self._graph, start, end, weight="ms")
        self.wrong += ms != int(self._network.durations_ms(start, end)[0, 0])
        return int(ms)
