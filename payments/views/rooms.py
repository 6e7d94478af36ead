"""Pages of shared taxis: opening a room, joining it, and the room itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Member
from accounts.selectors import list_places, list_sites
from carpool.kernel import clock
from carpool.kernel.errors import DomainError, NotFound
from carpool.kernel.geo import coordinates, from_point
from carpool.kernel.web import (
    MemberRequest,
    add_error,
    basemap,
    live_page,
    member_required,
    place_chips,
    write_place,
)
from payments import selectors, services
from payments.errors import PriceChanged, SponsorPaysLess
from payments.forms.rooms import (
    FIELD_NAMES,
    JOIN_FIELD_NAMES,
    DropoffForm,
    FareForm,
    MergerForm,
    ObjectionForm,
    OpenForm,
    PayForm,
    TopUpForm,
)
from payments.selectors import BY_SPONSOR, JoinPreview, OpeningPreview, RoomMoney
from rides import permissions
from rides.models import RoomEnd, RoomState, SeatState
from rides.selectors import RoomView, get_dispatch, merged_into, view_room
from rides.services import TripEnd

GATHERS = frozenset({RoomState.GATHERING, RoomState.LOCKED})
PROGRESS = (
    RoomState.GATHERING,
    RoomState.LOCKED,
    RoomState.CALLED,
    RoomState.RIDING,
    RoomState.ARRIVED,
    RoomState.SETTLED,
)


def _chips(member: Member) -> list[Any]:
    return list(place_chips(list_places(member), list_sites(member)))


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def open_room(request: MemberRequest) -> HttpResponse:
    """Show what a room would cost, then open it."""
    now, chips = clock.now(), _chips(request.member)
    form = OpenForm(request.member, request.POST or None, initial=_initial(request, chips, now))
    preview: OpeningPreview | None = None
    if request.method == "POST" and form.is_valid():
        try:
            preview = selectors.preview_opening(request.member, form.to_terms())
            if "open" in request.POST and _is_as_shown(form, preview):
                room = services.open_room(host=request.member, terms=form.to_terms(), now=now)
                messages.success(request, _("Your room is open. Colleagues on your way see it."))
                return redirect("payments:room", room.pk)
        except DomainError as error:
            add_error(form, error, FIELD_NAMES)
    context = {
        "form": form,
        "preview": preview,
        "places": chips,
        "shown": preview.price.high if preview else "",
    }
    return render(request, "rooms/open.html", context)


def _is_as_shown(form: OpenForm, preview: OpeningPreview) -> bool:
    """Tell whether the host has seen this price; otherwise it is shown again."""
    if form.cleaned_data["shown"] == preview.price.high:
        return True
    form.add_error(None, PriceChanged.title)
    return False


def _initial(request: MemberRequest, chips: list[Any], now: datetime) -> dict[str, Any]:
    """Begin with the slot and the way that the board has sent, else with the usual way."""
    zone, query = request.member.organization.zone, request.GET
    known = {chip["kind"]: chip for chip in chips}
    at = _read_moment(query.get("at", "")) or now
    local = at.astimezone(zone)
    initial: dict[str, Any] = {
        "day": local.date(),
        "slot": f"{local.hour:02}:{local.minute // 10}0",
    }
    ends = ["home", "work" if "work" in known else "site"]
    for name, kind in zip(("origin", "destination"), ends, strict=True):
        if name in query:
            initial[name], initial[f"{name}_label"] = query[name], query.get(f"{name}_label", "")
        elif kind in known and "destination" not in query:
            initial[name] = known[kind]["point"]
            initial[f"{name}_label"] = known[kind]["label"]
    return initial


def _read_moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Show what joining would cost with a drop-off; on a yes, take the seat and pay."""
    now, member = clock.now(), request.member
    view = view_room(member, room_id)
    if view.is_aboard:
        return redirect("payments:room", room_id)
    sent = request.POST if request.method == "POST" else request.GET
    form = DropoffForm(member, sent)
    preview = _preview(form, view, now)
    is_free = preview is not None and not preview.price.own_prepay
    ways = [BY_SPONSOR] if is_free else selectors.ways_to_pay(member.organization)
    pay = PayForm(ways, request.POST if request.method == "POST" else None)
    if request.method == "POST" and preview and _is_agreed(pay, preview) and pay.is_valid():
        answer = _join(request, preview, pay, now)
        if answer is not None:
            return answer
    context = {
        "view": view,
        "room": view.room,
        "form": form,
        "pay": pay,
        "preview": preview,
        "dropoff": write_place(preview.dropoff.location) if preview else "",
        "known": [write_place(stop.location) for stop in view.stops],
        "places": _chips(member),
        "is_closed": not view.room.is_joinable_at(now) or not view.free_seats,
    }
    return render(request, "rooms/join.html", context)


