"""A ride, its stops, and its state machine.

D is the planned departure, A the planned arrival. The state is computed from facts and the clock,
never stepped, so a ride that nobody watched for a week is right again at the next look.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.contrib.gis.db.models import LineStringField, PointField, PolygonField
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex, OpClass
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import JSONObject, Now
from django.utils.translation import gettext_lazy as _

from accounts.models import AvoidedPlace, Car, Member, Organization, kept_apart
from carpool.kernel.changes import Followed
from carpool.kernel.constraints import one_at_a_time
from maps.models import Region


class RideState(models.TextChoices):
    """Where a ride is in its life."""

    SCHEDULED = "scheduled", _("Scheduled")
    DEPARTING = "departing", _("Leaving soon")
    IN_TRANSIT = "in_transit", _("On the way")
    ARRIVING = "arriving", _("Arrived")
    VALIDATING = "validating", _("Waiting for confirmation")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")


# A look after downtime may skip states, so every later state can be reached from every earlier one.
_COURSE = (
    RideState.SCHEDULED,
    RideState.DEPARTING,
    RideState.IN_TRANSIT,
    RideState.ARRIVING,
    RideState.VALIDATING,
    RideState.COMPLETED,
)
RIDE_TRANSITIONS: dict[RideState, frozenset[RideState]] = {
    state: frozenset(_COURSE[i + 1 :]) for i, state in enumerate(_COURSE)
}
RIDE_TRANSITIONS[RideState.SCHEDULED] |= {RideState.CANCELLED}
RIDE_TRANSITIONS[RideState.DEPARTING] |= {RideState.CANCELLED}
RIDE_TRANSITIONS[RideState.CANCELLED] = frozenset()


class BookingMode(models.TextChoices):
    """How a seat is given."""

    INSTANT = "instant", _("Colleagues book at once")
    CONFIRM = "confirm", _("I confirm each booking")


class _Ordinate(models.Func):
    """One coordinate of a point, degrees."""

    output_field = models.FloatField()


def _may_be_seen_by(member: Member) -> models.Q:
    """Return the condition that a ride is of the member's organization and no one is kept apart.

    Of a partner organization only the rides whose drivers want it are seen. Whoever drives or has
    booked a ride goes on seeing it, whatever ended: they have to know when it leaves.
    """
    from rides.models.bookings import Booking  # it needs Ride

    aboard = Booking.objects.filter(ride=models.OuterRef("pk")).exclude(state="cancelled")
    shared = models.Q(driver=member.pk) | models.Exists(aboard.filter(rider=member.pk))
    apart = kept_apart(member, "driver") | models.Exists(aboard.filter(kept_apart(member, "rider")))
    ours = models.Q(organization=member.organization_id)
    partners, former = member.organization.partner_ids, member.organization.former_partner_ids
    if partners:
        ours |= models.Q(organization__in=partners, driver__shares_beyond=True)
    known = models.Q(organization__in=[member.organization_id, *partners, *former])
    return known & (shared | (ours & ~apart))


# From departure to the latest arrival: what rides of one morning have in common.
SPAN = models.Func(
    "departure_at",
    "arrive_latest_at",
    function="tstzrange",
    output_field=DateTimeRangeField(),
)


class RideQuerySet(models.QuerySet["Ride"]):
    """Filters over rides."""

    def visible_to(self, member: Member) -> RideQuerySet:
        """Rides that a member may know of: their organization's, but for people kept apart."""
        return self.filter(_may_be_seen_by(member))

    def marking_visible_to(self, member: Member) -> RideQuerySet:
        """All rides, each with ``is_visible``: for whoever must tell a hidden one from none."""
        seen = models.Case(models.When(_may_be_seen_by(member), then=True), default=False)
        return self.annotate(is_visible=seen)  # type: ignore[no-redef]

    def with_avoided(self) -> RideQuerySet:
        """Rides, each with ``driver_avoids``: circles in which its driver does not stop."""
        circles = AvoidedPlace.objects.filter(member=models.OuterRef("driver")).values(
            circle=JSONObject(
                lon=_Ordinate("location", function="ST_X"),
                lat=_Ordinate("location", function="ST_Y"),
                radius_m="radius_m",
            )
        )
        return self.annotate(driver_avoids=ArraySubquery(circles))  # type: ignore[no-redef]

    def on_the_road(self, start: datetime, end: datetime) -> RideQuerySet:
        """Rides that may be driving at some moment between two; by an index."""
        return self.alias(span=SPAN).filter(span__overlap=(start, end))

    def bookable(self, now: datetime) -> RideQuerySet:
        """Rides that have not left and were not cancelled; those at the kerb take no bookings."""
        planned = self.filter(cancelled_at=None, started_at=None, is_instant=False)
        return planned.filter(departure_at__gt=now)

    def at_the_kerb(self) -> RideQuerySet:
        """Instant rides whose drivers wait for riders."""
        return self.filter(cancelled_at=None, started_at=None, is_instant=True)

    def due(self, now: datetime) -> RideQuerySet:
        """Rides whose state may have to change."""
        return self.filter(next_check_at__lte=now)


