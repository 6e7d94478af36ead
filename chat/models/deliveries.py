"""On the way to a member: devices that take pushes, and deliveries by channel."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from chat.models.notifications import Channel, Notification


class Transport(models.TextChoices):
    """How a device is reached."""

    WEB = "web", _("Browser")
    FCM = "fcm", _("Mobile app")


class PushDevice(models.Model):
    """A browser's push subscription (RFC 8030), or a phone's FCM registration token."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="push_devices")
    transport = models.CharField(max_length=3, choices=Transport.choices)
    address = models.TextField(help_text="The push service's endpoint, or the token")
    p256dh = models.CharField(max_length=120, blank=True)
    auth = models.CharField(max_length=40, blank=True)
    label = models.CharField(max_length=80, blank=True, help_text="Which browser or phone")
    session_key = models.CharField(
        max_length=40, blank=True, db_index=True, help_text="Signing out there ends it"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["transport", "address"], name="device_has_one_member"),
            models.CheckConstraint(
                condition=~models.Q(transport=Transport.WEB) | ~models.Q(p256dh="", auth=""),
                name="browser_device_has_keys",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_transport_display()} {self.label}"  # the address is a capability


class DeliveryState(models.TextChoices):
    """Where a delivery is in its life."""

    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    SKIPPED = "skipped", _("Not needed any more")
    FAILED = "failed", _("Given up")


# SENDING again from SENDING: the worker that held it died, and its lease ran out.
DELIVERY_TRANSITIONS: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.WAITING: frozenset({DeliveryState.SENDING, DeliveryState.SKIPPED}),
    DeliveryState.SENDING: frozenset(DeliveryState),
    DeliveryState.SENT: frozenset(),
    DeliveryState.SKIPPED: frozenset(),
    DeliveryState.FAILED: frozenset(),
}
UNSETTLED = (DeliveryState.WAITING, DeliveryState.SENDING)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Filters over deliveries."""

    def due(self, now: datetime) -> DeliveryQuerySet:
        """Those whose time has come; of a dead worker too, once its lease has run out."""
        return self.filter(state__in=UNSETTLED, next_attempt_at__lte=now)


class Delivery(models.Model):
    """One notification on its way by one channel."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, related_name="deliveries"
    )
    channel = models.CharField(max_length=6, choices=Channel.choices)
    state = models.CharField(
        max_length=7, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    in_digest = models.BooleanField(default=False, help_text="Goes with the member's daily mail")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True, help_text="Why it was skipped or failed")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["next_attempt_at", "id"]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                name="delivery_due",
                condition=models.Q(state__in=["waiting", "sending"]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "channel"], name="one_delivery_per_channel"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sending"], settled_at=None)
                | models.Q(state__in=["sent", "skipped", "failed"], settled_at__isnull=False),
                name="delivery_settled_with_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.get_state_display()}"
