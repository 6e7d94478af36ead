"""The ledger's tables: posting, holds, what the database itself refuses, and the audit."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from accounts.tests.factories import OrganizationFactory
from carpool.kernel import tenancy
from payments.engine import chart, journals
from payments.engine.chart import AccountKind, Journal, Leg, move
from payments.errors import (
    InsufficientFunds,
    OperationKeyReused,
    TripNotSettled,
)
from payments.models import Journal as JournalRow
from payments.models import (
    JournalEntry,
    LedgerAccount,
    LedgerBalance,
)
from payments.selectors import audit_books, balance_of, escrow_of, list_movements, trial_balance
from payments.services import (
    close_trip,
    post_journal,
    post_journals,
    reverse_journal,
)
from payments.tests.ledger_scene import BANK, KRW, book, charge, check_deferred, fund, unguarded

pytestmark = pytest.mark.django_db
A, B = (chart.payable(str(uuid4()), KRW) for _ in "ab")


@pytest.fixture
def org(db):
    return OrganizationFactory(name="Books", slug="books", currency=KRW)


def balance(org, account):
    return balance_of(org.pk, account).posted


def test_a_journal_moves_money_and_says_so_on_both_accounts(org, now):
    row = fund(org, A, 500, now)
    assert (balance(org, A), balance(org, BANK)) == (500, 500)
    entries = list(row.entries.order_by("id"))
    assert [(one.amount, one.balance_after, one.sequence) for one in entries] == [
        (500, 500, 1), (-500, 500, 1),
    ]  # fmt: skip
    check_deferred()
    assert list(audit_books()) == []


def test_the_same_operation_is_carried_out_once(org, now):
    journal = Journal("test", "op:1", move(BANK, A, 5))
    first = post_journal(organization_id=org.pk, journal=journal, now=now)
    again = post_journal(organization_id=org.pk, journal=journal, now=now + timedelta(days=1))
    assert (first.pk, balance(org, A), JournalEntry.objects.count()) == (again.pk, 5, 2)


def test_another_operation_under_the_same_key_is_refused(org, now):
    book(org, move(BANK, A, 5), now=now, key="op:1")
    with pytest.raises(OperationKeyReused):
        book(org, move(BANK, A, 6), now=now, key="op:1")
    other = OrganizationFactory(slug="other")
    assert book(other, move(BANK, A, 6), now=now, key="op:1").organization == other


def test_what_is_refused_leaves_nothing_not_even_its_key(org, now):
    with pytest.raises(InsufficientFunds):
        book(org, move(A, B, 1), now=now, key="op:1")
    assert not JournalRow.objects.exists()
    fund(org, A, 1, now)
    assert book(org, move(A, B, 1), now=now, key="op:1")


def test_several_journals_are_posted_all_or_none(org, now):
    good = Journal("test", "op:2", move(BANK, A, 5))
    bad = Journal("test", "op:1", move(B, A, 5))
    with pytest.raises(InsufficientFunds):
        post_journals(organization_id=org.pk, journals=[good, bad], now=now)
    assert not JournalEntry.objects.exists()
    spend = Journal("test", "op:1", move(A, B, 5))
    rows = post_journals(organization_id=org.pk, journals=[good, spend], now=now)
    assert [row.op_key for row in rows] == ["op:2", "op:1"]
    assert (balance(org, A), balance(org, B)) == (0, 5)
    check_deferred()


def test_a_reversal_is_a_new_journal_once(org, now):
    fund(org, A, 500, now)
    key = book(org, move(A, B, 200), now=now).op_key
    first = reverse_journal(organization_id=org.pk, op_key=key, now=now)
    again = reverse_journal(organization_id=org.pk, op_key=key, now=now)
    assert first.pk == again.pk
    assert (balance(org, A), balance(org, B), JournalRow.objects.count()) == (500, 0, 3)
    check_deferred()
    assert list(audit_books()) == []


def test_what_has_been_used_meanwhile_cannot_be_taken_back(org, now):
    fund(org, A, 500, now)
    key = book(org, move(A, B, 200), now=now).op_key
    book(org, move(B, chart.payable(str(uuid4()), KRW), 150), now=now)
    with pytest.raises(InsufficientFunds):
        reverse_journal(organization_id=org.pk, op_key=key, now=now)


@pytest.mark.parametrize("legs", [2, 12])
def test_a_journal_costs_the_same_queries_however_many_legs(
    org, now, legs, django_assert_num_queries
):
    people = [chart.payable(str(uuid4()), KRW) for _ in range(legs // 2)]
    moves = [leg for one in people for leg in move(BANK, one, 100)]
    book(org, moves, now=now)
    with django_assert_num_queries(4):  # two of them are the savepoint of the test's transaction
        book(org, moves, now=now)


class TestTheDatabaseItself:
    """It refuses what the code would never do."""

    def row(self, org, now):
        return fund(org, A, 500, now)

    def add(self, row, *entries):
        """Add entries (account, amount) in one statement."""
        JournalEntry.objects.bulk_create(
            JournalEntry(
                journal=row, account=account, sequence=99, amount=amount,
                currency=account.currency,
                balance_after=amount, hash=b"x",
            )
            for account, amount in entries
        )  # fmt: skip

    def test_entries_that_do_not_come_to_nothing_are_refused_at_once(self, org, now):
        row = self.row(org, now)
        with pytest.raises(IntegrityError, match="does not balance"):
            self.add(row, (LedgerAccount.objects.get(kind="bank"), 1))

    def test_control_without_the_look_at_additions_they_are_taken(self, org, now):
        row = self.row(org, now)
        check_deferred()
        self.run("DROP TRIGGER additions_balance ON payments_journalentry")
        self.add(row, (LedgerAccount.objects.get(kind="bank"), 1))
        check_deferred()

    def test_a_journal_without_entries_is_refused_at_commit(self, org, now):
        JournalRow.objects.create(
            organization=org, kind="x", op_key="x", fingerprint="x", created_at=now
        )
        with pytest.raises(IntegrityError, match="does not balance"):
            check_deferred()

    def test_two_currencies_do_not_balance_each_other(self, org, now):
        row = self.row(org, now)
        check_deferred()
        bank = LedgerAccount.objects.get(kind="bank")
        euro = LedgerAccount.objects.create(
            organization=org, kind="bank", currency="EUR", no_overdraft=False
        )
        with pytest.raises(IntegrityError, match="does not balance"):
            self.add(row, (bank, 5), (euro, -5))

    def test_an_entry_on_an_account_of_another_currency_or_organization_is_refused(self, org, now):
        other = OrganizationFactory(slug="other")
        fund(other, A, 5, now)
        row = self.row(org, now)
        check_deferred()
        theirs = LedgerAccount.objects.filter(organization=other)
        legs = [(account, 5 if account.kind == "bank" else -5) for account in theirs]
        with pytest.raises(IntegrityError, match="does not balance"):
            self.add(row, *legs)

    @pytest.mark.parametrize("change", [{"posted": 10**9}, {"version": 7}, {"head": b"x"},
                                        {"no_overdraft": False}])  # fmt: skip
    def test_a_balance_that_its_entries_do_not_say_is_refused(self, org, now, change):
        self.row(org, now)
        check_deferred()
        LedgerBalance.objects.filter(account__kind="payable").update(**change)
        with pytest.raises(IntegrityError, match="is not what its entries say"):
            check_deferred()

    @pytest.mark.parametrize(
        "change", [{"posted": -1}, {"pending_out": 501}, {"pending_out": -1}, {"pending_in": -1}]
    )
    def test_a_balance_below_its_holds_is_refused_at_once(self, org, now, change):
        self.row(org, now)
        with pytest.raises(IntegrityError):
            LedgerBalance.objects.filter(account__kind="payable").update(**change)

    @pytest.mark.parametrize("table", ["journal", "journalentry", "ledgeraccount", "tripclosing"])
    @pytest.mark.parametrize("what", ["UPDATE payments_{} SET id = id", "DELETE FROM payments_{}"])
    def test_nothing_booked_is_changed_or_deleted_by_the_web_or_the_owner(
        self, org, now, table, what
    ):
        self.row(org, now)
        trip = uuid4()
        close_trip(organization_id=org.pk, trip_id=trip, now=now)
        statement = what.format(table)
        with pytest.raises(ProgrammingError, match="only ever added"), transaction.atomic():
            self.run(statement)
        with (
            tenancy.inside(frozenset({org.pk})),
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
        ):
            self.run(statement)

    def test_control_without_the_trigger_the_owner_can_and_the_audit_tells(self, org, now):
        self.row(org, now)
        check_deferred()
        unguarded("UPDATE payments_journalentry SET amount = amount * 2")
        assert {one.what for one in audit_books()} == {
            "does not follow at entry 1", "is not what was asked for",
        }  # fmt: skip

    def run(self, statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    def test_the_web_of_one_organization_posts_and_another_sees_nothing(self, org, now):
        other = OrganizationFactory(slug="other")
        with tenancy.inside(frozenset({org.pk})):
            self.row(org, now)
            assert balance(org, A) == 500
            check_deferred()
        with tenancy.inside(frozenset({other.pk})):
            assert balance(org, A) == 0
            assert not JournalEntry.objects.exists()
            with pytest.raises(DatabaseError), transaction.atomic():
                fund(org, A, 1, now)


class TestTripsClose:
    """A closed trip's escrow is empty and stays so."""

    def test_a_trip_closes_when_its_escrow_is_empty_and_takes_no_money_any_more(self, org, now):
        trip, rider = uuid4(), uuid4()
        charge(org, trip, rider, 6_600, now)
        assert escrow_of(org.pk, trip) == 6_600
        with pytest.raises(TripNotSettled):
            close_trip(organization_id=org.pk, trip_id=trip, now=now)
        book(org, move(chart.escrow(str(trip), str(rider), KRW), A, 6_600), now=now, trip=str(trip))
        first = close_trip(organization_id=org.pk, trip_id=trip, now=now)
        assert close_trip(organization_id=org.pk, trip_id=trip, now=now).pk == first.pk
        check_deferred()
        charge(org, trip, rider, 6_600, now)
        with pytest.raises(IntegrityError, match="is closed"):
            check_deferred()

    def test_somebodys_movements_are_explained_newest_first(self, org, now):
        trip, rider = uuid4(), uuid4()
        charge(org, trip, rider, 6_600, now)
        fund(org, chart.payable(str(rider), KRW), 50, now)
        movements = list_movements(org.pk, rider)
        assert [(one.journal.kind, one.amount) for one in movements] == [
            ("test", -50), ("charge", -6_600),
        ]  # fmt: skip


