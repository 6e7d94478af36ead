"""Each driver's most valuable trips at given prices, exactly, by a search that cuts.

In words. Every person has a price: what it costs the rest when this person is taken. A trip of
driver ``i`` with riders ``S`` is worth ``own + sum of gains - length``: the gain of a rider is what
they save less their price. A driver's riders are sorted by falling gain and sets grow in that
order. A set is feasible only if all its subsets are (the triangle inequality of road times; and
no two are kept apart), so a rider joins only where they pair with everybody aboard; and no larger
set is worth more than the gains that can still be added less the least length of what is aboard,
so a branch ends where that is no better than the worst of the best trips kept. Cutting so loses
nothing.

Source: the request–trip–vehicle graph of Alonso-Mora et al., PNAS 114(3), 2017, with prices as in
the column generation of Barnhart et al., *Branch-and-price*, Operations Research 46(3), 1998.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from matching.engine.assignment.apart import are_apart
from matching.engine.assignment.commuters import Floats, Int64
from matching.engine.assignment.orders import MOST, NOWHERE, best_order, may_share, new_desk
from matching.engine.assignment.pairs import Pairs

UNKNOWN = np.int64(-1)


@dataclass(frozen=True, slots=True)
class Trips:
    """Feasible trips, one a row, sorted by driver.

    Attributes
    ----------
    driver : int64[trips]
        Row of the commuters.
    riders : int64[trips, 4]
        Rows, ascending, -1 where there is none.
    length_dm : int64[trips]
        Of the best order.
    """

    driver: Int64
    riders: Int64
    length_dm: Int64


def best_trips(
    pairs: Pairs,
    own: Floats,
    gain: Floats,
    limits: tuple[float, int, int, int],
    world: tuple[Any, ...],
) -> tuple[Trips, Floats]:
    """Return the most valuable trips of each driver and what no trip of theirs exceeds.

    Parameters
    ----------
    pairs : Pairs
    own, gain : float64[n]
        In decimetres, of all commuters: what a trip gains by its driver, and by a rider.
    limits : tuple
        Only trips worth more than this are looked for; how many to keep of each driver; how many
        riders a car may have; how many sets may be tried for one driver.
    world : tuple
        ``people, boarding_ms, roads, memory, cells, apart``.

    Returns
    -------
    Trips
    float64[drivers]
        The worth of the best trip (the first limit where none exceeds it); where the tries ran out,
        a bound that holds all the same.

    Notes
    -----
    Exponential in the riders of a car at worst; with good prices a few sets for each pair.
    """
    driver, riders, length, ceiling = _best_trips(
        (pairs.driver, pairs.start, pairs.rider, pairs.ends), own, gain, limits, world
    )
    return Trips(driver, riders, length), ceiling


@njit(cache=True)
def _best_trips(pairs, own, gain, limits, world):  # type: ignore[no-untyped-def]
    drivers, start, rider, ends = pairs
    floor, most = limits[0], limits[1]
    desk = new_desk()
    worth = np.empty(most)
    sets = np.empty((most, MOST), np.int64)
    lengths = np.empty(most, np.int64)
    kept = (worth, sets, lengths)
    driver_out = np.empty(1024, np.int64)
    sets_out = np.empty((1024, MOST), np.int64)
    length_out = np.empty(1024, np.int64)
    ceiling = np.full(len(drivers), floor)
    used = 0
    for n in range(len(drivers)):
        if used + most > len(driver_out):
            driver_out = np.concatenate((driver_out, np.empty_like(driver_out)))
            sets_out = np.concatenate((sets_out, np.empty_like(sets_out)))
            length_out = np.concatenate((length_out, np.empty_like(length_out)))
        row = slice(start[n], start[n + 1])
        found, ceiling[n] = search(
            drivers[n], rider[row], ends[row], own, gain, limits, world, desk, kept
        )
        driver_out[used : used + found] = drivers[n]
        sets_out[used : used + found] = sets[:found]
        length_out[used : used + found] = lengths[:found]
        used += found
    return driver_out[:used].copy(), sets_out[:used].copy(), length_out[:used].copy(), ceiling


@njit(cache=True)
def promising(i, rider, ends, own, gain, limits, people):  # type: ignore[no-untyped-def]
    """Return the riders that a worthwhile trip can have, by falling gain, and their bounds.

    O(p log p).
    """
    order = np.argsort(-gain[rider], kind="mergesort")
    most_riders = limits[2]
    left = 0
    bounds = np.empty(len(rider), np.int64)
    best_others = 0.0
    for k in range(min(most_riders - 1, len(order))):
        best_others += max(0.0, gain[rider[order[k]]])
    for k in order:
        r = rider[k]
        least = ends[k, 2] + people[8][r] + ends[k, 5]
        if own[i] + gain[r] + best_others - least > limits[0]:
            order[left], bounds[left] = k, least
            left += 1
    return order[:left], bounds[:left]


@njit(cache=True)
def search(i, rider, ends, own, gain, limits, world, desk, kept):  # type: ignore[no-untyped-def]
    """Keep driver i's most valuable trips; return how many they are and what none exceeds.

    The sets are walked depth first: ``chosen[:size]`` are aboard, ``following[size]`` is the next
    to try as the rider after them.
    """
    floor, _most, most_riders, tries = limits
    order, bounds = promising(i, rider, ends, own, gain, limits, world[0])
    count = len(order)
    if count == 0:
        return 0, floor
    gains = gain[rider[order]]
    joint = np.full((count, count), UNKNOWN)
    book = (rider, ends, order, joint)
    chosen, following = np.empty(MOST, np.int64), np.zeros(MOST + 1, np.int64)
    least, total = np.zeros(MOST + 1, np.int64), np.zeros(MOST + 1)
    found, size, tried, best = 0, 0, 0, floor
    following[0], total[0] = 0, own[i]
    while size >= 0:
        k = following[size]
        following[size] += 1
        if size == most_riders or k >= count:
            size -= 1
            continue
        worth = total[size] + gains[k]
        could = worth + (most_riders - size - 1) * max(0.0, gains[k])
        if could - least[size] <= floor:
            size -= 1  # those after k gain less still
            continue
        if could - max(least[size], bounds[k]) <= floor:
            continue
        tried += 1
        if tried > tries:
            return found, max(best, ceiling_of(own[i], gains, bounds, most_riders))
        length, bound = join(i, chosen, size, k, could - floor, book, world, desk)
        if length == NOWHERE:
            continue
        chosen[size] = k
        if worth - length > floor:
            best = max(best, worth - length)
            found, floor = keep(
                worth - length, length, chosen[: size + 1], found, floor, kept, book
            )
        total[size + 1], least[size + 1] = worth, bound
        size += 1
        following[size] = k + 1
    return found, best


@njit(cache=True)
def ceiling_of(own, gains, bounds, most_riders):  # type: ignore[no-untyped-def]
    """Return what no set of these riders is worth more than; O(riders)."""
    most = own - bounds.min()
    for k in range(min(most_riders, len(gains))):
        most += max(0.0, gains[k])
    return most


@njit(cache=True)
def join(i, chosen, size, k, could, book, world, desk):  # type: ignore[no-untyped-def]
    """Return the length of the best tour with one more rider, and the bound of larger ones.

    ``NOWHERE`` when it is not feasible, or its least length reaches ``could``.
    """
    for other in chosen[:size]:
        if size == 1:
            break
        if book[3][other, k] == UNKNOWN:
            pair = np.array([other, k])
            book[3][other, k] = evaluate(i, pair, NOWHERE, book, world, desk)[1]
        if book[3][other, k] >= could:
            return NOWHERE, NOWHERE
    party = np.empty(size + 1, np.int64)
    party[:size] = chosen[:size]
    party[size] = k
    limit = NOWHERE if size == 1 else np.int64(np.ceil(could))
    length, least = evaluate(i, party, limit, book, world, desk)
    if size == 1:
        book[3][chosen[0], k] = least
    return (length, least) if least < could else (NOWHERE, NOWHERE)


@njit(cache=True)
def evaluate(i, party, limit, book, world, desk):  # type: ignore[no-untyped-def]
    """Try all orders of a party, its riders sorted by row."""
    rider, ends, order, _joint = book
    places = order[party]
    if len(party) == 2:
        a, b = places
        if are_apart(rider[a], rider[b], world[5]):
            return NOWHERE, NOWHERE
        if not may_share(i, rider[a], rider[b], ends[a], ends[b], world):
            return NOWHERE, NOWHERE
    places = places[np.argsort(rider[places])]
    return best_order(i, rider[places], ends[places], limit, world, desk)


@njit(cache=True)
def keep(worth, length, chosen, found, floor, kept, book):  # type: ignore[no-untyped-def]
    """Put a trip among the most valuable; return how many they are and what beats the worst."""
    worths, sets, lengths = kept
    if found < len(worths):
        place = found
        found += 1
    else:
        place = np.argmin(worths)
    worths[place], lengths[place] = worth, length
    sets[place] = -1
    rows = np.sort(book[0][book[2][chosen]])
    sets[place, : len(rows)] = rows
    return found, (worths.min() if found == len(worths) else floor)
