"""Payments that their payers' banks took back from us, each once."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from payments.models.payments import Payment


class Chargeback(models.Model):
    """What a provider took back of a payment; ``returned_at`` says when it was decided for us."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="chargebacks")
    name = models.CharField(_("name at the provider"), max_length=100)
    amount = models.BigIntegerField(_("amount"))
    taken_at = models.DateTimeField(_("taken"))
    returned_at = models.DateTimeField(_("came back"), null=True, blank=True)

    class Meta:
        verbose_name = _("chargeback")
        verbose_name_plural = _("chargebacks")
        constraints = [
            models.UniqueConstraint(fields=["payment", "name"], name="one_row_per_chargeback"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="a_chargeback_takes_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment.provider}: {self.name}"
