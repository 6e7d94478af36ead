"""A seat that is given back late: free once a month, then half its price; to the unit."""

from datetime import timedelta

import pytest

from accounts.services import change_policies
from carpool.kernel.models import OutboxEvent
from payments import selectors
from payments.engine.rules import SeatRules
from payments.engine.seats import SeatEnd, SeatFacts, end_seat
from payments.tests.ride_fares import (
    book,
    fare_of,
    nothing_is_lost,
    prepay_rides,
    settle_down,
    standing,
)
from rides import services as rides
from rides.tests.api import Api
from rides.tests.factories import offer, terms

__all__ = ["prepay_rides"]  # fixtures
pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def late_within_a_week(cast, now, prepay_rides):
    """Any moment but the first half hour is late, whatever the calendar says today."""
    change_policies(
        organization=cast.organization, values={"ride_free_before_s": 7 * 86_400}, by=None, now=now
    )
    for member in (cast.driver, cast.rider, cast.colleague):
        member.organization.refresh_from_db()


def booked(cast, now, *, hours=24.0):
    booking = book(cast.rider, offer(cast.driver, now=now, hours=hours), now)
    settle_down(now)
    return booking


def leave(booking, at):
    told = selectors.leaving_of(booking.rider, booking.pk, now=at)
    rides.cancel_booking(booking_id=booking.pk, by=booking.rider, reason="", now=at)
    settle_down(at)
    fare = fare_of(booking)
    assert (fare.own - fare.own_back, fare.own_back) == (told.fee, told.back), "as it was shown"
    return fare


def test_the_first_in_a_month_is_free_and_the_next_costs_half(cast, now):
    first, second = booked(cast, now), booked(cast, now, hours=27)
    price = first.price_minor
    fare = leave(first, now + HOUR)
    assert (fare.end, fare.state, fare.to_driver, fare.back) == (
        "waive_seat", "refunded", 0, price,
    )  # fmt: skip
    assert standing(first) == (0, 0, 0, price)
    fare, price = leave(second, now + HOUR + MINUTE), second.price_minor
    fee = price // 2
    assert (fare.end, fare.state, fare.to_driver, fare.back) == (
        "late_seat", "split", fee, price - fee,
    )  # fmt: skip
    assert standing(second) == (0, fee, 0, price - fee)


def test_no_waiver_is_used_by_what_is_free_anyway(cast, now):
    first, second = booked(cast, now), booked(cast, now, hours=27)
    assert leave(first, now + MINUTE).end == "free_seat"
    assert leave(second, now + HOUR).end == "waive_seat"


def test_a_driver_who_calls_off_late_gets_nothing_and_takes_nothing(cast, now):
    booking = booked(cast, now)
    told = selectors.leaving_of(cast.driver, booking.pk, now=now + HOUR)
    assert (told.lateness.is_late, told.lateness.is_waived, told.fee) == (True, False, 0)
    rides.cancel_booking(booking_id=booking.pk, by=cast.driver, reason="", now=now + HOUR)
    settle_down(now + HOUR)
    assert (fare_of(booking).end, standing(booking)) == (
        "call_off_seat", (0, 0, 0, booking.price_minor),
    )  # fmt: skip
    booking.refresh_from_db()
    assert booking.is_late


def test_who_refuses_a_changed_ride_gets_everything_back(cast, now):
    booking = booked(cast, now)
    ride = booking.ride
    later = terms(cast.driver, departure_at=ride.departure_at + 2 * HOUR)
    rides.change_ride(ride_id=ride.pk, by=cast.driver, terms=later, now=now + HOUR)
    told = selectors.leaving_of(cast.rider, booking.pk, now=now + 2 * HOUR)
    assert (told.fee, told.back, told.lateness.is_late) == (0, booking.price_minor, False)
    rides.answer_change(booking_id=booking.pk, by=cast.rider, agrees=False, now=now + 2 * HOUR)
    settle_down(now + 2 * HOUR)
    assert (fare_of(booking).end, standing(booking)) == (
        "call_off_seat", (0, 0, 0, booking.price_minor),
    )  # fmt: skip


def test_facts_that_come_twice_or_late_move_money_once(cast, now):
    booking = booked(cast, now)
    leave(booking, now + HOUR)
    before = standing(booking)
    OutboxEvent.objects.update(delivered_at=None, next_attempt_at=now - HOUR)
    OutboxEvent.objects.all()[0].deliveries.all().delete()
    settle_down(now + 40 * 24 * HOUR)
    assert standing(booking) == before
    nothing_is_lost()


def test_the_api_says_the_same_before(cast, now):
    booking = booked(cast, now)
    api = Api(cast.rider)
    said = api.get(f"bookings/{booking.pk}/leaving").json()
    assert (said["is_late"], said["fee"], said["back"]) == (False, 0, booking.price_minor)
    assert Api(cast.colleague).get(f"bookings/{booking.pk}/leaving").status_code == 404


@pytest.mark.parametrize("price", [1, 2, 3, 3_300, 3_301])
def test_nothing_of_a_price_gets_lost_whether_it_is_waived_or_not(now, price):
    for is_waived in (True, False):
        facts = SeatFacts(
            price=price, booked_at=now - 24 * HOUR, departs_at=now + HOUR, left_at=now,
            left_by_rider=True, is_waived=is_waived,
        )  # fmt: skip
        end, split = end_seat(facts, SeatRules())
        assert split.to_driver + split.back == price
        assert split.to_driver == (0 if is_waived else price // 2)
        late = SeatEnd.LEFT_FREE if price == 1 else SeatEnd.LEFT_LATE
        assert end == (SeatEnd.WAIVED if is_waived and price > 1 else late)
