"""What stands on an account, and what put it there."""

from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Sum

from payments.engine import chart
from payments.engine.ledger import EMPTY, Balance
from payments.models import JournalEntry, LedgerBalance

# By hand, as everything that moves money reads it: putting it together took longer than reading.
_BALANCE = """
SELECT posted, pending_out, pending_in, version, head
FROM payments_ledgerbalance JOIN payments_ledgeraccount AS account ON account.id = account_id
WHERE organization_id = %s AND kind = %s AND key = %s AND currency = %s
"""


def balance_of(organization_id: UUID, account: chart.Account) -> Balance:
    """Return what stands on an account; nothing where there is none yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            _BALANCE, [organization_id, account.kind.value, account.key, account.currency]
        )
        row = cursor.fetchone()
    return EMPTY if row is None else Balance(row[0], row[1], row[2], row[3], bytes(row[4]))


def escrow_of(organization_id: UUID, trip_id: UUID) -> int:
    """Return what all riders of a trip have in escrow."""
    rows = LedgerBalance.objects.filter(
        account__organization=organization_id, account__trip_id=trip_id
    )
    return int(rows.aggregate(total=Sum("posted"))["total"] or 0)


def list_movements(organization_id: UUID, person_id: UUID) -> "QuerySet[JournalEntry]":
    """Return every entry on somebody's own accounts, newest first, with its journal."""
    own = JournalEntry.objects.filter(
        account__organization=organization_id, account__owner_id=person_id
    )
    return own.select_related("journal", "account").order_by("-id")
