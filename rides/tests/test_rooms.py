"""Rooms: slots, seats, hosts, the clock, and who may know of one."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.tests.factories import HEAD_OFFICE, PORT, MemberFactory
from carpool.kernel.geo import LonLat, offset_m
from carpool.kernel.models import OutboxEvent
from rides import services as rides
from rides.errors import (
    AlreadyInRoom,
    HostStays,
    InAnotherRoom,
    InThePast,
    NotOnASlot,
    NotTheHost,
    PartyOutOfRange,
    RiderBusy,
    RoomClosed,
    RoomNotFound,
    RoutesDiffer,
    SeatGone,
    SeatNotFound,
    SeatsExhausted,
    SlotNotOpen,
    TooClose,
    WrongCode,
    WrongState,
)
from rides.models import Room, RoomEnd, RoomSeat, RoomState, SeatState
from rides.tests.factories import book, join, next_slot, offer, open_room

pytestmark = pytest.mark.usefixtures("city")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def room(cast, now):
    return open_room(cast.driver, now=now)


def state(row):
    row.refresh_from_db()
    return row.state


class TestOpening:
    """Which rooms there can be."""

    def test_a_room_has_its_host_in_the_first_seat(self, cast, room):
        seat = room.seats.get()
        assert (seat.rider, seat.number, seat.state) == (cast.driver, 1, SeatState.TAKEN)
        assert (state(room), room.organization) == (RoomState.GATHERING, cast.organization)
        assert (seat.distance_m, seat.duration_s) == (room.distance_m, room.duration_s)
        assert room.distance_m > 9_000
        assert seat.boarding_code.isdigit()
        assert len(seat.boarding_code) == 4

    @pytest.mark.parametrize(
        ("shift", "error"),
        [
            (timedelta(minutes=5), NotOnASlot),
            (timedelta(seconds=1), NotOnASlot),
            (timedelta(days=-1), InThePast),
            (timedelta(hours=-3, minutes=20), SlotNotOpen),
            (timedelta(days=7), SlotNotOpen),
        ],
    )
    def test_times_outside_the_slots_are_refused(self, cast, now, shift, error):
        with pytest.raises(error) as refusal:
            open_room(cast.driver, now=now, departure_at=next_slot(now) + shift)
        assert "departure_at" in refusal.value.fields
        assert not Room.objects.exists()

    def test_slots_are_marks_of_local_time(self, cast, now):
        cast.organization.time_zone = "Asia/Kathmandu"  # 5 h 45 min from UTC
        cast.organization.save(update_fields=["time_zone"])
        with pytest.raises(NotOnASlot):
            open_room(cast.driver, now=now, departure_at=next_slot(now))
        assert open_room(cast.driver, now=now, departure_at=next_slot(now) + 5 * MINUTE)

    @pytest.mark.parametrize(("least", "most"), [(1, 4), (2, 5), (4, 3)])
    def test_a_taxi_takes_two_to_four(self, cast, now, least, most):
        with pytest.raises(PartyOutOfRange):
            open_room(cast.driver, now=now, least_party=least, most_party=most)

    def test_the_database_refuses_a_departure_between_the_slots(self, room):
        with pytest.raises(IntegrityError, match="room_leaves_on_a_slot"), transaction.atomic():
            Room.objects.filter(pk=room.pk).update(
                departure_at=datetime(2030, 1, 1, 8, 3, tzinfo=UTC)
            )


class TestJoining:
    """A seat is held, paid for and taken, or given back."""

    def test_a_held_seat_is_taken_once_it_is_paid_for(self, cast, room, now):
        seat = hold(cast.rider, room, now)
        assert (seat.number, seat.state) == (2, SeatState.HELD)
        assert seat.held_until == now + 10 * MINUTE
        assert rides.take_seat(seat_id=seat.pk, now=now).state == SeatState.TAKEN
        assert rides.take_seat(seat_id=seat.pk, now=now).state == SeatState.TAKEN

    def test_a_seat_that_nobody_pays_for_is_free_again(self, cast, room, now):
        seat = hold(cast.rider, room, now)
        rides.watch(now=now + 9 * MINUTE)
        assert state(seat) == SeatState.HELD
        rides.watch(now=now + 10 * MINUTE)
        assert state(seat) == SeatState.RELEASED
        with pytest.raises(SeatGone):
            rides.take_seat(seat_id=seat.pk, now=now + 11 * MINUTE)
        assert join(cast.rider, room, now=now + 11 * MINUTE).number == 2

    def test_shortly_before_departure_a_seat_is_kept_for_three_minutes(self, cast, room, now):
        cast.organization.own_policies = {"room_closes_s": 900}
        cast.organization.save(update_fields=["own_policies"])
        late = room.departure_at - 20 * MINUTE
        assert hold(cast.rider, room, late).held_until == late + 3 * MINUTE

    def test_the_fifth_finds_no_seat(self, cast, room, now):
        for person in people(cast, 3):
            join(person, room, now=now)
        with pytest.raises(SeatsExhausted):
            hold(cast.rider, room, now)

    def test_nobody_has_two_seats(self, cast, room, now):
        join(cast.rider, room, now=now)
        with pytest.raises(AlreadyInRoom):
            hold(cast.rider, room, now)
        other = open_room(cast.colleague, now=now)
        with pytest.raises(InAnotherRoom):
            hold(cast.rider, other, now)

    def test_nobody_sits_in_a_car_and_a_taxi(self, cast, room, now):
        car = MemberFactory(organization=cast.organization, car=True)
        ride = offer(car, now=now, departure_at=room.departure_at)
        book(cast.rider, ride, now=now)
        for busy in (cast.rider, car):
            with pytest.raises(RiderBusy):
                hold(busy, room, now)
            with pytest.raises(RiderBusy):
                open_room(busy, now=now)

    def test_joining_ends_before_departure(self, cast, room):
        hold(cast.rider, room, room.closes_at - timedelta(seconds=1))
        with pytest.raises(RoomClosed):
            hold(cast.colleague, room, room.closes_at)

    def test_people_along_the_way_share_a_taxi_and_others_do_not(self, cast, room, now):
        seat = hold(cast.rider, room, now, dropoff=shortly_before_the_end(room))
        hosts = room.seats.get(rider=cast.driver)
        assert {seat.position, hosts.position} == {0, 1}
        north = offset_m(HEAD_OFFICE, east_m=0, north_m=2_500)  # six minutes out of their way
        cast.organization.own_policies = {"room_extra_s": 300}
        cast.organization.save(update_fields=["own_policies"])
        with pytest.raises(RoutesDiffer) as refusal:
            hold(cast.colleague, room, now, dropoff=north)
        assert "dropoff" in refusal.value.fields
        assert room.seats.count() == 2

    def test_nobody_drives_to_where_they_are(self, cast, room, now):
        with pytest.raises(TooClose):
            hold(cast.rider, room, now, dropoff=HEAD_OFFICE)


class TestLeaving:
    """Free until the room locks, late until the taxi leaves."""

    def test_leaving_in_time_gives_the_seat_back(self, cast, room, now):
        seat = join(cast.rider, room, now=now, dropoff=shortly_before_the_end(room))
        longer = Room.objects.get(pk=room.pk).duration_s
        rides.leave_room(room_id=room.pk, by=cast.rider, now=now)
        assert state(seat) == SeatState.RELEASED
        room.refresh_from_db()
        assert room.duration_s <= longer

    def test_leaving_after_the_lock_is_late(self, cast, room, now):
        seat = join(cast.rider, room, now=now)
        rides.leave_room(room_id=room.pk, by=cast.rider, now=room.locks_at)
        assert state(seat) == SeatState.LEFT

    def test_nobody_leaves_a_taxi_that_has_left(self, cast, room, now):
        join(cast.rider, room, now=now)
        under_way(room, cast.driver)
        with pytest.raises(WrongState):
            rides.leave_room(room_id=room.pk, by=cast.rider, now=room.departure_at)

    def test_the_host_hands_over_before_leaving(self, cast, room, now):
        seat = join(cast.rider, room, now=now)
        with pytest.raises(HostStays):
            rides.leave_room(room_id=room.pk, by=cast.driver, now=now)
        with pytest.raises(WrongState):
            rides.take_over(room_id=room.pk, by=cast.rider, now=now)
        asked = {"room_id": room.pk, "member_id": cast.rider.pk}
        rides.ask_to_host(**asked, by=cast.driver, now=now)
        rides.take_over(room_id=room.pk, by=cast.rider, now=now)
        room.refresh_from_db()
        assert (room.host, room.next_host) == (cast.rider, None)
        assert state(room.seats.get(rider=cast.driver)) == SeatState.RELEASED
        assert state(seat) == SeatState.TAKEN
        with pytest.raises(NotTheHost):
            rides.cancel_room(room_id=room.pk, by=cast.driver, now=now)

    def test_whoever_was_asked_and_leaves_is_asked_no_more(self, cast, room, now):
        join(cast.rider, room, now=now)
        rides.ask_to_host(room_id=room.pk, by=cast.driver, member_id=cast.rider.pk, now=now)
        rides.leave_room(room_id=room.pk, by=cast.rider, now=now)
        room.refresh_from_db()
        assert room.next_host is None

    def test_only_who_has_paid_is_asked(self, cast, room, now):
        hold(cast.rider, room, now)
        for nobody in (cast.rider, cast.colleague, cast.driver):
            with pytest.raises(SeatNotFound):
                rides.ask_to_host(room_id=room.pk, by=cast.driver, member_id=nobody.pk, now=now)


class TestCourse:
    """From the lock to the fare."""

    def test_the_clock_locks_a_party_and_sends_away_who_has_not_paid(self, cast, room, now):
        join(cast.rider, room, now=now)
        late = hold(cast.colleague, room, room.closes_at - MINUTE)
        RoomSeat.objects.filter(pk=late.pk).update(held_until=room.departure_at)
        rides.watch(now=room.locks_at)
        assert (state(room), state(late)) == (RoomState.LOCKED, SeatState.RELEASED)
        assert room.locked_at == room.locks_at

    def test_too_few_people_are_told_and_let_go(self, cast, room, now):
        rides.watch(now=room.locks_at)
        assert (state(room), room.ended_by) == (RoomState.CANCELLED, RoomEnd.TOO_FEW)
        assert state(room.seats.get()) == SeatState.RELEASED
        assert room.next_check_at is None

    def test_the_host_locks_earlier_when_enough_have_paid(self, cast, room, now):
        with pytest.raises(WrongState):
            rides.lock_room(room_id=room.pk, by=cast.driver, now=now)
        join(cast.rider, room, now=now)
        rides.lock_room(room_id=room.pk, by=cast.driver, now=now)
        assert state(room) == RoomState.LOCKED
        with pytest.raises(RoomClosed):
            hold(cast.colleague, room, now)

    def test_people_board_by_their_codes_and_the_missing_are_marked(self, cast, room, now):
        seats = [join(person, room, now=now) for person in (cast.rider, cast.colleague)]
        called(room, cast.driver)
        at = room.departure_at
        with pytest.raises(WrongCode):
            board(room, cast.driver, other_code(seats), at)
        assert board(room, cast.driver, seats[0].boarding_code, at) == seats[0]
        absent = {"room_id": room.pk, "seat_id": seats[1].pk, "by": cast.driver}
        with pytest.raises(WrongState):
            rides.mark_absent(**absent, now=room.absent_from - timedelta(seconds=1))
        rides.mark_absent(**absent, now=room.absent_from)
        assert [state(seat) for seat in seats] == [SeatState.ABOARD, SeatState.ABSENT]
        board(room, cast.driver, seats[1].boarding_code, room.absent_from)
        assert state(seats[1]) == SeatState.ABOARD

    def test_the_hosts_own_code_opens_nothing(self, cast, room, now):
        join(cast.rider, room, now=now)
        called(room, cast.driver)
        RoomSeat.objects.update(boarding_code="1111")
        assert board(room, cast.driver, "1111", now).rider == cast.rider
        with pytest.raises(WrongCode):
            board(room, cast.driver, "1111", now)

    def test_a_room_goes_its_way_to_the_settlement(self, cast, room, now):
        join(cast.rider, room, now=now)
        under_way(room, cast.driver)
        assert state(room) == RoomState.RIDING
        rides.arrive(room_id=room.pk, by=cast.driver, now=room.departure_at + 20 * MINUTE)
        assert state(room) == RoomState.ARRIVED
        rides.settle_room(room_id=room.pk, now=room.departure_at + 25 * MINUTE)
        assert state(room) == RoomState.SETTLED
        assert room.next_check_at is None
        assert list(room.transitions.values_list("after", flat=True)) == [
            "gathering", "locked", "called", "riding", "arrived", "settled",
        ]  # fmt: skip
        told = OutboxEvent.objects.filter(name__endswith="RoomStateChanged").count()
        assert told == 6

    def test_a_taxi_that_nobody_reports_is_back_when_it_should_be(self, cast, room, now):
        join(cast.rider, room, now=now)
        under_way(room, cast.driver)
        rides.watch(now=room.departure_at + timedelta(seconds=room.duration_s))
        assert state(room) == RoomState.ARRIVED

    def test_without_a_fare_everybody_is_let_go_after_a_day(self, cast, room, now):
        seat = join(cast.rider, room, now=now)
        under_way(room, cast.driver)
        rides.watch(now=room.fare_due_at)
        assert (state(room), room.ended_by) == (RoomState.CANCELLED, RoomEnd.NO_FARE)
        assert state(seat) == SeatState.RELEASED

    def test_a_watcher_that_comes_a_week_late_finds_the_right_state_at_once(self, cast, room, now):
        join(cast.rider, room, now=now)
        rides.watch(now=now + timedelta(days=7))
        assert state(room) == RoomState.CANCELLED
        assert room.transitions.count() == 2

    def test_the_host_cancels_until_the_taxi_leaves(self, cast, room, now):
        seat = join(cast.rider, room, now=now)
        called(room, cast.driver)
        cancel = {"room_id": room.pk, "by": cast.driver, "reason": RoomEnd.NO_TAXI}
        rides.cancel_room(**cancel, now=now)
        assert (state(room), state(seat)) == (RoomState.CANCELLED, SeatState.RELEASED)
        with pytest.raises(WrongState):
            rides.cancel_room(**cancel, now=now)

    @pytest.mark.parametrize("act", ["lock_room", "call_taxi", "depart", "arrive", "cancel_room"])
    def test_only_the_host_acts(self, cast, room, now, act):
        join(cast.rider, room, now=now)
        with pytest.raises(NotTheHost):
            getattr(rides, act)(room_id=room.pk, by=cast.rider, now=now)
        with pytest.raises(RoomNotFound):
            getattr(rides, act)(room_id=room.pk, by=cast.outsider, now=now)


def people(cast, count):
    return [MemberFactory(organization=cast.organization) for _ in range(count)]


def shortly_before_the_end(room):
    line = room.route.coords
    return LonLat(*line[len(line) * 9 // 10])


def hold(rider, room, now, dropoff: LonLat = PORT):
    end = rides.TripEnd(dropoff, "Drop-off")
    return rides.hold_seat(room_id=room.pk, rider=rider, dropoff=end, now=now)


def board(room, host, code, now):
    return rides.board(room_id=room.pk, by=host, code=code, now=now)


def other_code(seats):
    taken = {seat.boarding_code for seat in seats}
    return next(f"{n:04}" for n in range(10) if f"{n:04}" not in taken)


def called(room, host):
    rides.watch(now=room.locks_at)
    rides.call_taxi(room_id=room.pk, by=host, plate="12가3456", now=room.locks_at)


def under_way(room, host):
    called(room, host)
    rides.depart(room_id=room.pk, by=host, now=room.departure_at)
    room.refresh_from_db()
