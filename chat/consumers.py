"""The live socket of a page: follow topics, hear that they changed."""

from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from accounts.errors import NoMembership
from accounts.models import Member
from accounts.selectors import get_member
from carpool.kernel.errors import DomainError
from chat.services import MEMBER, RIDE, group_name
from rides.errors import RideNotFound
from rides.selectors import get_ride_for

MOST_TOPICS = 20
UNAUTHENTICATED = 4401


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """One socket per page. ``{"subscribe": "ride:<id>"}`` or ``{"subscribe": "today"}``.

    Answers ``{"subscribed": …}`` or ``{"error": code, "topic": …}``; later
    ``{"topic", "event", "data"}`` for each fact. Membership is looked up at each subscription.
    """

    async def connect(self) -> None:
        """Accept signed-in people only."""
        self.groups_joined: set[str] = set()
        await self.accept()
        if not self.scope["user"].is_authenticated:
            await self.close(code=UNAUTHENTICATED)

    async def disconnect(self, code: int) -> None:
        """Leave every group."""
        for group in self.groups_joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    @classmethod
    async def decode_json(cls, text_data: str) -> Any:
        """Read a message; what is not JSON becomes None and is answered with an error."""
        try:
            return await super().decode_json(text_data)
        except ValueError:
            return None

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Follow a topic."""
        topic = content.get("subscribe") if isinstance(content, dict) else None
        if not isinstance(topic, str):
            await self.send_json({"error": "invalid_message", "topic": None})
            return
        if len(self.groups_joined) >= MOST_TOPICS:
            await self.send_json({"error": "too_many_topics", "topic": topic})
            return
        try:
            group = await self._authorise(topic)
        except DomainError as error:
            await self.send_json({"error": error.code, "topic": topic})
            return
        self.groups_joined.add(group)
        await self.channel_layer.group_add(group, self.channel_name)
        await self.send_json({"subscribed": topic})

    async def live_fact(self, message: dict[str, Any]) -> None:
        """Pass a fact on to the page."""
        await self.send_json({key: message[key] for key in ("topic", "event", "data")})

    @database_sync_to_async
    def _authorise(self, topic: str) -> str:
        """Return the group of a topic that this person may follow.

        Raises:
            NotFound: no such topic for them.
        """
        member = get_member(self.scope["user"])
        if member is None:
            raise NoMembership
        if topic == "today":
            return group_name(MEMBER, member.pk)
        return group_name(RIDE, _ride_of(member, topic))


def _ride_of(member: Member, topic: str) -> UUID:
    kind, _, text = topic.partition(":")
    try:
        ride_id = UUID(text)
    except ValueError as error:
        raise RideNotFound from error
    if kind != RIDE:
        raise RideNotFound
    return get_ride_for(member, ride_id).pk
