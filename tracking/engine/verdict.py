"""Our strategy: measure a case, then weigh the measures against thresholds.

The two steps are apart on purpose. :func:`measure` needs the traces and knows no threshold that
anyone would want to move; :func:`weigh` needs numbers only. So a new set of thresholds is compared
with the old one on all past trips, though their traces were deleted long ago.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tracking.engine.cases import Case
from tracking.engine.measures import Measures, measure
from tracking.engine.reasons import (
    Code,
    ProofClass,
    Reason,
    Subject,
    Verdict,
    Weight,
    gravest_first,
)

NAME = "ours"
PEOPLE = (Subject.DRIVER, Subject.RIDER)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where our strategy draws its lines; a version of them is data.

    Attributes
    ----------
    least_share : float
        Of moving time and of length, both within 100 m.
    apart_share : float
        Below it the traces contradict a shared ride.
    most_lag_s : float
    least_coverage : float
        Of the rider's way, recorded by both for class C, by one for class B.
    least_m, least_s : float
        A proven trip is at least so long. Source: RPC, absolute minimum.
    class_b_needs_code, class_c_needs_code : bool
        Whether that class is accepted only with the boarding code.
    rewards_need_code : bool
        Whether the register and rewards take a trip without it whose rider was given one.
    copy_m, copy_review_m : float
        Below the first the traces are one; below the second a person looks.
    least_autocorrelation : float
        Below it the difference of the traces is added noise.
    replay_m : float
    least_compared : float
        Fixes that must have been compared before copies, jitter and replays are told.
    harmless_jumps, most_jumps, longest_jump_m : float
        With more jumps than the first a person looks; from so many, or one so long, the trace is
        refused.
    most_p99_mps : float
    most_mock_share : float
    least_accuracy_spread_m : float
    most_off_road : float
    latest_report_s, least_reported_m, most_other_trips, least_between_s, most_overlap : float
        The register's acceptance rules.
    routed_time, routed_distance : (float, float)
        Reported values must lie between routed / first and routed * second.

    Notes
    -----
    Sources: F1 to F6 of the measurements on real tracks, and on the tuning half of the generated
    pairs, both told in docs/proof.md; RPC: ``betagouv/preuve-covoiturage`` v3 acceptance rules.
    """

    least_share: float = 0.8
    apart_share: float = 0.3
    most_lag_s: float = 10.0
    least_coverage: float = 0.6
    least_m: float = 300.0
    least_s: float = 60.0
    class_b_needs_code: bool = True
    class_c_needs_code: bool = False
    rewards_need_code: bool = True
    copy_m: float = 1.0
    copy_review_m: float = 2.0
    least_autocorrelation: float = 0.4
    replay_m: float = 10.0
    least_compared: float = 30.0
    harmless_jumps: float = 0.0
    most_jumps: float = 3.0
    longest_jump_m: float = 2000.0
    most_p99_mps: float = 45.0
    most_mock_share: float = 0.0
    least_accuracy_spread_m: float = 0.0
    most_off_road: float = 0.2
    latest_report_s: float = 86_400.0
    least_reported_m: float = 2000.0
    most_other_trips: float = 3.0
    least_between_s: float = 1800.0
    most_overlap: float = 0.7
    routed_time: tuple[float, float] = (2.5, 7.0)
    routed_distance: tuple[float, float] = (2.5, 4.0)


