"""Where somebody worked on a day: what a proven trip tells, and beside it what they say."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Member


class DayKind(models.TextChoices):
    """Where somebody worked."""

    ON_SITE = "on_site", _("At work")
    TELEWORK = "telework", _("Working elsewhere")
    AWAY = "away", _("Not working")


class WorkDay(models.Model):
    """One member's day. A day that nobody knows anything about has no row.

    ``arrived_at`` is the fact: when a proven trip ended at the workplace. ``said`` is what the
    member says, which counts first; neither overwrites the other.
    """

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", verbose_name=_("member")
    )
    date = models.DateField(_("day"), help_text=_("On the organization's clock"))
    arrived_at = models.DateTimeField(_("proven arrival"), null=True, blank=True)
    booking_id = models.UUIDField(null=True, blank=True, help_text="The proven trip")
    said = models.CharField(_("own entry"), max_length=8, choices=DayKind.choices, blank=True)
    said_at = models.DateTimeField(_("entered at"), null=True, blank=True)
    said_by = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("entered by"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("working day")
        verbose_name_plural = _("working days")
        ordering = ["member", "date"]
        indexes = [models.Index(fields=["date"], name="work_days_by_date")]
        constraints = [
            models.UniqueConstraint(fields=["member", "date"], name="one_work_day_a_date"),
            models.CheckConstraint(
                condition=models.Q(arrived_at__isnull=False) | ~models.Q(said=""),
                name="a_work_day_is_proven_or_said",
            ),
            models.CheckConstraint(
                condition=models.Q(said="", said_at=None)
                | (~models.Q(said="") & models.Q(said_at__isnull=False)),
                name="a_work_day_is_said_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(arrived_at=None, booking_id=None)
                | models.Q(arrived_at__isnull=False, booking_id__isnull=False),
                name="a_proven_work_day_names_its_trip",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date}"  # not where they were: the admin writes this into its titles

    @property
    def kind(self) -> DayKind:
        """Where they worked: as they say, or else as the trip proves."""
        return DayKind(self.said) if self.said else DayKind.ON_SITE

    @property
    def is_corrected(self) -> bool:
        """Tell whether the member says something else than the trip."""
        return self.arrived_at is not None and self.said not in {"", DayKind.ON_SITE}

    @property
    def changed_at(self) -> datetime | None:
        """When it last became what it is."""
        return self.said_at or self.arrived_at
