"""The transactional outbox: facts leave an app exactly when its transaction commits.

``publish`` writes a row beside the change it tells of, so either both exist or neither does. A
worker claims rows with ``skip_locked``, calls each subscriber, and writes down who was served
under a unique key: every subscriber hears every event at least once, and its database effects
happen once, because they commit together with that key.

Source: the "transactional outbox" and "idempotent consumer" patterns (Richardson, Microservices
Patterns, 2018, ch. 3).
"""

import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from celery import current_app
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from kombu.exceptions import OperationalError

from carpool.kernel import clock
from carpool.kernel.events import Event
from carpool.kernel.models import OutboxDelivery, OutboxEvent

logger = logging.getLogger(__name__)

Handler = Callable[[Event], None]
_handlers: dict[str, list[Handler]] = defaultdict(list)

RELAY_TASK = "kernel.relay_outbox"
FIRST_RETRY = timedelta(seconds=2)
LONGEST_RETRY = timedelta(minutes=15)
KEPT_FOR = timedelta(days=30)


def subscribe(event: type[Event], handler: Callable[..., None]) -> None:
    """Register a handler; called from ``AppConfig.ready()`` only."""
    if handler not in _handlers[event.name()]:
        _handlers[event.name()].append(handler)


def handler_name(handler: Handler) -> str:
    """Return the name under which a handler's deliveries are recorded."""
    return f"{handler.__module__}.{handler.__qualname__}"


def publish(event: Event, *, now: datetime) -> None:
    """Write a fact into the outbox, in the transaction of the change that it tells of.

    Raises:
        TransactionManagementError: outside of a transaction, where the fact could get lost.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("publish() belongs inside the change's transaction.")
    # Due by the wall clock, whatever `now` the change was told: a simulated day may lie ahead.
    OutboxEvent.objects.create(
        name=event.name(), payload=event.to_payload(), occurred_at=now, next_attempt_at=clock.now()
    )
    if not any(call[1] is _wake_relay for call in connection.run_on_commit):
        transaction.on_commit(_wake_relay)


def _wake_relay() -> None:
    """Tell the relay that there is work; beat sweeps anyway, so a lost call costs seconds only."""
    try:
        current_app.send_task(RELAY_TASK, retry=False)
    except OperationalError:
        logger.warning("The broker does not answer; the outbox waits for the next sweep.")


def relay(*, now: datetime, limit: int = 500) -> int:
    """Deliver due events, oldest first, and return how many were settled."""
    settled = 0
    for _attempt in range(limit):
        with transaction.atomic():
            row = (
                OutboxEvent.objects.select_for_update(skip_locked=True)
                .filter(delivered_at=None, next_attempt_at__lte=now)
                .order_by("next_attempt_at", "id")
                .first()
            )
            if row is None:
                return settled
            settled += _deliver(row, now=now)
    return settled


def _deliver(row: OutboxEvent, *, now: datetime) -> bool:
    errors = []
    served = set(row.deliveries.values_list("handler", flat=True))
    for handler in _handlers.get(row.name, []):
        name = handler_name(handler)
        if name in served:
            continue
        try:
            with transaction.atomic():
                OutboxDelivery.objects.create(event=row, handler=name, delivered_at=now)
                handler(Event.from_payload(row.name, row.payload))
        except Exception as error:
            logger.exception("%s failed on %s", name, row)
            errors.append(f"{name}: {error!r}")
    if errors:
        row.attempts += 1
        wait = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(row.attempts - 1, 12))
        row.next_attempt_at = now + wait
        row.last_error = "\n".join(errors)
        row.save(update_fields=["attempts", "next_attempt_at", "last_error"])
        return False
    row.delivered_at = now
    row.save(update_fields=["delivered_at"])
    return True


def prune(*, now: datetime) -> int:
    """Delete delivered events that are older than ``KEPT_FOR``; return how many rows went."""
    old = OutboxEvent.objects.filter(delivered_at__lt=now - KEPT_FOR)
    return old.delete()[0]
