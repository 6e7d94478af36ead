"""What the API says of two taxis that could be one, and what it accepts about it."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.api.serializers import LocationSerializer
from carpool.kernel.strict import StrictSerializer
from payments.api.serializers_money import PaymentSerializer
from payments.selectors import ProposedMerger
from rides.models import MergerState

YES = OpenApiExample(
    "Yes, as the host who becomes a rider",
    request_only=True,
    value={
        "accept": True, "provider": "test_bank", "method": "test_pays", "at_most": 7600,
    },
)  # fmt: skip
LET_IN = OpenApiExample("Yes, as the host who stays", request_only=True, value={"accept": True})


@extend_schema_serializer(examples=[YES, LET_IN])
class MergerAnswerSerializer(StrictSerializer):
    """A yes or a no; the host who becomes a rider says how they pay, and what was shown."""

    accept = serializers.BooleanField()
    provider = serializers.CharField(
        max_length=20, allow_blank=True, default="", help_text="Of who becomes a rider"
    )
    method = serializers.CharField(max_length=40, allow_blank=True, default="")
    at_most = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        help_text="What was shown as the most; if it is another amount by now, 409",
    )


class ProposedMergerSerializer(serializers.Serializer[ProposedMerger]):
    """Another half-empty taxi that goes the same way. Amounts are in minor units."""

    id = serializers.UUIDField(source="merger.pk")
    other_room = serializers.UUIDField(source="other.pk")
    others = serializers.IntegerField(help_text="How many people are in it")
    stays = serializers.BooleanField(
        source="is_staying", help_text="The others come over into yours; else you become a rider"
    )
    departure_at = serializers.DateTimeField(source="merger.stays.departure_at")
    pickup = LocationSerializer(source="merger.stays.pickup")
    pickup_label = serializers.CharField(source="merger.stays.pickup_label")
    walk_m = serializers.IntegerField(
        source="merger.walk_m", help_text="On foot between the two meeting points"
    )
    answer_by = serializers.DateTimeField(source="merger.answer_by")
    has_agreed = serializers.BooleanField(help_text="You have said yes; the other host has not")
    party = serializers.IntegerField(source="quote.party", help_text="How many you would be")
    currency = serializers.CharField(source="quote.price.currency")
    part_now = serializers.IntegerField(help_text="Your part of the highest fare, as it is now")
    part_then = serializers.IntegerField(help_text="The same as one")
    prepay = serializers.IntegerField(
        source="quote.price.prepay", help_text="Due with the yes of who becomes a rider"
    )
    at_most = serializers.IntegerField(source="quote.price.at_most")


class AnsweredMergerSerializer(serializers.Serializer[Any]):
    """How it stands after an answer."""

    id = serializers.UUIDField(source="merger.pk")
    state = serializers.ChoiceField(choices=MergerState.choices, source="merger.state")
    room = serializers.UUIDField(
        source="merger.stays_id", help_text="The common room, once the state is merged"
    )
    payment = PaymentSerializer(allow_null=True)