@dataclass(frozen=True, slots=True)
class OurRule:
    """Our strategy with its thresholds."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    version: str = "1"

    @property
    def name(self) -> str:
        """Return the name by which results are told apart."""
        return f"{NAME}-{self.version}"

    def judge(self, case: Case) -> Verdict:
        """Measure and weigh."""
        return weigh(measure(case), self.thresholds, strategy=self.name)


def judge(case: Case, thresholds: Thresholds | None = None) -> Verdict:
    """Return our verdict on a case."""
    return OurRule(thresholds or Thresholds()).judge(case)


def weigh(measures: Measures, thresholds: Thresholds, *, strategy: str = NAME) -> Verdict:
    """Return the verdict that thresholds make of measures.

    The class is C when both traces show one journey, B when one trace proves a trip, A when the
    two were only matched, and none when the traces contradict the trip or are forged.
    """
    reasons = gravest_first(
        [
            *_identity(measures, thresholds),
            *_together(measures, thresholds),
            *(r for who in PEOPLE for r in _single(measures, thresholds, who)),
            *_forgery(measures, thresholds),
            *(r for who in PEOPLE for r in _forged_trace(measures, thresholds, who)),
            *_register(measures, thresholds),
        ]
    )
    weights = {reason.weight for reason in reasons}
    proof_class = _class_of(reasons)
    needs_code = {
        ProofClass.B: thresholds.class_b_needs_code,
        ProofClass.C: thresholds.class_c_needs_code,
    }
    coded = bool(measures["boarding_code"])
    accepted = (
        proof_class in needs_code
        and not weights & {Weight.REFUSES, Weight.HOLDS}
        and (coded or not needs_code[proof_class])
    )
    return Verdict(
        strategy,
        proof_class,
        accepted=accepted,
        held=bool(weights & {Weight.REFUSES, Weight.HOLDS}),
        reasons=reasons,
        measures=dict(measures),
    )


def _class_of(reasons: tuple[Reason, ...]) -> ProofClass | None:
    if any(reason.weight is Weight.REFUSES for reason in reasons):
        return None
    against = {(r.subject, r.code) for r in reasons if r.weight in {Weight.LOWERS, Weight.HOLDS}}
    unproven = {
        who for who in PEOPLE for subject, code in against if subject is who and code in _TRIP
    }
    if not unproven and not any(subject is Subject.PAIR and c in _SHARED for subject, c in against):
        return ProofClass.C
    return ProofClass.B if len(unproven) < len(PEOPLE) else ProofClass.A


_TRIP = {Code.NO_TRACE, Code.TRACE_TOO_SHORT, Code.COVERAGE}
_SHARED = {Code.COVERAGE, Code.SHARE_OF_TIME, Code.SHARE_OF_LENGTH, Code.LAG}


def _identity(measures: Measures, limits: Thresholds) -> Iterator[Reason]:
    """Yield who took part, and whether they met; where no code was given, none is missing."""
    if not measures["declared"]:
        yield Reason(Code.NOT_DECLARED, Weight.REFUSES, 0.0, 1.0)
    for code in (Code.SAME_DEVICE, Code.SAME_PERSON):
        if measures[code.value]:
            yield Reason(code, Weight.REFUSES, 1.0, 0.0)
    coded = measures["boarding_code"]
    if coded is not None:
        missing = Weight.BARS if limits.rewards_need_code else Weight.LOWERS
        yield Reason(Code.BOARDING_CODE, Weight.SUPPORTS if coded else missing, coded, 1.0)


def _together(measures: Measures, limits: Thresholds) -> Iterator[Reason]:
    """Yield how much of the journey the two spent together."""
    if not measures["driver.fixes"] or not measures["rider.fixes"]:
        return
    coverage = measures["coverage"] or 0.0
    weight = Weight.SUPPORTS if coverage >= limits.least_coverage else Weight.LOWERS
    yield Reason(Code.COVERAGE, weight, coverage, limits.least_coverage)
    lag = measures["lag_s"]
    if lag is not None:
        weight = Weight.SUPPORTS if abs(lag) <= limits.most_lag_s else Weight.REFUSES
        yield Reason(Code.LAG, weight, abs(lag), limits.most_lag_s)
    for code in (Code.SHARE_OF_TIME, Code.SHARE_OF_LENGTH):
        share = measures[code.value]
        if share is None:
            continue
        weight = Weight.HOLDS if share >= limits.apart_share else Weight.REFUSES
        weight = Weight.SUPPORTS if share >= limits.least_share else weight
        yield Reason(code, weight, share, limits.least_share)


def _single(measures: Measures, limits: Thresholds, who: Subject) -> Iterator[Reason]:
    """Yield whether one trace proves a trip."""
    if not measures[f"{who}.fixes"]:
        yield Reason(Code.NO_TRACE, Weight.LOWERS, 0.0, 1.0, who)
        return
    length, seconds = measures[f"{who}.recorded_m"] or 0.0, measures[f"{who}.recorded_s"] or 0.0
    coverage = measures[f"{who}.coverage"] or 0.0
    if length < limits.least_m or seconds < limits.least_s:
        yield Reason(Code.TRACE_TOO_SHORT, Weight.LOWERS, length, limits.least_m, who)
    weight = Weight.SUPPORTS if coverage >= limits.least_coverage else Weight.LOWERS
    yield Reason(Code.COVERAGE, weight, coverage, limits.least_coverage, who)


def _forgery(measures: Measures, limits: Thresholds) -> Iterator[Reason]:
    """Yield whether one trace was made from the other."""
    rest_m, autocorrelation = measures["copy_m"], measures["autocorrelation"]
    if rest_m is None or autocorrelation is None:
        return
    if (measures["copy_fixes"] or 0.0) < limits.least_compared:
        return
    weight = Weight.HOLDS if rest_m < limits.copy_review_m else Weight.SUPPORTS
    weight = Weight.REFUSES if rest_m < limits.copy_m else weight
    line = limits.copy_m if weight is Weight.REFUSES else limits.copy_review_m
    yield Reason(Code.COPY, weight, rest_m, line)
    line = limits.least_autocorrelation
    weight = Weight.HOLDS if autocorrelation < line else Weight.SUPPORTS
    yield Reason(Code.WHITE_JITTER, weight, autocorrelation, line)


def _forged_trace(measures: Measures, limits: Thresholds, who: Subject) -> Iterator[Reason]:
    """Yield whether one trace is what a phone in a car records."""

    def found(
        code: Code, name: str, weight: Weight, line: float, *, below: bool = False
    ) -> Reason | None:
        value = measures[f"{who}.{name}"]
        if value is None:
            return None
        wrong = value < line if below else value > line
        return Reason(code, weight, value, line, who) if wrong else None

    replay = found(Code.REPLAY, "replay_m", Weight.REFUSES, limits.replay_m, below=True)
    many = found(Code.TELEPORT, "jumps", Weight.REFUSES, limits.most_jumps - 1)
    one = found(Code.TELEPORT, "jumps", Weight.HOLDS, limits.harmless_jumps)
    far = found(Code.TELEPORT, "longest_jump_m", Weight.REFUSES, limits.longest_jump_m)
    checks = (
        replay,
        far or many or one,
        found(Code.TOO_FAST, "p99_mps", Weight.HOLDS, limits.most_p99_mps),
        found(Code.MOCK_LOCATION, "mock_share", Weight.REFUSES, limits.most_mock_share),
        found(Code.OFF_ROAD, "off_road", Weight.HOLDS, limits.most_off_road),
    )
    yield from (reason for reason in checks if reason is not None)
    spread = measures[f"{who}.accuracy_spread_m"]
    if spread is not None and spread <= limits.least_accuracy_spread_m:
        line = limits.least_accuracy_spread_m
        yield Reason(Code.CONSTANT_ACCURACY, Weight.HOLDS, spread, line, who)


def _register(measures: Measures, limits: Thresholds) -> Iterator[Reason]:
    """Yield which rules of the register the trip breaks."""

    def over(code: Code, name: str, line: float, weight: Weight = Weight.BARS) -> Reason | None:
        value = measures[name]
        return Reason(code, weight, value, line) if value is not None and value > line else None

    def under(code: Code, name: str, line: float, weight: Weight = Weight.BARS) -> Reason | None:
        value = measures[name]
        return Reason(code, weight, value, line) if value is not None and value < line else None

    rules = (
        over(Code.REPORTED_LATE, "reported_after_s", limits.latest_report_s),
        under(Code.DISTANCE_TOO_SHORT, "reported_m", limits.least_reported_m),
        over(Code.TOO_MANY_TRIPS, "other_trips_that_day", limits.most_other_trips),
        under(Code.TRIPS_TOO_CLOSE, "to_other_trip_s", limits.least_between_s),
        over(Code.OVERLAPPING_TRIPS, "overlap_share", limits.most_overlap, Weight.HOLDS),
        under(Code.TIMES_REVERSED, "reported_s", 0.0, Weight.REFUSES),
        _ratio(measures, "_s", Code.ROUTED_TIME_RATIO, limits.routed_time),
        _ratio(measures, "_m", Code.ROUTED_DISTANCE_RATIO, limits.routed_distance),
    )
    yield from (reason for reason in rules if reason is not None)


def _ratio(measures: Measures, unit: str, code: Code, limits: tuple[float, float]) -> Reason | None:
    """Return a reason when a reported value is far from the routed one."""
    reported, routed = measures["reported" + unit], measures["routed" + unit]
    if not reported or not routed:
        return None
    ratio = reported / routed
    low, high = 1 / limits[0], limits[1]
    if low <= ratio <= high:
        return None
    return Reason(code, Weight.HOLDS, ratio, low if ratio < low else high)
