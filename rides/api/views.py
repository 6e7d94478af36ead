"""Endpoints of rides, bookings and standing requests."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.idempotency import KEY, idempotent
from rides import selectors, services
from rides.api.serializers import (
    AnswerSerializer,
    BookingSerializer,
    OfferSerializer,
    ReasonSerializer,
    RideRequestSerializer,
    RideSerializer,
    RideSummarySerializer,
    WishSerializer,
)
from rides.errors import RideNotFound


def _ride(request: Request, ride_id: UUID, code: int = 200) -> Response:
    view = selectors.view_ride_and_people(member_of(request), ride_id, now=clock.now())
    return Response(RideSerializer(view).data, status=code)


def _said(serializer: type[Any], request: Request) -> dict[str, Any]:
    form = serializer(data=request.data)
    form.is_valid(raise_exception=True)
    said: dict[str, Any] = form.validated_data
    return said


class RidesView(generics.ListAPIView[Any]):
    """The rides that one drives."""

    serializer_class = RideSummarySerializer

    def get_queryset(self) -> Any:
        """List one's own rides."""
        return selectors.list_rides(member_of(self.request))

    @extend_schema(
        responses={200: RideSummarySerializer(many=True), **READ_PROBLEMS},
        tags=["rides"],
        summary="List the rides you drive",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the rides that the caller drives, newest first."""
        return self.list(request, *args, **kwargs)

    @extend_schema(
        request=OfferSerializer,
        responses={201: RideSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["rides"],
        summary="Offer a ride",
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Publish a ride."""
        form = OfferSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        ride = services.offer_ride(
            driver=member_of(request), terms=form.to_terms(), now=clock.now()
        )
        return _ride(request, ride.pk, status.HTTP_201_CREATED)


class RideView(APIView):
    """One ride."""

    @extend_schema(
        responses={200: RideSerializer, **READ_PROBLEMS}, tags=["rides"], summary="Show a ride"
    )
    def get(self, request: Request, ride_id: UUID) -> Response:
        """Show a ride as the caller may see it."""
        return _ride(request, ride_id)


class RideCancelView(APIView):
    """Withdrawing a ride."""

    @extend_schema(
        request=ReasonSerializer,
        responses={200: RideSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["rides"],
        summary="Withdraw a ride",
    )
    @idempotent
    def post(self, request: Request, ride_id: UUID) -> Response:
        """Withdraw a ride before it leaves."""
        reason = _said(ReasonSerializer, request)["reason"]
        services.cancel_ride(ride_id=ride_id, by=member_of(request), reason=reason, now=clock.now())
        return _ride(request, ride_id)


class RideStartView(APIView):
    """Leaving."""

    @extend_schema(
        request=None, responses={200: RideSerializer, **PROBLEMS}, tags=["rides"], summary="Leave"
    )
    def post(self, request: Request, ride_id: UUID) -> Response:
        """Record that the driver left."""
        services.start_ride(ride_id=ride_id, by=member_of(request), now=clock.now())
        return _ride(request, ride_id)


class RideFinishView(APIView):
    """Arriving."""

    @extend_schema(
        request=None, responses={200: RideSerializer, **PROBLEMS}, tags=["rides"], summary="Arrive"
    )
    def post(self, request: Request, ride_id: UUID) -> Response:
        """Record that the driver arrived."""
        services.finish_ride(ride_id=ride_id, by=member_of(request), now=clock.now())
        return _ride(request, ride_id)


class StopVisitView(APIView):
    """Stopping."""

    @extend_schema(
        request=None,
        responses={200: RideSerializer, **PROBLEMS},
        tags=["rides"],
        summary="Reach a stop",
    )
    def post(self, request: Request, ride_id: UUID, stop_id: int) -> Response:
        """Record that the car reached a stop."""
        services.visit_stop(
            ride_id=ride_id, stop_id=stop_id, by=member_of(request), now=clock.now()
        )
        return _ride(request, ride_id)


class BookingsView(generics.ListAPIView[Any]):
    """One's own bookings; they are made by posting an offer, see matching."""

    serializer_class = BookingSerializer

    def get_queryset(self) -> Any:
        """List one's own bookings."""
        return selectors.list_bookings(member_of(self.request))

    @extend_schema(
        responses={200: BookingSerializer(many=True), **READ_PROBLEMS},
        tags=["bookings"],
        summary="List your bookings",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the caller's bookings, newest first."""
        return self.list(request, *args, **kwargs)


class BookingView(APIView):
    """One of one's own bookings."""

    @extend_schema(
        responses={200: BookingSerializer, **READ_PROBLEMS},
        tags=["bookings"],
        summary="Show one of your bookings",
    )
    def get(self, request: Request, booking_id: UUID) -> Response:
        """Show one of the caller's own bookings."""
        booking = selectors.get_own_booking(member_of(request), booking_id)
        return Response(BookingSerializer(booking).data)


class BookingCancelView(APIView):
    """Giving a seat back."""

    @extend_schema(
        request=ReasonSerializer,
        responses={
            200: RideSerializer,
            204: OpenApiResponse(description="Done; the ride is not shared with you any more"),
            **PROBLEMS,
        },
        parameters=[KEY],
        tags=["bookings"],
        summary="Give a seat back",
    )
    @idempotent
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Give a seat back, as rider or as driver."""
        reason = _said(ReasonSerializer, request)["reason"]
        booking = services.cancel_booking(
            booking_id=booking_id, by=member_of(request), reason=reason, now=clock.now()
        )
        try:
            return _ride(request, booking.ride_id)
        except RideNotFound:  # who keeps apart, or whose organizations have, shared only this seat
            return Response(status=204)


class BookingConfirmView(APIView):
    """The driver's yes."""

    @extend_schema(
        request=None,
        responses={200: RideSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["bookings"],
        summary="Accept a booking",
    )
    @idempotent
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Accept a booking that waits for the caller."""
        booking = services.confirm_booking(
            booking_id=booking_id, by=member_of(request), now=clock.now()
        )
        return _ride(request, booking.ride_id)


class BookingDeclineView(APIView):
    """The driver's no."""

    @extend_schema(
        request=ReasonSerializer,
        responses={200: RideSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["bookings"],
        summary="Refuse a booking",
    )
    @idempotent
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Refuse a booking that waits for the caller."""
        reason = _said(ReasonSerializer, request)["reason"]
        booking = services.decline_booking(
            booking_id=booking_id, by=member_of(request), reason=reason, now=clock.now()
        )
        return _ride(request, booking.ride_id)


class BookingAnswerView(APIView):
    """Did it take place?"""

    @extend_schema(
        request=AnswerSerializer,
        responses={200: RideSerializer, **PROBLEMS},
        tags=["bookings"],
        summary="Say whether it took place",
    )
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Say whether the shared ride took place."""
        booking = services.answer_validation(
            booking_id=booking_id,
            by=member_of(request),
            took_place=_said(AnswerSerializer, request)["took_place"],
            now=clock.now(),
        )
        return _ride(request, booking.ride_id)


class BookingMissingView(APIView):
    """The rider was not there."""

    @extend_schema(
        request=None,
        responses={200: RideSerializer, **PROBLEMS},
        tags=["bookings"],
        summary="Say that a rider did not come",
    )
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Note, as the driver, that a rider was not at the pick-up five minutes after its time."""
        booking = services.mark_missing(
            booking_id=booking_id, by=member_of(request), now=clock.now()
        )
        return _ride(request, booking.ride_id)


class RequestsView(generics.ListAPIView[Any]):
    """One's own standing requests."""

    serializer_class = RideRequestSerializer

    def get_queryset(self) -> Any:
        """List one's own requests."""
        return selectors.list_requests(member_of(self.request))

    @extend_schema(
        responses={200: RideRequestSerializer(many=True), **READ_PROBLEMS},
        tags=["requests"],
        summary="List your standing requests",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the caller's standing requests, newest first."""
        return self.list(request, *args, **kwargs)

    @extend_schema(
        request=WishSerializer,
        responses={201: RideRequestSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["requests"],
        summary="Leave a standing request",
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Leave a standing request; every new ride is matched against it."""
        form = WishSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = services.post_request(
            rider=member_of(request), terms=form.to_terms(), now=clock.now()
        )
        row.refresh_from_db()
        return Response(RideRequestSerializer(row).data, status=status.HTTP_201_CREATED)


class RequestCloseView(APIView):
    """Taking a request back."""

    @extend_schema(
        request=None,
        responses={200: RideRequestSerializer, **PROBLEMS},
        tags=["requests"],
        summary="Take a standing request back",
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        """Take a standing request back."""
        row = services.close_request(request_id=request_id, by=member_of(request), now=clock.now())
        return Response(RideRequestSerializer(row).data)
