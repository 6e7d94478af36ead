"""What search says, and what booking accepts."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.api.serializers import LocationSerializer
from carpool.kernel.money import Money
from carpool.kernel.strict import StrictSerializer
from matching.api import examples
from matching.engine import Promise
from matching.selectors import (
    CostParts,
    NearMiss,
    Offer,
    SearchQuery,
    explain,
    explain_near_miss,
)
from rides.api.people import ReliabilitySerializer
from rides.api.serializers import BookingSerializer, RideSerializer, WishSerializer
from rides.services import PayBy


@extend_schema_serializer(examples=[examples.SEARCH])
class SearchSerializer(WishSerializer):
    """What a rider looks for."""

    arrive = serializers.BooleanField(
        default=False, help_text="The arrival is the time you named; else the departure"
    )

    def to_query(self) -> SearchQuery:
        """Return the validated query."""
        return SearchQuery(**self.validated_data)


class MeetingSerializer(serializers.Serializer[Any]):
    """Where and when to get in or out."""

    location = LocationSerializer()
    label = serializers.CharField()  # type: ignore[assignment]
    at = serializers.DateTimeField()
    walk_m = serializers.IntegerField()


class CostsSerializer(serializers.Serializer[CostParts]):
    """Of what the cost is made, in seconds of time aboard."""

    riding_s = serializers.FloatField()
    walking_s = serializers.FloatField()
    shift_s = serializers.FloatField(help_text="Earlier or later than the time named")
    detour_s = serializers.FloatField(help_text="The driver's")
    price_s = serializers.FloatField()
    reliability_s = serializers.FloatField(help_text="What the driver may fail to keep")


class PriceSerializer(serializers.Serializer[Money]):
    """An exact amount."""

    minor = serializers.IntegerField(help_text="In the smallest unit of the currency")
    currency = serializers.CharField(help_text="ISO 4217")


class OfferSerializer(serializers.Serializer[Offer]):
    """One ride that serves the search."""

    token = serializers.CharField(
        help_text="Post it to /bookings within 30 minutes, or to /searches/drawing"
    )
    ride = RideSerializer(source="view")
    pickup = MeetingSerializer()
    dropoff = MeetingSerializer()
    duration_s = serializers.IntegerField(source="rider_duration_s", help_text="Door to door")
    detour_s = serializers.IntegerField(help_text="What it costs the driver")
    shared_distance_m = serializers.IntegerField()
    saved_co2_g = serializers.IntegerField()
    cost_s = serializers.FloatField(help_text="Generalized cost by which offers are ranked")
    costs = CostsSerializer()
    price = PriceSerializer(allow_null=True, help_text="Null where no rate is known")
    reliability = ReliabilitySerializer()
    reasons = serializers.SerializerMethodField()

    def get_reasons(self, offer: Offer) -> list[str]:
        """Say in words why this ride fits."""
        return explain(offer)


class NearMissSerializer(serializers.Serializer[NearMiss]):
    """One ride that would fit if one promise gave way. It can't be booked as it is."""

    token = serializers.CharField(help_text="Post it to /searches/drawing within 30 minutes")
    ride = RideSerializer(source="view")
    promise = serializers.ChoiceField(
        choices=[promise.name.lower() for promise in Promise],
        source="promise_name",
        help_text="What would have to give: the rider's three, or the driver's detour",
    )
    by_s = serializers.IntegerField(
        allow_null=True, help_text="By how many seconds; null if it is the walk"
    )
    by_m = serializers.IntegerField(
        allow_null=True, help_text="By how many metres; null unless it is the walk"
    )
    reason = serializers.SerializerMethodField(help_text="The same in words")
    search = SearchSerializer(
        source="query",
        allow_null=True,
        help_text="Post it to /searches to be offered this ride; null if the driver must agree",
    )
    pickup = MeetingSerializer(help_text="As it would be then")
    dropoff = MeetingSerializer()
    detour_s = serializers.IntegerField()

    def get_reason(self, near: NearMiss) -> str:
        """Say in words what would have to give."""
        return explain_near_miss(near)


@extend_schema_serializer(examples=[examples.RESULT, examples.NEARLY])
class SearchResultSerializer(serializers.Serializer[Any]):
    """Offers, best first; with fewer than 3, also rides that nearly fit, the least to ask first."""

    offers = OfferSerializer(many=True)
    rides_considered = serializers.IntegerField()
    near_misses = NearMissSerializer(many=True, help_text="At most 5")


@extend_schema_serializer(examples=[examples.BOOK])
class BookSerializer(StrictSerializer):
    """An offer that is taken."""

    offer = serializers.CharField(max_length=4000, help_text="The offer's token")
    request = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="The standing request it fulfils"
    )
    provider = serializers.CharField(
        max_length=20,
        required=False,
        allow_blank=True,
        default="",
        help_text="Where seats are prepaid: by whom; empty: chosen later, while the seat is held",
    )
    method = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    sponsored = serializers.IntegerField(
        min_value=0,
        required=False,
        default=0,
        help_text="What you were told that your organization pays; if it is less, 409",
    )

    @property
    def pay_by(self) -> PayBy | None:
        """The way to pay that was chosen."""
        data = self.validated_data
        if not data["provider"]:
            return None
        return PayBy(data["provider"], data["method"], data["sponsored"])


@extend_schema_serializer(examples=[examples.BOOKED])
class BookedSerializer(BookingSerializer):
    """A booking that was just made, and where its rider approves the payment, if anywhere."""

    pay_at = serializers.CharField(help_text="Open it to approve the payment; empty: not needed")

    class Meta(BookingSerializer.Meta):
        fields = (*BookingSerializer.Meta.fields, "pay_at")  # type: ignore[assignment]