def _preview(form: DropoffForm, view: RoomView, now: datetime) -> JoinPreview | None:
    """Return what joining would be; without a word where the host gets out."""
    if not form.is_valid():
        return None
    hosts = next((stop for stop in reversed(view.stops)), None)
    end = form.to_end()
    if end is None and hosts is None:
        return None
    try:
        dropoff = end or TripEnd(hosts.location, hosts.label)  # type: ignore[union-attr]
        return selectors.preview_joining(view.viewer, view.room.pk, dropoff, now=now)
    except NotFound:
        raise
    except DomainError as error:
        add_error(form, error, JOIN_FIELD_NAMES)
        return None


def _is_agreed(pay: PayForm, preview: JoinPreview) -> bool:
    """Tell whether somebody said yes to this price; otherwise it is shown again."""
    pay.full_clean()
    shown, price = pay.cleaned_data, preview.price
    if (shown.get("sponsored") or 0) > price.sponsored:
        error: type[DomainError] = SponsorPaysLess
    elif shown.get("at_most") != price.at_most:
        error = PriceChanged
    else:
        return True
    pay.errors.pop("way", None)  # the ways are chosen anew, too
    pay.add_error(None, str(error.title))
    return False


def _join(
    request: MemberRequest, preview: JoinPreview, pay: PayForm, now: datetime
) -> HttpResponse | None:
    way, room_id = pay.chosen, preview.view.room.pk
    try:
        joining = services.join_room(
            room_id=room_id,
            rider=request.member,
            dropoff=preview.dropoff,
            provider=way.provider,
            method=way.method,
            sponsored=preview.price.sponsored,
            now=now,
        )
    except DomainError as error:
        add_error(pay, error, {})
        return None
    if joining.seat.state == SeatState.RELEASED:
        pay.add_error(None, _("The payment was declined. The seat is free again; try another way."))
        return None
    if joining.payment.pay_at and not joining.payment.captured:
        return redirect(joining.payment.pay_at)
    if joining.seat.state == SeatState.TAKEN:
        messages.success(request, _("You have a seat."))
    return redirect("payments:room", room_id)


