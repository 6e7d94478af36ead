"""Lower bounds between cells: the exact minimum over their vertices, so never above a true time."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.engine import RoadNetwork, cells, store
from maps.engine.cells import Cells, build_cells, cell_count, open_cells
from maps.engine.errors import NetworkMissing
from maps.engine.geodesy import Ints
from maps.tests.test_engine_hierarchy import Graph, all_pairs, labelled, strong_graphs


def least_between(split: Cells, times: Ints) -> Ints:
    """The truth: look at every pair of vertices."""
    least = np.full((len(split), len(split)), np.iinfo(np.int32).max, np.int32)
    np.minimum.at(least, (split.of[:, None], split.of[None, :]), times)
    return least


@settings(max_examples=150, deadline=None)
@given(graph=strong_graphs(), seed=st.integers(0, 3), wish=st.sampled_from([1, 2, 4, 8]))
def test_the_bound_is_the_least_time_between_any_two_vertices_of_the_cells(
    graph: Graph, seed: int, wish: int
) -> None:
    (count, *_), tree = labelled(graph, seed)
    wish = min(wish, 1 << (count.bit_length() - 1))
    lon, lat = np.random.default_rng(seed).uniform(0, 1, (2, count))
    split = build_cells(lon, lat, (tree.jumps, tree.depth, tree.start, tree.ahead, tree.back), wish)
    times = all_pairs(count, tree)
    assert (split.ahead[split.of[:, None], split.of[None, :]] <= times).all()
    assert (split.ahead == least_between(split, times)).all()
    assert (split.back == split.ahead.T).all()


def test_cells_are_of_equal_size_and_none_is_empty() -> None:
    lon, lat = np.random.default_rng(2).uniform(0, 1, (2, 1000))
    sizes = np.bincount(cells.split(lon, lat, 64), minlength=64)
    assert (sizes.min(), sizes.max()) == (15, 16)


@pytest.mark.parametrize(
    ("vertices", "count"), [(2, 1), (7, 1), (8, 2), (2_100, 512), (10**6, 2048)]
)
def test_a_larger_network_gets_more_cells_up_to_a_limit(vertices: int, count: int) -> None:
    assert cell_count(vertices) == count


def test_no_drive_in_the_demo_city_is_faster_than_its_cells_allow(
    demo: RoadNetwork, demo_folder: Path
) -> None:
    split = open_cells(demo_folder)
    sources, targets = np.random.default_rng(5).integers(0, len(demo), (2, 400))
    bound = split.ahead[split.of[sources][:, None], split.of[targets][None, :]]
    times = demo.durations_ms(sources, targets)
    assert (bound <= times).all()
    assert np.median(bound / np.maximum(times, 1)) > 0.7  # and it is worth something


def test_cells_are_built_once_and_then_opened_as_maps(
    grid_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = open_cells(grid_folder)
    monkeypatch.setattr(cells, "build_cells", None)
    again = open_cells(grid_folder)
    assert (again.ahead == built.ahead).all()
    assert not again.ahead.flags.writeable


def test_damaged_cells_are_built_again(grid_folder: Path) -> None:
    good = open_cells(grid_folder)
    beside = next(grid_folder.parent.glob(f"{grid_folder.name}-cells-*"))
    (beside / "ahead.npy").unlink()
    assert not store.is_complete(beside)
    assert (open_cells(grid_folder).ahead == good.ahead).all()


def test_cells_of_an_absent_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkMissing):
        open_cells(tmp_path / "nothing")


@pytest.mark.usefixtures("interpreted")
def test_the_kernels_say_the_same_when_python_runs_them() -> None:
    around = np.arange(8, dtype=np.int32)
    graph = 8, around, np.roll(around, -1), np.arange(1, 9, dtype=np.int32)
    (count, *_), tree = labelled(graph)
    lon, lat = np.random.default_rng(0).uniform(0, 1, (2, count))
    split = cells.build_cells(
        lon, lat, (tree.jumps, tree.depth, tree.start, tree.ahead, tree.back), 4
    )
    assert (split.ahead == least_between(split, all_pairs(count, tree))).all()
