"""Endpoints about the price of a seat in a planned ride."""

from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import (
    OpenApiExample,
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
from accounts.models import Member
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.idempotency import KEY, idempotent
from carpool.kernel.money import Money
from carpool.kernel.strict import StrictSerializer
from payments import selectors, services
from payments.api.serializers_money import ObjectionSerializer
from payments.models import FeeContest, FeeContestState, RideFare
from payments.selectors import Shortfall
from rides.selectors import get_ride_for
from rides.services import PayBy


class FeeObjectionSerializer(serializers.Serializer[FeeContest]):
    """An objection to a fee for giving a seat back late, or for not coming."""

    reason = serializers.CharField(allow_blank=True)
    amount = serializers.IntegerField(help_text="Held on what the driver is to get")
    state = serializers.ChoiceField(choices=FeeContestState.choices)
    opened_at = serializers.DateTimeField()
    decide_by = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class RideFareSerializer(serializers.ModelSerializer[RideFare]):
    """The price of a seat; once it has ended, ``to_driver`` and ``back`` come to ``amount``.

    Of the amount the rider's organization has paid ``sponsored``; of what goes back it gets
    ``back_to_sponsor``.
    """

    booking = serializers.UUIDField(source="booking_id")
    ride = serializers.UUIDField(source="ride_id")
    objection = serializers.SerializerMethodField(
        help_text="To a fee: what became of it; only the rider reads why they object"
    )
    objection_until = serializers.SerializerMethodField(
        help_text="Until when its rider may object to a fee; null: there is nothing to object to"
    )
    pay_at = serializers.SerializerMethodField(
        help_text="Open it to approve the payment; empty: not needed, or not yours"
    )

    class Meta:
        model = RideFare
        fields = (
            "booking", "ride", "amount", "sponsored", "currency", "state", "end", "to_driver",
            "back", "back_to_sponsor", "asked_at", "pay_by", "paid_at", "ended_at",
            "decide_by", "objection", "objection_until", "pay_at",
        )  # fmt: skip

    @extend_schema_field(FeeObjectionSerializer(allow_null=True))
    def get_objection(self, fare: RideFare) -> Any:
        """Return the rider's objection; what they say is not the driver's to read."""
        contest = getattr(fare, "contest", None)
        if contest is None:
            return None
        told = dict(FeeObjectionSerializer(contest).data)
        return told if fare.rider_id == self.context["viewer"].pk else told | {"reason": ""}

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_objection_until(self, fare: RideFare) -> datetime | None:
        """Return the end of the time to object; only the rider's."""
        if fare.rider_id != self.context["viewer"].pk:
            return None
        return selectors.contestable_until(fare, fare.organization)

    def get_pay_at(self, fare: RideFare) -> str:
        """Return where the rider approves a payment that waits for it."""
        payment, viewer = fare.payment, self.context["viewer"]
        waits = payment is not None and payment.waits_for_payer and fare.rider_id == viewer.pk
        return payment.pay_at if waits and payment is not None else ""


@extend_schema_serializer(
    examples=[
        OpenApiExample("With play money", value={"provider": "test_bank", "method": "test_pays"})
    ]
)
class PayBySerializer(StrictSerializer):
    """A way to pay."""

    provider = serializers.CharField(max_length=20)
    method = serializers.CharField(max_length=40, allow_blank=True, default="")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "An offer that a search has shown",
            request_only=True,
            value={
                "price_minor": 1200,
                "pickup_at": "2027-01-11T10:45:00Z",
                "origin": {"lon": -71.2509, "lat": -29.9074},
                "destination": {"lon": -71.3376, "lat": -29.9533},
            },
        )
    ]
)
class AskTermsSerializer(StrictSerializer):
    """An offer, as a search has shown it."""

    price_minor = serializers.IntegerField(min_value=0, max_value=10**12)
    pickup_at = serializers.DateTimeField()
    origin = LocationSerializer(help_text="Where you set out")
    destination = LocationSerializer(help_text="Where you go")


class SeatTermsSerializer(serializers.Serializer[Any]):
    """What booking a seat means for one's purse: ``own`` is ``price_minor`` less ``sponsored``."""

    price_minor = serializers.IntegerField(source="price.minor")
    currency = serializers.CharField()
    is_due = serializers.BooleanField(help_text="It is paid when booking")
    refusal = serializers.CharField(
        allow_null=True, help_text="Why the law lets the driver not be paid; then it is free"
    )
    sponsor = serializers.CharField(help_text="Who pays a part of it; empty: nobody")
    sponsored = serializers.IntegerField(help_text="What they pay")
    shortfall = serializers.ChoiceField(
        choices=Shortfall.choices, help_text="Why they pay less than their share"
    )
    own = serializers.IntegerField(help_text="What you pay")
    free_until = serializers.DateTimeField(help_text="Giving the seat back is free until then")


