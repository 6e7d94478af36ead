"""The best order in which one car calls for some riders, exactly.

In words. All orders are tried in which everybody gets in before they get out and no more are aboard
than seats; each is given up at the first call that breaks a promise. Of those that keep all, the
one with the fewest metres wins, of equal ones the first found; riders come sorted, so the answer
does not depend on how they were asked for.

Beside it stands the least length that any feasible order has when every leg took its *shortest*
way. Shortest ways keep the triangle inequality and what is feasible stays feasible when a rider is
left out, so no tour that carries these riders *and more* is shorter than that: a bound that a
search may cut by.
"""

import numpy as np
from numba import njit

from matching.engine.assignment.legs import leg

MOST = 4
NOWHERE = np.int64(1 << 60)


@njit(cache=True)
def new_desk():  # type: ignore[no-untyped-def]
    """Return room to work for :func:`best_order`: states by depth, next calls, the best order."""
    return (
        np.empty((2 * MOST + 1, 7), np.int64),
        np.zeros(2 * MOST + 1, np.int64),
        np.empty(2 * MOST, np.int64),
    )


@njit(cache=True)
def best_order(i, riders, ends, limit, world, desk):  # type: ignore[no-untyped-def]
    """Return the decimetres of driver i's best tour with some riders, and the bound of larger ones.

    ``riders`` are rows, ``ends[k]`` their two drives from and to the driver's own places, and
    ``world`` is ``people, boarding_ms, roads, memory, cells, apart``. Orders whose least length
    reaches ``limit`` do not count. Both results are ``NOWHERE`` when no order keeps all promises;
    else ``desk[2]`` holds the order: call ``k`` lets rider ``k`` in, ``count + k`` lets them out.
    O((2 count)! / 2^count).
    """
    state, following, order = desk
    people, count = world[0], len(riders)
    limit -= ends[:, 5].min()
    best, least = NOWHERE, NOWHERE
    state[0] = 0
    state[0, 1], state[0, 2], state[0, 6] = people[2][i], people[3][i], -1
    following[0] = 0
    depth = 0
    while depth >= 0:
        call = following[depth]
        if call == 2 * count:
            depth -= 1
            continue
        following[depth] += 1
        if not may_follow(call, state[depth, 5], count, people[5][i]):
            continue
        if not drive_to(i, call, depth, riders, ends, count, world, state):
            continue
        if state[depth + 1, 4] >= limit:
            continue
        if depth + 1 < 2 * count:
            depth += 1
            following[depth] = 0
            continue
        total, shortest = finish(i, state[depth + 1], ends[call - count], people, world[1])
        least = min(least, shortest)
        if total < best:
            best = total
            for k in range(2 * count):
                order[k] = state[k + 1, 6]
    return best, least


@njit(cache=True)
def may_follow(call, seen, count, seats):  # type: ignore[no-untyped-def]
    """Tell whether a call makes sense after those in the bits of ``seen``; O(count)."""
    if seen >> call & 1:
        return False
    if call >= count:
        return bool(seen >> (call - count) & 1)
    aboard = 0
    for k in range(count):
        aboard += (seen >> k & 1) - (seen >> (count + k) & 1)
    return aboard < seats


@njit(cache=True)
def drive_to(i, call, depth, riders, ends, count, world, state):  # type: ignore[no-untyped-def]
    """Write the state after one more call, or return False when it breaks a promise.

    A row of ``state`` is ``T``, ``E``, ``L`` (see :mod:`matching.engine.assignment.pairs`), both
    lengths, the calls made and the last of them.
    """
    people, boarding_ms, roads, memory = world[:4]
    origin, destination, earliest, latest, detour, _seats, direct, _length, _least = people
    r = riders[call % count]
    before = state[depth, 6]
    if before < 0:
        took, length, least = ends[call, 0], ends[call, 1], ends[call, 2]
    else:
        left = riders[before % count]
        here = origin[left] if before < count else destination[left]
        there = origin[r] if call < count else destination[r]
        time, length, least = leg(here, there, roads, memory)
        took = boarding_ms + time
    total = state[depth, 0] + took
    ready = state[depth, 1] + took
    due = latest[r]
    if call < count:
        ready = max(ready, earliest[r])
        due -= boarding_ms + direct[r]
    if ready > due or total + boarding_ms > direct[i] + detour[i] or ready > latest[i]:
        return False
    after = state[depth + 1]
    after[0], after[1], after[2] = total, ready, min(state[depth, 2], due - total)
    after[3], after[4] = state[depth, 3] + length, state[depth, 4] + least
    after[5], after[6] = state[depth, 5] | (1 << call), call
    return True


@njit(cache=True)
def finish(i, state, ends, people, boarding_ms):  # type: ignore[no-untyped-def]
    """Return both lengths of the whole tour, or ``NOWHERE`` when the driver's promise breaks."""
    total = state[0] + boarding_ms + ends[3]
    end = state[1] + boarding_ms + ends[3]
    budget = people[6][i] + people[4][i]
    last_start = min(state[2], people[3][i] - total)
    if total > budget or end > people[3][i] or end - min(last_start, end - total) > budget:
        return NOWHERE, NOWHERE
    return state[3] + ends[4], state[4] + ends[5]


@njit(cache=True)
def may_share(i, a, b, ends_a, ends_b, world):  # type: ignore[no-untyped-def]
    """Tell whether two riders may fit into driver i's car together, by lower bounds of times.

    Most pairs do not, and this is a hundred times cheaper than to try their orders; O(1).
    """
    cell, least = world[4]
    origin, destination = world[0][0], world[0][1]
    from_a, from_b = least[cell[origin[a]]], least[cell[origin[b]]]
    on_a, on_b = least[cell[destination[a]]], least[cell[destination[b]]]
    oa, ob, da, db = cell[origin[a]], cell[origin[b]], cell[destination[a]], cell[destination[b]]
    bounds_a = (from_a[ob], from_b[da], on_a[db], on_b[da], on_a[ob])
    if may_start_with(i, a, b, ends_a, ends_b, bounds_a, world):
        return True
    bounds_b = (from_b[oa], from_a[db], on_b[da], on_a[db], on_b[oa])
    return may_start_with(i, b, a, ends_b, ends_a, bounds_b, world)


@njit(cache=True)
def may_start_with(i, a, b, ends_a, ends_b, bounds, world):  # type: ignore[no-untyped-def]
    """Tell it for the three orders in which rider a gets in first; O(1)."""
    people, stand = world[0], world[1]
    earliest, latest, direct = people[2], people[3], people[6]
    budget = direct[i] + people[4][i] - ends_a[0]
    starts, across, ends_ab, ends_ba, between = bounds
    at = max(earliest[i] + ends_a[0], earliest[a]) + stand
    both = max(at + starts, earliest[b]) + stand  # driving on with both aboard
    out = both + across
    if out <= latest[a] and out + stand + ends_ab <= latest[b]:
        last = stand + ends_ab + stand + ends_b[3]
        if out + last <= latest[i] and 2 * stand + starts + across + last <= budget:
            return True
    out = both + direct[b]
    if out <= latest[b] and out + stand + ends_ba <= latest[a]:
        last = stand + ends_ba + stand + ends_a[3]
        if out + last <= latest[i] and 2 * stand + starts + direct[b] + last <= budget:
            return True
    out = max(at + direct[a] + stand + between, earliest[b]) + stand + direct[b]
    last = stand + ends_b[3]
    drive = 3 * stand + direct[a] + between + direct[b] + last
    return out <= latest[b] and out + last <= latest[i] and drive <= budget
