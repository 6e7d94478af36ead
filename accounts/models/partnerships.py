"""Organizations that share rides: invited by one, accepted by the other, ended by either."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _

from accounts.models.identity import User
from accounts.models.organizations import Organization


class Partnership(models.Model):
    """An agreement of two organizations, or the invitation to one.

    Once it holds, each names the other in ``partner_ids``, so that asking who sees whom costs no
    query; once it has ended, in ``former_partner_ids``, so that booked rides are still found.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    inviter = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="partnerships_offered"
    )
    invited = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="partnerships_received"
    )
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    invited_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("partnership")
        verbose_name_plural = _("partnerships")
        ordering = ["-invited_at", "id"]
        constraints = [
            models.UniqueConstraint(
                Least("inviter", "invited"),
                Greatest("inviter", "invited"),
                name="one_partnership_of_two",
                condition=models.Q(ended_at=None),
            ),
            models.CheckConstraint(
                condition=~models.Q(inviter=models.F("invited")), name="partners_are_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.inviter} · {self.invited}"