class TermsView(APIView):
    """What a seat would cost, before it is booked."""

    @extend_schema(
        request=AskTermsSerializer,
        responses={200: SeatTermsSerializer, **PROBLEMS},
        tags=["bookings"],
        summary="Ask what booking an offer means for your purse",
    )
    def post(self, request: Request, ride_id: UUID) -> Response:
        """Say what you would pay now, and what your organization pays. Nothing is written."""
        member = member_of(request)
        ride = get_ride_for(member, ride_id)
        form = AskTermsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said: dict[str, Any] = form.validated_data
        price = Money(said["price_minor"], ride.organization.currency)
        terms = selectors.seat_prices(member, now=clock.now()).terms(
            ride, price, said["pickup_at"], said["origin"], said["destination"]
        )
        return Response(SeatTermsSerializer(terms).data)


def _show(member: Member, booking_id: UUID) -> Response:
    fare = selectors.get_fare(member, booking_id)
    return Response(RideFareSerializer(fare, context={"viewer": member}).data)


class FareView(APIView):
    """Where the price of a seat is."""

    @extend_schema(
        responses={200: RideFareSerializer, **READ_PROBLEMS},
        tags=["bookings"],
        summary="Look at the price of a seat",
    )
    def get(self, request: Request, booking_id: UUID) -> Response:
        """Show the price of a seat to its rider and its driver."""
        return _show(member_of(request), booking_id)


class LeavingSerializer(serializers.Serializer[Any]):
    """What cancelling now would mean. ``fee`` and ``back`` are of what one has paid oneself."""

    is_late = serializers.BooleanField(source="lateness.is_late")
    is_waived = serializers.BooleanField(
        source="lateness.is_waived", help_text="It is late, and free this time"
    )
    waived_before = serializers.IntegerField(
        source="lateness.waived_before", help_text="So many were free this month already"
    )
    waivers = serializers.IntegerField(
        source="lateness.waivers", help_text="So many are free in a calendar month; 0: not late"
    )
    fee = serializers.IntegerField(help_text="What you would lose")
    back = serializers.IntegerField(help_text="What would come back to you")
    currency = serializers.CharField()


class LeavingView(APIView):
    """What cancelling a booking would mean, before it is cancelled."""

    @extend_schema(
        responses={200: LeavingSerializer, **READ_PROBLEMS},
        tags=["bookings"],
        summary="Ask what cancelling a booking would mean",
    )
    def get(self, request: Request, booking_id: UUID) -> Response:
        """Say whether it is late now, whether that is free this time, and what it costs."""
        found = selectors.leaving_of(member_of(request), booking_id, now=clock.now())
        return Response(LeavingSerializer(found).data)


class PayView(APIView):
    """Paying for a seat that is held."""

    @extend_schema(
        request=PayBySerializer,
        responses={200: RideFareSerializer, **PROBLEMS},
        tags=["bookings"],
        summary="Pay for a seat that is held",
    )
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Pay, or pay once more after a payment was declined. While one is under way, that counts.

        So it may be repeated without a key: nobody pays twice.
        """
        form, member = PayBySerializer(data=request.data), member_of(request)
        form.is_valid(raise_exception=True)
        said: dict[str, Any] = form.validated_data
        services.pay_for_booking(
            booking_id=booking_id,
            by=member,
            way=PayBy(said["provider"], said["method"]),
            now=clock.now(),
        )
        return _show(member, booking_id)


class ObjectionView(APIView):
    """Objecting to a fee."""

    @extend_schema(
        request=ObjectionSerializer,
        responses={201: FeeObjectionSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["bookings"],
        summary="Object to a fee",
    )
    @idempotent
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Object to what giving a seat back late, or not coming, has cost; a person decides.

        The fee is held until then. It can be done once, and for as long as ``objection_until`` of
        the seat's price says.
        """
        form, member = ObjectionSerializer(data=request.data), member_of(request)
        form.is_valid(raise_exception=True)
        said: dict[str, Any] = form.validated_data
        contest = services.contest_fee(booking_id=booking_id, by=member, now=clock.now(), **said)
        return Response(FeeObjectionSerializer(contest).data, status=status.HTTP_201_CREATED)
