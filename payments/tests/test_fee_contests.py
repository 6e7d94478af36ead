"""A rider objects to a fee: it is held, a person decides, the money goes where it belongs."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from chat.models import Kind, Notification
from chat.selectors.news_texts import write_text
from payments import services
from payments.engine import chart
from payments.engine.rules import DisputeRules
from payments.errors import NoFeeToContest, RideFareNotFound
from payments.models import FeeContest
from payments.selectors import balance_of
from payments.selectors.personal import export_payments
from payments.services.forgetting import erase_payments
from payments.tests.ride_fares import (
    answer,
    book,
    drive,
    fare_of,
    no_waiver,
    nothing_is_lost,
    prepay_rides,
    settle_down,
    standing,
)
from rides import services as rides
from rides.models import Deed
from rides.selectors import known_reliability
from rides.tests.api import Api
from rides.tests.factories import offer

__all__ = ["no_waiver", "prepay_rides"]  # fixtures
pytestmark = [
    pytest.mark.usefixtures("city", "no_waiver"), pytest.mark.django_db(transaction=True),
]  # fmt: skip
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def left(cast, now):
    """A seat that was given back an hour before its ride, and the moment after."""
    booking = book(cast.rider, offer(cast.driver, now=now, hours=24), now)
    settle_down(now)
    at = booking.pickup_at - HOUR
    rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=at)
    settle_down(at)
    return booking, at


def contest(booking, at, reason="My train did not run"):
    return services.contest_fee(booking_id=booking.pk, by=booking.rider, reason=reason, now=at)


def held(booking):
    fare = fare_of(booking)
    account = chart.payable(str(fare.driver_id), fare.currency)
    return balance_of(fare.organization_id, account).pending_out


def decide(one, at, *, for_rider):
    services.decide_contest(contest_id=one.pk, by=None, for_rider=for_rider, why="x", now=at)
    settle_down(at)


def test_a_fee_is_held_and_goes_back_by_the_way_it_came(cast, left):
    booking, at = left
    price, fee = booking.price_minor, booking.price_minor // 2
    assert standing(booking) == (0, fee, 0, price - fee)
    one = contest(booking, at + MINUTE)
    assert (one.amount, one.state, held(booking)) == (fee, "open", fee)
    decide(one, at + HOUR, for_rider=True)
    fare = fare_of(booking)
    assert (fare.state, fare.end, fare.to_driver, fare.back) == ("refunded", "late_seat", 0, price)
    assert standing(booking) == (0, 0, 0, price)
    assert held(booking) == 0
    with pytest.raises(NoFeeToContest):
        services.decide_contest(contest_id=one.pk, by=None, for_rider=False, why="y", now=at + HOUR)
    with pytest.raises(NoFeeToContest):
        contest(booking, at + HOUR)


def test_decided_for_the_driver_everything_stays(cast, left):
    booking, at = left
    before = standing(booking)
    one = contest(booking, at + MINUTE)
    decide(one, at + HOUR, for_rider=False)
    one.refresh_from_db()
    assert (one.state, standing(booking), held(booking)) == ("lost", before, 0)
    assert fare_of(booking).state == "split"


def test_who_was_marked_missing_may_object_too(cast, now):
    ride = offer(cast.driver, now=now, hours=24)
    booking = book(cast.rider, ride, now)
    settle_down(now)
    rides.mark_missing(booking_id=booking.pk, by=cast.driver, now=booking.pickup_at + HOUR)
    at = drive(ride, now)
    answer(booking, at + 7 * DAY)
    rides.watch(now=at + 7 * DAY)
    settle_down(at + 7 * DAY)
    assert fare_of(booking).end == "miss_seat"
    ended = fare_of(booking).ended_at
    decide(contest(booking, ended + MINUTE), ended + HOUR, for_rider=True)
    assert standing(booking) == (0, 0, 0, booking.price_minor)


def test_a_fee_is_contested_by_its_rider_once_and_in_time(cast, left):
    booking, at = left
    for stranger in (cast.driver, cast.colleague):
        with pytest.raises(RideFareNotFound):
            services.contest_fee(booking_id=booking.pk, by=stranger, reason="x", now=at)
    window = timedelta(seconds=cast.organization.policy.room_dispute_s)
    with pytest.raises(NoFeeToContest):
        contest(booking, fare_of(booking).ended_at + window)
    contest(booking, fare_of(booking).ended_at + window - MINUTE)
    with pytest.raises(NoFeeToContest):
        contest(booking, at + HOUR)


def test_what_cost_nothing_is_not_contested(cast, now):
    booking = book(cast.rider, offer(cast.driver, now=now, hours=24), now)
    settle_down(now)
    with pytest.raises(NoFeeToContest):
        contest(booking, now)
    rides.cancel_booking(booking_id=booking.pk, by=cast.driver, reason="", now=now + HOUR)
    settle_down(now + HOUR)
    with pytest.raises(NoFeeToContest):
        contest(booking, now + 2 * HOUR)


def test_when_nobody_decides_in_time_it_is_the_riders(cast, left):
    booking, at = left
    one = contest(booking, at + MINUTE)
    within = timedelta(seconds=DisputeRules().decide_within_s)
    settle_down(at + within)
    one.refresh_from_db()
    assert one.state == "open"
    settle_down(at + within + 2 * MINUTE)
    one.refresh_from_db()
    assert (one.state, one.decided_by_id) == ("won", None)
    nothing_is_lost()


def test_both_hear_of_it_and_of_the_decision(cast, left):
    booking, at = left
    one = contest(booking, at + MINUTE)
    settle_down(at + MINUTE)
    decide(one, at + HOUR, for_rider=True)
    for member, words in ((cast.rider, "You were right"), (cast.driver, "decided for the rider")):
        news = Notification.objects.filter(member=member, kind=Kind.SEAT_SETTLED)
        told = [write_text(one).body for one in news if "contest" in one.facts["what"]]
        assert len(told) == 2
        assert any(words in text for text in told)


def test_the_page_offers_it_and_says_what_became_of_it(cast, left):
    booking, at = left
    rider, driver = Client(), Client()
    for client, member in ((rider, cast.rider), (driver, cast.driver)):
        client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("rides:ride", args=[booking.ride_id])
    action = reverse("payments:ride-contest", args=[booking.pk])
    with time_machine.travel(at + MINUTE, tick=False):
        assert action in rider.get(page).content.decode()
        assert action not in driver.get(page).content.decode()
        rider.post(action, {"reason": ""})
        assert not FeeContest.objects.exists()
        shown = rider.post(action, {"reason": "My train did not run"}, follow=True)
        assert "My train did not run" in shown.content.decode()
        told = driver.get(page).content.decode()
    assert "My train did not run" not in told
    one = FeeContest.objects.get()
    operator = Client()
    operator.force_login(cast.operator.user, backend="django.contrib.auth.backends.ModelBackend")
    with time_machine.travel(at + HOUR, tick=False):
        operator.post(
            reverse("admin:payments_feecontest_changelist"),
            {"action": "for_the_rider", "_selected_action": str(one.pk)},
        )
        shown = rider.get(page).content.decode()
    one.refresh_from_db()
    assert (one.state, one.decided_by_id) == ("won", cast.operator.pk)
    assert "goes back by the way you paid" in shown


def test_the_api_says_the_same(cast, left):
    booking, at = left
    rider, driver = Api(cast.rider), Api(cast.driver)
    with time_machine.travel(at + MINUTE, tick=False):
        assert rider.get(f"bookings/{booking.pk}/fare").json()["objection_until"]
        assert driver.get(f"bookings/{booking.pk}/fare").json()["objection_until"] is None
        path = f"bookings/{booking.pk}/fare/objection"
        made = rider.post(path, {"reason": "My train did not run"})
        assert made.status_code == 201, made.content
        again = rider.post(path, {"reason": "Again"})
        assert (again.status_code, again.json()["code"]) == (409, "no_fee_to_contest")
        told = rider.get(f"bookings/{booking.pk}/fare").json()
        assert (told["objection"]["reason"], told["objection_until"]) == (
            "My train did not run", None,
        )  # fmt: skip
        told = driver.get(f"bookings/{booking.pk}/fare").json()
        assert (told["objection"]["state"], told["objection"]["reason"]) == ("open", "")


def test_the_words_are_the_riders_own(cast, left):
    booking, at = left
    contest(booking, at + MINUTE)
    (own,) = export_payments(cast.rider.pk)["ride_fares"]
    (theirs,) = export_payments(cast.driver.pk)["ride_fares"]
    assert own["objection"]["you_said"] == "My train did not run"
    assert theirs["objection"]["you_said"] == ""
    erase_payments(cast.rider.pk, at + HOUR)
    assert FeeContest.objects.get().reason == ""


@pytest.mark.parametrize(("for_rider", "counts"), [(True, 0), (False, 1)])
def test_a_fee_decided_for_the_rider_counts_in_no_score(cast, left, for_rider, counts):
    booking, at = left
    assert known_reliability([cast.rider.pk], now=at)[cast.rider.pk].total == 1
    deed = Deed.objects.get(booking=booking, member=cast.rider)
    said = rides.object_to_deed(deed_id=deed.pk, by=cast.rider, text="The train", now=at)
    one = contest(booking, at + MINUTE)
    decide(one, at + HOUR, for_rider=for_rider)
    known = known_reliability([cast.rider.pk], now=at + HOUR).get(cast.rider.pk)
    assert (known.total if known else 0) == counts
    said.refresh_from_db()
    assert (said.state, said.text) == ("granted" if for_rider else "open", "The train")
    assert not Notification.objects.filter(kind=Kind.OBJECTION_DECIDED).exists(), "told once"


def test_who_had_not_objected_to_the_line_gets_it_back_as_well(cast, left, client):
    booking, at = left
    decide(contest(booking, at + MINUTE), at + HOUR, for_rider=True)
    deed = Deed.objects.get(booking=booking, member=cast.rider)
    assert (deed.objection.state, deed.objection.text) == ("granted", "")
    lift = {"booking_id": booking.pk, "seat_id": None, "member_id": cast.rider.pk, "by_id": None}
    assert not rides.lift_deed(**lift, now=at + HOUR), "twice changes nothing"
    client.force_login(cast.rider.user)
    page = client.get(reverse("rides:deed", args=[deed.pk])).content.decode()
    assert "The fee for it was decided for you." in page
    news = Notification.objects.filter(member=cast.rider, kind=Kind.SEAT_SETTLED).order_by("pk")
    assert any("nothing of it counts" in write_text(one).body for one in news)


def test_the_driver_sees_the_fee_of_a_cancelled_seat_while_it_is_held(cast, left, client):
    booking, at = left
    client.force_login(cast.driver.user)
    where = reverse("rides:ride", args=[booking.ride_id])
    with time_machine.travel(at + HOUR, tick=False):
        assert "the rider objects" not in client.get(where).content.decode()
        one = contest(booking, at + MINUTE)
        page = client.get(where).content.decode()
        assert "the rider objects; held until somebody decides" in page
        decide(one, at + HOUR, for_rider=True)
        assert "an objection was decided for the rider" in client.get(where).content.decode()
