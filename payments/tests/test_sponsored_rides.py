"""An organization pays (a part of) a seat in a planned ride; what goes back is shared exactly."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Site
from carpool.kernel.geo import from_point, offset_m, to_point
from carpool.kernel.money import Money
from payments import services
from payments.engine import chart
from payments.engine.refunds import Capture, RefundExceedsCaptured, share_refund
from payments.engine.split import percent_of
from payments.errors import ProviderUnknown, SeatPaid, SponsorPaysLess
from payments.models import Payment, SponsorBudget, SponsorGrant
from payments.selectors import TripKind, balance_of, escrow_of, seat_prices, support_of
from payments.selectors.movement_words import What
from payments.selectors.personal import export_payments
from payments.selectors.receipts import receipt_of
from payments.selectors.wallet import Own
from payments.services.providers import testbank
from payments.tests.budgets import fund
from payments.tests.ride_fares import (
    PAYS,
    answer,
    book,
    drive,
    fare_of,
    no_waiver,
    nothing_is_lost,
    prepay_rides,
    settle_down,
    state,
)
from rides import services as rides
from rides.models import Booking
from rides.services import PayBy
from rides.tests.api import Api
from rides.tests.factories import offer, offer_token

__all__ = ["no_waiver", "prepay_rides"]  # fixtures
pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MONEY = 1_000_000


@pytest.fixture
def ride(cast, now):
    return offer(cast.driver, now=now)


def budget(cast, now, *, money=MONEY, **rules):
    plain = {"percent": 33, "first_day": (now - timedelta(days=2)).date(), "is_on": True}
    plain |= {"pays_rooms": False, "pays_rides": True, "name": "Rides"}
    row = SponsorBudget.objects.create(organization=cast.organization, **plain | rules)
    if money:
        fund(row, money, now=now)
    return row


def left(row):
    account = chart.sponsor(str(row.pk), row.organization.currency)
    return balance_of(row.organization_id, account).posted


def backs(booking):
    """What went back to the rider, and to the sponsor."""
    paid = Payment.objects.filter(trip_id=booking.pk)
    own = sum(one.refunded for one in paid.exclude(provider="sponsor"))
    return own, sum(one.refunded for one in paid.filter(provider="sponsor"))


class TestPaying:
    """The organization's part comes from its budget, the rest from the rider."""

    def test_both_parts_lie_in_escrow(self, cast, ride, now):
        row = budget(cast, now)
        booking = book(cast.rider, ride, now)
        fare = fare_of(booking)
        part = percent_of(fare.amount, 33)
        assert (booking.state, fare.sponsored, fare.own) == ("confirmed", part, fare.amount - part)
        assert part > 0
        assert Payment.objects.get(payer_id=cast.rider.pk).captured == fare.own
        assert left(row) == MONEY - part
        assert escrow_of(fare.organization_id, booking.pk) == fare.amount
        nothing_is_lost()

    def test_who_pays_nothing_has_the_seat_at_once(self, cast, ride, now):
        row = budget(cast, now, percent=100)
        booking = book(cast.rider, ride, now, by=None)
        fare = fare_of(booking)
        assert (booking.state, fare.state, fare.own) == ("confirmed", "held", 0)
        assert not Payment.objects.exclude(provider="sponsor").exists()
        settle_down(now)
        at = drive(ride, now)
        answer(booking, at, driver=True, rider=True)
        assert left(row) == MONEY - fare.amount
        assert fare_of(booking).to_driver == fare.amount
        nothing_is_lost()

    def test_a_crash_before_it_is_collected_loses_no_seat(self, cast, ride, now):
        budget(cast, now, percent=100)
        api = Api(cast.rider)
        booking = book(cast.rider, ride, now, by=None, collect=False)
        assert booking.state == "held"
        with pytest.raises(SeatPaid):
            services.pay_for_booking(booking_id=booking.pk, by=cast.rider, way=PAYS, now=now)
        settle_down(now)
        assert state(booking) == "confirmed"
        assert api.get(f"bookings/{booking.pk}/fare").json()["state"] == "held"

    def test_when_it_pays_less_than_was_shown_nothing_is_booked(self, cast, ride, now):
        row = budget(cast, now, money=3)
        with pytest.raises(SponsorPaysLess):
            book(cast.rider, ride, now, by=PayBy("test_bank", testbank.PAYS, sponsored=4))
        with pytest.raises(ProviderUnknown):
            book(cast.rider, ride, now, by=PayBy("sponsor"))
        assert left(row) == 3
        assert not Booking.objects.exists()
        assert not Payment.objects.exists()

    def test_a_seat_that_the_rider_never_pays_costs_it_nothing(self, cast, ride, now):
        row = budget(cast, now)
        booking = book(cast.rider, ride, now, by=PayBy("test_bank", testbank.DECLINES))
        rides.watch(now=now + 10 * MINUTE)
        settle_down(now + 10 * MINUTE)
        assert (state(booking), fare_of(booking).state) == ("cancelled", "lapsed")
        assert left(row) == MONEY
        assert escrow_of(cast.organization.pk, booking.pk) == 0
        nothing_is_lost()

    def test_money_that_comes_after_all_goes_back_alone(self, cast, ride, now):
        row = budget(cast, now)
        booking = book(cast.rider, ride, now, by=PayBy("test_bank", testbank.LOSES_ANSWER))
        rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
        services.settle_booking(booking_id=booking.pk, now=now)
        assert fare_of(booking).state == "lapsed"
        for seconds in (1, 20, 80, 90):
            settle_down(now + timedelta(seconds=seconds))
        fare = fare_of(booking)
        assert (fare.state, fare.back, fare.back_to_sponsor) == (
            "refunded", fare.amount, fare.sponsored,
        )  # fmt: skip
        assert backs(booking) == (fare.own, fare.sponsored)
        assert left(row) == MONEY
        nothing_is_lost()


