"""Looking again after the broker was emptied.

What is to be matched is queued by the outbox, and a queued message lies in Redis alone: one that is
killed with its queue takes it along. Then a request would wait for a ride that is there. So a mark
lies in Redis beside the queue. When it is gone, everybody who waits is looked after again, some at
a time, so that what is new does not wait behind them.
"""

from datetime import datetime

from django.core.cache import cache

from matching.services.requests import match_request
from rides.models import RideRequest

KEY, ALL = "matching:looked-again", "all"
AT_ONCE = 200


def look_again(*, now: datetime) -> int:
    """Match some of the waiting requests anew, if Redis has forgotten what was queued.

    Returns how many; twice, or beside another worker, changes nothing.
    """
    looked_at = cache.get(KEY)
    if looked_at == ALL:
        return 0
    waiting = RideRequest.objects.waiting(now).order_by("pk")
    if looked_at is not None:
        waiting = waiting.filter(pk__gt=looked_at)
    found = list(waiting.values_list("pk", flat=True)[:AT_ONCE])
    for request_id in found:
        match_request(request_id=request_id, now=now)
    cache.set(KEY, str(found[-1]) if len(found) == AT_ONCE else ALL, timeout=None)
    return len(found)
