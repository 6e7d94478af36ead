"""What the API says of positions, and what it accepts."""

from hashlib import sha256
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.api.serializers import LocationSerializer
from accounts.models import ConsentPurpose
from carpool.kernel.strict import StrictSerializer
from tracking.api import examples
from tracking.services import MOST_AT_ONCE, Fix, Recorded

MOST_SEQUENCE = 2**31 - 1


class PositionSerializer(StrictSerializer):
    """Where a phone was at a moment."""

    sequence = serializers.IntegerField(
        min_value=0,
        max_value=MOST_SEQUENCE,
        help_text="The phone counts within a ride: the same number is the same position",
    )
    recorded_at = serializers.DateTimeField(help_text="By the phone's clock")
    location = LocationSerializer()
    accuracy_m = serializers.FloatField(
        min_value=0, max_value=100_000, required=False, allow_null=True, default=None
    )
    speed_mps = serializers.FloatField(
        min_value=0, max_value=1_000, required=False, allow_null=True, default=None
    )
    is_mock = serializers.BooleanField(
        default=False, help_text="The phone says that another app made this up"
    )

    def to_internal_value(self, data: Any) -> Fix:
        """Return the fix."""
        said = super().to_internal_value(data)
        return Fix(place=said.pop("location"), **said)


@extend_schema_serializer(examples=[examples.POSITIONS])
class PositionsSerializer(StrictSerializer):
    """A batch, in any order; what a phone kept while it was offline as well."""

    positions = serializers.ListField(
        child=PositionSerializer(), min_length=1, max_length=MOST_AT_ONCE
    )
    device = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        default="",
        help_text="A key that the app made for this phone, once; only its hash is kept",
    )

    def hashed_device(self) -> str:
        """Return what is kept of the phone's key."""
        key: str = self.validated_data["device"]
        return sha256(key.encode()).hexdigest() if key else ""


@extend_schema_serializer(examples=[examples.RECORDED])
class RecordedSerializer(serializers.Serializer[Recorded]):
    """What became of a batch."""

    stored = serializers.IntegerField(help_text="New ones")
    known = serializers.IntegerField(help_text="Sent before")
    flagged = serializers.IntegerField(
        help_text="Kept, though no car gets there so quickly: a verdict looks at them"
    )


@extend_schema_serializer(examples=[examples.SHARING])
class SharingSerializer(StrictSerializer):
    """What somebody agrees to, beside what they agreed to before."""

    purposes = serializers.ListField(
        child=serializers.ChoiceField(choices=ConsentPurpose.choices),
        allow_empty=True,
        max_length=len(ConsentPurpose),
        default=list,
    )
