"""A seat in a planned ride from booking to payout: the books are right after every step."""

from datetime import timedelta

import pytest
import time_machine

from accounts.services import change_policies
from carpool.kernel.money import Money
from matching.services import book_offer
from payments import services
from payments.errors import DisputeClosed, ProviderUnknown, RideFareNotFound, SeatPaid
from payments.models import LegalTerms, Payment, RideFare, RideFareState
from payments.selectors import seat_prices
from payments.services.providers import testbank
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
    standing,
    state,
)
from rides import services as rides
from rides.errors import PriceDiffers
from rides.models import Booking, BookingMode, BookingState
from rides.services import PayBy
from rides.tests.api import Api
from rides.tests.factories import offer, offer_token

__all__ = ["no_waiver", "prepay_rides"]  # fixtures
pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def ride(cast, now):
    return offer(cast.driver, now=now)


@pytest.fixture
def booking(cast, ride, now):
    found = book(cast.rider, ride, now)
    settle_down(now)
    return found


class TestBooking:
    """Who pays has the seat; nobody else keeps it for long."""

    def test_who_pays_has_the_seat(self, cast, ride, now):
        booking = book(cast.rider, ride, now)
        assert booking.state == BookingState.CONFIRMED
        fare = fare_of(booking)
        assert (fare.state, fare.amount, fare.currency) == ("held", booking.price_minor, "EUR")
        assert fare.amount > 0
        assert standing(booking) == (fare.amount, 0, 0, 0)
        settle_down(now)
        assert standing(booking) == (fare.amount, 0, 0, 0)

    def test_who_is_declined_may_pay_otherwise_while_the_seat_is_kept(self, cast, ride, now):
        booking = book(cast.rider, ride, now, by=PayBy("test_bank", testbank.DECLINES))
        assert (booking.state, fare_of(booking).state) == ("held", "asked")
        settle_down(now)
        with pytest.raises(RideFareNotFound):
            services.pay_for_booking(
                booking_id=booking.pk, by=cast.colleague, way=PAYS, now=now + MINUTE
            )
        services.pay_for_booking(booking_id=booking.pk, by=cast.rider, way=PAYS, now=now + MINUTE)
        assert (state(booking), fare_of(booking).attempts) == ("confirmed", 2)
        with pytest.raises(SeatPaid):
            services.pay_for_booking(
                booking_id=booking.pk, by=cast.rider, way=PAYS, now=now + MINUTE
            )
        assert standing(booking)[0] == booking.price_minor

    def test_a_seat_that_nobody_pays_is_free_again_in_time(self, cast, ride, now):
        booking = book(cast.rider, ride, now, by=PayBy("test_bank", testbank.DECLINES))
        rides.watch(now=now + 9 * MINUTE)
        assert state(booking) == "held"
        rides.watch(now=now + 10 * MINUTE)
        settle_down(now + 10 * MINUTE)
        assert (state(booking), fare_of(booking).state) == ("cancelled", "lapsed")
        assert standing(booking) == (0, 0, 0, 0)
        with pytest.raises(SeatPaid):
            services.pay_for_booking(
                booking_id=booking.pk, by=cast.rider, way=PAYS, now=now + 11 * MINUTE
            )
        assert book(cast.colleague, ride, now + 11 * MINUTE).state == "confirmed"

    def test_a_lost_answer_takes_the_seat_once_it_is_known(self, cast, ride, now):
        booking = book(cast.rider, ride, now, by=PayBy("test_bank", testbank.LOSES_ANSWER))
        assert booking.state == "held"
        for seconds in (5, 20, 80):
            settle_down(now + timedelta(seconds=seconds))
        assert (state(booking), fare_of(booking).state) == ("confirmed", "held")
        assert standing(booking)[0] == booking.price_minor

    def test_money_for_a_seat_that_was_given_up_meanwhile_goes_back(self, cast, ride, now):
        booking = book(cast.rider, ride, now, by=PayBy("test_bank", testbank.LOSES_ANSWER))
        rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
        for seconds in (1, 20, 80, 90):
            settle_down(now + timedelta(seconds=seconds))
        fare = fare_of(booking)
        assert (fare.state, fare.end, fare.back) == ("refunded", "call_off_seat", fare.amount)
        assert standing(booking) == (0, 0, 0, fare.amount)

    def test_a_crash_after_the_record_loses_nothing(self, cast, ride, now):
        token = offer_token(cast.rider, ride, now=now)
        booking = book_offer(rider=cast.rider, token=token, now=now, pay_by=PAYS)
        assert booking.state == "held"
        settle_down(now + timedelta(seconds=1))  # nobody has called collect_price
        assert (state(booking), standing(booking)[0]) == ("confirmed", booking.price_minor)

    def test_telling_it_twice_changes_nothing(self, booking, now):
        payment = Payment.objects.get()
        for _ in range(2):
            services.payment_arrived(payment_id=payment.pk, now=now)
            services.payment_failed(payment_id=payment.pk, now=now)
            services.settle_booking(booking_id=booking.pk, now=now)
            services.dispute_price(booking_id=booking.pk, now=now)
        assert (state(booking), fare_of(booking).state) == ("confirmed", "held")
        assert standing(booking)[0] == booking.price_minor

    def test_another_price_than_was_shown_is_refused(self, cast, ride, now):
        token = offer_token(cast.rider, ride, now=now)
        values = {"price_minor_per_km": 100}
        change_policies(organization=cast.organization, values=values, by=None, now=now)
        cast.rider.organization.refresh_from_db()
        with pytest.raises(PriceDiffers):
            book_offer(rider=cast.rider, token=token, now=now, pay_by=PAYS)
        assert not Booking.objects.exists()

    def test_an_unknown_way_to_pay_books_nothing(self, cast, ride, now):
        with pytest.raises(ProviderUnknown):
            book(cast.rider, ride, now, by=PayBy("bank_of_nowhere"))
        assert not Booking.objects.exists()


