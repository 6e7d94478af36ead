"""Pages of finding: the search and its offers, booking, standing requests."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Member
from accounts.selectors import list_places, list_sites
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import coordinates
from carpool.kernel.templatetags.ui import clock_time
from carpool.kernel.web import (
    MemberRequest,
    add_error,
    basemap,
    member_required,
    place_chips,
)
from maps.selectors import list_regions
from matching import selectors, services
from matching.forms import FIELD_NAMES, WALKS, WINDOWS, BookForm, FindForm, write_query
from matching.selectors import NearMiss, Offer, SearchQuery, SearchResult
from rides.errors import RequestNotFound
from rides.models import BookingState
from rides.selectors import get_request_for, list_offers_to
from rides.services import close_request as close
from rides.services import collect_price, post_request

HOMEWARD_FROM_HOUR = 12


@never_cache
@member_required
@require_safe
def find_ride(request: MemberRequest) -> HttpResponse:
    """Show the search form and, when it was filled in, the offers."""
    now, member = clock.now(), request.member
    chips = list(place_chips(list_places(member), list_sites(member)))
    query: SearchQuery | None = None
    if request_id := request.GET.get("request"):
        form, query = _from_request(member, request_id)
    elif "time" in request.GET:
        form = FindForm(member, request.GET)
        query = form.to_query() if form.is_valid() else None
    else:
        form = FindForm(member, initial=_initial(request, chips, now))
    result = _search(member, form, query, now) if query else None
    return _show(request, form, result, chips)


def _search(
    member: Member, form: FindForm, query: SearchQuery, now: datetime
) -> SearchResult | None:
    try:
        return selectors.search(member, query, now=now)
    except DomainError as error:
        add_error(form, error, FIELD_NAMES)
        return None


def _show(
    request: MemberRequest, form: FindForm, result: SearchResult | None, chips: list[Any]
) -> HttpResponse:
    offers = result.offers if result else []
    context = {
        "form": form,
        "result": result,
        "offers": _offers(result) if result else [],
        "near_misses": _near_misses(request.member, result) if result else [],
        "map_offers": [_map_data(offer) for offer in offers],
        "keep_form": FindForm(request.member, form.data, auto_id=False) if form.is_bound else None,
        "request_id": request.GET.get("request", ""),
        "offered": _offered(request),
        "wider": _wider(request) if result and not offers and not result.near_misses else "",
        "places": chips,
        "basemap": basemap(list_regions()),
    }
    return render(request, "matching/find.html", context)


def _offered(request: MemberRequest) -> list[UUID]:
    """Return the rides whose drivers offered them to the request that is looked at."""
    try:
        return list_offers_to(request.member, UUID(request.GET.get("request", "")))
    except ValueError:
        return []


def _offers(result: SearchResult) -> list[dict[str, Any]]:
    """Return the offers with why they are good, of what their cost is made, and their way."""
    offers = result.offers
    entries = [
        {
            "offer": offer,
            "reasons": selectors.explain(offer),
            "costs": selectors.list_costs(offer),
            "in_all": offer.cost_s / 60,
            "way": _way(offer, result),
        }
        for offer in offers
    ]
    if len(offers) > 1:
        entries[0]["first"] = selectors.explain_first(*offers[:2])
    return entries


def _map_data(offer: Offer) -> dict[str, Any]:
    """Return what static/matching/find.js draws: the driver's way, cut at private ends."""
    ends = {"pickup": offer.pickup, "dropoff": offer.dropoff}
    return {
        "route": None if offer.view.route is None else coordinates(offer.view.route),
        **{
            name: {
                "place": meeting.location,
                "label": meeting.label,
                "time": clock_time(meeting.at),
            }
            for name, meeting in ends.items()
        },
    }


def _way(shown: Offer | NearMiss, result: SearchResult) -> dict[str, Any]:
    """Return the way in words; the map asks for the drawing when somebody wants to see it."""
    return {
        "steps": selectors.list_steps(shown, result.query),
        "others": selectors.count_others(shown.view),
        "token": shown.token,
        "driver": shown.ride.driver.first_name,
    }


