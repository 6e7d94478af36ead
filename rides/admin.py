"""Rides in the admin. States are changed by services only."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from rides.models import (
    Booking,
    BookingTransition,
    ChangeQuestion,
    InstantCode,
    RecurringDay,
    RecurringRide,
    RequestOffer,
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


@admin.register(Booking)
class BookingAdmin(ReadOnly, admin.ModelAdmin):
    """Bookings; where the rider lives is left out."""

    list_display = ("rider", "ride", "state", "pickup_at", "dropoff_at", "outcome")
    list_filter = ("state", "outcome")
    list_select_related = ("rider", "ride")
    search_fields = ("rider__display_name", "ride__driver__display_name")
    exclude = ("origin", "origin_label", "destination", "destination_label", "boarding_code")
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
