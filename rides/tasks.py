"""Celery tasks of rides."""

from celery import shared_task

from carpool.kernel import clock, timekeeping
from rides import services
from rides.services import forgetting


@shared_task(name="rides.watch_rides", ignore_result=True)
def watch_rides() -> int:
    """Bring everything that is due up to date; sent by beat."""
    return services.watch(now=timekeeping.agreed_now())


@shared_task(name="rides.generate_recurring", ignore_result=True)
def generate_recurring() -> int:
    """Offer the days of repeating rides that came within the horizon; sent by beat."""
    return services.generate_due(now=timekeeping.agreed_now())


@shared_task(name="rides.keep_terms", ignore_result=True)
def keep_terms() -> int:
    """Forget where people went long ago; sent by beat."""
    return forgetting.keep_terms(now=clock.now())
