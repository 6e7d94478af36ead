"""Links by which people without a company address come in."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.members import Member
from accounts.models.organizations import Organization


class Invitation(models.Model):
    """A link that makes whoever opens it a member: for a while, so many times, until revoked.

    Only a digest of its token is kept: who reads the database cannot come in.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="invitations"
    )
    created_by = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, related_name="invitations"
    )
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    note = models.CharField(_("whom it is for"), max_length=80, blank=True)
    max_uses = models.PositiveSmallIntegerField(
        _("how many people"), validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    uses = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(uses__lte=models.F("max_uses")),
                name="invitation_used_within_its_limit",
            ),
        ]

    def __str__(self) -> str:
        return self.note or str(self.pk)
