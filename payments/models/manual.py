"""Corrections by hand: one person proposes a movement, another one posts it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from payments.engine.chart import AccountKind
from payments.models.ledger import Journal

if TYPE_CHECKING:
    from django.utils.functional import Promise


class ManualState(models.TextChoices):
    """Where a proposal is."""

    PROPOSED = "proposed", _("Proposed")
    POSTED = "posted", _("Posted")
    REFUSED = "refused", _("Refused")


MANUAL_TRANSITIONS: dict[ManualState, frozenset[ManualState]] = {
    ManualState.PROPOSED: frozenset({ManualState.POSTED, ManualState.REFUSED}),
    ManualState.POSTED: frozenset(),
    ManualState.REFUSED: frozenset(),
}
ACCOUNT_LABELS: dict[AccountKind, Promise] = {
    AccountKind.PG_RECEIVABLE: _("With a provider"),
    AccountKind.BANK: _("Bank account"),
    AccountKind.PAYOUT_IN_TRANSIT: _("Payouts on their way"),
    AccountKind.USER_RECEIVABLE: _("Owed by people"),
    AccountKind.ESCROW: _("Kept for trips"),
    AccountKind.PAYABLE: _("Owed to people"),
    AccountKind.REFUND_PAYABLE: _("Refunds to be paid"),
    AccountKind.SPONSOR: _("Sponsors"),
    AccountKind.PENALTY_FUND: _("Penalty fund"),
    AccountKind.SUSPENSE: _("Suspense"),
    AccountKind.SERVICE_FEE: _("Service fees"),
    AccountKind.PG_FEE: _("Fees of providers"),
}
_KINDS = [(kind.value, label) for kind, label in ACCOUNT_LABELS.items()]


class ManualJournal(models.Model):
    """A movement between two accounts that no rule makes, with its reason and two people."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", verbose_name=_("organization")
    )
    debit_kind = models.CharField(_("debit: kind of account"), max_length=20, choices=_KINDS)
    debit_key = models.CharField(_("debit: key"), max_length=120, blank=True)
    credit_kind = models.CharField(_("credit: kind of account"), max_length=20, choices=_KINDS)
    credit_key = models.CharField(_("credit: key"), max_length=120, blank=True)
    amount = models.PositiveBigIntegerField(
        _("amount"), help_text=_("Smallest units of the currency")
    )
    currency = models.CharField(_("currency"), max_length=3)
    why = models.CharField(_("reason"), max_length=280)
    state = models.CharField(
        _("state"), max_length=8, choices=ManualState.choices, default=ManualState.PROPOSED
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+",
        verbose_name=_("proposed by"),
    )  # fmt: skip
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True,
        related_name="+", verbose_name=_("decided by"),
    )  # fmt: skip
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    journal = models.OneToOneField(
        Journal, on_delete=models.PROTECT, null=True, blank=True, related_name="manual"
    )

    class Meta:
        verbose_name = _("manual journal")
        verbose_name_plural = _("manual journals")
        ordering = ["-proposed_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(proposed_by=models.F("decided_by"))
                | models.Q(state=ManualState.REFUSED),
                name="a_manual_journal_takes_two",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="a_manual_journal_moves_something"
            ),
            models.CheckConstraint(
                condition=models.Q(state=ManualState.POSTED, journal__isnull=False)
                | (~models.Q(state=ManualState.POSTED) & models.Q(journal=None)),
                name="a_posted_manual_journal_has_its_journal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}: {self.why}"
