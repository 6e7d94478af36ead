"""Pages of rides that repeat: the list, one with its days, and changing a ride."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.selectors import list_places, list_sites
from carpool.kernel import clock
from carpool.kernel.errors import DomainError, NotFound
from carpool.kernel.geo import from_point
from carpool.kernel.web import MemberRequest, add_error, basemap, member_required, place_chips
from maps.selectors import list_regions
from rides import permissions, selectors, services
from rides.errors import NotTheDriver, PeopleCannotFit
from rides.forms import (
    ALL,
    ARRIVE,
    FIELD_NAMES,
    LEAVE,
    THIS,
    ChangeForm,
    DayForm,
    DaysOutForm,
    ReasonForm,
)
from rides.models import RecurringDay, Ride


@never_cache
@member_required
@require_safe
def recurring_rides(request: MemberRequest) -> HttpResponse:
    """Show the member's rides that repeat."""
    now = clock.now()
    rides = selectors.list_recurring_rides(request.member, now=now)
    context = {"rows": [(one, selectors.next_offered_day(one, now=now)) for one in rides]}
    return render(request, "rides/recurring_rides.html", context)


@never_cache
@member_required
@require_safe
def recurring_ride(request: MemberRequest, recurring_id: UUID) -> HttpResponse:
    """Show a repeating ride and what becomes of its days."""
    now = clock.now()
    recurring = selectors.get_recurring_ride_for(request.member, recurring_id)
    today = now.astimezone(recurring.zone).date()
    context = {
        "recurring": recurring,
        "days": selectors.list_days(recurring, now=now),
        "next": selectors.next_offered_day(recurring, now=now),
        "form": DaysOutForm(initial={"first": today}),
        "open_dialog": request.GET.get("dialog", ""),
    }
    return render(request, "rides/recurring_ride.html", context)


def _act(
    request: MemberRequest, action: Callable[[], object], done: str, recurring_id: UUID
) -> HttpResponse:
    """Run one service for a button; say what became of it."""
    try:
        action()
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, done)
    return redirect("rides:recurring-ride", recurring_id)


@member_required
@require_POST
def end_recurring(request: MemberRequest, recurring_id: UUID) -> HttpResponse:
    """Cancel all days ahead, or those from a day on."""
    reason, day = ReasonForm(request.POST), DayForm(request.POST)
    services.end_recurring_ride(
        recurring_id=recurring_id,
        by=request.member,
        from_date=day.cleaned_data["day"] if day.is_valid() else None,
        reason=reason.cleaned_data["reason"] if reason.is_valid() else "",
        now=clock.now(),
    )
    messages.success(request, _("These rides are cancelled. Everybody who booked is told."))
    return redirect("rides:recurring-rides")


@member_required
@require_POST
def leave_out(request: MemberRequest, recurring_id: UUID) -> HttpResponse:
    """Leave out some days."""
    form, reason = DaysOutForm(request.POST), ReasonForm(request.POST)
    if not form.is_valid():
        selectors.get_recurring_ride_for(request.member, recurring_id)
        messages.error(request, _("Please choose a day."))
        return redirect("rides:recurring-ride", recurring_id)

    def leave() -> None:
        services.leave_out_days(
            recurring_id=recurring_id,
            by=request.member,
            first=form.cleaned_data["first"],
            last=form.cleaned_data["last"],
            reason=reason.cleaned_data["reason"] if reason.is_valid() else "",
            now=clock.now(),
        )

    done = _("These days are left out. Everybody who booked is told.")
    return _act(request, leave, done, recurring_id)


