"""Endpoints for rating each other, and for what is known of oneself."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import generics, serializers, status
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from accounts.models import ReportReason
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS, Page
from carpool.kernel.strict import StrictSerializer
from rides import selectors, services
from rides.api import reviews_examples as examples
from rides.api.people import PersonSerializer, ReliabilitySerializer
from rides.models import LONGEST_COMMENT, Deed, DeedKind, DeedObjection, Review, Role
from rides.selectors import RatingView
from rides.services import Stars


def _stars(**terms: Any) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=1, max_value=5, required=False, allow_null=True, default=None, **terms
    )


class ReceivedPage(Page):
    """Ratings, those that opened last first."""

    ordering = ("-opens_at", "-id")


class DeedPage(Page):
    """Deeds, newest first."""

    ordering = ("-at", "-id")


@extend_schema_serializer(examples=[examples.RATE])
class RateSerializer(StrictSerializer):
    """How one rates the other; only ``overall`` is needed, ``driving`` is for drivers."""

    overall = serializers.IntegerField(min_value=1, max_value=5)
    punctuality = _stars()
    friendliness = _stars()
    driving = _stars(help_text="Driving and car")
    comment = serializers.CharField(
        max_length=LONGEST_COMMENT, required=False, allow_blank=True, default=""
    )

    def to_stars(self) -> Stars:
        """Return the validated stars."""
        said = {name: value for name, value in self.validated_data.items() if name != "comment"}
        return Stars(**said)


class GivenReviewSerializer(serializers.ModelSerializer[Review]):
    """How one person rated the other."""

    class Meta:
        model = Review
        fields: tuple[str, ...] = (
            *("id", "overall", "punctuality", "friendliness", "driving", "comment"),
            "opens_at",
        )


@extend_schema_serializer(examples=[examples.RATING])
class RatingSerializer(serializers.Serializer[RatingView]):
    """The rating of one booking, as one of its two people may see it."""

    booking = serializers.UUIDField(source="booking.pk")
    other = PersonSerializer()
    other_role = serializers.ChoiceField(choices=Role.choices)
    can_write = serializers.BooleanField()
    until = serializers.DateTimeField(help_text="Until then, unless both have rated")
    mine = GivenReviewSerializer(allow_null=True)
    theirs = GivenReviewSerializer(
        allow_null=True,
        help_text="Null until both have rated or the time is over; whether they did is not told",
    )


@extend_schema_serializer(examples=[examples.RECEIVED])
class ReceivedReviewSerializer(GivenReviewSerializer):
    """How somebody rated the caller."""

    author = PersonSerializer()
    pickup_at = serializers.DateTimeField(source="booking.pickup_at")

    class Meta(GivenReviewSerializer.Meta):
        fields = (
            *GivenReviewSerializer.Meta.fields,
            *("author", "subject_role", "booking", "pickup_at"),
        )


class ObjectionSerializer(serializers.ModelSerializer[DeedObjection]):
    """What the caller says against a fact, and what became of it."""

    class Meta:
        model = DeedObjection
        fields = ("text", "state", "made_at", "decided_at")


@extend_schema_serializer(examples=[examples.DEED])
class DeedSerializer(serializers.ModelSerializer[Deed]):
    """One fact about the caller and a booking, or a shared taxi (``room``): the other is null."""

    kind = serializers.ChoiceField(choices=DeedKind.choices)
    room = serializers.SerializerMethodField()
    words = serializers.CharField(source="what", help_text="The kind, as it is said of it")
    objection = serializers.SerializerMethodField()

    class Meta:
        model = Deed
        fields = ("id", "booking", "room", "role", "kind", "words", "at", "objection")

    def get_room(self, deed: Deed) -> UUID | None:
        """Name the shared taxi."""
        return deed.seat.room_id if deed.seat is not None else None

    @extend_schema_field(ObjectionSerializer(allow_null=True))
    def get_objection(self, deed: Deed) -> Any:
        """Show what was said against it."""
        said = getattr(deed, "objection", None)
        return None if said is None else ObjectionSerializer(said).data


class ObjectSerializer(StrictSerializer):
    """What is wrong about a fact."""

    text = serializers.CharField(max_length=LONGEST_COMMENT)


class ReviewReportSerializer(StrictSerializer):
    """A complaint about what stands beside a rating; moderators read it."""

    reason = serializers.ChoiceField(choices=ReportReason.choices)
    text = serializers.CharField(max_length=1_000, required=False, allow_blank=True, default="")


@extend_schema_serializer(examples=[examples.OWN])
class OwnReliabilitySerializer(ReliabilitySerializer):
    """The same of oneself, with what the score is made of."""

    behaviour_percent = serializers.IntegerField(help_text="Seven parts of ten")
    ratings_percent = serializers.IntegerField(help_text="Three parts of ten")
    shown_from = serializers.IntegerField(help_text="Numbers are shown and count from so many on")
    half_life_days = serializers.SerializerMethodField(help_text="What is so old counts half")

    def get_half_life_days(self, _known: Any) -> int:
        """Name the organization's rule."""
        days: int = self.context["member"].organization.policy.rating_half_life_days
        return days


