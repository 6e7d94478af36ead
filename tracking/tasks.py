"""Celery tasks of tracking."""

from uuid import UUID

from celery import shared_task

from carpool.kernel import clock
from tracking import services
from tracking.services import forgetting, partitions
from tracking.services.work_days import forget_old_days


@shared_task(name="tracking.verify_due", ignore_result=True)
def verify_due() -> int:
    """Hand each trip that waits to a worker of its own; sent by beat."""
    claimed = services.claim_due(now=clock.now())
    for verification_id in claimed:
        verify_trip.delay(str(verification_id))
    return len(claimed)


@shared_task(name="tracking.verify_trip", ignore_result=True)
def verify_trip(verification_id: str) -> None:
    """Judge one rider's trip."""
    services.verify_trip(verification_id=UUID(verification_id), now=clock.now())


@shared_task(name="tracking.keep_terms", ignore_result=True)
def keep_terms() -> int:
    """Delete positions and working days whose term is over; sent by beat."""
    forget_old_days(now=clock.now())
    return forgetting.keep_terms(now=clock.now())


@shared_task(name="tracking.make_partitions", ignore_result=True)
def make_partitions() -> int:
    """Make the tables of the days ahead; sent by beat."""
    return partitions.make_partitions(now=clock.now())
