"""Trips that count, and what was given for them: once for a rule, a booking and a person."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from payments.engine.incentives import Limit, Role
from payments.models.incentives import Incentive
from rides.models import ProofClass

ROLES = [(Role.DRIVER.value, _("Driver")), (Role.RIDER.value, _("Rider"))]
LIMITS = [
    (Limit.SAME_WAY.value, _("This way was rewarded on that day already")),
    (Limit.TRIPS.value, _("No more trips count on that day")),
    (Limit.DAY.value, _("The day's most is reached")),
    (Limit.MONTH.value, _("The month's most is reached")),
    (Limit.YEAR.value, _("The year's most is reached")),
    (Limit.TOTAL.value, _("The incentive is used up")),
    (Limit.MONEY.value, _("No money was left in the budget")),
]


class CountedTrip(models.Model):
    """A booking whose proof counts for incentives, as rides has told; gone when it is withdrawn."""

    booking_id = models.UUIDField(unique=True)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", help_text="The ride's"
    )
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("trip that counts")
        verbose_name_plural = _("trips that count")
        indexes = [models.Index(fields=["organization", "counted_at"], name="counted_trips_late")]

    def __str__(self) -> str:
        return str(self.booking_id)


class TakenBackFor(models.TextChoices):
    """Why a reward was taken back."""

    MANAGER = "manager", _("The organization decided so")
    VERDICT = "verdict", _("The trip's proof was withdrawn")


class RewardQuerySet(models.QuerySet["Reward"]):
    """Filters over rewards."""

    def standing(self) -> RewardQuerySet:
        """Return those that nobody took back."""
        return self.filter(back_at=None)


class Reward(models.Model):
    """What a person got for a trip by a rule, or why they got nothing.

    ``kept`` is what remains after it was taken back: what had been spent or paid out by then stays
    with the person, and the payer bears it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incentive = models.ForeignKey(
        Incentive, on_delete=models.PROTECT, related_name="rewards", verbose_name=_("incentive")
    )
    series = models.UUIDField()
    booking_id = models.UUIDField(db_index=True, help_text="The trip in the books")
    ride_id = models.UUIDField()
    member_id = models.UUIDField(help_text="A member")
    role = models.CharField(_("as"), max_length=6, choices=ROLES)
    day = models.DateField(_("day"), help_text=_("Of the trip, on the organization's clock"))
    way = models.CharField(max_length=48, blank=True, help_text="To or from which site")
    proof_class = models.CharField(_("class of proof"), max_length=1, choices=ProofClass.choices)
    distance_m = models.PositiveIntegerField(_("way aboard, m"))
    worth = models.PositiveBigIntegerField(_("worth"), help_text=_("Before the caps"))
    amount = models.PositiveBigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    limit = models.CharField(_("what kept it lower"), max_length=8, choices=LIMITS, blank=True)
    at = models.DateTimeField(_("given at"))
    back = models.PositiveBigIntegerField(_("taken back"), default=0)
    back_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    back_for = models.CharField(_("cause"), max_length=7, choices=TakenBackFor.choices, blank=True)
    back_by_id = models.UUIDField(null=True, blank=True, help_text="A member, where one decided")
    back_why = models.CharField(_("why"), max_length=280, blank=True)

    objects = RewardQuerySet.as_manager()

    class Meta:
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["member_id", "-at"], name="rewards_of_a_member"),
            models.Index(fields=["series", "member_id", "day"], name="rewards_by_cap"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "booking_id", "member_id"], name="a_trip_is_rewarded_once"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__lte=models.F("worth"), back__lte=models.F("amount")),
                name="a_reward_is_no_more_than_its_worth",
            ),
            models.CheckConstraint(
                condition=models.Q(amount=models.F("worth"), limit="")
                | (models.Q(amount__lt=models.F("worth")) & ~models.Q(limit="")),
                name="a_lower_reward_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(back_at=None, back=0, back_for="")
                | (models.Q(back_at__isnull=False) & ~models.Q(back_for="")),
                name="a_reward_is_taken_back_for_a_cause",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    @property
    def kept(self) -> int:
        """What of it is still its person's."""
        return self.amount - self.back

    @property
    def is_taken_back(self) -> bool:
        """Tell whether it counts no more."""
        return self.back_at is not None
