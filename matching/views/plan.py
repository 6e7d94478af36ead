"""Pages of the plan: the week, what is proposed from it, and one tap to answer."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import is_manager
from accounts.selectors import list_cars, list_places, list_sites
from carpool.kernel import clock
from carpool.kernel.errors import DomainError, NotFound
from carpool.kernel.web import MemberRequest, add_error, live_page, member_required
from matching import services
from matching.models import CommutePlan, Direction, ProposalState
from matching.selectors import plans, proposals
from matching.selectors.week_text import describe_week
from matching.views.plan_form import FIELD_NAMES, AnswerForm, DayRows, PauseForm, PlanForm, RunForm
from rides.models import BookingState
from rides.services import collect_price

SHOWN_RUNS = 6


@live_page("today")
@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: MemberRequest) -> HttpResponse:
    """Show the week and what is proposed; save the week."""
    now, member = clock.now(), request.member
    if request.GET.get("fragment") == "proposals":
        return render(request, "matching/_plan_proposals.html", _proposals(request))
    saved = plans.plan_of(member)
    form = _form(request, saved)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_plan(member=member, terms=form.to_terms(), now=now)
        except DomainError as error:
            _add_error(form, error)
        else:
            messages.success(request, _("Saved. Proposals come in the evening before."))
            return redirect("matching:plan")
    return render(request, "matching/plan.html", _page(request, saved, form))


def _form(request: MemberRequest, saved: CommutePlan | None) -> PlanForm:
    member = request.member
    return PlanForm(
        member,
        saved,
        request.POST or None,
        places=list(list_places(member)),
        sites=list(list_sites(member)),
        cars=list(list_cars(member)),
    )


def _add_error(form: PlanForm, error: DomainError) -> None:
    """Name the trip's own field, which the domain calls trips.<number>.<name>."""
    names = dict(FIELD_NAMES)
    trips = form.to_trips()
    for field in error.fields:
        kind, _dot, rest = field.partition(".")
        number, _dot, name = rest.partition(".")
        if kind == "trips" and number.isdecimal():
            trip = trips[int(number)]
            part = {"flexibility_s": "flexibility", "role": "role"}.get(name, "at")
            names[field] = f"{trip.direction}_{trip.weekday}_{part}"
    add_error(form, error, names)


def _page(request: MemberRequest, saved: CommutePlan | None, form: PlanForm) -> dict[str, Any]:
    days = list(form.days())
    today = clock.now().astimezone(request.member.organization.zone).date()
    return _proposals(request) | {
        "form": form,
        "plan": saved,
        "has_home": bool(form.fields["home"].choices),  # type: ignore[attr-defined]
        "has_car": len(form.fields["car"].choices) > 1,  # type: ignore[attr-defined]
        "workdays": [day for day in days if day.is_workday],
        "weekend": [day for day in days if not day.is_workday],
        "is_weekend_used": any(_travels(day) for day in days if not day.is_workday),
        "sentences": describe_week(saved.trips.all()) if saved else [],
        "is_paused": saved is not None and saved.is_paused_on(today),
        "pause_form": PauseForm(),
        "runs": _runs(request),
    }


def _travels(day: DayRows) -> bool:
    return any(row.role.value() != "none" for row in day.rows)


def _runs(request: MemberRequest) -> dict[str, Any] | None:
    """Return what a mobility manager sees of the computations."""
    if not is_manager(request.member):
        return None
    day = plans.next_service_day(request.member.organization, clock.now())
    return {
        "form": RunForm(initial={"service_date": day}),
        "list": proposals.list_runs(request.member)[:SHOWN_RUNS],
    }


def _proposals(request: MemberRequest) -> dict[str, Any]:
    """Return what is proposed to the member, and what became of the days without a proposal."""
    now, member = clock.now(), request.member
    listed = proposals.list_open_proposals_for(member, now=now)
    return {
        "proposals": [proposals.ProposalView(one, member) for one in listed],
        "left_over": proposals.list_left_over(member, now=now),
        "failed": proposals.failed_run(member, now=now),
        "is_computing": proposals.is_run_under_way(member),
        "next_day": plans.next_trip_day(member, now=now),
        "now": now,
    }


@member_required
@require_POST
def preview(request: MemberRequest) -> HttpResponse:
    """Say what was entered in sentences, without saving it."""
    form = _form(request, plans.plan_of(request.member))
    context = {"sentences": describe_week(form.preview())}
    return render(request, "matching/_plan_preview.html", context)


@member_required
@require_POST
def pause(request: MemberRequest) -> HttpResponse:
    """Let the plan rest."""
    form = PauseForm(request.POST)
    until: date | None = form.cleaned_data["until"] if form.is_valid() else None
    try:
        services.pause_plan(member=request.member, until=until, now=clock.now())
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, _("Your plan rests. Rides you agreed to stay as they are."))
    return redirect("matching:plan")


@member_required
@require_POST
def resume(request: MemberRequest) -> HttpResponse:
    """Let the plan hold again."""
    services.resume_plan(member=request.member, now=clock.now())
    messages.success(request, _("Your plan holds again."))
    return redirect("matching:plan")


@member_required
@require_POST
def answer(request: MemberRequest, proposal_id: UUID) -> HttpResponse:
    """Say yes or no to a proposal."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please answer yes or no."))
        return redirect("matching:plan")
    yes: bool = form.cleaned_data["answer"]
    try:
        proposal = services.answer_proposal(
            proposal_id=proposal_id,
            by=request.member,
            yes=yes,
            payment=form.payment,
            now=clock.now(),
        )
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect("matching:plan")
    if not yes:
        messages.success(request, _("Fine. The others are told, if it concerns them."))
    elif proposal.state == ProposalState.TAKEN and proposal.ride_id is not None:
        own = proposals.booking_of(proposal, request.member)
        if own is not None and (pay_at := collect_price(booking=own, now=clock.now())):
            return redirect(pay_at)
        if own is not None and own.state == BookingState.HELD:
            messages.warning(request, _("It is not paid yet. Your seat is kept for a while."))
            return redirect("rides:ride", proposal.ride_id)
        messages.success(request, _("Settled. Everybody who said yes has their seat."))
        return redirect("rides:ride", proposal.ride_id)
    else:
        messages.success(request, _("Noted. Your seat is booked as soon as the driver says yes."))
    return redirect("matching:plan")


@member_required
@require_POST
def run(request: MemberRequest) -> HttpResponse:
    """Let a mobility manager ask for proposals now."""
    form = RunForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a day."))
        return redirect("matching:plan")
    try:
        for direction in Direction:
            services.queue_run(
                organization=request.member.organization,
                service_date=form.cleaned_data["service_date"],
                direction=direction,
                by=request.member,
                now=clock.now(),
            )
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, _("Proposals are being computed."))
    return redirect("matching:plan")
