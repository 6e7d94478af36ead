"""Twenty people want the last seat of a taxi, at once."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from accounts.tests.factories import PORT, MemberFactory
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from rides import services as rides
from rides.models import Room
from rides.services import rooms as room_services
from rides.tests.factories import open_room

CROWD = 20
CONSTRAINT = "one_person_per_seat"

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_the_last_seat_is_given_once(city, cast):
    assert rush(cast) == 1


def test_without_the_lock_the_database_still_refuses(city, cast, monkeypatch):
    monkeypatch.setattr(room_services, "get_room_for", unlocked)
    assert rush(cast) == 1


def test_control_without_lock_and_constraint_the_seat_is_given_twice(city, cast, monkeypatch):
    monkeypatch.setattr(room_services, "get_room_for", unlocked)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [CONSTRAINT])
        (bring_back,) = cursor.fetchone()
        cursor.execute(f"DROP INDEX {CONSTRAINT}")
    try:
        assert rush(cast) > 1, "the harness cannot see the race, so its other tests prove nothing"
    finally:
        Room.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(bring_back)


def rush(cast):
    """Return how many of a crowd got the one seat that was left."""
    now = clock.now()
    room = open_room(cast.driver, now=now, most_party=2)
    people = [MemberFactory(organization=cast.organization) for _ in range(CROWD)]
    start, got = Barrier(CROWD), []

    def want(person):
        end = rides.TripEnd(PORT, "Port")
        start.wait()
        try:
            got.append(rides.hold_seat(room_id=room.pk, rider=person, dropoff=end, now=now))
        except DomainError:
            pass
        finally:
            connection.close()

    threads = [Thread(target=want, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert room.seats.occupying().count() == 1 + len(got)
    return len(got)


def unlocked(member, room_id, *, lock):
    """Read a room as the service does, but without its lock."""
    return Room.objects.select_related("organization", "region", "host").get(pk=room_id)
