"""The wallet tells every movement, and whatever stands in it can be added up."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from payments.engine import chart, journals
from payments.engine.chart import AccountKind, Leg, move
from payments.engine.flows import flows_of
from payments.errors import ReceiptNotFound, StatementNotFound
from payments.selectors import movement_words
from payments.selectors.movement_words import Role, What
from payments.selectors.receipts import receipt_of
from payments.selectors.statements import list_months, read_month, statement_of
from payments.selectors.wallet import PAGE_SIZE, Own, list_kept, page_of_movements, purses_of
from payments.services import reverse_journal
from payments.tests.evening import MINUTE, prepaid_evening, prepay, settled_evening
from payments.tests.ledger_scene import book
from rides.tests.api import Api

pytestmark = pytest.mark.usefixtures("city")
MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)


def purse(member):
    (found,) = purses_of(Own(member))
    return found


def everything(member):
    """All movements, newest first, page after page."""
    found, before = [], ""
    while True:
        page = page_of_movements(Own(member), before=before)
        found += page.movements
        if not page.older:
            return found
        before = page.older


def adds_up(member):
    """Balances follow from the changes, and the newest is what the wallet has now."""
    rows = everything(member)
    balance = 0
    for one in reversed(rows):
        balance += one.change
        assert one.balance == balance, one.sentence
    assert balance == purse(member).total
    return rows


class TestFlows:
    """A journal is told as what went from where to where."""

    def test_plain_movements_stay_as_they_were_put_together(self):
        bank, fund = (chart.shared(k, "KRW") for k in (AccountKind.BANK, AccountKind.PENALTY_FUND))
        owed = chart.payable("x", "KRW")
        legs = [*move(bank, fund, 5), *move(fund, owed, 5), *move(owed, bank, 7)]
        told = [(f.source, f.target, f.amount) for f in flows_of(legs)]
        assert told == [(bank, fund, 5), (fund, owed, 5), (owed, bank, 7)]

    def test_others_are_matched_without_losing_anything(self):
        a, b, c = (chart.payable(x, "KRW") for x in "abc")
        told = flows_of([Leg(a, 7), Leg(b, -3), Leg(c, -4)])
        assert [(f.source, f.target, f.amount) for f in told] == [(a, b, 3), (a, c, 4)]


class TestTheFigures:
    """What is mine now, by where it lies."""

    def test_somebody_new_has_nothing_and_is_told_so(self, cast):
        own = Own(cast.rider)
        assert purse(cast.rider).total == 0
        assert (list_kept(own), everything(cast.rider), list_months(own)) == ([], [], [])

    def test_a_prepayment_is_kept_for_its_trip(self, cast, now):
        evening = prepaid_evening(cast, now)
        mine = purse(cast.rider)
        assert (mine.in_escrow, mine.total) == (6_600, 6_600)
        (kept,) = list_kept(Own(cast.rider))
        assert (kept.trip.id, kept.amount) == (evening.room.pk, 6_600)
        assert kept.trip.label == evening.room.pickup_label

    def test_after_the_settlement_each_has_what_the_rules_say(self, cast, now):
        evening = settled_evening(cast, now)
        absent = evening.riders[2]
        assert purse(cast.rider).going_back == 1_025
        assert purse(absent).going_back == 25
        assert purse(cast.driver).owed == 16_725

    def test_a_debt_is_less_than_nothing(self, cast, now):
        evening = prepaid_evening(cast, now)
        evening.post(
            journals.charged_back(
                chargeback="1", provider="test_bank", trip=str(evening.room.pk),
                person=str(cast.rider.pk), amount=8_000, in_escrow=6_600, owed=0,
                currency=evening.room.organization.currency,
            ),
            now,
        )  # fmt: skip
        mine = purse(cast.rider)
        assert (mine.in_escrow, mine.owing, mine.total) == (0, 1_400, -1_400)
        assert [one.what for one in adds_up(cast.rider)] == [
            What.CHARGEBACK, What.CHARGEBACK, What.PREPAID,
        ]  # fmt: skip


class TestTheMovements:
    """Each in words, with its other end by role, and nobody's name."""

    def test_a_rider_reads_the_whole_story(self, cast, now):
        evening = settled_evening(cast, now)
        evening.refund(cast.rider, 1_025, now + 90 * MINUTE)
        told = [(one.what, one.other, one.change) for one in reversed(adds_up(cast.rider))]
        assert told == [
            (What.PREPAID, Role.PROVIDER, 6_600),
            (What.FARE, Role.HOST, -5_575),
            (What.RETURNING, Role.ONESELF, 0),
            (What.REFUNDED, Role.PROVIDER, -1_025),
        ]
        assert all(one.trip.id == evening.room.pk for one in everything(cast.rider))

    def test_who_did_not_come_reads_of_the_penalty(self, cast, now):
        absent = settled_evening(cast, now).riders[2]
        told = {one.what: one.change for one in adds_up(absent)}
        assert told[What.PENALTY] == -1_000

    def test_the_host_reads_of_riders_never_of_their_names(self, cast, now):
        evening = settled_evening(cast, now)
        evening.pay_out(16_725, now + 90 * MINUTE)
        rows = adds_up(cast.driver)
        assert [one.what for one in rows] == [What.PAID_OUT, *[What.RECEIVED] * 3]
        assert {one.other for one in rows} == {Role.BANK, Role.RIDER}
        words = " ".join(one.sentence for one in rows)
        assert not any(rider.display_name.split()[0] in words for rider in evening.riders)

    def test_what_is_taken_back_says_so(self, cast, now):
        payment = prepaid_evening(cast, now).payments[cast.rider.pk]
        reverse_journal(
            organization_id=cast.organization.pk, op_key=f"charge:{payment.pk}", now=now
        )
        newest = adds_up(cast.rider)[0]
        assert (newest.what, newest.change) == (What.PREPAID, -6_600)
        assert newest.sentence.startswith("Taken back: ")

    def test_what_no_rule_knows_is_told_as_a_correction(self, cast, now):
        suspense = chart.shared(AccountKind.SUSPENSE, "KRW")
        book(
            cast.organization, move(suspense, chart.payable(str(cast.rider.pk), "KRW"), 9), now=now
        )
        (row,) = everything(cast.rider)
        assert (row.what, row.change) == (What.CORRECTION, 9)

    def test_every_way_between_two_ends_has_words_that_can_be_filled(self):
        for told in [*movement_words._TOLD.values(), *movement_words._OF_RIDES.values()]:
            assert "%" not in str(told.words) % {"provider": "P", "organization": "O"}

    def test_nobody_reads_of_others(self, cast, now):
        settled_evening(cast, now)
        assert everything(cast.manager) == everything(cast.outsider) == []

    def test_pages_follow_each_other_without_gap_or_repetition(self, cast, now):
        evening = prepaid_evening(cast, now)
        for number in range(2 * PAGE_SIZE):
            prepay(evening, cast.rider, at=now + number * MINUTE, amount=100 + number)
        rows = adds_up(cast.rider)
        assert len({one.id for one in rows}) == len(rows) == 2 * PAGE_SIZE + 1

    def test_an_unknown_cursor_is_the_beginning(self, cast, now):
        prepaid_evening(cast, now)
        own = Own(cast.rider)
        newest = page_of_movements(own).movements
        for cursor in ("x", "²", "99999999", "-1"):
            assert page_of_movements(own, before=cursor).movements == newest


