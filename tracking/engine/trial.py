"""Two rules on the same past trips, side by side, before one replaces the other."""

from collections.abc import Iterable
from dataclasses import dataclass

from tracking.engine.cases import Case
from tracking.engine.measures import Measures
from tracking.engine.reasons import Strategy, Verdict
from tracking.engine.verdict import Thresholds, weigh


@dataclass(frozen=True, slots=True)
class Trial:
    """How two rules judged the same trips.

    Attributes
    ----------
    trips : int
    both, only_first, only_second, neither : int
        Trips by who accepted them; they add up to ``trips``.
    held_by_first, held_by_second : int
    changed_class : int
        Trips whose class differs.
    """

    trips: int = 0
    both: int = 0
    only_first: int = 0
    only_second: int = 0
    neither: int = 0
    held_by_first: int = 0
    held_by_second: int = 0
    changed_class: int = 0


def compare_verdicts(pairs: Iterable[tuple[Verdict, Verdict]]) -> Trial:
    """Count how two rules' verdicts on the same trips agree; O(trips)."""
    known = list(pairs)
    accepted = [(first.accepted, second.accepted) for first, second in known]
    return Trial(
        trips=len(known),
        both=accepted.count((True, True)),
        only_first=accepted.count((True, False)),
        only_second=accepted.count((False, True)),
        neither=accepted.count((False, False)),
        held_by_first=sum(first.held for first, _ in known),
        held_by_second=sum(second.held for _, second in known),
        changed_class=sum(first.proof_class is not second.proof_class for first, second in known),
    )


def try_strategies(cases: Iterable[Case], first: Strategy, second: Strategy) -> Trial:
    """Judge trips whose traces are still kept by two strategies."""
    return compare_verdicts((first.judge(case), second.judge(case)) for case in cases)


def try_thresholds(measures: Iterable[Measures], first: Thresholds, second: Thresholds) -> Trial:
    """Judge past trips by two sets of thresholds, from what was measured then: no trace is read."""
    return compare_verdicts((weigh(one, first), weigh(one, second)) for one in measures)
