"""What the API says of plans, proposals and assignments, and what it accepts."""

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.serializers import LocationSerializer
from carpool.kernel.api import WallClockField
from carpool.kernel.strict import StrictModelSerializer, StrictSerializer
from matching.api import plan_examples as examples
from matching.models import (
    Answer,
    AssignmentRun,
    CommutePlan,
    CommuteRole,
    CommuteTrip,
    Direction,
    ProposalState,
)
from matching.selectors.proposals import ProposalView, SeatView
from matching.selectors.week_text import describe_week
from matching.services.plans import PlanTerms, TripTerms
from matching.services.proposals import Payment
from rides.api.people import CarLookSerializer, PersonSerializer
from rides.services import PayBy


class TripSerializer(StrictModelSerializer[CommuteTrip]):
    """One way of one weekday."""

    weekday = serializers.IntegerField(help_text="0 is Monday, 6 Sunday")
    direction = serializers.ChoiceField(choices=Direction.choices)
    role = serializers.ChoiceField(choices=CommuteRole.choices)
    at = WallClockField(
        format="%H:%M",
        help_text="Your organization's wall clock: to work the latest arrival, else the departure",
    )
    flexibility_s = serializers.IntegerField(
        default=900, help_text="How much earlier you may arrive, or later leave, seconds"
    )

    class Meta:
        model = CommuteTrip
        fields = ("weekday", "direction", "role", "at", "flexibility_s")


@extend_schema_serializer(examples=[examples.PLAN])
class PlanSerializer(StrictModelSerializer[CommutePlan]):
    """How one commutes in a usual week. Give ``work_site`` or ``work_place``."""

    home = serializers.UUIDField(
        source="home_id",
        allow_null=True,
        help_text="One of your places; null when you have removed it since",
    )
    work_site = serializers.UUIDField(source="work_site_id", allow_null=True, default=None)
    work_place = serializers.UUIDField(source="work_place_id", allow_null=True, default=None)
    car = serializers.UUIDField(
        source="car_id", allow_null=True, default=None, help_text="Needed to drive"
    )
    seats = serializers.IntegerField(default=3, help_text="For riders, when you drive")
    detour_s = serializers.IntegerField(help_text="How much later you accept to arrive, seconds")
    walk_m = serializers.IntegerField(help_text="How far you walk, each way")
    keeps_looking = serializers.BooleanField(
        default=True, help_text="Found no car? You get a standing request"
    )
    offers_alone = serializers.BooleanField(
        default=False, help_text="What you would drive is published without asking you"
    )
    is_active = serializers.BooleanField(read_only=True)
    paused_until = serializers.DateField(read_only=True, allow_null=True)
    trips = TripSerializer(many=True)
    sentences = serializers.SerializerMethodField(help_text="The week in words")

    class Meta:
        model = CommutePlan
        fields = (
            "home",
            "work_site",
            "work_place",
            "car",
            "seats",
            "detour_s",
            "walk_m",
            "keeps_looking",
            "offers_alone",
            "is_active",
            "paused_until",
            "trips",
            "sentences",
        )

    def get_sentences(self, plan: CommutePlan) -> list[str]:
        """Say the week in words."""
        return describe_week(plan.trips.all())

    def to_terms(self) -> PlanTerms:
        """Return the validated terms."""
        entered = dict(self.validated_data)
        trips = [TripTerms(**trip) for trip in entered.pop("trips")]
        return PlanTerms(**entered, trips=trips)


class SeatSerializer(serializers.Serializer[SeatView]):
    """A rider of a proposal; one's own seat exactly, another's as far as one may know."""

    rider = PersonSerializer(source="seat.rider")
    answer = serializers.ChoiceField(choices=Answer.choices, source="seat.answer")
    pickup = LocationSerializer(help_text="The middle of a 500 m cell before a yes")
    pickup_label = serializers.CharField()
    pickup_at = serializers.DateTimeField(source="seat.pickup_at")
    dropoff = LocationSerializer()
    dropoff_label = serializers.CharField()
    dropoff_at = serializers.DateTimeField(source="seat.dropoff_at")


class OwnSeatSerializer(SeatSerializer):
    """One's own seat."""

    walk_to_m = serializers.IntegerField(source="seat.walk_to_m")
    walk_from_m = serializers.IntegerField(source="seat.walk_from_m")
    booking = serializers.UUIDField(source="seat.booking_id", allow_null=True)
    refused_because = serializers.CharField(
        source="seat.refused_because", help_text="Code of why a yes came to nothing; else empty"
    )


