"""Whom a member does not want to travel with, and where they do not want to stop."""

from __future__ import annotations

import uuid

from django.contrib.gis.db.models import PointField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.members import Gender, Member

LEAST_RADIUS_M, MOST_RADIUS_M = 50, 1_000


class Block(models.Model):
    """That a member wants nothing to do with another; it works both ways, and only one knows."""

    blocker = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="blocks")
    blocked = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["blocker", "blocked"], name="blocked_once"),
            models.CheckConstraint(
                condition=~models.Q(blocker=models.F("blocked")), name="nobody_blocks_themselves"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.blocker} · {self.blocked}"


class AvoidedPlace(models.Model):
    """A circle in which a member neither gets in nor out. Private, as all of their places."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="avoided_places")
    label = models.CharField(_("address"), max_length=255)
    location = PointField(_("location"), srid=4326)
    radius_m = models.PositiveIntegerField(
        _("radius"),
        default=200,
        validators=[MinValueValidator(LEAST_RADIUS_M), MaxValueValidator(MOST_RADIUS_M)],
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("avoided place")
        verbose_name_plural = _("avoided places")
        ordering = ["label", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(radius_m__gte=LEAST_RADIUS_M, radius_m__lte=MOST_RADIUS_M),
                name="avoided_radius_50_to_1000_m",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.radius_m} m"  # no address: the admin writes this into its titles


def kept_apart(member: Member, other: str) -> models.Q:
    """Return the condition that a member and the one in column ``other`` must not share a car.

    One of them blocked the other, or one of them travels with their own gender only. Who states no
    gender is never of the same one.
    """
    blocks = Block.objects.filter(
        models.Q(blocker=member.pk, blocked=models.OuterRef(other))
        | models.Q(blocked=member.pk, blocker=models.OuterRef(other))
    )
    differs = ~models.Q(**{f"{other}__gender": member.gender})
    apart = models.Q(models.Exists(blocks))
    if member.same_gender_only:
        return apart | differs
    return apart | (models.Q(**{f"{other}__same_gender_only": True}) & differs)


def may_share_by_gender(one: Member, other: Member) -> bool:
    """Tell whether the same-gender wishes of both allow one car; as :func:`kept_apart`."""
    asked = one.same_gender_only or other.same_gender_only
    return not asked or (one.gender == other.gender != Gender.UNSTATED)
