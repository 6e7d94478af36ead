"""Booking a seat, deciding about it, and giving it back.

The order is always: lock the ride, look again, change. So of fifty people who want the last seat
at once, one gets it and forty-nine read why they did not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from accounts.models import Member
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import to_point, walking_time
from carpool.kernel.money import Money
from rides.errors import (
    AlreadyBooked,
    NotTheDriver,
    OwnRide,
    RideChanged,
    RideClosed,
    RiderBusy,
    SeatsOutOfRange,
    WrongState,
)
from rides.models import (
    Booking,
    BookingState,
    CancelCode,
    QuestionState,
    RequestState,
    Ride,
    StopKind,
)
from rides.permissions import can_cancel_booking, can_decide, is_driver
from rides.selectors import get_booking_for, get_request_for, get_ride_for
from rides.services import itinerary as itineraries
from rides.services.cashier import PayBy, cashier
from rides.services.held import first_state, hold_if_due
from rides.services.itinerary import Call, Itinerary
from rides.services.lateness import CANCEL_FIELDS, note_cancelling
from rides.services.offers import TripEnd
from rides.services.questions import drop_question, find_question
from rides.services.request_offers import end_request
from rides.services.transitions import (
    move_booking,
    record_new_booking,
)

# The database's own second wall, and what it means when somebody runs into it.
_CONSTRAINT_ERRORS: dict[str, type[DomainError]] = {
    "one_booking_per_rider_and_ride": AlreadyBooked,
    "rider_is_in_one_ride_at_a_time": RiderBusy,
    "one_stop_per_position": RideChanged,
    "stop_keeps_its_promise": RideChanged,
    "booking_keeps_riders_window": RideChanged,
    "ride_keeps_drivers_promise": RideChanged,
}
# Only our own: journals of the ledger are complete at the end of the transaction, not before.
_CHECK_NOW = "SET CONSTRAINTS one_stop_per_position IMMEDIATE"


@dataclass(frozen=True, slots=True)
class BookingTerms:
    """What a rider wants: their own door to their own door, within their own times."""

    origin: TripEnd
    destination: TripEnd
    earliest_departure_at: datetime
    latest_arrival_at: datetime
    seats: int = 1


@dataclass(frozen=True, slots=True)
class PlannedInsertion:
    """Where matching would let the rider get in and out, as it was shown to them.

    ``pickup_after`` and ``dropoff_after`` are positions in the ride's present stops,
    0 <= pickup_after <= dropoff_after. A rider who was told a later drop-off than the ride has now
    (``told_dropoff_at``: others of the same proposal may still get in) leaves room until then, and
    the car waits for them until the time that they were told to get in.
    """

    pickup: TripEnd
    dropoff: TripEnd
    pickup_after: int
    dropoff_after: int
    walk_to_m: int
    walk_from_m: int
    shown_pickup_at: datetime
    told_dropoff_at: datetime | None = None


@transaction.atomic
def book_ride(
    *,
    ride_id: UUID,
    rider: Member,
    terms: BookingTerms,
    insertion: PlannedInsertion,
    now: datetime,
    request_id: UUID | None = None,
    price: Money | None = None,
    pay_by: PayBy | None = None,
) -> Booking:
    """Take seats in a ride, if every promise made to everybody aboard is still kept.

    Where seats are prepaid, they are only held until the rider has paid ``price``; afterwards,
    outside of the transaction, :func:`rides.services.collect_price` asks for it.

    Raises:
        RideNotFound: no such ride for this rider.
        OwnRide, AlreadyBooked, RiderBusy, RideClosed, SeatsOutOfRange: the rider may not.
        SeatsExhausted: somebody was faster.
        RideChanged: the ride no longer passes there in time.
        RequestNotFound, WrongState: the standing request that this fulfils is gone.
    """
    ride = get_ride_for(rider, ride_id, lock=True)
    check_may_book(ride, rider, seats=terms.seats, now=now)
    booking = _new_booking(ride, rider, terms, insertion, now)
    itinerary = _insert(ride, booking, terms, insertion)
    leeway = timedelta(seconds=ride.organization.policy.stop_leeway_s)
    if abs(booking.pickup_at - insertion.shown_pickup_at) > leeway:
        raise RideChanged
    arrive_by = terms.latest_arrival_at - walking_time(insertion.walk_from_m)
    promised = itineraries.promise(
        itinerary,
        booking,
        leeway=leeway,
        arrive_by=arrive_by,
        told_dropoff_at=insertion.told_dropoff_at,
    )
    hold_if_due(booking, price, pay_by, now)
    store_booking(ride, booking, promised)
    if booking.state == BookingState.HELD:
        cashier().ask(booking, pay_by, now=now)
    record_new_booking(booking, now=now, actor=rider)
    if request_id is not None:
        request = get_request_for(rider, request_id, lock=True)
        end_request(request, RequestState.FULFILLED, ride=ride, now=now)
    return booking


def check_may_book(ride: Ride, rider: Member, *, seats: int, now: datetime) -> None:
    """Make sure that the rider may book this ride at all.

    Raises:
        OwnRide, SeatsOutOfRange, RideClosed, AlreadyBooked: why not.
    """
    if is_driver(rider, ride):
        raise OwnRide
    if not 1 <= seats <= 8:
        raise SeatsOutOfRange(field="seats")
    if ride.cancelled_at or ride.started_at or now >= ride.departure_at:
        raise RideClosed
    if ride.bookings.filter(rider=rider).exclude(state=BookingState.CANCELLED).exists():
        raise AlreadyBooked


def _new_booking(
    ride: Ride, rider: Member, terms: BookingTerms, insertion: PlannedInsertion, now: datetime
) -> Booking:
    state, decide_by = first_state(ride, now)
    return Booking(
        ride=ride,
        rider=rider,
        seats=terms.seats,
        state=state,
        origin=to_point(terms.origin.location),
        origin_label=terms.origin.label,
        destination=to_point(terms.destination.location),
        destination_label=terms.destination.label,
        earliest_departure_at=terms.earliest_departure_at,
        latest_arrival_at=terms.latest_arrival_at,
        walk_to_m=insertion.walk_to_m,
        walk_from_m=insertion.walk_from_m,
        decide_by=decide_by,
        next_check_at=decide_by,
    )


def _insert(
    ride: Ride, booking: Booking, terms: BookingTerms, insertion: PlannedInsertion
) -> Itinerary:
    ready_at = terms.earliest_departure_at + walking_time(insertion.walk_to_m)
    if insertion.told_dropoff_at is not None:
        ready_at = max(ready_at, insertion.shown_pickup_at)
    pickup = Call(
        kind=StopKind.PICKUP,
        location=insertion.pickup.location,
        label=insertion.pickup.label,
        seats=booking.seats,
        booking=booking,
        earliest_at=ready_at,
        latest_at=terms.latest_arrival_at,
    )
    dropoff = Call(
        kind=StopKind.DROPOFF,
        location=insertion.dropoff.location,
        label=insertion.dropoff.label,
        seats=-booking.seats,
        booking=booking,
        earliest_at=None,
        latest_at=terms.latest_arrival_at - walking_time(insertion.walk_from_m),
    )
    calls = itineraries.with_insertion(
        itineraries.calls_of(ride),
        pickup=pickup,
        dropoff=dropoff,
        pickup_after=insertion.pickup_after,
        dropoff_after=insertion.dropoff_after,
    )
    itinerary = itineraries.plan(ride, calls)
    itineraries.check(ride, itinerary)
    first, last = insertion.pickup_after + 1, insertion.dropoff_after + 2
    booking.pickup_at, booking.dropoff_at = itinerary.planned_at[first], itinerary.planned_at[last]
    booking.shared_distance_m = sum(itinerary.leg_distances_m[first + 1 : last + 1])
    added = itinerary.planned_at[-1] - ride.arrival_at
    booking.detour_s = max(0, -int(-added.total_seconds() // 1))
    return itinerary


def store_booking(ride: Ride, booking: Booking, itinerary: Itinerary) -> None:
    """Write a new booking and the itinerary that holds it, for a locked ride.

    Raises:
        AlreadyBooked, RiderBusy, RideChanged: the database says so.
    """
    try:
        with transaction.atomic():
            booking.save(force_insert=True)
            itineraries.save(ride, itinerary)
            with connection.cursor() as cursor:
                cursor.execute(_CHECK_NOW)
    except IntegrityError as error:
        for name, meaning in _CONSTRAINT_ERRORS.items():
            if name in str(error):
                raise meaning from error
        raise
    refresh_check(ride)


def refresh_check(ride: Ride) -> None:
    """The planned arrival moved, so the watcher's next look moves too."""
    ride.next_check_at = min(
        (mark for mark in (ride.next_check_at, ride.arrival_at) if mark), default=None
    )
    ride.save(update_fields=["next_check_at"])


