"""Before the taxi: prepayment, consent, lock, leaving, strikes, and what the law allows."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.engine.leaving import (
    AbsenceEvidence,
    NoShowVerdict,
    Presence,
    SeatSplit,
    is_missing,
    judge_absence,
    leave_room,
    leave_seat,
)
from payments.engine.legal import COST_SHARING, KOREA, PaymentRefusal, price_seat
from payments.engine.prepay import (
    AboveConsent,
    Joined,
    LockOutcome,
    Terms,
    held_until,
    is_paid_in_time,
    lock_room,
    terms_of_joining,
)
from payments.engine.rules import RoomRules, SeatRules

RULES = RoomRules()
T = datetime(2026, 11, 20, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
HIGH = 26_400


def joined(*names, funded=6_600, consent=13_200):
    return [Joined(name, funded, consent) for name in names]


def test_joining_shows_a_quarter_to_pay_now_and_a_half_at_most():
    assert terms_of_joining(HIGH, party=4, rules=RULES) == Terms(6_600, 13_200)
    assert terms_of_joining(26_401, party=4, rules=RULES) == Terms(6_601, 13_201)


@pytest.mark.parametrize("party", [1, 5])
def test_a_party_is_two_to_four(party):
    with pytest.raises(ValueError, match="party"):
        terms_of_joining(HIGH, party=party, rules=RULES)


def test_a_full_room_locks_without_another_question():
    lock = lock_room(HIGH, joined("B", "C", "D"), rules=RULES)
    assert (lock.outcome, lock.prepay, lock.top_ups) == (LockOutcome.LOCKED, 6_600, ())
    assert lock.host_carries == 6_600


def test_e4_after_a_free_leave_the_others_are_asked_for_2200_within_what_they_agreed_to():
    lock = lock_room(HIGH, joined("B", "C"), rules=RULES)
    assert (lock.outcome, lock.prepay) == (LockOutcome.WAITS, 8_800)
    assert lock.top_ups == (("B", 2_200), ("C", 2_200))
    agreed = lock_room(HIGH, joined("B", "C", funded=8_800), rules=RULES)
    assert (agreed.outcome, agreed.host_carries) == (LockOutcome.LOCKED, 8_800)


def test_e4_or_the_host_absorbs_it_and_carries_13200():
    lock = lock_room(HIGH, joined("B", "C"), rules=RULES, host_absorbs=True)
    assert (lock.outcome, lock.top_ups, lock.host_carries) == (LockOutcome.LOCKED, (), 13_200)


def test_who_refuses_leaves_free_and_the_last_rider_is_asked_for_no_more_than_m():
    lock = lock_room(HIGH, joined("B"), rules=RULES)
    assert lock.top_ups == (("B", 6_600),)
    assert lock_room(HIGH, [], rules=RULES).outcome is LockOutcome.CANCELLED


def test_below_the_hosts_own_minimum_the_room_is_cancelled():
    three = RoomRules(min_party=3)
    assert lock_room(HIGH, joined("B"), rules=three).outcome is LockOutcome.CANCELLED


@given(high=st.integers(0, 10**9), party=st.integers(2, 4), stay=st.integers(1, 3))
def test_nobody_is_asked_above_what_they_agreed_to_however_many_leave(high, party, stay):
    terms = terms_of_joining(high, party=party, rules=RULES)
    riders = joined(*"BCD"[: min(stay, party - 1)], funded=terms.prepay, consent=terms.at_most)
    lock = lock_room(high, riders, rules=RULES)
    asked = dict(lock.top_ups)
    for rider in riders:
        assert rider.funded + asked.get(rider.rider, 0) <= terms.at_most
    covered = sum(one.funded for one in riders) + sum(asked.values()) + lock.host_carries
    assert covered >= high


def test_control_a_fare_that_has_risen_since_needs_a_new_yes():
    with pytest.raises(AboveConsent, match="B said yes to 13200, not to 15000"):
        lock_room(30_000, joined("B"), rules=RULES)


def test_a_seat_is_held_ten_minutes_and_three_when_the_taxi_comes_soon():
    assert held_until(T - 31 * MINUTE, T, RULES) == T - 21 * MINUTE
    assert held_until(T - 30 * MINUTE, T, RULES) == T - 27 * MINUTE
    assert is_paid_in_time(T - 27 * MINUTE - SECOND, T - 27 * MINUTE)
    assert not is_paid_in_time(T - 27 * MINUTE, T - 27 * MINUTE)


@pytest.mark.parametrize(
    ("left_at", "presence"),
    [(T - 10 * MINUTE - SECOND, Presence.LEFT_FREE), (T - 10 * MINUTE, Presence.LEFT_LATE),
     (T - SECOND, Presence.LEFT_LATE), (T, Presence.NO_SHOW)],
)  # fmt: skip
def test_leaving_a_room_is_free_until_its_lock(left_at, presence):
    assert leave_room(left_at, T, RULES) is presence
    assert not is_missing(T + 5 * MINUTE - SECOND, T, RULES)
    assert is_missing(T + 5 * MINUTE, T, RULES)


@pytest.mark.parametrize(
    ("marked", "code", "near", "verdict"),
    [(True, False, False, NoShowVerdict.PROVEN), (True, True, False, NoShowVerdict.BOARDED),
     (True, False, True, NoShowVerdict.UNPROVEN), (False, False, False, NoShowVerdict.BOARDED)],
)  # fmt: skip
def test_an_absence_needs_a_mark_no_code_and_no_nearness(marked, code, near, verdict):
    assert judge_absence(AbsenceEvidence(marked, code, near)) is verdict


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("left", "booked", "split"),
    [(T - 13 * HOUR, T - 48 * HOUR, SeatSplit(0, 5_001)),
     (T - 12 * HOUR, T - 48 * HOUR, SeatSplit(2_500, 2_501)),
     (T - 5 * HOUR, T - 5 * HOUR - 29 * MINUTE, SeatSplit(0, 5_001)),
     (T - 5 * HOUR, T - 5 * HOUR - 30 * MINUTE, SeatSplit(2_500, 2_501)),
     (T, T - 10 * MINUTE, SeatSplit(5_001, 0))],
)  # fmt: skip
def test_a_paid_seat_is_free_early_or_just_booked_then_half_then_all(left, booked, split):
    rules = SeatRules()
    assert leave_seat(5_001, left_at=left, booked_at=booked, departs_at=T, rules=rules) == split


SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize(
    ("local", "refusal"),
    [((20, 7, 0), None), ((20, 8, 59), None), ((20, 9, 0), PaymentRefusal.OUTSIDE_HOURS),
     ((20, 18, 0), None), ((20, 20, 0), PaymentRefusal.OUTSIDE_HOURS),
     ((21, 8, 0), PaymentRefusal.OUTSIDE_HOURS), ((23, 8, 0), PaymentRefusal.HOLIDAY)],
)  # fmt: skip
def test_korea_lets_drivers_be_paid_on_workdays_at_commuting_hours_only(local, refusal):
    day, hour, minute = local
    moment = datetime(2026, 11, day, hour, minute, tzinfo=SEOUL).astimezone(UTC)
    holidays = {date(2026, 11, 23)}
    assert KOREA.refusal(moment, zone=SEOUL, holidays=holidays) is refusal
    assert COST_SHARING.refusal(moment, zone=SEOUL, holidays=holidays) is None


def test_a_seats_price_is_capped_and_rounded_down():
    assert price_seat(15_999, rate=Decimal(6), cap=Decimal(6)).minor == 95
    capped = price_seat(10_000, rate=Decimal(9), cap=Decimal(6))
    assert (capped.minor, capped.is_capped) == (60, True)
    with pytest.raises(ValueError, match="not negative"):
        price_seat(-1, rate=Decimal(1), cap=Decimal(1))
