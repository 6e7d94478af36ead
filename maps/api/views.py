"""Endpoints of maps. Positions sent here go nowhere else."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from carpool.kernel.api import PROBLEMS
from maps import selectors
from maps.api.serializers import (
    AddressListSerializer,
    AddressQuerySerializer,
    PlaceNameSerializer,
    PlaceQuerySerializer,
    RegionSerializer,
    RouteQuerySerializer,
    RouteSerializer,
)


def _asked(serializer: type[Any], request: Request) -> dict[str, Any]:
    form = serializer(data=request.query_params)
    form.is_valid(raise_exception=True)
    asked: dict[str, Any] = form.validated_data
    return asked


class RegionsView(APIView):
    """The maps that there are."""

    @extend_schema(
        tags=["maps"],
        summary="List the maps",
        responses={200: RegionSerializer(many=True), **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List the regions that people can travel in, with the URL of their tiles."""
        return Response([RegionSerializer(region).data for region in selectors.list_regions()])


class AddressesView(APIView):
    """Address search."""

    @extend_schema(
        tags=["maps"],
        summary="Find an address while it is typed",
        parameters=[AddressQuerySerializer],
        responses={200: AddressListSerializer, **PROBLEMS},
        examples=[
            OpenApiExample(
                "Streets",
                value={
                    "results": [
                        {
                            "label": "Avenida José Manuel Balmaceda",
                            "context": "La Serena",
                            "kind": "street",
                            "place": [-71.2506, -29.9128],
                        }
                    ]
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Find streets, corners ("A / B"), houses, stops and places; accents do not matter."""
        asked = _asked(AddressQuerySerializer, request)
        region = selectors.get_region(asked["region"]) if "region" in asked else None
        hits = selectors.search_addresses(
            region, asked["q"], near=asked["near"], limit=asked["limit"]
        )
        return Response(AddressListSerializer({"results": hits}).data)


class RouteView(APIView):
    """Routes."""

    @extend_schema(
        tags=["maps"],
        summary="Drive from one point to another",
        parameters=[RouteQuerySerializer],
        responses={200: RouteSerializer, **PROBLEMS},
        examples=[
            OpenApiExample(
                "Across town",
                value={
                    "duration_s": 612,
                    "distance_m": 7421,
                    "geometry": {
                        "type": "LineString",
                        "coordinates": [[-71.2542, -29.9045], [-71.2547, -29.9052]],
                    },
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Return the fastest drive: time, metres and the line of its roads."""
        asked = _asked(RouteQuerySerializer, request)
        drive = selectors.drive_between(asked["from"], asked["to"], fields=("from", "to"))
        return Response(RouteSerializer(drive).data)


class PlaceView(APIView):
    """Names of places."""

    @extend_schema(
        tags=["maps"],
        summary="Name a point on the map",
        parameters=[PlaceQuerySerializer],
        responses={200: PlaceNameSerializer, **PROBLEMS},
        examples=[
            OpenApiExample(
                "A corner",
                value={"label": "Avenida Francisco de Aguirre / Balmaceda", "region": "la-serena"},
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Return the corner or street at a point, as others may see it."""
        place = _asked(PlaceQuerySerializer, request)["at"]
        region = selectors.region_at(place, field="at")
        label = selectors.describe_place(region, place)
        return Response(PlaceNameSerializer({"label": label, "region": region.slug}).data)
