"""Facts that accounts tells. Identifiers only: whoever listens reads what it may see."""

from dataclasses import dataclass
from uuid import UUID

from carpool.kernel.events import Event


@dataclass(frozen=True, slots=True)
class CompanyChanged(Event):
    """With whom a member may travel has changed: by a block, an unblock, or a wish of theirs."""

    member_id: UUID