class TestStatements:
    """A month adds up, and the months follow from each other."""

    @pytest.fixture
    def year(self, cast):
        prepaid_evening(cast, MARCH)
        evening = settled_evening(cast, MARCH + timedelta(days=40))
        evening.refund(cast.rider, 1_000, MARCH + timedelta(days=75))
        return evening

    def test_each_month_begins_with_what_the_last_one_ended(self, cast, year):
        own = Own(cast.rider)
        months = list_months(own)[::-1]
        assert [one.month for one in months] == [3, 4, 5]
        closing = 0
        for month in months:
            (account,) = statement_of(own, month).accounts
            assert account.opening == closing
            assert account.opening + account.came - account.went == account.closing
            assert account.opening + sum(one.change for one in account.sums) == account.closing
            closing = account.closing
        assert closing == purse(cast.rider).total

    def test_a_quiet_month_says_so(self, cast, year):
        (account,) = statement_of(Own(cast.rider), read_month("2026-09")).accounts
        assert account.movements == []
        assert account.opening == account.closing == purse(cast.rider).total

    def test_a_month_is_one_of_local_time(self, cast, now):
        # 2026-04-01 02:00 in UTC is still March in Santiago.
        prepaid_evening(cast, datetime(2026, 4, 1, 2, tzinfo=UTC))
        assert [str(one) for one in list_months(Own(cast.rider))] == ["2026-03-01"]

    @pytest.mark.parametrize("text", ["", "2026", "2026-13", "x-1", "99999-01", "9999-12"])
    def test_what_is_no_month_is_not_found(self, cast, text):
        with pytest.raises(StatementNotFound):
            statement_of(Own(cast.rider), read_month(text))


