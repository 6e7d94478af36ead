"""Lengths of fastest ways against Dijkstra on (time, length)."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.engine import RoadNetwork
from maps.engine.labels import duration
from maps.engine.lengths import build_lengths, measure, open_lengths
from maps.tests.test_engine_hierarchy import Graph, exact, labelled, strong_graphs


@settings(max_examples=100, deadline=None)
@given(graph=strong_graphs(), seed=st.integers(0, 9), few_times=st.booleans())
def test_the_length_is_the_shortest_of_the_fastest_ways(
    graph: Graph, seed: int, few_times: bool
) -> None:
    (count, tail, head, weight), tree = labelled(graph)
    if few_times:  # many ways are equally fast then
        weight = weight % 3 + 1
        (count, tail, head, weight), tree = labelled((count, tail, head, weight))
    length_m = np.random.default_rng(seed).integers(1, 9, len(weight)) / 10
    lengths = build_lengths(count, tail, head, weight, length_m)
    labels = tree.jumps, tree.depth, tree.start, tree.ahead, tree.back
    here, there = np.divmod(np.arange(count * count, dtype=np.int32), np.int32(count))
    times, tenths = measure(here, there, labels, lengths)
    both = exact((count, tail, head, weight.astype(np.int64) * 1000 + np.rint(length_m * 10)))
    assert (times.astype(np.int64) * 1000 + tenths == both.ravel()).all()
    least = exact((count, tail, head, np.rint(length_m * 10).astype(np.int64))).ravel()
    shortest = (*labels[:3], lengths.least_ahead, lengths.least_back)
    assert [duration(s, t, *shortest) for s, t in zip(here, there, strict=True)] == least.tolist()


def test_the_lengths_of_a_town_are_those_of_its_routes(grid: RoadNetwork, grid_folder) -> None:
    lengths = open_lengths(grid_folder)
    rng = np.random.default_rng(3)
    here, there = rng.integers(0, len(grid), (2, 40)).astype(np.int32)
    times, tenths = measure(here, there, grid.labels, lengths)
    for n in range(40):
        route = grid.route([int(here[n]), int(there[n])])
        assert times[n] == route.duration_ms
        assert tenths[n] / 10 <= route.distance_m + 0.05 * len(route.geometry)
