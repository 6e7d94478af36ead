"""The life of rides as people, clocks and workers may live it: a machine that plays at random.

Two drivers and three riders do whatever the pages let them do, in any order. Between two deeds any
time may pass without a worker; the watcher may look twice, or with a clock that is behind; facts
are delivered in any order, late and twice. What holds after every step is in ``life_rules``.
"""

import logging
from datetime import timedelta

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from accounts.tests.factories import HEAD_OFFICE, WORKSHOP
from carpool.kernel.errors import DomainError
from carpool.kernel.events import Event
from carpool.kernel.models import OutboxEvent
from chat.handlers import (
    notify_of_booking,
    notify_of_change,
    notify_of_question,
    notify_of_ride,
    notify_of_stop,
)
from chat.models import Kind, Notification
from matching.handlers import on_booking_changed
from rides import services as rides
from rides.events import (
    BookingStateChanged,
    ChangeQuestionMoved,
    RideAltered,
    RideStateChanged,
    StopVisited,
)
from rides.models import (
    Booking,
    BookingMode,
    BookingState,
    ProofClass,
    QuestionState,
    Ride,
    StopKind,
)
from rides.services import itinerary as itineraries
from rides.tests.factories import offer, stand_at_kerb, terms
from rides.tests.life_rules import WhatHolds

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DOWNTIMES = [MINUTE, 6 * MINUTE, 16 * MINUTE, HOUR, 13 * HOUR, DAY, 7 * DAY]
HANDLERS = {
    BookingStateChanged: [notify_of_booking, on_booking_changed],
    RideStateChanged: [notify_of_ride],
    StopVisited: [notify_of_stop],
    RideAltered: [notify_of_change],
    ChangeQuestionMoved: [notify_of_question],
}
# News of what is to be done is news only as long as it is to be done.
STALE_UNLESS = {
    Kind.BOOKING_REQUESTED: BookingState.WAITING_CONFIRMATION,
    Kind.VALIDATION_ASKED: BookingState.COMPLETED_PENDING_VALIDATION,
}
which = st.integers(0, 11)


