"""What a member does on a ride's page about positions: share, stop, object to a verdict."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import ConsentPurpose
from carpool.kernel import clock
from carpool.kernel.errors import DomainError, NotFound
from carpool.kernel.web import MemberRequest, member_required
from rides.selectors import get_ride_for
from tracking import selectors, services
from tracking.forms import AppealForm, SharingForm


def _act(
    request: MemberRequest, action: Callable[[], object], done: str, ride_id: UUID
) -> HttpResponse:
    """Run one service for a button; say what became of it on the ride's page."""
    try:
        action()
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, done)
    return redirect("rides:ride", ride_id)


@member_required
@require_POST
def share(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Agree to say where one is, for this ride."""
    form = SharingForm(request.POST)
    purposes = form.cleaned_data["purpose"] if form.is_valid() else []
    return _act(
        request,
        lambda: services.share_position(
            ride_id=ride_id,
            by=request.member,
            purposes=[ConsentPurpose(one) for one in purposes],
            now=clock.now(),
        ),
        _("Your position is shared while this page is open, until the ride is over."),
        ride_id,
    )


@member_required
@require_POST
def stop(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Say no more where one is."""
    ride = get_ride_for(request.member, ride_id)
    return _act(
        request,
        lambda: services.stop_sharing_position(ride_id=ride.pk, by=request.member, now=clock.now()),
        _("Your position is no longer shared."),
        ride_id,
    )


@member_required
@require_POST
def appeal(request: MemberRequest, verification_id: UUID) -> HttpResponse:
    """Object to a verdict."""
    verification = selectors.get_verification_for(request.member, verification_id)
    form = AppealForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please say what is wrong."))
        return redirect("rides:ride", verification.ride_id)
    return _act(
        request,
        lambda: services.appeal(
            verification_id=verification_id, by=request.member, now=clock.now(), **form.cleaned_data
        ),
        _("Thank you. A person looks at it and decides."),
        verification.ride_id,
    )
