"""Who must not share a car, whether as driver and rider or both as riders.

Told to the search before it begins, so that nobody loses a seat to a car that could never be.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from matching.engine.assignment.commuters import Flags, Int32, Int64


@dataclass(frozen=True, slots=True)
class Apart:
    """Who must not share a car; people go by the keys of their columns in :class:`Commuters`.

    Attributes
    ----------
    key : int64[k]
        Those about whom ``group`` and ``own_only`` tell; of anybody else nothing is known.
    group : int32[k]
        What they state of themselves; 0: nothing.
    own_only : bool[k]
        Share a car only with people who state the same.
    pairs : int64[m, 2]
        Keys of two who are kept apart, in either order.
    """

    key: Int64
    group: Int32
    own_only: Flags
    pairs: Int64


NOBODY = Apart(
    np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.bool_), np.empty((0, 2), np.int64)
)


def kernel_apart(key: Int64, apart: Apart) -> tuple[Any, ...]:
    """Return the same by the rows of commuters with these sorted keys, as kernels take it.

    Whoever is not among them plays no part. O((k + m) log n).
    """
    group, own_only = np.zeros(len(key), np.int32), np.zeros(len(key), np.bool_)
    row, here = _rows(key, apart.key)
    group[row[here]], own_only[row[here]] = apart.group[here], apart.own_only[here]
    pairs, known = _rows(key, apart.pairs)
    pairs = pairs[known.all(axis=1)]
    codes = np.unique(pairs.min(axis=1) * len(key) + pairs.max(axis=1)) if len(pairs) else pairs
    return codes.astype(np.int64).ravel(), group, own_only


def _rows(key: Int64, wanted: Int64) -> tuple[Int64, Flags]:
    """Return the rows of some keys, and which of these there are."""
    if not len(key):
        return np.zeros(wanted.shape, np.int64), np.zeros(wanted.shape, np.bool_)
    row = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    return row.astype(np.int64), key[row] == wanted


@njit(cache=True)
def are_apart(a, b, apart):  # type: ignore[no-untyped-def]
    """Tell whether the people of two rows must not share a car; O(log m)."""
    codes, group, own_only = apart
    if (own_only[a] or own_only[b]) and (group[a] != group[b] or group[a] == 0):
        return True
    if len(codes) == 0:
        return False
    code = np.int64(min(a, b)) * len(group) + np.int64(max(a, b))
    at = np.searchsorted(codes, code)
    return at < len(codes) and codes[at] == code


@njit(cache=True)
def may_meet(driver, start, rider, apart):  # type: ignore[no-untyped-def]
    """Tell of each pair of a driver and a rider whether they may share a car; O(pairs log m)."""
    kept = np.ones(len(rider), np.bool_)
    for n in range(len(driver)):
        for k in range(start[n], start[n + 1]):
            kept[k] = not are_apart(driver[n], rider[k], apart)
    return kept
