"""The buttons of a room's page by which two half-empty taxis become one, or stay two."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.web import MemberRequest, member_required
from payments import selectors, services
from payments.forms.rooms import MergerForm
from payments.models import Payment
from rides.selectors import get_room_for, merged_into


@member_required
@require_POST
def answer_merger(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Say yes or no to becoming one with another taxi; who becomes a rider pays with the yes."""
    now, member = clock.now(), request.member
    room = get_room_for(member, room_id)
    proposed = selectors.merger_for(member, room, now=now)
    form = MergerForm(selectors.ways_to_pay(member.organization), request.POST)
    if proposed is None or not form.is_valid():
        messages.error(request, _("This has been answered, or is no longer possible"))
        return redirect("payments:room", room_id)
    accept = form.cleaned_data["answer"] == "yes"
    way = form.chosen if form.cleaned_data["way"] else None
    try:
        payment = services.answer_merger(
            merger_id=proposed.merger.pk,
            by=member,
            accept=accept,
            provider=way.provider if way else "",
            method=way.method if way else "",
            at_most=form.cleaned_data["at_most"],
            now=now,
        )
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect("payments:room", room_id)
    return _after(request, room_id, accept, payment)


def _after(
    request: MemberRequest, room_id: UUID, accept: bool, payment: Payment | None
) -> HttpResponse:
    """Lead to where the payment is approved, to the common room, or back."""
    if payment is not None and payment.pay_at and not payment.captured:
        return redirect(payment.pay_at)
    room = get_room_for(request.member, room_id)
    if not accept:
        messages.success(request, _("Your taxi stays as it is."))
    elif (into := merged_into(room)) is not None:
        messages.success(request, _("The two taxis are one now."))
        return redirect("payments:room", into)
    elif payment is not None and not payment.captured:
        messages.error(request, _("The payment was declined. Your taxi stays as it is."))
    else:
        messages.success(request, _("Thank you. Your answer is recorded."))
    return redirect("payments:room", room_id)
