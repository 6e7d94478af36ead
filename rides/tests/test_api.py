"""A ride's whole way through the REST API."""

from datetime import timedelta

import pytest
import time_machine
from django.utils.dateparse import parse_datetime

from accounts.services import block_member
from accounts.tests.factories import MemberFactory
from carpool.kernel.tests.problems import assert_problem
from rides.models import Booking, Ride, RideRequest
from rides.services import watch
from rides.tests.api import Api, find_token, offer_body, wish_body, wish_for
from rides.tests.factories import book, offer

pytestmark = pytest.mark.usefixtures("city")


def states_of(ride, booking):
    ride.refresh_from_db()
    booking.refresh_from_db()
    return ride.state, booking.state


def test_a_colleague_shares_a_ride_the_whole_way_through(cast, now):
    driver, rider = Api(cast.driver), Api(cast.rider)
    with time_machine.travel(now, tick=False) as clock:
        offered = driver.post("rides", offer_body(cast.driver, now=now))
        assert offered.status_code == 201
        assert (offered.json()["state"], offered.json()["seats_left"]) == ("scheduled", 3)
        ride = Ride.objects.get(pk=offered.json()["id"])

        booked = rider.post("bookings", {"offer": find_token(cast.rider, ride)})
        assert booked.status_code == 201
        assert booked.json()["state"] == "confirmed"
        booking = Booking.objects.get(pk=booked.json()["id"])
        assert driver.get(f"rides/{ride.pk}").json()["seats_left"] == 2

        assert_problem(driver.post(f"rides/{ride.pk}/start"), 409, "wrong_state")
        clock.move_to(ride.departure_at - timedelta(minutes=5))
        started = driver.post(f"rides/{ride.pk}/start")
        assert (started.status_code, started.json()["state"]) == (200, "in_transit")

        pickup = next(stop for stop in started.json()["stops"] if stop["kind"] == "pickup")
        assert pickup["rider"] == str(cast.rider.pk)
        clock.move_to(booking.pickup_at)
        visited = driver.post(f"rides/{ride.pk}/stops/{pickup['id']}/visit").json()
        stop = next(stop for stop in visited["stops"] if stop["id"] == pickup["id"])
        assert parse_datetime(stop["visited_at"]) == booking.pickup_at

        ride.refresh_from_db()
        clock.move_to(ride.arrival_at)
        finished = driver.post(f"rides/{ride.pk}/finish")
        assert (finished.status_code, finished.json()["state"]) == (200, "arriving")

        clock.shift(timedelta(minutes=15))
        watch(now=ride.arrival_at + timedelta(minutes=15))
        assert states_of(ride, booking) == ("validating", "completed_pending_validation")
        for api in (rider, driver):
            answered = api.post(f"bookings/{booking.pk}/answer", {"took_place": True})
            assert answered.status_code == 200
        assert states_of(ride, booking) == ("completed", "validated")
        assert rider.get(f"bookings/{booking.pk}").json()["outcome"] == "pay"


def test_an_offer_is_shown_to_its_driver_exactly_as_it_was_made(cast, now):
    departure_at = now + timedelta(hours=30)
    body = offer_body(
        cast.driver,
        now=now,
        departure_at=departure_at.isoformat(),
        detour_m=5_000,
        booking_mode="confirm",
        note="Quiet car",
    )
    ride = Api(cast.driver).post("rides", body).json()
    for key in ("detour_s", "detour_m", "booking_mode", "note"):
        assert ride[key] == body[key]
    assert ride["seats_offered"] == ride["seats_left"] == 3
    assert ride["origin"] == body["origin"]["location"]
    assert (ride["origin_label"], ride["destination_label"]) == ("Head office", "Port")
    assert parse_datetime(ride["departure_at"]) == departure_at
    assert ride["is_driver"] is True
    assert [stop["kind"] for stop in ride["stops"]] == ["origin", "destination"]
    assert ride["route"]["type"] == "LineString"
    assert len(ride["route"]["coordinates"]) > 10
    assert Api(cast.driver).get(f"rides/{ride['id']}").json() == ride


def test_times_are_told_with_the_organizations_offset(cast, now):
    ride = Api(cast.driver).post("rides", offer_body(cast.driver, now=now)).json()
    assert ride["departure_at"][-6:] in {"-03:00", "-04:00"}


def test_the_same_offer_sent_twice_is_one_ride(cast, now):
    body = offer_body(cast.driver, now=now)
    first, again = (Api(cast.driver).post("rides", body, key="one") for _ in range(2))
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Ride.objects.count() == 1


