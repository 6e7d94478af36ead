"""Labels against Dijkstra: every time must be the same integer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from maps.engine import RoadNetwork
from maps.engine.geodesy import Ints
from maps.engine.hierarchy import UNREACHED, Hierarchy, build_hierarchy, rank_order
from maps.engine.labels import duration, durations, find_path

Graph = tuple[int, Ints, Ints, Ints]


@st.composite
def strong_graphs(draw: st.DrawFn) -> Graph:
    """Draw a strongly connected graph: a cycle through all vertices and arcs across it."""
    count = draw(st.integers(2, 24))
    vertex = st.integers(0, count - 1)
    around = draw(st.permutations(range(count)))
    across = draw(st.lists(st.tuples(vertex, vertex), max_size=3 * count))
    arcs = dict.fromkeys([*zip(around, [*around[1:], around[0]], strict=True), *across])
    pairs = [(tail, head) for tail, head in arcs if tail != head]
    weights = draw(st.lists(st.integers(1, 10**6), min_size=len(pairs), max_size=len(pairs)))
    tail, head = np.array(pairs, np.int32).T
    return count, tail.copy(), head.copy(), np.array(weights, np.int32)


def labelled(graph: Graph, seed: int = 0) -> tuple[Graph, Hierarchy]:
    """Rank a graph by places drawn at random, and label it."""
    count, tail, head, weight = graph
    places = np.random.default_rng(seed).uniform(0, 1, (2, count))
    number = rank_order(places[0], places[1], tail, head)
    renumbered = count, number[tail], number[head], weight
    return renumbered, build_hierarchy(*renumbered)


def exact(graph: Graph) -> np.ndarray:
    count, tail, head, weight = graph
    matrix = csr_matrix((weight.astype(np.int64), (tail, head)), shape=(count, count))
    return dijkstra(matrix)


def all_pairs(count: int, tree: Hierarchy) -> Ints:
    everybody = np.arange(count, dtype=np.int32)
    out = np.empty((count, count), np.int32)
    durations(everybody, everybody, tree.jumps, tree.depth, tree.start, tree.ahead, tree.back, out)
    return out


@settings(max_examples=150, deadline=None)
@given(graph=strong_graphs(), seed=st.integers(0, 3))
def test_labels_equal_dijkstra_on_any_strongly_connected_graph(graph: Graph, seed: int) -> None:
    renumbered, tree = labelled(graph, seed)
    assert (all_pairs(graph[0], tree) == exact(renumbered)).all()


@settings(max_examples=60, deadline=None)
@given(graph=strong_graphs())
def test_paths_are_joined_arcs_whose_times_sum_to_the_shortest(graph: Graph) -> None:
    (count, tail, head, weight), tree = labelled(graph)
    order = np.lexsort((head, tail))
    tail, head, weight = tail[order], head[order], weight[order]
    arc_start = np.searchsorted(tail, np.arange(count + 1)).astype(np.int64)
    shortest = exact((count, tail, head, weight))
    arcs = np.empty(count, np.int32)
    labels = tree.jumps, tree.depth, tree.start, tree.ahead, tree.back
    for s in range(count):
        for t in range(count):
            length = find_path(s, t, arc_start, head, weight, *labels, arcs)
            path = arcs[:length]
            assert weight[path].sum() == shortest[s, t]
            assert (head[path][:-1] == tail[path][1:]).all()
            assert length == 0 or (tail[path[0]], head[path[-1]]) == (s, t)


@pytest.mark.usefixtures("interpreted")
def test_the_kernels_say_the_same_when_python_runs_them() -> None:
    from maps.engine import labels as kernels  # the module holds the interpreted functions now

    graph = (
        5,
        np.array([0, 1, 2, 3, 4, 0, 2], np.int32),
        np.array([1, 2, 3, 4, 0, 3, 0], np.int32),
        np.array([5, 4, 3, 2, 1, 9, 7], np.int32),
    )
    (count, tail, head, weight), tree = labelled(graph)
    shortest = exact((count, tail, head, weight))
    args = tree.jumps, tree.depth, tree.start, tree.ahead, tree.back
    everybody = np.arange(count, dtype=np.int32)
    out = np.empty((count, count), np.int32)
    kernels.durations(everybody, everybody, *args, out)
    assert (out == shortest).all()
    order = np.lexsort((head, tail))
    arc_start = np.searchsorted(tail[order], np.arange(count + 1)).astype(np.int64)
    arcs = np.empty(count, np.int32)
    for s in range(count):
        for t in range(count):
            found = kernels.find_path(s, t, arc_start, head[order], weight[order], *args, arcs)
            assert weight[order][arcs[:found]].sum() == shortest[s, t]


def test_a_vertex_out_of_reach_is_unreached_and_has_no_path() -> None:
    tail, head = np.array([0], np.int32), np.array([1], np.int32)
    weight = np.array([7], np.int32)
    tree = build_hierarchy(2, tail, head, weight)
    labels = tree.jumps, tree.depth, tree.start, tree.ahead, tree.back
    assert duration(0, 1, *labels) == 7
    assert duration(1, 0, *labels) == UNREACHED
    arcs = np.empty(2, np.int32)
    start = np.array([0, 1, 1], np.int64)
    assert find_path(1, 0, start, head, weight, *labels, arcs) == -1
    assert find_path(0, 1, start, head, weight, *labels, arcs[:0]) == -1


def test_the_cheapest_of_two_arcs_between_the_same_vertices_counts() -> None:
    tail = np.array([0, 0, 1, 1], np.int32)
    head = np.array([1, 1, 0, 0], np.int32)
    tree = build_hierarchy(2, tail, head, np.array([9, 4, 3, 8], np.int32))
    labels = tree.jumps, tree.depth, tree.start, tree.ahead, tree.back
    assert duration(0, 1, *labels) == 4
    assert duration(1, 0, *labels) == 3


def test_a_dense_graph_grows_the_pool_of_the_elimination() -> None:
    count = 90
    tail, head = (np.array(side, np.int32) for side in np.nonzero(~np.eye(count, dtype=bool)))
    weight = np.arange(1, len(tail) + 1, dtype=np.int32)
    graph = count, tail, head, weight
    assert (all_pairs(count, build_hierarchy(*graph)) == exact(graph)).all()


def test_the_demo_city_is_exact_to_every_vertex(demo: RoadNetwork) -> None:
    tail = np.repeat(np.arange(len(demo)), np.diff(demo.arc_start))
    matrix = csr_matrix((demo.arc_ms, (tail, demo.arc_head)), shape=(len(demo), len(demo)))
    sources = np.random.default_rng(7).integers(0, len(demo), 25)
    assert (
        demo.durations_ms(sources, np.arange(len(demo))) == dijkstra(matrix, indices=sources)
    ).all()


def test_a_second_engine_agrees_on_the_demo_city(demo: RoadNetwork) -> None:
    routingkit = pytest.importorskip("routingkit_cch")
    tail = np.repeat(np.arange(len(demo)), np.diff(demo.arc_start)).tolist()
    head = demo.arc_head.tolist()
    order = routingkit.compute_order_inertial(
        len(demo), tail, head, demo.lat.tolist(), demo.lon.tolist()
    )
    cch = routingkit.CCH(order, tail, head, False)
    metric = routingkit.CCHMetric(cch, demo.arc_ms.tolist())
    query = routingkit.CCHQuery(metric)
    pairs = np.random.default_rng(3).integers(0, len(demo), (200, 2)).tolist()
    theirs = [query.run(s, t).distance for s, t in pairs]
    assert theirs == [int(demo.durations_ms(s, t)[0, 0]) for s, t in pairs]
