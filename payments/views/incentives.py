"""Incentives: what managers make of them, and what members can earn and have earned."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.selectors import require_manager
from carpool.kernel import clock
from carpool.kernel.errors import DomainError, Forbidden, NotFound
from carpool.kernel.web import MemberRequest, add_error, member_required
from payments import services
from payments.forms.incentives import IncentiveForm, WhyForm
from payments.models import GivenTo, Incentive, IncentiveState, SponsorBudget
from payments.models.incentives import WRITABLE_STATES
from payments.selectors.desk import FEW
from payments.selectors.incentives import (
    get_incentive,
    list_earned,
    list_earnings,
    list_given,
    list_incentives,
    list_reward_months,
    list_rewards,
    views_of,
)
from payments.selectors.simulations import TRIED_ON

LATEST = 20
SWITCHES = {
    "on": IncentiveState.ON, "pause": IncentiveState.PAUSED, "end": IncentiveState.ENDED,
}  # fmt: skip


@never_cache
@member_required
@require_safe
def earnings(request: MemberRequest) -> HttpResponse:
    """Show what can be earned today, how much of each cap is used, and what was earned."""
    member = request.member
    context = {
        "earnings": list_earnings(member, now=clock.now()),
        "earned": list_earned(member),
        "rewards": list_rewards(member)[:LATEST],
        "currency": member.organization.currency,
    }
    return render(request, "incentives/earnings.html", context)


@never_cache
@member_required
@require_safe
def incentives(request: MemberRequest) -> HttpResponse:
    """Show every incentive of the organization: its rule, what it gave, what one may do."""
    views = list_incentives(request.member)
    budgets = SponsorBudget.objects.filter(organization=request.member.organization_id)
    context = {
        "views": views,
        "has_budget": budgets.exists(),
        "currency": request.member.organization.currency,
        "few": FEW,
    }
    return render(request, "incentives/incentives.html", context)


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_incentive(request: MemberRequest) -> HttpResponse:
    """Write a new incentive."""
    require_manager(request.member)
    organization = request.member.organization
    budget = SponsorBudget.objects.filter(organization=organization).order_by("name").first()
    if budget is None:
        messages.error(request, _("Make a budget first: it pays the rewards."))
        return redirect("payments:budget-new")
    today = clock.now().astimezone(organization.zone).date()
    row = Incentive(
        organization=organization, budget=budget, name=_("Thank you for carpooling"),
        given_to=GivenTo.BOTH, at_sites=True, first_day=today,
    )  # fmt: skip
    return _edit(request, row)


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def incentive(request: MemberRequest, incentive_id: UUID) -> HttpResponse:
    """Change a version that was never on; show one that was, with what it gave."""
    return _edit(request, get_incentive(request.member, incentive_id))


def _edit(request: MemberRequest, row: Incentive) -> HttpResponse:
    is_new, is_writable = row._state.adding, row.state in WRITABLE_STATES
    form = IncentiveForm(row, request.POST or None) if is_writable else None
    if form is not None and request.method == "POST" and form.is_valid():
        saved = _save(request, form)
        if saved is not None:
            return redirect("payments:incentive", saved.pk)
    context: dict[str, Any] = {
        "form": form,
        "is_new": is_new,
        "currency": row.currency,
        "few": FEW,
        "tried_days": TRIED_ON.days,
    }
    if not is_new:
        stored = get_incentive(request.member, row.pk)  # not what was typed
        context |= _known(request, stored)
    return render(request, "incentives/incentive.html", context)


def _known(request: MemberRequest, row: Incentive) -> dict[str, Any]:
    """Return what a version's page shows besides its rule: trial, comparison, what was given."""
    view = views_of([row])[0]
    others = [one for one in list_incentives(request.member) if one.incentive.pk != row.pk]
    tried = [one for one in others if one.simulation is not None]
    beside = request.GET.get("beside", "")
    chosen = next((one for one in tried if str(one.incentive.pk) == beside), None)
    same = next((one for one in tried if one.incentive.series == row.series), None)
    has_few = view.people is None or view.people == 0
    return {
        "view": view,
        "beside": chosen or same,
        "tried": tried,
        "months": list_reward_months(row),
        "given": [] if has_few else list_given(row, now=clock.now()),
        "why": WhyForm(),
        "steps": row.steps.all(),
    }


def _save(request: MemberRequest, form: IncentiveForm) -> Incentive | None:
    try:
        saved = services.save_incentive(
            by=request.member, incentive=form.to_incentive(), now=clock.now()
        )
    except DomainError as error:
        add_error(form, error, {})
        return None
    messages.success(request, _("Saved. Try it on past trips before you switch it on."))
    return saved


@member_required
@require_POST
def try_incentive(request: MemberRequest, incentive_id: UUID) -> HttpResponse:
    """Try a version on past trips."""
    done = _("Tried on past trips. Below you see what it would have given.")
    return _act(
        request, incentive_id, done,
        lambda: services.try_incentive(
            by=request.member, incentive_id=incentive_id, now=clock.now()
        ),
    )  # fmt: skip


@member_required
@require_POST
def switch_incentive(request: MemberRequest, incentive_id: UUID) -> HttpResponse:
    """Switch a version on, pause it, or end it."""
    after = SWITCHES.get(request.POST.get("to", ""), IncentiveState.DRAFT)
    done = {
        IncentiveState.ON: _("On. Trips that are proven from now on are rewarded."),
        IncentiveState.PAUSED: _("Paused. It rewards nothing until you switch it on again."),
        IncentiveState.ENDED: _("Ended. What it has given stays given."),
    }.get(after, "")
    return _act(
        request, incentive_id, done,
        lambda: services.switch_incentive(
            by=request.member, incentive_id=incentive_id, after=after, now=clock.now()
        ),
    )  # fmt: skip


@member_required
@require_POST
def revise_incentive(request: MemberRequest, incentive_id: UUID) -> HttpResponse:
    """Begin the next version of an incentive that is on, or go on with it."""
    get_incentive(request.member, incentive_id)
    try:
        row = services.revise_incentive(
            by=request.member, incentive_id=incentive_id, now=clock.now()
        )
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect("payments:incentive", incentive_id)
    messages.success(request, _("The version that is on goes on until you switch this one on."))
    return redirect("payments:incentive", row.pk)


@member_required
@require_POST
def take_back(request: MemberRequest, reward_id: UUID) -> HttpResponse:
    """Take a reward back."""
    require_manager(request.member)
    form = WhyForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please say why: its person reads it."))
        return redirect("payments:incentives")
    try:
        row = services.take_back_reward(
            reward_id=reward_id, by=request.member, why=form.cleaned_data["why"], now=clock.now()
        )
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect("payments:incentives")
    messages.success(request, _("Taken back, as far as the money was still there."))
    return redirect("payments:incentive", row.incentive_id)


def _act(
    request: MemberRequest, incentive_id: UUID, done: str, action: Callable[[], object]
) -> HttpResponse:
    """Run one service for a button; say on the incentive's page what became of it."""
    try:
        action()
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, done)
    return redirect("payments:incentive", incentive_id)