class BookingRatingView(APIView):
    """Rating the other person of a booking."""

    @extend_schema(
        responses={200: RatingSerializer, **READ_PROBLEMS},
        tags=["ratings"],
        summary="Show the rating of a booking",
    )
    def get(self, request: Request, booking_id: UUID) -> Response:
        """Show what the caller rated, may rate, and may read."""
        view = selectors.view_rating(member_of(request), booking_id, now=clock.now())
        return Response(RatingSerializer(view).data)

    @extend_schema(
        request=RateSerializer,
        responses={200: RatingSerializer, **PROBLEMS},
        tags=["ratings"],
        summary="Rate the other person of a booking",
    )
    def put(self, request: Request, booking_id: UUID) -> Response:
        """Rate, or rate anew while it is still blind. Twice the same changes nothing."""
        form, now, member = RateSerializer(data=request.data), clock.now(), member_of(request)
        form.is_valid(raise_exception=True)
        services.write_review(
            booking_id=booking_id,
            by=member,
            stars=form.to_stars(),
            comment=form.validated_data["comment"],
            now=now,
        )
        view = selectors.view_rating(member, booking_id, now=now)
        return Response(RatingSerializer(view).data)


class ReceivedView(generics.ListAPIView[Any]):
    """How one was rated."""

    serializer_class = ReceivedReviewSerializer
    pagination_class: type[BasePagination] = ReceivedPage

    def get_queryset(self) -> Any:
        """List what is open."""
        return selectors.list_received(member_of(self.request), now=clock.now())

    @extend_schema(
        responses={200: ReceivedReviewSerializer(many=True), **READ_PROBLEMS},
        tags=["ratings"],
        summary="List how you were rated",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the ratings of the caller that are open, newest first."""
        return self.list(request, *args, **kwargs)


class ReceivedReportView(APIView):
    """Complaining about a rating."""

    @extend_schema(
        request=ReviewReportSerializer,
        responses={204: None, **PROBLEMS},
        tags=["ratings"],
        summary="Report what stands beside a rating of you",
    )
    def post(self, request: Request, review_id: UUID) -> Response:
        """Put a rating of the caller before the moderators."""
        form = ReviewReportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.report_review(
            review_id=review_id, by=member_of(request), now=clock.now(), **form.validated_data
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class OwnReliabilityView(APIView):
    """How surely others can count on one."""

    @extend_schema(
        responses={200: OwnReliabilitySerializer, **READ_PROBLEMS},
        tags=["ratings"],
        summary="Show your reliability",
    )
    def get(self, request: Request) -> Response:
        """Show the caller's score, its counts, and of what it is made."""
        member = member_of(request)
        known = selectors.get_own_reliability(member, now=clock.now())
        return Response(OwnReliabilitySerializer(known, context={"member": member}).data)


class DeedsView(generics.ListAPIView[Any]):
    """What is written down about oneself."""

    serializer_class = DeedSerializer
    pagination_class: type[BasePagination] = DeedPage

    def get_queryset(self) -> Any:
        """List one's own deeds."""
        return selectors.list_own_deeds(member_of(self.request), now=clock.now())

    @extend_schema(
        responses={200: DeedSerializer(many=True), **READ_PROBLEMS},
        tags=["ratings"],
        summary="List what your reliability is made of",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the facts that the caller's score is made of, newest first."""
        return self.list(request, *args, **kwargs)


class DeedObjectionView(APIView):
    """Objecting to a fact."""

    @extend_schema(
        request=ObjectSerializer,
        responses={201: ObjectionSerializer, **PROBLEMS},
        tags=["ratings"],
        summary="Object to a fact about you",
    )
    def post(self, request: Request, deed_id: int) -> Response:
        """Ask an operator to take a fact out of the caller's score."""
        form = ObjectSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        objection = services.object_to_deed(
            deed_id=deed_id,
            by=member_of(request),
            text=form.validated_data["text"],
            now=clock.now(),
        )
        return Response(ObjectionSerializer(objection).data, status=status.HTTP_201_CREATED)
