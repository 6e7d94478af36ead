"""A shared taxi whose riders have prepaid: locked, ridden, and paid."""

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from accounts.tests.factories import MemberFactory
from payments import services
from payments.engine import chart
from payments.models import FareShare, LockedFare
from payments.selectors import balance_of
from payments.tests.test_rooms import join, settle_down
from rides import services as rides
from rides.tests.factories import open_room

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def switched_on(settings):
    settings.PAYMENT_PROVIDERS = ["test_bank"]


@pytest.fixture
def room(cast, now):
    return open_room(cast.driver, now=now)


@pytest.fixture
def party(cast, room, now):
    """Host and three riders who have all prepaid."""
    people = [cast.rider, cast.colleague, MemberFactory(organization=cast.organization)]
    return [(person, join(person, room, now)) for person in people]


def receipt():
    out = io.BytesIO()
    Image.new("RGB", (40, 60), "white").save(out, "PNG")
    return ContentFile(out.getvalue(), name="receipt.png")


def lock(room, *, now=None):
    """Let the clock lock the room and everybody hear of it; return when."""
    at = now or room.locks_at
    rides.watch(now=at)
    settle_down(at)
    room.refresh_from_db()
    return at


def ride_along(room, host, seats):
    """Call the taxi, let these in, and leave."""
    at = room.departure_at
    rides.call_taxi(room_id=room.pk, by=host, plate="AB-1234", now=room.locks_at + MINUTE)
    for seat in seats:
        rides.board(room_id=room.pk, by=host, code=seat.boarding_code, now=at)
    return at


def depart(room, host):
    at = room.departure_at + 6 * MINUTE
    rides.depart(room_id=room.pk, by=host, now=at)
    return at


def enter(room, host, amount, at):
    return services.enter_fare(room_id=room.pk, by=host, amount=amount, photo=receipt(), now=at)


def share_of(person):
    return FareShare.objects.get(person_id=person.pk)


def owed_to(person):
    return balance_of(person.organization_id, chart.payable(str(person.pk), "CLP")).posted


def highest(room):
    return LockedFare.objects.get(room_id=room.pk).highest_fare
