"""Whatever people do, whenever workers look: rides and bookings stay right."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from accounts.tests.factories import CarFactory, MemberFactory
from carpool.kernel import clock
from rides.models import RIDE_TRANSITIONS, RideState
from rides.services import held, itinerary, transitions, watcher
from rides.tests.life import Life

pytestmark = pytest.mark.usefixtures("city")

# As many lives as the profile asks for: `pytest --hypothesis-profile long` plays for minutes.
LIVES = settings(
    max_examples=max(1, settings.default.max_examples // 12),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def life(cast, now, monkeypatch):
    """Lives among the fixed cast, who begin now; the clock is theirs."""
    CarFactory(member=cast.colleague)
    third = MemberFactory(organization=cast.organization)
    current = []

    class Lived(Life):
        drivers = (cast.driver, cast.colleague)
        riders = (cast.rider, third, cast.colleague)
        start = now

        def __init__(self):
            super().__init__()
            current[:] = [self]

    monkeypatch.setattr(clock, "now", lambda: current[0].now if current else now)
    yield Lived
    for one in current:  # played by hand
        one.leave_no_trace()


def test_whatever_happens_in_whatever_order_rides_stay_right(life):
    run_state_machine_as_test(life, settings=LIVES)


class TestControl:
    """The same lives with one rule broken: the machine sees it, so it proves something."""

    def test_it_sees_an_oversold_seat(self, life, monkeypatch):
        monkeypatch.setattr(itinerary, "check", lambda *_args: None)
        lived = life()
        lived.offer(driver=0, minutes=300, seats=1, mode="instant")
        for rider in (0, 1):
            lived.book(
                ride=0, rider=rider, pickup_after=0, dropoff_after=rider, seats=1, held=False
            )
        with pytest.raises(AssertionError):
            lived.no_seat_is_sold_twice()

    def test_it_sees_a_step_that_the_table_forbids(self, life, monkeypatch):
        monkeypatch.setitem(transitions.RIDE_TRANSITIONS, RideState.CANCELLED, frozenset(RideState))
        lived = life()
        lived.offer(driver=0, minutes=300, seats=1, mode="instant")
        lived.cancel_ride(ride=0)
        ride = lived.ride(0)
        ride.cancelled_at = None
        transitions.refresh_ride(ride, now=lived.now)
        monkeypatch.undo()
        assert RIDE_TRANSITIONS[RideState.CANCELLED] == frozenset()
        with pytest.raises(AssertionError):
            lived.only_legal_steps_are_taken()

    def test_it_sees_what_is_stranded(self, life, monkeypatch):
        monkeypatch.setattr(watcher, "_ask_both_sides", lambda *_args: None)
        lived = self.a_ride_with_somebody(life)
        with pytest.raises(AssertionError):
            lived.a_month_later_everything_has_ended()

    def test_it_sees_a_watcher_that_does_things_twice(self, life, monkeypatch):
        moved = watcher.refresh_ride

        def again(ride, *, now):
            done = moved(ride, now=now)
            ride.next_check_at = now
            ride.save(update_fields=["next_check_at"])
            held.tell_of_dispute(ride.bookings.get(), now)
            return done

        monkeypatch.setattr(watcher, "refresh_ride", again)
        lived = self.a_ride_with_somebody(life)
        lived.let_time_pass(by=timedelta(days=1))
        with pytest.raises(AssertionError):
            lived.sweep()

    def test_without_a_broken_rule_it_sees_nothing(self, life):
        lived = self.a_ride_with_somebody(life)
        lived.let_time_pass(by=timedelta(days=1))
        lived.sweep()
        lived.no_seat_is_sold_twice()
        lived.only_legal_steps_are_taken()
        lived.a_month_later_everything_has_ended()

    def a_ride_with_somebody(self, life):
        lived = life()
        lived.offer(driver=0, minutes=300, seats=1, mode="instant")
        lived.book(ride=0, rider=0, pickup_after=0, dropoff_after=0, seats=1, held=False)
        assert lived.booking(0).state == "confirmed"
        return lived
