"""What becomes of somebody's money when they are forgotten: the books stay, without a name."""

from datetime import datetime
from uuid import UUID

from payments.models import PayoutAccount


def erase_payments(member_id: UUID, now: datetime) -> None:
    """Forget their bank account; keep the payments, for years, of which no row says whose it was.

    Accounts, payments and journals carry the member's number only; the name that belonged to it is
    forgotten by accounts. Source: Korean e-commerce act, records of payments: five years.
    """
    del now
    PayoutAccount.objects.filter(member=member_id).delete()
