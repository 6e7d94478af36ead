"""Endpoints of a shared taxi's money: what it stands at, the fare, top-ups, objections."""

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.idempotency import KEY, idempotent
from payments import selectors, services
from payments.api.room_actions import SHOWN
from payments.api.rooms import show_room
from payments.api.serializers_money import (
    DisputeSerializer,
    FareUploadSerializer,
    HereSerializer,
    ObjectionSerializer,
    RoomMoneySerializer,
    TopUpAnswerSerializer,
    TopUpSerializer,
)
from payments.errors import FareNotFound, TopUpNotFound
from payments.models import TopUp
from rides import services as rides
from rides.selectors import get_room_for, view_room

MONEY: dict[Any, Any] = {200: RoomMoneySerializer, **PROBLEMS}


def _said(serializer: type[Any], request: Request) -> dict[str, Any]:
    form = serializer(data=request.data)
    form.is_valid(raise_exception=True)
    said: dict[str, Any] = form.validated_data
    return said


def _show_money(request: Request, room_id: UUID) -> Response:
    """Answer with a room's money as the caller sees it."""
    member = member_of(request)
    view = view_room(member, room_id)
    money = selectors.room_money(view.room, member)
    paid = selectors.prepaid_for(view.mine) if money.price and view.mine else None
    support = None if view.is_aboard else selectors.support_of(member, now=clock.now())
    shown = {
        "currency": money.fare.currency if money.fare else view.room.organization.currency,
        "price": selectors.find_price(view.room, view.occupied, support),
        "ways": selectors.ways_to_pay(member.organization),
        "agreed": money.price,
        "paid": paid,
        "late_fee": selectors.late_fee(view.room, paid) if paid else 0,
        **{
            name: getattr(money, name)
            for name in (
                "payment", "top_up", "waiting", "locked", "fare", "shares", "dispute",
                "disputable_until",
            )
        },
    }  # fmt: skip
    return Response(RoomMoneySerializer(shown).data)


class RoomMoneyView(APIView):
    """The figures."""

    @extend_schema(
        responses={200: RoomMoneySerializer, **READ_PROBLEMS},
        tags=["rooms"],
        summary="Show a room's money",
    )
    def get(self, request: Request, room_id: UUID) -> Response:
        """Show what it costs, what one has paid, what is asked for, and how it was divided."""
        return _show_money(request, room_id)


class FareView(APIView):
    """The fare."""

    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": FareUploadSerializer},
        responses=MONEY,
        parameters=[KEY],
        tags=["rooms"],
        summary="Enter the fare",
        operation_id="rooms_fare_create",
    )
    @idempotent
    def post(self, request: Request, room_id: UUID) -> Response:
        """Enter what the taxi cost: within the estimate everybody's part is settled at once."""
        by = member_of(request)
        get_room_for(by, room_id)
        said = _said(FareUploadSerializer, request)
        services.enter_fare(room_id=room_id, by=by, now=clock.now(), **said)
        return _show_money(request, room_id)


class AbsorbView(APIView):
    """Carrying what is missing."""

    @extend_schema(
        request=None, responses=MONEY, parameters=[KEY], tags=["rooms"],
        summary="Carry what is missing",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, room_id: UUID) -> Response:
        """Carry, as the host, what a smaller party has not prepaid: nobody is asked any more."""
        services.absorb(room_id=room_id, by=member_of(request), now=clock.now())
        return _show_money(request, room_id)


class TopUpView(APIView):
    """Being asked for more."""

    @extend_schema(
        request=TopUpAnswerSerializer,
        responses={200: TopUpSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["rooms"],
        summary="Answer whether you add to it",
        operation_id="rooms_top_ups_answer_create",
    )
    def post(self, request: Request, room_id: UUID, top_up_id: UUID) -> Response:
        """Say yes, and pay, or no. With a payment's ``pay_at``, it is approved there."""
        kept = self._record(request, room_id, top_up_id)
        top_up = TopUp.objects.select_related("payment").get(pk=kept.data["top_up"])
        kept.data = TopUpSerializer(top_up).data
        return kept

    @idempotent
    def _record(self, request: Request, room_id: UUID, top_up_id: UUID) -> Response:
        """Keep the answer; once that is certain, and outside of the transaction, ask for the money.

        What is kept under the key is that it was answered; how the payment stands is read anew.
        """
        by, now = member_of(request), clock.now()
        get_room_for(by, room_id)
        said = _said(TopUpAnswerSerializer, request)
        if not TopUp.objects.filter(pk=top_up_id, room_id=room_id).exists():
            raise TopUpNotFound
        top_up = services.record_answer(top_up_id=top_up_id, by=by, now=now, **said)
        if top_up.payment_id is not None and said["accept"]:
            pay = partial(services.pay_top_up, payment_id=top_up.payment_id, now=now)
            transaction.on_commit(pay)
        return Response({"top_up": str(top_up.pk)})


class DisputeView(APIView):
    """Objecting."""

    @extend_schema(
        request=ObjectionSerializer,
        responses={201: DisputeSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["rooms"],
        summary="Object to your part",
    )
    @idempotent
    def post(self, request: Request, room_id: UUID) -> Response:
        """Object to one's own part of the fare; it is held until somebody decides."""
        by = member_of(request)
        fare = selectors.room_money(get_room_for(by, room_id), by).fare
        said = _said(ObjectionSerializer, request)
        if fare is None:
            raise FareNotFound
        dispute = services.open_dispute(fare_id=fare.pk, by=by, now=clock.now(), **said)
        return Response(DisputeSerializer(dispute).data, status=status.HTTP_201_CREATED)


class HereView(APIView):
    """Being there."""

    @extend_schema(
        request=HereSerializer, responses=SHOWN, tags=["rooms"], summary="Say that you are there"
    )
    def post(self, request: Request, room_id: UUID) -> Response:
        """Record that one is at the meeting point; where exactly is not kept."""
        place, by = _said(HereSerializer, request)["place"], member_of(request)
        rides.check_in(room_id=room_id, by=by, place=place, now=clock.now())
        return show_room(request, room_id)
