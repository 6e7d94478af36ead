"""What a member wants to be told, by which channel, and when they want to be left alone."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, validate_time_zone
from chat.models.notifications import Channel, Kind

if TYPE_CHECKING:
    from datetime import datetime


class Digest(models.TextChoices):
    """Which mails are gathered into one a day."""

    NONE = "none", _("None, each at once")
    LOW = "low", _("What can wait")
    ALL = "all", _("All that is not urgent")


class NotificationSettings(models.Model):
    """When news may come. A member without a row has these defaults."""

    member = models.OneToOneField(
        Member, on_delete=models.CASCADE, related_name="notification_settings", primary_key=True
    )
    time_zone = models.CharField(
        max_length=64, blank=True, validators=[validate_time_zone], help_text="Empty: as at work"
    )
    quiet_from = models.TimeField(null=True, blank=True, default=time(22, 0))
    quiet_until = models.TimeField(null=True, blank=True, default=time(6, 0))
    digest = models.CharField(max_length=4, choices=Digest.choices, default=Digest.LOW)
    digest_at = models.TimeField(default=time(18, 0))
    calendar_version = models.PositiveIntegerField(
        default=1, help_text="Part of the calendar's secret address; counting up makes a new one"
    )

    class Meta:
        verbose_name_plural = "notification settings"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_until=None)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_have_both_ends",
            ),
        ]

    def __str__(self) -> str:
        return str(self.member_id)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the member's clock runs."""
        return ZoneInfo(self.time_zone) if self.time_zone else self.member.organization.zone

    def local(self, now: datetime) -> datetime:
        """Return a moment on the member's clock."""
        return now.astimezone(self.zone)


class NotificationPreference(models.Model):
    """One cell of the matrix that a member chose otherwise than the default."""

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="notification_preferences"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    channel = models.CharField(max_length=6, choices=Channel.choices)
    wanted = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "kind", "channel"], name="one_choice_per_kind_and_channel"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.channel}: {self.wanted}"
