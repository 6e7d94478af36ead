"""The one score: bounded, fair, fading, and told nothing by the order of things."""

import re
from math import isclose
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from rides.engine import RULES, Deed, Kind, Rating, Weighed, score, weigh
from rides.engine.reliability import behaviour_part, ratings_part
from rides.models import DeedKind

AGES = st.floats(min_value=0, max_value=4000, allow_nan=False)
DEEDS = st.lists(st.builds(Deed, kind=st.sampled_from(Kind), age_days=AGES), max_size=40)
RATINGS = st.lists(
    st.builds(Rating, stars=st.integers(min_value=1, max_value=5), age_days=AGES), max_size=40
)
# From the best to the worst that one can do about a promised seat.
WORSE = [Kind.ON_TIME, Kind.LATE, Kind.CANCELLED_LATE, Kind.NO_SHOW]
NEW = 90.0
CLOSE = 1e-9


def reckon(deeds, ratings, *, half_life_days=90):
    return score(weigh(deeds, ratings, half_life_days=half_life_days))


def test_somebody_new_is_expected_to_keep_nine_of_ten():
    assert isclose(reckon([], []), NEW)
    assert isclose(behaviour_part(Weighed()), 0.9)
    assert isclose(ratings_part(Weighed()), 0.9)


@given(deeds=DEEDS, ratings=RATINGS)
def test_it_is_never_below_0_nor_above_100(deeds, ratings):
    assert 0 <= reckon(deeds, ratings) <= 100


@given(deeds=DEEDS, ratings=RATINGS, data=st.data())
def test_the_order_of_events_changes_no_digit(deeds, ratings, data):
    shuffled = data.draw(st.permutations(deeds)), data.draw(st.permutations(ratings))
    assert reckon(*shuffled) == reckon(deeds, ratings)


@given(deeds=DEEDS, ratings=RATINGS, age=AGES, place=st.integers(min_value=0, max_value=2))
def test_doing_worse_never_raises_it(deeds, ratings, age, place):
    better, worse = Deed(WORSE[place], age), Deed(WORSE[place + 1], age)
    assert reckon([*deeds, worse], ratings) <= reckon([*deeds, better], ratings) + CLOSE


@given(deeds=DEEDS, ratings=RATINGS, age=AGES)
def test_coming_never_lowers_it_and_not_coming_never_raises_it(deeds, ratings, age):
    plain = reckon(deeds, ratings)
    assert reckon([*deeds, Deed(Kind.CAME, age)], ratings) >= plain - CLOSE
    assert reckon([*deeds, Deed(Kind.NO_SHOW, age)], ratings) <= plain + CLOSE


@given(deeds=DEEDS, ratings=RATINGS, age=AGES, stars=st.integers(min_value=1, max_value=4))
def test_a_star_more_never_lowers_it(deeds, ratings, age, stars):
    fewer, more = [*ratings, Rating(stars, age)], [*ratings, Rating(stars + 1, age)]
    assert reckon(deeds, more) >= reckon(deeds, fewer) - CLOSE


@given(deeds=DEEDS, ratings=RATINGS, age=AGES)
def test_what_is_nobodys_fault_counts_for_nothing(deeds, ratings, age):
    for kind in (Kind.CANCELLED_EARLY, Kind.CANCELLED_WAIVED):
        assert isclose(reckon([*deeds, Deed(kind, age)], ratings), reckon(deeds, ratings))


@given(deeds=DEEDS, ratings=RATINGS)
def test_everything_fades_until_one_is_as_good_as_new(deeds, ratings):
    later = 90 * 60
    deeds = [Deed(deed.kind, deed.age_days + later) for deed in deeds]
    ratings = [Rating(one.stars, one.age_days + later) for one in ratings]
    assert isclose(reckon(deeds, ratings), NEW, abs_tol=1e-6)


@given(deeds=DEEDS, ratings=RATINGS, days=st.floats(min_value=0, max_value=500))
def test_as_time_goes_by_a_score_moves_towards_that_of_somebody_new(deeds, ratings, days):
    """Each half does; the sum of the two need not, where one was better and one worse than new."""
    now = weigh(deeds, ratings, half_life_days=90)
    part = 0.5 ** (days / 90)
    then = Weighed(
        deeds={kind: n * part for kind, n in now.deeds.items()},
        stars=now.stars * part,
        people=now.people * part,
    )
    for half in (behaviour_part, ratings_part):
        assert abs(half(then) - 0.9) <= abs(half(now) - 0.9) + CLOSE


def test_one_event_does_not_make_it_jump():
    one = {kind: reckon([Deed(kind, 0)], []) for kind in Kind}
    assert one[Kind.NO_SHOW] == pytest.approx(100 * (0.7 * 9 / 12 + 0.27))
    assert all(abs(value - NEW) < 11 for value in one.values())
    assert abs(reckon([], [Rating(1, 0)]) - NEW) < 5


def test_the_rules_know_every_kind_and_so_does_the_database():
    assert set(RULES.marks) == set(Kind)
    assert {kind.value for kind in Kind} == set(DeedKind.values)


def test_the_worked_numbers_of_the_documentation_are_right():
    text = (Path(settings.BASE_DIR) / "docs" / "reliability.md").read_text()
    rows = dict(re.findall(r"^\| ([^|]+?) \| .*\| ([0-9.]+) \|$", text, re.MULTILINE))
    came, no_show, stars = Kind.CAME, Kind.NO_SHOW, [Rating(5, 0)] * 9 + [Rating(3, 0)] * 3
    expected = {
        "Nobody knows them": reckon([], []),
        "Came 20 times of 20, today": reckon([Deed(came, 0)] * 20, []),
        "Came 18 times, did not come twice, today": reckon(
            [Deed(came, 0)] * 18 + [Deed(no_show, 0)] * 2, []
        ),
        "The same, 90 days later": reckon([Deed(came, 90)] * 18 + [Deed(no_show, 90)] * 2, []),
        "Came 19 times, late once, 12 people rated": reckon(
            [Deed(came, 0)] * 19 + [Deed(Kind.LATE, 0)], stars
        ),
        "Did not come three times of three": reckon([Deed(no_show, 0)] * 3, []),
    }
    assert {name: float(rows[name]) for name in expected} == {
        name: round(value, 1) for name, value in expected.items()
    }
