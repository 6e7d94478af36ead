"""Planned rides whose seats are prepaid: booking, driving, answering, and where the money is."""

from datetime import timedelta

import pytest

from accounts.services import change_policies
from carpool.kernel import clock, outbox
from matching.services import book_offer
from payments import services
from payments.engine import chart
from payments.models import Payment, RideFare
from payments.selectors import audit_books, balance_of, escrow_of, trial_balance
from payments.services.providers import testbank
from rides import services as rides
from rides.models import Booking
from rides.services import PayBy
from rides.tests.factories import offer_token

HOUR = timedelta(hours=1)
PAYS = PayBy("test_bank", testbank.PAYS)


@pytest.fixture(autouse=True)
def prepay_rides(settings, cast, now):
    settings.PAYMENT_PROVIDERS = ["test_bank"]
    change_policies(organization=cast.organization, values={"prepays_rides": 1}, by=None, now=now)
    for member in (cast.driver, cast.rider, cast.colleague):
        member.organization.refresh_from_db()


@pytest.fixture
def no_waiver(prepay_rides, cast, now):
    """Nobody gives a seat back late for nothing, not even once a month."""
    change_policies(organization=cast.organization, values={"late_waivers": 0}, by=None, now=now)
    for member in (cast.driver, cast.rider, cast.colleague):
        member.organization.refresh_from_db()


def book(rider, ride, now, by=PAYS, *, collect=True):
    token = offer_token(rider, ride, now=now)
    booking = book_offer(rider=rider, token=token, now=now, pay_by=by)
    if collect:
        rides.collect_price(booking=booking, now=now)
    return booking


def settle_down(now, *, rounds=3):
    """Let handlers and the sweeper do what there is to do."""
    for _ in range(rounds):
        outbox.relay(now=clock.now())
        services.sweep(now=now)


def fare_of(booking):
    return RideFare.objects.get(booking_id=booking.pk)


def state(booking):
    return Booking.objects.get(pk=booking.pk).state


def standing(booking):
    """What lies where, of this booking's price: escrow, the driver's, on its way back, refunded."""
    nothing_is_lost()
    fare = fare_of(booking)
    organization = fare.organization_id
    paid = Payment.objects.filter(trip_id=booking.pk)
    back = [
        balance_of(organization, chart.refund_payable(str(one.pk), fare.currency)).posted
        for one in paid
    ]
    owed = chart.payable(str(fare.driver_id), fare.currency)
    return (
        escrow_of(organization, booking.pk), balance_of(organization, owed).posted, sum(back),
        sum(one.refunded for one in paid),
    )  # fmt: skip


def nothing_is_lost():
    assert list(audit_books()) == []
    assert sum(line.total for line in trial_balance()) == 0


def drive(ride, now):
    """Drive it, and let the watcher ask both sides; return the moment."""
    rides.start_ride(ride_id=ride.pk, by=ride.driver, now=ride.departure_at)
    ride.refresh_from_db()
    rides.finish_ride(ride_id=ride.pk, by=ride.driver, now=ride.arrival_at)
    at = ride.arrival_at + HOUR
    rides.watch(now=at)
    return at


def answer(booking, at, **said):
    for who, yes in said.items():
        by = booking.rider if who == "rider" else booking.ride.driver
        rides.answer_validation(booking_id=booking.pk, by=by, took_place=yes, now=at)
    settle_down(at)
