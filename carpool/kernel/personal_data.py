"""Who holds what about a person: how to hand it out, forget it, and unite it with another's.

Exporting, erasing and joining accounts begin in accounts, which knows nothing of the apps above it.
So these register themselves when they start, as subscribers of events do, and accounts asks each in
turn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

Section = list[Any]


@dataclass(frozen=True, slots=True)
class Holder:
    """One app's part: ``export`` returns named tables of JSON-ready rows, ``erase`` forgets them.

    Both take a member's id. ``erase`` runs in one transaction with all others, and what it has to
    keep (a booking that somebody else took part in) no longer says where or who. ``unite`` takes
    two members' ids: whatever points to the second, who goes, points to the first afterwards. It
    raises a domain error when the two cannot be one person.
    """

    name: str
    export: Callable[[UUID], dict[str, Section]]
    erase: Callable[[UUID, datetime], None]
    unite: Callable[[UUID, UUID, datetime], None]


_holders: dict[str, Holder] = {}


def register(holder: Holder) -> None:
    """Add an app's part; called from ``AppConfig.ready()`` only."""
    _holders[holder.name] = holder


def holders() -> list[Holder]:
    """Return everybody who holds something, in the order in which the apps started."""
    return list(_holders.values())
