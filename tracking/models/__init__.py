"""Traces, positions, verifications, and the rules they are judged by."""

from tracking.models.positions import Position, Trace
from tracking.models.verifications import (
    Appeal,
    AppealState,
    ProofRules,
    StrategyName,
    Verification,
)
from tracking.models.work_days import DayKind, WorkDay

__all__ = [
    "Appeal",
    "AppealState",
    "DayKind",
    "Position",
    "ProofRules",
    "StrategyName",
    "Trace",
    "Verification",
    "WorkDay",
]
