"""The commute plan of a member: what they usually do, from which trips of a day are made."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Car, Member, Organization, Place, Site
from carpool.kernel.geo import LonLat, from_point

MOST_SEATS = 8
MOST_DETOUR_S = 2 * 3600
MOST_WALK_M = 5_000
MOST_FLEXIBILITY_S = 2 * 3600


class Weekday(models.IntegerChoices):
    """Days as ``date.weekday()`` numbers them."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class Direction(models.TextChoices):
    """Which of the two ways of a day."""

    TO_WORK = "to_work", _("To work")
    TO_HOME = "to_home", _("To home")


class CommuteRole(models.TextChoices):
    """What a member wants to do on a trip."""

    DRIVE = "drive", _("Drive")
    RIDE = "ride", _("Ride")
    EITHER = "either", _("Either")
    NONE = "none", _("Off")


class CommutePlanQuerySet(models.QuerySet["CommutePlan"]):
    """Filters over plans."""

    def visible_to(self, member: Member) -> CommutePlanQuerySet:
        """A member's own plan: when somebody leaves their home is nobody else's business."""
        return self.filter(member=member)

    def on(self, organization: Organization, day: date) -> CommutePlanQuerySet:
        """Plans of an organization's people that hold on a day and say from where to where."""
        return self.filter(
            models.Q(paused_until=None) | models.Q(paused_until__lte=day),
            models.Q(work_place__isnull=False) | models.Q(work_site__isnull=False),
            member__organization=organization,
            member__left_at=None,
            member__user__is_active=True,
            is_active=True,
            home__isnull=False,
        )


class CommutePlan(models.Model):
    """From where to where a member commutes, with which car, and how far they bend."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="commute_plan")
    home = models.ForeignKey(
        Place, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    work_place = models.ForeignKey(
        Place, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    work_site = models.ForeignKey(
        Site, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    car = models.ForeignKey(Car, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    seats = models.PositiveSmallIntegerField(
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SEATS)],
        help_text="For riders, when driving",
    )
    detour_s = models.PositiveIntegerField(
        validators=[MaxValueValidator(MOST_DETOUR_S)],
        help_text="How much later than alone the member accepts to arrive when driving",
    )
    walk_m = models.PositiveIntegerField(validators=[MaxValueValidator(MOST_WALK_M)])
    keeps_looking = models.BooleanField(
        default=True, help_text="A rider left without a car gets a standing request"
    )
    offers_alone = models.BooleanField(
        default=False, help_text="A driver to whom nobody was proposed gets their ride offered"
    )
    is_active = models.BooleanField(default=True)
    paused_until = models.DateField(
        null=True, blank=True, help_text="The first day on which the plan holds again"
    )
    updated_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    objects = CommutePlanQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(work_place=None) | models.Q(work_site=None),
                name="plan_has_one_workplace",
            ),
            models.CheckConstraint(
                condition=models.Q(seats__gte=1, seats__lte=MOST_SEATS),
                name="plan_has_1_to_8_seats",
            ),
            models.CheckConstraint(
                condition=models.Q(detour_s__lte=MOST_DETOUR_S), name="plan_detour_is_bounded"
            ),
            models.CheckConstraint(
                condition=models.Q(walk_m__lte=MOST_WALK_M), name="plan_walk_is_bounded"
            ),
            models.CheckConstraint(
                condition=models.Q(paused_until=None) | models.Q(is_active=True),
                name="plan_is_off_or_paused",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}"  # no place, no time: they tell when a home is empty

    @property
    def home_end(self) -> tuple[LonLat, str] | None:
        """Where the member lives, and how they call it."""
        return None if self.home is None else (from_point(self.home.location), self.home.label)

    @property
    def work_end(self) -> tuple[LonLat, str] | None:
        """Where the member works, and how they call it."""
        if self.work_site is not None:
            return from_point(self.work_site.location), self.work_site.name
        if self.work_place is not None:
            return from_point(self.work_place.location), self.work_place.label
        return None

    @property
    def has_places(self) -> bool:
        """Whether the plan says from where to where."""
        return self.home_end is not None and self.work_end is not None

    @property
    def usable_car(self) -> Car | None:
        """The car, unless it was removed since."""
        return self.car if self.car is not None and self.car.removed_at is None else None

    def is_paused_on(self, day: date) -> bool:
        """Tell whether nothing happens on a day."""
        return not self.is_active or (self.paused_until is not None and day < self.paused_until)


class CommuteTrip(models.Model):
    """One way of one weekday: which role, when, and how exactly."""

    plan = models.ForeignKey(CommutePlan, on_delete=models.CASCADE, related_name="trips")
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    direction = models.CharField(max_length=7, choices=Direction.choices)
    role = models.CharField(max_length=6, choices=CommuteRole.choices)
    at = models.TimeField(
        help_text="Local wall clock: to work the arrival at the latest, to home the earliest leave"
    )
    flexibility_s = models.PositiveIntegerField(
        default=900,
        validators=[MaxValueValidator(MOST_FLEXIBILITY_S)],
        help_text="How much earlier the arrival at work, how much later the leave for home may be",
    )

    class Meta:
        ordering = ["weekday", "-direction"]  # to work comes before to home
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "weekday", "direction"], name="one_trip_per_day_and_direction"
            ),
            models.CheckConstraint(
                condition=models.Q(weekday__lte=Weekday.SUNDAY), name="trip_is_on_a_weekday"
            ),
            models.CheckConstraint(
                condition=models.Q(direction__in=Direction.values), name="trip_has_a_direction"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=CommuteRole.values), name="trip_has_a_role"
            ),
            models.CheckConstraint(
                condition=models.Q(flexibility_s__lte=MOST_FLEXIBILITY_S),
                name="trip_flexibility_is_bounded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()}, {self.get_direction_display()}"

    @property
    def flexibility(self) -> timedelta:
        """How far the time may move."""
        return timedelta(seconds=self.flexibility_s)