@pytest.mark.usefixtures("no_waiver")
class TestGoingBack:
    """Each gets back the same part of what they paid, to the unit."""

    def test_all_of_it(self, cast, ride, now):
        row = budget(cast, now)
        booking = book(cast.rider, ride, now)
        settle_down(now)
        rides.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=now)
        settle_down(now)
        fare = fare_of(booking)
        assert backs(booking) == (fare.own, fare.sponsored)
        assert left(row) == MONEY
        nothing_is_lost()

    @pytest.mark.parametrize("percent", [33, 50, 67, 99, 100])
    def test_half_of_it(self, cast, now, percent):
        row = budget(cast, now, percent=percent)
        ride = offer(cast.driver, now=now, hours=8)
        booking = book(cast.rider, ride, now)
        settle_down(now)
        at = now + 31 * MINUTE
        rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=at)
        settle_down(at)
        fare = fare_of(booking)
        assert fare.to_driver == fare.amount * 50 // 100 > 0
        own, sponsors = backs(booking)
        assert own + sponsors == fare.back == fare.amount - fare.to_driver
        assert (fare.own_back, fare.back_to_sponsor) == (own, sponsors)
        assert abs(sponsors * fare.amount - fare.back * fare.sponsored) < fare.amount
        assert left(row) == MONEY - fare.sponsored + sponsors
        assert escrow_of(fare.organization_id, booking.pk) == 0
        receipt = receipt_of(Own(cast.rider), booking.pk)
        told = {one.what for one in receipt.movements}
        assert What.SPONSORED in told
        assert (What.RETURNED in told) == (sponsors > 0)
        assert (receipt.paid, receipt.sponsored, receipt.fare, receipt.left) == (
            fare.own, fare.sponsored - sponsors, fare.to_driver, 0,
        )  # fmt: skip
        nothing_is_lost()

    def test_an_odd_unit_is_the_riders(self, now):
        captures = [Capture("sponsor", 5, 0, now), Capture("rider", 5, 0, now + MINUTE)]
        assert dict(share_refund(captures, 5, "EUR")) == {"rider": 3, "sponsor": 2}
        assert share_refund(captures, 0, "EUR") == []
        assert dict(share_refund(captures, 10, "EUR")) == {"rider": 5, "sponsor": 5}
        with pytest.raises(RefundExceedsCaptured):
            share_refund(captures, 11, "EUR")


