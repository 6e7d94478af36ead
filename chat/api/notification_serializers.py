"""What the API says of notifications, and what it accepts."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from carpool.kernel.api import WallClockField
from carpool.kernel.strict import StrictSerializer
from chat.models import Channel, Digest, Kind, Notification, PushDevice, Transport
from chat.selectors.news_texts import write_text


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Somebody asks for a seat",
            response_only=True,
            value={
                "id": "0d5f6c9e-52a3-4c4e-9f0a-6f1f8f0c7a11",
                "kind": "booking_requested",
                "urgency": "urgent",
                "title": "Rita asks for a seat",
                "body": "Pick-up tomorrow 07:40. Please answer by today 20:15.",
                "path": "/rides/8c2f0a54-3d0d-4a0b-9d53-0c7d6f2b1e90/",
                "ride": "8c2f0a54-3d0d-4a0b-9d53-0c7d6f2b1e90",
                "booking": "f0b7c3a2-6f58-4f7e-8a36-1a2b3c4d5e6f",
                "conversation": None,
                "created_at": "2026-03-02T11:15:00Z",
                "read_at": None,
            },
        )
    ]
)
class NotificationSerializer(serializers.ModelSerializer[Notification]):
    """A piece of news, in words of the caller's language."""

    urgency = serializers.ChoiceField(choices=["urgent", "normal", "low"], read_only=True)
    title = serializers.SerializerMethodField()
    body = serializers.SerializerMethodField()
    path = serializers.SerializerMethodField()

    class Meta:
        model = Notification
        fields = [
            "id",
            "kind",
            "urgency",
            "title",
            "body",
            "path",
            "ride",
            "booking",
            "conversation",
            "created_at",
            "read_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(help_text="First names and times only"))
    def get_title(self, news: Notification) -> str:
        """Return what happened, in a few words."""
        return write_text(news).title

    @extend_schema_field(serializers.CharField())
    def get_body(self, news: Notification) -> str:
        """Return what else to know."""
        return write_text(news).body

    @extend_schema_field(serializers.CharField(help_text="The page of the web app about it"))
    def get_path(self, news: Notification) -> str:
        """Return where it leads."""
        return write_text(news).path


class UnreadSerializer(serializers.Serializer[Any]):
    """How much is new."""

    unread = serializers.IntegerField(min_value=0)


class ReadUntilSerializer(StrictSerializer):
    """Up to which moment one has seen the news."""

    until = serializers.DateTimeField(
        required=False, help_text="created_at of the newest that was shown; without it, all"
    )


class WantedSerializer(StrictSerializer):
    """A row of the matrix: by which channels one wants to hear of a kind of news."""

    kind = serializers.ChoiceField(choices=Kind.choices)
    channels = serializers.ListField(
        child=serializers.ChoiceField(choices=Channel.choices), max_length=len(Channel)
    )


class PreferencesSerializer(StrictSerializer):
    """How one wants to be told."""

    matrix = WantedSerializer(many=True)
    time_zone = serializers.CharField(
        max_length=64, allow_blank=True, help_text="IANA name; empty: as at work"
    )
    quiet_from = WallClockField(allow_null=True)
    quiet_until = WallClockField(allow_null=True)
    digest = serializers.ChoiceField(choices=Digest.choices)
    digest_at = WallClockField()


class CalendarSerializer(serializers.Serializer[Any]):
    """Where a calendar program finds one's trips. Whoever knows the address can read them."""

    url = serializers.CharField()


class DeviceSerializer(serializers.ModelSerializer[PushDevice]):
    """A device that takes one's pushes. Its address is a secret and is never shown."""

    class Meta:
        model = PushDevice
        fields = ["id", "transport", "label", "created_at"]
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A browser",
            request_only=True,
            value={
                "transport": "web",
                "address": "https://push.example.com/v1/abcd",
                "p256dh": (
                    "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8"
                    "QcYP7DkM"
                ),
                "auth": "tBHItJI5svbpez7KI4CCXg",
                "label": "Firefox on Linux",
            },
        ),
        OpenApiExample(
            "A phone",
            request_only=True,
            value={"transport": "fcm", "address": "fMtoken:APA91b", "label": "Pixel"},
        ),
    ]
)
class DeviceTermsSerializer(StrictSerializer):
    """A device as it presents itself: a browser's subscription, or a phone's FCM token."""

    transport = serializers.ChoiceField(choices=Transport.choices)
    address = serializers.CharField(max_length=2048)
    p256dh = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    auth = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=80, required=False, default="", allow_blank=True
    )


class PushKeySerializer(serializers.Serializer[Any]):
    """The key with which browsers subscribe; empty when the operator has not set push up."""

    key = serializers.CharField(allow_blank=True)
