"""Disputes, payouts, chargebacks, rewards: what they do to the books."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.engine import chart, journals
from payments.engine.chart import AccountKind
from payments.engine.disputes import (
    DisputeEnd,
    Owed,
    due_payouts,
    may_dispute,
    undecided_dispute,
)
from payments.engine.ledger import Overdrawn
from payments.engine.refunds import Capture
from payments.engine.rules import DisputeRules, PayoutRules
from payments.tests.books import Books

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
KRW = "KRW"


def charged(books, amount=6_600, payment="p1"):
    books.post(
        journals.charge_captured(
            payment=payment, provider="toss", trip="T", rider="B", amount=amount, currency=KRW
        )
    )


def test_a_settlement_can_be_disputed_for_a_day():
    rules = DisputeRules()
    assert may_dispute(NOW + 24 * HOUR - SECOND, NOW, rules)
    assert not may_dispute(NOW + 24 * HOUR, NOW, rules)


@pytest.mark.parametrize(
    ("amount", "hours", "end"),
    [(20_000, 71, DisputeEnd.OPEN), (20_000, 72, DisputeEnd.FOR_RIDER),
     (20_001, 72, DisputeEnd.FOR_HUMAN), (20_001, 71, DisputeEnd.OPEN)],
)  # fmt: skip
def test_an_undecided_dispute_is_the_riders_up_to_20000_and_a_humans_above(amount, hours, end):
    rules = DisputeRules()
    after = NOW + hours * HOUR
    assert undecided_dispute(amount, opened_at=NOW, now=after, rules=rules) is end


def test_a_dispute_freezes_only_its_share_and_ends_in_a_new_journal():
    books = Books()
    charged(books)
    host, share = chart.payable("H", KRW), 5_575
    books.post(
        journals.seat_settled(
            trip="T", rider="B", driver="H", to_driver=share, back=1_025, currency=KRW,
            captures=[Capture("p1", 6_600, 0, NOW)],
        )
    )  # fmt: skip
    back = chart.refund_payable("p1", KRW)
    books.hold(host, back, 1_000)
    assert books.available(host) == share - 1_000
    won = journals.dispute_won(
        dispute="d1", trip="T", host="H", payment="p1", amount=1_000, currency=KRW
    )
    books.capture(won, (host, back, 1_000))
    assert (books.balance(host), books.balance(back)) == (share - 1_000, 2_025)
    assert books.broken() == {}


def owed(amount, *, hours=-1, is_funded=True, payee="H"):
    return Owed(payee, amount, NOW + hours * HOUR, is_funded)


def paid(*some, available=10**6):
    payees = {one.payee for one in some}
    return due_payouts(
        some, available=dict.fromkeys(payees, available), now=NOW, rules=PayoutRules()
    )


def test_payouts_wait_for_the_window_for_the_money_and_for_a_thousand():
    assert paid(owed(999)) == {}
    assert paid(owed(999), owed(1)) == {"H": 1_000}
    assert paid(owed(5_000, hours=1)) == {}
    assert paid(owed(5_000, is_funded=False)) == {}
    assert paid(owed(5_000), owed(2_000, payee="I")) == {"H": 5_000, "I": 2_000}
    assert paid(owed(5_000), available=4_000) == {"H": 4_000}, "a dispute holds the rest"


def test_a_bounced_payout_is_owed_again():
    books = Books()
    charged(books)
    books.post(
        journals.seat_settled(
            trip="T", rider="B", driver="H", to_driver=6_600, back=0, currency=KRW, captures=[]
        )
    )
    books.post(journals.payout_sent(payout="o1", person="H", amount=6_600, currency=KRW))
    assert books.balance(chart.payable("H", KRW)) == 0
    books.post(journals.payout_bounced(payout="o1", person="H", amount=6_600, currency=KRW))
    assert books.balance(chart.payable("H", KRW)) == 6_600
    assert books.balance(chart.shared(AccountKind.PAYOUT_IN_TRANSIT, KRW)) == 0


@given(amount=st.integers(1, 9_000), in_escrow=st.integers(0, 6_600), has=st.integers(0, 5_000))
def test_a_chargeback_takes_what_is_there_and_the_rest_is_owed_to_us(amount, in_escrow, has):
    books = Books()
    if in_escrow:
        charged(books, in_escrow)
    if has:
        for journal in (
            journals.sponsor_funded(deposit="s", budget="x", amount=has, currency=KRW),
            journals.rewarded(reward="r", budget="x", person="B", amount=has, currency=KRW),
        ):
            books.post(journal)
    books.post(
        journals.charged_back(
            chargeback="c", provider="toss", trip="T", person="B", amount=amount,
            in_escrow=in_escrow, owed=has, currency=KRW,
        )
    )  # fmt: skip
    missing = max(0, amount - in_escrow - has)
    assert books.balance(chart.user_receivable("B", KRW)) == missing
    assert books.balance(chart.pg_receivable("toss", KRW)) == in_escrow - amount
    assert books.balance(chart.payable("B", KRW)) == has - min(has, max(0, amount - in_escrow))


def test_a_late_payment_goes_back_in_full_and_never_into_escrow():
    books = Books()
    books.post(
        journals.charge_came_late(
            payment="p1", provider="toss", trip="T", amount=6_600, currency=KRW
        )
    )
    assert books.balance(chart.refund_payable("p1", KRW)) == 6_600
    assert books.balance(chart.escrow("T", "B", KRW)) == 0


def test_who_leaves_free_and_comes_back_gets_each_prepayment_back():
    books = Books()
    for nth in (1, 2):
        charged(books, payment=f"p{nth}")
        books.post(
            journals.left_free(
                trip="T", rider="B", amount=6_600, currency=KRW, nth=nth,
                captures=[Capture(f"p{nth}", 6_600, 0, NOW)],
            )
        )  # fmt: skip
    assert [books.balance(chart.refund_payable(f"p{n}", KRW)) for n in (1, 2)] == [6_600, 6_600]


def test_a_providers_statement_pays_the_fee_and_leaves_nothing_with_it():
    books = Books()
    charged(books)
    books.post(
        journals.provider_paid(statement="s1", provider="toss", gross=6_600, fee=211, currency=KRW)
    )
    assert books.balance(chart.pg_receivable("toss", KRW)) == 0
    assert books.balance(chart.shared(AccountKind.BANK, KRW)) == 6_389
    assert books.balance(chart.shared(AccountKind.PG_FEE, KRW)) == 211


def test_a_sponsor_cannot_give_more_than_there_is():
    books = Books()
    books.post(journals.sponsor_funded(deposit="s", budget="x", amount=5_000, currency=KRW))
    books.post(
        journals.fare_sponsored(
            grant="g", budget="x", trip="T", rider="B", amount=3_000, currency=KRW
        )
    )
    assert books.balance(chart.escrow("T", "B", KRW)) == 3_000
    with pytest.raises(Overdrawn):
        books.post(
            journals.rewarded(reward="r", budget="x", person="B", amount=2_001, currency=KRW)
        )


def test_what_nobody_can_explain_waits_in_suspense():
    books = Books()
    bank = chart.shared(AccountKind.BANK, KRW)
    books.post(journals.unexplained(op_key="u1", account=bank, amount=700))
    assert books.balance(chart.shared(AccountKind.SUSPENSE, KRW)) == 700
    books.post(journals.unexplained(op_key="u2", account=bank, amount=-700))
    assert books.balance(chart.shared(AccountKind.SUSPENSE, KRW)) == 0
