"""What a map draws of an offer or a near miss, as GeoJSON (RFC 7946)."""

from typing import Any

import numpy as np
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS
from carpool.kernel.strict import StrictSerializer
from matching import selectors
from matching.api import examples
from matching.selectors import Drawing, Mark

LINES = ("walk_to", "before", "together", "after", "walk_from")
MARKS = ("origin", "stop", "pickup", "dropoff", "destination")
GEOMETRY = {
    "type": "object",
    "properties": {
        "type": {"enum": ["LineString", "Point", "Polygon"]},
        "coordinates": {"type": "array", "items": {}},
    },
    "required": ["type", "coordinates"],
}


@extend_schema_serializer(examples=[examples.DRAW])
class DrawSerializer(StrictSerializer):
    """Something that a search has shown."""

    offer = serializers.CharField(
        max_length=4000, help_text="The token of an offer or of a near miss"
    )


class PropertiesSerializer(serializers.Serializer[Any]):
    """What a feature of the drawing stands for."""

    part = serializers.ChoiceField(
        choices=[*LINES, *MARKS, "reach"],
        help_text="Lines: the rider's walks, the car's way before, together and after. Points: the "
        "car's stops in order. Polygons: beyond all of them the driver could not be back in time",
    )
    label = serializers.CharField(required=False)  # type: ignore[assignment]
    at = serializers.DateTimeField(
        required=False, help_text="Missing at other stops of riders: it may still move"
    )


class FeatureSerializer(serializers.Serializer[Any]):
    """A feature of GeoJSON."""

    type = serializers.ChoiceField(choices=["Feature"])
    geometry = serializers.SerializerMethodField()
    properties = PropertiesSerializer()

    @extend_schema_field(GEOMETRY)
    def get_geometry(self, feature: dict[str, Any]) -> dict[str, Any]:
        """Return the geometry as it is."""
        geometry: dict[str, Any] = feature["geometry"]
        return geometry


@extend_schema_serializer(examples=[examples.DRAWING])
class DrawingSerializer(serializers.Serializer[Any]):
    """A feature collection of GeoJSON; a part of the way that must not be shown is left out."""

    type = serializers.ChoiceField(choices=["FeatureCollection"])
    features = FeatureSerializer(many=True)


class DrawingView(APIView):
    """Drawing."""

    @extend_schema(
        request=DrawSerializer,
        responses={200: DrawingSerializer, **PROBLEMS},
        tags=["search"],
        summary="Draw an offer or a near miss",
    )
    def post(self, request: Request) -> Response:
        """Return the way with you aboard, the car's stops and its reach. Nothing is stored.

        A private end is the place where it becomes public, and not the door.
        """
        form = DrawSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        drawing = selectors.get_drawing(
            member_of(request), form.validated_data["offer"], now=clock.now()
        )
        body = {"type": "FeatureCollection", "features": list(_features(drawing))}
        return Response(DrawingSerializer(body).data)


def _features(drawing: Drawing) -> list[dict[str, Any]]:
    lines = {part: np.round(getattr(drawing, part), 6).tolist() for part in LINES}
    return [
        *(
            _feature("Polygon", [[list(corner) for corner in ring] for ring in leg], part="reach")
            for leg in (polygon.coords for polygon in drawing.reach)
        ),
        *(_feature("LineString", line, part=part) for part, line in lines.items() if len(line) > 1),
        *(_point(mark) for mark in drawing.marks),
    ]


def _point(mark: Mark) -> dict[str, Any]:
    facts: dict[str, Any] = {"part": mark.kind, "label": mark.label}
    if mark.at is not None:
        facts["at"] = mark.at
    return _feature("Point", [round(degrees, 7) for degrees in mark.location], **facts)


def _feature(kind: str, coordinates: list[Any], **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": properties,
    }
