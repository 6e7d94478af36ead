"""The outbox: facts leave exactly when their change commits, and everybody hears them."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from kombu.exceptions import OperationalError

from carpool import celery_app
from carpool.kernel import idempotency, outbox, tasks
from carpool.kernel.models import OutboxDelivery, OutboxEvent
from carpool.kernel.tests.events import Happened

LATER = timedelta(minutes=1)  # rows fall due by the wall clock, a moment after `now` was read


@pytest.fixture
def subscribe():
    """Subscribe handlers for one test."""
    before = {name: list(handlers) for name, handlers in outbox._handlers.items()}

    def add(*handlers, event=Happened):
        for handler in handlers:
            outbox.subscribe(event, handler)

    yield add
    outbox._handlers.clear()
    outbox._handlers.update(before)


def publish(what, *, now):
    with transaction.atomic():
        outbox.publish(Happened(what), now=now)
    return OutboxEvent.objects.latest("id")


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused(now):
    with pytest.raises(TransactionManagementError):
        outbox.publish(Happened("lost"), now=now)
    assert not OutboxEvent.objects.exists()


def test_a_change_that_is_rolled_back_leaves_no_event(db, now):
    with transaction.atomic():
        outbox.publish(Happened("undone"), now=now)
        assert OutboxEvent.objects.exists()
        transaction.set_rollback(True)
    assert not OutboxEvent.objects.exists()


def test_an_event_reaches_every_subscriber_once(db, now, subscribe):
    heard = []

    def first(event):
        heard.append(("first", event))

    def second(event):
        heard.append(("second", event))

    subscribe(first, second, first)
    row = publish("once", now=now)
    assert outbox.relay(now=now + LATER) == 1
    assert heard == [("first", Happened("once")), ("second", Happened("once"))]
    row.refresh_from_db()
    assert row.delivered_at == now + LATER
    assert outbox.relay(now=now + LATER) == 0
    assert len(heard) == 2


def test_events_are_delivered_oldest_first(db, now, subscribe):
    heard = []

    def listen(event):
        heard.append(event.what)

    subscribe(listen)
    for what in "abc":
        publish(what, now=now)
    assert outbox.relay(now=now + LATER) == 3
    assert heard == ["a", "b", "c"]


def test_one_relay_stops_at_its_limit(db, now):
    for what in "abc":
        publish(what, now=now)
    assert outbox.relay(now=now + LATER, limit=2) == 2
    assert OutboxEvent.objects.filter(delivered_at=None).count() == 1


class TestFailingHandler:
    """At least once, with patience, and without bothering those that were served."""

    def test_it_is_tried_again_later_and_the_others_are_not_called_twice(self, db, now, subscribe):
        heard, broken = [], [True]

        def fragile(event):
            if broken[0]:
                raise RuntimeError("out of order")
            heard.append("fragile")

        def sturdy(event):
            heard.append("sturdy")

        subscribe(fragile, sturdy)
        row = publish("retry", now=now)
        due = now + LATER
        assert outbox.relay(now=due) == 0
        row.refresh_from_db()
        assert (row.attempts, row.delivered_at) == (1, None)
        assert row.next_attempt_at == due + outbox.FIRST_RETRY
        assert "fragile" in row.last_error
        assert "out of order" in row.last_error
        assert heard == ["sturdy"]

        broken[0] = False
        assert outbox.relay(now=due + outbox.FIRST_RETRY / 2) == 0
        assert heard == ["sturdy"]
        assert outbox.relay(now=due + outbox.FIRST_RETRY) == 1
        assert heard == ["sturdy", "fragile"]
        row.refresh_from_db()
        assert row.delivered_at == due + outbox.FIRST_RETRY

    @pytest.mark.parametrize(("failures", "wait_s"), [(1, 2), (2, 4), (5, 32), (9, 512), (40, 900)])
    def test_it_waits_twice_as_long_each_time_up_to_a_quarter_of_an_hour(
        self, db, now, subscribe, failures, wait_s
    ):
        def broken(event):
            raise RuntimeError

        subscribe(broken)
        row = publish("back off", now=now)
        OutboxEvent.objects.filter(pk=row.pk).update(attempts=failures - 1)
        outbox.relay(now=now + LATER)
        row.refresh_from_db()
        assert row.next_attempt_at - (now + LATER) == timedelta(seconds=wait_s)

    def test_its_half_done_work_is_undone(self, db, now, subscribe):
        def half(event):
            OutboxEvent.objects.create(
                name="half done", payload={}, occurred_at=now, next_attempt_at=now
            )
            raise RuntimeError

        subscribe(half)
        publish("half", now=now)
        outbox.relay(now=now + LATER)
        assert not OutboxEvent.objects.filter(name="half done").exists()
        assert not OutboxDelivery.objects.exists()

    def test_one_that_breaks_the_database_statement_stops_nobody(self, db, now, subscribe):
        heard = []

        def bad_sql(event):
            with connection.cursor() as cursor:
                cursor.execute("SELECT no_such_column FROM no_such_table")

        def listen(event):
            heard.append(event.what)

        subscribe(bad_sql, listen)
        publish("a", now=now)
        publish("b", now=now)
        outbox.relay(now=now + LATER)
        assert heard == ["a", "b"]

    def test_a_process_that_dies_while_handling_leaves_the_event_due(self, db, now, subscribe):
        heard = []

        def die_once(event):
            heard.append(event.what)
            if len(heard) == 1:
                raise SystemExit

        subscribe(die_once)
        row = publish("survivor", now=now)
        with pytest.raises(SystemExit):
            outbox.relay(now=now + LATER)
        row.refresh_from_db()
        assert (row.delivered_at, row.attempts, row.deliveries.count()) == (None, 0, 0)
        assert outbox.relay(now=now + LATER) == 1
        assert heard == ["survivor", "survivor"]


def test_an_event_that_this_version_does_not_know_does_not_block_the_others(db, now, subscribe):
    heard = []

    def listen(event):
        heard.append(event)

    class Stranger:
        @staticmethod
        def name():
            return "future.Unknown"

    subscribe(listen)
    subscribe(listen, event=Stranger)
    stranger = OutboxEvent.objects.create(
        name="future.Unknown", payload={}, occurred_at=now, next_attempt_at=now
    )
    nobodys = OutboxEvent.objects.create(
        name="past.Forgotten", payload={}, occurred_at=now, next_attempt_at=now
    )
    known = publish("known", now=now)
    assert outbox.relay(now=now + LATER) == 2
    assert heard == [Happened("known")]
    for row in (stranger, nobodys, known):
        row.refresh_from_db()
    assert stranger.delivered_at is None
    assert "future.Unknown" in stranger.last_error
    assert nobodys.delivered_at is not None
    assert known.delivered_at is not None


class TestWaking:
    """A commit wakes the relay; a silent broker loses nothing."""

    def test_a_commit_wakes_the_relay_once_however_much_it_says(
        self, db, now, monkeypatch, django_capture_on_commit_callbacks
    ):
        calls = []
        monkeypatch.setattr(celery_app, "send_task", lambda name, **_kw: calls.append(name))
        with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
            outbox.publish(Happened("a"), now=now)
            outbox.publish(Happened("b"), now=now)
        assert calls == [tasks.relay_outbox.name]

    def test_a_broker_that_is_down_is_logged_and_the_sweep_delivers(
        self, db, now, monkeypatch, django_capture_on_commit_callbacks, caplog
    ):
        def down(name, **kwargs):
            raise OperationalError("connection refused")

        monkeypatch.setattr(celery_app, "send_task", down)
        with django_capture_on_commit_callbacks(execute=True):
            row = publish("patient", now=now)
        assert "the outbox waits" in caplog.text
        assert outbox.relay(now=now + LATER) == 1
        row.refresh_from_db()
        assert row.delivered_at is not None

    def test_the_task_delivers_what_is_due(self, db, now):
        row = publish("by task", now=now)
        assert tasks.relay_outbox() == 1
        row.refresh_from_db()
        assert row.delivered_at is not None


class TestPruning:
    """Delivered events are kept for a month, undelivered ones for ever."""

    def test_only_what_was_delivered_long_ago_goes(self, db, now):
        old, recent, waiting = (publish(what, now=now) for what in "abc")
        for row, age in ((old, outbox.KEPT_FOR + LATER), (recent, outbox.KEPT_FOR - LATER)):
            OutboxEvent.objects.filter(pk=row.pk).update(delivered_at=now - age)
            OutboxDelivery.objects.create(event=row, handler="somebody", delivered_at=now)
        OutboxEvent.objects.filter(pk=waiting.pk).update(occurred_at=now - 2 * outbox.KEPT_FOR)
        assert outbox.prune(now=now) == 2  # the event and its delivery
        assert set(OutboxEvent.objects.all()) == {recent, waiting}

    def test_the_task_forgets_old_events_and_old_answers(self, cast, now):
        row = publish("old", now=now)
        OutboxEvent.objects.update(delivered_at=now - 2 * outbox.KEPT_FOR)
        answers = cast.driver.user.idempotentrequest_set
        for age in (idempotency.KEPT_FOR / 2, idempotency.KEPT_FOR * 2):
            answers.create(key=str(age), fingerprint="", created_at=now - age)
        tasks.forget()
        assert not OutboxEvent.objects.filter(pk=row.pk).exists()
        assert answers.get().key == str(idempotency.KEPT_FOR / 2)


def test_an_event_reads_as_its_name_and_number(db, now):
    row = publish("named", now=now)
    assert str(row) == f"carpool.Happened #{row.pk}"
    delivery = OutboxDelivery(event=row, handler="chat.handlers.tell", delivered_at=now)
    assert "chat.handlers.tell" in str(delivery)