@live_page("room:{room_id}")
@never_cache
@member_required
@require_safe
def room(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Show a room as this member may see it."""
    now, member = clock.now(), request.member
    view = view_room(member, room_id)
    state = view.room.state_at(now)
    context = {
        "view": view,
        "room": view.room,
        "state": state,
        "mine": view.mine,
        "steps": _steps(state),
        "now": now,
        "open_dialog": request.GET.get("dialog", ""),
        "map_data": _map_data(view),
        **_money(view, now),
        **_may_as_rider(view, state, now),
        **_may_as_host(view, state, now),
    }
    if request.GET.get("fragment") == "room":
        return render(request, "rooms/_room.html", context)
    context["basemap"] = basemap([view.room.region])
    return render(request, "rooms/room.html", context)


def _money(view: RoomView, now: datetime) -> dict[str, Any]:
    """Return what the fare will be or was, and what the viewer has paid, owes and would lose."""
    room, member = view.room, view.viewer
    money = selectors.room_money(room, member)
    paid = selectors.prepaid_for(view.mine) if money.price and view.mine else None
    fee = selectors.late_fee(room, paid) if paid else 0
    support = None if view.is_aboard else selectors.support_of(member, now=now)
    names = {seat.rider_id: view.name_of(seat.rider) for seat in view.seats}
    return {
        "money": money,
        "price": selectors.find_price(room, view.occupied, support),
        "paid": paid,
        "is_play_money": money.payment and selectors.is_play_money(money.payment.provider),
        "own_at_most": money.price.at_most - paid.sponsored if money.price and paid else 0,
        "late_fee": fee,
        "late_back": paid.captured - fee if paid else 0,
        "shares": [(names.get(one.person_id, ""), one) for one in money.shares],
        "from_others": sum(one.fare_part for one in money.shares if not one.is_host),
        "top_up": TopUpForm(selectors.ways_to_pay(member.organization)) if money.top_up else None,
        "can_absorb": view.is_hosts and money.waiting > 0 and room.called_at is None,
        "fare_form": FareForm(room.organization.currency) if _can_enter(view, now) else None,
        "can_object": _can_object(money, now),
        **_merger(view, now),
        "objection": ObjectionForm(),
    }


def _merger(view: RoomView, now: datetime) -> dict[str, Any]:
    """Return the other taxi that is proposed to the host, and what this one has become."""
    room, member = view.room, view.viewer
    proposed = selectors.merger_for(member, room, now=now) if view.is_hosts else None
    pays = proposed is not None and not proposed.is_staying
    ways = MergerForm(selectors.ways_to_pay(member.organization)) if pays else None
    into = merged_into(room) if room.ended_by == RoomEnd.MERGED else None
    return {"merger": proposed, "merger_form": ways, "merged_into": into}


def _can_enter(view: RoomView, now: datetime) -> bool:
    """Tell whether the host can enter the fare now, or correct it while riders are asked."""
    return view.is_hosts and view.room.state_at(now) in {RoomState.RIDING, RoomState.ARRIVED}


def _can_object(money: RoomMoney, now: datetime) -> bool:
    """Tell whether the viewer can still object to their part."""
    own, until = money.own, money.disputable_until
    if own is None or own.is_host or money.dispute is not None or until is None or now >= until:
        return False
    return own.fare_part + own.penalty > 0


def _may_as_rider(view: RoomView, state: RoomState, now: datetime) -> dict[str, bool]:
    """Return what somebody who is not the host can do now."""
    room, mine = view.room, view.mine
    is_held = mine is not None and mine.state == SeatState.HELD
    is_before = state in {*GATHERS, RoomState.CALLED}
    leaves = mine is not None and mine.state in {SeatState.HELD, SeatState.TAKEN}
    return {
        "can_join": not view.is_aboard and view.free_seats > 0 and room.is_joinable_at(now),
        "can_leave": leaves and not view.is_hosts and is_before,
        "leaves_free": state == RoomState.GATHERING or is_held,
        "is_asked": room.next_host_id == view.viewer.pk and state in GATHERS,
    }


def _may_as_host(view: RoomView, state: RoomState, now: datetime) -> dict[str, Any]:
    """Return what the host can do now."""
    room, member, hosts = view.room, view.viewer, view.is_hosts
    can_call = permissions.can_call_taxi(member, room, now)
    is_enough = len(view.party) >= room.least_party
    return {
        "can_lock": hosts and state == RoomState.GATHERING and is_enough,
        "can_call": can_call,
        "dispatch": get_dispatch(view) if can_call else None,
        "can_let_board": permissions.can_let_board(member, room),
        "can_mark_absent": permissions.can_mark_absent(member, room, now),
        "can_depart": hosts and state == RoomState.CALLED,
        "can_arrive": hosts and room.departed_at is not None and room.arrived_at is None,
        "can_cancel": permissions.can_cancel_room(member, room),
        "can_hand_over": hosts and state in GATHERS,
    }


def _steps(state: RoomState) -> list[dict[str, Any]]:
    """Return the states a room passes, each done, present or to come."""
    if state not in PROGRESS:
        return []
    place = PROGRESS.index(state)
    return [
        {"label": step.label, "done": i < place or step == state == PROGRESS[-1], "now": i == place}
        for i, step in enumerate(PROGRESS)
    ]


def _map_data(view: RoomView) -> dict[str, Any]:
    """Return what static/rooms/room.js draws: public places and the road between them."""
    room = view.room
    return {
        "route": coordinates(room.route),
        "pickup": {"place": from_point(room.pickup), "label": room.pickup_label},
        "stops": [
            {"place": stop.location, "label": stop.label, "text": str(number)}
            for number, stop in enumerate(view.stops, start=1)
        ],
    }
