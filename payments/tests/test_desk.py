"""The operators' desk: books to look at, corrections by two, alarms, exports that others accept."""

import csv
import io
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.tests.factories import UserFactory
from carpool.kernel import clock
from payments import services
from payments.engine import chart
from payments.engine.chart import AccountKind, move
from payments.errors import (
    AccountUnknown,
    InsufficientFunds,
    ManualJournalClosed,
    SamePersonDecides,
)
from payments.models import Journal, ManualJournal, ManualState
from payments.selectors import audit_books, balance_of
from payments.selectors.desk import balances_by_kind, fund_balances, fund_months, list_alarms
from payments.selectors.exports import write_beancount, write_csv
from payments.tests.evening import settled_evening
from payments.tests.ledger_scene import book

pytestmark = pytest.mark.usefixtures("city")
BEAN_CHECK = Path(sys.executable).parent / "bean-check"
HOUR = timedelta(hours=1)


@pytest.fixture
def evening(cast, now):
    return settled_evening(cast, now - 3 * HOUR)


@pytest.fixture
def second(db):
    return UserFactory(email="second@copper.example", is_staff=True, is_superuser=True)


def proposal(cast, **changes):
    plain = {
        "organization": cast.organization, "debit_kind": "bank", "credit_kind": "suspense",
        "amount": 500, "currency": cast.organization.currency, "why": "Found on the statement",
    }  # fmt: skip
    return ManualJournal(**plain | changes)


class TestByTwo:
    """Who proposes a movement does not post it."""

    def propose(self, cast, now, **changes):
        return services.propose_journal(
            proposal=proposal(cast, **changes), by=cast.operator.user, now=now
        )

    def test_another_person_posts_it(self, cast, second, now):
        one = self.propose(cast, now)
        suspense = chart.shared(AccountKind.SUSPENSE, one.currency)
        assert balance_of(cast.organization.pk, suspense).posted == 0, "nothing moved yet"
        done = services.post_proposed(proposal_id=one.pk, by=second, now=now)
        assert (done.state, done.journal.kind) == (ManualState.POSTED, "manual")
        assert balance_of(cast.organization.pk, suspense).posted == 500
        assert list(audit_books()) == []

    def test_the_same_person_does_not(self, cast, now):
        one = self.propose(cast, now)
        with pytest.raises(SamePersonDecides):
            services.post_proposed(proposal_id=one.pk, by=cast.operator.user, now=now)
        assert not Journal.objects.exists()

    def test_the_database_says_so_too(self, cast, now):
        one = self.propose(cast, now)
        with pytest.raises(IntegrityError), transaction.atomic():
            ManualJournal.objects.filter(pk=one.pk).update(decided_by=cast.operator.user)

    def test_it_is_posted_once(self, cast, second, now):
        one = self.propose(cast, now)
        services.post_proposed(proposal_id=one.pk, by=second, now=now)
        for act in (services.post_proposed, services.refuse_proposed):
            with pytest.raises(ManualJournalClosed):
                act(proposal_id=one.pk, by=second, now=now)
        assert Journal.objects.count() == 1

    def test_who_proposed_may_withdraw(self, cast, now):
        one = self.propose(cast, now)
        done = services.refuse_proposed(proposal_id=one.pk, by=cast.operator.user, now=now)
        assert done.state == ManualState.REFUSED

    def test_no_account_is_overdrawn_by_hand(self, cast, second, evening, now):
        one = self.propose(
            cast, now, debit_kind="payable", debit_key=str(cast.driver.pk), amount=16_726,
            credit_kind="bank",
        )  # fmt: skip
        with pytest.raises(InsufficientFunds):
            services.post_proposed(proposal_id=one.pk, by=second, now=now)
        one.refresh_from_db()
        assert one.state == ManualState.PROPOSED

    @pytest.mark.parametrize(
        "changes",
        [{"credit_kind": "payable", "credit_key": "nobody"}, {"credit_kind": "bank"}],
    )
    def test_an_account_that_is_not_there_is_refused(self, cast, now, changes):
        with pytest.raises(AccountUnknown):
            self.propose(cast, now, **changes)


class TestAlarms:
    """Money in a clearing account has an age."""

    def put(self, cast, amount, at):
        kinds = AccountKind.BANK, AccountKind.SUSPENSE
        bank, suspense = (chart.shared(kind, "KRW") for kind in kinds)
        legs = move(bank, suspense, amount) if amount > 0 else move(suspense, bank, -amount)
        book(cast.organization, legs, now=at)

    def test_an_alarm_is_as_old_as_the_money_since_it_was_last_empty(self, cast, now):
        self.put(cast, 100, now - 90 * HOUR)
        self.put(cast, -100, now - 80 * HOUR)
        self.put(cast, 70, now - 30 * HOUR)
        self.put(cast, -20, now - 2 * HOUR)
        (alarm,) = list_alarms(now)
        assert (alarm.posted, alarm.since, alarm.is_overdue) == (50, now - 30 * HOUR, True)

    def test_young_money_is_shown_and_alarms_nobody(self, cast, now):
        self.put(cast, 100, now - HOUR)
        assert [one.is_overdue for one in list_alarms(now)] == [False]
        assert list_alarms(now, overdue_only=True) == []

    def test_an_empty_account_is_no_alarm(self, cast, now):
        self.put(cast, 100, now - 90 * HOUR)
        self.put(cast, -100, now)
        assert list_alarms(now) == []

    def test_many_accounts_take_one_query(self, cast, evening, now):
        with CaptureQueriesContext(connection) as caught:
            assert len(list_alarms(now)) == 3  # refunds that nobody has asked for yet
        assert len(caught) == 1


