"""From OSM to arrays: components, cuts, speeds, one-way streets, hull."""

from pathlib import Path

import numpy as np
import pytest
import shapely

from maps.engine import NetworkMissing, NoRoads, RoadNetwork, compiler, graph, layout, store
from maps.engine.geodesy import crow_fly_m, steps_m
from maps.engine.osm_file import read_osm
from maps.engine.speeds import DRIVEN_SHARE, FASTEST_KPH, SLOWEST_KPH
from maps.tests.conftest import compile_town
from maps.tests.factories import Town, grid_town, place


def network_of(town: Town, folder: Path) -> RoadNetwork:
    return RoadNetwork(compile_town(town, folder))


def vertex(network: RoadNetwork, column: float, row: float) -> int:
    lon, lat = place(column, row)
    return int(network.nearest_nodes(np.array([lon]), np.array([lat]))[0])


def test_only_the_largest_strongly_connected_part_is_kept(tmp_path: Path) -> None:
    town = grid_town()
    for number, column in [(901, 5), (902, 6), (903, 7)]:
        town.node(number, column, 0)
    town.way([5, 901], highway="residential", oneway="yes")  # one can leave but not come back
    town.way([902, 903], highway="residential")  # not joined at all
    network = network_of(town, tmp_path)
    assert len(network) == 25
    assert (network.durations_ms(range(25), range(25)) < 10**6).all()


def test_no_two_neighbours_are_more_than_250_m_apart(demo: RoadNetwork) -> None:
    assert demo.arc_m.max() <= layout.LONGEST_PIECE_M + 1e-6


def test_cutting_keeps_every_metre_and_both_directions_share_their_cuts(tmp_path: Path) -> None:
    town = Town()
    for number, column in [(1, 0), (2, 7.3), (3, 9)]:
        town.node(number, column, 0)
    town.way([1, 2, 3], highway="residential", name="Long Street")
    network = network_of(town, tmp_path)
    assert len(network) == 5  # 900 m in four pieces
    there = network.route([vertex(network, 0, 0), vertex(network, 9, 0)])
    back = network.route([vertex(network, 9, 0), vertex(network, 0, 0)])
    assert there.distance_m == pytest.approx(900, rel=1e-3)
    assert back.distance_m == pytest.approx(there.distance_m)
    assert (back.geometry[::-1] == there.geometry).all()


def test_a_loop_and_parallel_streets_survive(tmp_path: Path) -> None:
    town = grid_town()
    for number, (column, row) in enumerate([(5, 0), (5.5, 0.4), (5.5, -0.4)], start=901):
        town.node(number, column, row)
    town.way([5, 901], highway="residential", name="Neck")
    town.way([901, 902, 903, 901], highway="residential", name="Loop Close")
    town.node(904, 0.5, -0.3)
    town.way([1, 904, 2], highway="residential", name="Parallel")
    network = network_of(town, tmp_path)
    snap = network.snap(place(5.5, 0.0))
    assert network.names[network.arc_name[snap.arc]] == "Loop Close"
    snap = network.snap(place(0.5, -0.3))
    assert network.names[network.arc_name[snap.arc]] == "Parallel"
    pairs = np.column_stack(
        [np.repeat(np.arange(len(network)), np.diff(network.arc_start)), network.arc_head]
    )
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    assert (pairs[:, 0] != pairs[:, 1]).all()


def test_a_street_drawn_twice_counts_once(tmp_path: Path) -> None:
    town = grid_town()
    town.way([1, 2, 3, 4, 5], highway="residential", name="First Street", maxspeed="50")
    assert len(network_of(town, tmp_path)) == 25


def test_one_way_streets_are_driven_one_way(tmp_path: Path) -> None:
    town = Town()
    for number, (column, row) in enumerate([(0, 0), (1, 0), (1, 1), (0, 1)], start=1):
        town.node(number, column, row)
    town.way([1, 2], highway="residential", oneway="yes", name="East")
    town.way([2, 3], highway="residential", oneway="yes", name="North")
    town.way([1, 4, 3], highway="residential", oneway="-1", name="West")
    network = network_of(town, tmp_path)
    a, b = vertex(network, 0, 0), vertex(network, 1, 0)
    assert network.route([a, b]).distance_m == pytest.approx(100, rel=1e-2)
    assert network.route([b, a]).distance_m == pytest.approx(300, rel=1e-2)


def test_speeds_are_the_posted_ones_times_the_share_driven(tmp_path: Path) -> None:
    network = network_of(grid_town(), tmp_path)
    route = network.route([vertex(network, 0, 0), vertex(network, 1, 0)])
    assert route.duration_ms == pytest.approx(
        route.distance_m / (50 / 3.6 * DRIVEN_SHARE["residential"]) * 1000, abs=1
    )


def test_limits_may_differ_by_direction(tmp_path: Path) -> None:
    town = grid_town()
    town.node(901, 5, 0)
    town.way(
        [5, 901],
        highway="residential",
        maxspeed__forward="60",
        maxspeed__backward="30",
        name="Hill",
    )
    network = network_of(town, tmp_path)
    top, foot = vertex(network, 5, 0), vertex(network, 4, 0)
    up, down = network.durations_ms(foot, top)[0, 0], network.durations_ms(top, foot)[0, 0]
    assert down == pytest.approx(2 * up, abs=2)


