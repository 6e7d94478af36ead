"""Paying people out what they are owed (R12): a batch a day, what nobody can dispute any more."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Sum

from accounts.models import Organization
from payments.engine import chart, journals
from payments.engine.chart import AccountKind
from payments.engine.disputes import Owed, due_payouts
from payments.engine.rules import PayoutRules
from payments.errors import PayoutEnded
from payments.models import (
    PAYOUT_TRANSITIONS,
    JournalEntry,
    LedgerBalance,
    Payout,
    PayoutAccount,
    PayoutState,
)
from payments.selectors import balance_of
from payments.services.ledger import post_journal, post_journals
from payments.services.providers import get_provider, switched_on


def pay_out(*, now: datetime) -> int:
    """Send today's transfers of every organization; return how many.

    May be called as often as one likes: nobody gets two in a day of their organization.
    """
    payable = LedgerBalance.objects.filter(account__kind=AccountKind.PAYABLE, posted__gt=0)
    books = set(payable.values_list("account__organization", "account__currency"))
    return sum(_pay_out(organization, currency, now) for organization, currency in sorted(books))


@transaction.atomic
def _pay_out(organization_id: UUID, currency: str, now: datetime) -> int:
    organization = Organization.objects.select_for_update().get(pk=organization_id)
    batch = now.astimezone(ZoneInfo(organization.time_zone)).date()
    rows = LedgerBalance.objects.select_related("account").filter(
        account__organization=organization,
        account__kind=AccountKind.PAYABLE,
        account__currency=currency,
        posted__gt=0,
    )
    paid = Payout.objects.filter(organization=organization, currency=currency, batch=batch)
    already = {str(one) for one in paid.values_list("payee_id", flat=True)}
    reachable = _reachable(organization_id)
    standing = [
        row
        for row in rows.order_by("account_id")
        if row.account.key not in already and (reachable is None or row.account.key in reachable)
    ]
    window = timedelta(seconds=organization.policy.room_dispute_s)
    fresh = _credited_since([row.account_id for row in standing], now - window)
    final = {row.account.key: row.posted - fresh.get(row.account_id, 0) for row in standing}
    funds = balance_of(organization_id, chart.shared(AccountKind.BANK, currency)).posted
    funds += balance_of(organization_id, _transit(currency)).posted  # what is on its way already
    due = due_payouts(
        [Owed(key, amount, now, is_funded=True) for key, amount in final.items() if amount > 0],
        available={row.account.key: row.posted - row.pending_out for row in standing},
        now=now,
        rules=PayoutRules(),
    )
    moves = []
    for payee, amount in sorted(due.items()):
        if amount > funds:
            continue  # the provider has not handed it over yet
        funds -= amount
        payout = Payout.objects.create(
            organization=organization, payee_id=UUID(payee), amount=amount, currency=currency,
            batch=batch, created_at=now,
        )  # fmt: skip
        moves.append(
            journals.payout_sent(
                payout=str(payout.pk), person=payee, amount=amount, currency=currency
            )
        )
    sent = [one for one in moves if one is not None]
    if sent:
        post_journals(organization_id=organization_id, journals=sent, now=now)
    return len(sent)


def _reachable(organization_id: UUID) -> set[str] | None:
    """Return who has said where their money is to go; None: play money goes nowhere."""
    if _is_play_money():
        return None
    known = PayoutAccount.objects.filter(organization=organization_id)
    return {str(pk) for pk in known.values_list("member_id", flat=True)}


def _is_play_money() -> bool:
    return all(get_provider(key).is_play_money for key in switched_on())


def _transit(currency: str) -> chart.Account:
    return chart.shared(AccountKind.PAYOUT_IN_TRANSIT, currency)


def _credited_since(accounts: Iterable[int], since: datetime) -> dict[int, int]:
    """Return what came onto accounts lately, as it may still be disputed; what bounced may not."""
    entries = JournalEntry.objects.filter(
        account__in=list(accounts), journal__created_at__gt=since, amount__lt=0
    )
    sums = (
        entries.exclude(journal__kind="payout_bounced")
        .values("account")
        .annotate(total=Sum("amount"))
    )
    return {row["account"]: -int(row["total"]) for row in sums}


@transaction.atomic
def end_payout(*, payout_id: UUID, arrived: bool, now: datetime) -> Payout:
    """Record that a transfer stands on the bank's statement, or that it came back.

    What came back is owed again, and goes out with the next batch.

    Raises:
        PayoutEnded: it has ended, the other way.
    """
    payout = Payout.objects.select_for_update().get(pk=payout_id)
    after = PayoutState.ARRIVED if arrived else PayoutState.BOUNCED
    if payout.state == after:
        return payout
    if after not in PAYOUT_TRANSITIONS[PayoutState(payout.state)]:
        raise PayoutEnded
    key, amount, currency = str(payout.pk), payout.amount, payout.currency
    journal = (
        journals.payout_arrived(payout=key, amount=amount, currency=currency)
        if arrived
        else journals.payout_bounced(
            payout=key, person=str(payout.payee_id), amount=amount, currency=currency
        )
    )
    assert journal is not None  # a payout is something
    post_journal(organization_id=payout.organization_id, journal=journal, now=now)
    payout.state, payout.ended_at = after, now
    payout.save(update_fields=["state", "ended_at"])
    return payout


def move_play_money(*, now: datetime) -> int:
    """Let the test bank hand over what it took, and let its transfers arrive; return how many.

    Real providers say in their statements what they handed over, and a real bank what arrived.
    """
    playful = [key for key in switched_on() if get_provider(key).is_play_money]
    moved = sum(_hand_over(pk, now) for pk in _receivables(playful))
    if not _is_play_money():
        return moved
    waiting = Payout.objects.filter(state=PayoutState.SENT, created_at__lte=now - _ON_ITS_WAY)
    keys = list(waiting.values_list("pk", flat=True)[:500])
    for pk in keys:
        end_payout(payout_id=pk, arrived=True, now=now)
    return moved + len(keys)


_ON_ITS_WAY = timedelta(hours=1)


def _receivables(providers: list[str]) -> list[int]:
    rows = LedgerBalance.objects.filter(
        account__kind=AccountKind.PG_RECEIVABLE, account__key__in=providers, posted__gt=0
    )
    return list(rows.order_by("account_id").values_list("account_id", flat=True))


@transaction.atomic
def _hand_over(account_id: int, now: datetime) -> bool:
    row = (
        LedgerBalance.objects.select_for_update(of=("self",))
        .select_related("account")
        .get(account_id=account_id)
    )
    journal = journals.provider_paid(
        statement=str(row.version),
        provider=row.account.key,
        gross=row.posted,
        fee=0,
        currency=row.account.currency,
    )
    if journal is None or row.posted < 0:
        return False
    post_journal(organization_id=row.account.organization_id, journal=journal, now=now)
    return True
