"""Endpoints about the price of a seat in a planned ride."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from accounts.models import Member
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.strict import StrictSerializer
from payments import selectors, services
from payments.models import RideFare
from rides.services import PayBy


class RideFareSerializer(serializers.ModelSerializer[RideFare]):
    """The price of a seat; once it has ended, ``to_driver`` and ``back`` come to ``amount``."""

    booking = serializers.UUIDField(source="booking_id")
    ride = serializers.UUIDField(source="ride_id")
    pay_at = serializers.SerializerMethodField(
        help_text="Open it to approve the payment; empty: not needed, or not yours"
    )

    class Meta:
        model = RideFare
        fields = (
            "booking", "ride", "amount", "currency", "state", "end", "to_driver", "back",
            "asked_at", "pay_by", "paid_at", "ended_at", "decide_by", "pay_at",
        )  # fmt: skip

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
