"""Our verdicts: genuine rides stand, forged ones do not, and each says why in numbers."""

import inspect
import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.engine import (
    Case,
    Code,
    Facts,
    OurRule,
    ProofClass,
    SeedRule,
    Subject,
    Thresholds,
    Trace,
    Trial,
    Weight,
    judge,
    measure,
    simplify,
    try_strategies,
    try_thresholds,
    weigh,
)
from tracking.engine import verdict as verdicts
from tracking.engine.forgery import replay_m
from tracking.engine.labelled import Truth, make_case
from tracking.tests.ways import NOW_S, crooked_way, straight

SEEDS = range(4)


def case_of(truth, seed=0, **facts):
    case = make_case(truth, crooked_way(seed), seed=seed, departure_s=NOW_S)
    return replace(case, facts=replace(case.facts, **facts)) if facts else case


@pytest.fixture(scope="module")
def genuine():
    """One genuine trip and all that is measured of it."""
    case = case_of(Truth.GENUINE)
    return case, measure(case)


def codes(verdict, *weights):
    return {reason.code for reason in verdict.reasons if reason.weight in weights}


def against(verdict):
    return codes(verdict, Weight.HOLDS, Weight.REFUSES)


@pytest.mark.parametrize("seed", SEEDS)
def test_two_phones_in_one_car_prove_class_c(seed):
    verdict = judge(case_of(Truth.GENUINE, seed))
    assert (verdict.proof_class, verdict.accepted, verdict.held) == (ProofClass.C, True, False)
    assert verdict.eligible
    assert not against(verdict)


