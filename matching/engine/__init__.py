"""Insertion of a request into rides: plain NumPy and numba, no Django."""

from matching.engine.insertion import (
    CostWeights,
    Insertion,
    InsertionTimes,
    RequestWindow,
    RideBatch,
    best_insertions,
    feasible_insertions,
)

__all__ = [
    "CostWeights",
    "Insertion",
    "InsertionTimes",
    "RequestWindow",
    "RideBatch",
    "best_insertions",
    "feasible_insertions",
]
