"""Looking for a shared taxi by REST: what is found is what the board shows, and can be joined."""

from datetime import timedelta

import pytest
import time_machine

from accounts.tests.factories import HEAD_OFFICE, PORT
from carpool.kernel.geo import offset_m
from matching.selectors import RoomQuery, find_rooms
from rides.tests.api import Api
from rides.tests.factories import join, next_slot, open_room

pytestmark = pytest.mark.usefixtures("city")
NEAR_OFFICE = offset_m(HEAD_OFFICE, east_m=150, north_m=-100)
NEAR_PORT = offset_m(PORT, east_m=120, north_m=80)


def way(now, **changes):
    return {
        "origin": {"lon": NEAR_OFFICE.lon, "lat": NEAR_OFFICE.lat},
        "destination": {"lon": NEAR_PORT.lon, "lat": NEAR_PORT.lat},
        "start": next_slot(now).isoformat(),
        "end": (next_slot(now) + timedelta(hours=1)).isoformat(),
        "walk_m": 800,
        **changes,
    }


def fields_of(answer):
    return [error["field"] for error in answer.json()["errors"]]


def test_it_finds_what_the_board_finds_and_it_can_be_joined(cast, now):
    room = open_room(cast.driver, now=now)
    join(cast.colleague, room, now=now)
    with time_machine.travel(now, tick=False):
        (found,) = Api(cast.rider).post("rooms/searches", way(now)).json()["rooms"]
        quote = Api(cast.rider).post(f"rooms/{found['id']}/quote", {"dropoff": found["dropoff"]})
    start = next_slot(now)
    query = RoomQuery(NEAR_OFFICE, NEAR_PORT, start, start + timedelta(hours=1), 800)
    (known,) = find_rooms(cast.rider, query, now=now)
    assert (found["id"], found["walk_to_m"], found["walk_from_m"], found["free_seats"]) == (
        str(room.pk), known.walk_to_m, known.walk_from_m, 2
    )  # fmt: skip
    assert found["mascot"] == "chick"
    assert quote.status_code == 200
    assert quote.json()["duration_s"] == found["duration_s"]


def test_without_words_it_looks_an_hour_ahead_from_the_next_slot(cast, now):
    soon = open_room(cast.driver, now=now, hours=0.7)
    open_room(cast.colleague, now=now, hours=5)
    body = {name: way(now)[name] for name in ("origin", "destination")}
    with time_machine.travel(now, tick=False):
        rooms = Api(cast.rider).post("rooms/searches", body).json()["rooms"]
    assert [one["id"] for one in rooms] == [str(soon.pk)]


def test_others_rooms_are_not_found(cast, now):
    open_room(cast.driver, now=now)
    with time_machine.travel(now, tick=False):
        assert Api(cast.outsider).post("rooms/searches", way(now)).json() == {"rooms": []}


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"walk_m": -1}, 400, "walk_m"),
        ({"end": "2020-01-01T00:00:00Z"}, 400, "end"),
        ({"start": "9999-12-31T23:59:59Z", "end": None}, 400, "end"),
        ({"origin": {"lon": 0, "lat": 0}}, 422, "origin"),
        ({"destination": None}, 400, "destination"),
    ],
)
def test_what_is_wrong_is_named(cast, now, changes, status, field):
    with time_machine.travel(now, tick=False):
        answer = Api(cast.rider).post("rooms/searches", way(now, **changes))
    assert answer.status_code == status
    assert fields_of(answer) == [field]


@pytest.mark.parametrize("start", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00"])
def test_the_latest_moment_there_is_crashes_nothing(cast, now, start):
    body = way(now, start=start)
    del body["end"]
    with time_machine.travel(now, tick=False):
        answer = Api(cast.rider).post("rooms/searches", body)
    assert answer.status_code in {200, 400}


def test_the_board_counts_the_rooms_of_each_slot(cast, now):
    room = open_room(cast.driver, now=now)
    local = room.departure_at.astimezone(cast.organization.zone)
    with time_machine.travel(now, tick=False):
        board = Api(cast.rider).get("rooms/board", day=local.date().isoformat()).json()
    counted = {slot["at"]: slot["rooms"] for slot in board["slots"] if slot["rooms"]}
    assert len(counted) == 1
    assert sum(day["rooms"] for day in board["days"]) == 1
    with time_machine.travel(now, tick=False):
        bad = Api(cast.rider).get("rooms/board", day="tomorrow", part="tea")
    assert (bad.status_code, sorted(fields_of(bad))) == (400, ["day", "part"])
