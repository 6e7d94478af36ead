"""A person's seat in a room, and its state machine.

A seat is held while its price is being paid, and free again if it is not. Nobody has two seats in
one room, no seat has two people, and nobody is in two rooms at a time: the database says so.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib.gis.db.models import PointField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from carpool.kernel.constraints import one_at_a_time
from rides.models.rooms import MOST_PARTY, Room


class SeatState(models.TextChoices):
    """Where a seat is in its life."""

    HELD = "held", _("Kept while you pay")
    TAKEN = "taken", _("Taken")
    ABOARD = "aboard", _("Aboard")
    ABSENT = "absent", _("Did not come")
    LEFT = "left", _("Left late")
    RELEASED = "released", _("Given back")


SEAT_TRANSITIONS: dict[SeatState, frozenset[SeatState]] = {
    SeatState.HELD: frozenset({SeatState.TAKEN, SeatState.RELEASED}),
    SeatState.TAKEN: frozenset(
        {SeatState.ABOARD, SeatState.ABSENT, SeatState.LEFT, SeatState.RELEASED}
    ),
    # The host's mark can be wrong, and be taken back by the code or by a decision.
    SeatState.ABSENT: frozenset({SeatState.ABOARD, SeatState.RELEASED}),
    SeatState.ABOARD: frozenset({SeatState.RELEASED}),  # of a room that was cancelled
    SeatState.LEFT: frozenset({SeatState.RELEASED}),
    SeatState.RELEASED: frozenset(),
}
# These keep others from the seat.
OCCUPYING_STATES = (SeatState.HELD, SeatState.TAKEN, SeatState.ABOARD, SeatState.ABSENT)
# These count towards the party that shares the fare.
PARTY_STATES = (SeatState.TAKEN, SeatState.ABOARD)


class RoomSeatQuerySet(models.QuerySet["RoomSeat"]):
    """Filters over seats."""

    def occupying(self) -> RoomSeatQuerySet:
        """Seats that nobody else can have."""
        return self.filter(state__in=OCCUPYING_STATES)

    def party(self) -> RoomSeatQuerySet:
        """Seats of those who come along."""
        return self.filter(state__in=PARTY_STATES)

    def overdue(self, now: datetime) -> RoomSeatQuerySet:
        """Seats that were kept for a payment which has not come."""
        return self.filter(state=SeatState.HELD, held_until__lte=now)


class RoomSeat(models.Model):
    """One of a taxi's seats for one person, from where all meet to their own drop-off."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="seats")
    rider = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="room_seats")
    number = models.PositiveSmallIntegerField(help_text="Which of the four; none has two people")
    state = models.CharField(max_length=8, choices=SeatState.choices)
    dropoff = PointField(srid=4326, help_text="A public place")
    dropoff_label = models.CharField(max_length=255)
    position = models.PositiveSmallIntegerField(help_text="In which order people get out, from 0")
    distance_m = models.PositiveIntegerField(help_text="Metres aboard, as planned")
    duration_s = models.PositiveIntegerField(help_text="Seconds aboard, as planned")
    aboard_from = models.DateTimeField()
    aboard_until = models.DateTimeField()
    held_until = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(
        null=True, blank=True, help_text="When they said at the meeting point that they are here"
    )
    boarding_code = models.CharField(max_length=4, help_text="Said to the host when getting in")
    joined_at = models.DateTimeField()
    boarded_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = RoomSeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("seat in a room")
        verbose_name_plural = _("seats in a room")
        ordering = ["room", "joined_at", "id"]
        indexes = [
            models.Index(
                fields=["held_until"],
                name="seat_held_until",
                condition=models.Q(state=SeatState.HELD),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["room", "number"],
                condition=models.Q(state__in=OCCUPYING_STATES),
                name="one_person_per_seat",
            ),
            models.UniqueConstraint(
                fields=["room", "rider"],
                condition=models.Q(state__in=OCCUPYING_STATES),
                name="one_seat_per_person_and_room",
            ),
            models.CheckConstraint(
                condition=models.Q(number__gte=1, number__lte=MOST_PARTY), name="seat_is_1_to_4"
            ),
            models.CheckConstraint(
                condition=models.Q(state=SeatState.HELD, held_until__isnull=False)
                | (~models.Q(state=SeatState.HELD) & models.Q(held_until=None)),
                name="seat_is_held_until_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(boarding_code__regex="^[0-9]{4}$"),
                name="boarding_code_has_4_digits",
            ),
            one_at_a_time(
                "rider_is_in_one_room_at_a_time",
                who="rider",
                start="aboard_from",
                end="aboard_until",
                condition=models.Q(state__in=OCCUPYING_STATES),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rider} · {self.get_state_display()}"

    @property
    def is_hosts(self) -> bool:
        """Tell whether it is the host's own, who prepays nothing."""
        return self.rider_id == self.room.host_id


class SeatTransition(models.Model):
    """One step of a seat's life, as it was recorded."""

    seat = models.ForeignKey(RoomSeat, on_delete=models.CASCADE, related_name="transitions")
    before = models.CharField(max_length=8, choices=SeatState.choices, blank=True)
    after = models.CharField(max_length=8, choices=SeatState.choices)
    actor = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("step of a seat")
        verbose_name_plural = _("steps of a seat")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.before or '·'} → {self.after}"
