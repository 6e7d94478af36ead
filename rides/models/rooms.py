"""Rooms: people who share one taxi from one place in one 10-minute slot, and their state machine.

A room leaves on a 10-minute mark of its organization's local time. It is locked some minutes
before: from then on who comes along is settled, and the host calls the taxi. Its state follows from
facts and the clock alone, so a worker that comes late finds the right one in one step.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.apps import apps
from django.contrib.gis.db.models import LineStringField, PointField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Extract, Mod, Now
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Organization, kept_apart
from maps.models import Region

SLOT_MINUTES = 10
LEAST_PARTY, MOST_PARTY = 2, 4  # a taxi has four seats for guests
# Without a fare so long after departure, everybody gets their money back. Source: rule R10.
FARE_WITHIN = timedelta(hours=24)


class RoomState(models.TextChoices):
    """Where a room is in its life."""

    GATHERING = "gathering", _("People can join")
    LOCKED = "locked", _("The party is complete")
    CALLED = "called", _("The taxi is on its way")
    RIDING = "riding", _("On the road")
    ARRIVED = "arrived", _("Waiting for the fare")
    SETTLED = "settled", _("Settled")
    CANCELLED = "cancelled", _("Cancelled")


# As with rides: a look after downtime may skip states.
_COURSE = (
    RoomState.GATHERING,
    RoomState.LOCKED,
    RoomState.CALLED,
    RoomState.RIDING,
    RoomState.ARRIVED,
    RoomState.SETTLED,
)
ROOM_TRANSITIONS: dict[RoomState, frozenset[RoomState]] = {
    state: frozenset({*_COURSE[i + 1 :], RoomState.CANCELLED}) for i, state in enumerate(_COURSE)
}
ROOM_TRANSITIONS[RoomState.SETTLED] = frozenset()
ROOM_TRANSITIONS[RoomState.CANCELLED] = frozenset()


class SplitRule(models.TextChoices):
    """How the fare is divided."""

    EQUAL = "equal", _("In equal parts")
    DISTANCE = "distance", _("By distance")


class RoomEnd(models.TextChoices):
    """Why a room was cancelled."""

    HOST = "host", _("The host cancelled")
    NO_TAXI = "no_taxi", _("No taxi was found")
    TOO_FEW = "too_few", _("Too few people came together")
    NO_FARE = "no_fare", _("No fare was entered")
    HOST_GONE = "host_gone", _("The host has left the organization")
    MERGED = "merged", _("It has become one with another taxi")


def _may_be_seen_by(member: Member) -> models.Q:
    """Return the condition that a room is of the member's organization and no one is kept apart.

    Of a partner organization only the rooms whose hosts want it are seen. Whoever has a seat goes
    on seeing the room.
    """
    taken = _seats().filter(room=models.OuterRef("pk")).exclude(state="released")
    own = models.Exists(taken.filter(rider=member.pk))
    apart = models.Q(models.Exists(taken.filter(kept_apart(member, "rider"))))
    apart |= models.Q(same_gender_only=True) & ~models.Q(host__gender=member.gender)
    ours = models.Q(organization=member.organization_id)
    partners, former = member.organization.partner_ids, member.organization.former_partner_ids
    if partners:
        ours |= models.Q(organization__in=partners, host__shares_beyond=True)
    known = models.Q(organization__in=[member.organization_id, *partners, *former])
    return known & (own | (ours & ~apart))


def _seats() -> models.QuerySet[models.Model]:
    """All seats, whose model needs this one."""
    seats = apps.get_model("rides", "RoomSeat")
    return seats._default_manager.all()


class RoomQuerySet(models.QuerySet["Room"]):
    """Filters over rooms."""

    def visible_to(self, member: Member) -> RoomQuerySet:
        """Rooms that a member may know of."""
        return self.filter(_may_be_seen_by(member))

    def departing_within(self, start: datetime, end: datetime) -> RoomQuerySet:
        """Rooms of the slots from ``start`` until before ``end``."""
        return self.filter(departure_at__gte=start, departure_at__lt=end)

    def gathering(self) -> RoomQuerySet:
        """Rooms that are neither locked nor cancelled."""
        return self.filter(state=RoomState.GATHERING)

    def due(self, now: datetime) -> RoomQuerySet:
        """Rooms whose state may have to change."""
        return self.filter(next_check_at__lte=now)


class Room(models.Model):
    """A taxi that people share, opened by its host, who calls it and pays the driver."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="rooms")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    host = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="hosted_rooms")
    next_host = models.ForeignKey(
        Member,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whom the host has asked to take over",
    )
    departure_at = models.DateTimeField(help_text="On a 10-minute mark of local time")
    pickup = PointField(srid=4326, help_text="A public place, where all meet")
    pickup_label = models.CharField(max_length=255)
    least_party = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(LEAST_PARTY), MaxValueValidator(MOST_PARTY)],
        help_text="With fewer people the room is cancelled when it locks",
    )
    most_party = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(LEAST_PARTY), MaxValueValidator(MOST_PARTY)]
    )
    split_rule = models.CharField(max_length=8, choices=SplitRule.choices, default=SplitRule.EQUAL)
    same_gender_only = models.BooleanField(default=False)
    note = models.CharField(max_length=280, blank=True)

    route = LineStringField(srid=4326, help_text="From the pick-up over all drop-offs")
    distance_m = models.PositiveIntegerField(help_text="Along the route")
    duration_s = models.PositiveIntegerField(help_text="Along the route")

    state = models.CharField(max_length=9, choices=RoomState.choices)
    locked_at = models.DateTimeField(null=True, blank=True)
    called_at = models.DateTimeField(null=True, blank=True)
    taxi_plate = models.CharField(max_length=16, blank=True)
    taxi_driver = models.CharField(max_length=80, blank=True)
    departed_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=9, choices=RoomEnd.choices, blank=True)
    next_check_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = RoomQuerySet.as_manager()

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ["departure_at", "id"]
        indexes = [
            models.Index(fields=["organization", "departure_at"], name="room_slots"),
            models.Index(
                fields=["next_check_at"],
                name="room_next_check",
                condition=models.Q(next_check_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    least_party__gte=LEAST_PARTY,
                    most_party__gte=models.F("least_party"),
                    most_party__lte=MOST_PARTY,
                ),
                name="room_is_for_2_to_4",
            ),
            models.CheckConstraint(
                # Which of these are marks of local time the organization's zone says.
                condition=Exact(Mod(Extract("departure_at", "epoch"), 300), 0),
                name="room_leaves_on_a_slot",
            ),
            models.CheckConstraint(
                condition=models.Q(state=RoomState.CANCELLED, cancelled_at__isnull=False)
                & ~models.Q(ended_by="")
                | (~models.Q(state=RoomState.CANCELLED) & models.Q(cancelled_at=None, ended_by="")),
                name="room_cancelled_with_time_and_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pickup_label} · {self.departure_at:%Y-%m-%d %H:%M}"

    @property
    def closes_at(self) -> datetime:
        """Until when one can join."""
        return self.departure_at - timedelta(seconds=self.organization.policy.room_closes_s)

    @property
    def locks_at(self) -> datetime:
        """When the party is final: until then one leaves free of charge."""
        return self.departure_at - timedelta(seconds=self.organization.policy.room_locks_s)

    @property
    def absent_from(self) -> datetime:
        """From when on somebody who has not come can be marked absent."""
        return self.departure_at + timedelta(seconds=self.organization.policy.room_waits_s)

    @property
    def arrives_at(self) -> datetime:
        """When the last one arrived, or else is planned to."""
        left_at = self.departed_at or self.departure_at
        return self.arrived_at or left_at + timedelta(seconds=self.duration_s)

    @property
    def fare_due_at(self) -> datetime:
        """Until when the host has to have entered the fare."""
        return self.departure_at + FARE_WITHIN

    @property
    def is_over(self) -> bool:
        """Tell whether nothing can change any more."""
        return self.settled_at is not None or self.cancelled_at is not None

    def is_joinable_at(self, now: datetime) -> bool:
        """Tell whether the room still takes people; that it has a free seat is another matter."""
        return not self.is_over and self.locked_at is None and now < self.closes_at

    def state_at(self, now: datetime) -> RoomState:
        """Compute the state from the facts and the clock."""
        if self.cancelled_at is not None:
            return RoomState.CANCELLED
        if self.settled_at is not None:
            return RoomState.SETTLED
        if now >= self.arrives_at:
            return RoomState.ARRIVED
        if self.departed_at is not None:
            return RoomState.RIDING
        if self.called_at is not None:
            return RoomState.CALLED
        if self.locked_at is not None or now >= self.locks_at:
            return RoomState.LOCKED
        return RoomState.GATHERING

    def next_change_after(self, now: datetime) -> datetime | None:
        """Return when the clock alone will change something next, None when it never will."""
        marks = (self.locks_at, self.arrives_at, self.fare_due_at)
        return None if self.is_over else min((mark for mark in marks if mark > now), default=None)


class RoomTransition(models.Model):
    """One step of a room's life, as it was recorded."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="transitions")
    before = models.CharField(max_length=9, choices=RoomState.choices, blank=True)
    after = models.CharField(max_length=9, choices=RoomState.choices)
    actor = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("step of a room")
        verbose_name_plural = _("steps of a room")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.before or '·'} → {self.after}"
