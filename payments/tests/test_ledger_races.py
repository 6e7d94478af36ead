"""Many at once, and death in the middle: invariants 5, 6, 7 and 9 on real PostgreSQL."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection

from accounts.tests.factories import OrganizationFactory
from carpool.kernel import clock
from carpool.tests.servers import test_database_url
from payments.engine import chart, ledger
from payments.engine.chart import Journal, move
from payments.errors import InsufficientFunds, OperationKeyReused
from payments.models import Journal as JournalRow
from payments.models import JournalEntry
from payments.selectors import audit_books, balance_of, trial_balance
from payments.services import books, capture_hold, place_hold, post_journal
from payments.tests.ledger_scene import BANK, KRW, book, fund
from payments.tests.ledger_worker import POINTS

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
PEOPLE = [chart.payable(str(uuid4()), KRW) for _ in range(6)]
A, B = PEOPLE[:2]
WORKER = Path(__file__).parent / "ledger_worker.py"


@pytest.fixture
def org(transactional_db):
    return OrganizationFactory(name="Books", slug="books", currency=KRW)


def at_once(count, work):
    """Let so many threads begin at the same moment; return how each ended."""
    barrier, ends = threading.Barrier(count), [""] * count

    def run(number):
        barrier.wait()
        try:
            work(number)
            ends[number] = "done"
        except Exception as error:
            ends[number] = type(error).__name__
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(ends)


def deadlocks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def posted(org, account):
    return balance_of(org.pk, account).posted


def test_the_last_credit_is_spent_once(org, now):
    fund(org, A, 1_000, now)
    for round_ in range(5):
        ends = at_once(
            12, lambda n, r=round_: book(org, move(A, PEOPLE[2], 1_000), now=now, key=f"{r}:{n}")
        )
        assert ends == {"done": 1, "InsufficientFunds": 11}
        fund(org, A, 1_000, now)
    assert posted(org, PEOPLE[2]) == 5_000
    assert list(audit_books()) == []


@contextmanager
def unlocked(monkeypatch):
    """Read balances without their lock, and think about it for a moment."""

    def slow(*args, **kwargs):
        time.sleep(0.05)
        return ledger_post(*args, **kwargs)

    ledger_post = ledger.post
    with monkeypatch.context() as patch:
        patch.setattr(books, "CLAIM_AND_LOCK", books.CLAIM_AND_LOCK.replace("FOR UPDATE", ""))
        patch.setattr(ledger, "post", slow)
        yield


def test_without_the_lock_the_database_still_refuses_to_spend_it_twice(org, now, monkeypatch):
    fund(org, A, 1_000, now)
    fund(org, PEOPLE[2], 1, now)  # whoever makes an account holds up the others
    with unlocked(monkeypatch):
        ends = at_once(8, lambda n: book(org, move(A, PEOPLE[2], 1_000), now=now, key=f"{n}"))
    assert ends["done"] == 1
    assert ends["IntegrityError"] > 0, "the harness sees no race"
    assert posted(org, PEOPLE[2]) == 1_001
    assert list(audit_books()) == []


def test_control_without_lock_and_numbers_the_credit_is_spent_twice(org, now, monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE payments_journalentry DROP CONSTRAINT entries_are_numbered_once;"
            "ALTER TABLE payments_ledgerbalance DISABLE TRIGGER USER"
        )
    try:
        fund(org, A, 1_000, now)
        fund(org, PEOPLE[2], 1, now)
        with unlocked(monkeypatch):
            ends = at_once(8, lambda n: book(org, move(A, PEOPLE[2], 1_000), now=now, key=f"{n}"))
        assert ends["done"] > 1
        assert list(audit_books()) != []
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE payments_journalentry, payments_journal, payments_ledgerbalance CASCADE;"
                "ALTER TABLE payments_journalentry ADD CONSTRAINT entries_are_numbered_once"
                " UNIQUE (account_id, sequence);"
                "ALTER TABLE payments_ledgerbalance ENABLE TRIGGER USER"
            )


def test_inv_05_one_operation_sent_fifty_times_at_once_is_one(org, now):
    fund(org, A, 1_000, now)
    before = JournalRow.objects.count()
    assert at_once(50, lambda _n: book(org, move(A, B, 10), now=now, key="x")) == {"done": 50}
    assert (JournalRow.objects.count(), posted(org, B)) == (before + 1, 10)


def test_inv_05_of_different_operations_under_one_key_one_is_carried_out(org, now):
    fund(org, A, 1_000, now)
    ends = at_once(10, lambda n: book(org, move(A, B, 10 + n), now=now, key="x"))
    assert ends == {"done": 1, OperationKeyReused.__name__: 9}
    assert 10 <= posted(org, B) < 20


def test_inv_06_a_hot_account_loses_no_update(org, now):
    fund(org, A, 1, now)

    def many(number):
        for nth in range(20):
            book(org, move(BANK, A, 3), now=now, key=f"{number}:{nth}")

    assert at_once(12, many) == {"done": 12}
    assert posted(org, A) == 1 + 12 * 20 * 3
    assert list(audit_books()) == []


def test_inv_07_transfers_in_every_direction_keep_the_sum_and_never_deadlock(org, now):
    for one in PEOPLE:
        fund(org, one, 500, now)
    before = deadlocks()

    def many(number):
        dice = random.Random(number)
        for nth in range(25):
            some = dice.sample(PEOPLE, 4)
            legs = (*move(some[0], some[1], 9), *move(some[2], some[3], 4))
            try:
                book(org, legs, now=now, key=f"{number}:{nth}")
            except InsufficientFunds:
                continue

    assert at_once(12, many) == {"done": 12}
    assert deadlocks() == before
    assert sum(posted(org, one) for one in PEOPLE) == 3_000
    assert min(posted(org, one) for one in PEOPLE) >= 0
    assert list(audit_books()) == []


def test_accounts_that_many_make_at_once_are_made_once_and_without_a_deadlock(org, now):
    before = deadlocks()
    people = [chart.payable(str(uuid4()), KRW) for _ in range(5)]

    def make(number):
        order = random.Random(number).sample(people, 5)
        book(org, [leg for one in order for leg in move(BANK, one, 1)], now=now, key=f"{number}")

    assert at_once(15, make) == {"done": 15}
    assert [posted(org, one) for one in people] == [15] * 5
    assert deadlocks() == before
    assert list(audit_books()) == []


def test_control_locks_in_any_order_meet_in_a_deadlock(org, now, monkeypatch):
    for one in PEOPLE:
        fund(org, one, 10_000, now)

    def one_by_one(organization_id, asked, accounts, *, now, by_id=None):
        claimed, _none = books.claim_and_lock(organization_id, asked, (), now=now, by_id=by_id)
        mixed = list(accounts)
        random.shuffle(mixed)
        parts = []
        for account in mixed:
            parts.append(books.lock_accounts(organization_id, [account], now=now))
            time.sleep(0.01)
        return claimed, books.LockedAccounts(
            {a: pk for part in parts for a, pk in part.ids.items()},
            {a: balance for part in parts for a, balance in part.balances.items()},
        )

    monkeypatch.setattr("payments.services.ledger.claim_and_lock", one_by_one)
    before = deadlocks()

    def many(number):
        for nth in range(6):
            some = random.Random(number * 100 + nth).sample(PEOPLE, 4)
            legs = (*move(some[0], some[1], 9), *move(some[2], some[3], 4))
            book(org, legs, now=now, key=f"{number}:{nth}")

    ends = at_once(8, many)
    time.sleep(1.2)  # statistics come a moment later
    assert ends["OperationalError"] > 0 or deadlocks() > before


def test_one_hold_is_captured_once_however_many_try(org, now):
    fund(org, A, 1_000, now)
    hold = place_hold(organization_id=org.pk, op_key="h", source=A, target=B, amount=600, now=now)

    def capture(number):
        journal = Journal("test", f"capture:{number}", move(A, B, 500))
        capture_hold(organization_id=org.pk, hold_id=hold.pk, journal=journal, now=now)

    assert at_once(10, capture) == {"done": 1, "HoldClosed": 9}
    assert (posted(org, B), balance_of(org.pk, A).available) == (500, 500)


def test_holds_and_payments_together_never_take_more_than_there_is(org, now):
    fund(org, A, 1_000, now)

    def take(number):
        if number % 2:
            book(org, move(A, PEOPLE[3], 300), now=now, key=f"p{number}")
        else:
            place_hold(
                organization_id=org.pk, op_key=f"h{number}", source=A, target=B, amount=300,
                now=now,
            )  # fmt: skip

    assert at_once(12, take) == {"done": 3, "InsufficientFunds": 9}
    assert balance_of(org.pk, A).available == 100
    assert list(audit_books()) == []


def start_worker(org, name, point=""):
    environment = {
        **os.environ, "DATABASE_URL": test_database_url(), "SECRET_KEY": settings.SECRET_KEY,
        "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, str(WORKER), str(org.pk), name, point],
        env=environment, cwd=Path(settings.BASE_DIR), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def whole(org):
    """Every journal has both its entries, and all is right."""
    assert list(audit_books()) == []
    assert JournalEntry.objects.count() == 2 * JournalRow.objects.count()
    assert sum(line.total for line in trial_balance()) == 0


def wait_until_gone():
    """A killed process's session ends when PostgreSQL notices; its locks with it."""
    with connection.cursor() as cursor:
        for _ in range(100):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone()[0] == 0:
                return
            time.sleep(0.05)


