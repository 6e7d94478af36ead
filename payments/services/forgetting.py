"""What becomes of somebody's money when they are forgotten: the books stay, without a name."""

from datetime import datetime
from uuid import UUID

from payments.models import FeeContest, PayoutAccount, SponsorBudget


def erase_payments(member_id: UUID, now: datetime) -> None:
    """Forget their bank account, their own words, and budgets that name them.

    The payments are kept for years.

    No row of those says whose it was.
    Accounts, payments, rewards and journals carry the member's number only; the name that belonged
    to it is forgotten by accounts. Source: Korean e-commerce act, records of payments: five years.
    """
    del now
    PayoutAccount.objects.filter(member=member_id).delete()
    FeeContest.objects.filter(fare__rider_id=member_id).update(reason="")
    SponsorBudget.people.through.objects.filter(member_id=member_id).delete()
