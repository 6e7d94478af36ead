"""A rider's place in a ride, and its state machine.

The states are those of *standard-covoiturage* (fabmob), so that other platforms understand them.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.contrib.gis.db.models import PointField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from carpool.kernel.constraints import one_at_a_time
from rides.models.rides import Ride


class BookingState(models.TextChoices):
    """Where a booking is in its life. Held: its seat is kept while the rider pays."""

    HELD = "held", _("Waiting for the payment")
    WAITING_CONFIRMATION = "waiting_confirmation", _("Waiting for the driver")
    CONFIRMED = "confirmed", _("Confirmed")
    COMPLETED_PENDING_VALIDATION = "completed_pending_validation", _("Did it take place?")
    VALIDATED = "validated", _("Taken place and settled")
    CANCELLED = "cancelled", _("Cancelled")


BOOKING_TRANSITIONS: dict[BookingState, frozenset[BookingState]] = {
    BookingState.HELD: frozenset(
        {BookingState.WAITING_CONFIRMATION, BookingState.CONFIRMED, BookingState.CANCELLED}
    ),
    BookingState.WAITING_CONFIRMATION: frozenset({BookingState.CONFIRMED, BookingState.CANCELLED}),
    BookingState.CONFIRMED: frozenset(
        {BookingState.COMPLETED_PENDING_VALIDATION, BookingState.CANCELLED}
    ),
    BookingState.COMPLETED_PENDING_VALIDATION: frozenset({BookingState.VALIDATED}),
    BookingState.VALIDATED: frozenset(),
    BookingState.CANCELLED: frozenset(),
}
# These hold a seat.
ACTIVE_STATES = (BookingState.HELD, BookingState.WAITING_CONFIRMATION, BookingState.CONFIRMED)
# Nobody else counts on these yet: no name, no number, no conversation.
UNCERTAIN_STATES = (BookingState.HELD, BookingState.WAITING_CONFIRMATION)
# These keep a ride from being completed.
OPEN_STATES = (*ACTIVE_STATES, BookingState.COMPLETED_PENDING_VALIDATION)


class BookingOutcome(models.TextChoices):
    """What the answers of both sides come to."""

    UNDECIDED = "undecided", _("Undecided")
    PAY = "pay", _("Took place")
    RELEASE = "release", _("Did not take place")
    DISPUTE = "dispute", _("Disputed")


class ProofClass(models.TextChoices):
    """What is certified of a trip, in the French register's classes."""

    MATCHED = "A", _("Matched")
    ONE_TRIP = "B", _("One person's trip is proven")
    BOTH_TRIPS = "C", _("Both people's trips are proven")


class BookingQuerySet(models.QuerySet["Booking"]):
    """Filters over bookings."""

    def visible_to(self, member: Member) -> BookingQuerySet:
        """Bookings that a member made, or that are for a ride they drive."""
        return self.filter(models.Q(rider=member) | models.Q(ride__driver=member))

    def active(self) -> BookingQuerySet:
        """Bookings that hold a seat."""
        return self.filter(state__in=ACTIVE_STATES)

    def open(self) -> BookingQuerySet:
        """Bookings that are not settled."""
        return self.filter(state__in=OPEN_STATES)

    def due(self, now: datetime) -> BookingQuerySet:
        """Bookings that the clock has something to say about."""
        return self.filter(next_check_at__lte=now)


