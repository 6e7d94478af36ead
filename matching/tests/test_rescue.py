"""Nobody who lost their seat looks for another one alone."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.tests.factories import MemberFactory
from carpool.kernel import clock, outbox
from matching.models import Match
from matching.services.rescue import rescue_rider
from matching.tasks import match_request
from rides.models import RequestState, RideRequest
from rides.services import cancel_booking, cancel_ride
from rides.tests.factories import book, offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]


@pytest.fixture
def ride(cast, now):
    return offer(cast.driver, now=now)


@pytest.fixture
def booking(cast, ride, now):
    return book(cast.rider, ride, now=now)


def today(member):
    client = Client()
    client.force_login(member.user)
    return client.get("/").content.decode()


def test_a_cancelled_ride_makes_the_platform_look_for_its_rider(cast, ride, booking, now):
    cancel_ride(ride_id=ride.pk, by=cast.driver, reason="Ill", now=now)
    outbox.relay(now=clock.now())
    request = RideRequest.objects.get()
    assert request.rider == cast.rider
    assert request.instead_of == booking
    assert (request.latest_arrival_at, request.seats) == (booking.latest_arrival_at, 1)
    assert (request.origin, request.destination) == (booking.origin, booking.destination)
    assert "We are already looking for another one" in today(cast.rider)


def test_what_is_found_is_shown_where_the_loss_is(cast, ride, booking, now):
    cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=now)
    outbox.relay(now=clock.now())
    offer(MemberFactory(organization=cast.organization, car=True), now=now)
    assert match_request(str(RideRequest.objects.get().pk)) == 1
    assert Match.objects.count() == 1
    page = today(cast.rider)
    assert "1 other ride fits." in page
    assert f"?request={RideRequest.objects.get().pk}" in page
    RideRequest.objects.update(state=RequestState.FULFILLED)
    assert "was cancelled" not in today(cast.rider)


def test_a_seat_that_the_driver_takes_back_counts_as_lost(cast, booking, now):
    cancel_booking(booking_id=booking.pk, by=cast.driver, reason="", now=now)
    outbox.relay(now=clock.now())
    assert RideRequest.objects.get().instead_of == booking


def test_whoever_gives_their_seat_back_is_left_alone(cast, booking, now):
    cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
    outbox.relay(now=clock.now())
    assert not RideRequest.objects.exists()


def test_twice_is_once_and_who_looks_already_is_not_asked_for_again(cast, ride, booking, now):
    cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=now)
    assert rescue_rider(booking_id=booking.pk, now=now) is not None
    assert rescue_rider(booking_id=booking.pk, now=now) is None
    RideRequest.objects.update(instead_of=None)
    assert rescue_rider(booking_id=booking.pk, now=now) is None
    RideRequest.objects.update(state=RequestState.CLOSED)
    assert rescue_rider(booking_id=booking.pk, now=now) is not None


def test_after_the_latest_arrival_there_is_nothing_to_look_for(cast, ride, booking, now):
    cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=now)
    late = booking.latest_arrival_at + timedelta(minutes=1)
    assert rescue_rider(booking_id=booking.pk, now=late) is None
