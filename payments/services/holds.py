"""Reserving money on an account, and what becomes of it: captured in part or whole, or released."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from payments.engine import chart, ledger
from payments.errors import HoldClosed, HoldNotFound, InsufficientFunds, OperationKeyReused
from payments.models import HOLD_TRANSITIONS, Hold, HoldState, LedgerAccount
from payments.services.books import LockedAccounts, lock_accounts, write_books
from payments.services.ledger import claim


@transaction.atomic
def place_hold(
    *,
    organization_id: UUID,
    op_key: str,
    source: chart.Account,
    target: chart.Account,
    amount: int,
    now: datetime,
    expires_at: datetime | None = None,
) -> Hold:
    """Reserve an amount on one account for another; the same operation reserves once.

    Raises:
        InsufficientFunds: less is available.
        OperationKeyReused: the key stands for another hold.
    """
    known = Hold.objects.filter(organization=organization_id, op_key=op_key)
    if (again := known.select_related("source", "target").first()) is not None:
        return _same(again, source, target, amount)
    locked = lock_accounts(organization_id, (source, target), now=now)
    try:
        with transaction.atomic():
            hold = Hold.objects.create(
                organization_id=organization_id,
                op_key=op_key,
                source_id=locked.ids[source],
                target_id=locked.ids[target],
                amount=amount,
                created_at=now,
                expires_at=expires_at,
            )
    except IntegrityError:
        again = known.select_related("source", "target").first()
        if again is None:
            raise
        return _same(again, source, target, amount)
    try:
        balances = ledger.hold(locked.balances, source, target, amount)
    except ledger.Overdrawn as error:
        raise InsufficientFunds from error
    write_books((), balances, locked.ids)
    return hold


@transaction.atomic
def release_hold(*, organization_id: UUID, hold_id: UUID, now: datetime) -> Hold:
    """Give a hold's amount free again. Releasing twice changes nothing.

    Raises:
        HoldNotFound: there is no such hold.
        HoldClosed: it has been captured.
    """
    hold = _lock(organization_id, hold_id)
    if hold.state == HoldState.RELEASED:
        return hold
    return _let_go(hold, HoldState.RELEASED, now)


@transaction.atomic
def capture_hold(
    *, organization_id: UUID, hold_id: UUID, journal: chart.Journal, now: datetime
) -> Hold:
    """Post a hold's journal; what it does not take is free again. The same capture counts once.

    Raises:
        HoldNotFound: there is no such hold.
        HoldClosed: it has ended otherwise.
        OperationKeyReused: the journal's key stands for something else.
        JournalInvalid: the journal is not the hold's, or takes more than it reserved.
    """
    hold = _lock(organization_id, hold_id)
    same = (journal.op_key, journal.fingerprint())
    if hold.journal is not None and (hold.journal.op_key, hold.journal.fingerprint) == same:
        return hold
    _check_move(hold, HoldState.CAPTURED)
    source, target, locked = _locked_accounts(hold, now)
    pk = claim(organization_id, journal, now=now)
    if pk is None:
        raise OperationKeyReused
    posted = ledger.capture(locked.balances, journal, held=(source, target, hold.amount), at=now)
    write_books([(pk, entry) for entry in posted.entries], posted.balances, locked.ids)
    return _end(hold, HoldState.CAPTURED, now, journal_id=pk)


def expire_holds(*, now: datetime, limit: int = 500) -> int:
    """Release what has run out, each in a transaction of its own; return how many."""
    due = Hold.objects.filter(state=HoldState.OPEN, expires_at__lte=now).order_by("expires_at")
    return sum(_expire(pk, now) for pk in list(due.values_list("pk", flat=True)[:limit]))


@transaction.atomic
def _expire(hold_id: UUID, now: datetime) -> bool:
    waiting = Hold.objects.select_for_update(skip_locked=True, of=("self",))
    hold = waiting.filter(pk=hold_id, state=HoldState.OPEN, expires_at__lte=now).first()
    if hold is None:
        return False
    _let_go(hold, HoldState.EXPIRED, now)
    return True


def _lock(organization_id: UUID, hold_id: UUID) -> Hold:
    holds = Hold.objects.select_for_update(of=("self",)).select_related("journal")
    hold = holds.filter(organization=organization_id, pk=hold_id).first()
    if hold is None:
        raise HoldNotFound
    return hold


def _same(hold: Hold, source: chart.Account, target: chart.Account, amount: int) -> Hold:
    if (hold.source.as_chart, hold.target.as_chart, hold.amount) != (source, target, amount):
        raise OperationKeyReused
    return hold


def _check_move(hold: Hold, after: HoldState) -> None:
    if after not in HOLD_TRANSITIONS[HoldState(hold.state)]:
        raise HoldClosed


def _locked_accounts(
    hold: Hold, now: datetime
) -> tuple[chart.Account, chart.Account, LockedAccounts]:
    rows = LedgerAccount.objects.in_bulk([hold.source_id, hold.target_id])
    source, target = rows[hold.source_id].as_chart, rows[hold.target_id].as_chart
    return source, target, lock_accounts(hold.organization_id, (source, target), now=now)


def _let_go(hold: Hold, after: HoldState, now: datetime) -> Hold:
    _check_move(hold, after)
    source, target, locked = _locked_accounts(hold, now)
    balances = ledger.release(locked.balances, source, target, hold.amount)
    write_books((), balances, locked.ids)
    return _end(hold, after, now)


def _end(hold: Hold, state: HoldState, now: datetime, journal_id: int | None = None) -> Hold:
    hold.state, hold.ended_at, hold.journal_id = state, now, journal_id
    hold.save(update_fields=["state", "ended_at", "journal"])
    return hold
