"""Facts that accounts tells. Identifiers only: whoever listens reads what it may see."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from carpool.kernel.events import Event


@dataclass(frozen=True, slots=True)
class CompanyChanged(Event):
    """With whom a member may travel has changed: by a block, an unblock, or a wish of theirs."""

    member_id: UUID


@dataclass(frozen=True, slots=True)
class PoliciesChanged(Event):
    """An organization decided otherwise on some of its rules."""

    organization_id: UUID


@dataclass(frozen=True, slots=True)
class MemberWithdrawn(Event):
    """A member was suspended, left, or asked to be forgotten: nobody may count on them any more.

    ``has_left`` tells what everybody in their organization sees anyway; the rest is theirs.
    """

    member_id: UUID
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class MemberWarned(Event):
    """A moderator warned a member; ``reason`` is the report's, from whom it came is not told."""

    member_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class MessageHidden(Event):
    """A moderator took a message out of sight."""

    message_id: str


@dataclass(frozen=True, slots=True)
class ReviewHidden(Event):
    """A moderator took what somebody wrote beside a rating out of sight."""

    review_id: str


@dataclass(frozen=True, slots=True)
class ExportAsked(Event):
    """A member wants their own data."""

    export_id: UUID


@dataclass(frozen=True, slots=True)
class MergeAsked(Event):
    """Somebody says that another account is theirs; a code goes to its address."""

    merge_id: UUID


@dataclass(frozen=True, slots=True)
class AccountsMerged(Event):
    """Two accounts became one."""

    merge_id: UUID


@dataclass(frozen=True, slots=True)
class BudgetNearlyUsed(Event):
    """Of what an organization gives for something, so much is used; ``payments`` tells."""

    organization_id: UUID
    subject_id: UUID
    percent: int
    at: datetime
