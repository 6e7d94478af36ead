"""What a member has: cars and saved places."""

from __future__ import annotations

import uuid

from django.contrib.gis.db.models import PointField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.members import Member


class Car(models.Model):
    """A car that a member drives; its look and plate help riders to find it at the kerb."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="cars", verbose_name=_("member")
    )
    make = models.CharField(_("make"), max_length=40)
    model = models.CharField(_("model"), max_length=40)
    colour = models.CharField(_("colour"), max_length=30)
    plate = models.CharField(_("plate"), max_length=16)
    seats = models.PositiveSmallIntegerField(
        _("seats for riders"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(8)],
        help_text=_("Without the driver's."),
    )
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("car")
        verbose_name_plural = _("cars")
        ordering = ["make", "model", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(seats__gte=1, seats__lte=8), name="car_has_1_to_8_seats"
            ),
            models.UniqueConstraint(
                fields=["member", "plate"],
                condition=models.Q(removed_at=None),
                name="car_plate_once_per_member",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.colour} {self.make} {self.model}"


class PlaceKind(models.TextChoices):
    """What a saved place means to its owner."""

    HOME = "home", _("Home")
    WORK = "work", _("Work")
    OTHER = "other", _("Other")


class Place(models.Model):
    """A place a member saved. Private: nobody but its owner ever sees the exact point."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="places", verbose_name=_("member")
    )
    kind = models.CharField(_("kind"), max_length=5, choices=PlaceKind.choices)
    label = models.CharField(_("address"), max_length=255)
    location = PointField(_("location"), srid=4326)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ["kind", "label"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "kind"],
                condition=~models.Q(kind=PlaceKind.OTHER),
                name="one_home_one_work",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()  # no address: the admin writes this into its titles
