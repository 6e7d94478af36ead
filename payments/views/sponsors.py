"""What managers decide of their organization's share in fares, and what it has paid."""

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
from carpool.kernel.errors import DomainError
from carpool.kernel.web import MemberRequest, add_error, member_required
from payments import services
from payments.forms.sponsors import BudgetForm
from payments.models import SponsorBudget
from payments.selectors.budgets import (
    effects_of,
    get_budget,
    list_budget_months,
    list_budgets,
    list_deposits,
    usual_prepay,
)
from payments.selectors.desk import FEW


@never_cache
@member_required
@require_safe
def sponsor(request: MemberRequest) -> HttpResponse:
    """Show every budget: its rules, what came in, what it paid, what is left."""
    now, organization = clock.now(), request.member.organization
    usual = usual_prepay(organization, now=now)
    views = list_budgets(request.member, now=now)
    context = {
        "budgets": [(one, effects_of(one.budget, usual)[1]) for one in views],
        "currency": organization.currency,
    }
    return render(request, "sponsors/budgets.html", context)


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_budget(request: MemberRequest) -> HttpResponse:
    """Decide the rules of a new budget."""
    require_manager(request.member)
    today = clock.now().astimezone(request.member.organization.zone).date()
    budget = SponsorBudget(
        organization=request.member.organization, name=_("Our share"), percent=50,
        first_day=today, pays_rides=bool(request.member.organization.policy.prepays_rides),
    )  # fmt: skip
    return _edit(request, budget)


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def budget(request: MemberRequest, budget_id: UUID) -> HttpResponse:
    """Change the rules of a budget, after a look at what they would do."""
    return _edit(request, get_budget(request.member, budget_id))


def _edit(request: MemberRequest, row: SponsorBudget) -> HttpResponse:
    is_new, now = row._state.adding, clock.now()
    usual = usual_prepay(request.member.organization, now=now)
    form = BudgetForm(row, request.POST or None, initial={"usual": usual})
    effects: list[Any] = [] if is_new else effects_of(row, usual)
    if request.method == "POST" and form.is_valid():
        entered = form.to_budget()
        effects = effects_of(entered, form.cleaned_data["usual"])
        if "save" in request.POST and _save(request, form, entered):
            return redirect("payments:sponsor")
    context = {
        "form": form,
        "trips": [form["pays_rooms"], form["pays_rides"]],
        "effects": effects,
        "is_new": is_new,
        "is_tried": request.method == "POST" and form.is_valid(),
        "few": FEW,
        "currency": request.member.organization.currency,
    }
    if not is_new:
        views = list_budgets(request.member, now=now)
        context |= {
            "view": next(one for one in views if one.budget.pk == row.pk),
            "months": list_budget_months(row),
            "deposits": list_deposits(row),
        }
    return render(request, "sponsors/budget.html", context)


def _save(request: MemberRequest, form: BudgetForm, entered: SponsorBudget) -> bool:
    try:
        services.save_budget(by=request.member, budget=entered, chosen=form.chosen)
    except DomainError as error:
        add_error(form, error, {})
        return False
    messages.success(request, _("Saved. It holds for seats that are taken from now on."))
    return True


@member_required
@require_POST
def open_budget(request: MemberRequest, budget_id: UUID) -> HttpResponse:
    """Let a budget pay."""
    done = _("Open. From now on the price shows what your organization pays.")
    return _switch(request, budget_id, True, done)


@member_required
@require_POST
def close_budget(request: MemberRequest, budget_id: UUID) -> HttpResponse:
    """Let a budget pay no more."""
    done = _("Closed. Seats that it has paid for stay paid.")
    return _switch(request, budget_id, False, done)


def _switch(request: MemberRequest, budget_id: UUID, is_on: bool, done: str) -> HttpResponse:
    get_budget(request.member, budget_id)
    try:
        services.switch_budget(by=request.member, budget_id=budget_id, is_on=is_on)
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, done)
    return redirect("payments:sponsor")