def _lock_booking(by: Member, booking_id: UUID) -> Booking:
    """Lock ride, then booking: the one order in which the two are ever locked."""
    ride = get_ride_for(by, get_booking_for(by, booking_id).ride_id, lock=True)
    booking = get_booking_for(by, booking_id, lock=True)
    booking.ride = ride
    return booking


@transaction.atomic
def confirm_booking(*, booking_id: UUID, by: Member, now: datetime) -> Booking:
    """Let the driver accept a booking that waits for them.

    Raises:
        BookingNotFound, NotTheDriver: it is not theirs to decide.
        WrongState: it waits no longer, whether the watcher has looked since or not.
    """
    booking = _lock_booking(by, booking_id)
    _check_may_decide(by, booking)
    if booking.decide_by is not None and now >= booking.decide_by:
        raise WrongState
    booking.next_check_at = None
    move_booking(booking, BookingState.CONFIRMED, now=now, actor=by, fields=["next_check_at"])
    return booking


@transaction.atomic
def decline_booking(*, booking_id: UUID, by: Member, reason: str, now: datetime) -> Booking:
    """Let the driver refuse a booking that waits for them; the seat is free again.

    Raises:
        BookingNotFound, NotTheDriver: it is not theirs to decide.
        WrongState: it waits no longer.
    """
    booking = _lock_booking(by, booking_id)
    _check_may_decide(by, booking)
    release_booking(booking, by=by, reason=reason, now=now)
    return booking


