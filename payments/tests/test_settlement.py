"""Who pays what: the worked examples to the won, and what holds for every room."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.engine import settlement as module
from payments.engine.chart import AccountKind
from payments.engine.journals import (
    charge_captured,
    payout_arrived,
    payout_sent,
    refund_confirmed,
    room_settled,
)
from payments.engine.leaving import Presence
from payments.engine.refunds import Capture, RefundExceedsCaptured, plan_refunds
from payments.engine.rules import RoomRules
from payments.engine.settlement import RiderFacts, RoomFacts, give_back_all, settle_room
from payments.engine.split import split_fare

RULES = RoomRules()
BOARDED, LATE, NO_SHOW = Presence.BOARDED, Presence.LEFT_LATE, Presence.NO_SHOW
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def room(fare, *presences, funded=6_600):
    riders = tuple(
        RiderFacts(name, funded, presence) for name, presence in zip("BCD", presences, strict=False)
    )
    return RoomFacts("KRW", fare, "H", riders)


def back(settled):
    return {one.rider: one.back for one in settled.riders}


def parts(settled):
    return {one.rider: one.fare_part for one in settled.riders}


def test_e1_four_people_share_22300():
    settled = settle_room(room(22_300, BOARDED, BOARDED, BOARDED), RULES)
    assert parts(settled) == {"B": 5_575, "C": 5_575, "D": 5_575}
    assert back(settled) == {"B": 1_025, "C": 1_025, "D": 1_025}
    assert (settled.host_receives, settled.host_bears) == (16_725, 5_575)


def test_e2_who_cancels_late_pays_half_the_prepayment_into_the_pot():
    settled = settle_room(room(22_300, BOARDED, BOARDED, LATE), RULES)
    assert parts(settled) == {"B": 6_333, "C": 6_333, "D": 3_300}
    assert (settled.host_share, settled.host_bears) == (6_334, 6_334)
    assert settled.host_receives == 15_966
    assert back(settled) == {"B": 267, "C": 267, "D": 3_300}


def test_e3_who_does_not_come_pays_their_share_and_a_penalty_and_the_others_no_won_less():
    settled = settle_room(room(22_300, BOARDED, BOARDED, NO_SHOW), RULES)
    assert parts(settled) == {"B": 5_575, "C": 5_575, "D": 5_575}
    assert [one.penalty for one in settled.riders] == [0, 0, 1_000]
    assert back(settled) == {"B": 1_025, "C": 1_025, "D": 25}
    assert settled.host_receives == 16_725


def test_e5_above_the_estimate_each_is_asked_and_silence_stays_with_the_host():
    asked = settle_room(room(28_400, BOARDED, BOARDED, BOARDED), RULES)
    assert asked.top_ups == {"B": 500, "C": 500, "D": 500}
    facts = room(28_400, BOARDED, BOARDED, BOARDED)
    agreed = tuple(replace(one, funded=7_100) for one in facts.riders[:2])
    settled = settle_room(replace(facts, riders=(*agreed, facts.riders[2])), RULES)
    assert parts(settled) == {"B": 7_100, "C": 7_100, "D": 6_600}
    assert settled.host_bears == 7_100 + 500


def test_when_there_was_no_ride_everything_comes_back():
    settled = give_back_all(room(0, BOARDED, LATE, NO_SHOW))
    assert back(settled) == {"B": 6_600, "C": 6_600, "D": 6_600}
    assert settled.host_receives == 0


def captures(rider):
    return [Capture(f"pay-{rider}", 6_600, 0, NOW)]


def test_e8_the_postings_of_e1_for_one_rider_and_the_host():
    settled = settle_room(room(22_300, BOARDED, BOARDED, BOARDED), RULES)
    charge = charge_captured(
        payment="pay-B", provider="toss", trip="T", rider="B", amount=6_600, currency="KRW"
    )
    assert lines(charge) == [("pg_receivable:toss", 6_600), ("escrow:T:B", -6_600)]
    books = room_settled(settled, trip="T", captures={r: captures(r) for r in "BCD"})
    assert lines(books)[:4] == [
        ("escrow:T:B", 5_575), ("payable:H", -5_575),
        ("escrow:T:B", 1_025), ("refund_payable:pay-B", -1_025),
    ]  # fmt: skip
    refund = refund_confirmed(
        refund="r1", payment="pay-B", provider="toss", amount=1_025, currency="KRW"
    )
    assert lines(refund) == [("refund_payable:pay-B", 1_025), ("pg_receivable:toss", -1_025)]
    payout = payout_sent(payout="o1", person="H", amount=16_725, currency="KRW")
    assert lines(payout) == [("payable:H", 16_725), ("payout_in_transit:", -16_725)]
    arrived = payout_arrived(payout="o1", amount=16_725, currency="KRW")
    assert lines(arrived) == [("payout_in_transit:", 16_725), ("bank:", -16_725)]


def lines(journal):
    return [(f"{leg.account.kind}:{leg.account.key}", leg.amount) for leg in journal.legs]


def test_the_examples_postings_empty_every_escrow():
    for last in (BOARDED, LATE, NO_SHOW):
        settled = settle_room(room(22_300, BOARDED, BOARDED, last), RULES)
        books = room_settled(settled, trip="T", captures={r: captures(r) for r in "BCD"})
        out = sum(leg.amount for leg in books.legs if leg.account.kind is AccountKind.ESCROW)
        assert out == 19_800


def test_a_share_of_nothing_moves_nothing():
    settled = settle_room(room(1, BOARDED, BOARDED, BOARDED, funded=0), RULES)
    assert room_settled(settled, trip="T", captures={}) is None


@st.composite
def rooms(draw, weights=None):
    weights = st.just(1) if weights is None else weights
    count = draw(st.integers(1, 3))
    riders = tuple(
        RiderFacts(
            name, draw(st.integers(0, 50_000)), draw(st.sampled_from([BOARDED, LATE, NO_SHOW])),
            draw(weights),
        )
        for name in "BCD"[:count]
    )  # fmt: skip
    return RoomFacts("KRW", draw(st.integers(0, 120_000)), "H", riders, draw(weights))


by_distance = rooms(weights=st.integers(1, 40_000))


def holds(facts, settled):
    """What is true of every settlement."""
    for one, rider in zip(settled.riders, facts.riders, strict=True):
        assert one.fare_part + one.penalty + one.back == rider.funded
        assert min(one.fare_part, one.penalty, one.back, one.top_up) >= 0
        assert one.penalty <= RULES.no_show_penalty
        assert one.penalty == 0 or rider.presence is NO_SHOW
    assert 0 <= settled.host_receives <= facts.fare
    assert settled.host_bears + settled.host_receives == facts.fare
    would = split_fare(
        facts.fare, {"H": facts.host_weight} | {r.rider: r.weight for r in facts.riders}, "KRW"
    )
    assert settled.host_bears >= would["H"], "the host profits"
    for one in settled.riders:
        if one.presence is BOARDED:
            assert one.share >= would[one.rider], "somebody profits from an absence"
        else:
            assert one.fare_part <= would[one.rider]
    with_all = sum(one.share for one in settled.riders if one.presence is BOARDED)
    absent = sum(one.fare_part for one in settled.riders if one.presence is not BOARDED)
    assert settled.host_share + with_all + absent == facts.fare


@given(facts=rooms() | by_distance)
def test_every_rooms_money_is_all_accounted_for_and_nobody_profits(facts):
    holds(facts, settle_room(facts, RULES))


@given(facts=rooms() | by_distance, yes=st.integers(0, 7))
def test_with_every_top_up_agreed_the_host_bears_exactly_their_share(facts, yes):
    asked = settle_room(facts, RULES).top_ups
    riders = tuple(
        replace(one, funded=one.funded + asked.get(one.rider, 0)) for one in facts.riders
    )
    settled = settle_room(replace(facts, riders=riders), RULES)
    assert settled.top_ups == {}
    assert settled.host_bears == settled.host_share
    silent = {"BCD"[i] for i in range(3) if yes >> i & 1}
    some = tuple(b if a.rider in silent else a for a, b in zip(riders, facts.riders, strict=True))
    carried = settle_room(replace(facts, riders=some), RULES)
    missing = sum(amount for rider, amount in asked.items() if rider in silent)
    assert carried.host_bears == carried.host_share + missing


@given(facts=rooms())
def test_one_absence_more_never_makes_it_cheaper_for_those_present(facts):
    present = [one for one in facts.riders if one.presence is BOARDED]
    if not present:
        return
    gone = present[-1].rider
    riders = tuple(
        replace(one, presence=NO_SHOW) if one.rider == gone else one for one in facts.riders
    )
    before = settle_room(facts, RULES)
    after = settle_room(replace(facts, riders=riders), RULES)
    assert after.host_share >= before.host_share


def fee_without_limit(one, _would, _rules):
    return one.funded


def unpaid_vanishes(would, shares, _pot, _currency):
    return {party: would[party] for party in shares}


def rounded_up_for_each(_would, shares, pot, _currency):
    return dict.fromkeys(shares, -(-pot // len(shares)))


def without_limit(one, parts, _would, _rules):
    part = parts[one.rider]
    return module.RiderAmounts(
        one.rider, one.presence, one.funded, part, part, 0, one.funded - part
    )


def everybody_is_punished(one, parts, _would, _rules):
    part = min(parts[one.rider], one.funded)
    rest = one.funded - part
    penalty = min(RULES.no_show_penalty, rest)
    return module.RiderAmounts(
        one.rider, one.presence, one.funded, parts[one.rider], part, penalty, rest - penalty
    )


def odd_unit_is_lost(total, weights, _currency):
    return {party: total * one // sum(weights.values()) for party, one in weights.items()}


MUTANTS = {
    "_absent_pays": [fee_without_limit],
    "_not_below": [unpaid_vanishes, rounded_up_for_each],
    "_amounts": [without_limit, everybody_is_punished],
    "split_fare": [odd_unit_is_lost],
}


@pytest.mark.parametrize(
    ("place", "wrong"), [(place, wrong) for place, some in MUTANTS.items() for wrong in some]
)
def test_control_a_wrong_rule_is_noticed(place, wrong, monkeypatch):
    monkeypatch.setattr(module, place, wrong)

    @given(facts=rooms())
    def everything_holds(facts):
        holds(facts, module.settle_room(facts, RULES))

    with pytest.raises((AssertionError, ExceptionGroup, ValueError)):
        everything_holds()


def test_by_distance_the_largest_remainder_may_move_a_unit_and_still_nobody_profits(monkeypatch):
    found = []
    real = module._not_below

    def watched(would, shares, pot, currency):
        if any(share < would[party] for party, share in shares.items()):
            found.append(shares)
        return real(would, shares, pot, currency)

    monkeypatch.setattr(module, "_not_below", watched)
    for fare in range(1, 400):
        riders = (RiderFacts("B", 10**6, BOARDED, 5), RiderFacts("C", 10**6, BOARDED, 3),
                  RiderFacts("D", 10**6, NO_SHOW, 7))  # fmt: skip
        facts = RoomFacts("KRW", fare, "H", riders, 4)
        holds(facts, settle_room(facts, RULES))
    assert found, "the guard is never needed, so its test proves nothing"


def test_the_same_person_is_not_in_a_room_twice():
    with pytest.raises(ValueError, match="once"):
        RoomFacts("KRW", 1, "B", (RiderFacts("B", 1, BOARDED),))
    with pytest.raises(ValueError, match="left free"):
        RiderFacts("B", 1, Presence.LEFT_FREE)


def at(minute):
    return NOW.replace(minute=minute)


def test_r13_the_newest_capture_goes_back_first_and_none_gives_more_than_it_took():
    both = [Capture("first", 6_600, 0, at(1)), Capture("top-up", 2_200, 200, at(2))]
    assert plan_refunds(both, 1_500) == [("top-up", 1_500)]
    assert plan_refunds(both, 3_000) == [("top-up", 2_000), ("first", 1_000)]
    assert plan_refunds(both, 0) == []
    assert plan_refunds(both, 8_600) == [("top-up", 2_000), ("first", 6_600)]
    with pytest.raises(RefundExceedsCaptured, match="1 more"):
        plan_refunds(both, 8_601)
