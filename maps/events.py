"""Facts about maps."""

from dataclasses import dataclass
from uuid import UUID

from carpool.kernel.events import Event


@dataclass(frozen=True, slots=True)
class MapImported(Event):
    """A region has a new network and new addresses; vertex numbers of older versions are void."""

    region_id: UUID
    network_version: str
