"""Endpoints of rides that repeat, and of changing one ride."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_serializer
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
from carpool.kernel.strict import StrictSerializer
from rides import selectors, services
from rides.api import recurring_examples as examples
from rides.api.serializers import OfferSerializer, RideSerializer, TripEndSerializer
from rides.models import BookingMode, DayState, RecurringRide
from rides.services import OfferTerms, RecurringTerms


@extend_schema_serializer(examples=[examples.REPEATED_OFFER])
class RecurringOfferSerializer(StrictSerializer):
    """What a driver accepts, and when it repeats, by the clock on the organization's wall."""

    origin = TripEndSerializer()
    destination = TripEndSerializer()
    car = serializers.UUIDField(source="car_id")
    seats = serializers.IntegerField()
    detour_s = serializers.IntegerField(help_text="How much later you accept to arrive, seconds")
    detour_m = serializers.IntegerField(required=False, allow_null=True, default=None)
    booking_mode = serializers.ChoiceField(choices=BookingMode.choices, default=BookingMode.INSTANT)
    note = serializers.CharField(max_length=280, required=False, allow_blank=True, default="")
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        min_length=1,
        max_length=7,
        help_text="0 is Monday",
    )
    wall_time = serializers.TimeField(help_text="Of the departure, or of the latest arrival")
    is_arrival = serializers.BooleanField(
        default=False, help_text="Whether the time is the latest arrival"
    )
    first_date = serializers.DateField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The first day, or the first on which a change holds; null: today",
    )
    last_date = serializers.DateField(required=False, allow_null=True, default=None)
    skips_holidays = serializers.BooleanField(default=True)

    def to_terms(self, member: Member) -> RecurringTerms:
        """Return the validated terms."""
        said = dict(self.validated_data)
        own = ("wall_time", "is_arrival", "last_date", "skips_holidays")
        repeated = {name: said.pop(name) for name in own}
        weekdays, first = frozenset(said.pop("weekdays")), said.pop("first_date")
        return RecurringTerms(
            offer=OfferTerms(**said),
            weekdays=weekdays,
            first_date=first or clock.now().astimezone(member.organization.zone).date(),
            **repeated,
        )


@extend_schema_serializer(examples=[examples.REPEATING])
class RecurringRideSerializer(serializers.ModelSerializer[RecurringRide]):
    """One of one's own rides that repeat."""

    origin = LocationSerializer()
    destination = LocationSerializer()

    class Meta:
        model = RecurringRide
        fields = (
            *("id", "weekdays", "wall_time", "is_arrival", "time_zone"),
            *("first_date", "last_date", "skips_holidays"),
            *("origin", "origin_label", "destination", "destination_label"),
            *("car", "seats_offered", "detour_s", "detour_m", "booking_mode", "note"),
        )


class RecurringDaySerializer(serializers.Serializer[Any]):
    """What becomes of one day."""

    date = serializers.DateField()
    state = serializers.ChoiceField(
        choices=[*DayState.choices, ("", "A public holiday")], allow_blank=True
    )
    holiday = serializers.CharField(help_text="Its name, in the reader's language; mostly empty")
    ride = serializers.UUIDField(
        source="ride_id",
        allow_null=True,
        help_text="Of a booked day: the ride that stays as it was; change it by itself",
    )
    departure_at = serializers.DateTimeField(allow_null=True)
    bookings = serializers.IntegerField(source="seats_taken")


class RecurringEndSerializer(StrictSerializer):
    """From when on, and why; who booked reads it."""

    from_date = serializers.DateField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=280, required=False, allow_blank=True, default="")


class DaysOutSerializer(StrictSerializer):
    """Days on which it does not go, both included, and why; who booked reads it."""

    first_date = serializers.DateField()
    last_date = serializers.DateField()
    reason = serializers.CharField(max_length=280, required=False, allow_blank=True, default="")


class DayBackSerializer(StrictSerializer):
    """A day that was left out."""

    date = serializers.DateField()


def _days(request: Request, recurring_id: UUID) -> Response:
    recurring = selectors.get_recurring_ride_for(member_of(request), recurring_id)
    days = selectors.list_days(recurring, now=clock.now())
    return Response(RecurringDaySerializer(days, many=True).data)


def _terms(request: Request) -> RecurringTerms:
    form = RecurringOfferSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    return form.to_terms(member_of(request))


