"""Celery tasks of matching, in a queue of their own."""

from uuid import UUID

from celery import shared_task

from carpool.kernel import clock
from matching import services


@shared_task(name="matching.match_ride", ignore_result=True)
def match_ride(ride_id: str) -> int:
    """Store which waiting requests a new ride serves."""
    return services.match_ride(ride_id=UUID(ride_id), now=clock.now())


@shared_task(name="matching.match_request", ignore_result=True)
def match_request(request_id: str) -> int:
    """Store which open rides serve a new request."""
    return services.match_request(request_id=UUID(request_id), now=clock.now())
