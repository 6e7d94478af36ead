"""Celery tasks of matching, in a queue of their own."""

from uuid import UUID

from celery import shared_task

from carpool.kernel import clock
from matching import services
from matching.services import studies


@shared_task(name="matching.match_ride", ignore_result=True)
def match_ride(ride_id: str) -> int:
    """Store which waiting requests a new ride serves."""
    return services.match_ride(ride_id=UUID(ride_id), now=clock.now())


@shared_task(name="matching.match_request", ignore_result=True)
def match_request(request_id: str) -> int:
    """Store which open rides serve a new request."""
    return services.match_request(request_id=UUID(request_id), now=clock.now())


@shared_task(name="matching.look_again", ignore_result=True)
def look_again() -> int:
    """Match those who wait anew if the broker was emptied; sent by beat."""
    return services.look_again(now=clock.now())


@shared_task(name="matching.rematch_member", ignore_result=True)
def rematch_member(member_id: str) -> None:
    """Part whom a block or a wish parts, and look again."""
    services.rematch_member(member_id=UUID(member_id), now=clock.now())


@shared_task(name="matching.begin_run", ignore_result=True)
def begin_run(run_id: str) -> int:
    """Gather who travels, and cut them into parts that workers share."""
    return services.begin_run(run_id=UUID(run_id), now=clock.now())


@shared_task(name="matching.solve_part", ignore_result=True)
def solve_part(part_id: int) -> bool:
    """Put the cars of one part together."""
    return services.solve_part(part_id=part_id, read_clock=clock.now)


@shared_task(name="matching.watch_proposals", ignore_result=True)
def watch_proposals() -> int:
    """Do what is due: the evening's runs, runs that got stuck, proposals whose time is over."""
    now = clock.now()
    queued = services.queue_nightly_runs(now=now) + services.queue_partner_runs(now=now)
    return queued + services.sweep_runs(now=now) + services.expire_proposals(now=now)


# A study of 50,000 people takes minutes; a copy of the message finds it running and does nothing.
@shared_task(name="matching.run_study", ignore_result=True, time_limit=1800)
def run_study(study_id: str) -> None:
    """Compute a launch study."""
    studies.run_study(study_id=UUID(study_id), read_clock=clock.now)


@shared_task(name="matching.watch_studies", ignore_result=True)
def watch_studies() -> int:
    """Take up studies that got stuck, and delete what was kept for long enough."""
    return studies.watch_studies(now=clock.now())


@shared_task(name="matching.find_mergers", ignore_result=True)
def find_mergers() -> int:
    """Look for half-empty taxis that could be one; sent by beat."""
    return services.find_mergers(now=clock.now())
