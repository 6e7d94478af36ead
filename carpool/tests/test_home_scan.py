"""Somebody's door is in nothing that leaves the house for others, however it is written.

The API's answers and the pages are searched by test_api_privacy; here is all the rest: mails, what
sockets send, events, notifications, logs, links that strangers follow, and the exports of others.
"""

import io
import json
import logging
import zipfile

import pytest
from django.core import mail
from django.db import connection

from accounts import services
from accounts.services import save_place
from accounts.tests.factories import HEAD_OFFICE
from carpool.kernel import clock, outbox
from carpool.kernel.geo import LonLat, to_line
from carpool.tests.belongings import DRIVERS_DOOR, RIDERS_DOOR
from carpool.tests.doors import Doors, geohash, polyline
from carpool.tests.world import world_at
from matching.services import match_request, match_ride
from rides.services import TripEnd, share_ride

pytestmark = pytest.mark.usefixtures("city")


def spellings(door) -> set[str]:
    """How a door may be written; decimals cut, so that longer ones are found as well."""
    lon, lat = door.location
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(ST_AsEWKB(ST_SetSRID(ST_MakePoint(%s, %s), 4326)), 'hex')", [lon, lat]
        )
        [[wkb]] = cursor.fetchall()
    return {
        door.label,
        f"{lon:.7f}"[:-2],
        f"{lat:.7f}"[:-2],
        geohash(lon, lat, 7),
        polyline(door.location),
        wkb.upper(),
        wkb,
    }


def found_in(text: str, door) -> list[str]:
    return [spelling for spelling in spellings(door) if spelling in text]


def rows_of(table: str, where: str = "TRUE") -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t WHERE {where}")
        return "\n".join(text for (text,) in cursor.fetchall())


@pytest.mark.parametrize("stage", ["asked", "booked", "driving", "over"])
def test_nothing_that_is_sent_says_where_somebody_lives(client, cast, now, stage, caplog):
    caplog.set_level(logging.DEBUG)
    with world_at(stage, cast, now) as world:
        for member, door in ((cast.driver, DRIVERS_DOOR), (cast.rider, RIDERS_DOOR)):
            save_place(member=member, kind="home", label=door.label, location=door.location)
        match_ride(ride_id=world.ride.pk, now=world.now)
        match_request(request_id=world.request.pk, now=world.now)
        outbox.relay(now=clock.now())
        sent = {
            "mails": "\n".join(f"{one.subject}\n{one.message()}" for one in mail.outbox),
            "events": rows_of("kernel_outboxevent"),
            "socket frames": rows_of("chat_liveevent"),
            "notifications": rows_of("chat_notification"),
            "messages": rows_of("chat_message"),
            "deliveries": rows_of("chat_delivery"),
            "logs": "\n".join(
                record.getMessage() for record in caplog.records if "django.db" not in record.name
            ),
        }
        if stage == "driving":
            for member in (cast.driver, cast.rider):
                token = share_ride(ride_id=world.ride.pk, by=member, now=world.now)
                page = client.get(f"/follow/{token}/").content.decode()
                sent[f"the link of {member}"] = page
        for what, text in sent.items():
            for door in (DRIVERS_DOOR, RIDERS_DOOR):
                assert found_in(text, door) == [], what
        assert sent["events"], "there is something to search"


@pytest.mark.parametrize("who", ["driver", "rider", "colleague", "manager"])
def test_an_export_tells_of_ones_own_door_only(cast, now, who):
    doors = {"driver": DRIVERS_DOOR, "rider": RIDERS_DOOR}
    with world_at("booked", cast, now):
        export = services.ask_for_export(member=getattr(cast, who), now=now)
        services.make_export(export_id=export.pk)
        export.refresh_from_db()
    with zipfile.ZipFile(io.BytesIO(bytes(export.content))) as packed:
        text = "\n".join(packed.read(name).decode() for name in packed.namelist())
    for name, door in doors.items():
        assert bool(found_in(text, door)) is (name == who)


def test_control_every_spelling_is_recognised(cast):
    lon, lat = DRIVERS_DOOR.location
    for text in (
        json.dumps({"lon": lon, "lat": lat}),
        f"POINT({lon} {lat})",
        f"at {geohash(lon, lat, 9)}",
        polyline(DRIVERS_DOOR.location) + "_ibE_seK",
        DRIVERS_DOOR.label,
    ):
        assert found_in(text, DRIVERS_DOOR), text
    assert geohash(-5.6, 42.6, 5) == "ezs42", "the example of its author"
    assert polyline(LonLat(-120.2, 38.5)) == "_p~iF~ps|U", "the example of its makers"


WRITTEN = {
    "label": lambda door: f"near {door.label}!",
    "numbers": lambda door: json.dumps({"lat": door.location.lat, "lon": door.location.lon}),
    "binary": lambda door: to_line([HEAD_OFFICE, door.location]).ewkb.hex(),
    "geohash": lambda door: f"/{geohash(*door.location, 9)}/",
    "polyline": lambda door: polyline(HEAD_OFFICE, door.location, HEAD_OFFICE),
}


@pytest.mark.parametrize("way", WRITTEN)
def test_control_of_many_doors_the_right_one_is_found(way):
    doors = Doors({one.label: (one.label, one.location) for one in (DRIVERS_DOOR, RIDERS_DOOR)})
    text = WRITTEN[way](DRIVERS_DOOR)
    assert doors.found_in(text) == {(DRIVERS_DOOR.label, way)}
    assert doors.found_in(text, but=DRIVERS_DOOR.label) == set()
    assert doors.found_in(WRITTEN[way](TripEnd(HEAD_OFFICE, "Head office"))) == set()
