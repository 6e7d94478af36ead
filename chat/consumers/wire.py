"""This process's line to Redis: one channel, on which all processes tell one another what happened.

Events of one batch travel together, and each process picks those that its sockets follow: picking
is cheaper than a subscription for each topic and a parcel for each event. What sockets of this
process have to hear of their own messages they are told directly; the line is for the others. It
may break: whoever listens then finds in the database what it missed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from chat import services

logger = logging.getLogger(__name__)

# While Redis is away, what waits to be told is dropped: it is in the database.
LOST = (RedisError, OSError)
Hear = Callable[[services.Frame | services.Goodbye], Awaitable[None]]


class Wire:
    """Hear what other processes tell, and tell them."""

    def __init__(self, hear: Hear) -> None:
        self._layer = get_channel_layer()
        self._hear = hear
        self._channel: str | None = None
        self._is_joined = False
        self._waiting: list[services.Frame | services.Goodbye] = []
        self._telling: asyncio.Task[None] | None = None
        self._hearing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Listen, if one does not yet; to be tried again while Redis is away."""
        if self._is_joined:
            return
        try:
            if self._channel is None:
                self._channel = await self._layer.new_channel("hub.")
                self._hearing = asyncio.ensure_future(self._keep_hearing(self._channel))
            await self._layer.group_add(services.EVERYBODY, self._channel)
            self._is_joined = True
        except LOST as error:
            logger.debug("Redis does not answer (%s); looks must do.", error)

    async def _keep_hearing(self, channel: str) -> None:
        while True:
            parcel = await self._layer.receive(channel)
            if parcel["origin"] == channel:
                continue
            for frame in parcel["frames"]:
                await self._hear(frame)

    def tell(self, frames: Iterable[services.Frame | services.Goodbye]) -> None:
        """Tell the other processes soon, in this order; never waits."""
        self._waiting.extend(frames)
        if self._waiting and self._telling is None:
            self._telling = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        try:
            while self._waiting:
                frames, self._waiting = self._waiting, []
                parcel: dict[str, Any] = services.parcel(frames, origin=self._channel or "")
                await self._layer.group_send(services.EVERYBODY, parcel)
        except LOST as error:
            self._waiting.clear()
            logger.warning("Redis does not answer (%s); other processes look by themselves.", error)
        finally:
            self._telling = None

    def close(self) -> None:
        """Listen no more."""
        if self._hearing is not None:
            self._hearing.cancel()
        self._hearing = self._channel = None
        self._is_joined = False
