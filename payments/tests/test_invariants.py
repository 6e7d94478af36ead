"""The fifteen invariants of a ledger, each with a mutant that it catches.

Their list is the ledger-conformance-kit's (Technomorph, Apache-2.0); 5, 6, 7 and 9 speak of many at
once and are shown on the tables, with real processes: ``test_ledger_races.py``.
"""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.engine import chart, ledger
from payments.engine.chart import AccountKind, Journal, JournalInvalid, Leg, move
from payments.engine.ledger import Overdrawn
from payments.tests.books import NOW, Books, KeyReused

A, B, C = (chart.payable(person, "KRW") for person in "abc")
BANK = chart.shared(AccountKind.BANK, "KRW")
ACCOUNTS = [A, B, C, BANK]
steps = st.lists(
    st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.integers(1, 900)),
    max_size=40,
)


def played(some, books=None):
    """Post what can be posted, and say what was refused."""
    books = books or Books()
    refused = []
    for number, (debit, credit, amount) in enumerate(some):
        journal = Journal("test", f"op:{number}", move(debit, credit, amount))
        try:
            books.post(journal)
        except Overdrawn:
            refused.append(journal)
    return books, refused


def inv_01_every_journal_is_balanced_per_currency(books):
    sums = {}
    for entry, journal in books.entries:
        key = journal.op_key, entry.account.currency
        sums[key] = sums.get(key, 0) + entry.amount
    assert not any(sums.values())


def inv_02_nothing_is_changed_afterwards(books):
    assert {entry.hash for entry, _ in books.entries} == {
        ledger.link(
            before.hash if before else ledger.GENESIS, sequence=entry.sequence,
            amount=entry.amount, balance_after=entry.balance_after,
            stamp=ledger.Stamp.of(journal, NOW),
        )
        for before, entry, journal in _chained(books)
    }  # fmt: skip


def _chained(books):
    last = {}
    for entry, journal in books.entries:
        yield last.get(entry.account), entry, journal
        last[entry.account] = entry


def inv_03_the_hash_chain_is_intact(books):
    assert books.broken() == {}


def inv_08_a_balance_is_the_sum_of_its_entries(books):
    for account, balance in books.balances.items():
        own = [entry.amount for entry, _ in books.entries if entry.account == account]
        assert balance.posted == account.direction * sum(own)


def inv_09_no_account_that_forbids_it_is_overdrawn(books):
    for account, balance in books.balances.items():
        assert not account.kind.forbids_overdraft or balance.available >= 0


def inv_13_the_state_rebuilds_from_the_journals(books):
    again = Books()
    for journal in books.journals.values():
        again.post(journal)
    assert again.balances == books.balances


def inv_14_an_accounts_entries_are_numbered_without_gaps(books):
    for account, balance in books.balances.items():
        numbers = [entry.sequence for entry, _ in books.entries if entry.account == account]
        assert numbers == list(range(1, balance.version + 1))


ALWAYS = [value for name, value in sorted(globals().items()) if name.startswith("inv_")]


@settings(deadline=None)
@given(some=steps)
def test_whatever_is_posted_every_standing_invariant_holds(some):
    books, _refused = played(some)
    for invariant in ALWAYS:
        invariant(books)


@given(some=steps)
def test_inv_04_a_journal_sent_twice_changes_nothing(some):
    once, _ = played(some)
    twice, _ = played(some)
    for journal in list(twice.journals.values()):
        assert not twice.post(journal)
    assert (once.balances, once.entries) == (twice.balances, twice.entries)


def test_inv_04_a_key_that_stands_for_something_else_is_refused():
    books = Books()
    books.post(Journal("test", "op:1", move(BANK, A, 5)))
    for other in (move(BANK, A, 6), move(BANK, B, 5), move(BANK, A, 5) * 2):
        with pytest.raises(KeyReused):
            books.post(Journal("test", "op:1", other))


@given(parts=st.lists(st.integers(1, 3), min_size=1, max_size=300))
def test_inv_10_many_small_movements_lose_nothing(parts):
    books = Books()
    for number, part in enumerate(parts):
        books.post(Journal("test", f"op:{number}", move(BANK, A, part)))
    assert books.balance(A) == books.balance(BANK) == sum(parts)


