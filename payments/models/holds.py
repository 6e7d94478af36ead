"""Holds: amounts that are reserved on one account for another, until captured or released."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from payments.models.ledger import Journal, LedgerAccount


class HoldState(models.TextChoices):
    """Where a hold is in its life."""

    OPEN = "open", _("Reserved")
    CAPTURED = "captured", _("Captured")
    RELEASED = "released", _("Released")
    EXPIRED = "expired", _("Run out")


HOLD_TRANSITIONS: dict[HoldState, frozenset[HoldState]] = {
    HoldState.OPEN: frozenset({HoldState.CAPTURED, HoldState.RELEASED, HoldState.EXPIRED}),
    HoldState.CAPTURED: frozenset(),
    HoldState.RELEASED: frozenset(),
    HoldState.EXPIRED: frozenset(),
}


class Hold(models.Model):
    """A reservation; at most once it becomes a journal."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    op_key = models.CharField(max_length=200)
    source = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="holds_out")
    target = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="holds_in")
    amount = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=HoldState.choices, default=HoldState.OPEN)
    journal = models.OneToOneField(
        Journal, on_delete=models.PROTECT, null=True, blank=True, related_name="hold"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "op_key"], name="one_hold_per_operation"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="a_hold_reserves_something"
            ),
            models.CheckConstraint(
                condition=models.Q(state=HoldState.CAPTURED, journal__isnull=False)
                | (~models.Q(state=HoldState.CAPTURED) & models.Q(journal=None)),
                name="a_captured_hold_has_its_journal",
            ),
            models.CheckConstraint(
                condition=models.Q(state=HoldState.OPEN, ended_at=None)
                | (~models.Q(state=HoldState.OPEN) & models.Q(ended_at__isnull=False)),
                name="a_hold_ends_with_its_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="hold_expires",
                condition=models.Q(state="open", expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.op_key}: {self.amount}"
