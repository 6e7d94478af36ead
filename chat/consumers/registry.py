"""How many sockets a member holds, over all processes: a sorted set in Redis, renewed by looks.

A process that dies leaves its sockets in the set; they fall out when nobody renews them.
"""

import time
from collections.abc import Iterable
from itertools import islice
from uuid import UUID

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chat.consumers.sockets import Socket

MOST_SOCKETS = 10
RENEW_EVERY_S = 20
FORGOTTEN_AFTER_S = 60
# At a time, so that no socket waits while all are renewed.
MOST_RENEWED = 200


class SocketRegistry:
    """The sockets of this process in the table of all."""

    def __init__(self) -> None:
        self._redis: Redis | None = None

    def _client(self) -> "Redis":
        if self._redis is None:
            # Whoever connects waits for this: without Redis they are counted here at once.
            self._redis = Redis.from_url(
                settings.REDIS_URL,
                socket_connect_timeout=2,
                socket_timeout=2,
                retry=Retry(NoBackoff(), 0),
            )
        return self._redis

    async def admit(self, member_id: UUID, name: str) -> bool:
        """Write a socket down; tell whether the member may have one more.

        Raises:
            RedisError, OSError: Redis does not answer.
        """
        key, now = _key(member_id), time.time()
        async with self._client().pipeline(transaction=True) as line:
            line.zremrangebyscore(key, 0, now - FORGOTTEN_AFTER_S)
            line.zadd(key, {name: now})
            line.zcard(key)
            line.expire(key, FORGOTTEN_AFTER_S)
            count = (await line.execute())[2]
        if count <= MOST_SOCKETS:
            return True
        await self._client().zrem(key, name)
        return False

    async def release(self, member_id: UUID, name: str) -> None:
        """Strike a socket out."""
        await self._client().zrem(_key(member_id), name)

    async def renew(self, sockets: Iterable[Socket]) -> None:
        """Say that these sockets still live, those whose turn it is."""
        now = time.time()
        due = (one for one in sockets if now - one.renewed_at >= RENEW_EVERY_S)
        chosen = list(islice(due, MOST_RENEWED))
        if not chosen:
            return
        async with self._client().pipeline(transaction=False) as line:
            for socket in chosen:
                key = _key(socket.member.pk)
                line.zadd(key, {socket.name: now})
                line.expire(key, FORGOTTEN_AFTER_S)
            await line.execute()
        for socket in chosen:
            socket.renewed_at = now

    async def close(self) -> None:
        """Close the connection."""
        if self._redis is not None:
            await self._redis.aclose()
            self._redis = None


def _key(member_id: UUID) -> str:
    return f"carpool-sockets:{member_id}"