def test_inv_11_currencies_do_not_mix_in_a_journal():
    euro = chart.payable("a", "EUR")
    with pytest.raises(JournalInvalid, match="differ"):
        Journal("test", "op:1", (Leg(BANK, 5), Leg(euro, -5)))
    both = (*move(BANK, A, 5), *move(chart.shared(AccountKind.BANK, "EUR"), euro, 7))
    assert Books().post(Journal("test", "op:1", both))


def test_inv_12_a_reversal_is_a_journal_of_its_own_and_leaves_the_first():
    books = Books()
    first = Journal("test", "op:1", move(BANK, A, 5))
    books.post(first)
    books.post(chart.reversal(first, op_key="undo:1"))
    assert (books.balance(A), books.balance(BANK), len(books.entries)) == (0, 0, 4)
    assert books.journals["undo:1"].reverses == "op:1"


@given(some=steps)
def test_inv_15_what_was_refused_is_refused_again_and_leaves_no_trace(some):
    books, refused = played(some)
    before = dict(books.balances), list(books.entries)
    for journal in refused:
        if books.available(journal.legs[0].account) >= journal.legs[0].amount:
            continue  # by now there is enough
        with pytest.raises(Overdrawn):
            books.post(journal)
        assert journal.op_key not in books.journals
    assert before == (books.balances, books.entries)


class TestHolds:
    """Holds reserve, and are captured once, in part or whole."""

    @given(amount=st.integers(1, 1_000), funded=st.integers(0, 1_000), taken=st.integers(0, 1_200))
    def test_what_is_held_can_be_taken_by_nobody_else(self, amount, funded, taken):
        books = Books()
        if funded:
            books.post(Journal("test", "fund", move(BANK, A, funded)))
        if amount > funded:
            with pytest.raises(Overdrawn):
                books.hold(A, B, amount)
            return
        books.hold(A, B, amount)
        assert (books.available(A), books.balances[B].pending_in) == (funded - amount, amount)
        with pytest.raises(Overdrawn):
            books.post(Journal("test", "steal", move(A, C, funded - amount + 1)))
        if 0 < taken <= amount:
            books.capture(Journal("test", "capture", move(A, B, taken)), (A, B, amount))
            assert (books.balance(B), books.available(A)) == (taken, funded - taken)
        else:
            with pytest.raises(JournalInvalid):
                books.capture(Journal("test", "x", move(A, B, amount + 1 + taken)), (A, B, amount))
            books.release(A, B, amount)
            assert books.available(A) == funded
        assert all(one.pending_out == one.pending_in == 0 for one in books.balances.values())

    @pytest.mark.parametrize(
        ("from_", "to", "amount"), [(A, B, 0), (A, A, 5), (BANK, A, 5), (A, BANK, 5)]
    )
    def test_a_hold_is_of_something_owed_for_somebody_else(self, from_, to, amount):
        with pytest.raises(JournalInvalid):
            Books().hold(from_, to, amount)


@pytest.mark.parametrize("amount", [0, 1.0, True, "1"])
def test_amounts_are_whole_and_not_nothing(amount):
    with pytest.raises((JournalInvalid, TypeError)):
        Journal("test", "op:1", (Leg(BANK, amount), Leg(A, -amount if amount != "1" else "1")))


def test_a_journal_has_two_legs_a_key_and_no_more_than_an_account_can_carry():
    with pytest.raises(JournalInvalid):
        Journal("test", "op:1", ())
    with pytest.raises(JournalInvalid):
        Journal("test", "", move(BANK, A, 1))
    with pytest.raises(JournalInvalid):
        move(BANK, A, -1)
    with pytest.raises(JournalInvalid, match="carry"):
        Books().post(Journal("test", "op:1", move(BANK, A, 2**63)))


SCENE = [(BANK, A, 900), (A, B, 400), (A, B, 700), (B, C, 100), (BANK, B, 5), (B, A, 5), (C, B, 3)]


def unchecked(_account, _before, _after):
    pass


def checked_after_the_fact(account, before, after):
    if before.available < 0:
        raise Overdrawn(account, before.available)