class Booking(models.Model):
    """A rider's seats in a ride, from a pick-up to a drop-off."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ride = models.ForeignKey(
        Ride, on_delete=models.CASCADE, related_name="bookings", verbose_name=_("ride")
    )
    rider = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="bookings", verbose_name=_("rider")
    )
    seats = models.PositiveSmallIntegerField(_("seats"))
    state = models.CharField(_("state"), max_length=30, choices=BookingState.choices)

    origin = PointField(srid=4326, help_text="The rider's own; only they see it")
    origin_label = models.CharField(max_length=255)
    destination = PointField(srid=4326, help_text="The rider's own; only they see it")
    destination_label = models.CharField(max_length=255)
    earliest_departure_at = models.DateTimeField(
        _("earliest departure"), help_text=_("From the rider's own start, walking")
    )
    latest_arrival_at = models.DateTimeField(
        _("latest arrival"), help_text=_("At the rider's own destination")
    )
    walk_to_m = models.PositiveIntegerField(_("walk to the stop, m"))
    walk_from_m = models.PositiveIntegerField(_("walk from the stop, m"))

    pickup_at = models.DateTimeField(_("pick-up"), help_text=_("As planned now"))
    dropoff_at = models.DateTimeField(_("drop-off"), help_text=_("As planned now"))
    detour_s = models.PositiveIntegerField(
        _("detour, s"), help_text=_("What this booking added for the driver")
    )
    shared_distance_m = models.PositiveIntegerField(
        _("way aboard, m"), help_text=_("Metres aboard, when booked")
    )

    price_minor = models.BigIntegerField(
        _("price"),
        null=True,
        blank=True,
        help_text=_("For all its seats, as shown when booking; empty: nobody knew one"),
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    held_until = models.DateTimeField(_("to be paid by"), null=True, blank=True)
    missed_at = models.DateTimeField(
        _("not there"), null=True, blank=True, help_text=_("When the driver said so")
    )

    boarding_code = models.CharField(
        max_length=4, blank=True, help_text="Said to the driver when getting in at the kerb"
    )
    boarded_at = models.DateTimeField(
        _("got in"), null=True, blank=True, help_text=_("When the driver entered the code")
    )
    alighted_at = models.DateTimeField(
        _("got out"), null=True, blank=True, help_text=_("When the rider said so")
    )

    decide_by = models.DateTimeField(_("answer by"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    cancelled_by = models.ForeignKey(
        Member,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cancelled by"),
    )
    cancel_reason = models.CharField(_("reason of cancellation"), max_length=280, blank=True)
    driver_answer = models.BooleanField(_("driver's answer"), null=True, blank=True)
    rider_answer = models.BooleanField(_("rider's answer"), null=True, blank=True)
    outcome = models.CharField(
        _("outcome"), max_length=9, choices=BookingOutcome.choices, default=BookingOutcome.UNDECIDED
    )
    proof_class = models.CharField(
        _("class of proof"), max_length=1, choices=ProofClass.choices, blank=True
    )
    proven_at = models.DateTimeField(
        _("proven at"), null=True, blank=True, help_text=_("When positions proved the trip")
    )
    next_check_at = models.DateTimeField(_("next look at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    objects = BookingQuerySet.as_manager()
    # How surely its rider can be counted on: what the agenda of its driver adds.
    known: object

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["pickup_at", "id"]
        indexes = [
            models.Index(fields=["rider", "created_at"], name="booking_newest_first"),
            models.Index(
                fields=["next_check_at"],
                name="booking_next_check",
                condition=models.Q(next_check_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["ride", "rider"],
                condition=~models.Q(state=BookingState.CANCELLED),
                name="one_booking_per_rider_and_ride",
            ),
            models.CheckConstraint(
                condition=models.Q(seats__gte=1, seats__lte=8), name="booking_has_1_to_8_seats"
            ),
            models.CheckConstraint(
                condition=models.Q(dropoff_at__gt=models.F("pickup_at"))
                & models.Q(dropoff_at__lte=models.F("latest_arrival_at")),
                name="booking_keeps_riders_window",
            ),
            models.CheckConstraint(
                condition=models.Q(state=BookingState.CANCELLED, cancelled_at__isnull=False)
                | (~models.Q(state=BookingState.CANCELLED) & models.Q(cancelled_at=None)),
                name="booking_cancelled_with_its_time",
            ),
            models.CheckConstraint(
                condition=models.Q(proven_at=None, proof_class="")
                | (models.Q(proven_at__isnull=False) & ~models.Q(proof_class="")),
                name="a_proof_has_its_class",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=BookingState.HELD) | models.Q(held_until__isnull=False),
                name="a_held_booking_is_paid_by_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(boarding_code="") | models.Q(boarding_code__regex="^[0-9]{4}$"),
                name="booking_code_has_4_digits",
            ),
            one_at_a_time(
                "rider_is_in_one_ride_at_a_time",
                who="rider",
                start="pickup_at",
                end="dropoff_at",
                condition=models.Q(state__in=ACTIVE_STATES),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rider} · {self.get_state_display()}"

    @property
    def is_proven(self) -> bool:
        """Whether positions prove the trip and nobody aboard says otherwise.

        Whoever says no is heard by a person; the proof is shown to them, and decides nothing.
        """
        objects = False in {self.driver_answer, self.rider_answer} or self.missed_at is not None
        return self.proven_at is not None and not objects

    @property
    def has_travelled(self) -> bool:
        """Whether the ride is over and, as far as is known, this trip took place."""
        is_over = self.state in {
            BookingState.COMPLETED_PENDING_VALIDATION,
            BookingState.VALIDATED,
        }
        return is_over and self.outcome != BookingOutcome.RELEASE and self.missed_at is None

    @property
    def rated_until(self) -> datetime:
        """Until when its two people may rate each other: then ratings open."""
        return self.ride.ends_at + timedelta(days=self.ride.organization.policy.rating_days)

    def decided_outcome(self, now: datetime) -> BookingOutcome:
        """Compute what the answers come to, once both have answered or the time is over.

        A proven trip is paid at once. Driver yes and rider yes or silent: pay. Driver yes and rider
        no: dispute. Anything else: release. Source: PRODUCT rules after NetMobiel,
        ``PaymentProcessor``.
        """
        if self.is_proven:
            return BookingOutcome.PAY
        answered = self.driver_answer is not None and self.rider_answer is not None
        if not answered and now < self.ride.decided_at:
            return BookingOutcome.UNDECIDED
        if not self.driver_answer:
            return BookingOutcome.RELEASE
        return BookingOutcome.DISPUTE if self.rider_answer is False else BookingOutcome.PAY


class BookingTransition(models.Model):
    """One step of a booking's life, as it was recorded."""

    booking = models.ForeignKey(
        Booking, on_delete=models.CASCADE, related_name="transitions", verbose_name=_("booking")
    )
    before = models.CharField(_("before"), max_length=30, choices=BookingState.choices, blank=True)
    after = models.CharField(_("after"), max_length=30, choices=BookingState.choices)
    actor = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("step of a booking")
        verbose_name_plural = _("steps of a booking")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.before or '·'} → {self.after}"
