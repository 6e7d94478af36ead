"""What the API says of people, their cars, and how surely one can count on them."""

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_serializer
from rest_framework import serializers

from accounts.models import Car, Member
from rides.api import examples
from rides.selectors import Reliability, describe_reliability


class PersonSerializer(serializers.ModelSerializer[Member]):
    """A colleague, before a booking is confirmed: the first name only."""

    class Meta:
        model = Member
        fields = ("id", "first_name")


class KnownPersonSerializer(serializers.ModelSerializer[Member]):
    """A colleague in one's confirmed ride; the phone for driver and riders, until it is over."""

    class Meta:
        model = Member
        fields = ("id", "display_name", "phone")


class CarLookSerializer(serializers.ModelSerializer[Car]):
    """A car as it is described before a booking is confirmed."""

    class Meta:
        model = Car
        fields = ("make", "model", "colour")


class KnownCarSerializer(serializers.ModelSerializer[Car]):
    """A car as its riders recognise it."""

    class Meta:
        model = Car
        fields = ("make", "model", "colour", "plate")
        extra_kwargs = {"plate": {"required": False, "help_text": "For the people aboard"}}


PERSON = PolymorphicProxySerializer(
    component_name="ShownPerson",
    serializers=[KnownPersonSerializer, PersonSerializer],
    resource_type_field_name=None,
)


@extend_schema_serializer(examples=[examples.RELIABILITY])
class ReliabilitySerializer(serializers.Serializer[Reliability]):
    """How surely one can count on somebody; a number that too few events stand behind is null."""

    score = serializers.IntegerField(
        source="shown_score", allow_null=True, help_text="0 to 100; null: as good as new"
    )
    kept = serializers.SerializerMethodField(help_text="Promised seats that they came for")
    total = serializers.SerializerMethodField(help_text="Promised seats, kept or not")
    on_time = serializers.SerializerMethodField(help_text="Of those kept: noted in time")
    late = serializers.SerializerMethodField(help_text="Of those kept: noted too late")
    taxis_kept = serializers.SerializerMethodField(help_text="Shared taxis that they came for")
    taxis_total = serializers.SerializerMethodField(help_text="Shared taxis, kept or not")
    stars = serializers.FloatField(allow_null=True, help_text="1 to 5, to one decimal")
    people = serializers.SerializerMethodField(help_text="So many people gave the stars")
    words = serializers.SerializerMethodField(help_text="The same as a sentence")

    def get_kept(self, known: Reliability) -> int | None:
        """Count kept promises."""
        return known.kept if known.shows_rides else None

    def get_total(self, known: Reliability) -> int | None:
        """Count promises."""
        return known.total if known.shows_rides else None

    def get_on_time(self, known: Reliability) -> int | None:
        """Count punctual pick-ups."""
        return known.on_time if known.shows_rides else None

    def get_late(self, known: Reliability) -> int | None:
        """Count late pick-ups."""
        return known.late if known.shows_rides else None

    def get_taxis_kept(self, known: Reliability) -> int | None:
        """Count kept promises to share a taxi."""
        return known.taxis_kept if known.shows_taxis else None

    def get_taxis_total(self, known: Reliability) -> int | None:
        """Count promises to share a taxi."""
        return known.taxis_total if known.shows_taxis else None

    def get_people(self, known: Reliability) -> int | None:
        """Count those who rated."""
        return known.people if known.shows_stars else None

    def get_words(self, known: Reliability) -> str:
        """Say it."""
        return describe_reliability(known)
