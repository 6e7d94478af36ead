"""What the API takes and gives: positions are [lon, lat] in degrees, as in GeoJSON (RFC 7946)."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from carpool.kernel.geo import LonLat, from_point
from maps.models import Address, Region
from maps.selectors import MAX_ZOOM, AddressHit, Drive

DIGITS = 6

POSITION = {
    "type": "array",
    "items": {"type": "number"},
    "minItems": 2,
    "maxItems": 2,
    "example": [-71.2542, -29.9045],
}


def _position(place: LonLat) -> list[float]:
    return [round(place.lon, DIGITS), round(place.lat, DIGITS)]


@extend_schema_field({"type": "string", "example": "-71.2542,-29.9045"})
class PositionField(serializers.CharField):
    """A position in a query: "lon,lat", two numbers in degrees."""

    default_error_messages = {
        "position": _("Give longitude and latitude in degrees, like -71.25,-29.90."),
    }

    def to_internal_value(self, data: Any) -> LonLat:  # type: ignore[override]
        """Return the place."""
        parts = super().to_internal_value(data).split(",")
        try:
            lon, lat = (float(part) for part in parts)
        except ValueError:
            self.fail("position")
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):  # also refuses NaN
            self.fail("position")
        return LonLat(lon, lat)


class AddressQuerySerializer(serializers.Serializer[Any]):
    """Query of an address search."""

    q = serializers.CharField(
        help_text="What was typed so far: at least two letters. `A / B` finds the corner.",
        max_length=120,
    )
    lat = serializers.FloatField(
        required=False, min_value=-90, max_value=90, help_text="Prefer places near here"
    )
    lon = serializers.FloatField(required=False, min_value=-180, max_value=180)
    region = serializers.SlugField(required=False, help_text="Only in this region")
    limit = serializers.IntegerField(required=False, default=8, min_value=1, max_value=20)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Join lat and lon to the place ``near``."""
        if ("lat" in attrs) != ("lon" in attrs):
            missing = "lon" if "lat" in attrs else "lat"
            raise serializers.ValidationError({missing: _("Give lat and lon together.")})
        attrs["near"] = LonLat(attrs["lon"], attrs["lat"]) if "lat" in attrs else None
        return attrs


class AddressSerializer(serializers.Serializer[AddressHit]):
    """A place that may be meant."""

    label = serializers.CharField(  # type: ignore[assignment]  # the stubs mean Field.label
        help_text="What to show: the street, corner or place"
    )
    context = serializers.CharField(  # type: ignore[assignment]
        help_text="Where that is: a district or town"
    )
    kind = serializers.ChoiceField(choices=Address.Kind.choices)
    place = serializers.SerializerMethodField()

    @extend_schema_field(POSITION)
    def get_place(self, hit: AddressHit) -> list[float]:
        """Return the position."""
        return _position(hit.location)


class AddressListSerializer(serializers.Serializer[Any]):
    """Answer of an address search, the likeliest first."""

    results = AddressSerializer(many=True)


class RouteQuerySerializer(serializers.Serializer[Any]):
    """Query of a route."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Declare ``from``, a word that Python keeps for itself, and ``to``."""
        return {
            "from": PositionField(help_text="Where the drive begins: lon,lat"),
            "to": PositionField(help_text="Where it ends: lon,lat"),
        }


class RouteSerializer(serializers.Serializer[Drive]):
    """The fastest drive between two points."""

    duration_s = serializers.IntegerField(help_text="Driving time, rounded up to seconds")
    distance_m = serializers.SerializerMethodField()
    geometry = serializers.SerializerMethodField()

    def get_distance_m(self, drive: Drive) -> int:
        """Return whole metres."""
        return round(drive.distance_m)

    @extend_schema_field(
        {
            "type": "object",
            "description": "A GeoJSON LineString",
            "properties": {
                "type": {"const": "LineString"},
                "coordinates": {"type": "array", "items": POSITION},
            },
            "required": ["type", "coordinates"],
        }
    )
    def get_geometry(self, drive: Drive) -> dict[str, Any]:
        """Return the line of the roads driven, at least two positions."""
        line = [_position(place) for place in drive.geometry]
        return {"type": "LineString", "coordinates": line if len(line) > 1 else line * 2}


class PlaceQuerySerializer(serializers.Serializer[Any]):
    """Query for the name of a place."""

    at = PositionField(help_text="The place: lon,lat")


class PlaceNameSerializer(serializers.Serializer[Any]):
    """A public name for a place: a corner or street, never a house number."""

    label = serializers.CharField()  # type: ignore[assignment]
    region = serializers.SlugField()


class RegionSerializer(serializers.Serializer[Region]):
    """A map that one can travel on."""

    slug = serializers.SlugField()
    name = serializers.CharField()
    bbox = serializers.SerializerMethodField()
    centre = serializers.SerializerMethodField()
    attribution = serializers.CharField()
    tiles = serializers.SerializerMethodField()
    max_zoom = serializers.SerializerMethodField()

    @extend_schema_field(
        {"type": "array", "items": {"type": "number"}, "example": [-71.4, -30.1, -71.1, -29.8]}
    )
    def get_bbox(self, region: Region) -> list[float]:
        """Return west, south, east, north."""
        assert region.boundary is not None
        return [round(degrees, DIGITS) for degrees in region.boundary.extent]

    @extend_schema_field(POSITION)
    def get_centre(self, region: Region) -> list[float]:
        """Return the position of the middle of the road network."""
        assert region.centre is not None
        return _position(from_point(region.centre))

    def get_tiles(self, region: Region) -> str:
        """Return the URL template of the vector tiles."""
        url = reverse("maps:tile", args=[region.slug, 0, 0, 0])
        return url.replace("/0/0/0.", "/{z}/{x}/{y}.")

    def get_max_zoom(self, region: Region) -> int:
        """Return the deepest zoom level of the tiles."""
        return MAX_ZOOM
