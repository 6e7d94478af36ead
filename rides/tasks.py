"""Celery tasks of rides."""

from celery import shared_task

from carpool.kernel import clock
from rides import services


@shared_task(name="rides.watch_rides", ignore_result=True)
def watch_rides() -> int:
    """Bring everything that is due up to date; sent by beat."""
    return services.watch(now=clock.now())
