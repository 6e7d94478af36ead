"""Organizations that pay (a part of) their members' fares: budgets, rules, and each use."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from payments.models.payments import Payment

SPONSOR = "sponsor"  # what a payment that a budget makes has for its provider


class SponsorBudget(models.Model):
    """What an organization gives for its members' seats in shared taxis, and by which rules.

    How much is left stands in the books, on the budget's own account.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", verbose_name=_("organization")
    )
    name = models.CharField(_("name"), max_length=80)
    percent = models.PositiveSmallIntegerField(
        _("share of each prepayment, percent"),
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    most_per_trip = models.PositiveBigIntegerField(
        _("at most for a trip"), null=True, blank=True,
        help_text=_("Smallest units of the currency"),
    )  # fmt: skip
    most_per_month = models.PositiveBigIntegerField(
        _("at most for a person in a month"), null=True, blank=True,
        help_text=_("Smallest units of the currency"),
    )  # fmt: skip
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"), null=True, blank=True)
    is_on = models.BooleanField(_("is switched on"), default=False)

    class Meta:
        verbose_name = _("sponsor's budget")
        verbose_name_plural = _("sponsors' budgets")
        ordering = ["organization", "name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(percent__gte=1, percent__lte=100),
                name="a_sponsor_pays_1_to_100_percent",
            ),
            models.UniqueConstraint(
                fields=["organization"],
                condition=models.Q(is_on=True),
                name="one_budget_is_on",
                violation_error_message=_("Another budget is switched on."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SponsorDeposit(models.Model):
    """That money of a sponsor has come in, as the bank's statement shows it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    budget = models.ForeignKey(
        SponsorBudget, on_delete=models.PROTECT, related_name="deposits", verbose_name=_("budget")
    )
    amount = models.PositiveBigIntegerField(
        _("amount"), validators=[MinValueValidator(1)],
        help_text=_("Smallest units of the currency"),
    )  # fmt: skip
    reference = models.CharField(_("reference on the bank's statement"), max_length=120)
    at = models.DateTimeField(_("posted at"), editable=False)

    class Meta:
        verbose_name = _("sponsor's deposit")
        verbose_name_plural = _("sponsors' deposits")
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["budget", "reference"],
                name="a_deposit_counts_once",
                violation_error_message=_("This deposit is in the books already."),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class SponsorGrant(models.Model):
    """That a budget paid (a part of) the prepayment of one seat."""

    budget = models.ForeignKey(SponsorBudget, on_delete=models.PROTECT, related_name="grants")
    seat_id = models.UUIDField(unique=True)
    member_id = models.UUIDField()
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="grant")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["member_id", "created_at"], name="grant_of_member"),
        ]

    def __str__(self) -> str:
        return str(self.seat_id)
