"""The code by which riders find a driver who stands at the kerb."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from rides.models.rides import Ride

# Neither 0 and O nor 1, I and L, nor U, which sounds like V: a code is read out beside a road.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 6


class InstantCode(models.Model):
    """What a driver at the kerb shows, as letters and as a picture, until they leave."""

    code = models.CharField(_("code"), max_length=CODE_LENGTH, primary_key=True)
    ride = models.OneToOneField(
        Ride, on_delete=models.CASCADE, related_name="instant_code", verbose_name=_("ride")
    )
    expires_at = models.DateTimeField(
        _("valid until"), help_text=_("Until then the driver waits; no rider is promised less")
    )

    class Meta:
        verbose_name = _("code of an instant ride")
        verbose_name_plural = _("codes of instant rides")
        ordering = ["-expires_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__regex=f"^[{CODE_ALPHABET}]{{{CODE_LENGTH}}}$"),
                name="instant_code_can_be_read_out",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code[:3]}…"  # whoever knows all of it may get in

    @property
    def shown(self) -> str:
        """The code as one reads it: two groups."""
        return f"{self.code[:3]} {self.code[3:]}"

    def is_valid_at(self, now: datetime) -> bool:
        """Tell whether the driver still waits."""
        return self.ride.is_at_kerb and now < self.expires_at
