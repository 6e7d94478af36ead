"""Celery tasks of accounts."""

from uuid import UUID

from celery import shared_task

from accounts import services
from carpool.kernel import clock


@shared_task(name="accounts.make_export", ignore_result=True)
def make_export(export_id: str) -> None:
    """Pack what is held about a member."""
    services.make_export(export_id=UUID(export_id))


@shared_task(name="accounts.keep_terms", ignore_result=True)
def keep_terms() -> int:
    """Forget who asked for it, and what was kept for long enough; sent by beat."""
    now = clock.now()
    return services.erase_due(now=now) + services.keep_terms(now=now)