class Ride(Followed):
    """A driver's offer to take others along, and what became of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="rides", verbose_name=_("organization")
    )
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="+", verbose_name=_("region")
    )
    driver = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="rides", verbose_name=_("driver")
    )
    car = models.ForeignKey(
        Car, on_delete=models.RESTRICT, related_name="rides", verbose_name=_("car")
    )

    origin = PointField(srid=4326)
    origin_label = models.CharField(max_length=255)
    origin_area = models.CharField(
        _("from (area)"), max_length=255, help_text=_("What others read before they book")
    )
    origin_public = models.BooleanField(
        _("starts at a site"), help_text=_("At a site, so the exact point is no secret")
    )
    destination = PointField(srid=4326)
    destination_label = models.CharField(max_length=255)
    destination_area = models.CharField(_("to (area)"), max_length=255)
    destination_public = models.BooleanField(_("ends at a site"))

    departure_at = models.DateTimeField(_("departs at"))
    arrival_at = models.DateTimeField(
        _("arrives at"), help_text=_("As planned, with everybody who booked")
    )
    arrive_latest_at = models.DateTimeField(
        _("latest arrival"), help_text=_("The driver's promise to themselves")
    )
    solo_duration_s = models.PositiveIntegerField(_("drive alone, s"))
    solo_distance_m = models.PositiveIntegerField(_("way alone, m"))
    distance_m = models.PositiveIntegerField(
        _("way, m"), help_text=_("As planned, with everybody who booked")
    )
    seats_offered = models.PositiveSmallIntegerField(
        _("seats offered"), validators=[MinValueValidator(1), MaxValueValidator(8)]
    )
    detour_s = models.PositiveIntegerField(
        _("detour accepted, s"), help_text=_("How much later the driver accepts to arrive")
    )
    detour_m = models.PositiveIntegerField(_("detour accepted, m"), null=True, blank=True)
    booking_mode = models.CharField(
        _("how seats are given"),
        max_length=7,
        choices=BookingMode.choices,
        default=BookingMode.INSTANT,
    )
    note = models.CharField(_("note"), max_length=280, blank=True)
    is_instant = models.BooleanField(
        _("instant"), default=False, help_text=_("Waits at the kerb; riders join by its code")
    )
    route = LineStringField(srid=4326)
    reach = PolygonField(
        srid=4326, help_text="The admissible ellipse: no point outside can be served in time"
    )

    state = models.CharField(
        _("state"), max_length=10, choices=RideState.choices, default=RideState.SCHEDULED
    )
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    cancel_reason = models.CharField(_("reason of cancellation"), max_length=280, blank=True)
    next_check_at = models.DateTimeField(_("next look at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    objects = RideQuerySet.as_manager()
    # What the queryset's methods add.
    is_visible: bool
    driver_avoids: list[dict[str, float]]

    class Meta:
        verbose_name = _("ride")
        verbose_name_plural = _("rides")
        ordering = ["departure_at", "id"]
        indexes = [
            GistIndex(
                OpClass(SPAN, "range_ops"),
                OpClass("reach", "gist_geometry_ops_2d"),
                name="ride_span_reach",
                condition=models.Q(cancelled_at=None),
            ),
            models.Index(
                fields=["next_check_at"],
                name="ride_next_check",
                condition=models.Q(next_check_at__isnull=False),
            ),
            models.Index(fields=["organization", "created_at"], name="ride_newest_first"),
            models.Index(fields=["region", "changed_in"], name="ride_latest_change"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(seats_offered__gte=1, seats_offered__lte=8),
                name="ride_offers_1_to_8_seats",
            ),
            models.CheckConstraint(
                condition=models.Q(arrival_at__gt=models.F("departure_at")),
                name="ride_arrives_after_departure",
            ),
            models.CheckConstraint(
                condition=models.Q(arrival_at__lte=models.F("arrive_latest_at")),
                name="ride_keeps_drivers_promise",
            ),
            models.CheckConstraint(
                condition=models.Q(cancelled_at=None) | models.Q(started_at=None),
                name="ride_cancelled_only_before_start",
            ),
            one_at_a_time(
                "driver_is_in_one_ride_at_a_time",
                who="driver",
                start="departure_at",
                end="arrival_at",
                condition=models.Q(cancelled_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.origin_area} → {self.destination_area}, {self.departure_at:%Y-%m-%d %H:%M}"

    @property
    def ends_at(self) -> datetime:
        """When the ride ended, or else is planned to."""
        return self.finished_at or self.arrival_at

    @property
    def detour_so_far_s(self) -> int:
        """How much later than alone the driver arrives, with everybody who booked."""
        duration_s = (self.arrival_at - self.departure_at).total_seconds()
        return max(0, round(duration_s) - self.solo_duration_s)

    @property
    def is_at_kerb(self) -> bool:
        """Whether an instant ride's driver waits, whatever the clock says: see ``at_the_kerb``."""
        return self.is_instant and self.started_at is None and self.cancelled_at is None

    @property
    def departing_at(self) -> datetime:
        """From when on it can be started: its organization says how long before."""
        return self.departure_at - timedelta(seconds=self.organization.policy.departing_before_s)

    @property
    def validating_at(self) -> datetime:
        """From when on both sides are asked whether it took place."""
        return self.ends_at + timedelta(seconds=self.organization.policy.validating_after_s)

    @property
    def decided_at(self) -> datetime:
        """When what was answered until then decides."""
        return self.ends_at + timedelta(days=self.organization.policy.validation_days)

    def is_bookable_at(self, now: datetime) -> bool:
        """Tell whether the ride has neither left nor been cancelled; as ``bookable``."""
        has_left = self.started_at is not None or now >= self.departure_at
        return self.cancelled_at is None and not has_left and not self.is_instant

    def state_at(self, now: datetime, *, has_open_bookings: bool) -> RideState:
        """Compute the state from the facts and the clock."""
        if self.cancelled_at is not None:
            return RideState.CANCELLED
        if self.is_at_kerb:
            return RideState.DEPARTING
        if now >= self.validating_at:
            return RideState.VALIDATING if has_open_bookings else RideState.COMPLETED
        if now >= self.ends_at:
            return RideState.ARRIVING
        if self.started_at is not None or now >= self.departure_at:
            return RideState.IN_TRANSIT
        if now >= self.departing_at:
            return RideState.DEPARTING
        return RideState.SCHEDULED

    def next_change_after(self, now: datetime) -> datetime | None:
        """Return when the clock alone will change the state next, None when it never will.

        Who waits at the kerb is looked at when they should leave: they wait on, or it is over.
        """
        if self.is_at_kerb:
            return self.departure_at
        marks = (
            self.departing_at,
            self.departure_at,
            self.ends_at,
            self.validating_at,
        )
        return None if self.cancelled_at else min((m for m in marks if m > now), default=None)


