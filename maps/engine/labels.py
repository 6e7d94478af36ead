"""Answer travel times and shortest paths from the labels of a hierarchy.

Compiled ahead of time and cached on disk by numba. Arrays may be read-only memory maps.
"""

from numba import int32, int64, njit, void

from maps.engine.hierarchy import I4, I8, OUT4, OUT_TABLE4, TABLE4, UNREACHED


@njit(int64(int64, int64, TABLE4, I4), cache=True)
def common_depth(s, t, jumps, depth):  # type: ignore[no-untyped-def]
    """Return the depth of the lowest common ancestor of two vertices; O(log depth).

    Source: binary lifting, Bender & Farach-Colton, *The Level Ancestor Problem Simplified*.
    """
    if depth[s] < depth[t]:
        s, t = t, s
    rest = depth[s] - depth[t]
    level = 0
    while rest > 0:
        if rest & 1:
            s = jumps[level, s]
        rest >>= 1
        level += 1
    if s == t:
        return depth[s]
    for level in range(jumps.shape[0] - 1, -1, -1):
        if jumps[level, s] != jumps[level, t]:
            s = jumps[level, s]
            t = jumps[level, t]
    return depth[s] - 1


@njit(int32(int64, int64, TABLE4, I4, I8, I4, I4), cache=True)
def duration(s, t, jumps, depth, start, ahead, back):  # type: ignore[no-untyped-def]
    """Return the time from s to t in milliseconds; O(depth)."""
    best = UNREACHED
    from_s, to_t = start[s], start[t]
    for i in range(common_depth(s, t, jumps, depth) + 1):
        best = min(best, ahead[from_s + i] + back[to_t + i])
    return best


@njit(void(I4, I4, TABLE4, I4, I8, I4, I4, OUT_TABLE4), cache=True)
def durations(sources, targets, jumps, depth, start, ahead, back, out):  # type: ignore[no-untyped-def]
    """Fill ``out[i, j]`` with the time from source i to target j; O(sources * targets * depth)."""
    for i in range(len(sources)):
        for j in range(len(targets)):
            out[i, j] = duration(sources[i], targets[j], jumps, depth, start, ahead, back)


@njit(int64(int64, int64, I8, I4, I4, TABLE4, I4, I8, I4, I4, OUT4), cache=True)
def find_path(s, t, arc_start, head, weight, jumps, depth, start, ahead, back, arcs):  # type: ignore[no-untyped-def]  # noqa: PLR0913, PLR0917
    """Write the arcs of a shortest path from s to t and return how many they are.

    From each vertex it takes the first arc after which the time left is exactly the time known,
    so the path is exact, and the same every time. O(arcs of the path * degree * depth).
    Returns -1 when t cannot be reached or the room in ``arcs`` does not suffice.
    """
    left = duration(s, t, jumps, depth, start, ahead, back)
    if left >= UNREACHED:
        return -1
    count = 0
    while s != t:
        step = -1
        for arc in range(arc_start[s], arc_start[s + 1]):
            rest = left - weight[arc]
            if rest >= 0 and duration(head[arc], t, jumps, depth, start, ahead, back) == rest:
                step = arc
                break
        if step < 0 or count == len(arcs):
            return -1
        arcs[count] = step
        count += 1
        s = head[step]
        left -= weight[step]
    return count
