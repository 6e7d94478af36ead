"""Endpoints of search and booking."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS
from carpool.kernel.idempotency import KEY, idempotent
from matching import selectors, services
from matching.api.serializers import BookSerializer, SearchResultSerializer, SearchSerializer
from rides.api.serializers import BookingSerializer
from rides.selectors import get_own_booking


class SearchView(APIView):
    """Searching."""

    @extend_schema(
        request=SearchSerializer,
        responses={200: SearchResultSerializer, **PROBLEMS},
        tags=["search"],
        summary="Find rides",
    )
    def post(self, request: Request) -> Response:
        """Find the rides that serve a wish, best first. Nothing is stored."""
        form = SearchSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        result = selectors.search(member_of(request), form.to_query(), now=clock.now())
        return Response(SearchResultSerializer(result).data)


class BookView(APIView):
    """Booking."""

    @extend_schema(
        request=BookSerializer,
        responses={201: BookingSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["bookings"],
        summary="Book an offer",
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Book an offer that a search has shown."""
        form = BookSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        member = member_of(request)
        booking = services.book_offer(
            rider=member,
            token=form.validated_data["offer"],
            request_id=form.validated_data["request"],
            now=clock.now(),
        )
        body = BookingSerializer(get_own_booking(member, booking.pk)).data
        return Response(body, status=status.HTTP_201_CREATED)
