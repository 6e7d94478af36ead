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
from matching.engine.near_miss import (
    FartherPoints,
    Limits,
    Promise,
    Relaxation,
    every_relaxation,
    least_relaxations,
)

__all__ = [
    "CostWeights",
    "FartherPoints",
    "Insertion",
    "InsertionTimes",
    "Limits",
    "Promise",
    "Relaxation",
    "RequestWindow",
    "RideBatch",
    "best_insertions",
    "every_relaxation",
    "feasible_insertions",
    "least_relaxations",
]
