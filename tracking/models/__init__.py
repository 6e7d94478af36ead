"""Traces, positions, verifications, and the rules they are judged by."""

from tracking.models.positions import Position, Trace
from tracking.models.verifications import (
    Appeal,
    AppealState,
    ProofRules,
    StrategyName,
    Verification,
)

__all__ = [
    "Appeal",
    "AppealState",
    "Position",
    "ProofRules",
    "StrategyName",
    "Trace",
    "Verification",
]
