"""Endpoints of people who look for a ride along one's way, and of what is offered to them."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from accounts.api.serializers import LocationSerializer
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.idempotency import KEY, idempotent
from carpool.kernel.strict import StrictSerializer
from matching import selectors, services
from matching.api import along_examples as examples
from matching.api.serializers import OfferSerializer
from rides.api.people import ReliabilitySerializer
from rides.models import RequestOffer
from rides.selectors import list_request_offers
from rides.services import withdraw_request_offer


class FitSerializer(serializers.Serializer[Any]):
    """A ride of yours with which you could take them along; about, as their door is not told."""

    ride = serializers.UUIDField(source="ride.pk")
    departure_at = serializers.DateTimeField(source="ride.departure_at")
    pickup_at = serializers.DateTimeField(source="pickup.at")
    dropoff_at = serializers.DateTimeField(source="dropoff.at")
    detour_s = serializers.IntegerField()
    offer = serializers.UUIDField(
        source="offer_id", allow_null=True, help_text="Your answer, if you have offered it"
    )


@extend_schema_serializer(examples=[examples.SOUGHT])
class SoughtSerializer(serializers.Serializer[Any]):
    """A ride that somebody looks for."""

    request = serializers.UUIDField(source="request_id")
    first_name = serializers.CharField()
    origin = LocationSerializer(help_text="The middle of a 500 m cell, or a site")
    origin_area = serializers.CharField()
    destination = LocationSerializer(help_text="The middle of a 500 m cell, or a site")
    destination_area = serializers.CharField()
    earliest_departure_at = serializers.DateTimeField()
    latest_arrival_at = serializers.DateTimeField()
    seats = serializers.IntegerField()
    reliability = ReliabilitySerializer(
        source="known", help_text="How surely one can count on them, as before a booking"
    )
    fits = FitSerializer(many=True)


@extend_schema_serializer(examples=[examples.OFFERED])
class RequestOfferSerializer(serializers.ModelSerializer[RequestOffer]):
    """An answer to a request, that you made or that was made to you."""

    class Meta:
        model = RequestOffer
        fields = ("id", "request", "ride", "state", "reason", "created_at", "ended_at")


@extend_schema_serializer(examples=[examples.OFFER])
class OfferRideSerializer(StrictSerializer):
    """One of one's own rides."""

    ride = serializers.UUIDField()


class SoughtView(APIView):
    """Looking along one's way."""

    @extend_schema(
        responses={200: SoughtSerializer(many=True), **READ_PROBLEMS},
        tags=["requests"],
        summary="List people who look for a ride along your way",
    )
    def get(self, request: Request) -> Response:
        """List who looks for a ride that one of the caller's could be; soonest first."""
        sought = selectors.list_sought_along(member_of(request), now=clock.now())
        return Response(SoughtSerializer(sought, many=True).data)


class RequestAnswersView(APIView):
    """What is offered to a request."""

    @extend_schema(
        responses={200: OfferSerializer(many=True), **READ_PROBLEMS},
        tags=["requests"],
        summary="Compare what drivers offered to your request",
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        """Compare the rides that were offered, best first.

        Post one's token to /bookings, with the request: that accepts it and closes the others.
        """
        answers = selectors.list_answers(member_of(request), request_id, now=clock.now())
        shown = OfferSerializer()
        return Response([shown.to_representation(answer) for answer in answers])

    @extend_schema(
        request=OfferRideSerializer,
        responses={201: RequestOfferSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["requests"],
        summary="Offer your ride to somebody who looks for one",
    )
    @idempotent
    def post(self, request: Request, request_id: UUID) -> Response:
        """Offer one of the caller's rides to a request along its way."""
        form = OfferRideSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        offer = services.offer_along(
            request_id=request_id,
            ride_id=form.validated_data["ride"],
            by=member_of(request),
            now=clock.now(),
        )
        offer.refresh_from_db()
        return Response(RequestOfferSerializer(offer).data, status=status.HTTP_201_CREATED)


class RequestOffersView(generics.ListAPIView[Any]):
    """Answers to requests."""

    serializer_class = RequestOfferSerializer

    def get_queryset(self) -> Any:
        """List those that one made, and that were made to one."""
        return list_request_offers(member_of(self.request))

    @extend_schema(
        responses={200: RequestOfferSerializer(many=True), **READ_PROBLEMS},
        tags=["requests"],
        summary="List the answers that you made, or that were made to you",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List answers to requests, newest first."""
        return self.list(request, *args, **kwargs)


class RequestOfferWithdrawView(APIView):
    """Taking an answer back."""

    @extend_schema(
        request=None,
        responses={200: RequestOfferSerializer, **PROBLEMS},
        tags=["requests"],
        summary="Take an answer back",
    )
    def post(self, request: Request, offer_id: UUID) -> Response:
        """Take an answer back that the caller made; the ride stays published."""
        offer = withdraw_request_offer(offer_id=offer_id, by=member_of(request), now=clock.now())
        return Response(RequestOfferSerializer(offer).data)
