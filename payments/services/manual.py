"""Corrections by hand: proposed by one person, posted by another, never by a program."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from payments.engine import chart
from payments.engine.chart import AccountKind
from payments.errors import (
    AccountUnknown,
    ManualJournalClosed,
    ManualJournalNotFound,
    SamePersonDecides,
)
from payments.models import (
    MANUAL_TRANSITIONS,
    LedgerAccount,
    ManualJournal,
    ManualState,
)
from payments.services.ledger import post_journal

# Of these an organization has one; it need not exist yet.
SHARED = frozenset(
    {
        AccountKind.BANK,
        AccountKind.PAYOUT_IN_TRANSIT,
        AccountKind.PENALTY_FUND,
        AccountKind.SUSPENSE,
        AccountKind.SERVICE_FEE,
        AccountKind.PG_FEE,
    }
)


def propose_journal(*, proposal: ManualJournal, by: User, now: datetime) -> ManualJournal:
    """Propose a movement; nothing moves yet.

    Raises:
        AccountUnknown: there is no such account, or both are the same.
    """
    accounts_of(proposal)
    proposal.proposed_by, proposal.proposed_at = by, now
    proposal.state = ManualState.PROPOSED
    proposal.save(force_insert=True)
    return proposal


@transaction.atomic
def post_proposed(*, proposal_id: UUID, by: User, now: datetime) -> ManualJournal:
    """Post what somebody else has proposed.

    Raises:
        ManualJournalNotFound: there is no such proposal.
        ManualJournalClosed: it has been decided.
        SamePersonDecides: it is one's own.
        AccountUnknown: an account has gone meanwhile.
        InsufficientFunds: an account that forbids it would fall below what is held on it.
    """
    proposal = _lock(proposal_id, ManualState.POSTED)
    if proposal.proposed_by_id == by.pk or proposal.proposed_by_id is None:
        raise SamePersonDecides
    debit, credit = accounts_of(proposal)
    journal = chart.Journal(
        "manual", f"manual:{proposal.pk}", chart.move(debit, credit, proposal.amount)
    )
    proposal.journal = post_journal(
        organization_id=proposal.organization_id, journal=journal, now=now
    )
    return _decide(proposal, ManualState.POSTED, by, now)


@transaction.atomic
def refuse_proposed(*, proposal_id: UUID, by: User, now: datetime) -> ManualJournal:
    """Refuse a proposal, or withdraw one's own.

    Raises:
        ManualJournalNotFound: there is no such proposal.
        ManualJournalClosed: it has been decided.
    """
    return _decide(_lock(proposal_id, ManualState.REFUSED), ManualState.REFUSED, by, now)


def accounts_of(proposal: ManualJournal) -> tuple[chart.Account, chart.Account]:
    """Return the two accounts of a proposal.

    Raises:
        AccountUnknown: there is no such account, or both are the same.
    """
    debit = _account(proposal, proposal.debit_kind, proposal.debit_key, "debit_key")
    credit = _account(proposal, proposal.credit_kind, proposal.credit_key, "credit_key")
    if debit == credit:
        raise AccountUnknown(field="credit_key")
    return debit, credit


def _account(proposal: ManualJournal, kind: str, key: str, field: str) -> chart.Account:
    if AccountKind(kind) in SHARED and not key:
        return chart.shared(AccountKind(kind), proposal.currency)
    row = LedgerAccount.objects.filter(
        organization=proposal.organization_id, kind=kind, key=key, currency=proposal.currency
    ).first()
    if row is None:
        raise AccountUnknown(field=field)
    return row.as_chart


def _lock(proposal_id: UUID, after: ManualState) -> ManualJournal:
    proposal = ManualJournal.objects.select_for_update().filter(pk=proposal_id).first()
    if proposal is None:
        raise ManualJournalNotFound
    if after not in MANUAL_TRANSITIONS[ManualState(proposal.state)]:
        raise ManualJournalClosed
    return proposal


def _decide(proposal: ManualJournal, after: ManualState, by: User, now: datetime) -> ManualJournal:
    proposal.state, proposal.decided_by, proposal.decided_at = after, by, now
    proposal.save(update_fields=["state", "decided_by", "decided_at", "journal"])
    return proposal
