"""A room's money from opening to payout, in any order that people may choose (T3)."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from payments.engine import chart, journals
from payments.engine.chart import AccountKind
from payments.engine.leaving import Presence
from payments.engine.ledger import Overdrawn
from payments.engine.prepay import Joined, LockOutcome, lock_room, terms_of_joining
from payments.engine.refunds import Capture
from payments.engine.rules import RoomRules
from payments.engine.settlement import RiderFacts, RoomFacts, give_back_all, settle_room
from payments.tests.books import NOW, Books

RULES = RoomRules()
KRW, HOST, TRIP, HIGH = "KRW", "H", "T", 26_400
people = st.sampled_from("BCD")


class RoomLife(RuleBasedStateMachine):
    """One room; what providers confirm is posted at once."""

    def __init__(self):
        super().__init__()
        self.books = Books()
        self.riders, self.captures, self.times = {}, {}, {}
        self.presence, self.number = {}, 0
        self.locked = self.closed = False
        self.terms = terms_of_joining(HIGH, party=4, rules=RULES)

    def next(self):
        self.number += 1
        return f"{self.number}"

    def charge(self, rider, amount):
        payment = self.next()
        self.books.post(
            journals.charge_captured(
                payment=payment, provider="toss", trip=TRIP, rider=rider, amount=amount,
                currency=KRW,
            )
        )  # fmt: skip
        self.captures[rider].append(
            Capture(payment, amount, 0, NOW + timedelta(seconds=self.number))
        )
        self.riders[rider] += amount

    @precondition(lambda self: not self.locked and not self.closed)
    @rule(rider=people)
    def join(self, rider):
        if rider not in self.riders:
            self.riders[rider], self.captures[rider] = 0, []
            self.times[rider] = self.times.get(rider, 0) + 1
            self.charge(rider, self.terms.prepay)

    @precondition(lambda self: not self.locked and not self.closed)
    @rule(rider=people)
    def leave(self, rider):
        if rider in self.riders:
            self.give_back(rider)

    def give_back(self, rider):
        self.books.post(
            journals.left_free(
                trip=TRIP, rider=rider, amount=self.riders[rider], currency=KRW,
                captures=self.captures[rider], nth=self.times[rider],
            )
        )  # fmt: skip
        del self.riders[rider], self.captures[rider]

    @precondition(lambda self: not self.locked and not self.closed)
    @rule(refuses=st.sets(people), absorbs=st.booleans())
    def lock(self, refuses, absorbs):
        while True:
            joined = [
                Joined(one, funded, self.terms.at_most) for one, funded in self.riders.items()
            ]
            lock = lock_room(HIGH, joined, rules=RULES, host_absorbs=absorbs)
            if lock.outcome is LockOutcome.CANCELLED:
                return self.cancel()
            if lock.outcome is LockOutcome.LOCKED:
                break
            for rider, amount in lock.top_ups:
                if rider in refuses:
                    self.give_back(rider)
                else:
                    self.charge(rider, amount)
        self.locked = True
        self.presence = dict.fromkeys(self.riders, Presence.BOARDED)
        return None

    @precondition(lambda self: self.locked and not self.closed)
    @rule(rider=people, how=st.sampled_from([Presence.LEFT_LATE, Presence.NO_SHOW]))
    def stay_away(self, rider, how):
        if rider in self.presence:
            self.presence[rider] = how

    def facts(self, fare):
        riders = tuple(
            RiderFacts(one, funded, self.presence[one]) for one, funded in self.riders.items()
        )
        return RoomFacts(KRW, fare, HOST, riders)

    @precondition(lambda self: self.locked and not self.closed)
    @rule(fare=st.integers(0, 40_000), agree=st.sets(people))
    def settle(self, fare, agree):
        for rider, amount in settle_room(self.facts(fare), RULES).top_ups.items():
            if rider in agree:
                self.charge(rider, amount)
        self.close(settle_room(self.facts(fare), RULES))

    @precondition(lambda self: not self.closed)
    @rule()
    def cancel(self):
        for rider in self.riders:
            self.presence.setdefault(rider, Presence.BOARDED)
        self.close(give_back_all(self.facts(0)))

    def close(self, settled):
        journal = journals.room_settled(settled, trip=TRIP, captures=self.captures)
        if journal:
            self.books.post(journal)
        self.closed = True

    @rule(amount=st.integers(1, 30_000))
    def pay_out(self, amount):
        journal = journals.payout_sent(payout=self.next(), person=HOST, amount=amount, currency=KRW)
        has = self.books.available(chart.payable(HOST, KRW))
        try:
            self.books.post(journal)
        except Overdrawn:
            assert amount > has
        else:
            assert amount <= has

    @rule(rider=people, amount=st.integers(1, 2_000))
    def dispute(self, rider, amount):
        host, back = chart.payable(HOST, KRW), chart.refund_payable("disputed", KRW)
        if not self.closed or amount > self.books.available(host):
            return
        self.books.hold(host, back, amount)
        won = journals.dispute_won(
            dispute=self.next(), trip=TRIP, host=HOST, payment="disputed", amount=amount,
            currency=KRW,
        )  # fmt: skip
        self.books.capture(won, (host, back, amount))

    @invariant()
    def the_sum_is_nothing(self):
        assert sum(entry.amount for entry, _journal in self.books.entries) == 0

    @invariant()
    def escrow_is_what_the_riders_prepaid_and_nothing_once_closed(self):
        for rider in "BCD":
            funded = 0 if self.closed else self.riders.get(rider, 0)
            assert self.books.balance(chart.escrow(TRIP, rider, KRW)) == funded

    @invariant()
    def nobody_prepaid_more_than_they_agreed_to(self):
        if not self.closed:
            assert all(funded <= self.terms.at_most for funded in self.riders.values())

    @invariant()
    def nothing_is_overdrawn_and_the_chain_holds(self):
        for account, balance in self.books.balances.items():
            assert not account.kind.forbids_overdraft or balance.available >= 0
        assert self.books.broken() == {}

    @invariant()
    def what_came_in_is_all_somewhere(self):
        came = self.books.balance(chart.pg_receivable("toss", KRW))
        liabilities = sum(
            balance.posted
            for account, balance in self.books.balances.items()
            if not account.kind.is_debit_normal
        )
        transit = self.books.balance(chart.shared(AccountKind.PAYOUT_IN_TRANSIT, KRW))
        assert came + transit == liabilities


RoomLife.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
test_a_rooms_money_is_right_whatever_people_do = RoomLife.TestCase