class TestExports:
    """Other programs take the books and find them right."""

    def bean_check(self, text, folder):
        file = folder / "books.beancount"
        file.write_text(text)
        return subprocess.run([BEAN_CHECK, file], capture_output=True, text=True, check=False)

    def test_beancount_finds_no_fault(self, cast, evening, now, tmp_path):
        evening.refund(cast.rider, 1_025, now)
        evening.pay_out(16_725, now)
        cast.organization.name = 'The "Copper" \\ works'
        text = "".join(write_beancount(cast.organization, clock.now()))
        assert text.count(" balance ") >= 8
        done = self.bean_check(text, tmp_path)
        assert (done.returncode, done.stderr) == (0, "")

    def test_beancount_would_find_a_fault(self, cast, evening, now, tmp_path):
        text = "".join(write_beancount(cast.organization, clock.now()))
        amount = "55.75" if "55.75" in text else "5575"
        done = self.bean_check(text.replace(f" {amount}", f" 1{amount}", 1), tmp_path)
        assert done.returncode != 0

    def test_the_table_balances_journal_by_journal(self, cast, evening, now):
        rows = list(csv.DictReader(io.StringIO("".join(write_csv(cast.organization, clock.now())))))
        sums = {}
        for row in rows:
            signed = float(row["debit"] or 0) - float(row["credit"] or 0)
            sums[row["journal"]] = round(sums.get(row["journal"], 0) + signed, 6)
        assert len(sums) == 4
        assert set(sums.values()) == {0}

    def test_no_name_is_in_it(self, cast, evening, now):
        for write in (write_csv, write_beancount):
            text = "".join(write(cast.organization, clock.now()))
            assert not any(one.display_name.split()[0] in text for one in evening.riders)

    def test_another_organizations_books_are_not_in_it(self, cast, evening, now):
        assert len(list(write_csv(cast.outsider.organization, clock.now()))) == 1


class TestTheDesk:
    """What operators see."""

    def client(self, member):
        client = Client()
        client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def test_balances_come_to_nothing(self, cast, evening):
        assert sum(row.signed for row in balances_by_kind(cast.organization)) == 0
        page = self.client(cast.operator).get(reverse("admin:payments_journal_desk"))
        assert "penalty_fund" in page.content.decode()

    @pytest.mark.parametrize("form", ["csv", "beancount"])
    def test_exports_are_given_to_operators_only(self, cast, evening, form):
        path = reverse("admin:payments_journal_export", args=[cast.organization.pk, form])
        answer = self.client(cast.operator).get(path)
        assert b"settle_room" in b"".join(answer.streaming_content)
        assert self.client(cast.manager).get(path).status_code == 302

    def test_a_clerk_without_permission_is_refused(self, cast, evening):
        clerk = UserFactory(email="clerk@copper.example", is_staff=True)
        client = Client()
        client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get(reverse("admin:payments_journal_desk")).status_code == 403

    def test_an_unknown_form_is_not_found(self, cast, evening):
        path = reverse("admin:payments_journal_export", args=[cast.organization.pk, "xls"])
        assert self.client(cast.operator).get(path).status_code == 404

    def test_proposing_and_posting_by_hand(self, cast, second):
        sent = {
            "organization": cast.organization.pk, "debit_kind": "bank", "credit_kind": "suspense",
            "amount": 500, "currency": cast.organization.currency, "why": "Found",
        }  # fmt: skip
        mine, other = self.client(cast.operator), Client()
        other.force_login(second, backend="django.contrib.auth.backends.ModelBackend")
        assert mine.post(reverse("admin:payments_manualjournal_add"), sent).status_code == 302
        one = ManualJournal.objects.get()
        act = {"action": "post_them", "_selected_action": [str(one.pk)]}
        listed = reverse("admin:payments_manualjournal_changelist")
        for client, state in ((mine, ManualState.PROPOSED), (other, ManualState.POSTED)):
            client.post(listed, act)
            one.refresh_from_db()
            assert one.state == state


class TestTheFund:
    """What managers see of penalties."""

    def test_what_lies_in_it(self, cast, evening):
        assert list(fund_balances(cast.organization).values()) == [1_000]
        (month,) = fund_months(cast.organization)
        assert (month.came, month.went, month.count) == (1_000, 0, None)

    def test_managers_read_it_and_nobody_else(self, cast, evening):
        client = Client()
        client.force_login(cast.manager.user)
        text = client.get(reverse("payments:fund")).content.decode()
        assert "fewer than 5" in text
        assert evening.riders[2].display_name not in text
        client.force_login(cast.rider.user)
        assert client.get(reverse("payments:fund")).status_code == 403
