"""Money on its way to people: one transfer a day and person at most."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Organization


class PayoutAccount(models.Model):
    """Where a member wants their money sent; the number is sealed, its end is shown."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="+")
    holder = models.CharField(max_length=120)
    bank = models.CharField(max_length=80)
    sealed_number = models.TextField()
    ending = models.CharField(max_length=4)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.bank} …{self.ending}"


class PayoutState(models.TextChoices):
    """Where a transfer is."""

    SENT = "sent", _("On its way")
    ARRIVED = "arrived", _("Arrived")
    BOUNCED = "bounced", _("Came back")


PAYOUT_TRANSITIONS: dict[PayoutState, frozenset[PayoutState]] = {
    PayoutState.SENT: frozenset({PayoutState.ARRIVED, PayoutState.BOUNCED}),
    PayoutState.ARRIVED: frozenset(),
    PayoutState.BOUNCED: frozenset(),
}


class Payout(models.Model):
    """One transfer of what somebody is owed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", verbose_name=_("organization")
    )
    payee_id = models.UUIDField(db_index=True, help_text="A member")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    batch = models.DateField(_("day"), help_text=_("Of the batch"))
    state = models.CharField(
        _("state"), max_length=7, choices=PayoutState.choices, default=PayoutState.SENT
    )
    created_at = models.DateTimeField(_("sent"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "payee_id", "currency", "batch"],
                name="one_payout_a_day_and_person",
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="a_payout_is_something"),
            models.CheckConstraint(
                condition=models.Q(state=PayoutState.SENT, ended_at=None)
                | (~models.Q(state=PayoutState.SENT) & models.Q(ended_at__isnull=False)),
                name="a_payout_ends_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}: {self.get_state_display()}"
