"""Searching and booking through the REST API."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core import signing
from django.utils.dateparse import parse_datetime

from accounts.tests.factories import HOME_SOUTH, PORT, WORKSHOP, MemberFactory
from carpool.kernel.models import IdempotentRequest, OutboxEvent
from carpool.kernel.tests.problems import assert_problem
from matching.selectors import evaluate, with_stops
from matching.selectors.shown import seal_offer
from rides.models import Booking, Ride, RideRequest
from rides.services import cancel_ride
from rides.tests.api import Api, end, find_token, wish_for
from rides.tests.factories import book, offer, wish

pytestmark = pytest.mark.usefixtures("city")


def search(person, ride, **changes):
    answer = Api(person).post("searches", wish_for(ride, **changes))
    assert answer.status_code == 200, answer.content
    return answer.json()


class TestSearching:
    """What is found, in which order, and why."""

    def test_an_offer_says_where_when_and_why(self, cast, now):
        ride = offer(cast.driver, now=now)
        body = search(cast.rider, ride)
        assert body["rides_considered"] == 1
        [found] = body["offers"]
        assert found["ride"]["id"] == str(ride.pk)
        assert found["ride"]["driver"] == {"id": str(cast.driver.pk), "first_name": "Dora"}
        pickup_at, dropoff_at = (parse_datetime(found[k]["at"]) for k in ("pickup", "dropoff"))
        assert ride.departure_at - timedelta(seconds=1) < pickup_at < dropoff_at
        walked_s = (found["pickup"]["walk_m"] + found["dropoff"]["walk_m"]) / 1.2
        aboard_s = (dropoff_at - pickup_at).total_seconds()
        assert found["duration_s"] == pytest.approx(aboard_s + walked_s, abs=1)
        assert found["saved_co2_g"] == pytest.approx(found["shared_distance_m"] * 0.15, abs=1)
        assert 0 <= found["detour_s"] <= ride.detour_s
        assert len(found["reasons"]) == 4
        assert found["pickup"]["label"]

    def test_what_was_shown_is_what_is_booked(self, cast, now):
        ride = offer(cast.driver, now=now)
        [found] = search(cast.rider, ride)["offers"]
        booked = Api(cast.rider).post("bookings", {"offer": found["token"]}).json()
        for name in ("pickup", "dropoff"):
            shown, kept = parse_datetime(found[name]["at"]), parse_datetime(booked[f"{name}_at"])
            assert abs(kept - shown) < timedelta(seconds=2)
        assert booked["walk_to_m"] == found["pickup"]["walk_m"]
        assert booked["walk_from_m"] == found["dropoff"]["walk_m"]
        assert booked["shared_distance_m"] == found["shared_distance_m"]

    def test_the_cheapest_ride_comes_first(self, cast, now):
        for minutes in (0, 25, 50):
            driver = MemberFactory(organization=cast.organization, car=True)
            ride = offer(driver, now=now, hours=24 + minutes / 60)
        offers = search(cast.rider, ride)["offers"]
        assert len(offers) == 3
        costs = [found["cost_s"] for found in offers]
        assert costs == sorted(costs)
        assert len({found["ride"]["id"] for found in offers}) == 3

    def test_one_does_not_find_ones_own_ride_nor_another_organizations(self, cast, now):
        ride = offer(cast.driver, now=now)
        offer(cast.outsider, now=now)
        assert search(cast.driver, ride)["offers"] == []
        [theirs] = search(cast.rider, ride)["offers"]
        assert theirs["ride"]["id"] == str(ride.pk)

    def test_a_ride_without_a_free_seat_is_not_found(self, cast, now):
        ride = offer(cast.driver, now=now, seats=2)
        assert len(search(cast.colleague, ride, seats=2)["offers"]) == 1
        assert search(cast.colleague, ride, seats=3)["offers"] == []
        book(cast.rider, ride, now=now)
        assert search(cast.colleague, ride, seats=2)["offers"] == []
        assert len(search(cast.colleague, ride, seats=1)["offers"]) == 1

    def test_a_ride_that_was_withdrawn_or_has_left_is_not_found(self, cast, now):
        ride = offer(cast.driver, now=now)
        with time_machine.travel(ride.departure_at, tick=False):
            assert search(cast.rider, ride)["offers"] == []
        cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=now)
        assert search(cast.rider, ride)["offers"] == []

    def test_who_names_an_arrival_is_brought_there_by_then(self, cast, now):
        ride = offer(cast.driver, now=now)
        arrive_by = ride.departure_at + timedelta(minutes=20)
        [found] = search(cast.rider, ride, latest_arrival_at=arrive_by.isoformat(), arrive=True)[
            "offers"
        ]
        walk = timedelta(seconds=found["dropoff"]["walk_m"] / 1.2)
        assert parse_datetime(found["dropoff"]["at"]) + walk <= arrive_by

    def test_searching_stores_nothing(self, cast, now):
        ride = offer(cast.driver, now=now)
        events = OutboxEvent.objects.count()
        search(cast.rider, ride)
        assert OutboxEvent.objects.count() == events
        assert not RideRequest.objects.exists()
        assert not Booking.objects.exists()

    def test_no_key_is_needed_to_look(self, cast, now):
        ride = offer(cast.driver, now=now)
        answer = Api(cast.rider).client.post("/api/v1/searches", wish_for(ride), format="json")
        assert answer.status_code == 200


class TestRefusedBookings:
    """A clear answer, and a ride that is as it was."""

    @pytest.fixture
    def ride(self, cast, now):
        return offer(cast.driver, now=now, seats=1)

    @pytest.fixture
    def unchanged(self, ride):
        """Whatever happens in the test, the ride, its seats and its news stay."""
        before = self.snapshot(ride)
        yield
        assert self.snapshot(ride) == before

    def snapshot(self, ride):
        ride.refresh_from_db()
        return (
            ride.arrival_at,
            ride.distance_m,
            list(ride.stops.values_list("pk", "planned_at", "seats_after")),
            list(ride.bookings.values_list("pk", "state")),
            OutboxEvent.objects.count(),
            IdempotentRequest.objects.count(),
        )

    def signed_for(self, person, ride):
        """An offer that search would not have made to this person."""
        query = wish(ride)
        loaded = with_stops(Ride.objects.filter(pk=ride.pk)).get()
        return seal_offer(person, query, evaluate([loaded], ride.region, query)[0])

    def test_ones_own_ride(self, cast, ride, unchanged):
        answer = Api(cast.driver).post("bookings", {"offer": self.signed_for(cast.driver, ride)})
        assert_problem(answer, 403, "own_ride")

    def test_another_organizations_ride(self, cast, ride, unchanged):
        token = self.signed_for(cast.outsider, ride)
        assert_problem(Api(cast.outsider).post("bookings", {"offer": token}), 404, "ride_not_found")

    def test_an_offer_made_to_somebody_else(self, cast, ride, unchanged):
        token = find_token(cast.rider, ride)
        answer = Api(cast.colleague).post("bookings", {"offer": token})
        assert_problem(answer, 422, "offer_expired", "offer")

    @pytest.mark.parametrize("spoil", [str.lower, str.upper, lambda token: token[::-1], len])
    def test_an_altered_offer(self, cast, ride, unchanged, spoil):
        token = str(spoil(find_token(cast.rider, ride)))
        answer = Api(cast.rider).post("bookings", {"offer": token})
        assert_problem(answer, 422, "offer_expired", "offer")

    def test_an_offer_signed_for_another_purpose(self, cast, ride, unchanged):
        token = signing.dumps({"member": str(cast.rider.pk)}, salt="something.else")
        answer = Api(cast.rider).post("bookings", {"offer": token})
        assert_problem(answer, 422, "offer_expired", "offer")

    def test_an_offer_older_than_half_an_hour(self, cast, now, ride, unchanged):
        with time_machine.travel(now, tick=False) as clock:
            token = find_token(cast.rider, ride)
            clock.shift(timedelta(minutes=30, seconds=1))
            answer = Api(cast.rider).post("bookings", {"offer": token})
        assert_problem(answer, 422, "offer_expired", "offer")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "offer"),
            ({"offer": ""}, "offer"),
            ({"offer": None}, "offer"),
            ({"offer": 7.5, "request": None}, "offer"),
            ({"offer": "x", "request": "none"}, "request"),
            ({"offer": "x" * 4001}, "offer"),
            ({"offer": {"ride": "mine"}}, "offer"),
        ],
    )
    def test_a_body_that_makes_no_sense(self, cast, ride, unchanged, body, field):
        answer = Api(cast.rider).post("bookings", body)
        assert_problem(answer, 400, "invalid_input", field)

    def test_a_request_that_there_is_not(self, cast, ride, unchanged):
        body = {"offer": find_token(cast.rider, ride), "request": str(uuid4())}
        assert_problem(Api(cast.rider).post("bookings", body), 404, "request_not_found")

    def test_a_ride_that_has_left(self, cast, now, ride, unchanged):
        with time_machine.travel(ride.departure_at - timedelta(minutes=5), tick=False) as clock:
            token = find_token(cast.rider, ride)
            clock.move_to(ride.departure_at)
            answer = Api(cast.rider).post("bookings", {"offer": token})
        assert_problem(answer, 409, "ride_closed")

    def test_booking_twice(self, cast, now, ride):
        token = find_token(cast.rider, ride)
        assert Api(cast.rider).post("bookings", {"offer": token}).status_code == 201
        before = self.snapshot(ride)
        answer = Api(cast.rider).post("bookings", {"offer": token})
        assert_problem(answer, 409, "already_booked")
        assert self.snapshot(ride) == before

    def test_the_last_seat_when_somebody_was_faster(self, cast, now, ride):
        token = find_token(cast.colleague, ride)
        book(cast.rider, ride, now=now)
        before = self.snapshot(ride)
        answer = Api(cast.colleague).post("bookings", {"offer": token})
        assert_problem(answer, 409, "seats_exhausted")
        assert self.snapshot(ride) == before

    def test_two_rides_at_the_same_time(self, cast, now, ride):
        other = offer(MemberFactory(organization=cast.organization, car=True), now=now)
        token = find_token(cast.rider, ride)
        book(cast.rider, other, now=now)
        before = self.snapshot(ride)
        assert_problem(Api(cast.rider).post("bookings", {"offer": token}), 409, "rider_busy")
        assert self.snapshot(ride) == before

    def test_a_ride_whose_time_others_have_used_up(self, cast, now):
        tight = offer(cast.driver, now=now, detour_s=300)
        token = find_token(cast.rider, tight)
        onward = {"origin": end(WORKSHOP, "Workshop"), "destination": end(PORT, "Port")}
        taken = {"offer": find_token(cast.colleague, tight, **onward)}
        assert Api(cast.colleague).post("bookings", taken).status_code == 201
        before = self.snapshot(tight)
        assert_problem(Api(cast.rider).post("bookings", {"offer": token}), 409, "ride_changed")
        assert self.snapshot(tight) == before


def test_several_riders_share_the_car_and_the_driver_sees_each_stop(cast, now):
    ride = offer(cast.driver, now=now)
    first = {"offer": find_token(cast.rider, ride)}
    assert Api(cast.rider).post("bookings", first).status_code == 201
    south = {"origin": end(HOME_SOUTH, "Home"), "destination": end(PORT, "Port")}
    second = {"offer": find_token(cast.colleague, ride, **south)}
    assert Api(cast.colleague).post("bookings", second).status_code == 201
    seen = Api(cast.driver).get(f"rides/{ride.pk}").json()
    assert [stop["kind"] for stop in seen["stops"]].count("pickup") == 2
    assert {b["rider"]["display_name"] for b in seen["bookings"]} == {
        "Rita Rider",
        "Carl Colleague",
    }
    times = [parse_datetime(stop["planned_at"]) for stop in seen["stops"]]
    assert times == sorted(times)
    assert all(
        parse_datetime(stop["planned_at"]) <= parse_datetime(stop["latest_at"])
        for stop in seen["stops"]
    )
    aboard = Api(cast.rider).get(f"rides/{ride.pk}").json()
    assert len(aboard["stops"]) == 6