@pytest.mark.parametrize("point", POINTS)
def test_death_at_any_step_of_a_journal_leaves_all_of_it_or_nothing(org, point):
    worker = start_worker(org, "w", point)
    said = worker.communicate(timeout=60)[0].split("\n")
    assert worker.returncode == -signal.SIGKILL
    assert said[-2] == "begun 3"
    wait_until_gone()
    assert set(JournalRow.objects.values_list("op_key", flat=True)) == {"w:0", "w:1", "w:2"}
    whole(org)
    person = chart.payable("11111111-1111-4111-8111-111111111111", KRW)
    for _again in range(2):
        post_journal(
            organization_id=org.pk, journal=Journal("test", "w:3", move(BANK, person, 7)),
            now=clock.now(),
        )  # fmt: skip
    assert posted(org, person) == 28
    whole(org)


def test_kill_at_any_moment_loses_nothing_that_was_confirmed(org):
    dice = random.Random(5)
    for round_ in range(4):
        workers = [start_worker(org, f"{round_}:{n}") for n in range(2)]
        first = [worker.stdout.readline() for worker in workers]
        assert all(first)
        time.sleep(0.2 + dice.random() / 2)
        for worker in workers:
            worker.kill()
        said = [worker.stdout.read() for worker in workers]
        for worker in workers:
            worker.wait(timeout=30)
        wait_until_gone()
        for number, text in enumerate(said):
            confirmed = text.count("done")
            assert confirmed > 0
            kept = JournalRow.objects.filter(op_key__startswith=f"{round_}:{number}:").count()
            assert confirmed <= kept <= confirmed + 1
        whole(org)
