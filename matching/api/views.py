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
from matching.api.serializers import (
    BookedSerializer,
    BookSerializer,
    SearchResultSerializer,
    SearchSerializer,
)
from rides.selectors import get_own_booking
from rides.services import collect_price


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
        responses={201: BookedSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["bookings"],
        summary="Book an offer",
    )
    def post(self, request: Request) -> Response:
        """Book an offer that a search has shown. With ``pay_at``, the payment is approved there."""
        kept, member = self._book(request), member_of(request)
        booking = get_own_booking(member, kept.data["booking"])
        pay_at = collect_price(booking=booking, now=clock.now())
        own = get_own_booking(member, booking.pk)
        own.pay_at = pay_at  # type: ignore[attr-defined]
        kept.data = BookedSerializer(own).data
        return kept

    @idempotent
    def _book(self, request: Request) -> Response:
        """Keep the seat; what is kept under the key is that, and not how its payment stands."""
        form = BookSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        booking = services.book_offer(
            rider=member_of(request),
            token=form.validated_data["offer"],
            request_id=form.validated_data["request"],
            pay_by=form.pay_by,
            now=clock.now(),
        )
        return Response({"booking": str(booking.pk)}, status=status.HTTP_201_CREATED)