class TestReceipts:
    """A trip's own story."""

    def test_a_receipt_adds_up(self, cast, now):
        evening = settled_evening(cast, now)
        evening.refund(cast.rider, 1_000, now + 90 * MINUTE)
        told = receipt_of(Own(cast.rider), evening.room.pk)
        assert (told.paid, told.fare, told.refunded, told.left) == (6_600, 5_575, 1_000, 25)
        assert told.paid + told.received - told.fare - told.penalty - told.refunded == told.left

    def test_another_trip_is_left_out(self, cast, now):
        first = settled_evening(cast, now)
        second = prepaid_evening(cast, now + timedelta(days=1))
        told = receipt_of(Own(cast.rider), second.room.pk)
        assert [one.what for one in told.movements] == [What.PREPAID]
        assert told.left == 6_600
        assert receipt_of(Own(cast.rider), first.room.pk).left == 1_025

    def test_who_had_no_part_in_it_finds_none(self, cast, now):
        evening = settled_evening(cast, now)
        with pytest.raises(ReceiptNotFound):
            receipt_of(Own(cast.manager), evening.room.pk)


def signed_in(member):
    client = Client()
    client.force_login(member.user)
    return client


class TestPages:
    """What one sees."""

    def test_the_page_shows_the_story(self, cast, now):
        evening = settled_evening(cast, now)
        text = signed_in(cast.rider).get(reverse("payments:wallet")).content.decode()
        for words in ("Your part of the fare, to the host", "On its way back", "Test bank"):
            assert words in text
        assert reverse("payments:receipt", args=[evening.room.pk]) in text

    def test_an_empty_wallet_says_what_will_be_here(self, cast):
        page = signed_in(cast.manager).get(reverse("payments:wallet"))
        assert "Nothing has moved yet" in page.content.decode()

    def test_a_month_that_is_none_is_not_found(self, cast):
        assert (
            signed_in(cast.rider).get(reverse("payments:month", args=["none"])).status_code == 404
        )

    def test_a_long_history_asks_no_more_of_the_database(self, cast, now):
        evening = prepaid_evening(cast, now)
        client = signed_in(cast.rider)

        def count(path):
            client.get(path)
            with CaptureQueriesContext(connection) as caught:
                assert client.get(path).status_code == 200
            return len(caught)

        paths = [reverse("payments:wallet"), reverse("payments:month", args=[f"{now:%Y-%m}"])]
        few = [count(path) for path in paths]
        for number in range(8):
            later = prepaid_evening(cast, now + timedelta(days=number + 1))
            prepay(later, cast.rider, at=now)
        prepay(evening, cast.rider, at=now)
        assert [count(path) for path in paths] == few
        assert max(few) <= 20


class TestTheApi:
    """The same for apps."""

    def test_the_wallet(self, cast, now):
        settled_evening(cast, now)
        body = Api(cast.rider).get("wallet").json()
        assert body["purses"][0]["going_back_minor"] == body["purses"][0]["total_minor"] == 1_025

    def test_movements_come_by_cursor_and_add_up(self, cast, now):
        evening = prepaid_evening(cast, now)
        for number in range(25):
            prepay(evening, cast.rider, at=now + number * MINUTE, amount=100 + number)
        api, rows, query = Api(cast.rider), [], {"page_size": 10}
        while True:
            body = api.get("wallet/movements", **query).json()
            rows += body["results"]
            if body["next"] is None:
                break
            query = {"page_size": 10, "cursor": body["next"].split("cursor=")[1].split("&")[0]}
            query["cursor"] = query["cursor"].replace("%3D", "=")
        assert len(rows) == 26
        balance = 0
        for row in reversed(rows):
            balance += row["change_minor"]
            assert row["balance_minor"] == balance

    def test_a_month(self, cast, now):
        settled_evening(cast, MARCH)
        body = Api(cast.rider).get("wallet/months/2026-03").json()
        (account,) = body["accounts"]
        total = account["opening_minor"] + sum(m["change_minor"] for m in account["movements"])
        assert total == account["closing_minor"] == 1_025

    def test_a_month_that_is_none(self, cast):
        assert Api(cast.rider).get("wallet/months/13-13").json()["code"] == "statement_not_found"
