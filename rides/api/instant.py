"""Endpoints of instant rides: stand at the kerb, look at a code, join, let in, get out."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import (
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from accounts.api.serializers import LocationSerializer
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.idempotency import KEY, idempotent
from carpool.kernel.strict import StrictSerializer
from rides import selectors, services
from rides.api import examples
from rides.api.serializers import BookingSerializer, RideSerializer, TripEndSerializer
from rides.models import InstantCode
from rides.services import InstantTerms


@extend_schema_serializer(examples=[examples.KERB])
class KerbSerializer(StrictSerializer):
    """What a driver at the kerb accepts."""

    origin = LocationSerializer(
        source="kerb", help_text="Where the driver stands; whoever joins sees it"
    )
    destination = TripEndSerializer()
    car = serializers.UUIDField(source="car_id")
    seats = serializers.IntegerField()
    detour_s = serializers.IntegerField(help_text="How much later the driver may arrive")

    def to_terms(self) -> InstantTerms:
        """Return the validated terms."""
        return InstantTerms(**self.validated_data)


@extend_schema_serializer(examples=[examples.INSTANT])
class InstantSerializer(serializers.Serializer[InstantCode]):
    """A driver who waits, as the caller may see them."""

    code = serializers.CharField()
    expires_at = serializers.DateTimeField(help_text="The driver leaves until then, or not at all")
    time_zone = serializers.SerializerMethodField(help_text="In which the times are given: yours")
    ride = serializers.SerializerMethodField()

    def get_time_zone(self, _found: InstantCode) -> str:
        """Name the caller's time zone."""
        name: str = self.context["member"].organization.time_zone
        return name

    @extend_schema_field(RideSerializer)
    def get_ride(self, found: InstantCode) -> Any:
        """Show the ride."""
        view = selectors.view_ride_and_people(
            self.context["member"], found.ride_id, now=clock.now()
        )
        return RideSerializer(view).data


class GetInSerializer(StrictSerializer):
    """Where the rider wants to; without ``destination`` they get out at the driver's."""

    destination = TripEndSerializer(source="dropoff", required=False, allow_null=True, default=None)
    seats = serializers.IntegerField(default=1)


class BoardSerializer(StrictSerializer):
    """What a rider says who gets in."""

    code = serializers.CharField(max_length=4)


def _show(request: Request, found: InstantCode, code: int = 200) -> Response:
    context = {"member": member_of(request)}
    return Response(InstantSerializer(found, context=context).data, status=code)


class InstantView(APIView):
    """Standing at the kerb."""

    @extend_schema(
        request=KerbSerializer,
        responses={201: InstantSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["instant"],
        summary="Stand at the kerb with a code",
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Offer a ride that leaves when its driver says so, joined by its code only."""
        form = KerbSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        found = services.open_instant(
            driver=member_of(request), terms=form.to_terms(), now=clock.now()
        )
        return _show(request, found, status.HTTP_201_CREATED)


class InstantCodeView(APIView):
    """A driver's code."""

    @extend_schema(
        responses={200: InstantSerializer, **READ_PROBLEMS},
        tags=["instant"],
        summary="Look at a driver's code",
    )
    def get(self, request: Request, code: str) -> Response:
        """Show who waits with a code; whom one may not meet, nobody does."""
        found = selectors.get_instant_for(member_of(request), code, now=clock.now())
        return _show(request, found)


class InstantJoinView(APIView):
    """Getting in."""

    @extend_schema(
        request=GetInSerializer,
        responses={201: BookingSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["instant"],
        summary="Get in at the kerb",
    )
    @idempotent
    def post(self, request: Request, code: str) -> Response:
        """Take a seat at once; ``boarding_code`` of the answer is said to the driver."""
        form = GetInSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        booking = services.join_instant(
            code=code, rider=member_of(request), now=clock.now(), **form.validated_data
        )
        own = selectors.get_own_booking(member_of(request), booking.pk)
        return Response(BookingSerializer(own).data, status=status.HTTP_201_CREATED)


class RideBoardView(APIView):
    """Letting in."""

    @extend_schema(
        request=BoardSerializer,
        responses={200: RideSerializer, **PROBLEMS},
        tags=["instant"],
        summary="Enter a rider's boarding code",
    )
    def post(self, request: Request, ride_id: UUID) -> Response:
        """Note, as the driver of an instant ride, that the rider with this code got in."""
        form = BoardSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        member = member_of(request)
        services.let_in(
            ride_id=ride_id, by=member, code=form.validated_data["code"], now=clock.now()
        )
        view = selectors.view_ride_and_people(member, ride_id, now=clock.now())
        return Response(RideSerializer(view).data)


class BookingAlightView(APIView):
    """Getting out."""

    @extend_schema(
        request=None,
        responses={200: BookingSerializer, **PROBLEMS},
        tags=["instant"],
        summary="Say that you got out",
    )
    def post(self, request: Request, booking_id: UUID) -> Response:
        """End one's own leg of an instant ride; after the driver arrived it is only noted."""
        member = member_of(request)
        booking = services.alight(booking_id=booking_id, by=member, now=clock.now())
        own = selectors.get_own_booking(member, booking.pk)
        return Response(BookingSerializer(own).data)