class TestFree:
    """Where nothing is due, nothing is asked."""

    def test_an_organization_that_does_not_want_it(self, cast, ride, now):
        values = {"prepays_rides": 0}
        change_policies(organization=cast.organization, values=values, by=None, now=now)
        booking = book(cast.rider, ride, now, by=None)
        assert booking.state == "confirmed"
        assert booking.price_minor > 0
        assert not RideFare.objects.exists()

    def test_outside_the_hours_of_the_law_rides_are_free(self, cast, now):
        LegalTerms.objects.create(organization=cast.organization, profile="korea")
        zone = cast.organization.zone
        local = now.astimezone(zone)
        at = next(
            moment
            for moment in (local + timedelta(hours=n) for n in range(1, 200))
            if moment.weekday() < 5 and moment.hour == 12
        )
        ride = offer(cast.driver, now=now, departure_at=at)
        assert book(cast.rider, ride, now).state == "confirmed"
        assert not RideFare.objects.exists()
        paid = offer(cast.driver, now=now, departure_at=at.replace(hour=8, minute=0) + 7 * DAY)
        assert fare_of(book(cast.rider, paid, now)).state == "held"


@pytest.mark.usefixtures("no_waiver")
class TestGivingBack:
    """Each way to end before the ride, to the last unit (R5, R9)."""

    @pytest.mark.parametrize(
        ("hours", "after_booking", "before_pickup", "percent"),
        [
            (24, 40 * MINUTE, None, 0),
            (24, None, 12 * HOUR + MINUTE, 0),
            (24, None, 12 * HOUR, 50),
            (24, None, MINUTE, 50),
            (8, 29 * MINUTE, None, 0),
            (8, 30 * MINUTE, None, 50),
        ],
    )
    def test_a_rider_gives_it_back(self, cast, now, hours, after_booking, before_pickup, percent):
        ride = offer(cast.driver, now=now, hours=hours)
        booking = book(cast.rider, ride, now)
        at = now + after_booking if after_booking else booking.pickup_at - before_pickup
        rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=at)
        settle_down(at)
        fee = booking.price_minor * percent // 100
        fare = fare_of(booking)
        assert (fare.to_driver, fare.back) == (fee, fare.amount - fee)
        assert fare.state == ("split" if fee else "refunded")
        assert standing(booking) == (0, fee, 0, fare.amount - fee)

    def test_the_driver_calls_the_booking_off(self, cast, ride, booking, now):
        at = ride.departure_at - MINUTE
        rides.cancel_booking(booking_id=booking.pk, by=cast.driver, reason="", now=at)
        settle_down(at)
        assert standing(booking) == (0, 0, 0, booking.price_minor)

    def test_the_driver_calls_the_ride_off(self, cast, ride, booking, now):
        at = ride.departure_at - MINUTE
        rides.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=at)
        settle_down(at)
        assert fare_of(booking).end == "call_off_seat"
        assert standing(booking) == (0, 0, 0, booking.price_minor)

    @pytest.mark.parametrize("how", ["declined", "silent", "taken_back"])
    def test_a_seat_that_was_never_promised(self, cast, now, how):
        ride = offer(cast.driver, now=now, hours=5, booking_mode=BookingMode.CONFIRM)
        booking = book(cast.rider, ride, now)
        assert (booking.state, standing(booking)[0]) == (
            "waiting_confirmation",
            booking.price_minor,
        )
        at = now + 2 * HOUR
        if how == "declined":
            rides.decline_booking(booking_id=booking.pk, by=cast.driver, reason="", now=at)
        elif how == "taken_back":
            rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=at)
        else:
            rides.watch(now=ride.departure_at)
        settle_down(at)
        assert standing(booking) == (0, 0, 0, booking.price_minor)

    def test_a_seat_that_was_promised_is_kept(self, cast, now):
        ride = offer(cast.driver, now=now, hours=5, booking_mode=BookingMode.CONFIRM)
        booking = book(cast.rider, ride, now)
        rides.confirm_booking(booking_id=booking.pk, by=cast.driver, now=now)
        at = now + 2 * HOUR
        rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=at)
        settle_down(at)
        fee = booking.price_minor // 2
        assert standing(booking) == (0, fee, 0, booking.price_minor - fee)


