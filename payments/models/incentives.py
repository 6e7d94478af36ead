"""What an organization gives for proven trips: rules as data, in versions, and their life.

A rule that has paid is never changed in place. Whoever changes it writes the next version, which
goes through the same steps; switching it on ends the one before in the same moment. What was given
counts towards the caps of every version: a change opens no cap again.
"""

from __future__ import annotations

import uuid
from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from payments.engine.incentives import Role, Terms
from payments.engine.rules import RewardRules
from payments.models.sponsors import SponsorBudget
from rides.models import ProofClass

SMALLEST_UNITS = _("Smallest units of the currency")
EVERY_DAY = list(range(7))
LEAST_ZONE_M, MOST_ZONE_M = 25, 2_000


class IncentiveState(models.TextChoices):
    """Where a version of a rule is in its life."""

    DRAFT = "draft", _("Being written")
    SIMULATED = "simulated", _("Tried on past trips")
    ON = "on", _("On")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


INCENTIVE_TRANSITIONS: dict[IncentiveState, frozenset[IncentiveState]] = {
    IncentiveState.DRAFT: frozenset({IncentiveState.SIMULATED, IncentiveState.ENDED}),
    IncentiveState.SIMULATED: frozenset(
        {IncentiveState.DRAFT, IncentiveState.ON, IncentiveState.ENDED}
    ),
    IncentiveState.ON: frozenset({IncentiveState.PAUSED, IncentiveState.ENDED}),
    IncentiveState.PAUSED: frozenset({IncentiveState.ON, IncentiveState.ENDED}),
    IncentiveState.ENDED: frozenset(),
}
# These may still be changed in place: they have paid nobody.
WRITABLE_STATES = (IncentiveState.DRAFT, IncentiveState.SIMULATED)
# Of these a rule has one version at most.
STANDING_STATES = (IncentiveState.ON, IncentiveState.PAUSED)


