"""The log of a ride's life."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from rides.models.rides import Ride, RideState


class RideTransition(models.Model):
    """One step of a ride's life, as it was recorded."""

    ride = models.ForeignKey(
        Ride, on_delete=models.CASCADE, related_name="transitions", verbose_name=_("ride")
    )
    before = models.CharField(_("before"), max_length=10, choices=RideState.choices, blank=True)
    after = models.CharField(_("after"), max_length=10, choices=RideState.choices)
    actor = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("step of a ride")
        verbose_name_plural = _("steps of a ride")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.before or '·'} → {self.after}"