class StopKind(models.TextChoices):
    """Why the car stops. Nobody gets in or out at a door: see ``rides.services.thresholds``."""

    DOOR = "door", _("Door")
    ORIGIN = "origin", _("Start")
    PICKUP = "pickup", _("Pick-up")
    DROPOFF = "dropoff", _("Drop-off")
    DESTINATION = "destination", _("Destination")


class Stop(models.Model):
    """One place where the car stops, with what was promised for it."""

    ride = models.ForeignKey(Ride, on_delete=models.CASCADE, related_name="stops")
    position = models.PositiveSmallIntegerField(_("position"))
    kind = models.CharField(_("kind"), max_length=11, choices=StopKind.choices)
    booking = models.ForeignKey(
        "rides.Booking", on_delete=models.CASCADE, null=True, blank=True, related_name="stops"
    )
    location = PointField(srid=4326)
    label = models.CharField(max_length=255)
    earliest_at = models.DateTimeField(
        null=True, blank=True, help_text="A pick-up: the car waits until then"
    )
    planned_at = models.DateTimeField(_("planned at"))
    latest_at = models.DateTimeField(
        _("latest at"), help_text=_("The promise: never planned later than this")
    )
    seats_after = models.PositiveSmallIntegerField(
        _("seats taken after"), help_text=_("Seats taken when leaving the stop")
    )
    leg_distance_m = models.PositiveIntegerField(help_text="Metres driven from the stop before")
    leg_duration_ms = models.PositiveIntegerField(help_text="Driving time from the stop before")
    visited_at = models.DateTimeField(_("visited at"), null=True, blank=True)

    class Meta:
        verbose_name = _("stop")
        verbose_name_plural = _("stops")
        ordering = ["ride", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["ride", "position"],
                name="one_stop_per_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=models.Q(planned_at__lte=models.F("latest_at")),
                name="stop_keeps_its_promise",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["pickup", "dropoff"], booking__isnull=False)
                | models.Q(kind__in=["door", "origin", "destination"], booking__isnull=True),
                name="stop_of_a_booking_or_of_the_ride",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.get_kind_display()}"  # no place: it may be a door
