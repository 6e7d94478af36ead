"""Subscribers: facts in; conversations brought up to date and live messages out."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from accounts.events import BudgetNearlyUsed, CompanyChanged, MemberWithdrawn, MessageHidden
from carpool.kernel import clock
from chat import selectors, services
from chat.services import preferences, telling, telling_changes, telling_rooms
from chat.services.parting import leave_conversations, part_people
from rides.events import (
    BookingStateChanged,
    ChangeQuestionMoved,
    DeedObjectionDecided,
    MergerChanged,
    ProposalChanged,
    RecurringDaysSkipped,
    RequestMatched,
    RequestOfferChanged,
    RequestStateChanged,
    ReviewOpened,
    RideAltered,
    RideMoneyChanged,
    RiderAlighted,
    RiderBoarded,
    RideStateChanged,
    RoomHostAsked,
    RoomHostChanged,
    RoomMoneyChanged,
    RoomStateChanged,
    SeatStateChanged,
    StopVisited,
    TripJudged,
)


def on_message_hidden(event: MessageHidden) -> None:
    """Take the message out of sight, as a moderator decided."""
    services.remove_message(message_id=int(event.message_id), now=clock.now())


def on_company_changed(event: CompanyChanged) -> None:
    """Let nobody write to whom they are kept apart from."""
    part_people(member_id=event.member_id, now=clock.now())


def on_member_withdrawn(event: MemberWithdrawn) -> None:
    """Let nobody wait for an answer of somebody who has gone."""
    leave_conversations(member_id=event.member_id, now=clock.now())


def on_ride_changed(event: RideStateChanged | StopVisited) -> None:
    """Tell everybody on the ride, and every page that shows it."""
    name = "stop_visited" if isinstance(event, StopVisited) else f"ride_{event.after}"
    _tell_ride(event.ride_id, name, event.at)


def on_booking_changed(event: BookingStateChanged) -> None:
    """Tell everybody on the ride, and every page that shows it."""
    _tell_ride(event.ride_id, f"booking_{event.after}", event.at, booking=str(event.booking_id))


def on_ride_altered(event: RideAltered | ChangeQuestionMoved) -> None:
    """Tell everybody on a ride, and every page that shows it, that it is another one now."""
    _tell_ride(event.ride_id, "ride_altered", event.at)


def on_trip_judged(event: TripJudged) -> None:
    """Tell every page that shows the ride; what was judged, each may ask for."""
    _tell_ride(event.ride_id, "trip_judged", event.at)


def on_rider_moved(event: RiderBoarded | RiderAlighted) -> None:
    """Tell everybody on an instant ride who got in, or out."""
    name = "rider_boarded" if isinstance(event, RiderBoarded) else "rider_alighted"
    _tell_ride(event.ride_id, name, event.at, booking=str(event.booking_id))


def on_room_changed(event: RoomStateChanged) -> None:
    """Tell everybody in the room, and every page that shows it."""
    _tell_room(event.room_id, f"room_{event.after}", event.at)


def on_seat_changed(event: SeatStateChanged) -> None:
    """Tell everybody in the room, and every page that shows it."""
    _tell_room(event.room_id, "seats_changed", event.at)


def on_host_changed(event: RoomHostChanged | RoomHostAsked) -> None:
    """Tell everybody in the room, and every page that shows it."""
    what = "host_asked" if isinstance(event, RoomHostAsked) else "host_changed"
    _tell_room(event.room_id, what, event.at)


def on_room_money_changed(event: RoomMoneyChanged) -> None:
    """Tell every page that shows the room; what about its money it is, each may ask for."""
    _tell_room(event.room_id, "room_money", event.at)


def on_merger_changed(event: MergerChanged) -> None:
    """Tell every page that shows either of two rooms that could be one, or are by now."""
    for room_id in (event.stays_id, event.goes_id):
        _tell_room(room_id, f"merger_{event.after}", event.at)


def on_ride_money_changed(event: RideMoneyChanged) -> None:
    """Tell every page that shows the ride; what about its money it is, each may ask for."""
    _tell_ride(event.ride_id, "ride_money", event.at)


def on_travellers_changed(event: BookingStateChanged | RideStateChanged) -> None:
    """Let the ride's conversation follow who travels along."""
    services.follow_ride(ride_id=event.ride_id, now=event.at)


def on_party_changed(event: SeatStateChanged | RoomStateChanged | RoomHostChanged) -> None:
    """Let the room's conversation follow who shares the taxi."""
    services.follow_room(room_id=event.room_id, now=event.at)


def on_request_changed(event: RequestStateChanged | RequestMatched) -> None:
    """Tell whoever left the request."""
    what = "matched" if isinstance(event, RequestMatched) else event.after
    people = selectors.owner_of_request(event.request_id)
    services.announce(
        topics=[(services.MEMBER, pk) for pk in people],
        event=f"request_{what}",
        data={"request": str(event.request_id)},
        now=clock.now(),
    )


def on_proposal_changed(event: ProposalChanged) -> None:
    """Tell whom the proposal concerns."""
    services.announce(
        topics=[(services.MEMBER, event.member_id)],
        event=f"proposal_{event.state}",
        data={"proposal": str(event.proposal_id)},
        now=clock.now(),
    )


def notify_of_days(event: RecurringDaysSkipped) -> None:
    """Notify a driver of days that their repeating ride leaves out."""
    telling.tell_of_days(
        recurring_id=event.recurring_id,
        member_id=event.member_id,
        first_date=event.first_date,
        days=event.days,
        now=clock.now(),
    )


