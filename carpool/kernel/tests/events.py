"""Facts that only tests tell."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from carpool.kernel.events import Event


@dataclass(frozen=True, slots=True)
class Happened(Event):
    """Something did."""

    what: str


@dataclass(frozen=True, slots=True)
class Everything(Event):
    """One field of each kind that an event may have."""

    text: str
    number: int
    flag: bool
    key: UUID
    at: datetime
    maybe_key: UUID | None
    maybe_at: datetime | None