def test_the_same_booking_sent_twice_is_one_booking(cast, now):
    ride = offer(cast.driver, now=now)
    body = {"offer": find_token(cast.rider, ride)}
    first, again = (Api(cast.rider).post("bookings", body, key="one") for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert Booking.objects.count() == 1


@pytest.mark.parametrize(
    "path",
    [
        "rides",
        "rides/{ride}/cancel",
        "bookings",
        "bookings/{booking}/cancel",
        "bookings/{booking}/confirm",
        "bookings/{booking}/decline",
        "requests",
    ],
)
def test_what_moves_seats_takes_a_key(cast, now, path):
    ride = offer(cast.driver, now=now, booking_mode="confirm")
    booking = book(cast.rider, ride, now=now)
    answer = Api(cast.driver).client.post(
        "/api/v1/" + path.format(ride=ride.pk, booking=booking.pk), {}, format="json"
    )
    assert_problem(answer, 400, "idempotency_key_missing", "Idempotency-Key")
    assert states_of(ride, booking) == ("scheduled", "waiting_confirmation")


class TestCancelling:
    """Giving back."""

    def test_a_driver_withdraws_a_ride_and_its_riders_read_why(self, cast, now):
        ride = offer(cast.driver, now=now)
        booking = book(cast.rider, ride, now=now)
        answer = Api(cast.driver).post(f"rides/{ride.pk}/cancel", {"reason": "Flat tyre"})
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        mine = Api(cast.rider).get(f"bookings/{booking.pk}").json()
        assert (mine["state"], mine["cancel_reason"]) == ("cancelled", "Flat tyre")
        again = Api(cast.driver).post(f"rides/{ride.pk}/cancel")
        assert_problem(again, 409, "wrong_state")

    def test_a_rider_gives_the_seat_back_and_a_colleague_takes_it(self, cast, now):
        ride = offer(cast.driver, now=now, seats=1)
        token = find_token(cast.colleague, ride)
        booking = book(cast.rider, ride, now=now)
        assert_problem(
            Api(cast.colleague).post("bookings", {"offer": token}), 409, "seats_exhausted"
        )
        answer = Api(cast.rider).post(f"bookings/{booking.pk}/cancel", {"reason": "Ill"})
        assert answer.status_code == 200
        assert answer.json()["seats_left"] == 1
        assert answer.json()["bookings"] == []
        assert Api(cast.colleague).post("bookings", {"offer": token}).status_code == 201

    def test_who_keeps_apart_meanwhile_can_give_the_seat_back_all_the_same(self, cast, now):
        ride = offer(cast.driver, now=now)
        booking = book(cast.rider, ride, now=now)
        block_member(by=cast.driver, other=cast.rider, now=now)
        answer = Api(cast.rider).post(f"bookings/{booking.pk}/cancel")
        assert (answer.status_code, answer.content) == (204, b"")
        booking.refresh_from_db()
        assert booking.state == "cancelled"

    def test_a_reason_that_is_too_long_is_named(self, cast, now):
        ride = offer(cast.driver, now=now)
        answer = Api(cast.driver).post(f"rides/{ride.pk}/cancel", {"reason": "x" * 281})
        assert_problem(answer, 400, "invalid_input", "reason")
        ride.refresh_from_db()
        assert ride.state == "scheduled"


class TestConfirming:
    """A driver who decides about each booking."""

    @pytest.fixture
    def booking(self, cast, now):
        ride = offer(cast.driver, now=now, booking_mode="confirm")
        return book(cast.rider, ride, now=now)

    @pytest.mark.parametrize(
        ("decision", "state"), [("confirm", "confirmed"), ("decline", "cancelled")]
    )
    def test_the_driver_decides_once(self, cast, booking, decision, state):
        answer = Api(cast.driver).post(f"bookings/{booking.pk}/{decision}")
        assert answer.status_code == 200
        booking.refresh_from_db()
        assert booking.state == state
        for late in ("confirm", "decline"):
            answer = Api(cast.driver).post(f"bookings/{booking.pk}/{late}")
            assert_problem(answer, 409, "wrong_state")

    def test_until_then_the_rider_knows_no_full_name_plate_or_phone(self, cast, booking):
        cast.driver.phone = "+56 9 1234 5678"
        cast.driver.save()
        path = f"rides/{booking.ride_id}"
        before = Api(cast.rider).get(path)
        assert before.json()["driver"] == {"id": str(cast.driver.pk), "first_name": "Dora"}
        assert "plate" not in before.json()["car"]
        assert "1234 5678" not in before.content.decode()
        Api(cast.driver).post(f"bookings/{booking.pk}/confirm")
        after = Api(cast.rider).get(path).json()
        assert after["driver"]["display_name"] == "Dora Driver"
        assert after["driver"]["phone"] == "+56 9 1234 5678"
        assert after["car"]["plate"]

    def test_the_driver_sees_who_asks_and_until_when_to_decide(self, cast, booking):
        [shown] = Api(cast.driver).get(f"rides/{booking.ride_id}").json()["bookings"]
        assert shown["rider"] == {"id": str(cast.rider.pk), "first_name": "Rita"}
        assert shown["state"] == "waiting_confirmation"
        assert parse_datetime(shown["decide_by"]) == booking.decide_by


class TestRequests:
    """Standing requests."""

    def test_a_request_is_left_listed_and_withdrawn(self, cast, now):
        rider = Api(cast.rider)
        left = rider.post("requests", wish_body(now + timedelta(hours=24), seats=2))
        assert left.status_code == 201
        request = left.json()
        assert (request["state"], request["seats"]) == ("open", 2)
        assert request["origin_label"] == "My home"
        assert rider.get("requests").json()["results"] == [request]
        closed = rider.post(f"requests/{request['id']}/close")
        assert (closed.status_code, closed.json()["state"]) == (200, "closed")
        assert_problem(rider.post(f"requests/{request['id']}/close"), 409, "wrong_state")

    def test_booking_from_a_request_fulfils_it(self, cast, now):
        ride = offer(cast.driver, now=now)
        request = Api(cast.rider).post("requests", wish_for(ride)).json()
        body = {"offer": find_token(cast.rider, ride), "request": request["id"]}
        assert Api(cast.rider).post("bookings", body).status_code == 201
        assert RideRequest.objects.get().state == "fulfilled"

    def test_somebody_elses_request_is_not_fulfilled_and_nothing_is_booked(self, cast, now):
        ride = offer(cast.driver, now=now)
        request = Api(cast.colleague).post("requests", wish_for(ride)).json()
        body = {"offer": find_token(cast.rider, ride), "request": request["id"]}
        assert_problem(Api(cast.rider).post("bookings", body), 404, "request_not_found")
        assert not Booking.objects.exists()
        assert ride.stops.count() == 2


class TestLists:
    """Pages by cursor, newest first."""

    def test_rides_come_newest_first_in_pages_that_join(self, cast, now):
        made = [offer(cast.driver, now=now, hours=24 + 2 * i) for i in range(5)]
        page = Api(cast.driver).get("rides", page_size=2).json()
        seen, pages = [ride["id"] for ride in page["results"]], 1
        while page["next"]:
            page = Api(cast.driver).client.get(page["next"]).json()
            seen += [ride["id"] for ride in page["results"]]
            pages += 1
        assert seen == [str(ride.pk) for ride in sorted(made, key=_age, reverse=True)]
        assert pages == 3

    @pytest.mark.parametrize("page_size", ["0", "-1", "many", "", "101", "²"])
    def test_a_page_size_that_makes_no_sense_is_refused(self, cast, page_size):
        answer = Api(cast.driver).get("rides", page_size=page_size)
        assert_problem(answer, 400, "invalid_input", "page_size")

    def test_bookings_are_ones_own(self, cast, now):
        ride = offer(cast.driver, now=now)
        booking = book(cast.rider, ride, now=now)
        [mine] = Api(cast.rider).get("me/bookings").json()["results"]
        assert (mine["id"], mine["ride"]) == (str(booking.pk), str(ride.pk))
        assert Api(cast.driver).get("me/bookings").json()["results"] == []


def _age(ride):
    ride.refresh_from_db()
    return ride.created_at, ride.pk


def test_a_stop_of_another_ride_is_no_stop_of_this_one(cast, now):
    ride = offer(cast.driver, now=now)
    other = offer(MemberFactory(organization=cast.organization, car=True), now=now)
    with time_machine.travel(ride.departure_at, tick=False):
        answer = Api(cast.driver).post(f"rides/{ride.pk}/stops/{other.stops.first().pk}/visit")
    assert_problem(answer, 404, "stop_not_found")


@pytest.mark.parametrize(
    "body", [{}, {"took_place": "perhaps"}, {"took_place": None}, {"took_place": []}]
)
def test_an_answer_is_yes_or_no(cast, now, body):
    booking = book(cast.rider, offer(cast.driver, now=now), now=now)
    answer = Api(cast.rider).post(f"bookings/{booking.pk}/answer", body)
    assert_problem(answer, 400, "invalid_input", "took_place")
