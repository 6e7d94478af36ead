"""Who may know of a room, and what becomes of it when somebody goes."""

from datetime import timedelta

import pytest

from accounts.models import Block, Gender
from accounts.tests.factories import PORT, MemberFactory
from carpool.kernel.geo import LonLat, coarse_cell, from_point
from rides import services as rides
from rides.errors import RoomNotFound, TravelledTogether, WrongState
from rides.models import RoomEnd, RoomState, SeatState
from rides.selectors import list_joinable_rooms
from rides.services.forgetting import erase_rides
from rides.services.uniting import unite_rides
from rides.tests.factories import join, open_room

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture
def room(cast, now):
    return open_room(cast.driver, now=now)


def state(row):
    row.refresh_from_db()
    return row.state


class TestGoing:
    """Of somebody who leaves the organization nobody waits for the taxi."""

    def test_rooms_of_a_host_who_has_gone_are_cancelled(self, cast, room, now):
        seat = join(cast.rider, room, now=now)
        rides.withdraw_member(member_id=cast.driver.pk, has_left=True, now=now)
        assert (state(room), room.ended_by) == (RoomState.CANCELLED, RoomEnd.HOST_GONE)
        assert state(seat) == SeatState.RELEASED

    def test_seats_of_a_rider_who_has_gone_are_free(self, cast, room, now):
        seat = join(cast.rider, room, now=now)
        rides.withdraw_member(member_id=cast.rider.pk, has_left=True, now=now)
        assert (state(room), state(seat)) == (RoomState.GATHERING, SeatState.RELEASED)

    def test_two_accounts_of_one_person_keep_their_seat(self, cast, room, now):
        seat = join(cast.rider, room, now=now)
        rides.ask_to_host(room_id=room.pk, by=cast.driver, member_id=cast.rider.pk, now=now)
        unite_rides(cast.colleague.pk, cast.rider.pk, now)
        seat.refresh_from_db()
        room.refresh_from_db()
        assert seat.rider == room.next_host == cast.colleague
        with pytest.raises(TravelledTogether):
            unite_rides(cast.colleague.pk, cast.driver.pk, now)

    def test_where_somebody_got_out_is_forgotten_with_them(self, cast, room, now):
        seat = join(cast.rider, room, now=now, dropoff=shortly_before_the_end(room))
        before = from_point(seat.dropoff)
        erase_rides(cast.rider.pk, now)
        seat.refresh_from_db()
        assert seat.dropoff_label.startswith("≈ ")
        assert from_point(seat.dropoff) == coarse_cell(before)


class TestSeeing:
    """Who may know of a room."""

    def test_colleagues_see_it_and_other_organizations_do_not(self, cast, room, now):
        assert seen_by(cast.rider, now) == [room]
        assert seen_by(cast.outsider, now) == []
        with pytest.raises(RoomNotFound):
            hold(cast.outsider, room, now)

    def test_people_kept_apart_do_not_meet_in_a_room(self, cast, room, now):
        join(cast.colleague, room, now=now)
        Block.objects.create(blocker=cast.colleague, blocked=cast.rider, created_at=now)
        assert seen_by(cast.rider, now) == []
        with pytest.raises(RoomNotFound):
            hold(cast.rider, room, now)

    def test_a_room_for_one_gender_is_seen_by_that_gender(self, cast, now):
        for member, gender in ((cast.driver, Gender.WOMAN), (cast.rider, Gender.WOMAN)):
            member.gender = gender
            member.save(update_fields=["gender"])
        room = open_room(cast.driver, now=now, same_gender_only=True)
        assert seen_by(cast.rider, now) == [room]
        assert seen_by(cast.colleague, now) == []
        with pytest.raises(WrongState):
            open_room(cast.colleague, now=now, same_gender_only=True)

    def test_a_list_of_rooms_takes_one_query(self, cast, room, now, django_assert_num_queries):
        for person in people(cast, 2):
            open_room(person, now=now)
        with django_assert_num_queries(1):
            assert len(seen_by(cast.rider, now)) == 3


def people(cast, count):
    return [MemberFactory(organization=cast.organization) for _ in range(count)]


def shortly_before_the_end(room):
    line = room.route.coords
    return LonLat(*line[len(line) * 9 // 10])


def hold(rider, room, now, dropoff: LonLat = PORT):
    end = rides.TripEnd(dropoff, "Drop-off")
    return rides.hold_seat(room_id=room.pk, rider=rider, dropoff=end, now=now)


def seen_by(member, now):
    return list(list_joinable_rooms(member, now, now + timedelta(days=1), now=now))