class GivenTo(models.TextChoices):
    """Who gets a reward."""

    DRIVER = "driver", _("Driver")
    RIDER = "rider", _("Rider")
    BOTH = "both", _("Both")

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that this names."""
        return frozenset(Role) if self is GivenTo.BOTH else frozenset({Role(self.value)})


def every_day() -> list[int]:
    """Return a new list of all weekdays."""
    return list(EVERY_DAY)


class Incentive(models.Model):
    """One version of a rule."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", verbose_name=_("organization")
    )
    series = models.UUIDField(default=uuid.uuid4, editable=False)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    name = models.CharField(_("name"), max_length=80)
    budget = models.ForeignKey(
        SponsorBudget, on_delete=models.PROTECT, related_name="incentives", verbose_name=_("payer")
    )
    given_to = models.CharField(
        _("who gets it"), max_length=6, choices=GivenTo.choices, default=GivenTo.BOTH
    )
    per_trip = models.PositiveBigIntegerField(_("for a trip"), default=0, help_text=SMALLEST_UNITS)
    per_km = models.PositiveBigIntegerField(
        _("for a kilometre"), default=0, help_text=SMALLEST_UNITS
    )
    per_passenger = models.PositiveBigIntegerField(
        _("to the driver for a passenger"), default=0, help_text=SMALLEST_UNITS
    )
    least_class = models.CharField(
        _("class of proof at least"), max_length=1, choices=ProofClass.choices,
        default=ProofClass.BOTH_TRIPS,
    )  # fmt: skip
    at_sites = models.BooleanField(_("only trips from or to your sites"), default=False)
    zone_m = models.PositiveIntegerField(
        _("how near to a site, m"), default=100,
        validators=[MinValueValidator(LEAST_ZONE_M), MaxValueValidator(MOST_ZONE_M)],
    )  # fmt: skip
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("weekdays"),
        default=every_day,
        help_text=_("As date.weekday() numbers them: 0 is Monday"),
    )
    from_time = models.TimeField(_("from"), null=True, blank=True)
    until_time = models.TimeField(_("until"), null=True, blank=True)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"), null=True, blank=True)
    most_a_day = models.PositiveBigIntegerField(
        _("at most for a person in a day"), null=True, blank=True, help_text=SMALLEST_UNITS
    )
    most_a_month = models.PositiveBigIntegerField(
        _("at most for a person in a month"), null=True, blank=True, help_text=SMALLEST_UNITS
    )
    most_a_year = models.PositiveBigIntegerField(
        _("at most for a person in a year"), null=True, blank=True, help_text=SMALLEST_UNITS
    )
    most_trips = models.PositiveSmallIntegerField(
        _("trips of a person in a day at most"), default=RewardRules().most_a_day,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )  # fmt: skip
    total = models.PositiveBigIntegerField(
        _("at most in all"), null=True, blank=True, help_text=SMALLEST_UNITS
    )
    state = models.CharField(
        _("state"), max_length=9, choices=IncentiveState.choices, default=IncentiveState.DRAFT
    )
    simulated_at = models.DateTimeField(_("tried on past trips at"), null=True, blank=True)
    simulation = models.JSONField(_("what it would have given"), default=dict, blank=True)
    told_percent = models.PositiveSmallIntegerField(
        default=0, help_text="Of the total: how far managers know that it is used"
    )
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("incentive")
        verbose_name_plural = _("incentives")
        ordering = ["organization", "name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["series", "version"], name="one_row_per_version"),
            models.UniqueConstraint(
                fields=["series"],
                condition=models.Q(state__in=STANDING_STATES),
                name="one_version_of_an_incentive_stands",
            ),
            models.UniqueConstraint(
                fields=["series"],
                condition=models.Q(state__in=WRITABLE_STATES),
                name="one_version_of_an_incentive_is_written",
            ),
            models.CheckConstraint(
                condition=models.Q(per_trip__gt=0)
                | models.Q(per_km__gt=0)
                | (models.Q(per_passenger__gt=0) & ~models.Q(given_to=GivenTo.RIDER)),
                name="an_incentive_gives_something",
            ),
            models.CheckConstraint(
                condition=models.Q(last_day=None) | models.Q(last_day__gte=models.F("first_day")),
                name="an_incentive_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=models.Q(from_time=None, until_time=None)
                | models.Q(from_time__isnull=False, until_time__isnull=False),
                name="incentive_hours_have_two_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(weekdays__len__gte=1, weekdays__contained_by=EVERY_DAY),
                name="incentive_on_days_of_the_week",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=[IncentiveState.SIMULATED, *STANDING_STATES])
                | models.Q(simulated_at__isnull=False),
                name="an_incentive_is_tried_before_it_pays",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    zone_m__gte=LEAST_ZONE_M, zone_m__lte=MOST_ZONE_M, most_trips__gte=1
                ),
                name="incentive_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def currency(self) -> str:
        """In what it pays: its organization's currency."""
        return self.organization.currency

    @property
    def weekday_names(self) -> list[str]:
        """The weekdays in short, Monday first; none where it is every day."""
        days = sorted(self.weekdays)
        return [] if days == EVERY_DAY else [str(WEEKDAYS_ABBR[day]) for day in days]

    @property
    def terms(self) -> Terms:
        """The rule as the engine knows it."""
        return Terms(
            roles=GivenTo(self.given_to).roles,
            first_day=self.first_day,
            last_day=self.last_day,
            per_trip=self.per_trip,
            per_km=self.per_km,
            per_passenger=self.per_passenger,
            least_class=self.least_class,
            zone_m=self.zone_m if self.at_sites else None,
            weekdays=frozenset(self.weekdays),
            from_minute=_minute(self.from_time),
            until_minute=_minute(self.until_time),
            most_a_day=self.most_a_day,
            most_a_month=self.most_a_month,
            most_a_year=self.most_a_year,
            most_trips=self.most_trips,
            total=self.total,
        )


def _minute(wall: time | None) -> int:
    return 0 if wall is None else wall.hour * 60 + wall.minute


class IncentiveStep(models.Model):
    """One step of an incentive's life: who did it, when, and why."""

    incentive = models.ForeignKey(
        Incentive, on_delete=models.CASCADE, related_name="steps", verbose_name=_("incentive")
    )
    before = models.CharField(_("before"), max_length=9, choices=IncentiveState.choices, blank=True)
    after = models.CharField(_("after"), max_length=9, choices=IncentiveState.choices)
    by_id = models.UUIDField(null=True, help_text="A member; nobody where it ended by itself")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("step of an incentive")
        verbose_name_plural = _("steps of an incentive")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.before or '·'} → {self.after}"
