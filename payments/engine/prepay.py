"""Before the taxi comes: what each prepays, at most pays, and what a locked room asks for.

The host fronts the taxi and prepays nothing. Every other rider prepays ``P = ceil(F_high / n)``
(R2) and was told, when joining, the most they will ever pay: ``M = ceil(F_high / n_min)`` (R3).
When the room is locked, n is known: P may rise within M, but only with the rider's yes; who does
not want to, leaves free (R6).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from payments.engine.rules import RoomRules
from payments.engine.split import ceil_div


class AboveConsent(ValueError):
    """More than the person said yes to."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rider is shown before joining: pays ``prepay`` now, and ``at_most`` in any case."""

    prepay: int
    at_most: int


@dataclass(frozen=True, slots=True)
class Joined:
    """A rider, not the host: what they prepaid, and what they said yes to (M, or more since)."""

    rider: str
    funded: int
    consent: int


class LockOutcome(StrEnum):
    """What becomes of a room at its lock."""

    LOCKED = "locked"
    WAITS = "waits"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Lock:
    """What the lock asks for.

    Attributes
    ----------
    prepay : int
        Each rider's part of F_high with the people there are.
    top_ups : tuple of (rider, amount)
        What each is asked to add within the consent they gave. They answer in five minutes.
    host_carries : int
        What of F_high nobody else has prepaid.
    """

    outcome: LockOutcome
    prepay: int
    top_ups: tuple[tuple[str, int], ...]
    host_carries: int


def terms_of_joining(high: int, *, party: int, rules: RoomRules) -> Terms:
    """Return P and M for a room that is planned for so many people, host included (R2, R3).

    Raises
    ------
    ValueError
        The party is smaller or larger than the rules have it.
    """
    if not rules.min_party <= party <= rules.max_party:
        raise ValueError("The party does not fit the room.")
    return Terms(prepay=ceil_div(high, party), at_most=ceil_div(high, rules.min_party))


def held_until(joined_at: datetime, departs_at: datetime, rules: RoomRules) -> datetime:
    """Return until when an unpaid seat is kept (R4)."""
    is_short = departs_at - joined_at <= timedelta(seconds=rules.short_notice_s)
    return joined_at + timedelta(seconds=rules.short_hold_s if is_short else rules.hold_s)


def is_paid_in_time(paid_at: datetime, held_until: datetime) -> bool:
    """Tell whether a payment still buys the seat; a later one is given back in full (R4)."""
    return paid_at < held_until


def lock_room(
    high: int, riders: Sequence[Joined], *, rules: RoomRules, host_absorbs: bool = False
) -> Lock:
    """Say what a room needs to be locked (R6, R9).

    Called again whenever somebody has added their part, refused, or left: without top-ups left it
    says ``LOCKED``. Each refusal makes the party smaller, so it ends.

    Raises
    ------
    AboveConsent
        A part exceeds what its rider said yes to: cannot be, as M is the part in the smallest
        party, unless F_high has changed since; then everybody has to be asked anew.
    """
    party = len(riders) + 1
    funded = sum(rider.funded for rider in riders)
    if party < rules.min_party:
        return Lock(LockOutcome.CANCELLED, 0, (), 0)
    prepay = ceil_div(high, party)
    if host_absorbs:
        return Lock(LockOutcome.LOCKED, prepay, (), high - funded)
    for rider in riders:
        check_consent(rider, prepay)
    top_ups = tuple((one.rider, prepay - one.funded) for one in riders if one.funded < prepay)
    outcome = LockOutcome.WAITS if top_ups else LockOutcome.LOCKED
    missing = sum(amount for _rider, amount in top_ups)
    return Lock(outcome, prepay, top_ups, max(0, high - funded - missing))


def check_consent(rider: Joined, total: int) -> None:
    """Refuse that a rider's payments come to more than they said yes to (R3).

    Raises
    ------
    AboveConsent
        They would.
    """
    if total > rider.consent:
        raise AboveConsent(f"{rider.rider} said yes to {rider.consent}, not to {total}.")
