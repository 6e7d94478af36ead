"""What the API says of rides, and what it accepts."""

from typing import Any

from django.contrib.gis.geos import LineString
from drf_spectacular.utils import (
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers

from accounts.api.serializers import LocationSerializer
from accounts.models import Member
from carpool.kernel.api import MomentField
from carpool.kernel.geo import points_of
from carpool.kernel.strict import StrictSerializer
from rides.api import examples
from rides.api.people import (
    PERSON,
    CarLookSerializer,
    KnownCarSerializer,
    KnownPersonSerializer,
    PersonSerializer,
    ReliabilitySerializer,
)
from rides.models import Booking, BookingMode, CancelCode, Ride, RideRequest, Stop
from rides.permissions import Datum
from rides.selectors import RideView
from rides.services import OfferTerms, RequestTerms, TripEnd

GEOJSON_LINE = {
    "type": ["object", "null"],
    "description": "A GeoJSON LineString (RFC 7946); null when nothing of the way may be shown",
    "properties": {
        "type": {"const": "LineString"},
        "coordinates": {
            "type": "array",
            "items": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
        },
    },
    "required": ["type", "coordinates"],
}


class TripEndSerializer(StrictSerializer):
    """Where a trip starts or ends."""

    location = LocationSerializer()
    label = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")  # type: ignore[assignment]

    def to_internal_value(self, data: Any) -> TripEnd:
        """Return the end."""
        return TripEnd(**super().to_internal_value(data))


@extend_schema_serializer(examples=[examples.OFFER, examples.OFFER_BY_ARRIVAL])
class OfferSerializer(StrictSerializer):
    """What a driver accepts. Give ``departure_at`` or ``arrive_by``, or both."""

    origin = TripEndSerializer()
    destination = TripEndSerializer()
    car = serializers.UUIDField(source="car_id")
    seats = serializers.IntegerField()
    detour_s = serializers.IntegerField(help_text="How much later you accept to arrive, seconds")
    detour_m = serializers.IntegerField(required=False, allow_null=True, default=None)
    departure_at = MomentField(required=False, allow_null=True, default=None)
    arrive_by = MomentField(required=False, allow_null=True, default=None)
    booking_mode = serializers.ChoiceField(choices=BookingMode.choices, default=BookingMode.INSTANT)
    note = serializers.CharField(max_length=280, required=False, allow_blank=True, default="")

    def to_terms(self) -> OfferTerms:
        """Return the validated terms."""
        return OfferTerms(**self.validated_data)


class StopSerializer(serializers.ModelSerializer[Stop]):
    """A stop of a ride."""

    location = LocationSerializer()
    rider = serializers.UUIDField(source="booking.rider_id", default=None, allow_null=True)

    class Meta:
        model = Stop
        fields = (
            "id",
            "position",
            "kind",
            "location",
            "label",
            "planned_at",
            "latest_at",
            "visited_at",
            "rider",
        )


class RiderOfRideSerializer(serializers.Serializer[Booking]):
    """Somebody's booking, as driver and fellow riders see it: where they live is not in it."""

    id = serializers.UUIDField()
    rider = serializers.SerializerMethodField()
    seats = serializers.IntegerField()
    state = serializers.CharField()
    pickup_at = serializers.DateTimeField()
    dropoff_at = serializers.DateTimeField()
    decide_by = serializers.DateTimeField(allow_null=True)
    partner = serializers.SerializerMethodField(
        help_text="The partner organization that the rider is of; null: one's own"
    )
    reliability = serializers.SerializerMethodField(
        help_text="For the driver, who decides about the rider; null for everybody else"
    )

    @extend_schema_field(ReliabilitySerializer(allow_null=True))
    def get_reliability(self, booking: Booking) -> Any:
        """Say how surely the rider comes."""
        known = self.context["view"].reliability_of(booking)
        return None if known is None else _RELIABILITY.to_representation(known)

    def get_partner(self, booking: Booking) -> str | None:
        """Name a partner."""
        view: RideView = self.context["view"]
        return view.partner_of(booking.rider)

    @extend_schema_field(PERSON)
    def get_rider(self, booking: Booking) -> dict[str, Any]:
        """Show as much of the rider as the viewer may know by now."""
        return _show_person(self.context["view"], booking.rider)


# A serializer works out its fields once; twenty rides in a list need not ask for them again.
_PERSON, _KNOWN = PersonSerializer(), KnownPersonSerializer()
_RELIABILITY = ReliabilitySerializer()
_CAR_LOOK, _KNOWN_CAR = CarLookSerializer(), KnownCarSerializer()


def _show_person(view: RideView, person: Member) -> dict[str, Any]:
    if not view.tells(Datum.FULL_NAME, of=person):
        return _PERSON.to_representation(person)
    shown = _KNOWN.to_representation(person)
    return shown if view.tells(Datum.PHONE, of=person) else {**shown, "phone": ""}


@extend_schema_serializer(examples=[examples.RIDE, examples.STRANGERS_RIDE])
class RideSerializer(serializers.Serializer[RideView]):
    """A ride as the caller may see it."""

    id = serializers.UUIDField(source="ride.pk")
    state = serializers.CharField(source="ride.state")
    driver = serializers.SerializerMethodField()
    car = serializers.SerializerMethodField()
    origin = LocationSerializer(
        help_text="Exact for the driver and at sites, else the centre of a 500 m cell not far away"
    )
    origin_label = serializers.CharField()
    destination = LocationSerializer()
    destination_label = serializers.CharField()
    departure_at = serializers.DateTimeField()
    arrival_at = serializers.DateTimeField()
    seats_offered = serializers.IntegerField(source="ride.seats_offered")
    seats_left = serializers.IntegerField()
    detour_s = serializers.IntegerField(source="ride.detour_s")
    detour_m = serializers.IntegerField(source="ride.detour_m", allow_null=True)
    distance_m = serializers.IntegerField()
    booking_mode = serializers.CharField(source="ride.booking_mode")
    is_instant = serializers.BooleanField(
        source="ride.is_instant", help_text="Waits at the kerb; joined by its code only"
    )
    note = serializers.CharField(source="ride.note")
    route = serializers.SerializerMethodField()
    stops = StopSerializer(many=True)
    bookings = serializers.SerializerMethodField()
    is_driver = serializers.BooleanField()
    reliability = ReliabilitySerializer(source="drivers_reliability", help_text="The driver's")
    partner = serializers.SerializerMethodField(
        help_text="The partner organization whose driver this is; null: one's own"
    )

    def get_partner(self, view: RideView) -> str | None:
        """Name a partner."""
        return view.partner_of(view.ride.driver)

    @extend_schema_field(PERSON)
    def get_driver(self, view: RideView) -> dict[str, Any]:
        """Show the driver's full name to the people aboard."""
        return _show_person(view, view.ride.driver)

    @extend_schema_field(KnownCarSerializer)
    def get_car(self, view: RideView) -> dict[str, Any]:
        """Show the plate to the people aboard."""
        return (_KNOWN_CAR if view.sees_people else _CAR_LOOK).to_representation(view.ride.car)

    @extend_schema_field(GEOJSON_LINE)
    def get_route(self, view: RideView) -> dict[str, Any] | None:
        """Show the way, cut at private ends."""
        return to_geojson(view.route)

    @extend_schema_field(RiderOfRideSerializer(many=True))
    def get_bookings(self, view: RideView) -> Any:
        """Show who joins, to the people aboard."""
        shown = RiderOfRideSerializer(context={"view": view})
        return [shown.to_representation(booking) for booking in view.bookings]


def to_geojson(line: LineString | None) -> dict[str, Any] | None:
    """Return a line as a GeoJSON geometry (RFC 7946)."""
    return None if line is None else {"type": "LineString", "coordinates": points_of(line)}


class RideSummarySerializer(serializers.ModelSerializer[Ride]):
    """One of one's own rides in a list."""

    class Meta:
        model = Ride
        fields = (
            "id",
            "state",
            "origin_label",
            "destination_label",
            "departure_at",
            "arrival_at",
            "seats_offered",
            "created_at",
        )


@extend_schema_serializer(examples=[examples.BOOKING])
class BookingSerializer(serializers.ModelSerializer[Booking]):
    """One of one's own bookings."""

    origin = LocationSerializer()
    destination = LocationSerializer()
    is_waived = serializers.BooleanField(
        read_only=True, help_text="Cancelled late, without any consequence this time"
    )

    class Meta:
        model = Booking
        fields = (
            "id",
            "ride",
            "state",
            "seats",
            "origin",
            "origin_label",
            "destination",
            "destination_label",
            "earliest_departure_at",
            "latest_arrival_at",
            "walk_to_m",
            "walk_from_m",
            "pickup_at",
            "dropoff_at",
            "shared_distance_m",
            "boarding_code",
            "boarded_at",
            "alighted_at",
            "price_minor",
            "currency",
            "held_until",
            "decide_by",
            "cancel_reason",
            "cancelled_at",
            "is_late",
            "is_waived",
            "outcome",
            "created_at",
        )


class ReasonSerializer(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=280, required=False, allow_blank=True, default="")


class CancelSerializer(ReasonSerializer):
    """Why something is cancelled: others read ``reason``, and nobody ``code``, which is counted."""

    code = serializers.ChoiceField(
        choices=[one for one in CancelCode.choices if one[0] != CancelCode.RIDE_CHANGED],
        required=False,
        allow_blank=True,
        default="",
    )


class AnswerSerializer(StrictSerializer):
    """Whether it took place."""

    took_place = serializers.BooleanField()


@extend_schema_serializer(examples=[examples.WISH])
class WishSerializer(StrictSerializer):
    """What a rider looks for: door to door, within their own times."""

    origin = TripEndSerializer()
    destination = TripEndSerializer()
    earliest_departure_at = MomentField()
    latest_arrival_at = MomentField()
    seats = serializers.IntegerField(default=1)
    walk_m = serializers.IntegerField(default=800)

    def to_terms(self) -> RequestTerms:
        """Return the validated terms."""
        return RequestTerms(**self.validated_data)


@extend_schema_serializer(examples=[examples.REQUEST])
class RideRequestSerializer(serializers.ModelSerializer[RideRequest]):
    """One of one's own standing requests."""

    origin = LocationSerializer()
    destination = LocationSerializer()

    class Meta:
        model = RideRequest
        fields = (
            "id",
            "state",
            "origin",
            "origin_label",
            "destination",
            "destination_label",
            "earliest_departure_at",
            "latest_arrival_at",
            "seats",
            "walk_m",
            "created_at",
        )
