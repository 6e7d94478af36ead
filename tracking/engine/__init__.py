"""Proof that two people rode together: traces in, a verdict with its reasons out; no Django.

``Case`` is a trip, ``SeedRule`` and ``OurRule`` are strategies that judge it.
"""

from tracking.engine.cases import Case, Facts, RoadDistance
from tracking.engine.measures import Measures, measure
from tracking.engine.reasons import Code, ProofClass, Reason, Strategy, Subject, Verdict, Weight
from tracking.engine.seed_rule import SeedRule
from tracking.engine.simplify import keep_within, simplify
from tracking.engine.traces import (
    Stop,
    Trace,
    TraceInvalid,
    distance_m,
    resample,
    speeds_mps,
    stops,
)
from tracking.engine.trial import Trial, compare_verdicts, try_strategies, try_thresholds
from tracking.engine.verdict import OurRule, Thresholds, judge, weigh

__all__ = [
    "Case",
    "Code",
    "Facts",
    "Measures",
    "OurRule",
    "ProofClass",
    "Reason",
    "RoadDistance",
    "SeedRule",
    "Stop",
    "Strategy",
    "Subject",
    "Thresholds",
    "Trace",
    "TraceInvalid",
    "Trial",
    "Verdict",
    "Weight",
    "compare_verdicts",
    "distance_m",
    "judge",
    "keep_within",
    "measure",
    "resample",
    "simplify",
    "speeds_mps",
    "stops",
    "try_strategies",
    "try_thresholds",
    "weigh",
]
