"""What a member is told: kinds of news, how urgent each is, and the notification itself.

A notification keeps no sentence. It keeps what happened (kind, people, ride, times), and its text
is written when it is read, in the reader's language, with the names that hold then.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from chat.models.conversations import Conversation
from rides.models import Booking, Ride, Room


class Channel(models.TextChoices):
    """A way by which news reaches a member."""

    IN_APP = "in_app", _("In the app")
    PUSH = "push", _("Push")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")


class Urgency(models.TextChoices):
    """How long news may wait."""

    URGENT = "urgent", _("Cannot wait")
    NORMAL = "normal", _("Soon")
    LOW = "low", _("Can wait")


class Kind(models.TextChoices):
    """What happened; the labels are the rows of the preference page."""

    BOOKING_REQUESTED = "booking_requested", _("Somebody asks for a seat")
    BOOKING_MADE = "booking_made", _("Somebody booked a seat")
    BOOKING_CONFIRMED = "booking_confirmed", _("Your driver said yes")
    BOOKING_DECLINED = "booking_declined", _("Your driver said no, or did not answer")
    BOOKING_CANCELLED = "booking_cancelled", _("A booking was cancelled")
    BOOKING_RECEIPT = "booking_receipt", _("What you booked or cancelled yourself")
    PICKUP_MOVED = "pickup_moved", _("Your pick-up time changed")
    RIDE_CHANGED = "ride_changed", _("A ride that you booked was changed")
    CHANGE_ASKED = "change_asked", _("A ride that you booked was changed: does it still suit you?")
    CHANGE_AGREED = "change_agreed", _("A rider agrees to your change of a ride")
    RIDE_CANCELLED = "ride_cancelled", _("A ride was cancelled")
    RIDE_DEPARTING = "ride_departing", _("A ride leaves soon")
    DAYS_SKIPPED = "days_skipped", _("Your repeating ride leaves out a day")
    DRIVER_LEFT = "driver_left", _("Your driver has left")
    DRIVER_AT_STOP = "driver_at_stop", _("Your driver is at the meeting point")
    VALIDATION_ASKED = "validation_asked", _("Did the ride take place?")
    TRIP_JUDGED = "trip_judged", _("What the positions of your trip prove")
    RIDE_TO_RATE = "ride_to_rate", _("How was the ride?")
    RATED = "rated", _("Somebody rated you")
    OBJECTION_DECIDED = "objection_decided", _("Your objection to a line about you is decided")
    REQUEST_MATCHED = "request_matched", _("A ride fits your request")
    REQUEST_OFFERED = "request_offered", _("A driver offers you a ride that you look for")
    REQUEST_OFFER_ENDED = "request_offer_ended", _("A ride that you offered somebody is not taken")
    REQUEST_EXPIRED = "request_expired", _("A request ran out of time")
    PROPOSAL_MADE = "proposal_made", _("A carpool is proposed to you")
    PROPOSAL_TAKEN = "proposal_taken", _("A proposed carpool is settled")
    PROPOSAL_CLOSED = "proposal_closed", _("A proposed carpool came to nothing")
    MESSAGE_RECEIVED = "message_received", _("Somebody writes to you")
    ROOM_JOINED = "room_joined", _("Somebody joins your shared taxi, or leaves it")
    ROOM_HOST_ASKED = "room_host_asked", _("You are asked to be the host of a shared taxi")
    ROOM_LOCKED = "room_locked", _("A shared taxi leaves soon")
    ROOM_CALLED = "room_called", _("A shared taxi is on its way")
    ROOM_CANCELLED = "room_cancelled", _("A shared taxi was cancelled")
    ROOM_MORE_ASKED = "room_more_asked", _("You are asked to pay more for a shared taxi")
    ROOM_SETTLED = "room_settled", _("A shared taxi is settled")
    ROOM_DISPUTED = "room_disputed", _("Somebody objects to their part of a fare")
    ROOM_MERGER_ASKED = "room_merger_asked", _("Another taxi goes your way: could the two be one?")
    ROOM_MERGER_ENDED = "room_merger_ended", _("Two taxis stay two")
    ROOM_MERGED = "room_merged", _("Your taxi became one with another")
    SEAT_TO_PAY = "seat_to_pay", _("Your seat in a ride waits for your payment")
    SEAT_SETTLED = "seat_settled", _("What became of the price of a seat")
    REWARD_GIVEN = "reward_given", _("A reward for a proven trip")
    INCENTIVE_USED = "incentive_used", _("An incentive of your organization is nearly used up")


URGENCY: dict[Kind, Urgency] = dict.fromkeys(Kind, Urgency.NORMAL) | {
    Kind.BOOKING_REQUESTED: Urgency.URGENT,
    Kind.BOOKING_DECLINED: Urgency.URGENT,
    Kind.BOOKING_CANCELLED: Urgency.URGENT,
    Kind.PICKUP_MOVED: Urgency.URGENT,
    Kind.RIDE_CHANGED: Urgency.URGENT,
    Kind.CHANGE_ASKED: Urgency.URGENT,
    Kind.RIDE_CANCELLED: Urgency.URGENT,
    Kind.RIDE_DEPARTING: Urgency.URGENT,
    Kind.DRIVER_LEFT: Urgency.URGENT,
    Kind.DRIVER_AT_STOP: Urgency.URGENT,
    Kind.ROOM_HOST_ASKED: Urgency.URGENT,
    Kind.ROOM_LOCKED: Urgency.URGENT,
    Kind.ROOM_CALLED: Urgency.URGENT,
    Kind.ROOM_CANCELLED: Urgency.URGENT,
    Kind.ROOM_MORE_ASKED: Urgency.URGENT,
    Kind.ROOM_MERGER_ASKED: Urgency.URGENT,
    Kind.ROOM_MERGED: Urgency.URGENT,
    Kind.ROOM_MERGER_ENDED: Urgency.LOW,
    Kind.SEAT_TO_PAY: Urgency.URGENT,
    Kind.VALIDATION_ASKED: Urgency.LOW,
    Kind.TRIP_JUDGED: Urgency.LOW,
    Kind.RIDE_TO_RATE: Urgency.LOW,
    Kind.RATED: Urgency.LOW,
    Kind.OBJECTION_DECIDED: Urgency.LOW,
    Kind.REQUEST_OFFER_ENDED: Urgency.LOW,
    Kind.REQUEST_EXPIRED: Urgency.LOW,
    Kind.PROPOSAL_CLOSED: Urgency.LOW,
    Kind.REWARD_GIVEN: Urgency.LOW,
}

BY_URGENCY: dict[Urgency, frozenset[Channel]] = {
    Urgency.URGENT: frozenset({Channel.IN_APP, Channel.PUSH, Channel.EMAIL}),
    Urgency.NORMAL: frozenset({Channel.IN_APP, Channel.PUSH, Channel.EMAIL}),
    Urgency.LOW: frozenset({Channel.IN_APP, Channel.EMAIL}),
}
_MOMENT = frozenset({Channel.IN_APP, Channel.PUSH})
# A mail about the next ten minutes is read too late; a settled carpool brings mails of its
# bookings; one's own deed needs a mail only, for the calendar entry in it; a message
# waits in the app, and by mail for those who choose so; nobody hurries to rate or to be rated.
_EXCEPTIONS: dict[Kind, frozenset[Channel]] = {
    Kind.RIDE_DEPARTING: _MOMENT,
    Kind.DRIVER_LEFT: _MOMENT,
    Kind.DRIVER_AT_STOP: _MOMENT,
    Kind.BOOKING_RECEIPT: frozenset({Channel.EMAIL}),
    Kind.RIDE_TO_RATE: frozenset({Channel.IN_APP}),
    Kind.RATED: frozenset({Channel.IN_APP}),
    Kind.OBJECTION_DECIDED: frozenset({Channel.IN_APP}),
    Kind.PROPOSAL_TAKEN: _MOMENT,
    Kind.PROPOSAL_CLOSED: frozenset({Channel.IN_APP}),
    Kind.TRIP_JUDGED: frozenset({Channel.IN_APP}),
    Kind.MESSAGE_RECEIVED: _MOMENT,
    Kind.ROOM_JOINED: _MOMENT,
    Kind.ROOM_LOCKED: _MOMENT,
    Kind.ROOM_CALLED: _MOMENT,
}
DEFAULTS: dict[Kind, frozenset[Channel]] = {
    kind: _EXCEPTIONS.get(kind, BY_URGENCY[URGENCY[kind]]) for kind in Kind
}
# Where a channel makes no sense for a kind, there is nothing to choose.
NEVER: frozenset[tuple[Kind, Channel]] = frozenset(
    {(Kind.BOOKING_RECEIPT, c) for c in (Channel.IN_APP, Channel.PUSH, Channel.SMS)}
)
# News about a trip is pointless once the trip is this far gone.
STALE_AFTER = timedelta(hours=1)


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Filters over notifications."""

    def of(self, member: Member) -> NotificationQuerySet:
        """What a member was told."""
        return self.filter(member=member)

    def of_request(self, request_id: uuid.UUID) -> NotificationQuerySet:
        """What was told of a standing request."""
        return self.filter(request_id=request_id)

    def shown(self) -> NotificationQuerySet:
        """Those that stand in the app's list."""
        return self.filter(in_app=True)

    def unread(self) -> NotificationQuerySet:
        """Those that their member has not read."""
        return self.filter(read_at=None)


class Notification(models.Model):
    """One piece of news for one member. ``occasion`` names what happened, once per member."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    occasion = models.CharField(max_length=200)
    actor = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ride = models.ForeignKey(
        Ride, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    booking = models.ForeignKey(
        Booking, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    request_id = models.UUIDField(null=True, blank=True, db_index=True)
    trip_at = models.DateTimeField(
        null=True, blank=True, help_text="When the trip that this is about begins"
    )
    facts = models.JSONField(
        default=dict, help_text="Times and counts of then; no places, no names"
    )
    in_app = models.BooleanField(default=True, help_text="Stands in the app's list")
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["member", "-created_at", "-id"],
                name="notification_newest_first",
                condition=models.Q(in_app=True),
            ),
            models.Index(
                fields=["member"],
                name="notification_unread",
                condition=models.Q(in_app=True, read_at=None),
            ),
            models.Index(fields=["created_at"], name="notification_age"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member", "occasion"], name="told_once_per_occasion"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def urgency(self) -> Urgency:
        """How long this may wait."""
        return URGENCY[Kind(self.kind)]
