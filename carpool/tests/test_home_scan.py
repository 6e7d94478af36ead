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
from carpool.kernel import clock, outbox
from carpool.tests.world import DRIVERS_DOOR, RIDERS_DOOR, world_at
from matching.services import match_request, match_ride
from rides.services import share_ride

pytestmark = pytest.mark.usefixtures("city")
BASE32 = "0123456789bcdefghjkmnpqrstuvwxyz"


def geohash(lon: float, lat: float, length: int) -> str:
    """The public-domain geohash of a place. Source: G. Niemeyer (2008)."""
    west, east, south, north = -180.0, 180.0, -90.0, 90.0
    bits, text = [], ""
    for step in range(5 * length):
        if step % 2 == 0:
            middle = (west + east) / 2
            bits.append(lon >= middle)
            west, east = (middle, east) if lon >= middle else (west, middle)
        else:
            middle = (south + north) / 2
            bits.append(lat >= middle)
            south, north = (middle, north) if lat >= middle else (south, middle)
    for start in range(0, len(bits), 5):
        text += BASE32[sum(bit << (4 - n) for n, bit in enumerate(bits[start : start + 5]))]
    return text


def polyline(lon: float, lat: float) -> str:
    """The one point of an encoded polyline, as its first point is written (precision 5)."""
    written = ""
    for value in (lat, lon):
        number = round(value * 1e5)
        number = ~(number << 1) if number < 0 else number << 1
        while number >= 0x20:
            written += chr((0x20 | (number & 0x1F)) + 63)
            number >>= 5
        written += chr(number + 63)
    return written


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
        polyline(lon, lat),
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
        polyline(lon, lat) + "_ibE_seK",
        DRIVERS_DOOR.label,
    ):
        assert found_in(text, DRIVERS_DOOR), text
    assert geohash(-5.6, 42.6, 5) == "ezs42", "the example of its author"
    assert polyline(-120.2, 38.5) == "_p~iF~ps|U", "the example of its makers"