def test_the_trial_balance_comes_to_nothing_and_names_every_kind(org, now):
    charge(org, uuid4(), uuid4(), 6_600, now)
    fund(org, A, 500, now)
    lines = {line.kind: (line.accounts, line.total) for line in trial_balance()}
    assert lines == {
        "pg_receivable": (1, 6_600), "escrow": (1, -6_600), "bank": (1, 500), "payable": (1, -500),
    }  # fmt: skip
    assert sum(total for _n, total in lines.values()) == 0


@pytest.mark.django_db(transaction=True)
def test_the_commands_say_that_the_books_are_right_or_what_is_wrong(now, capsys):
    org = OrganizationFactory(slug="books")
    fund(org, A, 500, now)
    call_command("trial_balance")
    call_command("check_books")
    said = capsys.readouterr().out
    assert "payable" in said
    assert "0 KRW" in said
    assert "The books are right." in said
    unguarded(
        "UPDATE payments_journalentry SET amount = 499 WHERE amount = 500",
        "UPDATE payments_ledgerbalance SET posted = 499 WHERE posted = 500",
    )
    with pytest.raises(CommandError, match="differ"):
        call_command("trial_balance")
    with pytest.raises(CommandError, match="errors in the books"):
        call_command("check_books")
    assert "is off by -1 KRW" in capsys.readouterr().out


