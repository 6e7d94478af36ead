"""Leaving: when it is free, what it costs later, and what proves that somebody did not come.

R5 for rooms and for paid seats, R8's evidence. Periods are half-open: at the lock it is late.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from payments.engine.rules import RoomRules, SeatRules
from payments.engine.split import percent_of


class Presence(StrEnum):
    """What became of a rider's place in a room."""

    BOARDED = "boarded"
    LEFT_FREE = "left_free"
    LEFT_LATE = "left_late"
    NO_SHOW = "no_show"


class NoShowVerdict(StrEnum):
    """What the evidence of an absence comes to."""

    BOARDED = "boarded"
    PROVEN = "proven"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class AbsenceEvidence:
    """What is known of whether somebody came."""

    marked_by_host: bool
    has_boarding_code: bool
    was_near: bool


def judge_absence(evidence: AbsenceEvidence) -> NoShowVerdict:
    """Say whether somebody did not come (R8): a mark alone, against other signs, proves nothing.

    Unproven: they pay their share like everybody, without a penalty, and may dispute it.
    """
    if evidence.has_boarding_code or not evidence.marked_by_host:
        return NoShowVerdict.BOARDED
    return NoShowVerdict.UNPROVEN if evidence.was_near else NoShowVerdict.PROVEN


def leave_room(left_at: datetime, departs_at: datetime, rules: RoomRules) -> Presence:
    """Say what leaving a room at a moment is (R5)."""
    if left_at < departs_at - timedelta(seconds=rules.lock_before_s):
        return Presence.LEFT_FREE
    if left_at < departs_at:
        return Presence.LEFT_LATE
    return Presence.NO_SHOW


def is_missing(now: datetime, departs_at: datetime, rules: RoomRules) -> bool:
    """Tell whether who has not boarded by now may be marked as not come (R5)."""
    return now >= departs_at + timedelta(seconds=rules.board_within_s)


@dataclass(frozen=True, slots=True)
class SeatSplit:
    """Where the price of a paid seat goes."""

    to_driver: int
    back: int


def leave_seat(
    price: int,
    *,
    left_at: datetime,
    booked_at: datetime,
    departs_at: datetime,
    rules: SeatRules,
) -> SeatSplit:
    """Say what of a seat's price comes back to a rider who cancels (R5).

    Free long before, or soon after booking; from the departure on they did not come. An odd unit
    stays with the rider.
    """
    if left_at >= departs_at:
        return miss_seat(price)
    is_early = left_at < departs_at - timedelta(seconds=rules.free_before_s)
    if is_early or left_at < booked_at + timedelta(seconds=rules.grace_s):
        return SeatSplit(to_driver=0, back=price)
    fee = percent_of(price, rules.late_percent)
    return SeatSplit(to_driver=fee, back=price - fee)


def take_seat(price: int) -> SeatSplit:
    """Say where the price goes when the ride took place."""
    return SeatSplit(to_driver=price, back=0)


def miss_seat(price: int) -> SeatSplit:
    """Say where the price goes when the rider did not come: the driver kept the seat free."""
    return SeatSplit(to_driver=price, back=0)
