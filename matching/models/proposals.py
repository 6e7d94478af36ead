"""What a batch assignment proposes: cars, a seat per rider, and what they said to it."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib.gis.db.models import PointField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Car, Member
from carpool.kernel.geo import LonLat, from_point
from matching.models.plans import MOST_SEATS
from matching.models.runs import AssignmentRun
from rides.models import Booking, Ride


class ProposalState(models.TextChoices):
    """Where a proposal is in its life."""

    OPEN = "open", _("Waiting for the driver")
    TAKEN = "taken", _("The ride takes place")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Time is over")


PROPOSAL_TRANSITIONS: dict[ProposalState, frozenset[ProposalState]] = {
    ProposalState.OPEN: frozenset(
        {ProposalState.TAKEN, ProposalState.DECLINED, ProposalState.EXPIRED}
    ),
    ProposalState.TAKEN: frozenset(),
    ProposalState.DECLINED: frozenset(),
    ProposalState.EXPIRED: frozenset(),
}


class ClosedBecause(models.TextChoices):
    """Why a proposal came to nothing."""

    DRIVER = "driver", _("The driver can't")
    RIDERS = "riders", _("Nobody rides along")
    DETOUR = "detour", _("It is a detour for too few")
    SUPERSEDED = "superseded", _("There is a newer proposal")
    TIME = "time", _("Not answered in time")


class CarpoolProposalQuerySet(models.QuerySet["CarpoolProposal"]):
    """Filters over proposals."""

    def visible_to(self, member: Member) -> CarpoolProposalQuerySet:
        """Proposals in which the member drives or has a seat."""
        return self.filter(
            models.Exists(ProposalSeat.objects.filter(proposal=models.OuterRef("pk"), rider=member))
            | models.Q(driver=member)
        )

    def awaiting(self, member: Member, now: datetime) -> CarpoolProposalQuerySet:
        """Proposals that a tap of the member would move on."""
        unanswered = ProposalSeat.objects.filter(
            proposal=models.OuterRef("pk"), rider=member, answer=Answer.NONE
        )
        return self.filter(
            models.Q(driver=member, state=ProposalState.OPEN)
            | models.Q(
                models.Exists(unanswered), state__in=[ProposalState.OPEN, ProposalState.TAKEN]
            ),
            answer_by__gt=now,
        )

    def due(self, now: datetime) -> CarpoolProposalQuerySet:
        """Open proposals whose time is over."""
        return self.filter(state=ProposalState.OPEN, answer_by__lte=now)


class CarpoolProposal(models.Model):
    """One car: who would drive, when, along which stops. Kept as computed, whatever changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(AssignmentRun, on_delete=models.CASCADE, related_name="proposals")
    driver = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    car = models.ForeignKey(Car, on_delete=models.CASCADE, related_name="+")
    seats_offered = models.PositiveSmallIntegerField()
    origin = PointField(srid=4326, help_text="The driver's own; only they see it")
    origin_label = models.CharField(max_length=255)
    origin_area = models.CharField(max_length=255, help_text="What the others read")
    destination = PointField(srid=4326, help_text="The driver's own; only they see it")
    destination_label = models.CharField(max_length=255)
    destination_area = models.CharField(max_length=255)
    departure_at = models.DateTimeField()
    arrival_at = models.DateTimeField(help_text="With everybody who is proposed")
    arrive_by = models.DateTimeField(help_text="What the driver's plan says at the latest")
    detour_s = models.PositiveIntegerField(help_text="What the driver's plan accepts")
    added_s = models.PositiveIntegerField(help_text="What everybody together adds to it")
    alone_m = models.PositiveIntegerField(help_text="The driver's own way, alone")
    saved_m = models.IntegerField(help_text="Vehicle-metres saved")
    state = models.CharField(
        max_length=8, choices=ProposalState.choices, default=ProposalState.OPEN
    )
    closed_because = models.CharField(max_length=10, choices=ClosedBecause.choices, blank=True)
    answer_by = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    ride = models.OneToOneField(
        Ride, on_delete=models.SET_NULL, null=True, blank=True, related_name="proposal"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = CarpoolProposalQuerySet.as_manager()

    class Meta:
        ordering = ["departure_at", "id"]
        indexes = [
            models.Index(
                fields=["answer_by"],
                name="proposal_due",
                condition=models.Q(state=ProposalState.OPEN),
            ),
            models.Index(fields=["driver", "answer_by"], name="proposal_of_driver"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "driver"], name="one_car_per_driver_and_run"),
            models.CheckConstraint(
                condition=models.Q(seats_offered__gte=1, seats_offered__lte=MOST_SEATS),
                name="proposal_has_1_to_8_seats",
            ),
            models.CheckConstraint(
                condition=models.Q(arrival_at__gt=models.F("departure_at"))
                & models.Q(arrival_at__lte=models.F("arrive_by")),
                name="proposal_keeps_drivers_promise",
            ),
            models.CheckConstraint(
                condition=models.Q(answer_by__lte=models.F("departure_at")),
                name="proposal_is_answered_before_it_leaves",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "taken"], closed_because="")
                | models.Q(
                    models.Q(state__in=["declined", "expired"]), ~models.Q(closed_because="")
                ),
                name="proposal_closed_with_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(state="taken") | models.Q(ride=None),
                name="proposal_with_a_ride_is_taken",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.driver}, {self.departure_at:%Y-%m-%d %H:%M}"  # no place: it may be a door