def one_number_for_all(before, leg, stamp):
    entry = REAL_ENTRY(before, leg, stamp)
    return replace(entry, sequence=1)


def lost_update(before, leg, stamp):
    entry = REAL_ENTRY(before, leg, stamp)
    return replace(entry, balance_after=leg.account.direction * leg.amount)


def unchained(_previous, *, sequence, **_rest):
    return bytes([sequence % 256]) * 32


def one_sided(before, leg, stamp):
    return REAL_ENTRY(before, replace(leg, amount=-abs(leg.amount)), stamp)


def a_unit_too_much(before, leg, stamp):
    entry = REAL_ENTRY(before, leg, stamp)
    return replace(entry, balance_after=entry.balance_after + 1)


REAL_ENTRY = ledger._entry
MUTANTS = [
    ("_check", unchecked, {"inv_09"}),
    ("_check", checked_after_the_fact, {"inv_09"}),
    ("_entry", one_number_for_all, {"inv_02", "inv_03", "inv_14"}),
    ("_entry", lost_update, {"inv_02", "inv_03", "inv_08"}),
    ("_entry", one_sided, {"inv_01"}),
    ("link", unchained, {"inv_02", "inv_03"}),
    ("_entry", a_unit_too_much, {"inv_02", "inv_03", "inv_08"}),
]


@pytest.mark.parametrize(("place", "mutant", "caught_by"), MUTANTS)
def test_control_each_mutant_is_caught_by_exactly_its_invariants(
    place, mutant, caught_by, monkeypatch
):
    monkeypatch.setattr(ledger, place, mutant)
    books, _refused = played(SCENE)
    monkeypatch.undo()
    found = {one.__name__[:6] for one in ALWAYS if one is not inv_13 and not _holds(one, books)}
    assert found == caught_by


inv_13 = inv_13_the_state_rebuilds_from_the_journals


def _holds(invariant, books):
    try:
        invariant(books)
    except AssertionError:
        return False
    return True


def _tampered():
    """What somebody with a database prompt might do to the books."""

    def change(books, number, **fields):
        entry, journal = books.entries[number]
        books.entries[number] = replace(entry, **fields), journal

    yield "amount", lambda books: change(books, 2, amount=401)
    yield "balance", lambda books: change(books, 2, balance_after=1)
    yield "hash", lambda books: change(books, 2, hash=bytes(32))
    yield "left out", lambda books: books.entries.pop(2)
    yield "last left out", lambda books: books.entries.pop()
    yield "put in", lambda books: books.entries.insert(3, books.entries[2])
    yield "order", lambda books: books.entries.reverse()
    yield (
        "balance itself",
        lambda books: books.balances.update({A: replace(books.balances[A], posted=10**6)}),
    )


@pytest.mark.parametrize(("name", "tamper"), list(_tampered()))
def test_inv_02_and_03_whatever_is_done_to_an_entry_the_chain_tells(name, tamper):
    books, _refused = played(SCENE)
    assert books.broken() == {}
    tamper(books)
    assert books.broken() != {}, name


def test_inv_13_books_whose_journals_say_something_else_do_not_rebuild():
    books, _refused = played(SCENE)
    inv_13(books)
    books.journals["op:4"] = Journal("test", "op:4", move(BANK, B, 6))
    with pytest.raises(AssertionError):
        inv_13(books)


def test_the_chain_is_of_this_account_with_this_journal_and_time():
    books, _refused = played(SCENE)
    entry, journal = books.entries[0]
    stamp = ledger.Stamp.of(journal, NOW)
    told = {
        "sequence": entry.sequence, "amount": entry.amount, "balance_after": entry.balance_after
    }  # fmt: skip
    assert ledger.link(ledger.GENESIS, **told, stamp=stamp) == entry.hash
    for other in (
        replace(stamp, op_key="x"), replace(stamp, fingerprint="x"),
        replace(stamp, at=NOW.replace(microsecond=123457)),
    ):  # fmt: skip
        assert ledger.link(ledger.GENESIS, **told, stamp=other) != entry.hash
    assert all(one.hash != other.hash for (one, _), (other, _) in pairwise(books.entries))
