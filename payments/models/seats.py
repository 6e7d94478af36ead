"""What somebody agreed to when they took a seat in a shared taxi, and with what they paid."""

from __future__ import annotations

from django.db import models

from accounts.models import Organization
from payments.models.payments import Payment


class SeatPrice(models.Model):
    """The prepayment of one seat, and the most its rider said yes to. Never changed."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    seat_id = models.UUIDField(unique=True)
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="seat_price")
    prepay = models.BigIntegerField(help_text="Paid when joining; rule R2")
    at_most = models.BigIntegerField(help_text="The consent: never more without a new yes; rule R3")
    highest_fare = models.BigIntegerField(help_text="Upper end of the estimate that was shown")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    prepay__gt=0,
                    at_most__gte=models.F("prepay"),
                    highest_fare__gte=models.F("at_most"),
                ),
                name="prepay_is_within_consent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prepay} ≤ {self.at_most}"
