"""Pages of rides: Today, Offer, one ride, and the actions of driver and rider."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Member
from accounts.selectors import list_cars, list_places, list_sites
from carpool.kernel import clock
from carpool.kernel.errors import DomainError, NotFound
from carpool.kernel.geo import LonLat, coordinates, from_point
from carpool.kernel.web import (
    MemberRequest,
    add_error,
    basemap,
    live_page,
    member_required,
    place_chips,
)
from maps.selectors import list_regions
from rides import permissions, selectors, services
from rides.forms import FIELD_NAMES, OfferForm, ReasonForm, StopForm
from rides.models import Booking, RideState, StopKind
from rides.selectors import RideView
from rides.views.kerb import kerb_of

PROGRESS = (
    RideState.SCHEDULED,
    RideState.DEPARTING,
    RideState.IN_TRANSIT,
    RideState.ARRIVING,
    RideState.COMPLETED,
)
# The usual trip of the morning goes the other way after lunch.
HOMEWARD_FROM_HOUR = 12


@live_page("today")
@never_cache
@member_required
@require_safe
def today(request: MemberRequest) -> HttpResponse:
    """Show what happens next, and what is asked of the member."""
    now = clock.now()
    agenda = selectors.get_agenda(request.member, now=now)
    upcoming: list[dict[str, Any]] = [
        {"at": ride.departure_at, "ride": ride, "booking": None} for ride in agenda.driving
    ]
    upcoming += [
        {"at": booking.pickup_at, "ride": booking.ride, "booking": booking}
        for booking in agenda.riding
    ]
    upcoming += [
        {"at": view.room.departure_at, "ride": None, "booking": None, "room": view}
        for view in selectors.list_rooms_ahead(request.member)
    ]
    upcoming.sort(key=lambda entry: entry["at"])
    context = {
        "agenda": agenda,
        "next": upcoming[0] if upcoming else None,
        "later": upcoming[1:],
        "chips": {chip["kind"]: chip for chip in _chips(request.member)},
        "repeats": selectors.list_recurring_rides(request.member, now=now).exists(),
        "now": now,
    }
    is_fragment = request.GET.get("fragment") == "today"
    return render(request, "rides/_today.html" if is_fragment else "rides/today.html", context)


def _chips(member: Member) -> list[Any]:
    return list(place_chips(list_places(member), list_sites(member)))


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: MemberRequest) -> HttpResponse:
    """Show the form of an offer, and publish the ride."""
    now, chips = clock.now(), _chips(request.member)
    form = OfferForm(
        request.member, request.POST or None, initial=_initial_offer(request.member, chips, now)
    )
    if request.method == "POST" and form.is_valid():
        try:
            if form.repeats:
                terms = form.to_recurring_terms()
                recurring = services.offer_recurring_ride(
                    driver=request.member, terms=terms, now=now
                )
                messages.success(request, _("Your ride repeats. The days ahead are published."))
                return redirect("rides:recurring-ride", recurring.pk)
            ride = services.offer_ride(driver=request.member, terms=form.to_terms(), now=now)
        except DomainError as error:
            add_error(form, error, FIELD_NAMES)
        else:
            messages.success(request, _("Your ride is published. Colleagues on your way see it."))
            return redirect("rides:ride", ride.pk)
    context = {
        "form": form,
        "has_car": list_cars(request.member).exists(),
        "places": chips,
        "basemap": basemap(list_regions()),
    }
    return render(request, "rides/offer.html", context)


def _initial_offer(member: Member, chips: list[Any], now: datetime) -> dict[str, Any]:
    """Guess the next usual trip: to work before noon, homeward later."""
    moment = (now + timedelta(hours=1)).astimezone(member.organization.zone)
    known = {chip["kind"]: chip for chip in chips}
    ends = ["home", "work" if "work" in known else "site"]
    if moment.hour >= HOMEWARD_FROM_HOUR:
        ends.reverse()
    initial: dict[str, Any] = {
        "date": moment.date(),
        "time": moment.replace(minute=moment.minute // 15 * 15, second=0),
        "seats": 2,
        "detour_minutes": member.organization.policy.default_detour_s // 60,
    }
    for name, kind in zip(("origin", "destination"), ends, strict=True):
        if kind in known:
            initial[name] = known[kind]["point"]
            initial[f"{name}_label"] = known[kind]["label"]
    return initial


@live_page("ride:{ride_id}")
@never_cache
@member_required
@require_safe
def ride(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Show a ride as this member may see it."""
    now, member = clock.now(), request.member
    view = selectors.view_ride_and_people(member, ride_id, now=now)
    mine = view.my_booking
    asked = selectors.questions_of(view.bookings, now=now)
    context = {
        "view": view,
        "ride": view.ride,
        "mine": mine,
        "steps": _steps(view),
        "next_stop": next((stop for stop in view.stops if stop.visited_at is None), None),
        "can_start": permissions.can_start(member, view.ride, now),
        "can_finish": permissions.can_finish(member, view.ride, now),
        "can_cancel": permissions.can_cancel_ride(member, view.ride, now),
        "can_change": permissions.can_change_ride(member, view.ride, now),
        "asked": asked,
        "question": asked.get(mine.pk) if mine is not None and not view.is_driver else None,
        "recurring_day": selectors.find_recurring_day(member, view.ride),
        "can_share": permissions.can_share(member, view.ride, view.bookings, now),
        "can_call_for_help": permissions.can_call_for_help(member, view.ride, view.bookings, now),
        "can_cancel_mine": mine is not None
        and not view.is_driver
        and permissions.can_cancel_booking(member, mine, now),
        "to_answer": [
            booking
            for booking in view.bookings
            if (view.is_driver or booking.rider_id == member.pk)
            and permissions.can_answer(member, booking)
        ],
        "to_rate": _to_rate(view, now),
        "missing": {
            booking.pk
            for booking in view.bookings
            if permissions.can_mark_missing(member, booking, now)
        },
        "leaving": _leaving(view, now),
        "codes": services.CODES_OF_DRIVERS if view.is_driver else services.CODES_OF_RIDERS,
        "open_dialog": request.GET.get("dialog", ""),
        "map_data": _map_data(view),
    }
    if view.ride.is_instant:
        context["kerb"] = kerb_of(request, view, now)
    if request.GET.get("fragment") == "ride":
        return render(request, "rides/_ride.html", context)
    context["basemap"] = basemap([view.ride.region])
    return render(request, "rides/ride.html", context)