class RecurringRidesView(APIView):
    """One's own rides that repeat."""

    @extend_schema(
        responses={200: RecurringRideSerializer(many=True), **READ_PROBLEMS},
        tags=["rides"],
        summary="List your repeating rides",
    )
    def get(self, request: Request) -> Response:
        """List the caller's rides that repeat and still lie ahead."""
        rides = selectors.list_recurring_rides(member_of(request), now=clock.now())
        return Response(RecurringRideSerializer(rides, many=True).data)

    @extend_schema(
        request=RecurringOfferSerializer,
        responses={201: RecurringRideSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["rides"],
        summary="Offer a ride that repeats",
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Publish the rides of the next eight weeks, and of each further day when it comes."""
        recurring = services.offer_recurring_ride(
            driver=member_of(request), terms=_terms(request), now=clock.now()
        )
        return Response(RecurringRideSerializer(recurring).data, status=status.HTTP_201_CREATED)


class RecurringRideView(APIView):
    """One of one's own rides that repeat."""

    @extend_schema(
        responses={200: RecurringRideSerializer, **READ_PROBLEMS},
        tags=["rides"],
        summary="Show a repeating ride",
    )
    def get(self, request: Request, recurring_id: UUID) -> Response:
        """Show one of the caller's rides that repeat."""
        recurring = selectors.get_recurring_ride_for(member_of(request), recurring_id)
        return Response(RecurringRideSerializer(recurring).data)

    @extend_schema(
        request=RecurringOfferSerializer,
        responses={200: RecurringRideSerializer, **PROBLEMS},
        tags=["rides"],
        summary="Change a repeating ride from a day on",
    )
    def put(self, request: Request, recurring_id: UUID) -> Response:
        """Go on with other terms from ``first_date`` on, under a new id.

        Rides that somebody booked stay as they were promised.
        """
        changed = services.change_recurring_ride(
            recurring_id=recurring_id,
            by=member_of(request),
            terms=_terms(request),
            now=clock.now(),
        )
        return Response(RecurringRideSerializer(changed).data)


class RecurringDaysView(APIView):
    """The days of a ride that repeats."""

    @extend_schema(
        responses={200: RecurringDaySerializer(many=True), **READ_PROBLEMS},
        tags=["rides"],
        summary="List the days of a repeating ride",
    )
    def get(self, request: Request, recurring_id: UUID) -> Response:
        """List what becomes of the days ahead."""
        return _days(request, recurring_id)


class RecurringEndView(APIView):
    """Ending."""

    @extend_schema(
        request=RecurringEndSerializer,
        responses={204: OpenApiResponse(description="Done"), **PROBLEMS},
        parameters=[KEY],
        tags=["rides"],
        summary="Cancel a repeating ride from a day on",
    )
    @idempotent
    def post(self, request: Request, recurring_id: UUID) -> Response:
        """Cancel all rides that lie ahead, or those from a day on."""
        form = RecurringEndSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.end_recurring_ride(
            recurring_id=recurring_id, by=member_of(request), now=clock.now(), **form.validated_data
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class DaysOutView(APIView):
    """Leaving out."""

    @extend_schema(
        request=DaysOutSerializer,
        responses={200: RecurringDaySerializer(many=True), **PROBLEMS},
        parameters=[KEY],
        tags=["rides"],
        summary="Leave out days of a repeating ride",
    )
    @idempotent
    def post(self, request: Request, recurring_id: UUID) -> Response:
        """Leave out days; rides of theirs are cancelled."""
        form = DaysOutSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        services.leave_out_days(
            recurring_id=recurring_id,
            by=member_of(request),
            first=said["first_date"],
            last=said["last_date"],
            reason=said["reason"],
            now=clock.now(),
        )
        return _days(request, recurring_id)


class DayBackView(APIView):
    """Driving after all."""

    @extend_schema(
        request=DayBackSerializer,
        responses={200: RecurringDaySerializer(many=True), **PROBLEMS},
        parameters=[KEY],
        tags=["rides"],
        summary="Offer a day again that was left out",
    )
    @idempotent
    def post(self, request: Request, recurring_id: UUID) -> Response:
        """Offer a day again that was left out."""
        form = DayBackSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.take_back_day(
            recurring_id=recurring_id,
            by=member_of(request),
            day=form.validated_data["date"],
            now=clock.now(),
        )
        return _days(request, recurring_id)


class RideReplaceView(APIView):
    """Changing one ride."""

    @extend_schema(
        request=OfferSerializer,
        responses={201: RideSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["rides"],
        summary="Offer a ride anew on other terms",
    )
    @idempotent
    def post(self, request: Request, ride_id: UUID) -> Response:
        """Put another ride in the place of one that nobody has booked; it has a new id."""
        form = OfferSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        new = services.replace_ride(
            ride_id=ride_id, by=member_of(request), terms=form.to_terms(), now=clock.now()
        )
        view = selectors.view_ride_and_people(member_of(request), new.pk, now=clock.now())
        return Response(RideSerializer(view).data, status=status.HTTP_201_CREATED)
