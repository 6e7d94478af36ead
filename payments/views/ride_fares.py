"""The price of a seat in a planned ride: paying it, and objecting to a fee."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from carpool.kernel import clock
from carpool.kernel.errors import DomainError, NotFound
from carpool.kernel.web import MemberRequest, member_required
from payments import selectors, services
from payments.errors import RideFareNotFound
from payments.forms.rooms import ObjectionForm, PayForm
from rides.services import PayBy


@member_required
@require_POST
def pay_for_booking(request: MemberRequest, booking_id: UUID) -> HttpResponse:
    """Pay by the way that was chosen; lead on to the provider, or back to the ride."""
    fare = selectors.get_fare(request.member, booking_id)
    if fare.rider_id != request.member.pk:
        raise RideFareNotFound
    form = PayForm(selectors.ways_to_pay(request.member.organization), request.POST)
    if not form.is_valid():
        messages.error(request, _("Please choose how you pay."))
        return redirect("rides:ride", fare.ride_id)
    way = form.chosen
    try:
        payment = services.pay_for_booking(
            booking_id=booking_id,
            by=request.member,
            way=PayBy(way.provider, way.method),
            now=clock.now(),
        )
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect("rides:ride", fare.ride_id)
    if payment.pay_at and not payment.captured:
        return redirect(payment.pay_at)
    if payment.captured:
        messages.success(request, _("It is paid. Your seat is certain."))
    return redirect("rides:ride", fare.ride_id)


@member_required
@require_POST
def contest_fee(request: MemberRequest, booking_id: UUID) -> HttpResponse:
    """Object to a fee for giving the seat back late, or for not coming."""
    fare = selectors.get_fare(request.member, booking_id)
    if fare.rider_id != request.member.pk:
        raise RideFareNotFound
    form = ObjectionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please say what is wrong."))
        return redirect("rides:ride", fare.ride_id)
    try:
        services.contest_fee(
            booking_id=booking_id,
            by=request.member,
            reason=form.cleaned_data["reason"],
            now=clock.now(),
        )
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, _("Your objection is being looked at. The fee is held."))
    return redirect("rides:ride", fare.ride_id)
