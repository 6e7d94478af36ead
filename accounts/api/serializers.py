"""What the API says of people, and what it accepts from them."""

from typing import Any

from django.conf import settings
from django.contrib.gis.geos import Point
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.models import Car, Member, Organization, Place, Site
from carpool.kernel.geo import LonLat
from carpool.kernel.strict import StrictModelSerializer, StrictSerializer


class LocationSerializer(StrictSerializer):
    """A place on the ground, degrees (WGS 84)."""

    lon = serializers.FloatField(min_value=-180, max_value=180)
    lat = serializers.FloatField(min_value=-90, max_value=90)

    def to_internal_value(self, data: Any) -> LonLat:
        """Return the place."""
        return LonLat(**super().to_internal_value(data))

    def to_representation(self, instance: LonLat | Point) -> dict[str, float]:
        """Show seven digits: about a centimetre."""
        if isinstance(instance, Point):
            instance = LonLat(instance.x, instance.y)
        return {"lon": round(instance.lon, 7), "lat": round(instance.lat, 7)}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A white Yaris",
            request_only=True,
            value={
                "make": "Toyota",
                "model": "Yaris",
                "colour": "White",
                "plate": "AB-CD-12",
                "seats": 3,
            },
        )
    ]
)
class CarSerializer(StrictModelSerializer[Car]):
    """One of one's own cars."""

    class Meta:
        model = Car
        fields = ("id", "make", "model", "colour", "plate", "seats")
        read_only_fields = ("id",)
        extra_kwargs = {"seats": {"default": Car._meta.get_field("seats").default}}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Home",
            request_only=True,
            value={
                "kind": "home",
                "label": "Calle Larraín Alcalde 12",
                "location": {"lon": -71.2575, "lat": -29.9185},
            },
        )
    ]
)
class PlaceSerializer(StrictModelSerializer[Place]):
    """One of one's own places; nobody else ever sees it."""

    location = LocationSerializer()

    class Meta:
        model = Place
        fields = ("id", "kind", "label", "location")
        read_only_fields = ("id",)


class SiteSerializer(serializers.ModelSerializer[Site]):
    """A place of the organization that everybody may know."""

    location = LocationSerializer()

    class Meta:
        model = Site
        fields = ("id", "name", "address", "location")


class OrganizationSerializer(serializers.ModelSerializer[Organization]):
    """The member's organization and what it decided."""

    sites = SiteSerializer(many=True)
    default_detour_s = serializers.IntegerField(source="policy.default_detour_s")
    default_walk_m = serializers.IntegerField(source="policy.default_walk_m")

    class Meta:
        model = Organization
        fields = (
            "id",
            "name",
            "time_zone",
            "currency",
            "week_start",
            "default_detour_s",
            "default_walk_m",
            "sites",
        )


class MeSerializer(StrictModelSerializer[Member]):
    """Oneself."""

    email = serializers.EmailField(source="user.email", read_only=True)
    language = serializers.ChoiceField(
        choices=settings.LANGUAGES,
        allow_blank=True,
        required=False,
        help_text="Empty: as the organization",
    )
    organization = serializers.SerializerMethodField()

    class Meta:
        model = Member
        fields = ("id", "email", "display_name", "phone", "language", "role", "organization")
        read_only_fields = ("id", "role")

    @extend_schema_field(OrganizationSerializer)
    def get_organization(self, member: Member) -> dict[str, Any]:
        """Return the organization with its sites."""
        return OrganizationSerializer(member.organization).data
