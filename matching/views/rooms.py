"""The slot board of shared taxis."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Member
from accounts.selectors import list_places, list_sites
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.web import MemberRequest, add_error, member_required, place_chips
from matching import selectors
from matching.forms import FIELD_NAMES, BoardForm
from matching.selectors import SLOT, Board, DayPart
from rides.selectors import list_rooms_ahead

WAY = ("origin", "origin_label", "destination", "destination_label", "walk_m")
# These say which rooms one looks at; whoever goes to another day leaves the slot behind.
WHEN = ("day", "part", "slot", "pickup")


@never_cache
@member_required
@require_safe
def board(request: MemberRequest) -> HttpResponse:
    """Show the slots of a part of a day, and the rooms that leave then."""
    now, member = clock.now(), request.member
    chips = list(place_chips(list_places(member), list_sites(member)))
    form = BoardForm(member, _with_usual_way(request.GET, chips))
    form.is_valid()
    shown = selectors.get_board(member, *_when(form, member, now), now=now)
    slot = _slot(shown, form, member)
    start, end = (slot, slot + SLOT) if slot else (shown.start, shown.end)
    entries = _entries(form, member, start, end, now) if not form.errors else []
    pickups = sorted({entry.room.pickup_label for entry in entries})
    pickup = form.cleaned_data.get("pickup", "")
    context = {
        "form": form,
        "board": shown,
        "days": _days(shown, form),
        "parts": _parts(shown, form),
        "hours": _hours(shown, form, slot),
        "slot": slot,
        "open_at": max(selectors.first_open_slot(member, now=now), shown.start),
        "entries": [one for one in entries if pickup in {"", one.room.pickup_label}],
        "pickups": [(one, _link(form, pickup=one), one == pickup) for one in pickups],
        "every_pickup": _link(form, pickup=""),
        "ahead": list_rooms_ahead(member),
        "all_rooms": _link(form, way="all"),
        "whole_part": _link(form, slot=""),
        "ways": _ways(form, chips),
        "places": chips,
    }
    return render(request, "rooms/board.html", context)


def _with_usual_way(sent: QueryDict, chips: list[Any]) -> QueryDict:
    """Add the way of ``?way=work`` or ``?way=home``, for those whose places we know."""
    query, known = sent.copy(), {chip["kind"]: chip for chip in chips}
    ends = ["home", "work" if "work" in known else "site"]
    if sent.get("way") == "home":
        ends.reverse()
    if sent.get("way") in {"work", "home"} and all(end in known for end in ends):
        for name, kind in zip(("origin", "destination"), ends, strict=True):
            query[name], query[f"{name}_label"] = known[kind]["point"], known[kind]["label"]
    return query


def _ways(form: BoardForm, chips: list[Any]) -> list[tuple[str, str]]:
    """Offer the two usual ways to those whose places we know."""
    kinds = {chip["kind"] for chip in chips}
    if "home" not in kinds or not kinds & {"work", "site"}:
        return []
    return [(way, _link(form, way=way)) for way in ("work", "home")]


def _when(form: BoardForm, member: Member, now: datetime) -> tuple[date, DayPart]:
    """Return the day and the part of it that are asked for: without words, where a room leaves."""
    first, zone = selectors.first_open_slot(member, now=now), member.organization.zone
    entered, soonest = form.cleaned_data, first.astimezone(zone).date()
    today = now.astimezone(zone).date()
    last = today + timedelta(days=member.organization.policy.room_opens_days)
    day = min(max(entered.get("day") or soonest, today), last)
    if entered.get("part"):
        return day, DayPart(entered["part"])
    return day, selectors.usual_part(member, day, now=now)


def _slot(shown: Board, form: BoardForm, member: Member) -> datetime | None:
    """Return the slot that is asked for, if it is in the part of the day that is shown."""
    wall = form.cleaned_data.get("slot")
    zone = member.organization.zone
    slots = (slot.at for hour in shown.hours for slot in hour)
    return next((at for at in slots if at.astimezone(zone).time() == wall), None)


def _entries(
    form: BoardForm, member: Member, start: datetime, end: datetime, now: datetime
) -> list[Any]:
    if not form.has_way:
        return selectors.list_entries(member, start, end, now=now)
    try:
        return selectors.find_entries(member, form.to_query(start, end), now=now)
    except DomainError as error:
        add_error(form, error, FIELD_NAMES)
        return []


def _link(form: BoardForm, **changes: str) -> str:
    """Return the address of the same board with something else."""
    kept: dict[str, str] = {name: form.data.get(name, "") for name in (*WHEN, *WAY)}
    if "way" in changes:
        kept = {name: "" if name in WAY else value for name, value in kept.items()}
    if "slot" in changes or "part" in changes or "day" in changes:
        kept["pickup"] = ""
    words = {name: value for name, value in (kept | changes).items() if value}
    return f"?{urlencode(words)}"


def _days(shown: Board, form: BoardForm) -> list[dict[str, Any]]:
    return [
        {
            "day": one,
            "link": _link(form, day=one.date.isoformat(), slot=""),
            "is_shown": one.date == shown.day,
        }
        for one in shown.days
    ]


def _parts(shown: Board, form: BoardForm) -> list[dict[str, Any]]:
    day = shown.day.isoformat()
    return [
        {
            "part": part,
            "link": _link(form, day=day, part=part.value, slot=""),
            "is_shown": part == shown.part,
        }
        for part in DayPart
    ]


def _hours(shown: Board, form: BoardForm, chosen: datetime | None) -> list[list[dict[str, Any]]]:
    zone = form.member.organization.zone
    when = {"day": shown.day.isoformat(), "part": shown.part.value}
    return [
        [
            {
                "slot": slot,
                "link": _link(form, **when, slot=f"{slot.at.astimezone(zone):%H:%M}"),
                "is_shown": slot.at == chosen,
            }
            for slot in hour
        ]
        for hour in shown.hours
    ]
