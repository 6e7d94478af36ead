"""Times, distances and people as pages write them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from carpool.kernel.templatetags import ui

# A Sunday evening in Santiago, when it is Monday already in UTC.
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
SANTIAGO = ZoneInfo("America/Santiago")


@pytest.fixture
def here():
    """Stand in Santiago, at ``NOW``."""
    with time_machine.travel(NOW, tick=False), timezone.override(SANTIAGO):
        yield


def at(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=SANTIAGO)


@pytest.mark.parametrize(
    ("moment", "day", "when"),
    [
        (at(22, 23, 5), "Today", "today 23:05"),
        (at(22, 0, 5), "Today", "today 00:05"),
        (at(23, 7, 40), "Tomorrow", "tomorrow 07:40"),
        (at(21, 23, 59), "Yesterday", "yesterday 23:59"),
        (at(25, 7, 40), "Wed 25 Nov", "Wed 25 Nov 07:40"),
        (at(20, 7, 40), "Fri 20 Nov", "Fri 20 Nov 07:40"),
    ],
)
def test_days_are_told_by_the_wall_calendar_of_where_one_is(here, moment, day, when):
    assert ui.day(moment) == day
    assert ui.when(moment) == when


def test_a_time_is_read_on_the_wall_clock(here):
    assert ui.clock_time(datetime(2026, 11, 23, 10, 40, tzinfo=UTC)) == "07:40"


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (timedelta(seconds=-1), ""),
        (timedelta(0), ""),
        (timedelta(seconds=5), "in 1 min"),
        (timedelta(minutes=12), "in 12 min"),
        (timedelta(minutes=59, seconds=45), "in 1 h"),
        (timedelta(hours=3, minutes=10), "in 3 h"),
        (timedelta(days=1), "in 1 day"),
        (timedelta(days=2, hours=3), "in 2 days"),
    ],
)
def test_what_is_ahead_is_told_roughly_and_what_is_past_not_at_all(here, left, text):
    assert ui.until(NOW + left) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 min"),
        (-5, "0 min"),
        (29, "0 min"),
        (31, "1 min"),
        (720, "12 min"),
        (3570, "1 h 00 min"),
        (3900, "1 h 05 min"),
        (timedelta(hours=2, minutes=30), "2 h 30 min"),
    ],
)
def test_durations_are_told_in_hours_and_minutes(value, text):
    assert ui.minutes(value) == text


def test_the_time_between_two_moments_is_a_duration(here):
    assert ui.between(at(22, 7, 40), at(22, 9, 0)) == "1 h 20 min"


@pytest.mark.parametrize(
    ("metres", "text"),
    [
        (0, "0 m"),
        (94, "90 m"),
        (249.6, "250 m"),
        (949, "950 m"),
        (951, "1.0 km"),
        (3_420, "3.4 km"),
        (9_949, "9.9 km"),
        (9_960, "10 km"),
        (27_300, "27 km"),
    ],
)
def test_distances_are_told_as_precisely_as_people_need(metres, text):
    assert ui.distance(metres) == text


@pytest.mark.parametrize(
    ("metres", "text"), [(0, "no walk"), (39, "no walk"), (72, "1 min walk"), (73, "2 min walk")]
)
def test_walks_are_told_in_minutes_rounded_up(metres, text):
    assert ui.walk(metres) == text


@pytest.mark.parametrize(
    ("grams", "text"),
    [(0, "0 g"), (643, "640 g"), (994, "990 g"), (996, "1.0 kg"), (1834, "1.8 kg")],
)
def test_carbon_dioxide_is_told_in_grams_and_kilograms(grams, text):
    assert ui.co2(grams) == text


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Rita Rider", "RR"),
        ("Ana María Rojas Díaz", "AD"),
        ("Cher", "C"),
        ("김철수", "철수"),
        ("김", "김"),
        ("", "?"),
        ("   ", "?"),
    ],
)
def test_initials_fit_the_name(name, letters):
    assert ui.initials(name) == letters


def test_a_person_is_drawn_in_the_same_colour_every_time_and_safely():
    assert ui.avatar("Rita Rider") == ui.avatar("Rita Rider")
    assert 1 <= ui.colour_of("Rita Rider") <= 6
    assert len({ui.colour_of(f"Person {n}") for n in range(50)}) == 6
    drawn = ui.avatar('<b> "Rita"', "small")
    assert "<b>" not in drawn
    assert "avatar--small" in drawn
    assert 'aria-hidden="true"' in drawn


def test_an_icon_is_decoration_only():
    drawn = ui.icon("car", "icon--big")
    assert "#car" in drawn
    assert "icon--big" in drawn
    assert 'aria-hidden="true"' in drawn


def test_the_same_thing_is_drawn_so_many_times():
    assert list(ui.times(3)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (6_600, "KRW", "₩6,600"),
        (1_250, "EUR", "€12.50"),
        (-100, "EUR", "-€1.00"),
        (5_400, "CLP", "CLP\N{NO-BREAK SPACE}5,400"),
        (0, "USD", "$0.00"),
        (1_234_567, "BHD", "BHD\N{NO-BREAK SPACE}1,234.567"),
    ],
)
def test_money_is_told_exactly_with_its_sign_or_code(minor, currency, text):
    assert ui.money(minor, currency) == text
