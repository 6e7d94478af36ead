"""Pages for rating each other, and for what is known of oneself."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.web import MemberRequest, add_error, member_required
from rides import selectors, services
from rides.forms import ObjectionForm, PageForm, RatingForm, ReportForm
from rides.models import Role
from rides.selectors import RatingView

DEEDS_PER_PAGE = 20


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def rate(request: MemberRequest, booking_id: UUID) -> HttpResponse:
    """Show the form to rate the other person of a booking, and take the rating."""
    now, member = clock.now(), request.member
    view = selectors.view_rating(member, booking_id, now=now)
    rates_driver = view.other_role == Role.DRIVER
    form = RatingForm(rates_driver, request.POST or None, initial=_initial(view))
    if request.method == "POST" and form.is_valid():
        try:
            services.write_review(
                booking_id=booking_id,
                by=member,
                stars=form.to_stars(),
                comment=form.cleaned_data["comment"],
                now=now,
            )
        except DomainError as error:
            add_error(form, error, {})
        else:
            messages.success(request, _("Thank you. Your rating is kept."))
            return redirect("rides:rate", booking_id)
    context = {"view": view, "booking": view.booking, "form": form}
    return render(request, "rides/rate.html", context)


def _initial(view: RatingView) -> dict[str, Any]:
    """Fill the form with what the member said before, while they may change it."""
    names = ("overall", "punctuality", "friendliness", "driving", "comment")
    return {} if view.mine is None else {name: getattr(view.mine, name) for name in names}


@never_cache
@member_required
@require_safe
def reliability(request: MemberRequest) -> HttpResponse:
    """Show how surely others can count on the member, why, and how they were rated."""
    now, member = clock.now(), request.member
    asked = PageForm(request.GET)
    number = asked.cleaned_data["page"] if asked.is_valid() else None
    deeds = Paginator(selectors.list_own_deeds(member, now=now), DEEDS_PER_PAGE)
    context = {
        "known": selectors.get_own_reliability(member, now=now),
        "policy": member.organization.policy,
        "deeds": deeds.get_page(number),
        "received": selectors.list_received(member, now=now)[:DEEDS_PER_PAGE],
    }
    return render(request, "rides/reliability.html", context)


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def object_to_deed(request: MemberRequest, deed_id: int) -> HttpResponse:
    """Show one fact about the member, and take what they say against it."""
    deed = selectors.get_own_deed(request.member, deed_id)
    form = ObjectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.object_to_deed(
                deed_id=deed_id, by=request.member, text=form.cleaned_data["text"], now=clock.now()
            )
        except DomainError as error:
            add_error(form, error, {})
        else:
            messages.success(request, _("Thank you. Somebody looks into it."))
            return redirect("rides:reliability")
    objection = getattr(deed, "objection", None)
    context = {"deed": deed, "form": form, "objection": objection}
    return render(request, "rides/deed.html", context)


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def report_review(request: MemberRequest, review_id: UUID) -> HttpResponse:
    """Show a rating of the member, and take a complaint about it."""
    now = clock.now()
    review = selectors.get_received_review(request.member, review_id, now=now)
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.report_review(
                review_id=review_id, by=request.member, now=now, **form.cleaned_data
            )
        except DomainError as error:
            add_error(form, error, {})
        else:
            messages.success(request, _("Thank you. A moderator looks into it; nobody else knows."))
            return redirect("rides:reliability")
    return render(request, "rides/review_report.html", {"review": review, "form": form})
