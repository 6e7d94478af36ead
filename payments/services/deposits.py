"""Money of sponsors that has come in: entered by one person, posted by another."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from payments.engine import journals
from payments.errors import DepositClosed, DepositNotFound, SamePersonDecides
from payments.models import MANUAL_TRANSITIONS, ManualState, SponsorDeposit
from payments.services.ledger import post_journal


def enter_deposit(*, row: SponsorDeposit, by: User, now: datetime) -> SponsorDeposit:
    """Enter what the bank's statement shows; nothing moves yet."""
    row.entered_by, row.entered_at, row.state = by, now, ManualState.PROPOSED
    row.save(force_insert=True)
    return row


@transaction.atomic
def post_deposit(*, deposit_id: UUID, by: User, now: datetime) -> SponsorDeposit:
    """Book what somebody else has entered; from now on the budget can pay from it.

    Raises:
        DepositNotFound: there is no such deposit.
        DepositClosed: it has been decided.
        SamePersonDecides: it is one's own.
    """
    row = _lock(deposit_id, ManualState.POSTED)
    if row.entered_by_id in {by.pk, None}:
        raise SamePersonDecides
    budget = row.budget
    journal = journals.sponsor_funded(
        deposit=str(row.pk), budget=str(budget.pk), amount=row.amount,
        currency=budget.organization.currency,
    )  # fmt: skip
    assert journal is not None  # a deposit is something
    post_journal(organization_id=budget.organization_id, journal=journal, now=now)
    return _decide(row, ManualState.POSTED, by, now)


@transaction.atomic
def refuse_deposit(*, deposit_id: UUID, by: User, now: datetime) -> SponsorDeposit:
    """Refuse what somebody entered, or take one's own back.

    Raises:
        DepositNotFound: there is no such deposit.
        DepositClosed: it has been decided.
    """
    return _decide(_lock(deposit_id, ManualState.REFUSED), ManualState.REFUSED, by, now)


def _lock(deposit_id: UUID, after: ManualState) -> SponsorDeposit:
    rows = SponsorDeposit.objects.select_for_update(of=("self",))
    row = rows.select_related("budget__organization").filter(pk=deposit_id).first()
    if row is None:
        raise DepositNotFound
    if after not in MANUAL_TRANSITIONS[ManualState(row.state)]:
        raise DepositClosed
    return row


def _decide(row: SponsorDeposit, after: ManualState, by: User, now: datetime) -> SponsorDeposit:
    row.state, row.decided_by, row.at = after, by, now
    row.save(update_fields=["state", "decided_by", "at"])
    return row
