"""Accounts, what stands on them, and the journals that put it there.

Everything but balances is append-only, and a balance can only be what its account's last entry
says: triggers in the migration see to both, and that every journal's entries come to nothing.
Whose an account is, is the member's number without a key to their row: the books stay when somebody
is forgotten, and tell no name.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from payments.engine import chart
from payments.engine.ledger import Balance


class LedgerAccount(models.Model):
    """One account of an organization's books; see :class:`payments.engine.chart.Account`."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=120, blank=True)
    currency = models.CharField(max_length=3)
    owner_id = models.UUIDField(null=True, blank=True, help_text="A member")
    trip_id = models.UUIDField(null=True, blank=True, help_text="A room or a booking")
    no_overdraft = models.BooleanField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("account in the books")
        verbose_name_plural = _("accounts in the books")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "key", "currency"], name="one_account_per_key"
            ),
        ]
        indexes = [
            models.Index(
                fields=["trip_id"], name="account_trip", condition=models.Q(trip_id__isnull=False)
            ),
            models.Index(
                fields=["owner_id"],
                name="account_owner",
                condition=models.Q(owner_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key} {self.currency}"

    @property
    def as_chart(self) -> chart.Account:
        """The account as the rules know it."""
        return chart.Account(
            chart.AccountKind(self.kind),
            self.currency,
            self.key,
            str(self.owner_id or ""),
            str(self.trip_id or ""),
        )


class LedgerBalance(models.Model):
    """What stands on an account now, in its own direction; locked in the order of accounts."""

    account = models.OneToOneField(
        LedgerAccount, on_delete=models.PROTECT, primary_key=True, related_name="balance"
    )
    posted = models.BigIntegerField(default=0)
    pending_out = models.BigIntegerField(default=0)
    pending_in = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0, help_text="Number of entries")
    head = models.BinaryField(help_text="Hash of the last entry")
    no_overdraft = models.BooleanField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(no_overdraft=False)
                | models.Q(posted__gte=models.F("pending_out")),
                name="balance_covers_its_holds",
            ),
            models.CheckConstraint(
                condition=models.Q(pending_out__gte=0, pending_in__gte=0),
                name="holds_are_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.posted}"

    @property
    def as_engine(self) -> Balance:
        """The balance as the rules know it."""
        return Balance(
            self.posted, self.pending_out, self.pending_in, self.version, bytes(self.head)
        )


class Journal(models.Model):
    """One movement, all or nothing. ``op_key`` names the intent: it is carried out once."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    op_key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of what was asked for")
    trip_id = models.UUIDField(null=True, blank=True)
    reverses = models.CharField(max_length=200, blank=True, help_text="Key of what is taken back")
    by_id = models.UUIDField(null=True, blank=True, help_text="The member who caused it")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("journal")
        verbose_name_plural = _("journals")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "op_key"], name="one_journal_per_operation"
            ),
            models.UniqueConstraint(
                fields=["organization", "reverses"],
                condition=~models.Q(reverses=""),
                name="one_reversal_per_journal",
            ),
        ]
        indexes = [
            models.Index(
                fields=["trip_id"], name="journal_trip", condition=models.Q(trip_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.op_key


class JournalEntry(models.Model):
    """One leg of a journal, and a link in its account's chain."""

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    sequence = models.BigIntegerField(help_text="Number in the account")
    amount = models.BigIntegerField(help_text="Debit positive, credit negative")
    currency = models.CharField(max_length=3)
    balance_after = models.BigIntegerField(help_text="In the account's direction")
    hash = models.BinaryField()

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "sequence"], name="entries_are_numbered_once"
            ),
            models.CheckConstraint(condition=~models.Q(amount=0), name="an_entry_moves_something"),
        ]

    def __str__(self) -> str:
        return f"{self.journal_id}: {self.amount} {self.currency}"


class TripClosing(models.Model):
    """That a trip is settled: from then on its escrow is empty, and stays so."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    trip_id = models.UUIDField()
    closed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trip_id"], name="a_trip_closes_once"),
        ]

    def __str__(self) -> str:
        return str(self.trip_id)
