"""Who lets others down too often cannot open rooms for a while."""

from datetime import UTC, datetime, timedelta

import pytest

from carpool.kernel.geo import from_point, offset_m
from rides import services
from rides.errors import HostSuspended, NotHere, WrongState
from rides.models import RoomEnd, SeatState
from rides.selectors import list_strikes
from rides.services.hosting import suspended_until
from rides.tests.factories import join, open_room

T = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)
RULES = {"most": 3, "within": 30 * DAY, "pause": 7 * DAY}


def test_three_strikes_in_thirty_days_suspend_a_host_for_seven():
    strikes = [T, T + 10 * DAY, T + 29 * DAY]
    assert suspended_until(strikes[:2], **RULES) is None
    assert suspended_until(strikes, **RULES) == T + 36 * DAY
    spread = [T, T + 10 * DAY, T + 30 * DAY]
    assert suspended_until(spread, **RULES) is None


def call_off(cast, now, *, reason=RoomEnd.HOST, with_rider=True):
    room = open_room(cast.driver, now=now)
    if with_rider:
        join(cast.rider, room, now=now)
    services.cancel_room(room_id=room.pk, by=cast.driver, reason=reason, now=now)


@pytest.mark.django_db
def test_who_calls_off_three_rooms_opens_no_fourth_for_a_week(cast, now):
    for _ in range(3):
        call_off(cast, now)
    with pytest.raises(HostSuspended):
        open_room(cast.driver, now=now)
    open_room(cast.colleague, now=now)
    assert open_room(cast.driver, now=now + 7 * DAY, hours=30)


@pytest.mark.django_db
def test_nobody_is_blamed_when_nobody_was_let_down_or_no_taxi_came(cast, now):
    call_off(cast, now, with_rider=False)
    call_off(cast, now, reason=RoomEnd.NO_TAXI)
    assert list_strikes(cast.driver, since=now - DAY) == []
    call_off(cast, now)
    assert list_strikes(cast.driver, since=now - DAY) == [now]


@pytest.mark.django_db
class TestHere:
    """One says that one has come; only that is kept."""

    def test_who_stands_there_is_seen_once_the_party_is_final(self, cast, now):
        room = open_room(cast.driver, now=now)
        join(cast.rider, room, now=now)
        at = from_point(room.pickup)
        with pytest.raises(WrongState):
            services.check_in(room_id=room.pk, by=cast.rider, place=at, now=now)
        services.watch(now=room.locks_at)
        seat = services.check_in(room_id=room.pk, by=cast.rider, place=at, now=room.locks_at)
        assert seat.seen_at == room.locks_at

    def test_who_is_elsewhere_is_not(self, cast, now):
        room = open_room(cast.driver, now=now)
        seat = join(cast.rider, room, now=now)
        services.watch(now=room.locks_at)
        away = offset_m(from_point(room.pickup), east_m=160, north_m=0)
        with pytest.raises(NotHere):
            services.check_in(room_id=room.pk, by=cast.rider, place=away, now=room.locks_at)
        seat.refresh_from_db()
        assert seat.seen_at is None


@pytest.mark.django_db
class TestExcused:
    """Who does not agree to a larger part leaves for nothing, even after the lock."""

    def test_the_others_go_on(self, cast, now):
        room = open_room(cast.driver, now=now)
        seat, other = join(cast.rider, room, now=now), join(cast.colleague, room, now=now)
        services.watch(now=room.locks_at)
        assert services.excuse_seat(seat_id=seat.pk, now=room.locks_at)
        assert not services.excuse_seat(seat_id=seat.pk, now=room.locks_at)
        seat.refresh_from_db()
        other.refresh_from_db()
        assert (seat.state, other.state) == (SeatState.RELEASED, SeatState.TAKEN)

    def test_a_room_that_is_too_empty_then_is_cancelled(self, cast, now):
        room = open_room(cast.driver, now=now)
        seat = join(cast.rider, room, now=now)
        services.watch(now=room.locks_at)
        assert services.excuse_seat(seat_id=seat.pk, now=room.locks_at)
        room.refresh_from_db()
        assert room.ended_by == RoomEnd.TOO_FEW
