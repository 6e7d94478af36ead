"""The benchmark's figures are right, and it fails when a bar is missed."""

import pytest

from benchmarks.tracking import OURS, SEED, SEED_MATCHED, Tally, missed, wilson
from tracking.engine import Case, judge
from tracking.engine.labelled import Truth


def tally(*, trips, accepted):
    made = Tally()
    verdict = judge(Case(None, None))
    for _ in range(trips):
        made.add(dict.fromkeys((OURS, SEED, SEED_MATCHED), (verdict, 0.001)))
    made.accepted[OURS] = accepted
    return made


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)],
)
def test_intervals_are_wilsons(hits, trials, low, high):
    """The first is the example of Newcombe (1998), table I."""
    assert wilson(hits, trials) == pytest.approx((low, high), abs=1e-4)


def test_a_missed_bar_is_named():
    good = {Truth.GENUINE: tally(trips=100, accepted=99), Truth.COPY: tally(trips=100, accepted=1)}
    assert missed(good, strict=True) == []
    bad = {Truth.GENUINE: tally(trips=100, accepted=98), Truth.COPY: tally(trips=100, accepted=2)}
    assert len(missed(bad, strict=True)) == 2
    assert missed(bad, strict=False) == []  # so few trips cannot exclude the bar
    awful = {Truth.COPY: tally(trips=100, accepted=60)}
    assert missed(awful, strict=False) == ["copy 40.0% of 99%"]
