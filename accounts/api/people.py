"""Endpoints about an organization's people, for those who steer it, and about leaving it."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors, services
from accounts.api.permissions import member_of
from accounts.models import Member, MemberRole
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS, Page


class OwnPersonSerializer(serializers.ModelSerializer[Member]):
    """Somebody of the organization, without anything they entered for themselves."""

    email = serializers.EmailField(source="user.email")

    class Meta:
        model = Member
        fields = ("id", "display_name", "email", "role", "joined_at", "left_at", "suspended_at")
        read_only_fields = fields


class RoleSerializer(serializers.Serializer[Any]):
    """What somebody may do."""

    role = serializers.ChoiceField(choices=MemberRole.choices)


class RemovalSerializer(serializers.Serializer[Any]):
    """Why somebody is taken out; stands in the history."""

    reason = serializers.CharField(max_length=280, required=False, allow_blank=True, default="")


class PeoplePage(Page):
    """Newest members first."""

    ordering = ("-joined_at", "-id")


class PeopleView(generics.ListAPIView[Member]):
    """The organization's people."""

    serializer_class = OwnPersonSerializer
    pagination_class: type[BasePagination] = PeoplePage

    def get_queryset(self) -> Any:
        """Those whose name or address holds the words, for managers."""
        search = self.request.query_params.get("q", "").replace("\x00", "")[:80]
        return selectors.list_people(member_of(self.request), search=search)

    @extend_schema(
        parameters=[OpenApiParameter("q", str, description="Part of a name or an address")],
        responses={200: OwnPersonSerializer(many=True), **READ_PROBLEMS},
        tags=["organization"],
        operation_id="organization_people_list",
        summary="List your organization's people",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List everybody, also who has left; for managers."""
        return super().get(request, *args, **kwargs)


class PersonView(APIView):
    """One person of the organization."""

    @extend_schema(
        request=RoleSerializer,
        responses={200: OwnPersonSerializer, **PROBLEMS},
        tags=["organization"],
        summary="Appoint or dismiss somebody",
    )
    def patch(self, request: Request, person_id: UUID) -> Response:
        """Give somebody another role; for owners."""
        member = member_of(request)
        form = RoleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        person = services.change_role(
            by=member, person_id=person_id, role=form.validated_data["role"], now=clock.now()
        )
        return Response(OwnPersonSerializer(person).data)


class PersonRemovalView(APIView):
    """Taking somebody out."""

    @extend_schema(
        request=RemovalSerializer,
        responses={200: OwnPersonSerializer, **PROBLEMS},
        tags=["organization"],
        summary="Take somebody out",
    )
    def post(self, request: Request, person_id: UUID) -> Response:
        """End a membership: coming rides are cancelled, sign-ins end."""
        form = RemovalSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        person = services.remove_member(
            by=member_of(request),
            person_id=person_id,
            reason=form.validated_data["reason"],
            now=clock.now(),
        )
        return Response(OwnPersonSerializer(person).data)


class PersonReadmissionView(APIView):
    """Letting somebody in again."""

    @extend_schema(
        request=None,
        responses={200: OwnPersonSerializer, **PROBLEMS},
        tags=["organization"],
        summary="Let somebody in again",
    )
    def post(self, request: Request, person_id: UUID) -> Response:
        """Let the membership hold again; what was cancelled stays cancelled."""
        person = services.readmit_person(
            by=member_of(request), person_id=person_id, now=clock.now()
        )
        return Response(OwnPersonSerializer(person).data)


class LeaveView(APIView):
    """Leaving the organization."""

    @extend_schema(
        request=None,
        responses={204: None, **PROBLEMS},
        tags=["organization"],
        summary="Leave your organization",
    )
    def post(self, request: Request) -> Response:
        """End one's own membership; what lies ahead is cancelled, the sign-in ends."""
        services.leave_organization(member=member_of(request), now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
