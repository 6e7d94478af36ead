"""Turn an OSM file into a folder of arrays that every process can share."""

import gc
import hashlib
import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from maps.engine import (
    basemap,
    gazetteer,
    graph,
    layout,
    osm_features,
    osm_file,
    osm_tags,
    speeds,
    store,
)
from maps.engine.errors import NoRoads
from maps.engine.geodesy import METRES_PER_DEGREE, Floats, Ints, Longs, crow_fly_m
from maps.engine.graph import Edge
from maps.engine.grid import build_grid
from maps.engine.hierarchy import build_hierarchy, rank_order
from maps.engine.layout import Piece
from maps.engine.lines import Lines, measure_along, segment_starts
from maps.engine.osm_file import OsmExtract, Progress, silent

HULL_BUFFER_M = 500.0
HULL_RATIO = 0.12
FARTHEST_KERB_M = 60.0
"""A drive vertex farther than this from any footway cannot be walked to."""

_RULES = (osm_tags, osm_features, osm_file, speeds, graph, layout, gazetteer, basemap)

Arrays = dict[str, npt.NDArray[Any]]


def version_of(path: Path) -> str:
    """Return the version that a file would compile to: its content, our settings, our format.

    The rules of travel, of speeds and of what is shown and found are part of it by their source
    text, so changing one makes every map compile anew at its next import.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    settings = (store.FORMAT, layout.LONGEST_PIECE_M, HULL_BUFFER_M, HULL_RATIO)
    rules = "".join(inspect.getsource(module) for module in _RULES)
    digest.update(repr(settings).encode() + rules.encode())
    return digest.hexdigest()[:16]


def compile_network(
    extract: OsmExtract, version: str, folder: Path, progress: Progress = silent
) -> None:
    """Build, rank and label the drive and walk networks and write them to ``folder``.

    Parameters
    ----------
    extract : OsmExtract
    version : str
        From :func:`version_of`; the folder should carry it as its name.
    folder : Path
    progress : callable

    Raises
    ------
    NoRoads
        Cars, or people on foot, find no connected network of at least two vertices.

    Notes
    -----
    Dominated by OSMnx's simplification: about 0.1 ms per OSM node and network.
    """
    with _without_collector():
        progress(0.0, "streets")
        edges = layout.largest_component(graph.drive_edges(extract), strong=True)
        progress(0.4, "footways")
        paths = layout.largest_component(graph.walk_edges(extract), strong=False)
    progress(0.8, "network")
    if not edges or not paths:
        raise NoRoads("the file holds no connected road network")
    drive, names, facts = _drive_arrays(edges)
    walk = _walk_arrays(paths)
    _join(drive, walk)
    progress(0.95, "writing")
    arrays = {f"drive_{name}": array for name, array in drive.items()}
    arrays |= {f"walk_{name}": array for name, array in walk.items()}
    store.write_folder(folder, arrays, {**facts, "version": version, "names": names})
    progress(1.0, "writing")


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the search for reference cycles.

    Graphs are millions of small objects that all stay; looking through them again and again
    takes a quarter of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _drive_arrays(edges: list[Edge]) -> tuple[Arrays, list[str], dict[str, Any]]:
    pieces, places = layout.cut(edges)
    tail = np.array([piece.tail for piece in pieces], np.int32)
    head = np.array([piece.head for piece in pieces], np.int32)
    number = rank_order(places[:, 0].copy(), places[:, 1].copy(), tail, head)
    tail, head = number[tail], number[head]
    order = np.lexsort((head, tail))
    pieces = [pieces[i] for i in order]
    tail, head = tail[order], head[order]
    count = len(places)
    lon, lat = np.empty(count), np.empty(count)
    lon[number], lat[number] = places[:, 0], places[:, 1]
    lines = _line_arrays([piece.points for piece in pieces], _one_of_each(tail, head))
    arc_m = _lengths(lines)
    arc_ms = _milliseconds(pieces, arc_m)
    tree = build_hierarchy(count, tail, head, arc_ms)
    names, arc_name = layout.name_numbers([piece.edge.name for piece in pieces])
    arc_class = np.array(
        [osm_tags.ROAD_CLASSES.index(osm_tags.road_class(p.edge.highway)) for p in pieces], np.int8
    )
    arrays: Arrays = {
        "lon": lon,
        "lat": lat,
        "arc_start": _row_starts(count, tail),
        "arc_head": head,
        "arc_ms": arc_ms,
        "arc_m": arc_m,
        "arc_name": arc_name,
        "arc_class": arc_class,
        "stoppable": _stoppable(count, pieces, tail, head),
        "label_depth": tree.depth,
        "label_jumps": tree.jumps,
        "label_start": tree.start,
        "label_ahead": tree.ahead,
        "label_back": tree.back,
        **lines,
    }
    crow_m = crow_fly_m(lon[tail], lat[tail], lon[head], lat[head])
    return arrays, names, {"max_speed_mps": float((crow_m / (arc_ms / 1000)).max())}


def _walk_arrays(edges: list[Edge]) -> Arrays:
    ids, places = graph.node_table(edges)
    tail = np.searchsorted(ids, [edge.tail for edge in edges]).astype(np.int32)
    head = np.searchsorted(ids, [edge.head for edge in edges]).astype(np.int32)
    lines = _line_arrays([edge.points for edge in edges], np.arange(len(edges)))
    length = _lengths(lines)
    both_tail, both_head = np.concatenate([tail, head]), np.concatenate([head, tail])
    order = np.argsort(both_tail, kind="stable")
    line = np.concatenate([np.arange(len(edges))] * 2)[order]
    return {
        "lon": places[:, 0],
        "lat": places[:, 1],
        "row_start": _row_starts(len(ids), both_tail[order]),
        "neighbour": both_head[order],
        "length_m": length[line],
        "line": line.astype(np.int32),
        "line_tail": tail,
        "line_head": head,
        "line_m": length,
        **lines,
    }


def _join(drive: Arrays, walk: Arrays) -> None:
    """Note for each drive vertex where people on foot reach it: line, metres along, metres off."""
    places = np.column_stack([drive["lon"], drive["lat"]])
    line, along_m, off_m = Lines(walk).feet(places, FARTHEST_KERB_M)
    drive["kerb_line"] = line.astype(np.int32)
    drive["kerb_along_m"] = along_m
    drive["kerb_off_m"] = off_m


def _milliseconds(pieces: list[Piece], length_m: Floats) -> Ints:
    kph = np.array([piece.edge.kph for piece in pieces])
    return np.asarray(np.maximum(np.rint(length_m / kph * 3600.0), 1), np.int32)


def _row_starts(count: int, tail: Ints) -> Longs:
    start = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(tail, minlength=count), out=start[1:])
    return start


def _stoppable(count: int, pieces: list[Piece], tail: Ints, head: Ints) -> npt.NDArray[np.bool_]:
    """Mark vertices on at least one road where a car may stop at the kerb."""
    may = np.array([piece.edge.highway not in osm_tags.NO_STOPPING for piece in pieces])
    marked = np.zeros(count, np.bool_)
    marked[tail[may]] = True
    marked[head[may]] = True
    return marked


def _one_of_each(tail: Ints, head: Ints) -> npt.NDArray[np.int64]:
    """Return the arcs to index: of a two-way street one direction is enough."""
    keys = tail.astype(np.int64) << 32 | head
    twin = head.astype(np.int64) << 32 | tail
    return np.flatnonzero((tail < head) | ~np.isin(keys, twin))


def _line_arrays(lines: Sequence[Floats], indexed: npt.NDArray[np.int64]) -> Arrays:
    start, points = layout.pack(lines)
    grid = build_grid(points, segment_starts(start, indexed))
    return {
        "line_start": start,
        "points": points,
        "along_m": measure_along(start, points),
        "grid_frame": grid.frame,
        "grid_start": grid.start,
        "grid_segment": grid.segment,
    }


def _lengths(lines: Arrays) -> Floats:
    """Return the length of each line: what its last point has along it."""
    return np.asarray(lines["along_m"][lines["line_start"][1:] - 1])


def hull(places: Floats) -> shapely.MultiPolygon:
    """Return the area that a network serves: a concave hull, 500 m wider.

    Parameters
    ----------
    places : float64[n, 2]

    Notes
    -----
    O(n log n). Source: concave hull by erosion of the Delaunay triangulation, Duckham et al.
    (2008), as in GEOS.
    """
    squeeze = np.cos(np.radians(places[:, 1].mean()))
    flat = shapely.MultiPoint(places * [squeeze, 1.0])
    shape = shapely.concave_hull(flat, ratio=HULL_RATIO)
    wide = shapely.buffer(shape, HULL_BUFFER_M / METRES_PER_DEGREE, quad_segs=4)
    smooth = shapely.simplify(wide, 50.0 / METRES_PER_DEGREE)
    back = shapely.transform(smooth, lambda xy: xy / [squeeze, 1.0])
    return shapely.MultiPolygon([p for p in shapely.get_parts(back) if p.geom_type == "Polygon"])