class TestAfterTheRide:
    """The answers decide; where they contradict each other, a person does."""

    def test_it_took_place_and_the_driver_is_paid_out(self, cast, ride, booking, now):
        at = drive(ride, now)
        assert standing(booking) == (booking.price_minor, 0, 0, 0)
        answer(booking, at, driver=True, rider=True)
        fare = fare_of(booking)
        assert (fare.state, fare.end, fare.to_driver) == ("released", "settle_seat", fare.amount)
        assert standing(booking) == (0, fare.amount, 0, 0)
        later = at + DAY + HOUR
        services.move_play_money(now=later)
        sent = services.pay_out(now=later)
        assert sent == (1 if fare.amount >= 1000 else 0)
        nothing_is_lost()

    def test_silence_of_the_rider_pays_after_the_term(self, ride, booking, now):
        at = drive(ride, now)
        answer(booking, at, driver=True)
        assert standing(booking)[0] == booking.price_minor
        late = at + 7 * DAY
        rides.watch(now=late)
        settle_down(late)
        assert standing(booking) == (0, booking.price_minor, 0, 0)

    def test_it_did_not_take_place(self, ride, booking, now):
        at = drive(ride, now)
        answer(booking, at, driver=False, rider=True)
        assert fare_of(booking).end == "void_seat"
        assert standing(booking) == (0, 0, 0, booking.price_minor)

    def test_who_did_not_come_pays_all_of_it(self, cast, ride, booking, now):
        rides.start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)
        at = booking.pickup_at + 5 * MINUTE
        rides.mark_missing(booking_id=booking.pk, by=cast.driver, now=at)
        rides.watch(now=at + 3 * HOUR)
        late = at + 8 * DAY
        rides.watch(now=late)
        settle_down(late)
        assert fare_of(booking).end == "miss_seat"
        assert standing(booking) == (0, booking.price_minor, 0, 0)

    @pytest.mark.parametrize("for_rider", [True, False])
    def test_a_dispute_waits_for_a_person(self, cast, ride, booking, now, for_rider):
        at = drive(ride, now)
        answer(booking, at, driver=True, rider=False)
        fare = fare_of(booking)
        assert (fare.state, fare.decide_by) == ("disputed", at + timedelta(hours=72))
        assert standing(booking) == (fare.amount, 0, 0, 0)
        for _ in range(2):
            try:
                services.decide_price(
                    fare_id=fare.pk, by=cast.manager, for_rider=for_rider, why="asked", now=at
                )
            except DisputeClosed:
                break
        settle_down(at)
        assert state(booking) == "validated"
        got = (0, 0, 0, fare.amount) if for_rider else (0, fare.amount, 0, 0)
        assert standing(booking) == got
        assert fare_of(booking).decided_by_id == cast.manager.pk

    def test_small_disputes_go_to_the_rider_when_nobody_decides(self, ride, booking, now):
        at = drive(ride, now)
        answer(booking, at, driver=True, rider=False)
        settle_down(at + timedelta(hours=71))
        assert fare_of(booking).state == RideFareState.DISPUTED
        settle_down(at + timedelta(hours=72))
        settle_down(at + timedelta(hours=72))
        assert standing(booking) == (0, 0, 0, booking.price_minor)

    def test_who_gives_in_ends_the_dispute(self, cast, ride, booking, now):
        at = drive(ride, now)
        answer(booking, at, driver=True, rider=False)
        answer(booking, at, rider=True)
        assert fare_of(booking).state == RideFareState.RELEASED
        with pytest.raises(DisputeClosed):
            services.decide_price(
                fare_id=fare_of(booking).pk, by=None, for_rider=True, why="", now=at
            )
        assert standing(booking) == (0, booking.price_minor, 0, 0)