def test_e1_on_the_tables_empties_the_escrow(org, now):
    trip, host = uuid4(), uuid4()
    riders = [uuid4() for _ in range(3)]
    for rider in riders:
        charge(org, trip, rider, 6_600, now)
    legs = [
        leg
        for rider in riders
        for target, amount in (
            (chart.payable(str(host), KRW), 5_575), (chart.refund_payable(str(rider), KRW), 1_025)
        )
        for leg in move(chart.escrow(str(trip), str(rider), KRW), target, amount)
    ]  # fmt: skip
    book(org, legs, now=now, trip=str(trip))
    close_trip(organization_id=org.pk, trip_id=trip, now=now)
    check_deferred()
    assert balance(org, chart.payable(str(host), KRW)) == 16_725
    assert list(audit_books()) == []


def test_a_journals_time_and_kind_are_part_of_its_chain(org, now):
    fund(org, A, 500, now)
    check_deferred()
    unguarded("UPDATE payments_journal SET created_at = created_at - interval '1 day'")
    assert {one.what for one in audit_books()} == {"does not follow at entry 1"}


def test_a_leg_of_the_engine_is_the_leg_of_the_tables(org, now):
    charged = journals.charge_captured(
        payment="p", provider="toss", trip=str(uuid4()), rider=str(uuid4()), amount=5, currency=KRW
    )
    row = post_journal(organization_id=org.pk, journal=charged, now=now)
    told = [
        Leg(one.account.as_chart, one.amount)
        for one in row.entries.select_related("account").order_by("id")
    ]
    assert tuple(told) == charged.legs
    assert LedgerAccount.objects.get(kind=AccountKind.ESCROW).no_overdraft
