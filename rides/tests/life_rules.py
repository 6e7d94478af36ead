"""What holds in every life of rides, after every step and a month later."""

from datetime import timedelta
from itertools import accumulate, pairwise

from django.db import connection
from hypothesis.stateful import RuleBasedStateMachine, invariant

from carpool.kernel.models import OutboxEvent
from chat.models import Notification
from rides.models import (
    BOOKING_TRANSITIONS,
    RIDE_TRANSITIONS,
    Booking,
    BookingOutcome,
    BookingState,
    BookingTransition,
    ChangeQuestion,
    Ride,
    RideState,
    RideTransition,
    StopKind,
)
from rides.models.bookings import ACTIVE_STATES, UNCERTAIN_STATES

MONTH = timedelta(days=30)
ENDED = {BookingState.VALIDATED, BookingState.CANCELLED}


class WhatHolds(RuleBasedStateMachine):
    """Looks at the tables; a life moves ``now``, sweeps, and listens for complaints."""

    now, complaints = None, None

    def changes_nothing(self, deed):
        before = self.picture()
        deed()
        assert self.picture() == before

    def picture(self):
        """Everything that anybody could notice."""
        return (
            list(Ride.objects.order_by("pk").values_list("pk", "state", "arrival_at")),
            list(Booking.objects.order_by("pk").values_list("pk", "state", "outcome")),
            OutboxEvent.objects.count(),
            RideTransition.objects.count() + BookingTransition.objects.count(),
            list(Notification.objects.order_by("pk").values_list("pk", "facts")),
        )

    def nothing_is_left_to_do(self):
        """However long nobody looked: one look, and everything is where it belongs."""
        for ride in Ride.objects.select_related("organization"):
            is_open = ride.bookings.open().exists()
            assert ride.state == ride.state_at(self.now, has_open_bookings=is_open)
            for booking in ride.bookings.all():
                booking.ride = ride
                if booking.state in UNCERTAIN_STATES:
                    assert self.now < (booking.held_until or booking.decide_by)
                for question in booking.questions.asked():
                    assert booking.state == BookingState.CONFIRMED
                    assert self.now < question.answer_by
                if booking.state == BookingState.CONFIRMED:
                    assert ride.is_at_kerb or self.now < ride.validating_at
                if booking.state == BookingState.COMPLETED_PENDING_VALIDATION:
                    assert booking.outcome == booking.decided_outcome(self.now)

    @invariant()
    def only_legal_steps_are_taken(self):
        for log, owner, table in (
            (RideTransition, "ride", RIDE_TRANSITIONS),
            (BookingTransition, "booking", BOOKING_TRANSITIONS),
        ):
            lives = {}
            for step in log.objects.select_related(owner).order_by("id"):
                lives.setdefault(getattr(step, owner), []).append(step)
            for row, steps in lives.items():
                assert steps[0].before == ""
                for earlier, later in pairwise(steps):
                    assert later.before == earlier.after
                    assert later.after in table[later.before]
                    assert later.at >= earlier.at
                assert row.state == steps[-1].after

    @invariant()
    def no_seat_is_sold_twice(self):
        for ride in Ride.objects.filter(cancelled_at=None):
            stops = list(ride.stops.select_related("booking").order_by("position"))
            assert [stop.position for stop in stops] == list(range(len(stops)))
            change = {StopKind.PICKUP: 1, StopKind.DROPOFF: -1}
            seats = [
                change.get(stop.kind, 0) * (stop.booking.seats if stop.booking else 0)
                for stop in stops
            ]
            aboard = list(accumulate(seats))
            assert aboard == [stop.seats_after for stop in stops]
            assert 0 <= min(aboard) <= max(aboard) <= ride.seats_offered
            assert aboard[-1] == 0

    @invariant()
    def bookings_and_rides_agree(self):
        for booking in Booking.objects.select_related("ride"):
            ride, kinds = booking.ride, list(booking.stops.order_by("position"))
            if ride.cancelled_at is not None:
                assert booking.state not in ACTIVE_STATES, "a seat in a ride that is not"
                continue
            if booking.state == BookingState.CANCELLED:
                assert not kinds, "the car stops for nobody"
            else:
                assert [stop.kind for stop in kinds] == [StopKind.PICKUP, StopKind.DROPOFF]
            if ride.state == RideState.COMPLETED:
                assert booking.state in ENDED, "a ride is over before its people are"

    @invariant()
    def the_watcher_can_do_its_work(self):
        assert self.complaints.said == []

    @invariant()
    def the_database_agrees(self):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")

    def a_month_later_everything_has_ended(self):
        self.now += MONTH
        self.sweep()
        for ride in Ride.objects.all():
            assert ride.state in {RideState.COMPLETED, RideState.CANCELLED}, ride.state
        assert not ChangeQuestion.objects.asked().exists()
        for booking in Booking.objects.all():
            assert booking.state in ENDED, (booking.state, booking.outcome)
            decided = booking.outcome in {BookingOutcome.PAY, BookingOutcome.RELEASE}
            assert decided or booking.state == BookingState.CANCELLED
