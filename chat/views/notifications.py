"""Pages of notifications: the list, how one wants to be told, and links that need no sign-in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.selectors import let_in
from carpool.kernel import clock
from carpool.kernel.errors import DomainError, InvalidInput
from carpool.kernel.web import MemberRequest, add_error, member_required
from chat.forms import MatrixForm, TimesForm
from chat.models import NEVER, URGENCY, Channel, Kind, Urgency
from chat.selectors import calendar as calendars
from chat.selectors.links import absolute, calendar_path, read_calendar, read_unsubscribe
from chat.selectors.news_texts import write_text
from chat.selectors.notifications import page_of_notifications
from chat.selectors.preferences import Matrix, get_matrix, get_notification_settings
from chat.selectors.preferences import list_channels as channels_set_up
from chat.selectors.preferences import list_devices as devices_of
from chat.selectors.push_keys import public_push_key
from chat.services import notifications, preferences


@never_cache
@member_required
@require_safe
def centre(request: MemberRequest) -> HttpResponse:
    """Show what the member was told, newest first."""
    before = request.GET.get("before", "")
    page = page_of_notifications(request.member, before=before)
    context = {
        "page": page,
        "news": [{"item": item, "text": write_text(item)} for item in page.items],
        "is_first": not before,
        "now": clock.now(),
    }
    is_fragment = request.GET.get("fragment") == "notifications"
    template = "notifications/_list.html" if is_fragment else "notifications/centre.html"
    return render(request, template, context)


@never_cache
@member_required
@require_safe
def follow(request: MemberRequest, notification_id: UUID) -> HttpResponse:
    """Take note of a notification and lead to what it is about."""
    notification = notifications.mark_read(
        member=request.member, notification_id=notification_id, now=clock.now()
    )
    return redirect(write_text(notification).path)


@member_required
@require_POST
def read_all(request: MemberRequest) -> HttpResponse:
    """Take note of everything that the page showed."""
    now = clock.now()
    until = _moment(request.POST.get("until", "")) or now
    notifications.mark_all_read(member=request.member, until=until, now=now)
    return redirect("chat:notifications")


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and timezone.is_aware(moment) else None


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: MemberRequest) -> HttpResponse:
    """Show and save how the member wants to be told."""
    member = request.member
    own = get_notification_settings(member)
    channels = channels_set_up()
    times = TimesForm(member, own, request.POST or None)
    if request.method == "POST":
        matrix = MatrixForm(channels, request.POST)
        if times.is_valid() and matrix.is_valid():
            try:
                preferences.save_times(member=member, times=times.to_times())
                preferences.save_matrix(member=member, wanted=matrix.to_cells())
            except InvalidInput as error:
                add_error(times, error, {})
            else:
                messages.success(request, _("Saved. That is how you will be told."))
                return redirect("chat:notification-settings")
    context = {
        "times": times,
        "channels": channels,
        "groups": _groups(get_matrix(member), channels),
        "devices": devices_of(member),
        "push_key": public_push_key(),
        "calendar_url": absolute(calendar_path(own)),
    }
    return render(request, "notifications/settings.html", context)


def _groups(matrix: Matrix, channels: list[Channel]) -> list[dict[str, Any]]:
    """Return the rows of the matrix, by urgency."""
    hints = {
        Urgency.URGENT: _("Comes at once, at night only when your trip is near."),
        Urgency.NORMAL: _("Waits until your quiet hours are over."),
        Urgency.LOW: _("Comes with the daily mail."),
    }
    return [
        {
            "label": urgency.label,
            "hint": hints[urgency],
            "rows": [_row(kind, matrix, channels) for kind in Kind if URGENCY[kind] == urgency],
        }
        for urgency in Urgency
    ]


def _row(kind: Kind, matrix: Matrix, channels: list[Channel]) -> dict[str, Any]:
    cells = [
        {
            "name": f"{kind}:{channel}",
            "label": channel.label,
            "is_on": channel in matrix[kind],
            "is_open": (kind, channel) not in NEVER,
        }
        for channel in channels
    ]
    return {"label": kind.label, "cells": cells}


@member_required
@require_POST
def renew_calendar(request: MemberRequest) -> HttpResponse:
    """Give the calendar a new secret address."""
    preferences.renew_calendar(member=request.member)
    messages.success(request, _("The calendar has a new address. The old one shows nothing now."))
    return redirect("chat:notification-settings")


@member_required
@require_POST
def remove_device(request: MemberRequest, device_id: UUID) -> HttpResponse:
    """Send no more pushes to a device."""
    preferences.forget_device(member=request.member, device_id=device_id)
    messages.success(request, _("This device gets no more pushes."))
    return redirect("chat:notification-settings")


@never_cache
@require_safe
def calendar(request: MemberRequest, token: str) -> HttpResponse:
    """Show a member's trips to whoever has the secret address: their calendar program."""
    own = read_calendar(token)
    let_in(own.member)
    language = own.member.language or own.member.organization.language
    with translation.override(language), timezone.override(own.zone):
        text = calendars.write_feed(own.member, now=clock.now())
    answer = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="carpool.ics"'
    answer["X-Robots-Tag"] = "noindex"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@never_cache
@csrf_exempt  # Mail programs post here by themselves (RFC 8058); the signed link is the proof.
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: MemberRequest, token: str) -> HttpResponse:
    """End mails of one kind, or all; a look alone changes nothing, for mail scanners look."""
    try:
        member, kind = read_unsubscribe(token)
    except DomainError as error:
        context: dict[str, Any] = {"error": error.detail}
        return render(request, "notifications/unsubscribe.html", context, status=error.status)
    let_in(member)
    if request.method == "POST":
        preferences.end_mails(member=member, kind=kind)
    context = {
        "kind": kind.label if kind else "",
        "is_done": request.method == "POST",
        "home": settings.PUBLIC_URL,
    }
    return render(request, "notifications/unsubscribe.html", context)
