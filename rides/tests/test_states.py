"""The state machines and the clock: driving, downtime, answers."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Organization
from carpool.kernel.models import OutboxEvent
from rides import services as rides
from rides.errors import AnswerIsFinal, NotTheDriver, StopNotFound, WrongState
from rides.models import (
    RIDE_TRANSITIONS,
    BookingMode,
    BookingOutcome,
    BookingState,
    Ride,
    RideState,
    StopKind,
)
from rides.tests.factories import book, offer

MINUTE = timedelta(minutes=1)


@pytest.mark.usefixtures("city")
class TestClock:
    """What the clock alone does to a ride."""

    def test_a_ride_walks_through_its_states_on_time(self, cast, now):
        ride = offer(cast.driver, now=now)
        book(cast.rider, ride, now=now)
        ride.refresh_from_db()
        marks = [
            (ride.departure_at - 15 * MINUTE, RideState.DEPARTING),
            (ride.departure_at, RideState.IN_TRANSIT),
            (ride.arrival_at, RideState.ARRIVING),
            (ride.arrival_at + 15 * MINUTE, RideState.VALIDATING),
            (ride.decided_at, RideState.COMPLETED),
        ]
        before = RideState.SCHEDULED
        for at, state in marks:
            rides.watch(now=at - timedelta(seconds=1))
            ride.refresh_from_db()
            assert ride.state == before
            rides.watch(now=at)
            ride.refresh_from_db()
            assert ride.state == state
            before = state

    def test_after_a_week_of_downtime_one_look_is_enough(self, cast, now):
        ride = offer(cast.driver, now=now)
        booking = book(cast.rider, ride, now=now)
        rides.watch(now=now + timedelta(days=9))
        ride.refresh_from_db()
        booking.refresh_from_db()
        assert (ride.state, booking.state) == (RideState.COMPLETED, BookingState.VALIDATED)
        assert booking.outcome == BookingOutcome.RELEASE
        told = OutboxEvent.objects.filter(name="rides.RideStateChanged")
        assert told.count() <= 2, "no message about states that nobody saw"

    def test_a_ride_without_riders_needs_no_confirmation(self, cast, now):
        ride = offer(cast.driver, now=now)
        rides.watch(now=ride.arrival_at + 15 * MINUTE)
        ride.refresh_from_db()
        assert ride.state == RideState.COMPLETED
        assert ride.next_check_at is None

    def test_watching_again_changes_nothing(self, cast, now):
        ride = offer(cast.driver, now=now)
        at = ride.departure_at
        rides.watch(now=at)
        events = OutboxEvent.objects.count()
        assert rides.watch(now=at) == 0
        assert OutboxEvent.objects.count() == events

    def test_one_organization_can_be_watched_alone(self, cast, now):
        ride = offer(cast.driver, now=now)
        other = cast.outsider.organization
        assert rides.watch(now=ride.departure_at, organization=other) == 0
        assert rides.watch(now=ride.departure_at, organization=cast.organization) == 1

    @given(steps=st.lists(st.integers(-3000, 9000), max_size=8))
    def test_the_state_depends_on_the_last_look_only(self, steps):
        ride = _ride_on_paper()
        looks = [ride.departure_at + timedelta(minutes=step / 10) for step in steps]
        for at in looks:
            ride.state_at(at, has_open_bookings=True)
        if looks:
            again = _ride_on_paper()
            assert ride.state_at(looks[-1], has_open_bookings=True) == again.state_at(
                looks[-1], has_open_bookings=True
            )
        course = [ride.state_at(at, has_open_bookings=True) for at in sorted(looks)]
        for before, after in pairwise(course):
            assert before == after or after in RIDE_TRANSITIONS[before]

    @given(minutes=st.integers(-3000, 9000))
    def test_the_next_look_is_when_the_state_changes(self, minutes):
        ride = _ride_on_paper()
        at = ride.departure_at + timedelta(minutes=minutes / 10)
        state = ride.state_at(at, has_open_bookings=True)
        mark = ride.next_change_after(at)
        if mark is None:
            assert ride.state_at(at + timedelta(days=99), has_open_bookings=True) == state
        else:
            just_before = mark - timedelta(microseconds=1)
            assert ride.state_at(just_before, has_open_bookings=True) == state
            assert ride.state_at(mark, has_open_bookings=True) != state


@pytest.mark.usefixtures("city")
class TestDriving:
    """The driver's own facts."""

    def test_a_driver_leaves_stops_and_arrives(self, cast, now):
        ride = offer(cast.driver, now=now)
        book(cast.rider, ride, now=now)
        at = ride.departure_at - 5 * MINUTE
        assert rides.start_ride(ride_id=ride.pk, by=cast.driver, now=at).state == "in_transit"
        stop = ride.stops.get(kind=StopKind.PICKUP)
        rides.visit_stop(ride_id=ride.pk, stop_id=stop.pk, by=cast.driver, now=stop.planned_at)
        with pytest.raises(WrongState):
            rides.visit_stop(ride_id=ride.pk, stop_id=stop.pk, by=cast.driver, now=stop.planned_at)
        end = ride.departure_at + 5 * MINUTE
        assert rides.finish_ride(ride_id=ride.pk, by=cast.driver, now=end).state == "arriving"
        assert not ride.stops.filter(visited_at=None).exists()
        with pytest.raises(WrongState):
            rides.finish_ride(ride_id=ride.pk, by=cast.driver, now=end)

    def test_nobody_leaves_too_early_or_twice(self, cast, now):
        ride = offer(cast.driver, now=now)
        with pytest.raises(WrongState):
            rides.start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at - 16 * MINUTE)
        rides.start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)
        with pytest.raises(WrongState):
            rides.start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)

    def test_only_the_driver_drives(self, cast, now):
        ride = offer(cast.driver, now=now)
        booking = book(cast.rider, ride, now=now)
        stop = booking.stops.first()
        at = ride.departure_at
        for act in (
            lambda: rides.start_ride(ride_id=ride.pk, by=cast.rider, now=at),
            lambda: rides.finish_ride(ride_id=ride.pk, by=cast.rider, now=at),
            lambda: rides.visit_stop(ride_id=ride.pk, stop_id=stop.pk, by=cast.rider, now=at),
        ):
            with pytest.raises(NotTheDriver):
                act()
        with pytest.raises(StopNotFound):
            rides.visit_stop(ride_id=ride.pk, stop_id=0, by=cast.driver, now=at)

    def test_leaving_releases_bookings_that_still_wait(self, cast, now):
        ride = offer(cast.driver, now=now, booking_mode=BookingMode.CONFIRM)
        booking = book(cast.rider, ride, now=now)
        at = ride.departure_at - 10 * MINUTE
        rides.start_ride(ride_id=ride.pk, by=cast.driver, now=at)
        booking.refresh_from_db()
        assert booking.state == BookingState.CANCELLED
        assert ride.stops.count() == 2


