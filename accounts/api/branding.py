"""Endpoints about how an organization looks."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors, services
from accounts.api.permissions import member_of
from accounts.models import Organization
from accounts.permissions import Act
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.strict import StrictSerializer


class BrandingSerializer(serializers.ModelSerializer[Organization]):
    """Name, colour and sign, with the shades that can be read on light and dark pages."""

    colour_on_light = serializers.CharField()
    colour_on_dark = serializers.CharField()
    logo = serializers.SerializerMethodField(help_text="Address of a PNG; null: none")

    class Meta:
        model = Organization
        fields = ("name", "colour", "colour_on_light", "colour_on_dark", "logo")
        read_only_fields = fields

    def get_logo(self, organization: Organization) -> str | None:
        """Return where the sign is."""
        if not organization.logo_version:
            return None
        return reverse("accounts:logo", args=[organization.pk, organization.logo_version])


@extend_schema_serializer(
    examples=[OpenApiExample("Teal", request_only=True, value={"colour": "#0f766e"})]
)
class BrandingChangeSerializer(StrictSerializer):
    """What is sent changes; the rest stays."""

    name = serializers.CharField(max_length=120, required=False)
    colour = serializers.RegexField(
        r"^#[0-9a-fA-F]{6}$", required=False, help_text="Six hexadecimal digits after #"
    )


class LogoSerializer(serializers.Serializer[Any]):
    """A picture, at most 5 MB; it is drawn anew."""

    logo = serializers.FileField(allow_empty_file=True, help_text="PNG, JPEG or WebP, at most 5 MB")


def _shown(organization: Organization) -> Response:
    return Response(BrandingSerializer(organization).data)


class BrandingView(APIView):
    """How the organization looks."""

    @extend_schema(
        responses={200: BrandingSerializer, **READ_PROBLEMS},
        tags=["organization"],
        summary="Show how your organization looks",
    )
    def get(self, request: Request) -> Response:
        """Show it; every member may know."""
        return _shown(member_of(request).organization)

    @extend_schema(
        request=BrandingChangeSerializer,
        responses={200: BrandingSerializer, **PROBLEMS},
        tags=["organization"],
        summary="Change your organization's name or colour",
    )
    def patch(self, request: Request) -> Response:
        """Change what is sent, as a manager."""
        member = member_of(request)
        selectors.require(member, Act.CHANGE_BRANDING)
        form = BrandingChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        stands = {"name": member.organization.name, "colour": member.organization.colour}
        return _shown(services.change_branding(by=member, **{**stands, **form.validated_data}))


class LogoView(APIView):
    """The organization's sign."""

    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": LogoSerializer},
        responses={200: BrandingSerializer, **PROBLEMS},
        tags=["organization"],
        summary="Give your organization a logo",
    )
    def put(self, request: Request) -> Response:
        """Draw a picture anew and show it from now on, as a manager."""
        member = member_of(request)
        selectors.require(member, Act.CHANGE_BRANDING)
        form = LogoSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        picture = form.validated_data["logo"]
        return _shown(services.change_logo(by=member, content=picture.read(picture.size)))

    @extend_schema(
        responses={200: BrandingSerializer, **READ_PROBLEMS},
        tags=["organization"],
        summary="Show no logo any more",
    )
    def delete(self, request: Request) -> Response:
        """Take the sign away, as a manager."""
        return _shown(services.remove_logo(by=member_of(request)))
