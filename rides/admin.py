"""Rides in the admin. States are changed by services only."""

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from rides import services
from rides.models import (
    Booking,
    BookingTransition,
    ChangeQuestion,
    Deed,
    DeedObjection,
    InstantCode,
    RecurringDay,
    RecurringRide,
    RequestOffer,
    Review,
    Ride,
    RideRequest,
    RideTransition,
    Stop,
)


class ReadOnly:
    """Facts are looked at, not edited: a change by hand would go past every promise."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False


class StopInline(ReadOnly, admin.TabularInline):
    """Where the car stops."""

    model = Stop
    fields = ("position", "kind", "place", "planned_at", "latest_at", "visited_at", "seats_after")
    readonly_fields = ("place",)

    @admin.display(description=_("place"))
    def place(self, stop: Stop) -> str:
        """Name the meeting point; of the ride's own ends only what others may read."""
        return stop.label or "–"  # a door has none


class BookingInline(ReadOnly, admin.TabularInline):
    """Who joins."""

    model = Booking
    fields = ("rider", "seats", "state", "pickup_at", "dropoff_at", "detour_s")


class RideTransitionInline(ReadOnly, admin.TabularInline):
    """What happened."""

    model = RideTransition


@admin.register(Ride)
class RideAdmin(ReadOnly, admin.ModelAdmin):
    """Rides; where drivers live is left out, and so is the reach, whose foci would tell."""

    list_display = ("driver", "origin_area", "destination_area", "departure_at", "state")
    list_filter = ("state", "organization", "booking_mode", "is_instant")
    list_select_related = ("driver",)
    search_fields = ("driver__display_name", "origin_area", "destination_area")
    date_hierarchy = "departure_at"
    exclude = (
        *("origin", "origin_label", "destination", "destination_label", "route", "reach"),
        *("number", "changed_in"),
    )
    inlines = (StopInline, BookingInline, RideTransitionInline)


class RecurringDayInline(ReadOnly, admin.TabularInline):
    """What becomes of its days."""

    model = RecurringDay


@admin.register(RecurringRide)
class RecurringRideAdmin(ReadOnly, admin.ModelAdmin):
    """Repeating rides; where drivers live is left out, as in their rides."""

    list_display = ("driver", "origin_area", "destination_area", "wall_time", "last_date")
    list_filter = ("organization", "skips_holidays")
    list_select_related = ("driver",)
    search_fields = ("driver__display_name", "origin_area", "destination_area")
    exclude = (
        *("origin", "origin_label", "destination", "destination_label"),
        *("route", "reach", "stops"),
    )
    inlines = (RecurringDayInline,)


class BookingTransitionInline(ReadOnly, admin.TabularInline):
    """What happened."""

    model = BookingTransition


class ChangeQuestionInline(ReadOnly, admin.TabularInline):
    """What the rider was asked when the driver changed the ride."""

    model = ChangeQuestion
    fields = (
        "state", "asked_at", "answer_by", "ended_at", "pickup_at", "dropoff_at", "was_pickup_at",
        "was_dropoff_at",
    )  # fmt: skip


@admin.register(Booking)
class BookingAdmin(ReadOnly, admin.ModelAdmin):
    """Bookings; where the rider lives is left out, and why they gave a seat up."""

    list_display = ("rider", "ride", "state", "pickup_at", "dropoff_at", "outcome")
    list_filter = ("state", "outcome")
    list_select_related = ("rider", "ride")
    search_fields = ("rider__display_name", "ride__driver__display_name")
    exclude = (
        *("origin", "origin_label", "destination", "destination_label", "boarding_code"),
        *("cancel_code", "waived_nth"),
    )
    inlines = (BookingTransitionInline, ChangeQuestionInline)


@admin.register(InstantCode)
class InstantCodeAdmin(ReadOnly, admin.ModelAdmin):
    """Codes of drivers at the kerb; worth something for as long as they wait."""

    list_display = ("__str__", "ride", "expires_at")
    list_select_related = ("ride", "ride__driver")
    exclude = ("code",)


