"""Trips that are over, and what people say of them."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import Member
from rides import services
from rides.models import Booking, Ride
from rides.services import Stars
from rides.tests.factories import book, offer

A_WHILE = timedelta(minutes=30)


def trip(driver: Member, rider: Member, *, now: datetime, hours: float = 24) -> Booking:
    """A booking whose ride is over; both are asked whether it took place."""
    ride = offer(driver, now=now, hours=hours)
    booking = book(rider, ride, now=now)
    services.watch(now=over(ride))
    return Booking.objects.select_related("ride__organization").get(pk=booking.pk)


def over(ride: Ride) -> datetime:
    """A while after a ride has ended."""
    ride.refresh_from_db()
    return ride.ends_at + A_WHILE


def settle(booking: Booking, *, now: datetime) -> Booking:
    """Both say that it took place."""
    for member in (booking.ride.driver, booking.rider):
        services.answer_validation(booking_id=booking.pk, by=member, took_place=True, now=now)
    booking.refresh_from_db()
    return booking


def rate(booking: Booking, by: Member, stars: int = 5, *, now: datetime, **more: Any) -> Any:
    """Rate the other one."""
    return services.write_review(booking_id=booking.pk, by=by, stars=Stars(stars), now=now, **more)
