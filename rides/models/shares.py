"""Letting somebody outside follow a ride: a trusted contact who worries."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import models
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from rides.models.bookings import UNCERTAIN_STATES, Booking, BookingState
from rides.models.rides import Ride

# Long enough to read "arrived" when one looks late.
SHARED_AFTER = timedelta(hours=1)
MOST_LINKS_PER_RIDE = 5


class RideShareQuerySet(models.QuerySet["RideShare"]):
    """Filters over links."""

    def alive(self, now: datetime) -> RideShareQuerySet:
        """Links that still show something: not ended, the ride not long over, its seat not lost."""
        ended = Coalesce("ride__finished_at", "ride__arrival_at")
        seats = Booking.objects.filter(
            ride=models.OuterRef("ride"), rider=models.OuterRef("member")
        ).exclude(state__in=[*UNCERTAIN_STATES, BookingState.CANCELLED])
        travels = models.Q(ride__driver=models.F("member")) | models.Exists(seats)
        return self.alias(ended_at=ended).filter(
            travels, revoked_at=None, ended_at__gt=now - SHARED_AFTER
        )

    def with_token(self, token: str) -> RideShareQuerySet:
        """The link of a token; the token itself is stored nowhere."""
        return self.filter(token_hash=hash_token(token))


class RideShare(models.Model):
    """A link with which somebody without an account follows one member's ride."""

    ride = models.ForeignKey(Ride, on_delete=models.CASCADE, related_name="shares")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256, hexadecimal")
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = RideShareQuerySet.as_manager()

    class Meta:
        verbose_name = _("shared link")
        verbose_name_plural = _("shared links")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.member} · {self.created_at:%Y-%m-%d %H:%M}"


def new_token() -> str:
    """Return a token of 256 random bits, as it stands in an address."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is stored of a token. It is random enough to need neither salt nor slowness."""
    return hashlib.sha256(token.encode()).hexdigest()
