"""Two relays at once."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet

from carpool.kernel import outbox
from carpool.kernel.models import OutboxEvent
from carpool.kernel.tests.events import Happened

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
SOON = timedelta(minutes=1)


@pytest.fixture
def slow_listener():
    """Subscribe a handler that takes a while, and return what it hears."""
    heard = []

    def listen(event):
        heard.append(event.what)
        time.sleep(0.01)

    outbox.subscribe(Happened, listen)
    yield heard
    outbox._handlers[Happened.name()].remove(listen)


def publish(count, *, now):
    """Write events as ``publish`` does, but wake nobody."""
    OutboxEvent.objects.bulk_create(
        OutboxEvent(
            name=Happened.name(), payload={"what": str(i)}, occurred_at=now, next_attempt_at=now
        )
        for i in range(count)
    )


def relay_twice_at_once(now):
    barrier = threading.Barrier(2)
    settled, failures = [], []

    def run():
        try:
            barrier.wait()
            settled.append(outbox.relay(now=now + SOON))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    return settled


def test_two_relays_at_once_deliver_each_event_once(now, slow_listener):
    publish(30, now=now)
    settled = relay_twice_at_once(now)
    assert sorted(slow_listener, key=int) == [str(i) for i in range(30)]
    assert sum(settled) == 30
    assert min(settled) > 0, "one of them did all the work, so nothing was raced"
    assert not OutboxEvent.objects.exclude(attempts=0).exists()


def test_control_without_the_lock_two_relays_run_into_each_other(now, slow_listener, monkeypatch):
    def unlocked(self, **options):
        return self

    monkeypatch.setattr(QuerySet, "select_for_update", unlocked)
    publish(30, now=now)
    relay_twice_at_once(now)
    assert OutboxEvent.objects.exclude(attempts=0).exists()


def test_a_relay_passes_by_an_event_that_another_one_holds(now):
    held, release, heard = threading.Event(), threading.Event(), []

    def listen(event):
        heard.append(event.what)
        if event.what == "0":
            held.set()
            assert release.wait(10)

    def first_relay():
        try:
            outbox.relay(now=now + SOON, limit=1)
        finally:
            connection.close()

    outbox.subscribe(Happened, listen)
    publish(2, now=now)
    thread = threading.Thread(target=first_relay)
    try:
        thread.start()
        assert held.wait(10)
        assert outbox.relay(now=now + SOON) == 1
        assert heard == ["0", "1"]
    finally:
        release.set()
        thread.join(10)
        outbox._handlers[Happened.name()].remove(listen)
    assert not OutboxEvent.objects.filter(delivered_at=None).exists()
