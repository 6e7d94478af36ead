"""What a verdict is made of: codes, numbers and their weight. Words live with the pages."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tracking.engine.cases import Case


class ProofClass(StrEnum):
    """What is certified, not how: the French register's classes.

    Source: Registre de preuve de covoiturage, "Classes de preuve" (betagouv/preuve-covoiturage).
    """

    A = "A"  # the two were matched
    B = "B"  # A, and the trip of one of them
    C = "C"  # A, and the trips of both, together, of two distinct people


class Weight(StrEnum):
    """What a reason does to the verdict."""

    SUPPORTS = "supports"  # it speaks for the trip
    LOWERS = "lowers"  # it is missing, and the class is lower for it
    BARS = "bars"  # the trip is proven, yet the register (and rewards) do not take it
    HOLDS = "holds"  # a person has to look before anything is rewarded
    REFUSES = "refuses"  # the traces contradict the trip, or are forged; a person may be asked


class Subject(StrEnum):
    """Whose trace or fact it is."""

    DRIVER = "driver"
    RIDER = "rider"
    PAIR = "pair"


class Code(StrEnum):
    """Every reason that a strategy may give."""

    # together
    MATCHING_BUCKETS = "matching_buckets"  # the seed's count
    TIME_COVERAGE = "time_coverage"  # the seed's share of time
    SHARE_OF_TIME = "share_of_time"  # of the time that both recorded, spent together
    SHARE_OF_LENGTH = "share_of_length"  # of the way that both recorded, spent together
    COVERAGE = "coverage"  # share of the rider's way that both recorded
    LAG = "lag"  # seconds that one trace is behind the other
    # who
    NOT_DECLARED = "not_declared"
    SAME_DEVICE = "same_device"
    SAME_PERSON = "same_person"
    BOARDING_CODE = "boarding_code"
    # traces
    NO_TRACE = "no_trace"
    TRACE_TOO_SHORT = "trace_too_short"
    OFF_ROAD = "off_road"  # share of fixes away from every road
    # forgery, F1 to F6
    COPY = "copy"  # metres between the traces after lag and offset are taken out
    WHITE_JITTER = "white_jitter"  # autocorrelation of what remains
    REPLAY = "replay"  # metres to an earlier trace at equal elapsed time
    TELEPORT = "teleport"  # jumps that no car makes
    TOO_FAST = "too_fast"  # speed that one step in a hundred exceeds
    MOCK_LOCATION = "mock_location"  # share of fixes that a program made up
    CONSTANT_ACCURACY = "constant_accuracy"  # spread of the claimed accuracy
    # the register's rules
    REPORTED_LATE = "reported_late"
    DISTANCE_TOO_SHORT = "distance_too_short"
    TOO_MANY_TRIPS = "too_many_trips"
    TRIPS_TOO_CLOSE = "trips_too_close"
    OVERLAPPING_TRIPS = "overlapping_trips"
    TIMES_REVERSED = "times_reversed"
    ROUTED_TIME_RATIO = "routed_time_ratio"
    ROUTED_DISTANCE_RATIO = "routed_distance_ratio"


@dataclass(frozen=True, slots=True)
class Reason:
    """One measured thing.

    Attributes
    ----------
    measured, threshold : float
        In the code's own unit: metres, seconds, shares of 1, counts; yes is 1 and no is 0.
    """

    code: Code
    weight: Weight
    measured: float
    threshold: float
    subject: Subject = Subject.PAIR


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a strategy says of a case.

    Attributes
    ----------
    strategy : str
    proof_class : ProofClass, optional
        None when the traces contradict the trip: a class is not lowered for a trip known not to
        have happened.
    accepted : bool
        The proof stands by itself: the trip may settle without asking anyone.
    held : bool
        A person has to look. Never a reason to take anybody's fare.
    reasons : tuple of Reason
        Those against first.
    measures : dict
        All that was measured, by name: enough to judge anew with other thresholds when the traces
        are long deleted.
    """

    strategy: str
    proof_class: ProofClass | None
    accepted: bool
    held: bool
    reasons: tuple[Reason, ...]
    measures: dict[str, float | None] = field(default_factory=dict)

    @property
    def eligible(self) -> bool:
        """Tell whether the register, and incentives, take the trip."""
        return self.accepted and not any(r.weight is Weight.BARS for r in self.reasons)


class Strategy(Protocol):
    """A rule by which trips are judged."""

    @property
    def name(self) -> str:
        """Return the name by which results are told apart."""
        ...

    def judge(self, case: Case) -> Verdict:
        """Return the verdict on a case."""
        ...


_ORDER = [Weight.REFUSES, Weight.HOLDS, Weight.LOWERS, Weight.BARS, Weight.SUPPORTS]


def gravest_first(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return the reasons, those against the trip first."""
    return tuple(sorted(reasons, key=lambda reason: _ORDER.index(reason.weight)))
