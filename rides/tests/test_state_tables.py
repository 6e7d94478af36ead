"""The tables of states: every pair of states, tried by the services."""

from datetime import timedelta
from itertools import product

import pytest
from django.core.management import call_command

from rides import services as rides
from rides.errors import WrongState
from rides.models import (
    BOOKING_TRANSITIONS,
    QUESTION_TRANSITIONS,
    REQUEST_TRANSITIONS,
    RIDE_TRANSITIONS,
    ROOM_TRANSITIONS,
    SEAT_TRANSITIONS,
    BookingState,
    ChangeQuestion,
    QuestionState,
    RequestState,
    Ride,
    RideState,
    Room,
    RoomEnd,
    RoomState,
    SeatState,
)
from rides.services.questions import end_question
from rides.services.transitions import (
    move_booking,
    move_request,
    move_seat,
    refresh_ride,
    refresh_room,
)
from rides.tests.factories import book, join, offer, open_room, wish

MINUTE = timedelta(minutes=1)
FINAL = {
    RideState: {RideState.COMPLETED, RideState.CANCELLED},
    BookingState: {BookingState.VALIDATED, BookingState.CANCELLED},
    RequestState: {RequestState.FULFILLED, RequestState.CLOSED, RequestState.EXPIRED},
    RoomState: {RoomState.SETTLED, RoomState.CANCELLED},
    SeatState: {SeatState.RELEASED},
    QuestionState: set(QuestionState) - {QuestionState.ASKED},
}


@pytest.mark.parametrize(
    "table",
    [
        RIDE_TRANSITIONS,
        BOOKING_TRANSITIONS,
        REQUEST_TRANSITIONS,
        ROOM_TRANSITIONS,
        SEAT_TRANSITIONS,
        QUESTION_TRANSITIONS,
    ],
)
def test_every_table_names_every_state_and_final_states_lead_nowhere(table):
    machine = type(next(iter(table)))
    assert set(table) == set(machine)
    assert {state for state, after in table.items() if not after} == FINAL[machine]
    reached = set().union(*table.values())
    assert set(machine) - reached == {next(iter(machine))}


@pytest.mark.usefixtures("city")
class TestTables:
    """Services follow the tables."""

    @pytest.mark.parametrize(("before", "after"), product(BookingState, repeat=2))
    def test_a_booking_moves_only_along_the_table(self, cast, now, before, after):
        booking = book(cast.rider, offer(cast.driver, now=now), now=now)
        type(booking).objects.filter(pk=booking.pk).update(
            state=before,
            cancelled_at=now if before == BookingState.CANCELLED else None,
            held_until=now + MINUTE,
        )
        booking.refresh_from_db()
        booking.cancelled_at = now if after == BookingState.CANCELLED else None
        if after in BOOKING_TRANSITIONS[before]:
            move_booking(booking, after, now=now, actor=None, fields=["cancelled_at"])
            step = booking.transitions.latest("id")
            assert (step.before, step.after) == (before, after)
        else:
            with pytest.raises(WrongState):
                move_booking(booking, after, now=now, actor=None, fields=["cancelled_at"])

    @pytest.mark.parametrize(("before", "after"), product(QuestionState, repeat=2))
    def test_a_question_moves_only_along_the_table(self, cast, now, before, after):
        booking = book(cast.rider, offer(cast.driver, now=now), now=now)
        times = ("pickup_at", "dropoff_at", "was_pickup_at", "was_dropoff_at", "answer_by")
        question = ChangeQuestion.objects.create(
            booking=booking,
            asked_at=now,
            was_pickup_latest_at=now,
            was_dropoff_latest_at=now,
            was_latest_arrival_at=now,
            **dict.fromkeys(times, now),
        )
        question.state = before
        if after in QUESTION_TRANSITIONS[before]:
            end_question(question, after, now=now)
            assert question.state == after
        else:
            with pytest.raises(WrongState):
                end_question(question, after, now=now)

    @pytest.mark.parametrize(("before", "after"), product(RequestState, repeat=2))
    def test_a_request_moves_only_along_the_table(self, cast, now, before, after):
        query = wish(offer(cast.driver, now=now))
        request = rides.post_request(rider=cast.rider, terms=_terms(query), now=now)
        request.state = before
        if after in REQUEST_TRANSITIONS[before]:
            move_request(request, after, now=now)
            assert request.state == after
        else:
            with pytest.raises(WrongState):
                move_request(request, after, now=now)

    @pytest.mark.parametrize(("before", "after"), product(RideState, repeat=2))
    def test_a_ride_moves_only_along_the_table(self, cast, now, before, after, monkeypatch):
        ride = offer(cast.driver, now=now)
        ride.state = before
        monkeypatch.setattr(Ride, "state_at", lambda *_args, **_kwargs: after)
        if after == before:
            assert not refresh_ride(ride, now=now)
        elif after in RIDE_TRANSITIONS[before]:
            assert refresh_ride(ride, now=now)
            assert ride.transitions.latest("id").after == after
        else:
            with pytest.raises(WrongState):
                refresh_ride(ride, now=now)

    @pytest.mark.parametrize(("before", "after"), product(RoomState, repeat=2))
    def test_a_room_moves_only_along_the_table(self, cast, now, before, after, monkeypatch):
        room = open_room(cast.driver, now=now)
        room.state = before
        monkeypatch.setattr(Room, "state_at", lambda *_args: after)
        if after == RoomState.CANCELLED:
            room.cancelled_at, room.ended_by = now, RoomEnd.HOST
        if after == before:
            assert not refresh_room(room, now=now)
        elif after in ROOM_TRANSITIONS[before]:
            assert refresh_room(room, now=now, fields=["cancelled_at", "ended_by"])
            assert room.transitions.latest("id").after == after
        else:
            with pytest.raises(WrongState):
                refresh_room(room, now=now)

    @pytest.mark.parametrize(("before", "after"), product(SeatState, repeat=2))
    def test_a_seat_moves_only_along_the_table(self, cast, now, before, after):
        seat = join(cast.rider, open_room(cast.driver, now=now), now=now)
        seat.state = before
        if after in SEAT_TRANSITIONS[before]:
            move_seat(seat, after, now=now, actor=None)
            step = seat.transitions.latest("id")
            assert (step.before, step.after) == (before, after)
        else:
            with pytest.raises(WrongState):
                move_seat(seat, after, now=now, actor=None)


def _terms(query):
    return rides.RequestTerms(
        origin=query.origin,
        destination=query.destination,
        earliest_departure_at=query.earliest_departure_at,
        latest_arrival_at=query.latest_arrival_at,
    )


def test_the_figure_in_the_docs_is_the_table():
    call_command("draw_states", check=True)