class TestByApi:
    """An app books and pays in one request, or pays later for a seat that is kept."""

    def test_booking_and_paying(self, cast, ride, now):
        token = offer_token(cast.rider, ride, now=now)
        said = {"offer": token, "provider": "test_bank", "method": testbank.PAYS}
        answer = Api(cast.rider).post("bookings", said)
        assert answer.status_code == 201, answer.content
        told = answer.json()
        assert (told["state"], told["pay_at"]) == ("confirmed", "")
        for person in (cast.rider, cast.driver):
            fare = Api(person).get(f"bookings/{told['id']}/fare").json()
            assert (fare["state"], fare["amount"]) == ("held", told["price_minor"])
        assert Api(cast.colleague).get(f"bookings/{told['id']}/fare").status_code == 404

    def test_paying_later(self, cast, ride, now):
        said = {"offer": offer_token(cast.rider, ride, now=now)}
        told = Api(cast.rider).post("bookings", said).json()
        assert (told["state"], told["held_until"] is not None) == ("held", True)
        path = f"bookings/{told['id']}/payment"
        way = {"provider": "test_bank", "method": testbank.PAYS}
        assert Api(cast.colleague).post(path, way).status_code == 404
        assert Api(cast.rider).post(path, way).json()["state"] == "held"
        assert Api(cast.rider).post(path, way).status_code == 409
        assert Booking.objects.get().state == "confirmed"
        nothing_is_lost()


def test_a_person_decides_at_the_desk(client, cast, ride, booking, now):
    at = drive(ride, now)
    answer(booking, at, driver=True, rider=False)
    fare = fare_of(booking)
    desk = "/admin/payments/ridefare/"
    said = {"action": "for_the_driver", "_selected_action": [str(fare.pk)]}
    with time_machine.travel(at, tick=False):
        client.force_login(cast.operator.user, backend="django.contrib.auth.backends.ModelBackend")
        assert client.post(desk, said).status_code == 302
    assert fare_of(booking).state == RideFareState.RELEASED
    assert standing(booking) == (0, fare.amount, 0, 0)


def test_prices_of_a_page_of_offers_cost_two_queries(cast, ride, now, django_assert_num_queries):
    with django_assert_num_queries(2):
        prices = seat_prices(cast.rider, now=now)
        for _ in range(5):
            shown = prices.terms(ride, Money(40, "EUR"), ride.departure_at)
            assert shown.is_due
