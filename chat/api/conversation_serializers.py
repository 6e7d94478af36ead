"""What the API says of conversations, and what it accepts."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from carpool.kernel.strict import StrictSerializer
from chat.models import ConversationKind, MessageKind
from chat.selectors import ConversationShown, render_message
from chat.services import QuickReply


class PersonInTalkSerializer(serializers.Serializer[Any]):
    """Somebody in a conversation. The id is good in this conversation only."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    is_masked = serializers.BooleanField(help_text="Asked before booking: nobody is told who it is")
    is_me = serializers.BooleanField()
    is_driver = serializers.BooleanField()
    is_present = serializers.BooleanField()
    received_sequence = serializers.IntegerField()
    read_sequence = serializers.IntegerField()


class PhotoSerializer(serializers.Serializer[Any]):
    """A photo; its bytes are at ``conversations/{id}/photos/{id}``."""

    id = serializers.UUIDField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class MessageSerializer(serializers.Serializer[Any]):
    """A message, just as sockets tell it."""

    sequence = serializers.IntegerField(help_text="1, 2, 3, … within the conversation, no gaps")
    sender = serializers.UUIDField(allow_null=True, help_text="A person of the conversation")
    client_id = serializers.UUIDField(allow_null=True)
    kind = serializers.ChoiceField(choices=MessageKind.choices)
    text = serializers.CharField(allow_blank=True)
    language = serializers.CharField(allow_blank=True)
    code = serializers.CharField(
        allow_blank=True, help_text="Which quick reply, or what happened; for any language"
    )
    data = serializers.JSONField()  # type: ignore[assignment]
    photo = PhotoSerializer(allow_null=True)
    sent_at = serializers.DateTimeField()
    is_removed = serializers.BooleanField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Render as the socket does."""
        return dict(render_message(instance))


class ConversationSerializer(serializers.Serializer[ConversationShown]):
    """A conversation as the caller sees it."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(source="conversation.kind", choices=ConversationKind.choices)
    ride = serializers.UUIDField(source="conversation.ride_id", allow_null=True)
    room = serializers.UUIDField(source="conversation.room_id", allow_null=True)
    people = PersonInTalkSerializer(many=True)
    unread = serializers.IntegerField()
    is_muted = serializers.BooleanField(
        source="me.is_muted", help_text="You get no news of what is said"
    )
    last_sequence = serializers.IntegerField(source="conversation.last_sequence")
    last_message_at = serializers.DateTimeField(source="conversation.last_message_at")
    closes_at = serializers.DateTimeField(source="conversation.closes_at")
    last_message = serializers.SerializerMethodField()

    @extend_schema_field(MessageSerializer(allow_null=True))
    def get_last_message(self, shown: ConversationShown) -> dict[str, Any] | None:
        """Return the latest message, in lists."""
        return None if shown.last_message is None else dict(render_message(shown.last_message))


class OpenSerializer(StrictSerializer):
    """About which ride, or in which shared taxi, one wants to talk: one of the two."""

    ride = serializers.UUIDField(required=False)
    room = serializers.UUIDField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take one of the two."""
        if len(attrs) != 1:
            raise serializers.ValidationError({"ride": [_("Name a ride or a room.")]})
        return attrs


class SaySerializer(StrictSerializer):
    """What one wants to say: a text, or the code of a quick reply."""

    client_id = serializers.UUIDField(help_text="A new UUID for each message; the same to repeat")
    kind = serializers.ChoiceField(
        choices=[MessageKind.TEXT, MessageKind.QUICK], default=MessageKind.TEXT
    )
    text = serializers.CharField(
        required=False, allow_blank=True, default="", trim_whitespace=False, max_length=4000
    )
    code = serializers.ChoiceField(
        choices=QuickReply.choices, required=False, allow_blank=True, default=""
    )
    language = serializers.RegexField(
        r"^[A-Za-z]{2,3}(-[A-Za-z]{2,4})?$", required=False, allow_blank=True, default=""
    )


class PhotoUploadSerializer(serializers.Serializer[Any]):
    """A JPEG, PNG or WebP of at most 5 MiB; it is drawn anew, without metadata."""

    client_id = serializers.UUIDField()
    photo = serializers.FileField()


class MarkSerializer(StrictSerializer):
    """How far one has got."""

    read = serializers.IntegerField(required=False, default=0, min_value=0, max_value=2**53)
    received = serializers.IntegerField(required=False, default=0, min_value=0, max_value=2**53)


class MutedSerializer(StrictSerializer):
    """Whether one wants news of a conversation."""

    is_muted = serializers.BooleanField()


class TalkSettingsSerializer(StrictSerializer):
    """How one wants to be talked to."""

    takes_questions = serializers.BooleanField()
