"""Booking, deciding and giving back."""

from datetime import timedelta

import pytest

from accounts.tests.factories import HEAD_OFFICE, HOME_SOUTH, PORT, WORKSHOP, MemberFactory
from carpool.kernel.geo import walking_time
from carpool.kernel.models import OutboxEvent
from matching import services as matching
from matching.errors import OfferExpired
from rides import services as rides
from rides.errors import (
    AlreadyBooked,
    BookingNotFound,
    NotTheDriver,
    OwnRide,
    RideClosed,
    RideNotFound,
    RiderBusy,
    SeatsExhausted,
    SeatsOutOfRange,
    WrongState,
)
from rides.models import BookingMode, BookingState, RequestState, StopKind
from rides.services import TripEnd
from rides.tests.factories import book, offer, offer_token, wish

pytestmark = pytest.mark.usefixtures("city")


def test_a_booking_inserts_a_pickup_and_a_dropoff(cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    stops = list(ride.stops.order_by("position"))
    assert [stop.kind for stop in stops] == ["origin", "pickup", "dropoff", "destination"]
    assert [stop.position for stop in stops] == [0, 1, 2, 3]
    assert [stop.seats_after for stop in stops] == [0, 1, 0, 0]
    assert booking.state == BookingState.CONFIRMED
    assert booking.pickup_at == stops[1].planned_at
    assert booking.dropoff_at == stops[2].planned_at
    ride.refresh_from_db()
    assert ride.arrival_at == stops[3].planned_at <= ride.arrive_latest_at
    assert ride.distance_m == sum(stop.leg_distance_m for stop in stops)


def test_a_booking_promises_a_pickup_window_and_the_riders_arrival(cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    pickup = booking.stops.get(kind=StopKind.PICKUP)
    dropoff = booking.stops.get(kind=StopKind.DROPOFF)
    assert pickup.earliest_at == pickup.planned_at
    assert pickup.latest_at == pickup.planned_at + timedelta(minutes=5)
    walk = walking_time(booking.walk_from_m)
    assert dropoff.latest_at + walk <= booking.latest_arrival_at


def test_the_pickup_is_a_meeting_point_and_never_the_home(cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    pickup = booking.stops.get(kind=StopKind.PICKUP)
    assert pickup.location.coords != booking.origin.coords
    assert pickup.label


def test_several_riders_share_a_ride_and_every_promise_holds(cast, now):
    ride = offer(cast.driver, now=now)
    first = book(cast.rider, ride, now=now)
    promised = first.stops.get(kind=StopKind.PICKUP).latest_at
    second = book(
        cast.colleague,
        ride,
        now=now,
        origin=TripEnd(HOME_SOUTH, "Home"),
        destination=TripEnd(PORT, "Port"),
    )
    first.refresh_from_db()
    assert first.pickup_at <= promised
    ride.refresh_from_db()
    assert ride.arrival_at <= ride.arrive_latest_at
    assert second.state == BookingState.CONFIRMED
    assert ride.stops.count() == 6


def test_last_seat_is_sold_once(cast, now):
    ride = offer(cast.driver, now=now, seats=1)
    token = offer_token(cast.colleague, ride, now=now)
    book(cast.rider, ride, now=now)
    with pytest.raises(SeatsExhausted):
        matching.book_offer(rider=cast.colleague, token=token, now=now)
    assert ride.bookings.count() == 1


def test_a_seat_is_free_again_after_the_dropoff(cast, now):
    ride = offer(cast.driver, now=now, seats=1)
    book(cast.rider, ride, now=now, walk_m=300)
    later = book(
        cast.colleague,
        ride,
        now=now,
        origin=TripEnd(WORKSHOP, "Workshop"),
        destination=TripEnd(PORT, "Port"),
    )
    assert later.state == BookingState.CONFIRMED
    assert max(stop.seats_after for stop in ride.stops.all()) == 1


def test_booking_twice_is_refused(cast, now):
    ride = offer(cast.driver, now=now)
    token = offer_token(cast.rider, ride, now=now)
    matching.book_offer(rider=cast.rider, token=token, now=now)
    with pytest.raises(AlreadyBooked):
        matching.book_offer(rider=cast.rider, token=token, now=now)


def test_booking_ones_own_ride_is_refused(cast, now):
    ride = offer(cast.driver, now=now)
    query = wish(ride)
    found = _found(ride, query)
    token = _sign(cast.driver, query, found)
    with pytest.raises(OwnRide):
        matching.book_offer(rider=cast.driver, token=token, now=now)


def test_booking_another_organizations_ride_is_refused(cast, now):
    ride = offer(cast.driver, now=now)
    query = wish(ride)
    token = _sign(cast.outsider, query, _found(ride, query))
    with pytest.raises(RideNotFound):
        matching.book_offer(rider=cast.outsider, token=token, now=now)


def test_an_offer_made_for_somebody_else_is_refused(cast, now):
    ride = offer(cast.driver, now=now)
    token = offer_token(cast.rider, ride, now=now)
    with pytest.raises(OfferExpired):
        matching.book_offer(rider=cast.colleague, token=token, now=now)
    with pytest.raises(OfferExpired):
        matching.book_offer(rider=cast.rider, token="x" + token, now=now)


def test_a_ride_that_left_is_not_booked(cast, now):
    ride = offer(cast.driver, now=now)
    token = offer_token(cast.rider, ride, now=now)
    with pytest.raises(RideClosed):
        matching.book_offer(rider=cast.rider, token=token, now=ride.departure_at)


def test_more_seats_than_any_car_has_are_refused(cast, now):
    ride = offer(cast.driver, now=now)
    for seats in (0, 9, 99):
        with pytest.raises(SeatsOutOfRange) as caught:
            offer_token(cast.rider, ride, now=now, seats=seats)
        assert list(caught.value.fields) == ["seats"]


def test_a_rider_is_in_one_ride_at_a_time(cast, now):
    ride = offer(cast.driver, now=now)
    other_driver = MemberFactory(organization=cast.organization, car=True)
    other = offer(other_driver, now=now)
    token = offer_token(cast.rider, other, now=now)
    book(cast.rider, ride, now=now)
    with pytest.raises(RiderBusy):
        matching.book_offer(rider=cast.rider, token=token, now=now)
    assert other.stops.count() == 2


def test_an_offer_is_computed_anew_when_somebody_booked_meanwhile(cast, now):
    ride = offer(cast.driver, now=now)
    token = offer_token(cast.colleague, ride, now=now)
    book(cast.rider, ride, now=now)
    booking = matching.book_offer(rider=cast.colleague, token=token, now=now)
    assert booking.state == BookingState.CONFIRMED
    assert ride.stops.count() == 6


def test_cancelling_gives_the_seat_back_and_spares_the_detour(cast, now):
    ride = offer(cast.driver, now=now, seats=1)
    alone = ride.arrival_at
    booking = book(cast.rider, ride, now=now)
    rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="Ill", now=now)
    ride.refresh_from_db()
    assert ride.arrival_at == alone
    assert ride.distance_m == ride.solo_distance_m
    assert [stop.kind for stop in ride.stops.all()] == ["origin", "destination"]
    assert book(cast.colleague, ride, now=now).state == BookingState.CONFIRMED


def test_the_driver_may_cancel_a_booking_a_stranger_may_not(cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    for stranger in (cast.colleague, cast.outsider):
        with pytest.raises(BookingNotFound):
            rides.cancel_booking(booking_id=booking.pk, by=stranger, reason="", now=now)
    rides.cancel_booking(booking_id=booking.pk, by=cast.driver, reason="Full boot", now=now)
    booking.refresh_from_db()
    assert booking.cancelled_by == cast.driver


def test_a_booking_is_not_cancelled_once_the_car_is_there(cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    with pytest.raises(WrongState):
        rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=booking.pickup_at)


class TestConfirmation:
    """A driver who wants to confirm each booking."""

    def test_the_seat_is_held_until_the_driver_decides(self, cast, now):
        ride = offer(cast.driver, now=now, booking_mode=BookingMode.CONFIRM, seats=1)
        token = offer_token(cast.colleague, ride, now=now)
        booking = book(cast.rider, ride, now=now)
        assert booking.state == BookingState.WAITING_CONFIRMATION
        assert booking.decide_by == now + timedelta(hours=12)
        with pytest.raises(SeatsExhausted):
            matching.book_offer(rider=cast.colleague, token=token, now=now)

    def test_the_driver_confirms(self, cast, now):
        ride = offer(cast.driver, now=now, booking_mode=BookingMode.CONFIRM)
        booking = book(cast.rider, ride, now=now)
        rides.confirm_booking(booking_id=booking.pk, by=cast.driver, now=now)
        booking.refresh_from_db()
        assert booking.state == BookingState.CONFIRMED
        with pytest.raises(WrongState):
            rides.confirm_booking(booking_id=booking.pk, by=cast.driver, now=now)

    def test_the_driver_declines_and_the_seat_is_free(self, cast, now):
        ride = offer(cast.driver, now=now, booking_mode=BookingMode.CONFIRM, seats=1)
        booking = book(cast.rider, ride, now=now)
        rides.decline_booking(booking_id=booking.pk, by=cast.driver, reason="Full", now=now)
        assert ride.stops.count() == 2
        assert book(cast.colleague, ride, now=now).state == BookingState.WAITING_CONFIRMATION

    def test_the_rider_does_not_confirm_their_own(self, cast, now):
        ride = offer(cast.driver, now=now, booking_mode=BookingMode.CONFIRM)
        booking = book(cast.rider, ride, now=now)
        with pytest.raises(NotTheDriver):
            rides.confirm_booking(booking_id=booking.pk, by=cast.rider, now=now)

    def test_silence_lets_the_booking_go(self, cast, now):
        ride = offer(cast.driver, now=now, booking_mode=BookingMode.CONFIRM)
        booking = book(cast.rider, ride, now=now)
        rides.watch(now=booking.decide_by)
        booking.refresh_from_db()
        assert booking.state == BookingState.CANCELLED
        assert booking.cancelled_by is None


class TestRequests:
    """Standing requests."""

    def test_booking_from_a_request_fulfils_it(self, cast, now):
        ride = offer(cast.driver, now=now)
        query = wish(ride)
        request = rides.post_request(rider=cast.rider, terms=_request_terms(query), now=now)
        token = offer_token(cast.rider, ride, now=now)
        matching.book_offer(rider=cast.rider, token=token, now=now, request_id=request.pk)
        request.refresh_from_db()
        assert request.state == RequestState.FULFILLED

    def test_a_new_ride_is_matched_against_waiting_requests(self, cast, now):
        ride = offer(cast.driver, now=now)
        request = rides.post_request(rider=cast.rider, terms=_request_terms(wish(ride)), now=now)
        assert matching.match_ride(ride_id=ride.pk, now=now) == 1
        assert request.matches.get().ride == ride
        assert matching.match_ride(ride_id=ride.pk, now=now) == 1
        events = OutboxEvent.objects.filter(name="rides.RequestMatched")
        assert events.count() == 1

    def test_a_new_request_is_matched_against_open_rides(self, cast, now):
        ride = offer(cast.driver, now=now)
        request = rides.post_request(rider=cast.rider, terms=_request_terms(wish(ride)), now=now)
        assert matching.match_request(request_id=request.pk, now=now) == 1

    def test_a_match_is_forgotten_when_the_ride_is_full_and_found_again_when_it_is_not(
        self, cast, now
    ):
        ride = offer(cast.driver, now=now, seats=1)
        request = rides.post_request(rider=cast.rider, terms=_request_terms(wish(ride)), now=now)
        matching.match_ride(ride_id=ride.pk, now=now)
        booking = book(cast.colleague, ride, now=now)
        assert matching.match_ride(ride_id=ride.pk, now=now) == 0
        assert not request.matches.exists()
        rides.cancel_booking(booking_id=booking.pk, by=cast.colleague, reason="", now=now)
        assert matching.match_ride(ride_id=ride.pk, now=now) == 1
        assert request.matches.get().ride == ride

    def test_a_match_is_forgotten_when_the_ride_is_cancelled(self, cast, now):
        ride = offer(cast.driver, now=now)
        request = rides.post_request(rider=cast.rider, terms=_request_terms(wish(ride)), now=now)
        matching.match_request(request_id=request.pk, now=now)
        rides.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=now)
        matching.match_ride(ride_id=ride.pk, now=now)
        assert not request.matches.exists()

    def test_requests_of_another_organization_are_never_matched(self, cast, now):
        ride = offer(cast.driver, now=now)
        terms = _request_terms(wish(ride))
        request = rides.post_request(rider=cast.outsider, terms=terms, now=now)
        assert matching.match_ride(ride_id=ride.pk, now=now) == 0
        assert matching.match_request(request_id=request.pk, now=now) == 0

    def test_a_request_can_be_withdrawn_once(self, cast, now):
        ride = offer(cast.driver, now=now)
        request = rides.post_request(rider=cast.rider, terms=_request_terms(wish(ride)), now=now)
        rides.close_request(request_id=request.pk, by=cast.rider, now=now)
        with pytest.raises(WrongState):
            rides.close_request(request_id=request.pk, by=cast.rider, now=now)
        assert matching.match_ride(ride_id=ride.pk, now=now) == 0
        assert matching.match_request(request_id=request.pk, now=now) == 0

    def test_a_request_runs_out(self, cast, now):
        ride = offer(cast.driver, now=now)
        request = rides.post_request(rider=cast.rider, terms=_request_terms(wish(ride)), now=now)
        rides.watch(now=request.latest_arrival_at)
        request.refresh_from_db()
        assert request.state == RequestState.EXPIRED

    def test_a_ride_that_is_gone_is_not_matched(self, cast, now):
        ride = offer(cast.driver, now=now)
        rides.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=now)
        assert matching.match_ride(ride_id=ride.pk, now=now) == 0


def _request_terms(query):
    return rides.RequestTerms(
        origin=query.origin,
        destination=query.destination,
        earliest_departure_at=query.earliest_departure_at,
        latest_arrival_at=query.latest_arrival_at,
        seats=query.seats,
        walk_m=query.walk_m,
    )


def _found(ride, query):
    from matching.selectors import evaluate, with_stops
    from rides.models import Ride

    return evaluate([with_stops(Ride.objects.filter(pk=ride.pk)).get()], ride.region, query)[0]


def _sign(member, query, found):
    from matching.selectors.shown import seal_offer

    return seal_offer(member, query, found)


def test_the_origin_of_the_booking_window_must_be_on_the_map(cast, now):
    ride = offer(cast.driver, now=now)
    query = wish(ride, origin=TripEnd(HEAD_OFFICE, ""), destination=TripEnd(HEAD_OFFICE, ""))
    from matching.selectors import search
    from rides.errors import TooClose

    with pytest.raises(TooClose):
        search(cast.rider, query, now=now)
