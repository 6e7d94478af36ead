"""Endpoints for when something feels wrong: report, block, let somebody follow."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services as accounts
from accounts.api.permissions import member_of
from accounts.models import ReportReason, ReportSubject
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.strict import StrictSerializer
from rides import selectors, services


class FellowSerializer(StrictSerializer):
    """Whom one means: who made a booking of the ride, or, without one, its driver."""

    booking = serializers.UUIDField(required=False, allow_null=True, default=None)


class ReportSerializer(FellowSerializer):
    """A complaint; moderators read it, and the reported never learns from whom it came."""

    reason = serializers.ChoiceField(choices=ReportReason.choices)
    text = serializers.CharField(max_length=1_000, required=False, allow_blank=True, default="")


class ShareSerializer(serializers.Serializer[Any]):
    """A link to follow the ride, shown once."""

    url = serializers.URLField()


class RideReportsView(APIView):
    """Complaints about somebody in a ride."""

    @extend_schema(
        request=ReportSerializer,
        responses={204: None, **PROBLEMS},
        tags=["safety"],
        summary="Report somebody in a ride",
    )
    def post(self, request: Request, ride_id: UUID) -> Response:
        """Put a complaint into the moderators' queue."""
        form = ReportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said, member = form.validated_data, member_of(request)
        _view, person = selectors.get_fellow(member, ride_id, said["booking"])
        accounts.report_member(
            by=member,
            reported=person,
            subject=ReportSubject.RIDE,
            subject_id=str(ride_id),
            reason=said["reason"],
            text=said["text"],
            now=clock.now(),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class RideBlocksView(APIView):
    """Keeping away from somebody in a ride."""

    @extend_schema(
        request=FellowSerializer,
        responses={204: None, **PROBLEMS},
        tags=["safety"],
        summary="Block somebody in a ride",
    )
    def post(self, request: Request, ride_id: UUID) -> Response:
        """Keep the two apart from now on; the other one is not told."""
        form = FellowSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        member = member_of(request)
        _view, person = selectors.get_fellow(member, ride_id, form.validated_data["booking"])
        accounts.block_member(by=member, other=person, now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class RideSharesView(APIView):
    """Links with which a trusted contact follows a ride."""

    @extend_schema(
        request=None,
        responses={201: ShareSerializer, **PROBLEMS},
        tags=["safety"],
        summary="Let somebody follow a ride",
    )
    def post(self, request: Request, ride_id: UUID) -> Response:
        """Make a link that works without an account until one hour after the ride."""
        token = services.share_ride(ride_id=ride_id, by=member_of(request), now=clock.now())
        url = request.build_absolute_uri(reverse("rides:follow", args=[token]))
        return Response({"url": url}, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None, **READ_PROBLEMS}, tags=["safety"], summary="End all links")
    def delete(self, request: Request, ride_id: UUID) -> Response:
        """End all of the caller's links to the ride."""
        member = member_of(request)
        ride = selectors.get_ride_for(member, ride_id)
        services.stop_sharing(ride_id=ride.pk, by=member, now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
