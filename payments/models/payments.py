"""Payments, and each operation that we asked a provider for. Attempts are never deleted."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization


class IntentPurpose(models.TextChoices):
    """What an operation is for."""

    BEGIN = "begin", _("Ask the payer")
    AUTHORISE = "authorise", _("Reserve")
    CAPTURE = "capture", _("Take")
    CANCEL = "cancel", _("Give up")
    REFUND = "refund", _("Pay back")


class IntentState(models.TextChoices):
    """Where an operation is. Unknown is not failed: the money may have moved."""

    CREATED = "created", _("To be sent")
    SENT = "sent", _("Sent")
    UNKNOWN = "unknown", _("No readable answer yet")
    CONFIRMED = "confirmed", _("Confirmed")
    DECLINED = "declined", _("Declined")
    STUCK = "stuck", _("A person has to look")


INTENT_TRANSITIONS: dict[IntentState, frozenset[IntentState]] = {
    IntentState.CREATED: frozenset({IntentState.SENT}),
    IntentState.SENT: frozenset(
        {
            IntentState.CONFIRMED,
            IntentState.DECLINED,
            IntentState.UNKNOWN,
            IntentState.STUCK,
        }
    ),
    IntentState.UNKNOWN: frozenset(
        {IntentState.CONFIRMED, IntentState.DECLINED, IntentState.STUCK}
    ),
    IntentState.STUCK: frozenset({IntentState.CONFIRMED, IntentState.DECLINED}),
    IntentState.CONFIRMED: frozenset(),
    IntentState.DECLINED: frozenset(),
}
# Somebody has to send these, or ask after them.
PENDING_STATES = (IntentState.CREATED, IntentState.SENT, IntentState.UNKNOWN)


class Payment(models.Model):
    """Money that somebody pays for a trip by one provider.

    Of what is authorised at most that is captured, and of that at most that is asked back.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    op_key = models.CharField(max_length=200)
    provider = models.CharField(max_length=20)
    provider_ref = models.CharField(max_length=100, blank=True)
    method = models.CharField(max_length=40, blank=True)
    trip_id = models.UUIDField(db_index=True)
    payer_id = models.UUIDField(db_index=True, help_text="A member")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    authorised = models.BigIntegerField(default=0)
    captured = models.BigIntegerField(default=0)
    captured_at = models.DateTimeField(null=True, blank=True)
    refund_asked = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0)
    charged_back = models.BigIntegerField(
        default=0, help_text="What a chargeback has taken from the trip's escrow: it pays nothing"
    )
    pay_by = models.DateTimeField(help_text="Later it buys no seat and goes back")
    pay_at = models.URLField(
        max_length=1000,
        blank=True,
        help_text="Where the payer approves it; empty: nowhere (any more)",
    )
    proof = models.CharField(max_length=200, blank=True, help_text="What the payer brought back")
    returned_at = models.DateTimeField(null=True, blank=True)
    close_at = models.DateTimeField(
        null=True, blank=True, help_text="While it waits for its payer: until when"
    )
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["close_at"],
                name="payment_waits_for_payer",
                condition=models.Q(close_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "op_key"], name="one_payment_per_operation"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0)
                & models.Q(authorised__lte=models.F("amount"))
                & models.Q(captured__lte=models.F("authorised"))
                & models.Q(refund_asked__lte=models.F("captured"))
                & models.Q(refunded__lte=models.F("refund_asked"))
                & models.Q(refunded__gte=0)
                & models.Q(charged_back__gte=0)
                & models.Q(charged_back__lte=models.F("captured")),
                name="no_more_goes_back_than_came",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.amount} {self.currency}"

    def is_late(self, now: datetime) -> bool:
        """Tell whether it no longer buys the seat."""
        return now >= self.pay_by

    @property
    def waits_for_payer(self) -> bool:
        """Tell whether its payer has to approve it at ``pay_at``."""
        return self.close_at is not None


class PaymentIntent(models.Model):
    """One operation: recorded first, then sent, then its outcome recorded."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="intents")
    purpose = models.CharField(max_length=9, choices=IntentPurpose.choices)
    amount = models.BigIntegerField()
    op_key = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=IntentState.choices, default=IntentState.CREATED)
    attempts = models.PositiveIntegerField(default=0)
    code = models.CharField(max_length=60, blank=True, help_text="Why it was declined or is stuck")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    next_check_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "op_key"], name="one_intent_per_operation"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="an_intent_is_about_something"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                name="intent_next_check",
                condition=models.Q(next_check_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.amount}"


class IntentStep(models.Model):
    """One step of an operation's life, as it was recorded."""

    intent = models.ForeignKey(PaymentIntent, on_delete=models.PROTECT, related_name="steps")
    before = models.CharField(max_length=9, choices=IntentState.choices, blank=True)
    after = models.CharField(max_length=9, choices=IntentState.choices)
    code = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.before or '·'} → {self.after}"


class WebhookNotice(models.Model):
    """A notice that a provider signed. It is a hint: we ask what really happened."""

    provider = models.CharField(max_length=20)
    event_id = models.CharField(max_length=200)
    reference = models.CharField(max_length=100, help_text="Our name of the payment")
    chargeback = models.CharField(
        max_length=100, blank=True, default="", help_text="The provider's name of one"
    )
    raw = models.BinaryField()
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="one_notice_per_event"),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="notice_waiting", condition=models.Q(processed_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.event_id}"


class BankOperation(models.Model):
    """The test bank's own book: what it was asked to do, under the key it was asked by."""

    key = models.CharField(max_length=200, unique=True)
    purpose = models.CharField(max_length=9, choices=IntentPurpose.choices)
    reference = models.CharField(max_length=100, db_index=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=40)
    code = models.CharField(max_length=60, blank=True, help_text="Empty: done")
    done_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.purpose} {self.amount} {self.currency}"
