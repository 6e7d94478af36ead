"""Local times, daylight saving, and rounding."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpool.kernel import clock
from carpool.kernel.errors import InvalidInput

SANTIAGO = ZoneInfo("America/Santiago")
BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its clocks move by half an hour


def test_now_is_aware_and_in_utc():
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize(
    ("zone", "day", "wall", "end_of_gap"),
    [
        (SANTIAGO, date(2026, 9, 6), time(0, 0), "01:00"),
        (SANTIAGO, date(2026, 9, 6), time(0, 59), "01:00"),
        (BERLIN, date(2026, 3, 29), time(2, 30), "03:00"),
        (LORD_HOWE, date(2026, 10, 4), time(2, 15), "02:30"),
    ],
)
def test_a_time_that_the_clocks_skip_is_refused_and_the_next_one_is_named(
    zone, day, wall, end_of_gap
):
    with pytest.raises(InvalidInput) as caught:
        clock.local_to_utc(day, wall, zone, field="time")
    assert list(caught.value.fields) == ["time"]
    assert wall.strftime("%H:%M") in caught.value.detail
    assert end_of_gap in caught.value.detail


@pytest.mark.parametrize(
    ("zone", "day", "wall", "expected"),
    [
        (SANTIAGO, date(2026, 9, 5), time(23, 59), datetime(2026, 9, 6, 3, 59, tzinfo=UTC)),
        (SANTIAGO, date(2026, 9, 6), time(1, 0), datetime(2026, 9, 6, 4, 0, tzinfo=UTC)),
        (BERLIN, date(2026, 3, 29), time(1, 59), datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        (BERLIN, date(2026, 3, 29), time(3, 0), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    ],
)
def test_the_minutes_beside_a_gap_exist(zone, day, wall, expected):
    assert clock.local_to_utc(day, wall, zone, field="time") == expected


@pytest.mark.parametrize(
    ("zone", "day", "wall", "first"),
    [
        (SANTIAGO, date(2026, 4, 4), time(23, 30), datetime(2026, 4, 5, 2, 30, tzinfo=UTC)),
        (BERLIN, date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("fold", [0, 1])
def test_of_a_time_that_occurs_twice_the_first_is_taken(zone, day, wall, first, fold):
    assert clock.local_to_utc(day, wall.replace(fold=fold), zone, field="time") == first


@given(
    day=st.dates(min_value=date(2020, 1, 1), max_value=date(2035, 1, 1)),
    wall=st.times(),
    zone=st.sampled_from([SANTIAGO, BERLIN, LORD_HOWE]),
)
def test_what_is_accepted_reads_the_same_on_the_wall(day, wall, zone):
    try:
        instant = clock.local_to_utc(day, wall, zone, field="time")
    except InvalidInput:
        return
    assert instant.tzinfo is UTC
    assert instant.astimezone(zone).replace(tzinfo=None, fold=0) == datetime.combine(day, wall)


@pytest.mark.parametrize(
    ("delta", "whole"),
    [
        (timedelta(0), 0),
        (timedelta(seconds=5), 5),
        (timedelta(seconds=5, microseconds=1), 6),
        (timedelta(seconds=-5, microseconds=-1), -5),
    ],
)
def test_seconds_are_rounded_up(delta, whole):
    assert clock.seconds(delta) == whole
