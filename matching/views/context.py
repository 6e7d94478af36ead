"""What every page shows of matching: how many proposals wait for an answer."""

from functools import cache
from typing import Any

from django.http import HttpRequest

from accounts.models import Member
from carpool.kernel import clock
from matching.selectors.proposals import count_awaiting


def waiting_proposals(request: HttpRequest) -> dict[str, Any]:
    """Count them, when and only when the page shows the number."""
    member: Member | None = getattr(request, "member", None)
    if member is None:
        return {"proposals_waiting": 0}
    return {"proposals_waiting": cache(lambda: count_awaiting(member, now=clock.now()))}
