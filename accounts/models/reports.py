"""What members report, and what moderators made of it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.members import Member
from accounts.models.organizations import Organization


class ReportSubject(models.TextChoices):
    """About what somebody complains."""

    MEMBER = "member", _("A person")
    RIDE = "ride", _("A ride")
    MESSAGE = "message", _("A message")
    REVIEW = "review", _("A rating")


class ReportReason(models.TextChoices):
    """Why somebody complains."""

    DRIVING = "driving", _("Unsafe driving")
    HARASSMENT = "harassment", _("Harassment or threats")
    NO_SHOW = "no_show", _("Did not come, or came much too late")
    FALSE_DETAILS = "false_details", _("Wrong person, car or plate")
    MONEY = "money", _("Asked for money beside the platform")
    OTHER = "other", _("Something else")


class ReportState(models.TextChoices):
    """Where a report is in its life."""

    OPEN = "open", _("Open")
    DISMISSED = "dismissed", _("Dismissed")
    ACTED = "acted", _("Acted upon")


REPORT_TRANSITIONS: dict[ReportState, frozenset[ReportState]] = {
    ReportState.OPEN: frozenset({ReportState.DISMISSED, ReportState.ACTED}),
    # Somebody may look again at what was decided too lightly.
    ReportState.DISMISSED: frozenset({ReportState.ACTED}),
    ReportState.ACTED: frozenset({ReportState.ACTED}),
}


class ModerationStep(models.TextChoices):
    """What a moderator does about a report."""

    DISMISS = "dismiss", _("Dismiss")
    WARN = "warn", _("Warn the person")
    SUSPEND = "suspend", _("Suspend the person")
    HIDE_MESSAGE = "hide_message", _("Hide the message, or what a rating says")


class Report(models.Model):
    """A complaint about a person, for moderators only: the reported never learns from whom."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", verbose_name=_("organization")
    )
    reporter = models.ForeignKey(
        Member,
        on_delete=models.SET_NULL,
        null=True,
        related_name="reports_made",
        verbose_name=_("reporter"),
    )
    reported = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", verbose_name=_("reported person")
    )
    subject = models.CharField(_("about"), max_length=7, choices=ReportSubject.choices)
    subject_id = models.CharField(_("which one"), max_length=64, blank=True)
    excerpt = models.TextField(
        _("excerpt"), max_length=2_000, blank=True, help_text=_("The message as it was")
    )
    reason = models.CharField(_("reason"), max_length=13, choices=ReportReason.choices)
    text = models.TextField(_("what happened"), max_length=1_000, blank=True)
    state = models.CharField(
        _("state"), max_length=9, choices=ReportState.choices, default=ReportState.OPEN
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="report_open",
                condition=models.Q(state=ReportState.OPEN),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} · {self.get_state_display()}"


class ModerationAct(models.Model):
    """One step that a moderator took: the audit trail, written once."""

    report = models.ForeignKey(
        Report, on_delete=models.CASCADE, related_name="acts", verbose_name=_("report")
    )
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("moderator"),
    )
    step = models.CharField(_("step"), max_length=12, choices=ModerationStep.choices)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("moderation step")
        verbose_name_plural = _("moderation steps")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return str(self.get_step_display())
