"""Organizations that pay (a part of) their members' fares: budgets, rules, and each use."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Organization, Site
from payments.models.manual import ManualState
from payments.models.payments import Payment

SPONSOR = "sponsor"  # what a payment that a budget makes has for its provider


class BudgetFor(models.TextChoices):
    """Whose seats a budget pays for."""

    ALL = "all", _("Everybody")
    SITES = "sites", _("Trips from or to certain sites")
    PEOPLE = "people", _("Certain people")


class SponsorBudget(models.Model):
    """What an organization gives for its members' seats, and by which rules.

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
    pays_rooms = models.BooleanField(_("pays for shared taxis"), default=True)
    pays_rides = models.BooleanField(_("pays for planned rides"), default=False)
    given_to = models.CharField(
        _("for whom"), max_length=6, choices=BudgetFor.choices, default=BudgetFor.ALL
    )
    sites = models.ManyToManyField(
        Site, blank=True, related_name="+", verbose_name=_("sites")
    )  # fmt: skip
    people = models.ManyToManyField(
        Member, blank=True, related_name="+", verbose_name=_("people")
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
            models.CheckConstraint(
                condition=models.Q(pays_rooms=True) | models.Q(pays_rides=True),
                name="a_sponsor_pays_for_some_kind_of_trip",
                violation_error_message=_("Choose at least one kind of trip."),
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
    """That money of a sponsor has come in: one person enters it, another one posts it.

    Both look at the bank's statement. The states are those of a manual journal.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    budget = models.ForeignKey(
        SponsorBudget, on_delete=models.PROTECT, related_name="deposits", verbose_name=_("budget")
    )
    amount = models.PositiveBigIntegerField(
        _("amount"), validators=[MinValueValidator(1)],
        help_text=_("Smallest units of the currency"),
    )  # fmt: skip
    reference = models.CharField(_("reference on the bank's statement"), max_length=120)
    state = models.CharField(
        _("state"), max_length=8, choices=ManualState.choices, default=ManualState.PROPOSED
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+",
        verbose_name=_("entered by"),
    )  # fmt: skip
    entered_at = models.DateTimeField(_("entered at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True,
        related_name="+", verbose_name=_("decided by"),
    )  # fmt: skip
    at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("sponsor's deposit")
        verbose_name_plural = _("sponsors' deposits")
        ordering = ["-entered_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["budget", "reference"],
                condition=~models.Q(state=ManualState.REFUSED),
                name="a_deposit_counts_once",
                violation_error_message=_("This deposit is in the books already."),
            ),
            models.CheckConstraint(
                condition=~models.Q(entered_by=models.F("decided_by"))
                | models.Q(state=ManualState.REFUSED),
                name="a_deposit_takes_two",
            ),
            models.CheckConstraint(
                condition=models.Q(state=ManualState.PROPOSED, at=None)
                | (~models.Q(state=ManualState.PROPOSED) & models.Q(at__isnull=False)),
                name="a_decided_deposit_says_when",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class SponsorGrant(models.Model):
    """That a budget paid (a part of) the price of one seat: in a room, or a booking in a ride."""

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
