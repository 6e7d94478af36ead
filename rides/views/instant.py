"""Pages of instant rides: stand at the kerb, enter a code, join, let in, get out."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.selectors import list_cars, list_places, list_sites
from carpool.kernel import clock
from carpool.kernel.errors import DomainError, NotFound
from carpool.kernel.web import MemberRequest, add_error, member_required, place_chips
from rides import selectors, services
from rides.errors import AlreadyBooked, OwnRide
from rides.forms import FIELD_NAMES, CodeForm, JoinForm, KerbForm
from rides.selectors.instant import read_code
from rides.views.riding import act

JOIN_NAMES = {"destination": "dropoff_label", "point": "dropoff_label"}


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def instant(request: MemberRequest) -> HttpResponse:
    """Show both sides of the kerb: a field for a driver's code, and the form of a driver."""
    if "code" in request.GET:
        asked = CodeForm(request.GET)
        code = read_code(asked.cleaned_data["code"]) if asked.is_valid() else ""
        if code.isalnum():
            return redirect("rides:instant-join", code)
        messages.error(request, _("A code has six letters and digits."))
    member = request.member
    initial = {"seats": 2, "detour_minutes": member.organization.policy.default_detour_s // 60}
    form = KerbForm(member, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            found = services.open_instant(driver=member, terms=form.to_terms(), now=clock.now())
        except DomainError as error:
            add_error(form, error, FIELD_NAMES)
        else:
            return redirect("rides:ride", found.ride_id)
    context = {
        "form": form,
        "has_car": list_cars(member).exists(),
        "places": list(place_chips(list_places(member), list_sites(member))),
    }
    return render(request, "rides/instant.html", context)


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def join_instant(request: MemberRequest, code: str) -> HttpResponse:
    """Show who stands at the kerb with a code, and get in."""
    now, member = clock.now(), request.member
    try:
        found = selectors.get_instant_for(member, code, now=now)
    except NotFound:
        return render(request, "rides/instant_none.html", status=404)
    view = selectors.view_ride_and_people(member, found.ride_id, now=now)
    if view.is_driver or view.is_aboard:
        return redirect("rides:ride", found.ride_id)
    form = JoinForm(member, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.join_instant(code=code, rider=member, dropoff=form.to_end(), now=now)
        except (AlreadyBooked, OwnRide):
            return redirect("rides:ride", found.ride_id)
        except DomainError as error:
            add_error(form, error, JOIN_NAMES)
        else:
            messages.success(request, _("You have a seat. Say your code when you get in."))
            return redirect("rides:ride", found.ride_id)
    context: dict[str, Any] = {"found": found, "view": view, "ride": view.ride, "form": form}
    context["zone"] = member.organization.time_zone
    return render(request, "rides/instant_join.html", context)


@member_required
@require_POST
def board(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Let a rider in who says their code."""
    form = CodeForm(request.POST)
    code = read_code(form.cleaned_data["code"]) if form.is_valid() else ""
    return act(
        request,
        lambda: services.let_in(ride_id=ride_id, by=request.member, code=code, now=clock.now()),
        _("Aboard."),
        ride_id,
    )


@member_required
@require_POST
def alight(request: MemberRequest, booking_id: UUID) -> HttpResponse:
    """Note that one got out."""
    ride_id = selectors.get_booking_for(request.member, booking_id).ride_id
    return act(
        request,
        lambda: services.alight(booking_id=booking_id, by=request.member, now=clock.now()),
        _("Noted: you got out."),
        ride_id,
    )