def notify_of_request_offer(event: RequestOfferChanged) -> None:
    """Notify a rider of a ride that is offered to them, or its driver of how that ended."""
    telling.tell_of_request_offer(
        offer_id=event.offer_id, state=event.state, reason=event.reason, now=clock.now()
    )


def notify_of_booking(event: BookingStateChanged) -> None:
    """Notify rider and driver of a booking."""
    telling.tell_of_booking(
        booking_id=event.booking_id, before=event.before, after=event.after, now=clock.now()
    )


def notify_of_change(event: RideAltered) -> None:
    """Notify those aboard of a ride that its driver has changed."""
    telling_changes.tell_of_change(ride_id=event.ride_id, at=event.at, now=clock.now())


def notify_of_verdict(event: TripJudged) -> None:
    """Notify somebody of what their positions prove."""
    telling_changes.tell_of_verdict(
        booking_id=event.booking_id, member_id=event.member_id, what=event.what, now=clock.now()
    )


def notify_of_question(event: ChangeQuestionMoved) -> None:
    """Notify a rider whom a change does not suit, or its driver of the answer."""
    telling_changes.tell_of_question(
        question_id=event.question_id, state=event.state, now=clock.now()
    )


def notify_of_review(event: ReviewOpened) -> None:
    """Notify somebody that they were rated."""
    telling.tell_of_review(booking_id=event.booking_id, member_id=event.member_id, now=clock.now())


def notify_of_objection(event: DeedObjectionDecided) -> None:
    """Notify somebody of what was decided about a line of theirs."""
    if event.room_id is not None:
        telling_rooms.tell_of_objection(
            room_id=event.room_id, member_id=event.member_id, granted=event.granted, at=event.at
        )
    if event.booking_id is None:
        return
    telling.tell_of_objection(
        booking_id=event.booking_id,
        member_id=event.member_id,
        granted=event.granted,
        now=clock.now(),
    )


def notify_of_ride(event: RideStateChanged) -> None:
    """Notify those aboard of a ride that moves on."""
    telling.tell_of_ride(ride_id=event.ride_id, after=event.after, now=clock.now())


def notify_of_stop(event: StopVisited) -> None:
    """Notify a rider that the car is there."""
    telling.tell_of_stop(ride_id=event.ride_id, stop_id=event.stop_id, now=clock.now())


def notify_of_match(event: RequestMatched) -> None:
    """Notify a rider of a ride that fits."""
    telling.tell_of_match(request_id=event.request_id, ride_id=event.ride_id, now=clock.now())


def notify_of_request(event: RequestStateChanged) -> None:
    """Notify a rider that their request ran out of time."""
    telling.tell_of_request(request_id=event.request_id, after=event.after, now=clock.now())


def notify_of_proposal(event: ProposalChanged) -> None:
    """Notify a member of a proposed carpool."""
    telling.tell_of_proposal(
        proposal_id=event.proposal_id, member_id=event.member_id, state=event.state, now=clock.now()
    )


def notify_of_seat(event: SeatStateChanged) -> None:
    """Notify the host of who comes along, and who does not any more."""
    telling_rooms.tell_of_seat(seat_id=event.seat_id, before=event.before, after=event.after)


def notify_of_room(event: RoomStateChanged) -> None:
    """Notify the people in a room that moves on."""
    telling_rooms.tell_of_room(room_id=event.room_id, after=event.after)


def notify_of_next_host(event: RoomHostAsked) -> None:
    """Notify whom the host asks to take over."""
    telling_rooms.tell_of_next_host(room_id=event.room_id, member_id=event.member_id, at=event.at)


def notify_of_money(event: RoomMoneyChanged) -> None:
    """Notify somebody of what concerns their purse."""
    telling_rooms.tell_of_money(
        room_id=event.room_id, member_id=event.member_id, what=event.what, at=event.at
    )


def notify_of_merger(event: MergerChanged) -> None:
    """Notify both hosts, or everybody, of two rooms that could be one, or are."""
    telling_rooms.tell_of_merger(merger_id=event.merger_id, before=event.before, after=event.after)


def notify_of_price(event: RideMoneyChanged) -> None:
    """Notify somebody of the price of a seat."""
    telling.tell_of_price(
        booking_id=event.booking_id,
        member_id=event.member_id,
        what=event.what,
        at=event.at,
        now=clock.now(),
    )


def notify_of_budget(event: BudgetNearlyUsed) -> None:
    """Notify those who steer an organization of what is nearly used up."""
    telling.tell_of_budget(
        organization_id=event.organization_id,
        subject_id=event.subject_id,
        percent=event.percent,
        at=event.at,
        now=clock.now(),
    )


def on_signed_out(request: HttpRequest, **_named: Any) -> None:
    """Push nothing more to the browser at which somebody signed out."""
    session = getattr(request, "session", None)
    preferences.forget_session(session_key=(session.session_key or "") if session else "")


def _tell_room(room_id: UUID, event: str, at: datetime) -> None:
    people = [(services.MEMBER, pk) for pk in selectors.people_of_room(room_id)]
    services.announce(
        topics=[(services.ROOM, room_id), *people],
        event=event,
        data={"room": str(room_id)},
        now=at,
    )


def _tell_ride(ride_id: UUID, event: str, at: datetime, **data: str) -> None:
    people = [(services.MEMBER, pk) for pk in selectors.people_of_ride(ride_id)]
    services.announce(
        topics=[(services.RIDE, ride_id), *people],
        event=event,
        data={"ride": str(ride_id), **data},
        now=at,
    )
