"""What a member agreed to, asked for, and was looked at: consents, exports, erasures, reads."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.members import Member


class ConsentPurpose(models.TextChoices):
    """For what a member may let us use their position. Each is asked for by itself."""

    LIVE_POSITION = "live_position", _("Show where I am to the people in my car")
    TRIP_PROOF = "trip_proof", _("Prove my trips by their trace, for rewards")


# Raised when the text changes: what was agreed to before does not hold for the new one.
CONSENT_VERSIONS: dict[ConsentPurpose, str] = {
    ConsentPurpose.LIVE_POSITION: "2026-11",
    ConsentPurpose.TRIP_PROOF: "2026-11",
}


class Consent(models.Model):
    """That a member agreed to a purpose, in the words of a version, and until when."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=13, choices=ConsentPurpose.choices)
    version = models.CharField(max_length=16)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-given_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "purpose"],
                condition=models.Q(withdrawn_at=None),
                name="one_consent_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} ({self.version})"


class DataExport(models.Model):
    """A member's own data in one file, kept until it expires; empty while it is being made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="exports")
    content = models.BinaryField(null=True, editable=False)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M}"


class Erasure(models.Model):
    """That a member asked to be forgotten; until it is due they may think again."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="erasure")
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["due_at"]

    def __str__(self) -> str:
        return f"{self.due_at:%Y-%m-%d %H:%M}"


class PositionSource(models.TextChoices):
    """By which way somebody read where another person is."""

    SHARED_LINK = "shared_link", _("A link that you shared")
    LIVE_MAP = "live_map", _("The map of a ride")


class PositionRead(models.Model):
    """That somebody read where a member is. Kept for six months, shown to the member."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="position_reads")
    reader = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, related_name="+", help_text="Empty: a guest"
    )
    source = models.CharField(max_length=11, choices=PositionSource.choices)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("read of a position")
        verbose_name_plural = _("reads of positions")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["member", "-at"], name="position_reads_newest"),
            models.Index(fields=["at"], name="position_reads_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_source_display()} {self.at:%Y-%m-%d %H:%M}"
