"""An instant ride from the kerb to its end: waiting, letting in, leaving, getting out.

Every promise of an instant ride is made for the latest moment at which its driver may leave
(:mod:`rides.services.instant`), so that whoever leaves earlier keeps them all. What is planned
moves along with the clock while the driver waits, and nothing else changes.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Member
from carpool.kernel import outbox
from rides.errors import DriverBusy, NobodyJoined, NotTheDriver, WrongCode, WrongState
from rides.events import RiderAlighted, RiderBoarded
from rides.models import Booking, BookingState, Ride, StopKind
from rides.permissions import can_alight, can_let_in, is_driver
from rides.selectors import get_booking_for, get_ride_for
from rides.services.bookings import release_booking
from rides.services.calling_off import call_off

# So far ahead the departure of a waiting driver is planned: what riders read as "in 5 min".
SOON = timedelta(minutes=5)
_LEAST = timedelta(seconds=1)


def wait_on(ride: Ride, *, now: datetime) -> None:
    """Let a locked ride at the kerb leave a little later, or take it off when its time is over."""
    until = ride.instant_code.expires_at
    if now >= until:
        _take_off(ride, now)
        return
    try:
        move_departure(ride, min(now + SOON, until), now=now)
    except DriverBusy:  # their next ride begins
        _take_off(ride, now)


def _take_off(ride: Ride, now: datetime) -> None:
    with override(ride.organization.language):
        reason = _("It was not started in time.")
    call_off(ride, by=None, reason=reason, now=now)


def move_departure(ride: Ride, departure_at: datetime, *, now: datetime) -> None:
    """Let a locked ride at the kerb leave at another time, and everybody arrive accordingly.

    Who would then be in two cars at once loses the seat in this one.

    Raises:
        DriverBusy: the driver would be in two cars.
    """
    by = departure_at - ride.departure_at
    try:
        with transaction.atomic():
            _shift(ride, by)
    except IntegrityError as error:
        if "driver_is_in_one_ride_at_a_time" in str(error):
            raise DriverBusy from error
        if "rider_is_in_one_ride_at_a_time" not in str(error):
            raise
        _release_busy(ride, by, now)
        _shift(ride, by)
    ride.departure_at, ride.arrival_at = ride.departure_at + by, ride.arrival_at + by
    ride.next_check_at = ride.next_change_after(now)
    ride.save(update_fields=["next_check_at"])


def _shift(ride: Ride, by: timedelta) -> None:
    ride.stops.update(planned_at=F("planned_at") + by)
    ride.bookings.active().update(pickup_at=F("pickup_at") + by, dropoff_at=F("dropoff_at") + by)
    Ride.objects.filter(pk=ride.pk).update(
        departure_at=F("departure_at") + by, arrival_at=F("arrival_at") + by
    )


def _release_busy(ride: Ride, by: timedelta, now: datetime) -> None:
    for booking in Booking.objects.select_for_update(no_key=True).filter(ride=ride).active():
        elsewhere = Booking.objects.active().filter(rider=booking.rider_id).exclude(pk=booking.pk)
        span = (booking.pickup_at + by, booking.dropoff_at + by)
        if elsewhere.filter(pickup_at__lt=span[1], dropoff_at__gt=span[0]).exists():
            booking.ride = ride
            release_booking(booking, by=None, reason="", now=now)


def leave_kerb(ride: Ride, *, now: datetime) -> None:
    """Let a locked ride leave now: its arrival is estimated anew, by the road.

    Raises:
        WrongState: the time to wait is over.
        NobodyJoined: there is nobody to take along.
        DriverBusy: the driver is in another car now.
    """
    if now >= ride.instant_code.expires_at:
        raise WrongState
    if not ride.bookings.active().exists():
        raise NobodyJoined
    move_departure(ride, now, now=now)
    ride.stops.filter(kind=StopKind.PICKUP, visited_at=None).update(visited_at=now)


def end_at(ride: Ride, now: datetime) -> None:
    """Let the plan of a locked ride that has arrived end now: its people are free for another."""
    ended = max(now, ride.departure_at + _LEAST)
    if ended < ride.arrival_at:
        ride.arrival_at = ended
        ride.save(update_fields=["arrival_at"])
    for booking in ride.bookings.active():
        _end_leg(booking, now)


def _end_leg(booking: Booking, now: datetime) -> None:
    ended = max(now, booking.pickup_at + _LEAST)
    if ended < booking.dropoff_at:
        booking.dropoff_at = ended
        booking.save(update_fields=["dropoff_at"])


@transaction.atomic
def let_in(*, ride_id: UUID, by: Member, code: str, now: datetime) -> Booking:
    """Note that a rider got in, who said their boarding code to the driver.

    Raises:
        RideNotFound, NotTheDriver: it is not theirs.
        WrongState: it is no instant ride, or it is over.
        WrongCode: nobody who is still missing has this code (names ``code``).
    """
    ride = get_ride_for(by, ride_id, lock=True)
    if not is_driver(by, ride):
        raise NotTheDriver
    if not can_let_in(by, ride):
        raise WrongState
    missing = ride.bookings.select_for_update(no_key=True, of=("self",)).filter(
        state=BookingState.CONFIRMED, boarded_at=None, boarding_code=code
    )
    booking = missing.first() if code else None
    if booking is None:
        raise WrongCode(field="code")
    booking.boarded_at = now
    booking.save(update_fields=["boarded_at"])
    outbox.publish(RiderBoarded(booking_id=booking.pk, ride_id=ride.pk, at=now), now=now)
    return booking


@transaction.atomic
def alight(*, booking_id: UUID, by: Member, now: datetime) -> Booking:
    """Note that a rider got out, as they say; after the driver arrived it is only written down.

    Raises:
        BookingNotFound: it is not in a ride of theirs.
        WrongState: the ride has not left, or that was said before.
    """
    ride = get_ride_for(by, get_booking_for(by, booking_id).ride_id, lock=True)
    booking = get_booking_for(by, booking_id, lock=True)
    booking.ride = ride
    if not can_alight(by, booking, now):
        raise WrongState
    booking.alighted_at = now
    booking.save(update_fields=["alighted_at"])
    if booking.state == BookingState.CONFIRMED:
        _end_leg(booking, now)
    if ride.finished_at is None:
        booking.stops.filter(kind=StopKind.DROPOFF, visited_at=None).update(visited_at=now)
    outbox.publish(RiderAlighted(booking_id=booking.pk, ride_id=ride.pk, at=now), now=now)
    return booking
