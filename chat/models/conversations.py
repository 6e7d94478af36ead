"""Conversations, who is in them, and what they say.

Messages are numbered within their conversation, 1, 2, 3, …, without gaps: the number is taken under
the conversation's row lock and commits together with the message. So whoever knows the last number
they have seen knows what they missed, and in which order it was said.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Organization
from rides.models import Ride, Room

LONGEST_TEXT = 2000


class ConversationKind(models.TextChoices):
    """What brings people to talk."""

    RIDE = "ride", _("Everybody in the car")
    QUESTION = "question", _("A question before booking")
    ROOM = "room", _("Everybody in the shared taxi")


class ConversationQuerySet(models.QuerySet["Conversation"]):
    """Filters over conversations."""

    def visible_to(self, member: Member) -> ConversationQuerySet:
        """Conversations that a member is in now; who left sees nothing any more."""
        return self.filter(participants__member=member, participants__left_at=None)


class Conversation(models.Model):
    """People who travel together, or think about it, and what they say."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=ConversationKind.choices)
    ride = models.ForeignKey(
        Ride, on_delete=models.CASCADE, null=True, blank=True, related_name="conversations"
    )
    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, null=True, blank=True, related_name="conversations"
    )
    asker = models.ForeignKey(
        Member, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    last_sequence = models.PositiveBigIntegerField(default=0)
    last_message_at = models.DateTimeField(db_default=Now())
    closes_at = models.DateTimeField(help_text="Afterwards one can read, not write")
    created_at = models.DateTimeField(db_default=Now())

    objects = ConversationQuerySet.as_manager()

    class Meta:
        ordering = ["-last_message_at", "-id"]
        indexes = [models.Index(fields=["last_message_at"], name="conversations_lately")]
        constraints = [
            models.UniqueConstraint(
                fields=["ride"],
                condition=models.Q(kind=ConversationKind.RIDE),
                name="one_conversation_per_ride",
            ),
            models.UniqueConstraint(
                fields=["ride", "asker"],
                condition=models.Q(kind=ConversationKind.QUESTION),
                name="one_question_per_ride_and_asker",
            ),
            models.UniqueConstraint(
                fields=["room"],
                condition=models.Q(kind=ConversationKind.ROOM),
                name="one_conversation_per_room",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    kind=ConversationKind.RIDE, asker=None, ride__isnull=False, room=None
                )
                | models.Q(
                    kind=ConversationKind.QUESTION,
                    asker__isnull=False,
                    ride__isnull=False,
                    room=None,
                )
                | models.Q(kind=ConversationKind.ROOM, asker=None, ride=None, room__isnull=False),
                name="conversation_about_what_its_kind_says",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Participant(models.Model):
    """One person in one conversation. Others know them by this row's id, not the member's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="participants"
    )
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="participations")
    is_masked = models.BooleanField(default=False, help_text="Others do not learn who this is")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    since_sequence = models.PositiveBigIntegerField(
        default=0, help_text="What was said up to here, before joining, stays with those it was for"
    )
    received_sequence = models.PositiveBigIntegerField(default=0)
    read_sequence = models.PositiveBigIntegerField(default=0)
    is_muted = models.BooleanField(default=False, help_text="Wants no news of what is said here")
    told_sequence = models.PositiveBigIntegerField(
        default=0, help_text="News told of what was said up to here; more once that is read"
    )
    told_pickup_at = models.DateTimeField(
        null=True, blank=True, help_text="The pick-up as the conversation last heard of it"
    )

    class Meta:
        ordering = ["joined_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "member"], name="one_participation_each"
            ),
            models.CheckConstraint(
                condition=models.Q(read_sequence__lte=models.F("received_sequence")),
                name="read_only_what_was_received",
            ),
        ]
        indexes = [
            models.Index(
                fields=["member"], name="participations_now", condition=models.Q(left_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"Participant {self.pk}"  # no name: a masked one must not show in a title


class MessageKind(models.TextChoices):
    """What a message is made of."""

    TEXT = "text", _("Text")
    QUICK = "quick", _("Quick reply")
    PHOTO = "photo", _("Photo")
    SYSTEM = "system", _("What happened")


class Message(models.Model):
    """One thing said, or one thing that happened and everybody in the car should know."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
    )
    sequence = models.PositiveBigIntegerField()
    sender = models.ForeignKey(
        Participant, on_delete=models.CASCADE, null=True, blank=True, related_name="messages"
    )
    client_id = models.UUIDField(null=True, blank=True, help_text="Made by the sender's device")
    kind = models.CharField(max_length=6, choices=MessageKind.choices, default=MessageKind.TEXT)
    text = models.CharField(_("text"), max_length=LONGEST_TEXT, blank=True)
    language = models.CharField(
        _("language"), max_length=8, blank=True, help_text=_("Of the text, for translation")
    )
    code = models.CharField(
        max_length=20, blank=True, help_text="Which quick reply, or what happened; any language"
    )
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(_("created at"))
    is_checked = models.BooleanField(
        default=False, help_text="The word lists were consulted about its text"
    )
    flagged_for = models.CharField(
        _("flagged for"), max_length=80, blank=True, help_text=_("Why a person should look")
    )
    reviewed_at = models.DateTimeField(
        _("reviewed at"),
        null=True,
        blank=True,
        help_text=_("When a moderator decided about it last"),
    )
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["conversation", "sequence"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "sequence"], name="one_message_per_number"
            ),
            models.UniqueConstraint(fields=["sender", "client_id"], name="one_message_per_intent"),
            models.CheckConstraint(
                condition=models.Q(kind=MessageKind.SYSTEM, sender=None, client_id=None)
                | (
                    ~models.Q(kind=MessageKind.SYSTEM)
                    & models.Q(sender__isnull=False, client_id__isnull=False)
                ),
                name="people_sign_what_they_say",
            ),
        ]
        indexes = [
            models.Index(fields=["sender", "created_at"], name="messages_of_sender"),
            models.Index(
                fields=["id"], name="messages_to_check", condition=models.Q(is_checked=False)
            ),
            models.Index(
                fields=["created_at"],
                name="messages_to_look_at",
                condition=~models.Q(flagged_for="")
                & models.Q(reviewed_at=None)
                & models.Q(removed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.sequence}"  # no text: logs and titles stay free of what people say


def photo_path(photo: Photo, _name: str) -> str:
    """Return where a photo is kept; nothing of the name it came with."""
    return f"chat/{photo.pk.hex[:2]}/{photo.pk.hex}.jpg"


class Photo(models.Model):
    """A picture as we drew it anew: no metadata, no more pixels than a phone shows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="photo")
    image = models.FileField(upload_to=photo_path)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"{self.width}×{self.height}"


class TalkSettings(models.Model):
    """How a member wants to be talked to."""

    member = models.OneToOneField(
        Member, on_delete=models.CASCADE, primary_key=True, related_name="talk_settings"
    )
    takes_questions = models.BooleanField(
        _("Colleagues may ask me about my rides before they book"), default=True
    )

    def __str__(self) -> str:
        return f"Talk settings {self.member_id}"
