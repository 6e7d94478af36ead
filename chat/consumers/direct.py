"""Consumers without a channel of their own: what they hear comes from their process's hub."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer

Message = dict[str, Any]


class Direct:
    """Mixed into a Channels consumer, takes its messages straight from the server.

    Channels would subscribe each consumer to a Redis channel, hand every event on through a queue
    for each socket, and visit a thread before each frame to look for old database connections.
    Under load that is most of the work. Here a process subscribes once (``chat.consumers.wire``),
    and whoever asks the database does so by ``database_sync_to_async``, which looks after its
    connections.
    """

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Take what the server says until the consumer stops."""
        self.scope, self.base_send = scope, send
        with suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def dispatch(self, message: Message) -> None:
        """Call the method that is named like the message."""
        await getattr(self, get_handler_name(message))(message)
