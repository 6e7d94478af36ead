"""The slot board: days, slots of local time, rooms in their order."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.services import save_place
from accounts.tests.factories import HEAD_OFFICE, PORT, MemberFactory
from carpool.kernel.geo import offset_m
from carpool.kernel.web import write_place
from matching.selectors import DayPart, first_open_slot, get_board, part_of
from rides.services import TripEnd
from rides.tests.factories import join, next_slot, open_room

pytestmark = pytest.mark.usefixtures("city")
NEAR_OFFICE = offset_m(HEAD_OFFICE, east_m=150, north_m=-100)
NEAR_PORT = offset_m(PORT, east_m=120, north_m=80)
WAY = {
    "origin_label": "Here",
    "origin": write_place(NEAR_OFFICE),
    "destination_label": "There",
    "destination": write_place(NEAR_PORT),
}


def board_of(member, room, client=None, **query):
    local = room.departure_at.astimezone(member.organization.zone)
    when = {"day": local.date().isoformat(), "part": part_of(local, local.tzinfo).value}
    if client is None:
        client = Client()
        client.force_login(member.user)
    answer = client.get("/rooms/", when | query)
    assert answer.status_code == 200
    return answer


def test_each_slot_says_how_many_rooms_leave_then(cast, now):
    room = open_room(cast.driver, now=now)
    open_room(cast.manager, now=now)
    answer = board_of(cast.rider, room)
    busy = {slot.at: slot.rooms for hour in answer.context["board"].hours for slot in hour}
    assert busy[room.departure_at] == 2
    assert sum(busy.values()) == 2
    assert len(answer.context["entries"]) == 2


def test_slots_are_every_ten_minutes_of_local_time(cast, now):
    cast.organization.time_zone = "Asia/Kathmandu"
    board = get_board(cast.rider, (now + timedelta(days=1)).date(), DayPart.MORNING, now=now)
    zone = ZoneInfo("Asia/Kathmandu")
    slots = [slot.at.astimezone(zone) for hour in board.hours for slot in hour]
    assert [f"{slots[0]:%H:%M}", f"{slots[-1]:%H:%M}"] == ["06:00", "09:50"]
    assert {len(hour) for hour in board.hours} == {6}
    assert all(b - a == timedelta(minutes=10) for a, b in pairwise(slots))


def test_the_hour_that_comes_twice_is_there_twice_and_the_skipped_one_is_not(cast):
    cast.organization.time_zone = "Europe/Berlin"
    before = datetime(2027, 3, 27, 12, tzinfo=UTC)
    spring = get_board(cast.rider, date(2027, 3, 28), DayPart.NIGHT, now=before)
    autumn = get_board(cast.rider, date(2027, 10, 31), DayPart.NIGHT, now=before)
    assert (len(spring.hours), len(autumn.hours)) == (5, 7)


def test_what_is_too_late_or_too_far_ahead_cannot_be_opened(cast, now):
    zone = cast.organization.zone
    first = first_open_slot(cast.rider, now=now)
    assert timedelta(minutes=30) < first - now <= timedelta(minutes=40)
    local = first.astimezone(zone)
    board = get_board(cast.rider, local.date(), part_of(first, zone), now=now)
    is_open = {slot.at: slot.is_open for hour in board.hours for slot in hour}
    assert is_open[first]
    assert not is_open.get(first - timedelta(minutes=10))
    assert len(board.days) == 8


def test_a_way_ranks_the_rooms_by_what_one_walks(cast, now):
    far = TripEnd(offset_m(HEAD_OFFICE, east_m=0, north_m=-450), "Farther")
    farther = open_room(cast.colleague, now=now, pickup=far)
    near = open_room(cast.driver, now=now)
    entries = board_of(cast.rider, near, **WAY).context["entries"]
    assert [entry.room for entry in entries] == [near, farther]
    walks = [entry.found.walk_m for entry in entries]
    assert walks == sorted(walks)


def test_half_a_way_is_said_at_its_field(cast, now):
    room = open_room(cast.driver, now=now)
    answer = board_of(cast.rider, room, origin_label="Here", origin=write_place(NEAR_OFFICE))
    assert "Name both ends" in answer.content.decode()
    assert answer.context["entries"] == []


def test_without_a_fitting_room_the_others_are_one_tap_away(cast, now):
    room = open_room(cast.driver, now=now)
    there = WAY | {"destination": write_place(offset_m(HEAD_OFFICE, east_m=900, north_m=900))}
    page = board_of(cast.rider, room, **there).content.decode()
    assert "No room fits your way" in page
    assert "Show all of them" in page


def test_the_usual_way_is_one_tap(cast, now):
    save_place(member=cast.rider, kind="home", label="Home", location=NEAR_OFFICE)
    save_place(member=cast.rider, kind="work", label="Work", location=NEAR_PORT)
    room = open_room(cast.driver, now=now)
    (entry,) = board_of(cast.rider, room, way="work").context["entries"]
    assert entry.found.walk_m > 0
    assert board_of(cast.rider, room, way="home").context["entries"] == []


def test_one_slot_and_one_meeting_point_can_be_chosen(cast, now):
    room = open_room(cast.driver, now=now)
    place = TripEnd(offset_m(HEAD_OFFICE, east_m=0, north_m=-450), "Farther")
    open_room(cast.manager, now=now, pickup=place)
    local = room.departure_at.astimezone(cast.organization.zone)
    assert len(board_of(cast.rider, room, slot=f"{local:%H:%M}").context["entries"]) == 2
    (only,) = board_of(cast.rider, room, pickup="Farther").context["entries"]
    assert only.room.pickup_label == "Farther"


def test_what_is_not_shared_with_somebody_is_on_no_board(cast, now):
    room = open_room(cast.driver, now=now)
    assert board_of(cast.outsider, room).context["entries"] == []


def test_more_rooms_take_no_more_queries(cast, now, django_assert_max_num_queries):
    room, client = open_room(cast.driver, now=now), Client()
    client.force_login(cast.rider.user)
    board_of(cast.rider, room, client)
    with django_assert_max_num_queries(12):
        assert len(board_of(cast.rider, room, client).context["entries"]) == 1
    for _ in range(4):
        other = open_room(MemberFactory(organization=cast.organization), now=now)
        join(MemberFactory(organization=cast.organization), other, now=now)
    with django_assert_max_num_queries(12):
        assert len(board_of(cast.rider, room, client).context["entries"]) == 5
    with django_assert_max_num_queries(14):
        assert len(board_of(cast.rider, room, client, **WAY).context["entries"]) == 5


def test_the_first_slot_is_never_past_midnights_edge(cast):
    zone = cast.organization.zone
    late = datetime(2027, 3, 10, 23, 45, tzinfo=zone)
    assert first_open_slot(cast.rider, now=late) == datetime(2027, 3, 11, 0, 20, tzinfo=zone)
    assert next_slot(late).minute % 10 == 0


def test_without_words_the_board_begins_where_a_room_leaves(cast, now):
    client = Client()
    client.force_login(cast.rider.user)
    zone = cast.organization.zone
    day = now.astimezone(zone).date() + timedelta(days=2)
    query = {"day": day.isoformat()}
    assert client.get("/rooms/", query).context["board"].part == DayPart.MORNING
    evening = datetime(day.year, day.month, day.day, 19, 20, tzinfo=zone)
    open_room(cast.driver, now=now, departure_at=evening)
    shown = client.get("/rooms/", query).context
    assert shown["board"].part == DayPart.EVENING
    assert len(shown["entries"]) == 1
