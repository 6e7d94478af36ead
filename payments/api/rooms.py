"""Endpoints of shared taxis: finding out what one costs, opening, joining, looking."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.idempotency import KEY, idempotent
from payments import selectors, services
from payments.api.serializers_rooms import (
    DropoffSerializer,
    JoinedSerializer,
    JoinPreviewSerializer,
    JoinSerializer,
    ListedRoom,
    OpeningSerializer,
    OpenRoomSerializer,
    RoomSerializer,
    RoomSummarySerializer,
    RoomTermsSerializer,
    SlotsSerializer,
)
from payments.errors import PriceChanged
from payments.models import SeatPrice
from rides.selectors import (
    list_joinable_rooms,
    list_rooms_ahead,
    view_room,
    with_taken_seats,
)
from rides.services import queue_for_seat


def show_room(request: Request, room_id: UUID, code: int = 200) -> Response:
    """Answer with a room as the caller sees it."""
    return Response(RoomSerializer(view_room(member_of(request), room_id)).data, status=code)


class RoomsView(generics.ListAPIView[Any]):
    """The rooms that one could join."""

    serializer_class = RoomSummarySerializer

    def get_queryset(self) -> Any:
        """List rooms of the slots that are asked for, as far as the caller may join them."""
        member = member_of(self.request)
        ahead = timedelta(days=member.organization.policy.room_opens_days)
        slots = SlotsSerializer(data=self.request.query_params.dict(), context={"ahead": ahead})
        slots.is_valid(raise_exception=True)
        said = slots.validated_data
        rooms = list_joinable_rooms(member, said["start"], said["end"], now=clock.now())
        return with_taken_seats(rooms)

    def paginate_queryset(self, queryset: Any) -> Any:
        """Return one page, each room with who sits in it."""
        support = selectors.support_of(member_of(self.request), now=clock.now())
        return [ListedRoom(room, support) for room in super().paginate_queryset(queryset) or ()]

    @extend_schema(
        parameters=[SlotsSerializer],
        responses={200: RoomSummarySerializer(many=True), **READ_PROBLEMS},
        tags=["rooms"],
        summary="List shared taxis",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the shared taxis that still take people, the newest first."""
        return self.list(request, *args, **kwargs)

    @extend_schema(
        request=OpenRoomSerializer,
        responses={201: RoomSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["rooms"],
        summary="Open a room",
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Open a room with the caller as its host."""
        form = OpenRoomSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        room = services.open_room(
            host=member_of(request),
            terms=form.to_terms(),
            shown=form.validated_data["shown"],
            now=clock.now(),
        )
        return show_room(request, room.pk, status.HTTP_201_CREATED)


class OwnRoomsView(APIView):
    """The rooms that one has a seat in."""

    @extend_schema(
        responses={200: RoomSerializer(many=True), **READ_PROBLEMS},
        tags=["rooms"],
        summary="List your shared taxis",
        operation_id="me_rooms_list",
    )
    def get(self, request: Request) -> Response:
        """List the shared taxis that the caller has a seat in and that are not over."""
        return Response(RoomSerializer(list_rooms_ahead(member_of(request)), many=True).data)


class OpeningQuoteView(APIView):
    """What a room would be."""

    @extend_schema(
        request=RoomTermsSerializer,
        responses={200: OpeningSerializer, **PROBLEMS},
        tags=["rooms"],
        summary="Say what a room would cost",
        operation_id="rooms_quote_opening",
    )
    def post(self, request: Request) -> Response:
        """Say between which public places a room would go, and what it would cost."""
        form = RoomTermsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        preview = selectors.preview_opening(member_of(request), form.to_terms())
        return Response(OpeningSerializer(preview).data)


class RoomView(APIView):
    """One shared taxi."""

    @extend_schema(
        responses={200: RoomSerializer, **READ_PROBLEMS}, tags=["rooms"], summary="Show a room"
    )
    def get(self, request: Request, room_id: UUID) -> Response:
        """Show a shared taxi as the caller may see it."""
        return show_room(request, room_id)


class JoinQuoteView(APIView):
    """What joining would be."""

    @extend_schema(
        request=DropoffSerializer,
        responses={200: JoinPreviewSerializer, **PROBLEMS},
        tags=["rooms"],
        summary="Say what joining would cost",
        operation_id="rooms_quote_joining",
    )
    def post(self, request: Request, room_id: UUID) -> Response:
        """Say where one would get out, and what it would cost now and at most."""
        form = DropoffSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        preview = selectors.preview_joining(
            member_of(request), room_id, form.validated_data["dropoff"], now=clock.now()
        )
        return Response(JoinPreviewSerializer(preview).data)


class JoinView(APIView):
    """Joining."""

    @extend_schema(
        request=JoinSerializer,
        responses={201: JoinedSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["rooms"],
        summary="Join and pay",
    )
    def post(self, request: Request, room_id: UUID) -> Response:
        """Take a seat and prepay its part. With ``pay_at``, the payment is approved there."""
        kept = self._reserve(request, room_id)
        price = SeatPrice.objects.select_related("payment").get(payment=kept.data["payment"])
        kept.data = JoinedSerializer(price).data
        return kept

    @idempotent
    def _reserve(self, request: Request, room_id: UUID) -> Response:
        """Keep the seat; once that is certain, and outside of the transaction, ask for the money.

        What is kept under the key is the intent, not how the payment stands: that is read anew.
        """
        form = JoinSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said, member, now = form.validated_data, member_of(request), clock.now()
        queue_for_seat(room_id=room_id, rider=member, now=now)
        preview = selectors.preview_joining(member, room_id, said["dropoff"], now=now)
        if preview.price.at_most != said["at_most"]:
            raise PriceChanged
        joining = services.reserve_seat(
            room_id=room_id,
            rider=member,
            dropoff=preview.dropoff,
            provider=said["provider"],
            method=said["method"],
            sponsored=said["sponsored"],
            now=now,
        )
        payment_id = joining.payment.pk
        transaction.on_commit(partial(services.pay_for_seat, payment_id=payment_id, now=now))
        return Response({"payment": str(payment_id)}, status=status.HTTP_201_CREATED)