class RequestOfferInline(ReadOnly, admin.TabularInline):
    """What drivers offered."""

    model = RequestOffer


@admin.register(RideRequest)
class RideRequestAdmin(ReadOnly, admin.ModelAdmin):
    """Standing requests; where the rider lives is left out."""

    list_display = ("rider", "earliest_departure_at", "latest_arrival_at", "seats", "state")
    list_filter = ("state",)
    list_select_related = ("rider",)
    exclude = (
        *("origin", "origin_label", "destination", "destination_label"),
        *("number", "changed_in"),
    )
    inlines = (RequestOfferInline,)


@admin.register(Deed)
class DeedAdmin(ReadOnly, admin.ModelAdmin):
    """What people did; it is taken out of a score by granting an objection, never by hand."""

    list_display = ("member", "role", "said", "at", "booking", "seat")
    list_filter = ("kind", "role", "member__organization")
    list_select_related = ("member", "booking__rider", "seat__rider")
    search_fields = ("member__display_name",)
    date_hierarchy = "at"

    @admin.display(description=_("what"), ordering="kind")
    def said(self, deed: Deed) -> str:
        """Say it in the words of a ride or of a shared taxi."""
        return deed.what


class Decided(ReadOnly, admin.ModelAdmin):
    """Decided by actions of the list, not edited."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let the list show its actions; one alone is only read."""
        return obj is None and admin.ModelAdmin.has_change_permission(self, request)


@admin.register(DeedObjection)
class DeedObjectionAdmin(Decided):
    """The queue of what people say to be wrong about themselves."""

    list_display = ("made_at", "state", "deed", "text", "decided_by", "decided_at")
    list_filter = ("state", "deed__kind", "deed__member__organization")
    list_select_related = ("deed__member", "decided_by")
    search_fields = ("deed__member__display_name", "text")
    actions = ("grant", "refuse")

    @admin.action(description=_("Take it out of the score"))
    def grant(self, request: HttpRequest, queryset: QuerySet[DeedObjection]) -> None:
        """Believe the person."""
        self._decide(request, queryset, grants=True)

    @admin.action(description=_("Leave it in the score"))
    def refuse(self, request: HttpRequest, queryset: QuerySet[DeedObjection]) -> None:
        """Find nothing wrong."""
        self._decide(request, queryset, grants=False)

    def _decide(
        self, request: HttpRequest, chosen: QuerySet[DeedObjection], *, grants: bool
    ) -> None:
        assert isinstance(request.user, User)
        for one in chosen:
            try:
                services.decide_objection(
                    objection_id=one.pk, grants=grants, by=request.user, now=clock.now()
                )
            except DomainError as error:
                self.message_user(request, f"{one}: {error.detail}", messages.ERROR)


@admin.register(Review)
class FlaggedReviewAdmin(Decided):
    """The moderators' queue of comments that word lists or the rated person flagged.

    Other ratings are nobody's business but their two people's.
    """

    list_display = ("written_at", "flagged_for", "comment", "subject", "reviewed_at", "hidden_at")
    list_filter = ("flagged_for", "subject__organization")
    list_select_related = ("subject",)
    fields = ("written_at", "flagged_for", "comment", "reviewed_at", "hidden_at")
    actions = ("keep", "hide")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        """List flagged comments only."""
        return super().get_queryset(request).exclude(flagged_for="")

    @admin.action(description=_("Leave it"))
    def keep(self, _request: HttpRequest, queryset: QuerySet[Review]) -> None:
        """Find nothing wrong."""
        self._look(queryset, hides=False)

    @admin.action(description=_("Take out of sight"))
    def hide(self, _request: HttpRequest, queryset: QuerySet[Review]) -> None:
        """Remove the chosen comments; the stars stay."""
        self._look(queryset, hides=True)

    def _look(self, chosen: QuerySet[Review], *, hides: bool) -> None:
        for review in chosen:
            services.look_at_review(review_id=review.pk, hides=hides, now=clock.now())
