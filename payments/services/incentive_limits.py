"""Telling those who steer an organization that an incentive is nearly, or wholly, used up."""

from datetime import datetime

from django.db.models import F, Sum

from accounts.events import BudgetNearlyUsed
from carpool.kernel import outbox
from payments.engine import chart
from payments.models import Incentive, JournalEntry, Reward
from payments.selectors import balance_of

# Told once at each; again when there was more to give meanwhile.
STEPS_PERCENT = (80, 100)


def tell_if_nearly_used(incentive: Incentive, *, now: datetime) -> None:
    """Publish when a locked incentive passes 80 or 100 percent of its total, or of its money.

    Its money is what ever came into the payer's account.
    """
    used = max(_used_of_total(incentive), _used_of_money(incentive))
    reached = max((step for step in STEPS_PERCENT if used >= step), default=0)
    if reached == incentive.told_percent:
        return
    is_more = reached > incentive.told_percent
    incentive.told_percent = reached
    incentive.save(update_fields=["told_percent"])
    if is_more:
        event = BudgetNearlyUsed(
            organization_id=incentive.organization_id, subject_id=incentive.pk, percent=reached,
            at=now,
        )  # fmt: skip
        outbox.publish(event, now=now)


def _used_of_total(incentive: Incentive) -> int:
    if not incentive.total:
        return 0
    rows = Reward.objects.filter(series=incentive.series)
    given = rows.aggregate(n=Sum(F("amount") - F("back")))["n"] or 0
    return 100 * int(given) // incentive.total


def _used_of_money(incentive: Incentive) -> int:
    account = chart.sponsor(str(incentive.budget_id), incentive.currency)
    left = balance_of(incentive.organization_id, account).available
    came = -int(
        JournalEntry.objects.filter(
            account__organization=incentive.organization_id, account__kind=account.kind,
            account__key=account.key, journal__kind="sponsor_funded",
        ).aggregate(n=Sum("amount"))["n"]
        or 0
    )  # fmt: skip
    return 100 * (came - left) // came if came > 0 else 0