class TestForWhom:
    """A budget is for certain trips and people."""

    def test_kinds_of_trip(self, cast, now):
        row = budget(cast, now)
        assert support_of(cast.rider, trip=TripKind.RIDE, now=now).budget == row
        assert support_of(cast.rider, trip=TripKind.ROOM, now=now) is None

    def test_only_named_people(self, cast, ride, now):
        row = budget(cast, now, given_to="people")
        row.people.set([cast.colleague])
        assert support_of(cast.rider, trip=TripKind.RIDE, now=now) is None
        assert support_of(cast.colleague, trip=TripKind.RIDE, now=now) is not None
        assert fare_of(book(cast.rider, ride, now)).sponsored == 0

    @pytest.mark.parametrize(("east_m", "is_paid"), [(0, True), (90, True), (5_000, False)])
    def test_only_trips_from_or_to_a_site(self, cast, ride, now, east_m, is_paid):
        booking = book(cast.colleague, ride, now, by=None)  # to know where the seats go
        end = booking.destination
        site = Site.objects.create(
            organization=cast.organization, name="Gate", radius_m=25,
            location=to_point(offset_m(from_point(end), east_m=east_m, north_m=0)),
        )  # fmt: skip
        row = budget(cast, now, given_to="sites")
        row.sites.set([site])
        assert (fare_of(book(cast.rider, ride, now)).sponsored > 0) == is_paid


class TestShown:
    """The price is shown before anybody says yes, and what is left to pay."""

    def test_an_app_asks_books_and_looks_at_it(self, cast, ride, now):
        row = budget(cast, now)
        api = Api(cast.rider)
        first = book(cast.colleague, ride, now, by=None)
        said = {
            "price_minor": first.price_minor, "pickup_at": first.pickup_at.isoformat(),
            "origin": {"lon": first.origin.x, "lat": first.origin.y},
            "destination": {"lon": first.destination.x, "lat": first.destination.y},
        }  # fmt: skip
        told = api.post(f"rides/{ride.pk}/seat-terms", said).json()
        part = percent_of(first.price_minor, 33)
        assert (told["sponsored"], told["own"], told["is_due"]) == (
            part, first.price_minor - part, True,
        )  # fmt: skip
        assert told["sponsor"] == cast.organization.name
        want = {"offer": offer_token(cast.rider, ride, now=now), "provider": "test_bank"}
        want |= {"method": testbank.PAYS, "sponsored": MONEY}
        refused = api.post("bookings", want)
        assert (refused.status_code, refused.json()["code"]) == (409, "sponsor_pays_less")
        booked = api.post("bookings", want | {"sponsored": part}).json()
        fare = api.get(f"bookings/{booked['id']}/fare").json()
        assert (fare["sponsored"], fare["back_to_sponsor"]) == (part, 0)
        assert SponsorGrant.objects.filter(budget=row).count() == 2

    def test_the_page_of_the_ride_says_who_paid(self, cast, ride, now):
        budget(cast, now)
        book(cast.rider, ride, now)
        client = Client()
        client.force_login(cast.rider.user)
        assert "Your organization paid" in client.get(f"/rides/{ride.pk}/").content.decode()

    def test_both_find_it_in_what_we_hold_about_them(self, cast, ride, now):
        budget(cast, now)
        fare = fare_of(book(cast.rider, ride, now))
        for who, role in ((cast.rider, "rider"), (cast.driver, "driver")):
            [row] = export_payments(who.pk)["ride_fares"]
            assert (row["as"], row["amount_minor"], row["sponsored_minor"]) == (
                role, fare.amount, fare.sponsored,
            )  # fmt: skip
        assert export_payments(cast.colleague.pk)["ride_fares"] == []

    def test_terms_say_why_it_pays_less(self, cast, ride, now):
        budget(cast, now, money=0)
        prices = seat_prices(cast.rider, now=now)
        terms = prices.terms(ride, Money(400, "EUR"), ride.departure_at)
        assert (terms.own, terms.shortfall) == (400, "budget")