class Complaints(logging.Handler):
    """What the watcher could not do."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.said = []

    def emit(self, record):
        self.said.append(self.format(record))


class Life(WhatHolds):
    """Everything happens in a savepoint, so that one life leaves no trace for the next."""

    drivers, riders, start = (), (), None

    def __init__(self):
        super().__init__()
        self.now = self.start
        self.swept_at = None
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.complaints = Complaints()
        logging.getLogger("rides.services.watcher").addHandler(self.complaints)

    def teardown(self):
        try:
            self.a_month_later_everything_has_ended()
        finally:
            self.leave_no_trace()

    def leave_no_trace(self):
        if self.savepoint is not None:
            logging.getLogger("rides.services.watcher").removeHandler(self.complaints)
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)
            self.savepoint = None

    def attempt(self, deed, **told):
        """Do what may be refused; a refusal with words is no fault."""
        try:
            with transaction.atomic():
                return deed(now=self.now, **told)
        except DomainError:
            return None

    @staticmethod
    def one_of(rows, number):
        found = list(rows)
        return found[number % len(found)] if found else None

    def ride(self, number, **wanted):
        return self.one_of(Ride.objects.filter(**wanted).order_by("created_at", "id"), number)

    def booking(self, number, **wanted):
        rows = Booking.objects.filter(**wanted).select_related("ride__driver", "rider")
        return self.one_of(rows.order_by("created_at", "id"), number)

    @rule(
        driver=which,
        minutes=st.sampled_from([5, 20, 45, 300, 1500]),
        seats=st.integers(1, 3),
        mode=st.sampled_from(BookingMode.values),
    )
    def offer(self, driver, minutes, seats, mode):
        driver = self.drivers[driver % 2]
        self.attempt(
            lambda now: offer(driver, now=now, hours=minutes / 60, seats=seats, booking_mode=mode)
        )

    @rule(driver=which, seats=st.integers(1, 3))
    def stand_at_kerb(self, driver, seats):
        driver = self.drivers[driver % 2]
        self.attempt(lambda now: stand_at_kerb(driver, now=now, seats=seats))

    @rule(
        ride=which,
        rider=which,
        pickup_after=st.integers(0, 3),
        dropoff_after=st.integers(0, 3),
        seats=st.integers(1, 2),
        held=st.booleans(),
    )
    def book(self, ride, rider, pickup_after, dropoff_after, seats, held):
        ride = self.ride(ride, is_instant=False)
        if ride is None:
            return
        calls = itineraries.calls_of(ride)
        last = len(calls) - 2
        pickup_after, dropoff_after = min(pickup_after, last), min(dropoff_after, last)
        near, far = rides.TripEnd(HEAD_OFFICE, "Here"), rides.TripEnd(WORKSHOP, "There")
        insertion = rides.PlannedInsertion(
            pickup=near,
            dropoff=far,
            pickup_after=pickup_after,
            dropoff_after=max(pickup_after, dropoff_after),
            walk_to_m=0,
            walk_from_m=0,
            shown_pickup_at=ride.departure_at + 3 * MINUTE,
        )
        terms = rides.BookingTerms(
            near, far, ride.departure_at - HOUR, ride.departure_at + 2 * HOUR, seats=seats
        )
        booking = self.attempt(
            rides.book_ride,
            ride_id=ride.pk,
            rider=self.riders[rider % len(self.riders)],
            terms=terms,
            insertion=insertion,
        )
        if booking is not None and held:  # as if it had a price
            Booking.objects.filter(pk=booking.pk).update(
                state=BookingState.HELD,
                held_until=min(self.now + 10 * MINUTE, booking.pickup_at),
                next_check_at=min(self.now + 10 * MINUTE, booking.pickup_at),
                decide_by=None,
            )
            booking.transitions.update(after=BookingState.HELD)

    @rule(booking=which)
    def pay(self, booking):
        booking = self.booking(booking, state=BookingState.HELD)
        if booking is not None:
            self.attempt(rides.take_booking, booking_id=booking.pk)

    @rule(booking=which, yes=st.booleans())
    def decide(self, booking, yes):
        booking = self.booking(booking)
        if booking is None:
            return
        due = booking.decide_by is not None and self.now >= booking.decide_by
        told = {"booking_id": booking.pk, "by": booking.ride.driver}
        if yes:
            done = self.attempt(rides.confirm_booking, **told)
            assert not (done and due), "a late yes counts only where nobody looked"
        else:
            self.attempt(rides.decline_booking, **told, reason="")

    @rule(booking=which, rider=st.booleans())
    def cancel_booking(self, booking, rider):
        booking = self.booking(booking)
        if booking is None:
            return
        aboard = booking.stops.filter(kind=StopKind.PICKUP, visited_at__isnull=False).exists()
        by = booking.rider if rider else booking.ride.driver
        done = self.attempt(rides.cancel_booking, booking_id=booking.pk, by=by, reason="")
        assert not (done and aboard), "who sits in the car has not cancelled"

    @rule(ride=which, later=st.sampled_from([-20, 3, 40, 300]), seats=st.integers(1, 3))
    def change_ride(self, ride, later, seats):
        ride = self.ride(ride)
        if ride is None:
            return
        departure_at = ride.departure_at + later * MINUTE
        self.attempt(
            rides.change_ride,
            ride_id=ride.pk,
            by=ride.driver,
            terms=terms(ride.driver, departure_at=departure_at, seats=seats),
            may_release=8 if seats % 2 else 0,
        )

    @rule(booking=which, yes=st.booleans())
    def answer_change(self, booking, yes):
        booking = self.booking(booking, questions__state=QuestionState.ASKED)
        if booking is not None:
            told = {"booking_id": booking.pk, "by": booking.rider, "agrees": yes}
            self.attempt(rides.answer_change, **told)

    @rule(ride=which)
    def cancel_ride(self, ride):
        ride = self.ride(ride)
        if ride is not None:
            self.attempt(rides.cancel_ride, ride_id=ride.pk, by=ride.driver, reason="")

    @rule(ride=which)
    def start_ride(self, ride):
        ride = self.ride(ride)
        if ride is not None:
            self.attempt(rides.start_ride, ride_id=ride.pk, by=ride.driver)

    @rule(ride=which)
    def visit(self, ride):
        ride = self.ride(ride, started_at__isnull=False)
        stop = ride and ride.stops.filter(visited_at=None).order_by("position").first()
        if stop:
            self.attempt(rides.visit_stop, ride_id=ride.pk, stop_id=stop.pk, by=ride.driver)

    @rule(ride=which)
    def finish(self, ride):
        ride = self.ride(ride)
        if ride is not None:
            self.attempt(rides.finish_ride, ride_id=ride.pk, by=ride.driver)

    @rule(ride=which, rider=which, seats=st.integers(1, 2), half_way=st.booleans())
    def join(self, ride, rider, seats, half_way):
        ride = self.ride(ride, is_instant=True)
        if ride is not None:
            self.attempt(
                rides.join_instant,
                code=ride.instant_code.code,
                rider=self.riders[rider % len(self.riders)],
                dropoff=rides.TripEnd(WORKSHOP, "There") if half_way else None,
                seats=seats,
            )

    @rule(booking=which)
    def let_in(self, booking):
        booking = self.booking(booking, ride__is_instant=True)
        if booking is not None:
            ride, code = booking.ride, booking.boarding_code
            self.attempt(rides.let_in, ride_id=ride.pk, by=ride.driver, code=code)

    @rule(booking=which)
    def alight(self, booking):
        booking = self.booking(booking, ride__is_instant=True)
        if booking is not None:
            self.attempt(rides.alight, booking_id=booking.pk, by=booking.rider)

    @rule(booking=which)
    def miss(self, booking):
        booking = self.booking(booking)
        if booking is not None:
            self.attempt(rides.mark_missing, booking_id=booking.pk, by=booking.ride.driver)

    @rule(booking=which, rider=st.booleans(), yes=st.booleans())
    def answer(self, booking, rider, yes):
        booking = self.booking(booking)
        if booking is not None:
            by = booking.rider if rider else booking.ride.driver
            self.attempt(rides.answer_validation, booking_id=booking.pk, by=by, took_place=yes)

    @rule(booking=which, proof=st.sampled_from(ProofClass.values))
    def prove(self, booking, proof):
        booking = self.booking(booking)
        if booking is not None:
            self.attempt(rides.state_proof, booking_id=booking.pk, proof_class=proof)

    @rule(member=which)
    def withdraw(self, member):
        people = (*self.drivers, *self.riders)
        self.attempt(rides.withdraw_member, member_id=people[member % len(people)].pk)

    @rule(by=st.sampled_from(DOWNTIMES))
    def let_time_pass(self, by):
        self.now += by

    @rule(ride=which, mark=st.integers(0, 5))
    def go_to_mark(self, ride, mark):
        """Jump to where something is due: most of what goes wrong does so there."""
        ride = self.ride(ride)
        if ride is None:
            return
        marks = [
            ride.departing_at, ride.departure_at, ride.departure_at + 10 * MINUTE, ride.ends_at,
            ride.validating_at, ride.decided_at,
        ]  # fmt: skip
        self.now = max(self.now, marks[mark])

    @rule()
    def sweep(self):
        rides.watch(now=self.now)
        self.swept_at = self.now
        self.nothing_is_left_to_do()
        self.changes_nothing(lambda: rides.watch(now=self.now))

    @precondition(lambda self: self.swept_at is not None)
    @rule(by=st.sampled_from(DOWNTIMES))
    def sweep_with_a_clock_behind(self, by):
        before = self.swept_at
        self.changes_nothing(lambda: rides.watch(now=before - by))

    @rule(number=which, backwards=st.booleans(), twice=st.booleans())
    def deliver(self, number, backwards, twice):
        """Deliver any fact there ever was, late and in any order."""
        names = {event.name(): event for event in HANDLERS}
        row = self.one_of(OutboxEvent.objects.filter(name__in=names).order_by("-id"), number)
        if row is None:
            return
        handlers = HANDLERS[names[row.name]]
        for handler in reversed(handlers) if backwards else handlers:
            self.hear(handler, Event.from_payload(row.name, row.payload))
            if twice:
                again = Event.from_payload(row.name, row.payload)
                self.changes_nothing(lambda: self.hear(handler, again))  # noqa: B023

    def hear(self, handler, event):
        newest = Notification.objects.order_by("-id").values_list("id", flat=True).first() or 0
        with transaction.atomic():
            handler(event)
        for news in Notification.objects.filter(id__gt=newest).select_related("booking", "ride"):
            wanted = STALE_UNLESS.get(Kind(news.kind))
            assert wanted is None or news.booking.state == wanted, f"stale: {news.kind}"
            if news.kind == Kind.RIDE_DEPARTING:
                assert self.now < news.ride.ends_at, "it leaves soon, says who comes too late"
