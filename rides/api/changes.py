"""Endpoints of changing a ride that is booked, and of what its riders say to that."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.idempotency import KEY, idempotent
from carpool.kernel.strict import StrictSerializer
from rides import selectors, services
from rides.api import examples
from rides.api.serializers import OfferSerializer, RideSerializer
from rides.errors import RideNotFound
from rides.models import ChangeQuestion
from rides.services import OfferTerms


@extend_schema_serializer(examples=[examples.CHANGE])
class ChangeSerializer(OfferSerializer):
    """All terms of the ride as they shall be, and how many people may be released for that."""

    may_release = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=8,
        help_text="So many people who cannot come along any more you agree to release",
    )

    def to_terms(self) -> OfferTerms:
        """Return the validated terms."""
        said = {name: said for name, said in self.validated_data.items() if name != "may_release"}
        return OfferTerms(**said)


class ChangedSerializer(serializers.Serializer[services.Change]):
    """What a change came to."""

    ride = serializers.UUIDField(source="ride.pk")
    told = serializers.IntegerField(help_text="So many stay as they were promised")
    asked = serializers.IntegerField(help_text="So many are asked whether the new times suit them")
    released = serializers.IntegerField(help_text="So many cannot come along any more")


class RideChangeView(APIView):
    """Changing a ride that people have booked."""

    @extend_schema(
        request=ChangeSerializer,
        responses={200: ChangedSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["rides"],
        summary="Change a ride, booked or not",
    )
    @idempotent
    def post(self, request: Request, ride_id: UUID) -> Response:
        """Change a ride before it leaves; it keeps its id and its people.

        Whoever can still be taken along as promised is told; whoever cannot is asked. If somebody
        could not come along at all, the answer is 409 until ``may_release`` allows for that.
        """
        form = ChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        change = services.change_ride(
            ride_id=ride_id,
            by=member_of(request),
            terms=form.to_terms(),
            may_release=form.validated_data["may_release"],
            now=clock.now(),
        )
        return Response(ChangedSerializer(change).data)


@extend_schema_serializer(examples=[examples.QUESTION])
class QuestionSerializer(serializers.ModelSerializer[ChangeQuestion]):
    """What one is asked after a change; silence gives the seat back, free of charge."""

    ride = serializers.UUIDField(source="booking.ride_id")

    class Meta:
        model = ChangeQuestion
        fields = (
            *("booking", "ride", "asked_at", "answer_by"),
            *("pickup_at", "dropoff_at", "was_pickup_at", "was_dropoff_at"),
        )


class QuestionsView(APIView):
    """What one is asked after changes."""

    @extend_schema(
        responses={200: QuestionSerializer(many=True), **READ_PROBLEMS},
        tags=["bookings"],
        summary="List changed rides that ask whether they still suit you",
    )
    def get(self, request: Request) -> Response:
        """List what the caller is being asked, soonest first."""
        asked = selectors.list_questions(member_of(request), now=clock.now())
        return Response(QuestionSerializer(asked, many=True).data)


class AgreeSerializer(StrictSerializer):
    """Whether one still comes along."""

    agrees = serializers.BooleanField()


class ChangeAnswerView(APIView):
    """What a rider says to a change."""

    @extend_schema(
        request=AgreeSerializer,
        responses={
            200: RideSerializer,
            204: OpenApiResponse(description="Done; the ride is not shared with you any more"),
            **PROBLEMS,
        },
        tags=["bookings"],
        summary="Say whether a changed ride still suits you",
    )
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Keep the seat at its new times, or give it back free of charge."""
        form = AgreeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said: dict[str, Any] = form.validated_data
        member = member_of(request)
        booking = services.answer_change(
            booking_id=booking_id, by=member, agrees=said["agrees"], now=clock.now()
        )
        try:
            view = selectors.view_ride(member, booking.ride_id)
        except RideNotFound:
            return Response(status=204)
        return Response(RideSerializer(view).data)