def _check_may_decide(by: Member, booking: Booking) -> None:
    if not is_driver(by, booking.ride):
        raise NotTheDriver
    if not can_decide(by, booking):
        raise WrongState


@transaction.atomic
def cancel_booking(
    *, booking_id: UUID, by: Member, reason: str, code: str = "", now: datetime
) -> Booking:
    """Give a seat back, as its rider or as the driver, before the pick-up.

    The other side reads ``reason``, and nobody ``code``.

    Raises:
        BookingNotFound: it is neither's.
        WrongState: the car is at the pick-up by now, or was earlier, or the booking is over.
    """
    booking = _lock_booking(by, booking_id)
    pickups = booking.stops.filter(kind=StopKind.PICKUP)
    if not can_cancel_booking(by, booking, now) or pickups.exclude(visited_at=None).exists():
        raise WrongState
    question = find_question(booking)
    if question is not None and by.pk == booking.rider_id:  # giving it back is a no to the change
        release_booking(
            booking,
            by=None,
            reason=reason,
            code=CancelCode.RIDE_CHANGED,
            now=now,
            question_ends=QuestionState.REFUSED,
        )
    else:
        release_booking(booking, by=by, reason=reason, code=code, now=now)
    return booking


def release_booking(
    booking: Booking,
    *,
    by: Member | None,
    reason: str,
    now: datetime,
    code: str = "",
    question_ends: QuestionState = QuestionState.OVERTAKEN,
) -> None:
    """Cancel a locked booking of a locked ride and let the others travel without the detour.

    If its rider is being asked about a change, that ends, too.
    """
    ride = booking.ride
    calls = itineraries.without(itineraries.calls_of(ride), booking)
    booking.stops.all().delete()
    itineraries.save(ride, itineraries.plan(ride, calls))
    note_cancelling(booking, by=by, reason=reason, code=code, now=now)
    move_booking(booking, BookingState.CANCELLED, now=now, actor=by, fields=CANCEL_FIELDS)
    drop_question(booking, question_ends, now=now)
    refresh_check(ride)
