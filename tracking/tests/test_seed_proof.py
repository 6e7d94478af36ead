"""The old rule does what its description says, with its strengths and its holes."""

import numpy as np
import pytest

from tracking.engine import Case, Code, Facts, ProofClass, SeedRule, Subject, Trace
from tracking.tests.ways import HERE, NOW_S, straight


def moved(trace, *, east_m):
    metres = np.add(HERE.project(trace.lon, trace.lat), [east_m, 0.0])
    lon, lat = HERE.restore(metres)
    return Trace.of(trace.time_s, lon, lat)


@pytest.mark.parametrize(("buckets", "passes"), [(35, False), (36, True)])
def test_thirty_six_buckets_pass_and_thirty_five_do_not(buckets, passes):
    both = straight(seconds=buckets * 5.0)
    verdict = SeedRule().judge(Case(both, both))
    assert verdict.measures["matching_buckets"] == buckets
    assert verdict.accepted is passes
    assert verdict.proof_class is (ProofClass.C if passes else ProofClass.A)


@pytest.mark.parametrize(("east_m", "passes"), [(99.0, True), (101.0, False)])
def test_less_than_a_hundred_metres_match(east_m, passes):
    driver = straight()
    assert SeedRule().judge(Case(driver, moved(driver, east_m=east_m))).accepted is passes


def test_two_phones_that_lie_still_match_nothing():
    still = straight(mps=0.0)
    assert SeedRule().judge(Case(still, still)).measures["matching_buckets"] == 0


@pytest.mark.parametrize(("share", "passes"), [(0.75, False), (0.85, True)])
def test_eighty_per_cent_of_the_time_have_to_be_covered(share, passes):
    driver = straight(seconds=1000.0)
    rider = driver.between(NOW_S, NOW_S + share * 1000.0)
    facts = Facts(aboard_s=(NOW_S, NOW_S + 995.0))
    verdict = SeedRule().judge(Case(driver, rider, facts))
    assert verdict.measures["time_coverage"] == pytest.approx(share, abs=0.01)
    assert verdict.accepted is passes


def test_both_readings_of_its_coverage_can_be_asked_for():
    driver = straight(seconds=1000.0)
    away = moved(driver, east_m=500.0)
    half = np.arange(len(driver)) < len(driver) // 2
    rider = Trace.of(
        driver.time_s, np.where(half, driver.lon, away.lon), np.where(half, driver.lat, away.lat)
    )
    assert SeedRule().judge(Case(driver, rider)).accepted
    assert not SeedRule(coverage_of="matched").judge(Case(driver, rider)).accepted


def test_fixes_at_other_moments_of_the_same_bucket_match():
    driver, rider = straight(every_s=5.0), straight(every_s=5.0).shifted(2.0)
    assert SeedRule().judge(Case(driver, rider)).accepted


def test_without_one_of_the_traces_it_says_which_is_missing():
    (reason,) = SeedRule().judge(Case(straight(), None)).reasons
    assert (reason.code, reason.subject) == (Code.NO_TRACE, Subject.RIDER)


def test_its_hole_a_plain_copy_passes():
    driver = straight()
    assert SeedRule().judge(Case(driver, driver)).accepted


def test_its_hole_another_car_thirty_seconds_behind_in_slow_traffic_passes():
    driver = straight(seconds=900.0, mps=3.0)
    metres = HERE.project(driver.lon, driver.lat) - [0.0, 90.0]
    behind = Trace.of(driver.time_s, *HERE.restore(metres))
    assert SeedRule().judge(Case(driver, behind)).accepted