def _near_misses(member: Member, result: SearchResult) -> list[dict[str, Any]]:
    """Return what would have to give, with the search in which it has given."""
    zone = member.organization.zone
    return [
        {
            "near": near,
            "way": _way(near, result),
            "text": selectors.explain_near_miss(near),
            "search": urlencode(write_query(near.query, zone)) if near.query else "",
        }
        for near in result.near_misses
    ]


def _wider(request: MemberRequest) -> str:
    """Return the same search with the widest window and walk."""
    query = request.GET.copy()
    query["window"], query["walk_m"] = str(WINDOWS[-1][0]), str(WALKS[-1][0])
    return "" if query == request.GET else query.urlencode()


def _initial(request: MemberRequest, chips: list[Any], now: datetime) -> dict[str, Any]:
    """Guess the next usual trip: to work before noon, homeward later; ``?to=`` decides."""
    moment = (now + timedelta(minutes=30)).astimezone(request.member.organization.zone)
    known = {chip["kind"]: chip for chip in chips}
    ends = ["home", "work" if "work" in known else "site"]
    wanted = request.GET.get("to", "home" if moment.hour >= HOMEWARD_FROM_HOUR else "work")
    if wanted == "home":
        ends.reverse()
    initial: dict[str, Any] = {
        "date": moment.date(),
        "time": moment.replace(minute=moment.minute // 15 * 15, second=0),
        "walk_m": _nearest_walk(request.member.organization.policy.default_walk_m),
    }
    for name, kind in zip(("origin", "destination"), ends, strict=True):
        if kind in known:
            initial[name] = known[kind]["point"]
            initial[f"{name}_label"] = known[kind]["label"]
    return initial


def _nearest_walk(metres: int) -> int:
    return min((choice for choice, _text in WALKS), key=lambda choice: abs(choice - metres))


def _from_request(member: Member, request_id: str) -> tuple[FindForm, SearchQuery]:
    """Search for what a standing request asks for."""
    try:
        wanted = get_request_for(member, UUID(request_id))
    except ValueError as error:
        raise RequestNotFound from error
    query = selectors.query_of(wanted)
    return FindForm(member, write_query(query, member.organization.zone)), query


@member_required
@require_POST
def book(request: MemberRequest) -> HttpResponse:
    """Book an offer that was shown."""
    form = BookForm(request.POST)
    again = f"{reverse('matching:find')}?{request.POST.get('search', '')}"
    if not form.is_valid():
        messages.error(request, _("This offer is no longer valid; please search again"))
        return redirect(again)
    try:
        booking = services.book_offer(
            rider=request.member,
            token=form.cleaned_data["offer"],
            request_id=form.cleaned_data["request"],
            pay_by=form.pay_by,
            now=clock.now(),
        )
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect(again)
    if pay_at := collect_price(booking=booking, now=clock.now()):
        return redirect(pay_at)
    if booking.state == BookingState.HELD:
        messages.warning(request, _("It is not paid yet. Your seat is kept for a while."))
    elif booking.decide_by:
        messages.success(request, _("Asked. Your driver confirms soon; we tell you."))
    else:
        messages.success(request, _("Booked. Your seat is certain."))
    return redirect("rides:ride", booking.ride_id)


@member_required
@require_POST
def keep_request(request: MemberRequest) -> HttpResponse:
    """Leave a standing request: every new ride is compared with it."""
    form = FindForm(request.member, request.POST)
    if form.is_valid():
        try:
            post_request(rider=request.member, terms=form.to_query(), now=clock.now())
        except DomainError as error:
            add_error(form, error, FIELD_NAMES)
        else:
            messages.success(request, _("We keep looking, and tell you when a ride fits."))
            return redirect("rides:today")
    chips = list(place_chips(list_places(request.member), list_sites(request.member)))
    return _show(request, form, None, chips)


@member_required
@require_POST
def close_request(request: MemberRequest, request_id: UUID) -> HttpResponse:
    """Take a standing request back."""
    try:
        close(request_id=request_id, by=request.member, now=clock.now())
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, _("We no longer look for this ride."))
    return redirect("rides:today")
