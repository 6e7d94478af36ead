"""What the hub wants of a socket, so that neither has to import the other."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from uuid import UUID

from accounts.models import Member
from chat import services


class Follower(Protocol):
    """Whoever hears of topics: a socket, or a poll that waits."""

    async def take(self, frame: Mapping[str, Any]) -> None:
        """Hear an event of a topic that one follows."""

    async def part(self, member_id: str) -> None:
        """Hear that somebody left a topic that one follows."""


class Socket(Follower, Protocol):
    """An open socket of a member."""

    member: Member
    name: str
    session_key: str | None
    is_closing: bool
    wants_counters: bool
    renewed_at: float

    def last_of(self, topic: str) -> int:
        """Return how far it has got in a topic that it follows."""

    def conversations(self) -> Iterator[tuple[UUID, UUID]]:
        """Yield (conversation, member) for each conversation that it follows."""

    async def skip_to(self, topic: str, number: int) -> None:
        """Load anew what is older than that."""

    async def count(self, counts: dict[str, int]) -> None:
        """Show what the badges say."""

    async def acknowledge(self, draft: services.Draft, result: services.Result) -> None:
        """Tell the sender what became of a message."""

    async def turn_away(self) -> None:
        """End: nobody is signed in there any more."""

    async def leave(self) -> None:
        """End: its member left a conversation that it follows."""
