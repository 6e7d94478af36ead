"""Endpoints about whom one travels with and where one does not stop."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors, services
from accounts.api.permissions import member_of
from accounts.api.serializers import LocationSerializer
from accounts.models import AvoidedPlace, Block, Gender, Member
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.strict import StrictModelSerializer


class CompanySerializer(StrictModelSerializer[Member]):
    """What one states and wishes; nobody else is ever shown it."""

    gender = serializers.ChoiceField(choices=Gender.choices, allow_blank=True)
    same_gender_only = serializers.BooleanField(
        help_text="Everybody in the car has stated the same gender; needs a stated one"
    )

    class Meta:
        model = Member
        fields = ("gender", "same_gender_only")


class BlockSerializer(serializers.ModelSerializer[Block]):
    """Somebody whom one blocked; they are not told."""

    first_name = serializers.CharField(source="blocked.first_name")

    class Meta:
        model = Block
        fields = ("id", "first_name", "created_at")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A corner",
            request_only=True,
            value={
                "label": "Avenida Balmaceda",
                "location": {"lon": -71.2509, "lat": -29.9074},
                "radius_m": 200,
            },
        )
    ]
)
class AvoidedPlaceSerializer(StrictModelSerializer[AvoidedPlace]):
    """A circle in which one neither gets in nor out."""

    location = LocationSerializer()

    class Meta:
        model = AvoidedPlace
        fields = ("id", "label", "location", "radius_m")
        read_only_fields = ("id",)


class CompanyView(APIView):
    """With whom one travels."""

    @extend_schema(
        responses={200: CompanySerializer, **READ_PROBLEMS},
        tags=["safety"],
        summary="Show with whom you travel",
    )
    def get(self, request: Request) -> Response:
        """Show what the caller stated and wishes."""
        return Response(CompanySerializer(member_of(request)).data)

    @extend_schema(
        request=CompanySerializer,
        responses={200: CompanySerializer, **PROBLEMS},
        tags=["safety"],
        summary="Say with whom you travel",
    )
    def put(self, request: Request) -> Response:
        """State a gender, or none, and whether only one's own shall be in the car."""
        form = CompanySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        member = services.choose_company(
            member=member_of(request), now=clock.now(), **form.validated_data
        )
        return Response(CompanySerializer(member).data)


class BlocksView(APIView):
    """Whom one blocked."""

    @extend_schema(
        responses={200: BlockSerializer(many=True), **READ_PROBLEMS},
        tags=["safety"],
        operation_id="me_blocks_list",
        summary="List whom you blocked",
    )
    def get(self, request: Request) -> Response:
        """List whom the caller blocked; who blocked the caller is never told."""
        blocks = selectors.list_blocks(member_of(request))
        return Response(BlockSerializer(blocks, many=True).data)


class BlockView(APIView):
    """One of one's blocks."""

    @extend_schema(responses={204: None, **READ_PROBLEMS}, tags=["safety"], summary="Unblock")
    def delete(self, request: Request, block_id: int) -> Response:
        """Take a block back."""
        member = member_of(request)
        block = selectors.get_block_for(member, block_id)
        services.unblock_member(by=member, other=block.blocked, now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class AvoidedPlacesView(APIView):
    """Places that one avoids."""

    @extend_schema(
        responses={200: AvoidedPlaceSerializer(many=True), **READ_PROBLEMS},
        tags=["safety"],
        operation_id="me_avoided_places_list",
        summary="List the places you avoid",
    )
    def get(self, request: Request) -> Response:
        """List them."""
        places = selectors.list_avoided_places(member_of(request))
        return Response(AvoidedPlaceSerializer(places, many=True).data)

    @extend_schema(
        request=AvoidedPlaceSerializer,
        responses={201: AvoidedPlaceSerializer, **PROBLEMS},
        tags=["safety"],
        summary="Avoid a place",
    )
    def post(self, request: Request) -> Response:
        """Keep pick-ups and drop-offs out of a circle."""
        form = AvoidedPlaceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said: dict[str, Any] = {"radius_m": 200, **form.validated_data}
        place = services.avoid_place(member=member_of(request), **said)
        return Response(AvoidedPlaceSerializer(place).data, status=status.HTTP_201_CREATED)


class AvoidedPlaceView(APIView):
    """One of the places that one avoids."""

    @extend_schema(
        responses={204: None, **READ_PROBLEMS}, tags=["safety"], summary="Stop avoiding a place"
    )
    def delete(self, request: Request, avoided_id: UUID) -> Response:
        """Take it off the list."""
        place = selectors.get_avoided_place_for(member_of(request), avoided_id)
        services.stop_avoiding(place=place)
        return Response(status=status.HTTP_204_NO_CONTENT)
