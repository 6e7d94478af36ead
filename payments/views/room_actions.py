"""The buttons of a room's page."""

from collections.abc import Callable
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
from payments.forms.rooms import (
    CodeForm,
    FareForm,
    HereForm,
    ObjectionForm,
    PersonForm,
    TaxiForm,
    TopUpForm,
)
from payments.models import TopUp
from rides import services as rides
from rides.errors import RoomNotFound
from rides.models import RoomEnd
from rides.selectors import get_room_for


def _act(
    request: MemberRequest, room_id: UUID, action: Callable[[], object], done: str
) -> HttpResponse:
    """Run one service for a button; say what became of it on the room's page."""
    get_room_for(request.member, room_id)
    try:
        action()
    except NotFound as error:
        if isinstance(error, RoomNotFound):
            raise
        messages.error(request, error.detail)
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, done)
    return redirect("payments:room", room_id)


@member_required
@require_POST
def leave(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Give one's seat back."""
    return _act(
        request,
        room_id,
        lambda: rides.leave_room(room_id=room_id, by=request.member, now=clock.now()),
        _("You have given your seat back."),
    )


@member_required
@require_POST
def ask_to_host(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Ask somebody of the party to take over."""
    member_id = PersonForm(request.POST).id_of("member")
    return _act(
        request,
        room_id,
        lambda: rides.ask_to_host(
            room_id=room_id, by=request.member, member_id=member_id, now=clock.now()
        ),
        _("Asked. Until they say yes you stay the host."),
    )


@member_required
@require_POST
def take_over(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Become the host, as asked."""
    return _act(
        request,
        room_id,
        lambda: rides.take_over(room_id=room_id, by=request.member, now=clock.now()),
        _("You are the host now. What you prepaid comes back to you."),
    )


@member_required
@require_POST
def lock(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Close the party before its time."""
    return _act(
        request,
        room_id,
        lambda: rides.lock_room(room_id=room_id, by=request.member, now=clock.now()),
        _("The party is complete. Now you can call the taxi."),
    )


@member_required
@require_POST
def call_taxi(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Record that the taxi is called, and by what the others know it."""
    form = TaxiForm(request.POST)
    if not form.is_valid():
        get_room_for(request.member, room_id)
        for field, (wrong, *_more) in form.errors.items():
            messages.error(request, f"{form.fields[field].label}: {wrong}")
        return redirect("payments:room", room_id)
    return _act(
        request,
        room_id,
        lambda: rides.call_taxi(
            room_id=room_id, by=request.member, now=clock.now(), **form.cleaned_data
        ),
        _("Everybody knows that the taxi is on its way."),
    )


@member_required
@require_POST
def board(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Let somebody in who says their code."""
    form = CodeForm(request.POST)
    code = form.cleaned_data["code"] if form.is_valid() else ""
    return _act(
        request,
        room_id,
        lambda: rides.board(room_id=room_id, by=request.member, code=code, now=clock.now()),
        _("Aboard."),
    )


@member_required
@require_POST
def mark_absent(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Record that somebody has not come."""
    seat_id = PersonForm(request.POST).id_of("seat")
    return _act(
        request,
        room_id,
        lambda: rides.mark_absent(
            room_id=room_id, seat_id=seat_id, by=request.member, now=clock.now()
        ),
        _("Noted: they have not come. Their code still lets them in."),
    )


@member_required
@require_POST
def depart(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Record that the taxi left."""
    return _act(
        request,
        room_id,
        lambda: rides.depart(room_id=room_id, by=request.member, now=clock.now()),
        _("Have a good ride."),
    )


@member_required
@require_POST
def arrive(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Record that the last one got out."""
    return _act(
        request,
        room_id,
        lambda: rides.arrive(room_id=room_id, by=request.member, now=clock.now()),
        _("You have arrived. Please enter the fare from the receipt."),
    )


@member_required
@require_POST
def cancel(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Call the whole thing off."""
    reason = RoomEnd.NO_TAXI if request.POST.get("reason") == RoomEnd.NO_TAXI else RoomEnd.HOST
    return _act(
        request,
        room_id,
        lambda: rides.cancel_room(
            room_id=room_id, by=request.member, reason=reason, now=clock.now()
        ),
        _("The room is cancelled. Everybody gets all their money back."),
    )


@member_required
@require_POST
def check_in(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Record that somebody is at the meeting point."""
    form = HereForm(request.POST)
    place = form.cleaned_data["place"] if form.is_valid() else None
    if place is None:
        messages.error(request, _("Your device does not say where it is."))
        return redirect("payments:room", room_id)
    return _act(
        request,
        room_id,
        lambda: rides.check_in(room_id=room_id, by=request.member, place=place, now=clock.now()),
        _("Noted: you are there."),
    )


@member_required
@require_POST
def answer_top_up(request: MemberRequest, room_id: UUID, top_up_id: UUID) -> HttpResponse:
    """Say yes or no to paying more."""
    get_room_for(request.member, room_id)
    form = TopUpForm(selectors.ways_to_pay(request.member.organization), request.POST)
    if not form.is_valid():
        messages.error(request, _("Please answer yes or no."))
        return redirect("payments:room", room_id)
    accept = form.cleaned_data["answer"] == "yes"
    way = form.chosen if form.cleaned_data["way"] else None
    answered: list[TopUp] = []

    def answer() -> None:
        answered.append(
            services.answer_top_up(
                top_up_id=top_up_id,
                by=request.member,
                accept=accept,
                provider=way.provider if way else "",
                method=way.method if way else "",
                now=clock.now(),
            )
        )

    done = _("Thank you. Your answer is recorded.")
    shown = _act(request, room_id, answer, done)
    payment = answered[0].payment if answered and accept else None
    waits = payment is not None and payment.pay_at and not payment.captured
    return redirect(payment.pay_at) if payment is not None and waits else shown


@member_required
@require_POST
def absorb(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Let the host carry what is missing."""
    return _act(
        request,
        room_id,
        lambda: services.absorb(room_id=room_id, by=request.member, now=clock.now()),
        _("You carry the rest. Nobody is asked any more."),
    )


@member_required
@require_POST
def enter_fare(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Enter what the taxi cost."""
    room = get_room_for(request.member, room_id)
    form = FareForm(room.organization.currency, request.POST, request.FILES)
    if not form.is_valid():
        for texts in form.errors.values():
            messages.error(request, str(texts[0]))
        return redirect("payments:room", room_id)
    said = form.cleaned_data
    return _act(
        request,
        room_id,
        lambda: services.enter_fare(
            room_id=room_id,
            by=request.member,
            amount=said["amount"],
            photo=said["photo"],
            now=clock.now(),
        ),
        _("The fare is entered."),
    )


@member_required
@require_POST
def dispute(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Object to one's own part."""
    room = get_room_for(request.member, room_id)
    fare = selectors.room_money(room, request.member).fare
    form = ObjectionForm(request.POST)
    if fare is None or not form.is_valid():
        messages.error(request, _("Please say what is wrong."))
        return redirect("payments:room", room_id)
    return _act(
        request,
        room_id,
        lambda: services.open_dispute(
            fare_id=fare.pk, by=request.member, reason=form.cleaned_data["reason"], now=clock.now()
        ),
        _("Your objection is being looked at. Your part is held until then."),
    )
