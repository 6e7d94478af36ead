"""Who hears of what: from the facts that rides tell to news for each member concerned.

Whoever did something is not told of it; they get a receipt by mail, which puts the trip into their
calendar or takes it out again.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Member, MemberRole
from chat.models import Kind, Notification
from chat.services.notifications import News, tell
from rides.models import (
    Booking,
    BookingState,
    QuestionState,
    RequestOffer,
    RequestOfferEnd,
    RequestOfferState,
    Ride,
    RideRequest,
    RideState,
    Stop,
    StopKind,
)
from rides.permissions import can_rate

# Smaller moves are within what one waits at the kerb anyway.
WORTH_TELLING = timedelta(minutes=2)
# News of what is to be done is news only as long as it is to be done.
_TO_DO = {BookingState.WAITING_CONFIRMATION, BookingState.COMPLETED_PENDING_VALIDATION}
WITH_PEOPLE = ("rider", "ride__driver", "ride__organization")


def tell_of_booking(*, booking_id: UUID, before: str, after: str, now: datetime) -> None:
    """Tell rider and driver that a booking came into being or moved on."""
    booking = Booking.objects.select_related(*WITH_PEOPLE).filter(pk=booking_id).first()
    if booking is None:
        return
    writers: dict[BookingState, Callable[[Booking, str], Iterator[News]]] = {
        BookingState.WAITING_CONFIRMATION: _requested,
        BookingState.CONFIRMED: _confirmed,
        BookingState.CANCELLED: _cancelled,
        BookingState.COMPLETED_PENDING_VALIDATION: _asked,
        BookingState.VALIDATED: partial(_to_rate, now=now),
    }
    write = writers.get(BookingState(after))
    is_stale = after in _TO_DO and booking.state != after  # answered, before this was delivered
    if write is not None and not is_stale:
        tell(write(booking, before), now=now)
    if after != BookingState.COMPLETED_PENDING_VALIDATION:
        _tell_moved(booking.ride, now=now)


def news_of(booking: Booking, member: Member, kind: Kind, step: str, **facts: Any) -> News:
    """Write news of a booking for its rider or its driver, of whom the other one is shown."""
    is_rider = member.pk == booking.rider_id
    return News(
        member_id=member.pk,
        kind=kind,
        occasion=f"booking:{booking.pk}:{step}",
        actor=booking.ride.driver if is_rider else booking.rider,
        ride=booking.ride,
        booking=booking,
        trip_at=booking.pickup_at if is_rider else booking.ride.departure_at,
        facts={"pickup_at": booking.pickup_at.isoformat(), "is_rider": is_rider, **facts},
    )


def _requested(booking: Booking, before: str) -> Iterator[News]:  # noqa: ARG001 (one of a table)
    by = booking.decide_by.isoformat() if booking.decide_by else None
    driver = booking.ride.driver
    yield news_of(booking, driver, Kind.BOOKING_REQUESTED, "asked", seats=booking.seats, by=by)


def _confirmed(booking: Booking, before: str) -> Iterator[News]:
    rider, driver = booking.rider, booking.ride.driver
    if before == BookingState.WAITING_CONFIRMATION:
        yield news_of(booking, rider, Kind.BOOKING_CONFIRMED, "confirmed")
        yield news_of(booking, driver, Kind.BOOKING_RECEIPT, "confirmed", what="confirmed")
    else:
        yield news_of(booking, driver, Kind.BOOKING_MADE, "confirmed", seats=booking.seats)
        yield news_of(booking, rider, Kind.BOOKING_RECEIPT, "confirmed", what="booked")


def _cancelled(booking: Booking, before: str) -> Iterator[News]:
    rider, driver, by = booking.rider, booking.ride.driver, booking.cancelled_by_id
    was_confirmed = before == BookingState.CONFIRMED
    question = booking.questions.filter(ended_at=booking.cancelled_at).last()
    if before == BookingState.HELD and booking.ride.cancelled_at is None:
        return  # Nobody counted on it; that it was not paid is told with the price.
    if booking.ride.cancelled_at is not None:
        yield news_of(booking, rider, Kind.RIDE_CANCELLED, "over")
        return
    if by == rider.pk:
        yield news_of(booking, driver, Kind.BOOKING_CANCELLED, "over")
        if was_confirmed:
            yield news_of(booking, rider, Kind.BOOKING_RECEIPT, "over", what="cancelled")
        return
    if not was_confirmed:
        yield news_of(booking, rider, Kind.BOOKING_DECLINED, "over", answered=by is not None)
        return
    if question is not None and question.state == QuestionState.REFUSED:
        yield news_of(booking, rider, Kind.BOOKING_RECEIPT, "over", what="cancelled")
    else:
        lapsed = question is not None and question.state == QuestionState.LAPSED
        yield news_of(booking, rider, Kind.BOOKING_CANCELLED, "over", lapsed=lapsed)
    if by == driver.pk:
        yield news_of(booking, driver, Kind.BOOKING_RECEIPT, "over", what="dropped")
    else:
        yield news_of(booking, driver, Kind.BOOKING_CANCELLED, "over")


def _asked(booking: Booking, before: str) -> Iterator[News]:  # noqa: ARG001 (one of a table)
    for member in (booking.rider, booking.ride.driver):
        yield news_of(booking, member, Kind.VALIDATION_ASKED, "asked_afterwards")


def _to_rate(booking: Booking, before: str, *, now: datetime) -> Iterator[News]:  # noqa: ARG001 (one of a table)
    """Ask whoever has not rated the other, once it is certain that they travelled together."""
    rated = set(booking.reviews.values_list("author", flat=True))
    for member in (booking.rider, booking.ride.driver):
        if can_rate(member, booking, now) and member.pk not in rated:
            yield news_of(booking, member, Kind.RIDE_TO_RATE, "to_rate")


def tell_of_review(*, booking_id: UUID, member_id: UUID, now: datetime) -> None:
    """Tell somebody that they can read how they were rated; not how."""
    booking = Booking.objects.select_related(*WITH_PEOPLE).filter(pk=booking_id).first()
    if booking is None:
        return
    member = booking.rider if member_id == booking.rider_id else booking.ride.driver
    tell([news_of(booking, member, Kind.RATED, "rated")], now=now)


@transaction.atomic
def _tell_moved(ride: Ride, *, now: datetime) -> None:
    """Tell riders whose pick-up is not when they were told last: somebody else got in or out."""
    if ride.is_instant:
        return  # at the kerb everybody sees when it leaves
    bookings = Booking.objects.filter(ride=ride, state=BookingState.CONFIRMED)
    told = _last_told(ride)
    moved = []
    for booking in bookings.select_related(*WITH_PEOPLE):
        last = told.get((booking.rider_id, booking.pk))
        if last is None or abs(booking.pickup_at - last) < WORTH_TELLING:
            continue
        step = f"pickup:{booking.pickup_at.isoformat()}:{last.isoformat()}"
        moved.append(
            news_of(booking, booking.rider, Kind.PICKUP_MOVED, step, before=last.isoformat())
        )
    tell(moved, now=now)


def _last_told(ride: Ride) -> dict[tuple[UUID, UUID | None], datetime]:
    rows = (
        Notification.objects.filter(ride=ride, booking__isnull=False, facts__has_key="pickup_at")
        .order_by("member", "booking", "-created_at", "-id")
        .distinct("member", "booking")
        .values_list("member", "booking", "facts")
    )
    return {(who, what): datetime.fromisoformat(facts["pickup_at"]) for who, what, facts in rows}


_TO_PAY = {"pay_asked", "declined", "lapsed"}
_REWARDS = {"rewarded", "reward_back"}
# Of these the news of the booking tells already.
_TOLD_ELSEWHERE = {"paid"}


def tell_of_objection(*, booking_id: UUID, member_id: UUID, granted: bool, now: datetime) -> None:
    """Tell somebody what was decided about a line of theirs to which they had objected."""
    booking = Booking.objects.select_related(*WITH_PEOPLE).filter(pk=booking_id).first()
    if booking is None:
        return
    member = booking.rider if member_id == booking.rider_id else booking.ride.driver
    if member.pk == member_id:
        kind = Kind.OBJECTION_DECIDED
        tell([news_of(booking, member, kind, "objection", granted=granted)], now=now)


def tell_of_price(
    *, booking_id: UUID, member_id: UUID, what: str, at: datetime, now: datetime
) -> None:
    """Tell a rider to pay, and both where a price went or what was rewarded; sums are elsewhere."""
    booking = Booking.objects.select_related(*WITH_PEOPLE).filter(pk=booking_id).first()
    if booking is None or what in _TOLD_ELSEWHERE:
        return
    member = booking.rider if member_id == booking.rider_id else booking.ride.driver
    if member_id != member.pk or (what == "call_off_seat" and member.pk != booking.rider_id):
        return
    kind = Kind.SEAT_TO_PAY if what in _TO_PAY else Kind.SEAT_SETTLED
    kind = Kind.REWARD_GIVEN if what in _REWARDS else kind
    tell([news_of(booking, member, kind, f"price:{what}:{at.isoformat()}", what=what)], now=now)


def tell_of_ride(*, ride_id: UUID, after: str, now: datetime) -> None:
    """Tell those aboard that a ride leaves soon or has left; its driver, that it is withdrawn."""
    ride = Ride.objects.select_related("driver").filter(pk=ride_id).first()
    if ride is None:
        return
    has_left = ride.started_at is not None or now >= ride.departure_at
    if after == RideState.DEPARTING and (has_left or ride.cancelled_at is not None):
        return  # It was delivered too late to be of use.
    writers = {
        RideState.DEPARTING: _departing,
        RideState.IN_TRANSIT: _left,
        RideState.CANCELLED: _withdrawn,
    }
    write = writers.get(RideState(after))
    if write is not None:
        tell(write(ride), now=now)


def _aboard(ride: Ride) -> list[Booking]:
    confirmed = Booking.objects.filter(ride=ride, state=BookingState.CONFIRMED)
    return list(confirmed.select_related(*WITH_PEOPLE))


def _departing(ride: Ride) -> Iterator[News]:
    aboard = _aboard(ride)
    for booking in aboard:
        yield news_of(booking, booking.rider, Kind.RIDE_DEPARTING, "departing")
    if aboard:
        yield _of_ride(ride, Kind.RIDE_DEPARTING, "departing", riders=len(aboard))


def _of_ride(ride: Ride, kind: Kind, step: str, **facts: Any) -> News:
    """Write news of a ride for its driver."""
    return News(
        member_id=ride.driver_id,
        kind=kind,
        occasion=f"ride:{ride.pk}:{step}",
        ride=ride,
        trip_at=ride.departure_at,
        facts={"departure_at": ride.departure_at.isoformat(), "is_rider": False, **facts},
    )


def _left(ride: Ride) -> Iterator[News]:
    if ride.started_at is None:
        return  # Only the clock says so.
    for booking in _aboard(ride):
        yield news_of(booking, booking.rider, Kind.DRIVER_LEFT, "left")


def _withdrawn(ride: Ride) -> Iterator[News]:
    if ride.bookings.exists():
        yield _of_ride(ride, Kind.BOOKING_RECEIPT, "withdrawn", what="withdrawn")


def tell_of_days(
    *, recurring_id: UUID, member_id: UUID, first_date: str, days: int, now: datetime
) -> None:
    """Tell a driver on which days their repeating ride is not offered: they drive elsewhere."""
    news = News(
        member_id=member_id,
        kind=Kind.DAYS_SKIPPED,
        occasion=f"recurring:{recurring_id}:{first_date}",
        facts={"recurring": str(recurring_id), "first_date": first_date, "days": days},
    )
    tell([news], now=now)


def tell_of_stop(*, ride_id: UUID, stop_id: int, now: datetime) -> None:
    """Tell a rider that the car is where they get in."""
    pickups = Stop.objects.filter(pk=stop_id, ride=ride_id, kind=StopKind.PICKUP)
    stop = pickups.select_related("booking__rider", "booking__ride__driver").first()
    if stop is None or stop.booking is None:
        return
    booking = stop.booking
    tell([news_of(booking, booking.rider, Kind.DRIVER_AT_STOP, "at_stop")], now=now)


def tell_of_match(*, request_id: UUID, ride_id: UUID, now: datetime) -> None:
    """Tell a rider that a ride fits; further ones only count up until the rider has looked."""
    request = RideRequest.objects.filter(pk=request_id).first()
    if request is None:
        return
    unread = Notification.objects.of_request(request_id).unread()
    with transaction.atomic():
        known = unread.filter(kind=Kind.REQUEST_MATCHED).select_for_update().first()
        if known is not None and str(ride_id) not in known.facts["rides"]:
            known.facts["rides"].append(str(ride_id))
            known.save(update_fields=["facts"])
    if known is None:
        occasion = f"request:{request_id}:{ride_id}"
        tell([_of_request(request, Kind.REQUEST_MATCHED, occasion, rides=[str(ride_id)])], now=now)


def tell_of_request_offer(*, offer_id: UUID, state: str, reason: str, now: datetime) -> None:
    """Tell a rider that a driver offers them a ride; the driver, that it is not taken, and why."""
    offers = RequestOffer.objects.select_related("request__rider", "ride__driver")
    offer = offers.filter(pk=offer_id).first()
    if offer is None:
        return
    occasion = f"request_offer:{offer_id}:{state}"
    if state == RequestOfferState.OPEN:
        news = _of_request(offer.request, Kind.REQUEST_OFFERED, occasion)
        tell([replace(news, actor=offer.ride.driver)], now=now)
    elif state == RequestOfferState.CLOSED and reason != RequestOfferEnd.RIDE_GONE:
        kind, rider = Kind.REQUEST_OFFER_ENDED, offer.request.rider
        news = _of_ride(offer.ride, kind, f"{occasion}:ended", reason=reason)
        tell([replace(news, actor=rider)], now=now)


def tell_of_request(*, request_id: UUID, after: str, now: datetime) -> None:
    """Tell a rider that their request ran out of time."""
    request = RideRequest.objects.filter(pk=request_id).first()
    if request is not None and after == "expired":
        occasion = f"request:{request_id}:expired"
        tell([_of_request(request, Kind.REQUEST_EXPIRED, occasion)], now=now)


def _of_request(request: RideRequest, kind: Kind, occasion: str, **facts: Any) -> News:
    return News(
        member_id=request.rider_id,
        kind=kind,
        occasion=occasion,
        request_id=request.pk,
        trip_at=request.earliest_departure_at,
        facts={"departure_at": request.earliest_departure_at.isoformat(), **facts},
    )


def tell_of_proposal(*, proposal_id: UUID, member_id: UUID, state: str, now: datetime) -> None:
    """Tell a member that a carpool is proposed to them, is settled, or came to nothing."""
    kinds = {"open": Kind.PROPOSAL_MADE, "taken": Kind.PROPOSAL_TAKEN}
    kind = kinds.get(state, Kind.PROPOSAL_CLOSED)
    news = News(member_id=member_id, kind=kind, occasion=f"proposal:{proposal_id}:{kind}")
    tell([news], now=now)


_STEERING = (MemberRole.MANAGER, MemberRole.OWNER)


def tell_of_budget(
    *, organization_id: UUID, subject_id: UUID, percent: int, at: datetime, now: datetime
) -> None:
    """Tell those who steer an organization that something it gives is nearly used up."""
    steering = Member.objects.active().filter(organization=organization_id)
    news = [
        News(
            member_id=member.pk,
            kind=Kind.INCENTIVE_USED,
            occasion=f"incentive:{subject_id}:{percent}:{at.isoformat()}",
            facts={"percent": percent},
        )
        for member in steering.filter(role__in=_STEERING)
    ]
    tell(news, now=now)
