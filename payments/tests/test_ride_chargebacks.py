"""A rider's bank takes the price of a seat back before the ride is settled."""

from datetime import timedelta

import pytest

from payments import services
from payments.engine import chart
from payments.models import Payment
from payments.selectors import balance_of
from payments.tests.ride_fares import (
    answer,
    book,
    drive,
    fare_of,
    no_waiver,
    prepay_rides,
    settle_down,
    standing,
)
from payments.tests.test_sponsored_rides import MONEY, budget, left
from rides import services as rides
from rides.tests.factories import offer

__all__ = ["no_waiver", "prepay_rides"]  # fixtures
pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ride(cast, now):
    return offer(cast.driver, now=now)


def own_payment(booking):
    return Payment.objects.exclude(provider="sponsor").get(trip_id=booking.pk)


def take_back(booking, now):
    payment = own_payment(booking)
    services.charge_back(payment_id=payment.pk, chargeback="cb", amount=payment.captured, now=now)


def give_again(booking, now):
    services.return_chargeback(payment_id=own_payment(booking).pk, chargeback="cb", now=now)
    settle_down(now)


def owed(booking):
    """What the rider owes us, and we them."""
    fare = fare_of(booking)
    accounts = chart.user_receivable, chart.payable
    return tuple(
        balance_of(fare.organization_id, kind(str(fare.rider_id), fare.currency)).posted
        for kind in accounts
    )


def test_the_driver_gets_their_due_and_the_rider_owes_it(cast, ride, now):
    booking = book(cast.rider, ride, now)
    price = fare_of(booking).amount
    take_back(booking, now)
    at = drive(ride, now)
    answer(booking, at, driver=True, rider=True)
    assert standing(booking) == (0, price, 0, 0)
    assert owed(booking) == (price, 0)
    give_again(booking, at)
    assert standing(booking) == (0, price, 0, 0)
    assert owed(booking) == (0, 0)


def test_what_did_not_take_place_goes_back_only_once(cast, ride, now):
    booking = book(cast.rider, ride, now)
    price = fare_of(booking).amount
    take_back(booking, now)
    rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
    settle_down(now)
    assert standing(booking) == (0, 0, 0, 0)
    assert (fare_of(booking).back, owed(booking)) == (price, (0, 0))
    give_again(booking, now)
    assert owed(booking) == (0, price)


@pytest.mark.usefixtures("no_waiver")
def test_who_leaves_late_owes_the_part_that_is_the_drivers(cast, ride, now):
    booking = book(cast.rider, ride, now - timedelta(hours=1))
    price = fare_of(booking).amount
    take_back(booking, now)
    late = ride.departure_at - timedelta(minutes=20)
    rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=late)
    settle_down(late)
    part = fare_of(booking).to_driver
    assert 0 < part < price
    assert standing(booking) == (0, part, 0, 0)
    assert owed(booking) == (part, 0)


def test_the_sponsors_part_is_not_the_riders_debt(cast, ride, now):
    row = budget(cast, now)
    booking = book(cast.rider, ride, now)
    fare = fare_of(booking)
    take_back(booking, now)
    at = drive(ride, now)
    answer(booking, at, driver=True, rider=True)
    assert standing(booking) == (0, fare.amount, 0, 0)
    assert owed(booking) == (fare.own, 0)
    assert left(row) == MONEY - fare.sponsored
