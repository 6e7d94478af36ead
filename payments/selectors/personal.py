"""What payments holds about a member, for their export."""

from typing import Any
from uuid import UUID

from payments.models import JournalEntry, Payment, PayoutAccount

Table = list[dict[str, Any]]


def export_payments(member_id: UUID) -> dict[str, Table]:
    """Return what a member paid, and every movement on their own accounts, JSON-ready."""
    own = JournalEntry.objects.filter(account__owner_id=member_id)
    return {
        "payout_account": [
            {"holder": one.holder, "bank": one.bank, "ending": one.ending}
            for one in PayoutAccount.objects.filter(member=member_id)
        ],
        "paid": [
            {
                "at": payment.created_at,
                "provider": payment.provider,
                "amount_minor": payment.amount,
                "currency": payment.currency,
                "captured_minor": payment.captured,
                "refunded_minor": payment.refunded,
            }
            for payment in Payment.objects.filter(payer_id=member_id).order_by("created_at")
        ],
        "movements": [
            {
                "at": entry.journal.created_at,
                "what": entry.journal.kind,
                "account": entry.account.kind,
                "amount_minor": entry.account.as_chart.direction * entry.amount,
                "currency": entry.currency,
                "balance_minor": entry.balance_after,
            }
            for entry in own.select_related("journal", "account").order_by("id")
        ],
    }
