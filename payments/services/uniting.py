"""What becomes of the money when two members turn out to be one person."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from payments.engine import chart
from payments.engine.chart import AccountKind
from payments.errors import TripNotSettled
from payments.models import (
    Fare,
    FareShare,
    LedgerBalance,
    Payment,
    Payout,
    PayoutAccount,
    Reward,
    RideFare,
    SponsorBudget,
    SponsorGrant,
    TopUp,
)
from payments.services.ledger import post_journals


def unite_payments(kept_id: UUID, gone_id: UUID, now: datetime) -> None:
    """Move what is owed to (or by) the one who goes, by journals; what was booked stays booked.

    Raises:
        TripNotSettled: money of theirs is in a trip's escrow, or held; that has to end first.
    """
    rows = LedgerBalance.objects.filter(account__owner_id=gone_id).exclude(
        posted=0, pending_out=0, pending_in=0
    )
    standing = list(rows.select_related("account").order_by("account_id"))
    is_open = Q(pending_out__gt=0) | Q(pending_in__gt=0) | Q(account__kind=AccountKind.ESCROW)
    if rows.filter(is_open).exists():
        raise TripNotSettled
    by_organization: dict[UUID, list[chart.Journal]] = {}
    for row in standing:
        own = row.account.as_chart
        theirs = chart.Account(own.kind, own.currency, str(kept_id), str(kept_id))
        debit, credit = (theirs, own) if own.kind.is_debit_normal else (own, theirs)
        journal = chart.Journal(
            "unite", f"unite:{gone_id}:{own.kind}:{own.currency}",
            chart.move(debit, credit, row.posted),
        )  # fmt: skip
        by_organization.setdefault(row.account.organization_id, []).append(journal)
    for organization_id, journals in by_organization.items():
        post_journals(organization_id=organization_id, journals=journals, now=now)
    Payment.objects.filter(payer_id=gone_id).update(payer_id=kept_id)
    if PayoutAccount.objects.filter(member=kept_id).exists():
        PayoutAccount.objects.filter(member=gone_id).delete()
    PayoutAccount.objects.filter(member=gone_id).update(member=kept_id)
    TopUp.objects.filter(rider_id=gone_id).update(rider_id=kept_id)
    _name_in_budgets(kept_id, gone_id)
    SponsorGrant.objects.filter(member_id=gone_id).update(member_id=kept_id)
    Reward.objects.filter(member_id=gone_id).update(member_id=kept_id)
    Fare.objects.filter(host_id=gone_id).update(host_id=kept_id)
    RideFare.objects.filter(rider_id=gone_id).update(rider_id=kept_id)
    RideFare.objects.filter(driver_id=gone_id).update(driver_id=kept_id)
    both = FareShare.objects.filter(person_id=kept_id).values("fare")
    FareShare.objects.filter(person_id=gone_id).exclude(fare__in=both).update(person_id=kept_id)
    same_day = Payout.objects.filter(payee_id=kept_id).values("batch")
    Payout.objects.filter(payee_id=gone_id).exclude(batch__in=same_day).update(payee_id=kept_id)


def _name_in_budgets(kept_id: UUID, gone_id: UUID) -> None:
    """Name the one who stays in every budget that names the one who goes, once."""
    named = SponsorBudget.people.through.objects
    twice = named.filter(member_id=kept_id).values("sponsorbudget")
    named.filter(member_id=gone_id, sponsorbudget__in=twice).delete()
    named.filter(member_id=gone_id).update(member_id=kept_id)
