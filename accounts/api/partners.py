"""Endpoints about the organizations with which one's own shares rides, for its owners."""

from typing import Any
from uuid import UUID

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors, services
from accounts.api.permissions import member_of
from accounts.models import Member, Organization, Partnership
from accounts.permissions import Act
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.strict import StrictSerializer

DOMAIN = r"^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$"


class PartnerOrganizationSerializer(serializers.ModelSerializer[Organization]):
    """The other organization, as far as its partners know it."""

    class Meta:
        model = Organization
        fields = ("id", "name")
        read_only_fields = fields


class PartnershipSerializer(serializers.Serializer[Any]):
    """A partnership, or the invitation to one, as one side sees it."""

    id = serializers.UUIDField()
    partner = PartnerOrganizationSerializer()
    invited_by_us = serializers.BooleanField(help_text="Then the other side accepts")
    invited_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True, help_text="Rides are shared since")


class PartnerInvitationSerializer(StrictSerializer):
    """Whom to invite."""

    domain = serializers.CharField(
        max_length=253,
        validators=[RegexValidator(DOMAIN, "As in example.com.")],
        help_text="An e-mail domain of the other organization",
    )


def _shown(one: Partnership, member: Member) -> dict[str, Any]:
    invited_by_us = one.inviter_id == member.organization_id
    row = {
        "id": one.pk,
        "partner": one.invited if invited_by_us else one.inviter,
        "invited_by_us": invited_by_us,
        "invited_at": one.invited_at,
        "accepted_at": one.accepted_at,
    }
    return dict(PartnershipSerializer(row).data)


class PartnersView(APIView):
    """With whom rides are shared, and who is invited."""

    @extend_schema(
        responses={200: PartnershipSerializer(many=True), **READ_PROBLEMS},
        tags=["organization"],
        operation_id="organization_partners_list",
        summary="List with whom your organization shares rides",
    )
    def get(self, request: Request) -> Response:
        """List partnerships and invitations that have not ended; for owners."""
        member = member_of(request)
        return Response([_shown(one, member) for one in selectors.list_partnerships(member)])

    @extend_schema(
        request=PartnerInvitationSerializer,
        responses={202: PartnerInvitationSerializer, **PROBLEMS},
        tags=["organization"],
        summary="Invite another organization to share rides",
    )
    def post(self, request: Request) -> Response:
        """Invite whoever has this domain; the answer is the same when nobody has."""
        member = member_of(request)
        selectors.require(member, Act.SHARE_RIDES)
        form = PartnerInvitationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.invite_partner(by=member, now=clock.now(), **form.validated_data)
        return Response(form.data, status=status.HTTP_202_ACCEPTED)


class PartnerAcceptanceView(APIView):
    """Saying yes."""

    @extend_schema(
        request=None,
        responses={200: PartnershipSerializer, **PROBLEMS},
        tags=["organization"],
        summary="Share rides with who invites you",
    )
    def post(self, request: Request, partnership_id: UUID) -> Response:
        """Accept an invitation, as an owner; each driver decides whether theirs are seen."""
        member = member_of(request)
        services.accept_partner(by=member, partnership_id=partnership_id, now=clock.now())
        return Response(_shown(selectors.get_partnership_for(member, partnership_id), member))


class PartnerView(APIView):
    """One partnership."""

    @extend_schema(
        responses={204: None, **READ_PROBLEMS},
        tags=["organization"],
        summary="End a partnership, or turn an invitation down",
    )
    def delete(self, request: Request, partnership_id: UUID) -> Response:
        """End it, as an owner; what is booked stays booked."""
        services.end_partner(by=member_of(request), partnership_id=partnership_id, now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
