"""The second round of the night: between organizations that share rides.

Each organization first puts its own people together. Whoever shared no car then, and lets partner
organizations see them, is compared with the same of each partner. A car of such a run may hold
people of both: all of them agreed to be seen, and whoever wants nothing to do with another gets no
seat beside them. Where the organizations' rules differ, the stricter one holds; the ride itself is
the driver's organization's, as any that is found by searching.
"""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from accounts.models import Organization
from carpool.kernel import outbox
from matching.events import RunQueued
from matching.models import AssignmentRun, CommutePlan, Direction, RunState
from matching.selectors.plans import next_service_day
from matching.services.runs import STUCK_AFTER

# A run of yesterday's evening for the same day does not count; one evening's runs are this close.
ONE_EVENING = timedelta(hours=12)


def queue_partner_runs(*, now: datetime) -> int:
    """Ask for the second round of whatever partners have both brought their own to an end."""
    shares = CommutePlan.objects.filter(is_active=True, member__shares_beyond=True)
    sharing = Organization.objects.filter(pk__in=shares.values("member__organization"))
    known = {one.pk: one for one in sharing.exclude(partner_ids=[])}
    queued = 0
    for one in known.values():
        for other in (known[pk] for pk in one.partner_ids if pk in known and pk > one.pk):
            day = next_service_day(one, now)
            if day != next_service_day(other, now):
                continue
            for direction in Direction.values:
                queued += _queue(one, other, day, direction, now=now)
    return queued


def _queue(
    one: Organization, other: Organization, day: date, direction: str, *, now: datetime
) -> bool:
    runs = AssignmentRun.objects.filter(service_date=day, direction=direction)
    done = [
        runs.filter(organization=own, partner=None, state=RunState.DONE)
        .order_by("-finished_at")
        .values_list("finished_at", flat=True)
        .first()
        for own in (one, other)
    ]
    if any(moment is None or moment < now - ONE_EVENING for moment in done):
        return False
    last = max(moment for moment in done if moment is not None)
    if runs.filter(organization=one, partner=other, created_at__gte=last).exists():
        return False
    run = AssignmentRun(
        organization=one,
        partner=other,
        service_date=day,
        direction=direction,
        next_check_at=now + STUCK_AFTER,
    )
    try:
        with transaction.atomic():
            run.save(force_insert=True)
            outbox.publish(RunQueued(run_id=run.pk), now=now)
    except IntegrityError:
        return False  # another process asked in this moment
    return True
