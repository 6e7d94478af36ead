"""Lay edges out as the arrays that networks are made of.

Streets are cut so that neighbouring vertices are at most :data:`LONGEST_PIECE_M` apart: a point on
the map is then never far from a vertex. Loops and parallel streets are cut too, so that two
vertices have at most one arc each way and no piece of street is lost.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from maps.engine.geodesy import Floats, Ints, Longs, steps_m
from maps.engine.graph import Edge, canonical_key, node_table

LONGEST_PIECE_M = 250.0


@dataclass(frozen=True)
class Vertices:
    """Places of vertices, growing while streets are cut. Rows are lon, lat."""

    places: list[tuple[float, float]]

    def add(self, points: Floats) -> list[int]:
        """Append vertices and return their numbers."""
        first = len(self.places)
        self.places.extend((float(x), float(y)) for x, y in points)
        return list(range(first, len(self.places)))


@dataclass(frozen=True)
class Piece:
    """An arc of the network: a piece of an edge between neighbouring vertices."""

    tail: int
    head: int
    edge: Edge
    points: Floats


def largest_component(edges: Sequence[Edge], *, strong: bool) -> list[Edge]:
    """Keep the edges inside the largest (strongly or weakly) connected component; O(n + m)."""
    if not edges:
        return []
    ids, _ = node_table(list(edges))
    tail = np.searchsorted(ids, [edge.tail for edge in edges])
    head = np.searchsorted(ids, [edge.head for edge in edges])
    links = csr_matrix((np.ones(len(edges)), (tail, head)), shape=(len(ids), len(ids)))
    _, component = connected_components(
        links, directed=True, connection="strong" if strong else "weak"
    )
    main = np.bincount(component).argmax()
    inside = (component[tail] == main) & (component[head] == main)
    return [edge for edge, keep in zip(edges, inside, strict=True) if keep]


def cut(edges: Sequence[Edge]) -> tuple[list[Piece], Floats]:
    """Cut edges into pieces.

    Parameters
    ----------
    edges : sequence of Edge
        Both directions of a two-way street have the same geometry, reversed, and share their cuts.

    Returns
    -------
    pieces : list of Piece
        With unique (tail, head), in the order of edges.
    places : float64[n, 2]
        Longitude and latitude of the vertices.
    """
    ids, places = node_table(list(edges))
    index = {osm: i for i, osm in enumerate(ids.tolist())}
    vertices = Vertices([(float(x), float(y)) for x, y in places])
    cuts: dict[bytes, tuple[bytes, list[int], list[Floats]]] = {}
    taken: dict[tuple[int, int], bytes] = {}
    pieces: list[Piece] = []
    for edge in sorted(edges, key=lambda e: (e.tail, e.head, e.length_m)):
        ends = index[edge.tail], index[edge.head]
        key = canonical_key(edge.points)
        if key not in cuts:
            count = _piece_count(edge, crowded=taken.get(_pair(ends), key) != key)
            parts = _split(edge.points, count)
            inner = vertices.add(np.array([part[-1] for part in parts[:-1]]).reshape(-1, 2))
            cuts[key] = edge.points.tobytes(), inner, parts
            if count == 1:
                taken[_pair(ends)] = key
        same_way = cuts[key][0] == edge.points.tobytes()
        pieces += _pieces(edge, ends, cuts[key][1], cuts[key][2], same_way=same_way)
    return list(_distinct(pieces)), np.array(vertices.places)


def _pair(ends: tuple[int, int]) -> tuple[int, int]:
    return min(ends), max(ends)


def _piece_count(edge: Edge, *, crowded: bool) -> int:
    fewest = 3 if edge.tail == edge.head else 2 if crowded else 1
    return max(fewest, ceil(edge.length_m / LONGEST_PIECE_M))


def _split(points: Floats, count: int) -> list[Floats]:
    """Split a line into ``count`` parts of equal length."""
    if count == 1:
        return [points]
    along = np.concatenate([[0.0], np.cumsum(steps_m(points))])
    marks = along[-1] * np.arange(1, count) / count
    cuts = np.column_stack([np.interp(marks, along, points[:, axis]) for axis in (0, 1)])
    order = np.searchsorted(along, marks)
    parts = []
    for i in range(count):
        first = [cuts[i - 1]] if i else []
        start = order[i - 1] if i else 0
        end = order[i] if i < count - 1 else len(points)
        last = [cuts[i]] if i < count - 1 else []
        parts.append(_without_repeats(np.array([*first, *points[start:end], *last])))
    return parts


def _without_repeats(points: Floats) -> Floats:
    moved = np.concatenate([[True], np.any(np.diff(points, axis=0) != 0, axis=1)])
    return points[moved] if moved.sum() >= 2 else points[[0, -1]]


def _pieces(
    edge: Edge, ends: tuple[int, int], inner: list[int], parts: list[Floats], *, same_way: bool
) -> Iterator[Piece]:
    order = 1 if same_way else -1
    parts = [np.ascontiguousarray(part[::order]) for part in parts[::order]]
    stations = [ends[0], *inner[::order], ends[1]]
    for i, part in enumerate(parts):
        yield Piece(stations[i], stations[i + 1], edge, part)


def _distinct(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Drop exact repeats, as two OSM ways drawn over one another produce."""
    seen: set[tuple[int, int]] = set()
    for piece in pieces:
        if (piece.tail, piece.head) not in seen and piece.tail != piece.head:
            seen.add((piece.tail, piece.head))
            yield piece


def pack(lines: Sequence[Floats]) -> tuple[Longs, Floats]:
    """Return the start of each line (int64[k + 1]) in one array of points float64[p, 2]."""
    start = np.zeros(len(lines) + 1, np.int64)
    np.cumsum([len(line) for line in lines], out=start[1:])
    return start, np.concatenate(lines) if lines else np.zeros((0, 2))


def name_numbers(names: Sequence[str]) -> tuple[list[str], Ints]:
    """Return the distinct names, "" first, and the number of each in that list."""
    table = ["", *sorted(set(names) - {""})]
    number = {name: i for i, name in enumerate(table)}
    return table, np.array([number[name] for name in names], np.int32)
