"""Actions on a booking: of its rider, and of the driver."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from carpool.kernel import clock
from carpool.kernel.web import MemberRequest, member_required
from rides import selectors, services
from rides.forms import AnswerForm
from rides.views.riding import act, why


def _ride_of(request: MemberRequest, booking_id: UUID) -> UUID:
    return selectors.get_booking_for(request.member, booking_id).ride_id


@member_required
@require_POST
def confirm_booking(request: MemberRequest, booking_id: UUID) -> HttpResponse:
    """Accept a booking that waits."""
    return act(
        request,
        lambda: services.confirm_booking(booking_id=booking_id, by=request.member, now=clock.now()),
        _("Confirmed. Your colleague has been told."),
        _ride_of(request, booking_id),
    )


@member_required
@require_POST
def decline_booking(request: MemberRequest, booking_id: UUID) -> HttpResponse:
    """Refuse a booking that waits."""
    reason = why(request)["reason"]
    return act(
        request,
        lambda: services.decline_booking(
            booking_id=booking_id, by=request.member, reason=reason, now=clock.now()
        ),
        _("Declined. The seat is free again."),
        _ride_of(request, booking_id),
    )


@member_required
@require_POST
def cancel_booking(request: MemberRequest, booking_id: UUID) -> HttpResponse:
    """Give a seat back."""
    said = why(request)
    return act(
        request,
        lambda: services.cancel_booking(
            booking_id=booking_id, by=request.member, **said, now=clock.now()
        ),
        _("The booking is cancelled."),
        _ride_of(request, booking_id),
    )


@member_required
@require_POST
def mark_missing(request: MemberRequest, booking_id: UUID) -> HttpResponse:
    """Note that a rider was not there."""
    return act(
        request,
        lambda: services.mark_missing(booking_id=booking_id, by=request.member, now=clock.now()),
        _("Noted. Your colleague can object when asked."),
        _ride_of(request, booking_id),
    )


@member_required
@require_POST
def answer_booking(request: MemberRequest, booking_id: UUID) -> HttpResponse:
    """Say whether a ride took place."""
    ride_id, form = _ride_of(request, booking_id), AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please answer yes or no."))
        return redirect("rides:ride", ride_id)
    return act(
        request,
        lambda: services.answer_validation(
            booking_id=booking_id,
            by=request.member,
            took_place=form.cleaned_data["answer"],
            now=clock.now(),
        ),
        _("Thank you. Your answer is recorded."),
        ride_id,
    )


@member_required
@require_POST
def answer_change(request: MemberRequest, booking_id: UUID) -> HttpResponse:
    """Say whether a changed ride still suits."""
    ride_id, form = _ride_of(request, booking_id), AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please answer yes or no."))
        return redirect("rides:ride", ride_id)
    agrees = form.cleaned_data["answer"]
    done = _("Good. You keep your seat at the new times.")
    if not agrees:
        done = _("Your seat is given back, free of charge. We look for another ride.")
    return act(
        request,
        lambda: services.answer_change(
            booking_id=booking_id, by=request.member, agrees=agrees, now=clock.now()
        ),
        done,
        ride_id,
    )
