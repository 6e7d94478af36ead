"""What beat and the workers do while people do something: here, or in a process of its own."""

from datetime import datetime
from typing import Protocol

from accounts.models import Organization
from carpool.kernel import clock, outbox
from rides import services as rides
from tracking import services as tracking


class Background(Protocol):
    """Whoever does the work that nobody waits for."""

    def look_round(self, now: datetime, *, rounds: int = 1) -> None:
        """Do what is due at a simulated moment, and return when it is done."""


class InThisProcess:
    """Does it at once, between two things that people do."""

    def __init__(self, organization: Organization) -> None:
        """Look after one organization: its clock is its own."""
        self._organization = organization

    def look_round(self, now: datetime, *, rounds: int = 1) -> None:
        """Watch what is due, deliver what was told, judge trips."""
        rides.watch(now=now, organization=self._organization, limit=100_000)
        for _round in range(rounds):
            while outbox.relay(now=clock.now()):
                pass
            tracking.verify_due(now=now, organization=self._organization)
