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
    """Forget who asked for it, and what was kept for long enough; sent by beat.

    Whoever asked for an export that a broker forgot gets it.
    """
    now = clock.now()
    forgotten = services.erase_due(now=now) + services.keep_terms(now=now)
    services.make_forgotten_exports(now=now)
    return forgotten