@member_required
@require_POST
def take_back(request: MemberRequest, recurring_id: UUID) -> HttpResponse:
    """Offer a day again that was left out."""
    form = DayForm(request.POST)
    day = form.cleaned_data["day"] if form.is_valid() else None
    if day is None:
        selectors.get_recurring_ride_for(request.member, recurring_id)
        messages.error(request, _("Please choose a day."))
        return redirect("rides:recurring-ride", recurring_id)
    return _act(
        request,
        lambda: services.take_back_day(
            recurring_id=recurring_id, by=request.member, day=day, now=clock.now()
        ),
        _("You drive on this day again."),
        recurring_id,
    )


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Show the form of a ride that exists, and offer it anew on other terms."""
    now, member = clock.now(), request.member
    ride = selectors.get_ride_for(member, ride_id)
    if not permissions.is_driver(member, ride):
        raise NotTheDriver
    cannot_fit = 0
    form = ChangeForm(member, ride, request.POST or None, initial=_initial(ride))
    if request.method == "POST" and form.is_valid():
        try:
            return _change(request, form, ride)
        except PeopleCannotFit as error:
            cannot_fit = error.count
            form.add_error(None, error.detail)
        except DomainError as error:
            add_error(form, error, FIELD_NAMES)
    context = {
        "people": ride.bookings.active().count(),
        "cannot_fit": cannot_fit,
        "form": form,
        "ride": ride,
        "has_car": True,
        "changing": True,
        "places": list(place_chips(list_places(member), list_sites(member))),
        "basemap": basemap(list_regions()),
        "now": now,
    }
    return render(request, "rides/offer.html", context)


def _change(request: MemberRequest, form: ChangeForm, ride: Ride) -> HttpResponse:
    now, recurring = clock.now(), form.recurring
    if recurring is None or form.chosen_scope == THIS:
        if ride.bookings.active().exists():
            return _change_booked(request, form, ride)
        new = services.replace_ride(
            ride_id=ride.pk, by=request.member, terms=form.to_terms(), now=now
        )
        messages.success(request, _("Your ride is changed."))
        return redirect("rides:ride", new.pk)
    today = max(now.astimezone(recurring.zone).date(), recurring.first_date)
    changed = services.change_recurring_ride(
        recurring_id=recurring.pk,
        by=request.member,
        terms=form.to_recurring_terms(today=today if form.chosen_scope == ALL else None),
        now=now,
    )
    count = selectors.count_detached(changed)
    text = _("Your rides are changed.")
    if count:
        kept = ngettext(
            "%(n)d ride that is booked stays as it was.",
            "%(n)d rides that are booked stay as they were.",
            count,
        )
        text = f"{text} {kept % {'n': count}}"
    messages.success(request, text)
    return redirect("rides:recurring-ride", changed.pk)


def _change_booked(request: MemberRequest, form: ChangeForm, ride: Ride) -> HttpResponse:
    """Change a ride that people count on; say how many of them are asked."""
    change = services.change_ride(
        ride_id=ride.pk,
        by=request.member,
        terms=form.to_terms(),
        may_release=form.cleaned_data["may_release"] or 0,
        now=clock.now(),
    )
    text = _("Your ride is changed.")
    if change.asked:
        asked = ngettext(
            "%(n)d person is asked whether it still suits them.",
            "%(n)d people are asked whether it still suits them.",
            change.asked,
        )
        text = f"{text} {asked % {'n': change.asked}}"
    messages.success(request, text)
    return redirect("rides:ride", ride.pk)


def _initial(ride: Ride) -> dict[str, Any]:
    """Fill the form with the ride as it is."""
    day: RecurringDay | None = getattr(ride, "recurring_day", None)
    local = ride.departure_at.astimezone(ride.organization.zone)
    initial: dict[str, Any] = {
        "when": LEAVE,
        "date": local.date(),
        "time": local.time(),
        "car": ride.car_id,
        "seats": ride.seats_offered,
        "detour_minutes": ride.detour_s // 60,
        "detour_km": None if ride.detour_m is None else ride.detour_m / 1000,
        "booking_mode": ride.booking_mode,
        "note": ride.note,
        "scope": THIS,
    }
    for name in ("origin", "destination"):
        initial[name] = from_point(getattr(ride, name))
        initial[f"{name}_label"] = getattr(ride, f"{name}_label")
    if day is not None:
        recurring = day.recurring
        initial |= {
            "when": ARRIVE if recurring.is_arrival else LEAVE,
            "date": day.date,
            "time": recurring.wall_time,
            "weekdays": recurring.weekdays,
            "until": recurring.last_date,
            "skips_holidays": recurring.skips_holidays,
        }
    return initial