@extend_schema_serializer(examples=[examples.PROPOSAL, examples.PROPOSAL_TO_DRIVER])
class ProposalSerializer(serializers.Serializer[ProposalView]):
    """A car that was put together from everybody's weeks, as the caller may see it."""

    id = serializers.UUIDField(source="proposal.pk")
    state = serializers.ChoiceField(choices=ProposalState.choices, source="proposal.state")
    closed_because = serializers.CharField(source="proposal.closed_because")
    service_date = serializers.DateField(source="proposal.run.service_date")
    direction = serializers.ChoiceField(choices=Direction.choices, source="proposal.run.direction")
    answer_by = serializers.DateTimeField(source="proposal.answer_by")
    is_driver = serializers.BooleanField(help_text="You would drive")
    waits_for_me = serializers.BooleanField(help_text="A yes or no of yours is asked for")
    driver = PersonSerializer(source="proposal.driver")
    car = CarLookSerializer(source="proposal.car")
    origin_label = serializers.CharField()
    destination_label = serializers.CharField()
    departure_at = serializers.DateTimeField(source="proposal.departure_at")
    arrival_at = serializers.DateTimeField(source="proposal.arrival_at")
    added_s = serializers.SerializerMethodField(help_text="Longer for the driver, who alone knows")
    seat = OwnSeatSerializer(source="mine", allow_null=True, help_text="Yours, when you ride along")
    riders = SeatSerializer(many=True, help_text="For the driver; else empty")
    fellows = PersonSerializer(many=True, help_text="Who else is asked; for a rider")
    saved_m = serializers.IntegerField(help_text="Metres of driving that this saves")
    saved_co2_g = serializers.IntegerField()
    ride = serializers.UUIDField(source="proposal.ride_id", allow_null=True)
    booking = serializers.SerializerMethodField(help_text="Yours, once the driver drives")
    price_minor = serializers.SerializerMethodField(
        help_text="What your seat costs, while you can say yes, where seats are prepaid"
    )
    currency = serializers.SerializerMethodField()

    @extend_schema_field({"type": ["string", "null"], "format": "uuid"})
    def get_booking(self, view: ProposalView) -> str | None:
        """Name what came of a yes."""
        booking = view.mine.seat.booking_id if view.mine else None
        return str(booking) if booking else None

    @extend_schema_field({"type": ["integer", "null"]})
    def get_price_minor(self, view: ProposalView) -> int | None:
        """Tell a rider what it costs."""
        return view.price.minor if view.price else None

    def get_currency(self, view: ProposalView) -> str:
        """Of the price; empty: none is known."""
        return view.price.currency if view.price else ""

    @extend_schema_field({"type": ["integer", "null"]})
    def get_added_s(self, view: ProposalView) -> int | None:
        """Tell the driver what it costs them."""
        return view.proposal.added_s if view.is_driver else None


@extend_schema_serializer(examples=[examples.YES, examples.YES_AND_PAY])
class ProposalAnswerSerializer(StrictSerializer):
    """Yes or no; where seats are prepaid, with the price that was shown and how it is paid."""

    yes = serializers.BooleanField()
    price_minor = serializers.IntegerField(
        min_value=0, allow_null=True, default=None, help_text="The price that you were shown"
    )
    provider = serializers.CharField(
        max_length=20, allow_blank=True, default="", help_text="Empty: chosen when it is booked"
    )
    method = serializers.CharField(max_length=40, allow_blank=True, default="")
    sponsored = serializers.IntegerField(
        min_value=0, default=0, help_text="What you were told that your organization pays"
    )

    @property
    def payment(self) -> Payment | None:
        """How it is paid."""
        said = self.validated_data
        if not said["provider"] or said["price_minor"] is None:
            return None
        by = PayBy(said["provider"], said["method"], said["sponsored"])
        return Payment(said["price_minor"], by)


@extend_schema_serializer(examples=[examples.ASK])
class AssignmentRequestSerializer(StrictSerializer):
    """For which day and direction proposals are computed."""

    service_date = serializers.DateField()
    direction = serializers.ChoiceField(choices=Direction.choices)


@extend_schema_serializer(examples=[examples.RUN])
class AssignmentRunSerializer(serializers.ModelSerializer[AssignmentRun]):
    """A computation, and how good its result is."""

    gap = serializers.FloatField(help_text="How far the result is from the best at most, 0 to 1")

    class Meta:
        model = AssignmentRun
        fields = (
            "id",
            "service_date",
            "direction",
            "state",
            "commuters",
            "served",
            "cars",
            "saved_m",
            "objective_m",
            "bound_m",
            "gap",
            "created_at",
            "started_at",
            "finished_at",
            "error",
        )
