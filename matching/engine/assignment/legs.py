"""Times and lengths between calls, remembered: the same two places are asked for again and again.

``roads`` is ``(labels, lengths)`` as tuples of arrays and ``memory`` the table of
:func:`new_memory`; both only travel from kernel to kernel.
"""

from typing import Any

import numpy as np
from numba import njit

from maps.engine.labels import duration
from maps.engine.lengths import time_and_length
from matching.engine.assignment.commuters import Int64
from matching.engine.assignment.roads import Roads

SLOT_BITS = 20


def kernel_roads(roads: Roads) -> tuple[Any, ...]:
    """Return a network as kernels take it."""
    lengths = roads.lengths
    return roads.labels, (lengths.ahead, lengths.back, lengths.least_ahead, lengths.least_back)


def new_memory(bits: int = SLOT_BITS) -> Int64:
    """Return room for 2^bits legs, 32 bytes each; a newer leg takes the slot of an older one."""
    return np.full((1 << bits, 4), -1, np.int64)


@njit(cache=True)
def look_up(a, b, roads):  # type: ignore[no-untyped-def]
    """Return the time in ms of the fastest way, its decimetres, and those of the shortest way.

    O(depth).
    """
    labels, lengths = roads
    time, length = time_and_length(a, b, labels, lengths[0], lengths[1])
    least = duration(a, b, labels[0], labels[1], labels[2], lengths[2], lengths[3])
    return time, length, least


@njit(cache=True)
def leg(a, b, roads, memory):  # type: ignore[no-untyped-def]
    """Return what :func:`look_up` does, from memory when it is there; O(1) or O(depth)."""
    code = (np.int64(a) << 32) | np.int64(b)
    slot = memory[((code * np.int64(0x5851F42D4C957F2D)) >> 20) & (len(memory) - 1)]
    if slot[0] != code:
        slot[0] = code
        slot[1], slot[2], slot[3] = look_up(a, b, roads)
    return slot[1], slot[2], slot[3]