class Answer(models.TextChoices):
    """What a rider said."""

    NONE = "none", _("Not answered")
    YES = "yes", _("Yes")
    NO = "no", _("No")


class ProposalSeat(models.Model):
    """A rider in a proposal: where and when they would get in and out, and what they said."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    proposal = models.ForeignKey(CarpoolProposal, on_delete=models.CASCADE, related_name="seats")
    rider = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    origin = PointField(srid=4326, help_text="The rider's own; only they see it")
    origin_label = models.CharField(max_length=255)
    destination = PointField(srid=4326, help_text="The rider's own; only they see it")
    destination_label = models.CharField(max_length=255)
    earliest_departure_at = models.DateTimeField(help_text="From the rider's own start, walking")
    latest_arrival_at = models.DateTimeField(help_text="At the rider's own destination")
    walk_m = models.PositiveIntegerField(help_text="What the rider's plan accepts, each way")
    pickup = PointField(srid=4326)
    pickup_label = models.CharField(max_length=255)
    pickup_area = models.CharField(max_length=255, help_text="What the driver reads before a yes")
    pickup_public = models.BooleanField(help_text="At a site, so the exact point is no secret")
    pickup_at = models.DateTimeField()
    walk_to_m = models.PositiveIntegerField()
    dropoff = PointField(srid=4326)
    dropoff_label = models.CharField(max_length=255)
    dropoff_area = models.CharField(max_length=255, help_text="What the driver reads before a yes")
    dropoff_public = models.BooleanField(help_text="At a site, so the exact point is no secret")
    dropoff_at = models.DateTimeField()
    walk_from_m = models.PositiveIntegerField()
    shared_m = models.PositiveIntegerField(help_text="Metres aboard")
    alone_m = models.PositiveIntegerField(help_text="The rider's own way, alone")
    answer = models.CharField(max_length=4, choices=Answer.choices, default=Answer.NONE)
    answered_at = models.DateTimeField(null=True, blank=True)
    price_minor = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="What it costs, as it was shown with the yes"
    )
    pay_provider = models.CharField(
        max_length=20, blank=True, help_text="By whom the rider pays it; empty: asked for later"
    )
    pay_method = models.CharField(max_length=40, blank=True)
    pay_sponsored = models.PositiveBigIntegerField(
        default=0, help_text="What of it their organization pays, as it was shown"
    )
    booking = models.OneToOneField(
        Booking, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    refused_because = models.CharField(
        max_length=40, blank=True, help_text="Code of the error for which a yes came to nothing"
    )

    class Meta:
        ordering = ["proposal", "pickup_at", "id"]
        indexes = [models.Index(fields=["rider", "answer"], name="seat_of_rider")]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "rider"], name="one_seat_per_rider"),
            models.CheckConstraint(
                condition=models.Q(dropoff_at__gt=models.F("pickup_at"))
                & models.Q(dropoff_at__lte=models.F("latest_arrival_at"))
                & models.Q(pickup_at__gte=models.F("earliest_departure_at")),
                name="seat_keeps_riders_window",
            ),
            models.CheckConstraint(
                condition=models.Q(answer="none", answered_at=None)
                | models.Q(answer__in=["yes", "no"], answered_at__isnull=False),
                name="seat_answered_with_its_time",
            ),
            models.CheckConstraint(
                condition=models.Q(answer="yes") | models.Q(booking=None),
                name="seat_booked_when_wanted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rider}: {self.get_answer_display()}"

    @property
    def pickup_place(self) -> LonLat:
        """Where the rider gets in: a public meeting point."""
        return from_point(self.pickup)

    @property
    def dropoff_place(self) -> LonLat:
        """Where the rider gets out: a public meeting point."""
        return from_point(self.dropoff)
