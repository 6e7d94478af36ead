"""What search says, and what booking accepts."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.api.serializers import LocationSerializer
from matching.api import examples
from matching.selectors import Offer, SearchQuery, explain
from rides.api.serializers import RideSerializer, WishSerializer


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


class OfferSerializer(serializers.Serializer[Offer]):
    """One ride that serves the search."""

    token = serializers.CharField(help_text="Post it to /bookings within 30 minutes")
    ride = RideSerializer(source="view")
    pickup = MeetingSerializer()
    dropoff = MeetingSerializer()
    duration_s = serializers.IntegerField(source="rider_duration_s", help_text="Door to door")
    detour_s = serializers.IntegerField(help_text="What it costs the driver")
    shared_distance_m = serializers.IntegerField()
    saved_co2_g = serializers.IntegerField()
    cost_s = serializers.FloatField(help_text="Generalized cost by which offers are ranked")
    reasons = serializers.SerializerMethodField()

    def get_reasons(self, offer: Offer) -> list[str]:
        """Say in words why this ride fits."""
        return explain(offer)


@extend_schema_serializer(examples=[examples.RESULT])
class SearchResultSerializer(serializers.Serializer[Any]):
    """Offers, best first."""

    offers = OfferSerializer(many=True)
    rides_considered = serializers.IntegerField()


@extend_schema_serializer(examples=[examples.BOOK])
class BookSerializer(serializers.Serializer[Any]):
    """An offer that is taken."""

    offer = serializers.CharField(max_length=4000, help_text="The offer's token")
    request = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="The standing request it fulfils"
    )
