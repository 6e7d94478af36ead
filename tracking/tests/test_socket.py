"""Positions by the live socket, which belongs to another app."""

from datetime import timedelta

import pytest
import time_machine
from channels.db import database_sync_to_async

from chat.tests.sockets import connected
from rides.tests.factories import offer
from tracking.consumers import hear_positions
from tracking.models import Position
from tracking.tests.factories import share

pytestmark = pytest.mark.usefixtures("city")


def element(at, sequence, **changes):
    return {
        "sequence": sequence,
        "recorded_at": at.isoformat(),
        "location": {"lon": -71.25, "lat": -29.9},
        **changes,
    }


def leaving(cast, now):
    """A ride that leaves in five minutes: sockets keep the real time."""
    ride = offer(cast.driver, now=now, departure_at=now + timedelta(minutes=5))
    share(cast.driver, ride, now=now)
    return ride


@pytest.mark.django_db(transaction=True)
async def test_a_phone_says_where_it_is_and_hears_what_became_of_it(cast, now):
    ride = await database_sync_to_async(leaving)(cast, now)
    async with connected(cast.driver.user) as socket:
        said = [element(now, 1), element(now, 2)]
        heard = await socket.ask(positions=said, ride=str(ride.pk), device="a")
        assert heard == {
            "positions": {"stored": 2, "known": 0, "flagged": 0},
            "ride": str(ride.pk),
        }
        heard = await socket.ask(nonsense=1)
        assert heard["error"] == "invalid_message"
    assert await Position.objects.acount() == 2
    async with connected(cast.outsider.user) as socket:
        heard = await socket.ask(positions=said, ride=str(ride.pk))
        assert heard["error"] == "ride_not_found"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ride": "x"}, "ride"),
        ({"positions": "x"}, "positions"),
        ({"positions": [1]}, "positions.0"),
        ({"positions": [{"sequence": 1}]}, "positions.0"),
        ({"device": 1}, "device"),
    ],
)
def test_nonsense_is_named(cast, now, changes, field):
    ride = leaving(cast, now)
    frame = {"positions": [element(now, 1)], "ride": str(ride.pk), **changes}
    heard = hear_positions(cast.driver, frame)
    assert heard["error"] == "invalid_input"
    assert set(heard["fields"]) == {field}


def test_wrong_numbers_are_named(cast, now):
    ride = leaving(cast, now)
    for wrong in (
        {"location": {"lon": 181, "lat": 0}},
        {"location": {"lon": float("nan"), "lat": 0}},
        {"recorded_at": "2026-11-23T11:00:00"},
        {"sequence": -1},
        {"speed_mps": True},
    ):
        said = [element(now, 1), element(now, 2, **wrong)]
        heard = hear_positions(cast.driver, {"positions": said, "ride": str(ride.pk)})
        assert set(heard["fields"]) == {"positions.1"}, wrong
    assert not Position.objects.exists()


def test_eleven_frames_in_a_moment_are_too_many(cast, now):
    ride = leaving(cast, now)
    with time_machine.travel(now, tick=False):
        answers = [
            hear_positions(cast.driver, {"positions": [element(now, n)], "ride": str(ride.pk)})
            for n in range(11)
        ]
    assert [one.get("error") for one in answers] == [None] * 10 + ["throttled"]
