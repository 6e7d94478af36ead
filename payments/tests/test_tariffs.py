"""What a meter will show: known anchors, a second way to count, and what is refused."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.engine.rules import RoomRules
from payments.engine.tariff_book import MID_SIZE, TARIFFS
from payments.engine.tariffs import (
    NightBand,
    Stacking,
    Stretch,
    TariffUnknown,
    estimate_fare,
    find_tariff,
    highest_fare,
    read_meter,
)

KST = ZoneInfo("Asia/Seoul")


def row(region, at=datetime(2026, 11, 20, 12, tzinfo=KST)):
    return find_tariff(TARIFFS, region=region, vehicle=MID_SIZE, at=at)


SEOUL = row("seoul")


def at(hour, minute=0, day=20):
    return datetime(2026, 11, day, hour, minute, tzinfo=KST)


def fast(metres, *, is_outside=False):
    """So many metres at 36 km/h: far above the crossing speed."""
    return Stretch(metres, metres // 10, is_outside=is_outside)


def total(way, start, tariff=SEOUL):
    return read_meter(tariff, way, starts_at=start).total


def test_seouls_base_at_night_is_what_the_notices_print():
    assert read_meter(SEOUL, [fast(1000)], starts_at=at(22)).base == 5_800
    assert read_meter(SEOUL, [fast(1000)], starts_at=at(23)).base == 6_700
    assert read_meter(SEOUL, [fast(1000)], starts_at=at(2)).base == 5_800
    assert read_meter(SEOUL, [fast(1000)], starts_at=at(4)).base == 4_800


def test_seven_kilometres_by_day_with_ten_slow_minutes_cost_what_the_news_said():
    assert total([fast(7_000), Stretch(0, 600)], at(12)) == 11_000


def test_ten_kilometres_at_midnight_cost_what_the_news_said():
    assert total([fast(10_000)], at(0)) == 15_800
    assert total([fast(10_000), Stretch(0, 405)], at(0)) == 17_600


@pytest.mark.parametrize(("hundredths", "rounded"), [(504_000, 5_000), (505_000, 5_100)])
def test_the_tens_are_rounded_half_up(hundredths, rounded):
    assert SEOUL.rounded(hundredths) == rounded


def test_a_ride_that_crosses_ten_in_the_evening_pays_each_step_by_its_own_hour():
    way = [Stretch(1_600, 60), *[Stretch(131, 30)] * 4]  # steps begin at 60, 90, 120, 150 s
    reading = read_meter(SEOUL, way, starts_at=at(21, 58))
    assert reading.base == 4_800
    assert reading.distance_steps == ((0, 2), (20, 2))
    assert total(way, at(21, 58)) == 4_800 + 400  # 4,800 + 2·100 + 2·120 = 5,240, rounded


def test_outside_the_city_surcharges_add_up_to_their_limit():
    assert SEOUL.percent_at(at(12), is_outside=True) == 20
    assert SEOUL.percent_at(at(23), is_outside=True) == 60
    assert row("gyeonggi").percent_at(at(23), is_outside=True) == 50
    largest = replace(SEOUL, stacking=Stacking.MAX)
    assert largest.percent_at(at(23), is_outside=True) == 40


@pytest.mark.parametrize(
    ("region", "hour", "percent"),
    [("busan", 23, 20), ("busan", 0, 30), ("busan", 2, 20), ("busan", 4, 0), ("busan", 22, 0),
     ("daegu", 1, 30), ("gyeonggi", 23, 30), ("gyeonggi", 3, 30), ("gyeonggi", 4, 0),
     ("seoul", 21, 0), ("seoul", 1, 40), ("seoul", 3, 20)],
)  # fmt: skip
def test_night_bands_are_each_citys_own(region, hour, percent):
    assert row(region).percent_at(at(hour)) == percent


@pytest.mark.parametrize(
    ("region", "metres", "fare"),
    [("busan", 2_001, 4_900), ("daegu", 1_700, 4_500), ("daegu", 1_701, 4_600),
     ("gyeonggi", 1_731, 4_900), ("gyeonggi-ga", 1_904, 4_900), ("gyeonggi-na", 2_084, 5_000)],
)  # fmt: skip
def test_a_step_of_distance_is_paid_when_it_begins(region, metres, fare):
    assert total([fast(metres)], at(12), row(region)) == fare


def test_slow_time_is_paid_when_a_step_is_complete_and_only_below_the_crossing_speed():
    assert total([Stretch(0, 29)], at(12)) == 4_800
    assert total([Stretch(0, 30)], at(12)) == 4_900
    assert not SEOUL.is_slow(131, 30)
    assert SEOUL.is_slow(130, 30)


def test_tolls_and_call_fees_are_passed_on_as_they_are():
    tariff = replace(SEOUL, call_fee=1_030)
    assert read_meter(tariff, [fast(1000)], starts_at=at(12), tolls=2_345).total == 8_175


def test_an_estimate_is_a_range_whose_upper_end_is_prepaid():
    estimate = estimate_fare(SEOUL, [fast(10_000)], starts_at=at(0), rules=RoomRules())
    assert (estimate.low, estimate.likely, estimate.high) == (13_400, 15_800, 17_400)
    assert highest_fare(24_000, RoomRules()) == 26_400


@pytest.mark.parametrize("region", ["jeju", "", "Seoul"])
def test_a_region_without_a_tariff_is_refused(region):
    with pytest.raises(TariffUnknown, match="0 tariffs"):
        row(region)


def test_a_tariff_is_only_valid_in_its_time_and_two_at_once_are_refused():
    with pytest.raises(TariffUnknown, match="0 tariffs"):
        row("gyeonggi", datetime(2023, 7, 1, 3, 59, tzinfo=KST))
    assert row("gyeonggi", datetime(2023, 7, 1, 4, tzinfo=KST))
    with pytest.raises(TariffUnknown, match="2 tariffs"):
        find_tariff([SEOUL, SEOUL], region="seoul", vehicle=MID_SIZE, at=at(12))


def test_what_a_city_costs_outside_is_not_guessed():
    with pytest.raises(TariffUnknown, match="outside is not known"):
        read_meter(row("busan"), [fast(3_000, is_outside=True)], starts_at=at(12))


def test_every_row_says_where_it_is_from_and_the_demos_is_marked_as_invented():
    assert len({(one.region, one.vehicle, one.valid_from) for one in TARIFFS}) == len(TARIFFS) == 7
    assert all(one.source and one.checked_on >= date(2026, 1, 1) for one in TARIFFS)
    assert [one.region for one in TARIFFS if one.is_invented] == ["la-serena-coquimbo"]
    demo = row("la-serena-coquimbo")
    assert (demo.currency, total([fast(3_000)], at(23), demo)) == ("CLP", 3_020)


def test_night_is_the_regions_own_not_the_servers():
    start = datetime(2026, 11, 20, 13, tzinfo=ZoneInfo("UTC"))  # 22:00 in Seoul
    assert read_meter(SEOUL, [fast(1000)], starts_at=start).base == 5_800


ways = st.lists(
    st.builds(Stretch, st.integers(0, 4_000), st.integers(1, 1_200), st.booleans()),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(way=ways, minute=st.integers(0, 1439))
def test_the_meter_agrees_with_one_that_is_watched_every_second(way, minute):
    start = at(0) + timedelta(minutes=minute)
    assert read_meter(SEOUL, way, starts_at=start).total == _watched(SEOUL, way, start)


def _watched(tariff, way, start):
    """Count again, second by second, with exact fractions of metres."""
    driven, slow, second, hundredths = Fraction(0), 0, 0, 0
    distance_due, slow_due = Fraction(tariff.base_m), tariff.step_s
    for part in way:
        per_second = Fraction(part.distance_m, part.duration_s)
        for _ in range(part.duration_s):
            factor = 100 + tariff.percent_at(
                start + timedelta(seconds=second), is_outside=part.is_outside
            )
            while distance_due < driven + per_second:
                hundredths += tariff.step * factor
                distance_due += tariff.step_m
            driven += per_second
            second += 1
            if tariff.is_slow(part.distance_m, part.duration_s):
                slow += 1
                if slow == slow_due:
                    moment = start + timedelta(seconds=second)
                    factor = 100 + tariff.percent_at(moment, is_outside=part.is_outside)
                    hundredths += tariff.step * factor
                    slow_due += tariff.step_s
    first = tariff.percent_at(start, is_outside=way[0].is_outside)
    return tariff.rounded(tariff.rounded(tariff.base * (100 + first)) * 100 + hundredths)


def test_control_one_factor_for_the_whole_ride_is_another_fare():
    way = [fast(20_000)]
    frozen = replace(SEOUL, bands=(NightBand(time(0), time(23, 59), 0),))
    assert total(way, at(21, 50)) != total(way, at(21, 50), frozen)


@given(metres=st.integers(0, 50_000), more=st.integers(0, 5_000), minute=st.integers(0, 1439))
def test_a_longer_way_never_costs_less(metres, more, minute):
    start = at(0) + timedelta(minutes=minute)
    assert total([fast(metres)], start) <= total([fast(metres), fast(more)], start)
