"""The page of people who look for a ride along one's way."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from carpool.kernel import clock
from carpool.kernel.errors import DomainError, NotFound
from carpool.kernel.web import MemberRequest, member_required
from matching import selectors, services
from matching.forms import RideForm
from rides.errors import RideNotFound
from rides.selectors import list_rides
from rides.services import withdraw_request_offer


@never_cache
@member_required
@require_safe
def along(request: MemberRequest) -> HttpResponse:
    """Show who looks for a ride along the rides that the member has published."""
    now = clock.now()
    context = {
        "sought": selectors.list_sought_along(request.member, now=now),
        "drives": list_rides(request.member).bookable(now).exists(),  # type: ignore[attr-defined]
    }
    return render(request, "matching/along.html", context)


def _act(request: MemberRequest, action: Callable[[], object], done: str) -> HttpResponse:
    try:
        action()
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, done)
    return redirect("matching:along")


@member_required
@require_POST
def offer_along(request: MemberRequest, request_id: UUID) -> HttpResponse:
    """Offer a ride to one of them."""
    form = RideForm(request.POST)
    if not form.is_valid():
        raise RideNotFound
    return _act(
        request,
        lambda: services.offer_along(
            request_id=request_id,
            ride_id=form.cleaned_data["ride"],
            by=request.member,
            now=clock.now(),
        ),
        _("Offered. Your colleague compares and chooses; we tell you."),
    )


@member_required
@require_POST
def withdraw_offer(request: MemberRequest, offer_id: UUID) -> HttpResponse:
    """Take such an offer back."""
    return _act(
        request,
        lambda: withdraw_request_offer(offer_id=offer_id, by=request.member, now=clock.now()),
        _("Taken back. Your ride stays published."),
    )