@pytest.mark.parametrize(
    ("truth", "code"),
    [
        (Truth.COPY, Code.COPY),
        (Truth.OFFSET, Code.COPY),
        (Truth.LAG, None),
        (Truth.WHITE_JITTER, Code.WHITE_JITTER),
        (Truth.REPLAY, Code.REPLAY),
        (Truth.TELEPORT, Code.TELEPORT),
        (Truth.MOCK, Code.MOCK_LOCATION),
        (Truth.FOLLOWER_30, Code.LAG),
        (Truth.FOLLOWER_60, Code.LAG),
        (Truth.FOLLOWER_120, Code.SHARE_OF_LENGTH),
    ],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_fraud_is_not_accepted_for_the_reason_that_it_is(truth, code, seed):
    verdict = judge(case_of(truth, seed))
    assert not verdict.accepted
    assert verdict.held
    assert code is None or code in against(verdict)


@pytest.mark.parametrize("shift_s", [3.0, 7.4, 37.3, -20.6])
def test_a_copy_shifted_between_whole_seconds_is_still_a_copy(shift_s):
    case = case_of(Truth.GENUINE)
    measured = measure(replace(case, rider=case.driver.shifted(shift_s)))
    assert measured["copy_m"] < 0.5


def test_a_thinned_copy_with_a_wild_fix_is_still_a_copy():
    case = case_of(Truth.GENUINE)
    thin = case.driver.take(np.arange(0, len(case.driver), 2))
    wild = thin.lat.copy()
    wild[len(wild) // 2] += 0.0008
    assert measure(replace(case, rider=replace(thin, lat=wild)))["copy_m"] < 0.5


def test_a_replay_is_found_beside_an_earlier_trace_that_was_simplified():
    case = case_of(Truth.REPLAY)
    kept = tuple(simplify(one, most_m=5.0) for one in case.earlier)
    assert sum(map(len, kept)) < sum(map(len, case.earlier)) / 3
    assert Code.REPLAY in against(judge(replace(case, earlier=kept)))
    steady = straight()
    assert replay_m(steady.shifted(86_400.0), [simplify(steady, most_m=1.0)]) < 1.0


def test_who_drives_the_same_road_every_day_replays_nothing():
    for seed in SEEDS:
        case = case_of(Truth.GENUINE, seed)
        assert len(case.earlier) == 3
        replayed = measure(case)["driver.replay_m"]
        assert replayed is None or replayed > Thresholds().replay_m


def test_a_gap_in_the_riders_trace_falls_back_to_class_b_which_wants_the_code():
    case = case_of(Truth.GENUINE)
    start, end = case.facts.aboard_s
    short = replace(case, rider=case.rider.between(start, start + (end - start) * 0.4))
    assert (judge(short).proof_class, judge(short).accepted) == (ProofClass.B, True)
    uncoded = judge(replace(short, facts=replace(case.facts, boarding_code=False)))
    assert (uncoded.proof_class, uncoded.accepted, uncoded.held) == (ProofClass.B, False, False)


def test_without_the_code_two_phones_settle_a_trip_and_earn_nothing():
    coded = case_of(Truth.GENUINE)
    uncoded = replace(coded, facts=replace(coded.facts, boarding_code=False))
    never_given = replace(coded, facts=replace(coded.facts, boarding_code=None))
    before = Thresholds(rewards_need_code=False)
    for case, thresholds, earns in (
        (coded, Thresholds(), True),
        (uncoded, Thresholds(), False),
        (uncoded, before, True),
        (never_given, Thresholds(), True),
    ):
        verdict = judge(case, thresholds)
        assert (verdict.proof_class, verdict.accepted, verdict.held) == (ProofClass.C, True, False)
        assert verdict.eligible is earns
    assert Code.BOARDING_CODE in codes(judge(uncoded), Weight.BARS)
    assert Code.BOARDING_CODE not in {reason.code for reason in judge(never_given).reasons}


@pytest.mark.parametrize("missing", ["driver", "rider"])
def test_with_one_trace_missing_the_other_proves_class_b(missing):
    verdict = judge(replace(case_of(Truth.GENUINE), **{missing: None}))
    assert verdict.proof_class is ProofClass.B
    assert verdict.accepted
    (reason,) = [reason for reason in verdict.reasons if reason.code is Code.NO_TRACE]
    assert reason.subject is Subject(missing)


def test_without_any_trace_only_the_match_is_certified_and_nobody_is_suspected():
    verdict = judge(Case(None, None, Facts(boarding_code=True)))
    assert (verdict.proof_class, verdict.accepted, verdict.held) == (ProofClass.A, False, False)


def test_a_trace_of_one_fix_proves_nothing_and_breaks_nothing():
    verdict = judge(Case(Trace.of([NOW_S], [0.0], [0.0]), Trace.of([NOW_S], [0.0], [0.0])))
    assert (verdict.proof_class, verdict.accepted) == (ProofClass.A, False)


def test_a_fix_from_another_year_costs_neither_memory_nor_the_proof(genuine):
    case, _ = genuine
    old = Trace.of([0.0, *case.rider.time_s], [0.0, *case.rider.lon], [0.0, *case.rider.lat])
    assert judge(replace(case, rider=old)).accepted
    endless = replace(case.facts, aboard_s=(case.facts.aboard_s[0], 1e12))
    assert judge(replace(case, rider=old, driver=old, earlier=(old,), facts=endless)).held


def test_two_people_far_from_each_other_prove_no_shared_trip():
    verdict = judge(Case(straight(), straight(east_m=3000.0), Facts(boarding_code=True)))
    assert verdict.proof_class is None
    assert Code.SHARE_OF_TIME in against(verdict)


@pytest.mark.parametrize(
    ("facts", "code", "weight"),
    [
        ({"same_device": True}, Code.SAME_DEVICE, Weight.REFUSES),
        ({"same_person": True}, Code.SAME_PERSON, Weight.REFUSES),
        ({"declared": False}, Code.NOT_DECLARED, Weight.REFUSES),
        ({"reported_after_s": 86_401.0}, Code.REPORTED_LATE, Weight.BARS),
        ({"other_trips_that_day": 4}, Code.TOO_MANY_TRIPS, Weight.BARS),
        ({"to_other_trip_s": 1799.0}, Code.TRIPS_TOO_CLOSE, Weight.BARS),
        ({"distance_m": 1999.0}, Code.DISTANCE_TOO_SHORT, Weight.BARS),
        ({"overlap_share": 0.71}, Code.OVERLAPPING_TRIPS, Weight.HOLDS),
        ({"routed_distance_m": 50_000.0}, Code.ROUTED_DISTANCE_RATIO, Weight.HOLDS),
        ({"routed_distance_m": 500.0}, Code.ROUTED_DISTANCE_RATIO, Weight.HOLDS),
        ({"routed_duration_s": 36_000.0}, Code.ROUTED_TIME_RATIO, Weight.HOLDS),
        ({"routed_duration_s": 60.0}, Code.ROUTED_TIME_RATIO, Weight.HOLDS),
        ({"aboard_s": (NOW_S + 900, NOW_S)}, Code.TIMES_REVERSED, Weight.REFUSES),
    ],
)
def test_what_is_known_besides_weighs_as_the_register_says(facts, code, weight):
    verdict = judge(case_of(Truth.GENUINE, **facts))
    assert code in codes(verdict, weight)
    assert not verdict.eligible
    assert verdict.accepted is (weight is Weight.BARS)
    assert verdict.held is (weight is not Weight.BARS)


@pytest.mark.parametrize(
    "facts",
    [
        {"reported_after_s": 86_400.0},
        {"other_trips_that_day": 3},
        {"to_other_trip_s": 1800.0},
        {"distance_m": 2000.0},
        {"overlap_share": 0.7},
    ],
)
def test_on_its_line_a_rule_of_the_register_lets_pass(facts):
    assert judge(case_of(Truth.GENUINE, **facts)).eligible


def test_a_trace_beside_every_road_is_held_back(genuine):
    case, _ = genuine
    far = replace(case, road_distance_m=lambda lon, _: np.full(len(lon), 200.0))
    near = replace(case, road_distance_m=lambda lon, _: np.full(len(lon), 5.0))
    assert Code.OFF_ROAD in against(judge(far))
    assert judge(near).accepted


def test_an_accuracy_that_never_changes_is_looked_at(genuine):
    case, _ = genuine
    steady = replace(case.rider, accuracy_m=np.full(len(case.rider), 5.0))
    verdict = judge(replace(case, rider=steady))
    assert Code.CONSTANT_ACCURACY in against(verdict)
    assert (verdict.proof_class, verdict.accepted) == (ProofClass.C, False)


@pytest.mark.parametrize("count", [1, 2])
def test_a_reflection_or_two_in_a_row_are_forgiven(genuine, count):
    case, _ = genuine
    lat = case.rider.lat.copy()
    lat[40 : 40 + count] += 0.01
    assert judge(replace(case, rider=replace(case.rider, lat=lat))).accepted


def test_what_was_measured_is_enough_to_judge_again_without_the_traces(genuine):
    case, measured = genuine
    kept = json.loads(json.dumps(measured))
    assert weigh(kept, Thresholds(), strategy=OurRule().name) == judge(case)
    assert weigh(kept, Thresholds(least_share=1.01)).held


def test_each_reason_holds_its_number_and_its_line():
    for truth in (Truth.GENUINE, Truth.COPY, Truth.FOLLOWER_60):
        for reason in judge(case_of(truth)).reasons:
            assert np.isfinite([reason.measured, reason.threshold]).all()
    verdict = judge(case_of(Truth.COPY))
    assert verdict.reasons[0].weight is Weight.REFUSES
    (copy,) = [reason for reason in verdict.reasons if reason.code is Code.COPY]
    assert copy.measured < copy.threshold == Thresholds().copy_m


def test_no_fraud_is_found_by_luck(genuine):
    """With the one measure taken back that speaks against it, the same trip is accepted."""
    jittered = measure(case_of(Truth.WHITE_JITTER))
    assert weigh(jittered | {"autocorrelation": 0.9}, Thresholds()).accepted
    mocked = measure(case_of(Truth.MOCK))
    assert weigh(mocked | {"rider.mock_share": 0.0}, Thresholds()).accepted
    assert weigh(genuine[1], Thresholds()).accepted


def test_two_rules_are_compared_on_past_trips_before_one_replaces_the_other():
    cases = [case_of(truth) for truth in (Truth.GENUINE, Truth.COPY, Truth.WHITE_JITTER)]
    trial = try_strategies(cases, SeedRule(), OurRule())
    assert (trial.trips, trial.both, trial.only_first) == (3, 1, 2)
    stricter = try_thresholds(map(measure, cases), Thresholds(), Thresholds(least_share=1.01))
    assert (stricter.only_first, stricter.neither) == (1, 2)
    assert (stricter.held_by_first, stricter.held_by_second) == (2, 3)
    same = try_thresholds(map(measure, cases), Thresholds(), Thresholds())
    assert same == Trial(trips=3, both=1, neither=2, held_by_first=2, held_by_second=2)


NUMBERS = {
    name: st.none() | st.floats(0, 1e5)
    for name in measure(Case(None, None))
    if name not in {"declared", "same_device", "same_person", "boarding_code"}
}


@given(
    st.fixed_dictionaries(NUMBERS),
    st.fixed_dictionaries(
        {
            name: st.sampled_from([0.0, 1.0])
            for name in ("declared", "same_device", "same_person", "boarding_code")
        }
    ),
)
@settings(max_examples=300, deadline=None)
def test_whatever_is_measured_the_verdict_is_of_one_piece(numbers, known):
    measured = numbers | known
    verdict = weigh(measured, Thresholds())
    graves = {reason.weight for reason in verdict.reasons} & {Weight.HOLDS, Weight.REFUSES}
    assert verdict.held is bool(graves)
    if verdict.accepted:
        assert verdict.proof_class in {ProofClass.B, ProofClass.C}
        assert not verdict.held
    if verdict.proof_class is None:
        assert Weight.REFUSES in graves
    coded = weigh(measured | {"boarding_code": 1.0}, Thresholds())
    assert coded.accepted >= verdict.accepted
    assert coded.proof_class == verdict.proof_class


def test_every_threshold_moves_some_verdict():
    """A setting that changes nothing would be a promise to the one who sets it."""
    named = {one.name for one in fields(Thresholds)}
    source = inspect.getsource(verdicts)
    assert all(
        source.count(f"limits.{name}") + source.count(f"thresholds.{name}") for name in named
    )
