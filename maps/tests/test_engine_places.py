"""Snapping, routes, walks, meeting points, names."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from maps.engine import (
    RoadNetwork,
    TooFarFromRoad,
    WalkNetwork,
    find_meeting_points,
    walking,
)
from maps.engine import grid as grids
from maps.engine.geodesy import METRES_PER_DEGREE, crow_fly_m, steps_m
from maps.tests.conftest import compile_town
from maps.tests.factories import Town, grid_town, place


def around(network: RoadNetwork, count: int, spread_m: float, seed: int = 0) -> np.ndarray:
    """Return places scattered around vertices of a network."""
    rng = np.random.default_rng(seed)
    at = rng.integers(0, len(network), count)
    off = rng.normal(0, spread_m / METRES_PER_DEGREE, (count, 2))
    return np.column_stack([network.lon[at], network.lat[at]]) + off


def test_snapping_finds_the_nearest_road_of_all(demo: RoadNetwork) -> None:
    places = around(demo, 150, 120)
    squeeze = np.cos(np.radians(demo.lat.mean()))
    lines = [
        shapely.LineString(demo.lines.line(arc) * [squeeze, 1.0]) for arc in range(len(demo.arc_m))
    ]
    tree = shapely.STRtree(lines)
    for lon, lat in places.tolist():
        point = shapely.Point(lon * squeeze, lat)
        expected = tree.geometries[tree.nearest(point)].distance(point) * METRES_PER_DEGREE
        if expected > 299:
            with pytest.raises(TooFarFromRoad):
                demo.snap((lon, lat), max_m=298)
        else:
            found = demo.snap((lon, lat)).distance_m
            assert found == pytest.approx(expected, rel=2e-3, abs=0.05)


def test_a_snap_lies_on_its_road_and_names_the_nearer_end(grid: RoadNetwork) -> None:
    snap = grid.snap(place(0.2, 0.05))
    assert snap.distance_m == pytest.approx(5, rel=0.02)
    assert (snap.lon, snap.lat) == pytest.approx(place(0.2, 0.0), abs=1e-6)
    assert grid.location(snap.node) == pytest.approx(place(0, 0), abs=1e-6)
    assert grid.location(grid.snap(place(0.8, 0.05)).node) == pytest.approx(place(1, 0), abs=1e-6)


def test_a_place_too_far_from_any_road_is_refused(grid: RoadNetwork) -> None:
    with pytest.raises(TooFarFromRoad) as far:
        grid.snap(place(-3.1, 2))
    assert far.value.max_m == 300.0
    assert grid.snap(place(-2.9, 2)).distance_m == pytest.approx(290, rel=0.01)
    with pytest.raises(TooFarFromRoad):
        grid.snap(place(500, 500))
    with pytest.raises(TooFarFromRoad):
        grid.snap((float("nan"), 0.0))


def test_vertices_snap_to_themselves(demo: RoadNetwork) -> None:
    assert (demo.nearest_nodes(demo.lon, demo.lat) == np.arange(len(demo))).mean() > 0.999
    some = np.random.default_rng(2).integers(0, len(demo), 100)
    again = demo.nearest_nodes(demo.lon[some], demo.lat[some])
    assert (demo.lon[again] == demo.lon[some]).all()
    assert (demo.lat[again] == demo.lat[some]).all()


def test_many_places_are_found_as_one_by_one(demo: RoadNetwork) -> None:
    places = around(demo, 60, 200, seed=4)
    line, along_m, away_m = demo.lines.feet(places, 300.0)
    for i, (lon, lat) in enumerate(places.tolist()):
        try:
            foot = demo.lines.foot(lon, lat, 300.0)
        except TooFarFromRoad:
            assert line[i] == -1
        else:
            assert (line[i], along_m[i], away_m[i]) == (foot.line, foot.along_m, foot.distance_m)


@pytest.mark.usefixtures("interpreted")
def test_the_grid_finds_the_same_when_python_runs_it(grid: RoadNetwork) -> None:
    lines = grid.lines
    for column, row in [(0.2, 0.1), (2.5, 2.4), (-2, -1), (7, 4), (30, 30)]:
        lon, lat = place(column, row)
        hit, _share, away = grids.nearest_segment(lon, lat, 300.0, *lines._grid, lines.points)
        x, y = min(max(column, 0), 4), min(max(row, 0), 4)
        expected = min(np.hypot(column - cx, row - cy) for cx, cy in [(round(x), y), (x, round(y))])
        assert hit < 0 if expected > 3 else away == pytest.approx(100 * expected, rel=0.01)
    found, where = np.empty(1, np.int64), np.empty((1, 2))
    places = np.array([place(0.5, 0.1)])
    grids.nearest_segments(places, 300.0, *lines._grid, lines.points, found, where)
    assert where[0, 1] == pytest.approx(10, rel=0.01)


def test_a_grid_over_a_huge_area_has_larger_cells() -> None:
    points = np.array([[-10.0, -10.0], [-9.99, -10.0], [10.0, 10.0], [10.01, 10.0]])
    grid = grids.build_grid(points, np.array([0, 2], np.int32))
    assert grid.frame[4] * grid.frame[5] <= grids.MOST_CELLS
    found = grids.nearest_segment(
        10.005, 10.001, 300.0, grid.frame, grid.start, grid.segment, points
    )
    assert found[0] == 2


def test_routes_are_continuous_and_add_up(demo: RoadNetwork) -> None:
    rng = np.random.default_rng(11)
    for _trial in range(40):
        stations = rng.integers(0, len(demo), 4).tolist()
        route = demo.route(stations)
        assert (route.geometry[route.leg_starts] == [demo.location(n) for n in stations]).all()
        assert route.leg_starts[-1] == len(route.geometry) - 1
        legs = [int(demo.durations_ms(a, b)[0, 0]) for a, b in pairwise(stations)]
        assert route.leg_durations_ms.tolist() == legs
        assert route.duration_ms == sum(legs)
        assert steps_m(route.geometry).sum() == pytest.approx(route.distance_m, abs=0.01)
        assert route.leg_distances_m.sum() == pytest.approx(route.distance_m)
        assert (np.diff(route.geometry, axis=0) != 0).any(axis=1).all()
        for i, (a, b) in enumerate(pairwise(route.leg_starts)):
            along = steps_m(route.geometry[a : b + 1]).sum()
            assert along == pytest.approx(route.leg_distances_m[i], abs=0.01)


def test_the_same_route_is_found_every_time(demo: RoadNetwork) -> None:
    first, again = demo.route([10, 4000]), demo.route([10, 4000])
    assert (first.geometry == again.geometry).all()


def test_standing_still_is_a_route_of_one_point(grid: RoadNetwork) -> None:
    route = grid.route([3, 3])
    assert (route.duration_ms, route.distance_m) == (0, 0.0)
    assert route.geometry.shape == (1, 2)
    assert route.leg_starts.tolist() == [0, 0]
    assert grid.route([3]).leg_starts.tolist() == [0]


@pytest.mark.parametrize("wrong", [-1, 25, 10**6])
def test_a_number_that_is_no_vertex_is_refused(grid: RoadNetwork, wrong: int) -> None:
    with pytest.raises(IndexError):
        grid.durations_ms(0, wrong)
    with pytest.raises(IndexError):
        grid.route([0, wrong])


def test_no_times_are_asked_of_nobody(grid: RoadNetwork) -> None:
    assert grid.durations_ms([], [1, 2]).shape == (0, 2)


def test_corners_are_named_after_the_main_street_first(grid: RoadNetwork) -> None:
    node = grid.snap(place(2, 1)).node
    assert grid.corner_name(node) == "Cedar Avenue / Second Street"
    assert grid.street_names(node) == ["Cedar Avenue", "Second Street"]


def test_places_are_named_by_corner_street_or_what_is_near(grid: RoadNetwork) -> None:
    assert grid.place_name(place(2.1, 1.1)) == ("Cedar Avenue / Second Street", True)
    assert grid.place_name(place(2.0, 1.5)) == ("Cedar Avenue", True)
    assert grid.place_name(place(-8, 0)) == ("Ash Avenue / First Street", False)


def test_nameless_streets_take_the_nearest_name(tmp_path: Path) -> None:
    town = grid_town()
    for number, (column, row) in enumerate([(5, 2), (6, 2)], start=901):
        town.node(number, column, row)
    town.way([205, 901, 902], highway="residential")
    network = RoadNetwork(compile_town(town, tmp_path))
    assert network.place_name(place(5.5, 2)) == ("Elm Avenue / Third Street", False)
    assert network.corner_name(network.snap(place(6, 2)).node) == "Elm Avenue / Third Street"


def test_a_town_without_names_has_nameless_corners(tmp_path: Path) -> None:
    town = Town()
    for number in range(3):
        town.node(number + 1, number, 0)
    town.way([1, 2, 3], highway="residential")
    network = RoadNetwork(compile_town(town, tmp_path))
    assert network.corner_name(0) == ""
    assert network.place_name(place(1, 0)) == ("", False)


# --- Walks ----------------------------------------------------------------------------------


def exact_walks(walks: WalkNetwork, seeds: np.ndarray, seed_m: np.ndarray) -> np.ndarray:
    row_start, neighbour, length = walks._graph
    rows = np.repeat(np.arange(len(walks)), np.diff(row_start))
    order = np.lexsort((length, neighbour, rows))
    pairs = np.column_stack([rows, neighbour])[order]
    first = np.concatenate([[True], np.any(np.diff(pairs, axis=0) != 0, axis=1)])
    matrix = csr_matrix(
        (length[order][first], (pairs[first, 0], pairs[first, 1])), shape=(len(walks),) * 2
    )
    tables = dijkstra(matrix, indices=seeds)
    return (tables + seed_m[:, None]).min(axis=0)


def test_reach_is_every_vertex_within_the_walk_and_no_other(demo_walks: WalkNetwork) -> None:
    rng = np.random.default_rng(3)
    for at in rng.integers(0, len(demo_walks), 8):
        point = demo_walks.lon[at] + 3e-4, demo_walks.lat[at] + 2e-4
        nodes, metres = demo_walks.reach(point, max_m=900)
        foot = demo_walks.lines.foot(*point, 300.0)
        expected = exact_walks(demo_walks, *demo_walks._ends(foot))
        assert set(nodes.tolist()) == set(np.flatnonzero(expected <= 900).tolist())
        assert metres == pytest.approx(expected[nodes])
        assert (np.diff(metres) >= 0).all()


@pytest.mark.usefixtures("interpreted")
def test_the_walk_search_says_the_same_when_python_runs_it(grid_walks: WalkNetwork) -> None:
    seeds, seed_m = np.array([0, 0, 24], np.int32), np.array([10.0, 5.0, 999.0])
    nodes, metres, before = walking.reach(*grid_walks._graph, seeds, seed_m, 500.0)
    expected = exact_walks(grid_walks, np.array([0]), np.array([5.0]))
    assert metres == pytest.approx(expected[nodes])
    assert len(nodes) == (expected <= 500).sum()
    assert (before[1:] >= 0).all()
    assert before[0] == -1


def test_walks_are_as_long_as_their_geometry_and_the_same_both_ways(
    demo_walks: WalkNetwork,
) -> None:
    rng = np.random.default_rng(8)
    for a, b in rng.integers(0, len(demo_walks), (25, 2)):
        start = demo_walks.lon[a] + 2e-4, demo_walks.lat[a]
        end = demo_walks.lon[b], demo_walks.lat[b] - 2e-4
        if crow_fly_m(*map(np.float64, (*start, *end))) > 9_000:
            continue
        walk = demo_walks.route(start, end)
        assert steps_m(walk.geometry).sum() == pytest.approx(walk.distance_m, rel=1e-4)
        assert tuple(walk.geometry[0]) == start
        assert tuple(walk.geometry[-1]) == end
        assert demo_walks.distance_m(end, start) == pytest.approx(walk.distance_m, rel=1e-6)


def test_a_walk_along_one_street_does_not_go_to_its_end(grid_walks: WalkNetwork) -> None:
    walk = grid_walks.route(place(0.2, 0.0), place(0.7, 0.0))
    assert walk.distance_m == pytest.approx(50, rel=0.01)
    assert grid_walks.distance_m(place(0.7, 0.0), place(0.2, 0.0)) == pytest.approx(50, rel=0.01)


def test_nobody_walks_from_nowhere(grid_walks: WalkNetwork) -> None:
    with pytest.raises(TooFarFromRoad):
        grid_walks.distance_m(place(-9, 0), place(0, 0))
    with pytest.raises(TooFarFromRoad):
        grid_walks.distance_m(place(0, 0), place(-9, 0))


def test_a_walk_beyond_twenty_kilometres_is_refused(tmp_path: Path) -> None:
    town = Town()
    for number in range(0, 231, 10):
        town.node(number + 1, number, 0)
    town.way(list(town.nodes), highway="residential")
    walks = WalkNetwork(compile_town(town, tmp_path))
    assert walks.distance_m(place(0, 0), place(190, 0)) == pytest.approx(19_000, rel=0.01)
    with pytest.raises(TooFarFromRoad):
        walks.distance_m(place(0, 0), place(229, 0))


# --- Meeting points -------------------------------------------------------------------------


def test_meeting_points_are_reached_on_foot_spread_out_and_sorted(
    demo: RoadNetwork, demo_walks: WalkNetwork
) -> None:
    for lon, lat in around(demo, 60, 40, seed=5).tolist():
        points = find_meeting_points(demo, demo_walks, (lon, lat), walk_m=800, limit=8)
        assert 1 <= len(points) <= 8
        assert (np.diff(points.walk_m) >= 0).all()
        assert (points.walk_m <= 800).all()
        assert demo.stoppable[points.nodes].all()
        where = demo.lon[points.nodes], demo.lat[points.nodes]
        apart = crow_fly_m(where[0][:, None], where[1][:, None], *where)
        assert (apart[~np.eye(len(points), dtype=bool)] >= 59).all()
        nearest = demo_walks.distance_m((lon, lat), demo.location(int(points.nodes[0])))
        assert points.walk_m[0] == pytest.approx(nearest, abs=0.5)


def test_the_same_question_has_the_same_meeting_points(
    demo: RoadNetwork, demo_walks: WalkNetwork
) -> None:
    ask = (demo.lon[500] + 1e-4, demo.lat[500])
    first = find_meeting_points(demo, demo_walks, ask, walk_m=600, limit=5)
    again = find_meeting_points(demo, demo_walks, ask, walk_m=600, limit=5)
    assert first.nodes.tolist() == again.nodes.tolist()
    assert len(first) == 5


def test_who_does_not_want_to_walk_meets_at_the_door(
    grid: RoadNetwork, grid_walks: WalkNetwork
) -> None:
    points = find_meeting_points(grid, grid_walks, place(2.5, 2.0), walk_m=0, limit=8)
    assert len(points) == 1
    assert points.walk_m[0] == pytest.approx(0, abs=1)
    away = find_meeting_points(grid, grid_walks, place(-1.4, 2.5), walk_m=10, limit=8)
    assert len(away) == 1
    with pytest.raises(TooFarFromRoad):
        find_meeting_points(grid, grid_walks, place(-1.6, 2.0), walk_m=100, limit=8)


def test_nobody_waits_on_a_motorway(tmp_path: Path) -> None:
    town = grid_town()
    for number, column in [(901, -1.0), (902, -2.0)]:
        town.node(number, column, 0)
    town.way([1, 901, 902], highway="trunk", name="Ruta 5")
    folder = compile_town(town, tmp_path)
    network, walks = RoadNetwork(folder), WalkNetwork(folder)
    points = find_meeting_points(network, walks, place(-1.9, 0), walk_m=400, limit=8)
    assert network.stoppable[points.nodes].all()
    assert points.walk_m[0] == pytest.approx(190, rel=0.01)
    only = find_meeting_points(network, walks, place(-1.9, 0), walk_m=100, limit=8)
    assert len(only) == 1  # nothing else in reach: the road itself, for want of better


def test_main_roads_and_crossings_are_preferred(grid: RoadNetwork, grid_walks: WalkNetwork) -> None:
    points = find_meeting_points(grid, grid_walks, place(0, 2), walk_m=450, limit=2)
    assert grid.main_road[points.nodes].any()
    assert (grid.names_at == 2).all()
