"""The watcher when things go wrong, and when two of them look at once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from accounts.services import change_policies
from carpool.kernel import clock
from carpool.kernel.geo import from_point
from rides import services as rides
from rides import tasks
from rides.models import BookingMode, BookingState, Ride
from rides.services import watcher
from rides.tests.factories import book, offer

pytestmark = pytest.mark.usefixtures("city")


def test_one_ride_that_cannot_be_brought_up_to_date_does_not_stop_the_others(
    cast, now, monkeypatch, caplog
):
    broken, healthy = offer(cast.driver, now=now), offer(cast.driver, now=now, hours=24.9)
    refresh = watcher.refresh_ride

    def refresh_or_fail(ride, **told):
        if ride.pk == broken.pk:
            raise RuntimeError("a ride that cannot be read")
        return refresh(ride, **told)

    monkeypatch.setattr(watcher, "refresh_ride", refresh_or_fail)
    assert rides.watch(now=healthy.departure_at) == 1
    healthy.refresh_from_db()
    assert healthy.state == "in_transit"
    assert str(broken.pk) in caplog.text
    monkeypatch.undo()
    rides.watch(now=healthy.departure_at)
    broken.refresh_from_db()
    assert broken.state != "scheduled"


def test_what_somebody_else_just_dealt_with_is_passed_over(cast, now):
    ride = offer(cast.driver, now=now, booking_mode=BookingMode.CONFIRM)
    booking = book(cast.rider, ride, now=now)
    terms = rides.RequestTerms(
        origin=rides.TripEnd(from_point(booking.origin)),
        destination=rides.TripEnd(from_point(booking.destination)),
        earliest_departure_at=booking.earliest_departure_at,
        latest_arrival_at=booking.latest_arrival_at,
    )
    request = rides.post_request(rider=cast.colleague, terms=terms, now=now)
    rides.close_request(request_id=request.pk, by=cast.colleague, now=now)
    assert not watcher._look_at_booking(booking.pk, ride.pk, now)
    assert not watcher._look_at_ride(ride.pk, now)
    assert not watcher._look_at_request(request.pk, now)


@pytest.mark.django_db(transaction=True)
def test_a_ride_that_somebody_holds_is_looked_at_next_time(cast, now):
    ride = offer(cast.driver, now=now, booking_mode=BookingMode.CONFIRM)
    booking = book(cast.rider, ride, now=now)
    looked = []

    def look():
        with transaction.atomic():
            looked.append(watcher._look_at_booking(booking.pk, ride.pk, booking.decide_by))
            looked.append(watcher._look_at_ride(ride.pk, ride.departure_at))
        connection.close()

    with transaction.atomic():
        Ride.objects.select_for_update().get(pk=ride.pk)
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert looked == [False, False]
    assert rides.watch(now=ride.departure_at) == 2


def test_beats_task_looks_at_what_is_due_now(cast, now):
    ride = offer(cast.driver, now=now)
    Ride.objects.filter(pk=ride.pk).update(
        next_check_at=clock.now() - timedelta(seconds=1), departure_at=now + timedelta(minutes=5)
    )
    assert tasks.watch_rides() == 1
    ride.refresh_from_db()
    assert ride.state == "departing"


def test_where_both_are_asked_at_once_the_end_of_a_ride_leaves_nobody_waiting(cast, now):
    change_policies(
        organization=cast.organization, values={"validating_after_s": 0}, by=None, now=now
    )
    for member in (cast.driver, cast.rider):
        member.organization.refresh_from_db()
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    rides.start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)
    arrived = ride.departure_at + timedelta(minutes=10)
    rides.finish_ride(ride_id=ride.pk, by=cast.driver, now=arrived)
    rides.watch(now=arrived)
    booking.refresh_from_db()
    assert booking.state == BookingState.COMPLETED_PENDING_VALIDATION
