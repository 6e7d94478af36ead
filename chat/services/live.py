"""Telling open pages that something they show has changed.

A message carries identifiers and the name of the fact, never content: the page asks for what it
may see, so nothing has to be hidden here.
"""

from collections.abc import Iterable
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

RIDE, MEMBER = "ride", "member"


def group_name(kind: str, pk: UUID | str) -> str:
    """Return the name of the group of sockets that follow one thing."""
    return f"{kind}.{pk}"


def announce(*, topics: Iterable[tuple[str, UUID]], event: str, data: dict[str, str]) -> None:
    """Send a fact to every socket that follows one of the topics.

    Raises:
        redis.ConnectionError: Redis does not answer; the outbox tries again.
    """
    layer = get_channel_layer()
    for kind, pk in topics:
        message = {
            "type": "live.fact",
            "topic": f"{kind}:{pk}",
            "event": event,
            "data": data,
        }
        async_to_sync(layer.group_send)(group_name(kind, pk), message)
