"""What is handed to a sender, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from accounts.models import Member
from chat.models import Notification


@dataclass(frozen=True, slots=True)
class Parcel:
    """News for one member by one channel; several notifications only in a daily mail.

    ``key`` stays the same however often the parcel is tried: whoever receives it twice, because a
    worker died between sending and writing that down, can tell.
    """

    key: UUID
    member: Member
    notifications: Sequence[Notification]
    now: datetime
    keep_for: timedelta


class Result(Enum):
    """What became of a parcel."""

    SENT = "sent"
    LATER = "later"
    NOBODY = "nobody"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result, and in a few words why; never an address."""

    result: Result
    note: str = ""

    @classmethod
    def of_status(cls, status: int) -> "Outcome":
        """Read an HTTP status: what may pass by itself is tried again."""
        if 200 <= status < 300:
            return cls(Result.SENT)
        may_pass = status in {408, 425, 429} or status >= 500
        return cls(Result.LATER if may_pass else Result.REFUSED, f"HTTP {status}")
