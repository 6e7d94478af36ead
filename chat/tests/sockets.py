"""Sockets for tests: who is connected, what they hear."""

from contextlib import asynccontextmanager
from typing import Any

from channels.testing import WebsocketCommunicator
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import User
from chat.consumers import LiveConsumer


class Socket(WebsocketCommunicator):
    """A socket of somebody; ``hear`` skips what the test does not ask for."""

    def __init__(self, user: Any, session: SessionStore | None = None) -> None:
        super().__init__(LiveConsumer.as_asgi(), "/ws/live/")
        self.scope["user"], self.scope["session"] = user, session

    async def ask(self, **said: Any) -> dict[str, Any]:
        """Say something and return the answer."""
        await self.send_json_to(said)
        return await self.hear()

    async def hear(self, timeout: float = 5) -> dict[str, Any]:
        """Return the next frame."""
        heard: dict[str, Any] = await self.receive_json_from(timeout=timeout)
        return heard

    async def hear_event(self, name: str, timeout: float = 5) -> dict[str, Any]:
        """Return the next event of a name."""
        while True:
            heard = await self.hear(timeout)
            if heard.get("event") == name:
                return heard

    async def closed(self, timeout: float = 5) -> int:
        """Skip what is said until the socket is closed; return the code."""
        while True:
            output = await self.receive_output(timeout)
            if output["type"] == "websocket.close":
                code: int = output["code"]
                return code


@asynccontextmanager
async def connected(user: User, *topics: str, session: SessionStore | None = None):
    """Connect, follow topics, and hang up at the end."""
    socket = Socket(user, session)
    await socket.connect()
    for topic in topics:
        answer = await socket.ask(subscribe=topic)
        assert answer["subscribed"] == topic, answer
    try:
        yield socket
    finally:
        await socket.disconnect()
