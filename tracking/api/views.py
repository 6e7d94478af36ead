"""Endpoints of positions."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from rides.selectors import get_ride_for
from tracking import selectors, services
from tracking.api.serializers import (
    AppealSerializer,
    CarPlaceSerializer,
    PositionsSerializer,
    RecordedSerializer,
    SharingSerializer,
    VerdictSerializer,
)


def said(serializer: type[Any], request: Request) -> Any:
    """Return a form that holds what was sent.

    Raises:
        ValidationError: it makes no sense; names the element.
    """
    form = serializer(data=request.data)
    form.is_valid(raise_exception=True)
    return form


class RidePositionsView(APIView):
    """Where one's phone was during a ride."""

    @extend_schema(
        request=PositionsSerializer,
        responses={200: RecordedSerializer, **PROBLEMS},
        tags=["positions"],
        summary="Send positions of a ride",
    )
    def post(self, request: Request, ride_id: UUID) -> Response:
        """Keep up to 500 positions: all of them, or none and an error that names the wrong ones.

        They may come in any order, late and again. Only the driver's and the confirmed riders'
        are taken, and only from 15 minutes before departure until shortly after arrival.
        """
        form = said(PositionsSerializer, request)
        recorded = services.record_positions(
            ride_id=ride_id,
            by=member_of(request),
            fixes=form.validated_data["positions"],
            device=form.hashed_device(),
            now=clock.now(),
        )
        return Response(RecordedSerializer(recorded).data)


class RideSharingView(APIView):
    """Agreeing to share one's position of a ride, and stopping."""

    @extend_schema(
        request=SharingSerializer,
        responses={204: None, **PROBLEMS},
        tags=["positions"],
        summary="Share your position for a ride",
    )
    def put(self, request: Request, ride_id: UUID) -> Response:
        """Write down what the caller agrees to; positions of the ride are taken from now on."""
        form = said(SharingSerializer, request)
        services.share_position(
            ride_id=ride_id,
            by=member_of(request),
            purposes=form.validated_data["purposes"],
            now=clock.now(),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        responses={204: None, **READ_PROBLEMS},
        tags=["positions"],
        summary="Stop sharing your position",
    )
    def delete(self, request: Request, ride_id: UUID) -> Response:
        """Take no more positions of the ride, and show the last one to nobody."""
        member = member_of(request)
        ride = get_ride_for(member, ride_id)
        services.stop_sharing_position(ride_id=ride.pk, by=member, now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class RideCarView(APIView):
    """Where a ride's car is."""

    @extend_schema(
        responses={200: CarPlaceSerializer, **READ_PROBLEMS},
        tags=["positions"],
        summary="Show where the car is",
    )
    def get(self, request: Request, ride_id: UUID) -> Response:
        """Show it to who waits for the car or sits in it, from 15 minutes before departure.

        Each look at somebody else's position is written down, and shown to them.
        """
        car = services.look_at_car(ride_id=ride_id, by=member_of(request), now=clock.now())
        return Response(CarPlaceSerializer(car).data)


class RideVerdictsView(APIView):
    """What positions say of a ride's trips."""

    @extend_schema(
        responses={200: VerdictSerializer(many=True), **READ_PROBLEMS},
        tags=["positions"],
        summary="List the verdicts on a ride",
    )
    def get(self, request: Request, ride_id: UUID) -> Response:
        """List the verdicts: to the driver those of all riders, to a rider their own."""
        verdicts = selectors.list_verdicts(member_of(request), ride_id)
        return Response([VerdictSerializer(one).data for one in verdicts])


class AppealView(APIView):
    """Objecting to a verdict."""

    @extend_schema(
        request=AppealSerializer,
        responses={204: None, **PROBLEMS},
        tags=["positions"],
        summary="Object to a verdict",
    )
    def post(self, request: Request, verification_id: UUID) -> Response:
        """Put an objection into the operators' queue; a person decides."""
        services.appeal(
            verification_id=verification_id,
            by=member_of(request),
            reason=said(AppealSerializer, request).validated_data["reason"],
            now=clock.now(),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
