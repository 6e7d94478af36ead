"""What matching remembers: which rides fit which standing requests."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from rides.models import Ride, RideRequest


class Match(models.Model):
    """A ride that fits a standing request, with the numbers at the time it was found."""

    request = models.ForeignKey(
        RideRequest,
        on_delete=models.CASCADE,
        related_name="matches",
        verbose_name=_("standing request"),
    )
    ride = models.ForeignKey(
        Ride, on_delete=models.CASCADE, related_name="matches", verbose_name=_("ride")
    )
    pickup_at = models.DateTimeField(_("pick-up"))
    dropoff_at = models.DateTimeField(_("drop-off"))
    walk_to_m = models.PositiveIntegerField(_("walk to the stop, m"))
    walk_from_m = models.PositiveIntegerField(_("walk from the stop, m"))
    detour_s = models.PositiveIntegerField(_("detour, s"))
    cost_s = models.FloatField(
        _("cost, s"), help_text=_("Generalized cost, see matching.engine.CostWeights")
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("match")
        verbose_name_plural = _("matches")
        ordering = ["cost_s", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "ride"], name="one_match_per_request_and_ride"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ride} for {self.request}"
