"""The log of working days: one's own month, to look at and correct; counts for the organization."""

import csv
from datetime import date
from io import StringIO

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.web import MemberRequest, member_required
from tracking import services
from tracking.errors import DayNotOpen
from tracking.forms import WorkDayForm
from tracking.models import DayKind
from tracking.selectors.work_days import (
    FEW,
    count_work_days,
    list_work_days,
    month_sheet,
    read_month,
)


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_days(request: MemberRequest) -> HttpResponse:
    """Show a month of one's own days, and take a correction of one of them."""
    now = clock.now()
    today = now.astimezone(request.member.organization.zone).date()
    form = WorkDayForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["date"]
        try:
            services.say_work_day(
                by=request.member, day=day, kind=form.cleaned_data["kind"], now=now
            )
        except DomainError as error:
            messages.error(request, error.detail)
        else:
            messages.success(request, _("Saved."))
        return redirect(f"{reverse('tracking:own-days')}?day={day.isoformat()}#day-title")
    if request.method == "POST":
        messages.error(request, _("Please choose a day and what you did."))
    chosen = _chosen(request, today)
    first = read_month(request.GET.get("month", chosen.strftime("%Y-%m")), today=today)
    sheet = month_sheet(request.member, first, today=today)
    cell = sheet.cell_of(chosen)
    context = {
        "sheet": sheet,
        "cell": cell,
        "kinds": DayKind.choices,
        "counts": [(str(kind.label), sheet.counts[kind]) for kind in DayKind],
        "within_m": request.member.organization.policy.workplace_m,
    }
    return render(request, "tracking/own_days.html", context)


def _chosen(request: MemberRequest, today: date) -> date:
    """Return the day that the page's form is about.

    Raises:
        DayNotOpen: it is no day.
    """
    text = request.GET.get("day", "")
    try:
        return date.fromisoformat(text) if text else today
    except ValueError as error:
        raise DayNotOpen(field="day") from error


@never_cache
@member_required
@require_safe
def own_table(request: MemberRequest) -> HttpResponse:
    """Give all of one's own days as a table, to keep or to hand on."""
    text = StringIO()
    table = csv.writer(text)
    table.writerow(["date", "day", "proven_arrival", "entered_at"])
    for one in list_work_days(request.member):
        moments = (one.arrived_at, one.said_at)
        told = [moment.isoformat(timespec="seconds") if moment else "" for moment in moments]
        table.writerow([one.date.isoformat(), one.kind.value, *told])
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="carpool-days.csv"'
    return answer


@never_cache
@member_required
@require_safe
def counted_days(request: MemberRequest) -> HttpResponse:
    """Show how many people worked where, day by day; no count of few people."""
    days = count_work_days(request.member, now=clock.now())
    return render(request, "tracking/counted_days.html", {"days": days, "few": FEW})
