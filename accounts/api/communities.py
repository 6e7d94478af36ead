"""Endpoints about communities that anybody may join."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors, services
from accounts.api.permissions import member_of
from accounts.models import Organization, User
from accounts.permissions import Act
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.strict import StrictSerializer


class CommunitySerializer(serializers.ModelSerializer[Organization]):
    """A community of individuals, as everybody may know it."""

    class Meta:
        model = Organization
        fields = ("id", "name", "is_open")
        read_only_fields = fields


class DoorSerializer(StrictSerializer):
    """Whether anybody may join."""

    is_open = serializers.BooleanField()


class CommunitiesView(APIView):
    """Where anybody may join."""

    permission_classes = [IsAuthenticated]  # for those, above all, who belong to nobody yet

    @extend_schema(
        responses={200: CommunitySerializer(many=True), **READ_PROBLEMS},
        tags=["me"],
        operation_id="communities_list",
        summary="List the communities that anybody may join",
    )
    def get(self, request: Request) -> Response:
        """List them."""
        return Response(CommunitySerializer(selectors.list_communities(), many=True).data)


class CommunityJoiningView(APIView):
    """Joining one."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        request=None,
        responses={200: CommunitySerializer, **PROBLEMS},
        tags=["me"],
        summary="Join a community",
    )
    def post(self, request: Request, community_id: UUID) -> Response:
        """Become a member, with a proven address and no other organization."""
        assert isinstance(request.user, User)
        member = services.join_community(
            user=request.user, community_id=community_id, now=clock.now()
        )
        return Response(CommunitySerializer(member.organization).data)


class DoorView(APIView):
    """The door of one's own community."""

    @extend_schema(
        request=DoorSerializer,
        responses={200: CommunitySerializer, **PROBLEMS},
        tags=["organization"],
        summary="Open or close your community's door",
    )
    def put(self, request: Request) -> Response:
        """Let anybody join, or nobody any more; for owners of communities."""
        member = member_of(request)
        selectors.require(member, Act.OPEN_DOOR)
        form = DoorSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(
            CommunitySerializer(services.open_door(by=member, **form.validated_data)).data
        )
