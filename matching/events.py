"""Facts that matching tells. Identifiers only: whoever listens reads what it may see."""

from dataclasses import dataclass
from uuid import UUID

from carpool.kernel.events import Event


@dataclass(frozen=True, slots=True)
class RunQueued(Event):
    """An assignment was asked for, or has to be taken up again."""

    run_id: UUID


@dataclass(frozen=True, slots=True)
class PartReady(Event):
    """A part of an assignment waits for a worker."""

    part_id: int


@dataclass(frozen=True, slots=True)
class StudyQueued(Event):
    """A launch study was asked for, or has to be taken up again."""

    study_id: UUID