def test_absurd_limits_are_brought_into_range(tmp_path: Path) -> None:
    town = grid_town()
    town.node(901, 5, 0)
    town.node(902, 5, 1)
    town.way([5, 901], highway="residential", maxspeed="999", name="Typo")
    town.way([105, 902], highway="residential", maxspeed="0", name="Zero")
    kph = {
        edge.name: edge.kph
        for edge in graph.drive_edges(read_osm(town.write(tmp_path / "t.osm.pbf")))
    }
    assert kph["Typo"] == pytest.approx(FASTEST_KPH * DRIVEN_SHARE["residential"])
    assert kph["Zero"] == pytest.approx(SLOWEST_KPH * DRIVEN_SHARE["residential"])


def test_a_map_without_any_limit_still_has_sensible_speeds(tmp_path: Path) -> None:
    town = Town()
    for number, column in [(1, 0), (2, 1), (3, 2)]:
        town.node(number, column, 0)
    town.way([1, 2], highway="motorway", oneway="no")
    town.way([2, 3], highway="living_street")
    edges = graph.drive_edges(read_osm(town.write(tmp_path / "t.osm.pbf")))
    kph = {edge.highway: edge.kph for edge in edges}
    assert kph == {"motorway": pytest.approx(90), "living_street": pytest.approx(10.5)}


def test_the_fastest_arc_bounds_every_drive(demo: RoadNetwork) -> None:
    rng = np.random.default_rng(5)
    s, t = rng.integers(0, len(demo), (2, 60))
    crow = crow_fly_m(
        demo.lon[s][:, None], demo.lat[s][:, None], demo.lon[t][None], demo.lat[t][None]
    )
    assert (crow <= demo.max_speed_mps * demo.durations_ms(s, t) / 1000 * (1 + 1e-12)).all()


def test_arc_metres_are_those_of_their_geometry(demo: RoadNetwork) -> None:
    for arc in np.random.default_rng(1).integers(0, len(demo.arc_m), 300).tolist():
        line = demo.lines.line(arc)
        assert steps_m(line).sum() == pytest.approx(demo.arc_m[arc])
        tail, head = demo.tail_of(arc), demo.arc_head[arc]
        assert tuple(line[0]) == demo.location(tail)
        assert tuple(line[-1]) == demo.location(int(head))


def test_the_hull_holds_every_vertex_and_half_a_kilometre_more(demo: RoadNetwork) -> None:
    shape = compiler.hull(np.column_stack([demo.lon, demo.lat]))
    shapely.prepare(shape)
    assert shapely.contains_xy(shape, demo.lon, demo.lat).all()
    edge = min(
        shape.exterior.distance(shapely.Point(demo.location(i)))
        for shape in shape.geoms
        for i in range(0, len(demo), 50)
    )
    assert edge * 111_195 > 300
    assert not shapely.contains_xy(shape, -71.33, -29.90)  # the bay


def test_a_town_without_a_connected_network_is_refused(tmp_path: Path) -> None:
    town = Town()
    town.node(1, 0, 0)
    town.node(2, 1, 0)
    town.way([1, 2], highway="footway")
    with pytest.raises(NoRoads):
        compile_town(town, tmp_path)
    town.ways[0] = (1, [1, 2], {"highway": "motorway"})
    with pytest.raises(NoRoads):
        compile_town(town, tmp_path)


def test_the_version_depends_on_content_and_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = grid_town().write(tmp_path / "a.osm.pbf")
    same = grid_town().write(tmp_path / "b.osm.pbf")
    other = grid_town(4).write(tmp_path / "c.osm.pbf")
    version = compiler.version_of(path)
    assert version == compiler.version_of(same)
    assert version != compiler.version_of(other)
    monkeypatch.setattr(layout, "LONGEST_PIECE_M", 100.0)
    assert version != compiler.version_of(path)


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "networks" / "v1"

    class Broken:
        def __array__(self, *args: object, **kwargs: object) -> None:
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        store.write_folder(folder, {"good": np.zeros(3), "bad": Broken()}, {})
    assert list(folder.parent.iterdir()) == []
    store.write_folder(folder, {"good": np.arange(3)}, {"a": 1})
    assert store.read_arrays(folder, "go")["od"].tolist() == [0, 1, 2]
    assert store.read_facts(folder)["a"] == 1
    assert [p.name for p in folder.parent.iterdir()] == ["v1"]


def test_writing_again_keeps_a_whole_folder_and_mends_a_damaged_one(tmp_path: Path) -> None:
    folder = tmp_path / "v1"
    store.write_folder(folder, {"x": np.arange(3)}, {})
    store.write_folder(folder, {"x": np.arange(9)}, {})
    assert len(store.read_arrays(folder, "x")[""]) == 3
    (folder / "x.npy").write_bytes(b"oops")
    assert not store.is_complete(folder)
    store.write_folder(folder, {"x": np.arange(9)}, {})
    assert len(store.read_arrays(folder, "x")[""]) == 9


def test_absent_damaged_and_outdated_folders_are_named(
    tmp_path: Path, grid_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NetworkMissing, match="no compiled network"):
        RoadNetwork(tmp_path)
    (tmp_path / "facts.json").write_text("{")
    with pytest.raises(NetworkMissing, match="no compiled network"):
        store.read_facts(tmp_path)
    monkeypatch.setattr(store, "FORMAT", 99)
    with pytest.raises(NetworkMissing, match="another format"):
        RoadNetwork(grid_folder)


def test_arrays_are_shared_and_cannot_be_written(demo: RoadNetwork) -> None:
    with pytest.raises(ValueError, match="read-only"):
        demo.lon[0] = 0.0