@pytest.mark.usefixtures("city")
class TestValidation:
    """Did it take place? Every pair of answers."""

    @pytest.mark.parametrize(
        ("driver", "rider", "outcome", "state"),
        [
            (True, True, BookingOutcome.PAY, BookingState.VALIDATED),
            (True, None, BookingOutcome.PAY, BookingState.VALIDATED),
            (True, False, BookingOutcome.DISPUTE, BookingState.COMPLETED_PENDING_VALIDATION),
            (False, True, BookingOutcome.RELEASE, BookingState.VALIDATED),
            (False, False, BookingOutcome.RELEASE, BookingState.VALIDATED),
            (False, None, BookingOutcome.RELEASE, BookingState.VALIDATED),
            (None, True, BookingOutcome.RELEASE, BookingState.VALIDATED),
            (None, False, BookingOutcome.RELEASE, BookingState.VALIDATED),
            (None, None, BookingOutcome.RELEASE, BookingState.VALIDATED),
        ],
    )
    def test_the_answers_decide(self, cast, now, driver, rider, outcome, state):
        booking, over = self._a_ride_that_is_over(cast, now)
        for member, answer in ((cast.driver, driver), (cast.rider, rider)):
            if answer is not None:
                rides.answer_validation(
                    booking_id=booking.pk, by=member, took_place=answer, now=over
                )
        rides.watch(now=over + timedelta(days=6))
        booking.refresh_from_db()
        assert (booking.outcome, booking.state) == (outcome, state)
        booking.ride.refresh_from_db()
        open_still = state == BookingState.COMPLETED_PENDING_VALIDATION
        assert booking.ride.state == ("validating" if open_still else "completed")

    def test_one_answer_waits_for_the_other(self, cast, now):
        booking, over = self._a_ride_that_is_over(cast, now)
        rides.answer_validation(booking_id=booking.pk, by=cast.driver, took_place=True, now=over)
        booking.refresh_from_db()
        assert booking.outcome == BookingOutcome.UNDECIDED

    def test_an_answer_is_taken_back_only_to_ones_own_disadvantage(self, cast, now):
        booking, over = self._a_ride_that_is_over(cast, now)
        rides.answer_validation(booking_id=booking.pk, by=cast.rider, took_place=True, now=over)
        with pytest.raises(AnswerIsFinal):
            rides.answer_validation(
                booking_id=booking.pk, by=cast.rider, took_place=False, now=over
            )

    def test_a_dispute_ends_when_a_side_gives_in(self, cast, now):
        booking, over = self._a_ride_that_is_over(cast, now)
        rides.answer_validation(booking_id=booking.pk, by=cast.driver, took_place=True, now=over)
        rides.answer_validation(booking_id=booking.pk, by=cast.rider, took_place=False, now=over)
        booking.refresh_from_db()
        assert booking.outcome == BookingOutcome.DISPUTE
        rides.answer_validation(booking_id=booking.pk, by=cast.rider, took_place=True, now=over)
        booking.refresh_from_db()
        assert (booking.outcome, booking.state) == (BookingOutcome.PAY, BookingState.VALIDATED)

    def test_nobody_answers_before_the_ride_is_over(self, cast, now):
        booking = book(cast.rider, offer(cast.driver, now=now), now=now)
        with pytest.raises(WrongState):
            rides.answer_validation(booking_id=booking.pk, by=cast.rider, took_place=True, now=now)

    def _a_ride_that_is_over(self, cast, now):
        ride = offer(cast.driver, now=now)
        booking = book(cast.rider, ride, now=now)
        ride.refresh_from_db()
        over = ride.arrival_at + 15 * MINUTE
        rides.watch(now=over)
        booking.refresh_from_db()
        assert booking.state == BookingState.COMPLETED_PENDING_VALIDATION
        return booking, over


def _ride_on_paper():
    from datetime import UTC, datetime

    departure_at = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
    return Ride(
        organization=Organization(),
        departure_at=departure_at,
        arrival_at=departure_at + 20 * MINUTE,
    )
