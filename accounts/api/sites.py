"""Endpoints about an organization's sites."""

from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Polygon
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors, services
from accounts.api.permissions import member_of
from accounts.api.serializers import LocationSerializer
from accounts.models import Site
from accounts.models.organizations import LEAST_FENCE_M, MOST_FENCE_M
from accounts.permissions import Act
from accounts.services.sites import LEAST_CORNERS, MOST_CORNERS
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.geo import corners_of, from_point


class FenceField(serializers.ListField):
    """An outline as its corners, in order; the last edge closes it."""

    def to_representation(self, data: Polygon) -> list[Any]:  # type: ignore[override]
        """Show each corner once."""
        shown: list[Any] = super().to_representation(corners_of(data))
        return shown


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "The head office",
            request_only=True,
            value={
                "name": "Head office",
                "address": "Avenida Balmaceda 391",
                "location": {"lon": -71.2509, "lat": -29.9074},
                "radius_m": 120,
                "entrance": None,
                "fence": None,
            },
        )
    ]
)
class OwnSiteSerializer(serializers.ModelSerializer[Site]):
    """A site with its reach and where cars stop."""

    location = LocationSerializer()
    radius_m = serializers.IntegerField(
        min_value=LEAST_FENCE_M, max_value=MOST_FENCE_M, default=150, help_text="Its reach, metres"
    )
    entrance = LocationSerializer(allow_null=True, default=None, help_text="Null: its middle")
    fence = FenceField(
        child=LocationSerializer(),
        min_length=LEAST_CORNERS,
        max_length=MOST_CORNERS,
        allow_null=True,
        default=None,
        help_text="Corners of an outline that holds instead of the circle; null: the circle",
    )

    class Meta:
        model = Site
        fields = ("id", "name", "address", "location", "radius_m", "entrance", "fence")
        read_only_fields = ("id",)
        extra_kwargs = {"address": {"default": ""}}


class SitesView(APIView):
    """The organization's sites."""

    @extend_schema(
        responses={200: OwnSiteSerializer(many=True), **READ_PROBLEMS},
        tags=["organization"],
        operation_id="organization_sites_list",
        summary="List your organization's sites",
    )
    def get(self, request: Request) -> Response:
        """List them; every member may know them."""
        return Response(OwnSiteSerializer(selectors.list_sites(member_of(request)), many=True).data)

    @extend_schema(
        request=OwnSiteSerializer,
        responses={201: OwnSiteSerializer, **PROBLEMS},
        tags=["organization"],
        summary="Add a site",
    )
    def post(self, request: Request) -> Response:
        """Add a site, as a manager."""
        member = member_of(request)
        selectors.require(member, Act.CHANGE_SITES)
        form = OwnSiteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        site = services.save_site(by=member, **form.validated_data)
        return Response(OwnSiteSerializer(site).data, status=status.HTTP_201_CREATED)


class SiteView(APIView):
    """One site."""

    @extend_schema(
        request=OwnSiteSerializer,
        responses={200: OwnSiteSerializer, **PROBLEMS},
        tags=["organization"],
        summary="Change a site",
    )
    def patch(self, request: Request, site_id: UUID) -> Response:
        """Change what is sent; the rest stays."""
        member = member_of(request)
        site = selectors.get_site_for(member, site_id)
        form = OwnSiteSerializer(site, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        stands: dict[str, Any] = {
            "name": site.name,
            "address": site.address,
            "location": from_point(site.location),
            "radius_m": site.radius_m,
            "entrance": site.entrance and from_point(site.entrance),
            "fence": site.fence and corners_of(site.fence),
        }
        merged = {**stands, **form.validated_data}
        return Response(OwnSiteSerializer(services.save_site(by=member, site=site, **merged)).data)

    @extend_schema(
        responses={204: None, **READ_PROBLEMS}, tags=["organization"], summary="Remove a site"
    )
    def delete(self, request: Request, site_id: UUID) -> Response:
        """Take it off the list; plans that named it ask for another workplace."""
        member = member_of(request)
        services.remove_site(by=member, site=selectors.get_site_for(member, site_id))
        return Response(status=status.HTTP_204_NO_CONTENT)
