"""A ride that repeats: a set of weekdays, a time on the wall, and what becomes of each day.

A repeating ride is a pattern and is never driven itself. It keeps the way that was computed once,
and every day of it becomes an ordinary ride by copying.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.gis.db.models import LineStringField, PointField, PolygonField
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from accounts.models import Car, Member, Organization
from maps.models import Region
from rides.models.rides import BookingMode, Ride

EVERY_DAY = list(range(7))


class RecurringRideQuerySet(models.QuerySet["RecurringRide"]):
    """Filters over repeating rides."""

    def visible_to(self, member: Member) -> RecurringRideQuerySet:
        """A member's own: when somebody leaves their home each week is nobody else's business."""
        return self.filter(driver=member)

    def going_on(self) -> RecurringRideQuerySet:
        """Those that nobody has ended."""
        return self.filter(ended_at=None)

    def due(self, now: datetime) -> RecurringRideQuerySet:
        """Those of which further days may have to be offered."""
        return self.going_on().filter(next_check_at__lte=now)


class RecurringRide(models.Model):
    """On which days a driver goes the same way at the same time on the wall, and with what."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", verbose_name=_("organization")
    )
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="+", verbose_name=_("region")
    )
    driver = models.ForeignKey(
        Member,
        on_delete=models.CASCADE,
        related_name="recurring_rides",
        verbose_name=_("driver"),
    )
    car = models.ForeignKey(Car, on_delete=models.RESTRICT, related_name="+", verbose_name=_("car"))

    weekdays = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("weekdays"),
        help_text=_("As date.weekday() numbers them: 0 is Monday"),
    )
    wall_time = models.TimeField(_("time on the wall"))
    is_arrival = models.BooleanField(
        _("the time is the latest arrival"), default=False, db_default=False
    )
    time_zone = models.CharField(_("time zone"), max_length=64)
    first_date = models.DateField(_("from"))
    last_date = models.DateField(_("until"), null=True, blank=True)
    skips_holidays = models.BooleanField(_("not on public holidays"), default=True, db_default=True)

    origin = PointField(srid=4326)
    origin_label = models.CharField(max_length=255)
    origin_area = models.CharField(_("from (area)"), max_length=255)
    origin_public = models.BooleanField(_("starts at a site"))
    destination = PointField(srid=4326)
    destination_label = models.CharField(max_length=255)
    destination_area = models.CharField(_("to (area)"), max_length=255)
    destination_public = models.BooleanField(_("ends at a site"))
    seats_offered = models.PositiveSmallIntegerField(
        _("seats offered"), validators=[MinValueValidator(1), MaxValueValidator(8)]
    )
    detour_s = models.PositiveIntegerField(_("detour accepted, s"))
    detour_m = models.PositiveIntegerField(_("detour accepted, m"), null=True, blank=True)
    booking_mode = models.CharField(
        _("how seats are given"),
        max_length=7,
        choices=BookingMode.choices,
        default=BookingMode.INSTANT,
    )
    note = models.CharField(_("note"), max_length=280, blank=True)

    solo_duration_s = models.PositiveIntegerField(_("drive alone, s"))
    solo_distance_m = models.PositiveIntegerField(_("way alone, m"))
    arrives_after_ms = models.PositiveIntegerField(
        _("arrives after, ms"), help_text=_("From the departure, alone")
    )
    arrives_latest_after_ms = models.PositiveIntegerField(
        _("arrives latest after, ms"), help_text=_("From the departure")
    )
    route = LineStringField(srid=4326)
    reach = PolygonField(srid=4326)
    stops = models.JSONField(
        help_text="The stops without riders: kind, place, label, leg and times after the departure"
    )

    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    next_check_at = models.DateTimeField(_("next look"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    objects = RecurringRideQuerySet.as_manager()

    class Meta:
        verbose_name = _("repeating ride")
        verbose_name_plural = _("repeating rides")
        ordering = ["wall_time", "id"]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                name="recurring_next_check",
                condition=models.Q(ended_at=None, next_check_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(weekdays__len__gte=1, weekdays__contained_by=EVERY_DAY),
                name="recurring_on_days_of_the_week",
            ),
            models.CheckConstraint(
                condition=models.Q(last_date=None)
                | models.Q(last_date__gte=models.F("first_date")),
                name="recurring_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=models.Q(seats_offered__gte=1, seats_offered__lte=8),
                name="recurring_offers_1_to_8_seats",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.origin_area} → {self.destination_area}, {self.wall_time:%H:%M}"

    @property
    def zone(self) -> ZoneInfo:
        """Where the clock hangs by which it leaves."""
        return ZoneInfo(self.time_zone)

    @property
    def weekday_names(self) -> list[str]:
        """The days in short, in the reader's language."""
        return [str(WEEKDAYS_ABBR[day]) for day in sorted(self.weekdays)]

    def falls_on(self, day: date) -> bool:
        """Tell whether it goes on a day, as far as weekdays and period say."""
        is_within = self.first_date <= day and (self.last_date is None or day <= self.last_date)
        return is_within and day.weekday() in self.weekdays

    @property
    def longest(self) -> timedelta:
        """From the departure to the latest arrival."""
        return timedelta(milliseconds=self.arrives_latest_after_ms)


class DayState(models.TextChoices):
    """What became of a day of a repeating ride."""

    OFFERED = "offered", _("Offered")
    SKIPPED = "skipped", _("Left out")
    BUSY = "busy", _("You drive elsewhere then")
    BOOKED = "booked", _("A booked ride on its own terms")


class RecurringDay(models.Model):
    """One date of a repeating ride, decided once: this makes generating it idempotent."""

    recurring = models.ForeignKey(
        RecurringRide,
        on_delete=models.CASCADE,
        related_name="days",
        verbose_name=_("repeating ride"),
    )
    date = models.DateField(_("day"))
    state = models.CharField(_("state"), max_length=7, choices=DayState.choices)
    ride = models.OneToOneField(
        Ride,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="recurring_day",
        verbose_name=_("ride"),
    )
    kept = models.ForeignKey(
        Ride,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("booked ride that stays"),
        help_text=_("It no longer follows what repeats"),
    )

    class Meta:
        verbose_name = _("day of a repeating ride")
        verbose_name_plural = _("days of a repeating ride")
        ordering = ["date", "id"]
        constraints = [
            models.UniqueConstraint(fields=["recurring", "date"], name="one_ride_a_day_each"),
            models.CheckConstraint(
                condition=models.Q(state=DayState.OFFERED, ride__isnull=False)
                | (~models.Q(state=DayState.OFFERED) & models.Q(ride=None)),
                name="an_offered_day_has_a_ride",
            ),
            models.CheckConstraint(
                condition=models.Q(kept=None) | models.Q(state=DayState.BOOKED),
                name="only_a_booked_day_keeps_a_ride",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.state}"