def _leaving(view: RideView, now: datetime) -> services.Lateness | None:
    """Say what it would be if the viewer cancelled now: a driver is late for whoever is."""
    bookings = view.bookings if view.is_driver else [view.my_booking] if view.my_booking else []
    if not permissions.is_open(view.ride):
        return None
    found = [services.look_at_lateness(one, by=view.viewer, now=now) for one in bookings]
    return next((one for one in found if one.is_late), None)


def _to_rate(view: RideView, now: datetime) -> list[Booking]:
    """Return the trips of this ride that the viewer may rate; rated ones can still be changed."""
    return [booking for booking in view.bookings if permissions.can_rate(view.viewer, booking, now)]


def _steps(view: RideView) -> list[dict[str, Any]]:
    """Return the states a ride passes, each done, present or to come."""
    state = RideState(view.ride.state)
    shown = RideState.ARRIVING if state == RideState.VALIDATING else state
    if shown not in PROGRESS:
        return []
    place = PROGRESS.index(shown)
    return [
        {"label": step.label, "done": i < place or step == shown == PROGRESS[-1], "now": i == place}
        for i, step in enumerate(PROGRESS)
    ]


def _map_data(view: RideView) -> dict[str, Any]:
    """Return what static/rides/ride.js draws: only what this member may see."""
    stops = [s for s in view.stops if s.kind in {StopKind.PICKUP, StopKind.DROPOFF}]
    return {
        "route": None if view.route is None else coordinates(view.route),
        "origin": {"place": view.origin, "label": view.origin_label},
        "destination": {"place": view.destination, "label": view.destination_label},
        "stops": [
            {
                "place": from_point(stop.location),
                "kind": stop.kind,
                "label": stop.label,
                "text": str(stop.position),
            }
            for stop in stops
        ],
        "walks": [] if view.is_driver else _walks(view),
    }


def _walks(view: RideView) -> list[tuple[LonLat, LonLat]]:
    booking = view.my_booking
    if booking is None:
        return []
    own = {stop.kind: from_point(stop.location) for stop in view.stops if stop.booking == booking}
    if StopKind.PICKUP not in own or StopKind.DROPOFF not in own:
        return []
    return [
        (from_point(booking.origin), own[StopKind.PICKUP]),
        (own[StopKind.DROPOFF], from_point(booking.destination)),
    ]


def act(
    request: MemberRequest, action: Callable[[], object], done: str, ride_id: UUID
) -> HttpResponse:
    """Run one service for a button; say what became of it on the ride's page."""
    try:
        action()
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, done)
    return redirect("rides:ride", ride_id)


def why(request: MemberRequest) -> dict[str, str]:
    """Return why somebody cancels: what others read, and what is only counted."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return {"reason": form.cleaned_data.get("reason", ""), "code": ""}
    said = form.cleaned_data
    return {"reason": said["reason"], "code": services.check_code(said["code"])}


@member_required
@require_POST
def cancel(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Withdraw a ride."""
    said = why(request)
    return act(
        request,
        lambda: services.cancel_ride(ride_id=ride_id, by=request.member, **said, now=clock.now()),
        _("The ride is cancelled. Everybody who booked is told."),
        ride_id,
    )


@member_required
@require_POST
def start(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Record that the driver leaves."""
    return act(
        request,
        lambda: services.start_ride(ride_id=ride_id, by=request.member, now=clock.now()),
        _("Have a good drive."),
        ride_id,
    )


@member_required
@require_POST
def visit(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Record that the car reached a stop."""
    form = StopForm(request.POST)
    stop_id = form.cleaned_data["stop"] if form.is_valid() else 0
    return act(
        request,
        lambda: services.visit_stop(
            ride_id=ride_id, stop_id=stop_id, by=request.member, now=clock.now()
        ),
        _("Stop reached."),
        ride_id,
    )


@member_required
@require_POST
def finish(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Record that the driver arrived."""
    return act(
        request,
        lambda: services.finish_ride(ride_id=ride_id, by=request.member, now=clock.now()),
        _("You have arrived. Well driven."),
        ride_id,
    )
