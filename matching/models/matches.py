"""What matching remembers: which rides fit which standing requests."""

from django.db import models
from django.db.models.functions import Now

from rides.models import Ride, RideRequest


class Match(models.Model):
    """A ride that fits a standing request, with the numbers at the time it was found."""

    request = models.ForeignKey(RideRequest, on_delete=models.CASCADE, related_name="matches")
    ride = models.ForeignKey(Ride, on_delete=models.CASCADE, related_name="matches")
    pickup_at = models.DateTimeField()
    dropoff_at = models.DateTimeField()
    walk_to_m = models.PositiveIntegerField()
    walk_from_m = models.PositiveIntegerField()
    detour_s = models.PositiveIntegerField()
    cost_s = models.FloatField(help_text="Generalized cost, see matching.engine.CostWeights")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "matches"
        ordering = ["cost_s", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "ride"], name="one_match_per_request_and_ride"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ride} for {self.request}"
