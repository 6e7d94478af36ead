"""Preprocess a road network so that a travel time is a short scan of two arrays.

In prose. Vertices are ranked by *nested dissection*: a small set of vertices that cuts the map
in two gets the highest ranks, then each half is cut again. Eliminating vertices from the lowest
rank to the highest, and joining the neighbours that each leaves behind, yields the *chordal
completion*; joining each vertex to its lowest remaining neighbour yields the *elimination
tree*. *Customization* gives every added arc the time of the best detour over the vertex that
caused it. A shortest path from ``s`` to ``t`` now rises to a common ancestor in the tree and
descends again, so it is enough to store, at each vertex, the time to and from each of its
ancestors: its *label*. The time from ``s`` to ``t`` is the least sum of two label entries over
their common ancestors, which are a prefix of both labels.

Vertices are numbered by falling rank: 0 is the root, and every upward neighbour of a vertex has
a smaller number. Weights are whole milliseconds, so every result equals Dijkstra's bit for bit.

Source: Dibbelt, Strasser & Wagner, *Customizable Contraction Hierarchies*, ACM JEA 21 (2016),
for elimination and customization; Ouyang et al., *When Hierarchy Meets 2-Hop-Labeling*, SIGMOD
2018, for labels on a tree; the order by Schild & Sommer's inertial flow (SEA 2015) in
RoutingKit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import int32, int64, njit, types, void

from maps.engine.geodesy import Floats, Ints, Longs

UNREACHED = np.int32(1 << 29)
"""Longer than any drive (6 days in ms); two of them add up without overflow in int32."""
UNREACHED_WIDE = np.int64(1 << 60)
"""The same for weights of 64 bits."""

I4 = types.Array(int32, 1, "C", readonly=True)
I8 = types.Array(int64, 1, "C", readonly=True)
OUT4 = types.Array(int32, 1, "C")
OUT8 = types.Array(int64, 1, "C")
TABLE4 = types.Array(int32, 2, "C", readonly=True)
OUT_TABLE4 = types.Array(int32, 2, "C")
ELIMINATED = types.Tuple((OUT8, OUT4, OUT4))  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Hierarchy:
    """The elimination tree and its labels, in the numbering by falling rank.

    Attributes
    ----------
    depth : int32[n]
        Number of ancestors.
    jumps : int32[levels, n]
        ``jumps[i, v]`` is the ancestor 2^i steps above v (the root where there is none).
    start : int64[n + 1]
        Label of v: entries ``start[v]`` to ``start[v + 1]``, the root's first, v's own last.
    ahead, back : int32[start[n]]
        Milliseconds from v to that ancestor, and from that ancestor to v (int64 and whatever unit
        the weights have when those are wide).
    """

    depth: Ints
    jumps: Ints
    start: Longs
    ahead: npt.NDArray[Any]
    back: npt.NDArray[Any]


def rank_order(lon: Floats, lat: Floats, tail: Ints, head: Ints) -> Ints:
    """Rank vertices by nested dissection.

    Parameters
    ----------
    lon, lat : float64[n]
    tail, head : int32[m]

    Returns
    -------
    int32[n]
        ``number[v]``: the new number of vertex v, 0 for the highest rank.

    Notes
    -----
    About O(n log² n) on road networks; 1 s for 50,000 vertices.
    Source: inertial flow, by the package ``routingkit-cch``.
    """
    from routingkit_cch import compute_order_inertial  # only imports need the wheel

    count = len(lon)
    lowest_first = compute_order_inertial(
        count, tail.tolist(), head.tolist(), lat.tolist(), lon.tolist()
    )
    number = np.empty(count, np.int32)
    number[np.asarray(lowest_first)] = np.arange(count - 1, -1, -1, dtype=np.int32)
    return number


def build_hierarchy(count: int, tail: Ints, head: Ints, weight: Ints | Longs) -> Hierarchy:
    """Eliminate, customize and label a network.

    Parameters
    ----------
    count : int
        Number of vertices, numbered by :func:`rank_order`.
    tail, head : int32[m]
    weight : int32[m] or int64[m]
        Of each arc: at least 1 and far below :data:`UNREACHED` (or :data:`UNREACHED_WIDE`).

    Returns
    -------
    Hierarchy

    Notes
    -----
    Time O(triangles of the chordal completion + label entries * degree); labels take 8 bytes
    for each vertex and ancestor: about 1 kB a vertex for a metropolitan area.
    """
    pointer, neighbour = _symmetric(count, tail, head)
    up_start, up, parent = eliminate(count, pointer, neighbour)
    far = UNREACHED_WIDE if weight.dtype == np.int64 else UNREACHED
    ahead, back = np.full(len(up), far), np.full(len(up), far)
    customize(up_start, up, tail, head, weight, ahead, back)
    depth = np.zeros(count, np.int32)
    measure_depth(parent, depth)
    levels = max(1, int(depth.max()).bit_length())
    jumps = np.zeros((levels, count), np.int32)
    jumps[0] = np.maximum(parent, 0)
    for level in range(1, levels):
        jumps[level] = jumps[level - 1][jumps[level - 1]]
    start = np.zeros(count + 1, np.int64)
    np.cumsum(depth + 1, out=start[1:])
    label_ahead, label_back = np.full(int(start[-1]), far), np.full(int(start[-1]), far)
    fill_labels(parent, depth, up_start, up, ahead, back, start, label_ahead, label_back)
    return Hierarchy(depth, jumps, start, label_ahead, label_back)


def _symmetric(count: int, tail: Ints, head: Ints) -> tuple[Longs, Ints]:
    """Return neighbours irrespective of direction, as compressed rows."""
    one = np.concatenate([tail, head])
    other = np.concatenate([head, tail])
    pointer = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(one, minlength=count), out=pointer[1:])
    return pointer, other[np.argsort(one, kind="stable")].astype(np.int32)


@njit(int64(int64, I4, OUT4, OUT4, int64), cache=True)
def take_up(v, found, seen_by, pool, used):  # type: ignore[no-untyped-def]
    """Append to ``pool`` those of ``found`` above v that v has not seen; return its new size."""
    for u in found:
        if u < v and seen_by[u] != v:
            seen_by[u] = v
            pool[used] = u
            used += 1
    return used


@njit(ELIMINATED(int64, I8, I4), cache=True)
def eliminate(count, pointer, neighbour):  # type: ignore[no-untyped-def]
    """Return the upward neighbours in the chordal completion and each vertex's tree parent.

    Upward neighbours come sorted by number. O(size of the result * its degree) with the rule
    that the neighbours left behind by v are inherited by its parent alone.
    """
    capacity = 8 * len(neighbour) + 1024
    pool = np.empty(capacity, np.int32)
    begin = np.zeros(count, np.int64)
    size = np.zeros(count, np.int32)
    parent = np.full(count, -1, np.int32)
    first_child = np.full(count, -1, np.int32)
    next_child = np.full(count, -1, np.int32)
    seen_by = np.full(count, -1, np.int32)
    used = 0
    for v in range(count - 1, -1, -1):
        begin[v] = used
        if used + count > capacity:
            capacity = 2 * capacity + count
            larger = np.empty(capacity, np.int32)
            larger[:used] = pool[:used]
            pool = larger
        used = take_up(v, neighbour[pointer[v] : pointer[v + 1]], seen_by, pool, used)
        child = first_child[v]
        while child != -1:
            left_behind = pool[begin[child] : begin[child] + size[child]]
            used = take_up(v, left_behind, seen_by, pool, used)
            child = next_child[child]
        size[v] = used - begin[v]
        if size[v] > 0:
            pool[begin[v] : used].sort()
            parent[v] = pool[used - 1]
            next_child[v] = first_child[parent[v]]
            first_child[parent[v]] = v
    up_start = np.zeros(count + 1, np.int64)
    for v in range(count):
        up_start[v + 1] = up_start[v] + size[v]
    up = np.empty(used, np.int32)
    for v in range(count):
        up[up_start[v] : up_start[v + 1]] = pool[begin[v] : begin[v] + size[v]]
    return up_start, up, parent


@njit(int64(I8, I4, int64, int64), cache=True)
def find_up(up_start, up, low, high):  # type: ignore[no-untyped-def]
    """Return where ``high`` stands among the upward neighbours of ``low``; O(log degree)."""
    left = up_start[low]
    right = up_start[low + 1] - 1
    while left < right:
        middle = (left + right) >> 1
        if up[middle] < high:
            left = middle + 1
        else:
            right = middle
    return left


@njit(
    [void(I8, I4, I4, I4, I4, OUT4, OUT4), void(I8, I4, I4, I4, I8, OUT8, OUT8)],
    cache=True,
)
def customize(up_start, up, tail, head, weight, ahead, back):  # type: ignore[no-untyped-def]
    """Give upward arcs their times: those of the map, then those of every lower triangle.

    ``ahead[i]`` is the time from the lower end to ``up[i]``, ``back[i]`` the other way. Lower
    vertices come first, so both sides of a triangle are final when it is looked at.
    """
    for k in range(len(tail)):
        t, h = tail[k], head[k]
        if t > h:
            i = find_up(up_start, up, t, h)
            ahead[i] = min(ahead[i], weight[k])
        elif h > t:
            i = find_up(up_start, up, h, t)
            back[i] = min(back[i], weight[k])
    for v in range(len(up_start) - 2, -1, -1):
        for i in range(up_start[v], up_start[v + 1]):
            for j in range(i + 1, up_start[v + 1]):
                k = find_up(up_start, up, up[j], up[i])
                ahead[k] = min(ahead[k], back[j] + ahead[i])
                back[k] = min(back[k], back[i] + ahead[j])


@njit(void(I4, OUT4), cache=True)
def measure_depth(parent, depth):  # type: ignore[no-untyped-def]
    """Count the ancestors of each vertex, parents first."""
    for v in range(len(parent)):
        if parent[v] >= 0:
            depth[v] = depth[parent[v]] + 1


@njit(
    [void(I4, I4, I8, I4, I4, I4, I8, OUT4, OUT4), void(I4, I4, I8, I4, I8, I8, I8, OUT8, OUT8)],
    cache=True,
)
def fill_labels(parent, depth, up_start, up, ahead, back, start, to_root, from_root):  # type: ignore[no-untyped-def]
    """Write the time to and from every ancestor, from the root down, over unreached entries.

    The way from v to an ancestor a leaves over one of v's upward neighbours x. When a lies
    above x, the rest is in x's label; when it lies between x and v, in a's own.
    """
    path = np.empty(depth.max() + 1, np.int32)
    for v in range(len(parent)):
        own, mine = depth[v], start[v]
        x = v
        while x >= 0:
            path[depth[x]] = x
            x = parent[x]
        to_root[mine + own] = 0
        from_root[mine + own] = 0
        for i in range(up_start[v], up_start[v + 1]):
            x = up[i]
            theirs, level = start[x], depth[x]
            for k in range(level + 1):
                to_root[mine + k] = min(to_root[mine + k], ahead[i] + to_root[theirs + k])
                from_root[mine + k] = min(from_root[mine + k], back[i] + from_root[theirs + k])
            for k in range(level + 1, own):
                at = start[path[k]] + level
                to_root[mine + k] = min(to_root[mine + k], ahead[i] + from_root[at])
                from_root[mine + k] = min(from_root[mine + k], back[i] + to_root[at])
