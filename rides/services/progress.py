"""The driver's own facts: left, stopped there, arrived."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import Member
from carpool.kernel import outbox
from rides.errors import NotTheDriver, StopNotFound, WrongState
from rides.events import StopVisited
from rides.models import Booking, ChangeQuestion, Ride, RideState, Stop, StopKind
from rides.models.bookings import UNCERTAIN_STATES
from rides.permissions import can_finish, can_start, is_driver
from rides.selectors import get_ride_for
from rides.services.bookings import release_booking
from rides.services.change_answers import lapse_question
from rides.services.kerb import end_at, leave_kerb
from rides.services.transitions import refresh_ride


def _lock_own_ride(by: Member, ride_id: UUID) -> Ride:
    ride = get_ride_for(by, ride_id, lock=True)
    if not is_driver(by, ride):
        raise NotTheDriver
    return ride


@transaction.atomic
def start_ride(*, ride_id: UUID, by: Member, now: datetime) -> Ride:
    """Record that the driver left. Bookings that still wait for something are released.

    Raises:
        RideNotFound, NotTheDriver: it is not theirs.
        WrongState: too early, or the ride is over.
        NobodyJoined, DriverBusy: an instant ride that cannot leave the kerb.
    """
    ride = _lock_own_ride(by, ride_id)
    if not can_start(by, ride, now):
        raise WrongState
    waiting = Booking.objects.select_for_update().filter(ride=ride, state__in=UNCERTAIN_STATES)
    for booking in waiting:
        booking.ride = ride
        release_booking(booking, by=by, reason="", now=now)
    unanswered = ChangeQuestion.objects.due(now).filter(booking__ride=ride)
    for question in unanswered.select_related("booking"):  # the watcher is late
        question.booking.ride = ride
        lapse_question(question, now=now)
    if ride.is_instant:
        leave_kerb(ride, now=now)
    ride.started_at = now
    ride.save(update_fields=["started_at"])
    departures = Q(position=0) | Q(kind=StopKind.ORIGIN)
    ride.stops.filter(departures, visited_at=None).update(visited_at=now)
    refresh_ride(ride, now=now, actor=by)
    return ride


@transaction.atomic
def visit_stop(
    *, ride_id: UUID, stop_id: int, by: Member, now: datetime, at: datetime | None = None
) -> Stop:
    """Record that the car reached a stop: now, or ``at`` a moment that its phone tells of later.

    Raises:
        RideNotFound, NotTheDriver, StopNotFound: it is not theirs.
        WrongState: the ride is not under way, or the stop was visited before.
    """
    ride = _lock_own_ride(by, ride_id)
    stop = ride.stops.filter(pk=stop_id).first()
    if stop is None:
        raise StopNotFound
    if ride.state_at(now, has_open_bookings=True) != RideState.IN_TRANSIT or stop.visited_at:
        raise WrongState
    stop.visited_at = min(at or now, now)
    stop.save(update_fields=["visited_at"])
    event = StopVisited(ride_id=ride.pk, stop_id=stop.pk, at=stop.visited_at)
    outbox.publish(event, now=now)
    return stop


@transaction.atomic
def finish_ride(*, ride_id: UUID, by: Member, now: datetime) -> Ride:
    """Record that the driver arrived.

    Raises:
        RideNotFound, NotTheDriver: it is not theirs.
        WrongState: the ride is not under way.
    """
    ride = _lock_own_ride(by, ride_id)
    if not can_finish(by, ride, now):
        raise WrongState
    ride.finished_at = now
    ride.save(update_fields=["finished_at"])
    if ride.is_instant:
        end_at(ride, now)
    ride.stops.filter(visited_at=None).update(visited_at=now)
    refresh_ride(ride, now=now, actor=by)
    if ride.next_check_at is None:  # both are asked at once, by the watcher
        ride.next_check_at = now
        ride.save(update_fields=["next_check_at"])
    return ride
