"""Celery tasks of the kernel: relaying the outbox, the sign of life, forgetting old answers."""

from celery import shared_task

from carpool.kernel import clock, idempotency, outbox


@shared_task(name=outbox.RELAY_TASK, ignore_result=True)
def relay_outbox() -> int:
    """Deliver due events; woken by each commit and swept by beat."""
    return outbox.relay(now=clock.now())


@shared_task(name="kernel.heartbeat", ignore_result=True)
def heartbeat() -> None:
    """Do nothing; that beat sent it is the sign of life (see ``kernel.health``)."""


@shared_task(name="kernel.forget", ignore_result=True)
def forget() -> None:
    """Delete what only had to be remembered for a while."""
    now = clock.now()
    outbox.prune(now=now)
    idempotency.forget(now=now)
