"""Celery tasks of payments. None acts by a clock that PostgreSQL does not agree with."""

from celery import shared_task

from carpool.kernel import timekeeping
from payments import services


@shared_task(name="payments.sweep", ignore_result=True)
def sweep() -> int:
    """Send, ask after, and release whatever is due; sent by beat."""
    return services.sweep(now=timekeeping.agreed_now())


@shared_task(name="payments.reconcile", ignore_result=True)
def reconcile() -> int:
    """Compare with the providers' own lists; sent by beat every night."""
    return services.reconcile_providers(now=timekeeping.agreed_now())


@shared_task(name="payments.pay_out", ignore_result=True)
def pay_out() -> int:
    """Send the day's transfers; sent by beat every hour, so that each zone has its own morning."""
    now = timekeeping.agreed_now()
    services.move_play_money(now=now)
    return services.pay_out(now=now)
