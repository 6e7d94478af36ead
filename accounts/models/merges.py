"""Two sign-ins of one person that become one."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

MOST_TRIES = 5


class AccountMerge(models.Model):
    """That somebody says another account is theirs too, until a code mailed to it proves it.

    Of an address that nobody has a row is kept all the same, so that nobody learns who is here.
    The code stands nowhere: it follows from the row's id and the installation's secret.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    keeper = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="merges"
    )
    other = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    address = models.EmailField(help_text="To which the code went")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("joining of accounts")
        verbose_name_plural = _("joinings of accounts")
        ordering = ["-asked_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(keeper=models.F("other")), name="merged_are_two"
            ),
            models.CheckConstraint(
                condition=models.Q(tries__lte=MOST_TRIES), name="merge_tried_within_its_limit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M}"  # no address: it may be somebody else's
