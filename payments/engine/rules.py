"""The numbers of R1–R14 with their defaults. An organization may choose others.

Amounts are minor units of the organization's currency; the defaults are won.
"""

from dataclasses import dataclass

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


@dataclass(frozen=True, slots=True)
class RoomRules:
    """What holds for a shared taxi.

    Attributes
    ----------
    low_percent, high_percent : int
        How far below and above the likely fare the shown range reaches. Its upper end is what is
        prepaid (R2), so both are the same number.
    round_to : int
        The range's ends are multiples of it.
    short_hold_s, short_notice_s : int
        A seat is held for ``hold_s`` until it is paid; for ``short_hold_s`` when the departure is
        no farther than ``short_notice_s`` (R4).
    """

    min_party: int = 2
    max_party: int = 4
    low_percent: int = 15
    high_percent: int = 10
    round_to: int = 100
    hold_s: int = 10 * MINUTE_S
    short_hold_s: int = 3 * MINUTE_S
    short_notice_s: int = 30 * MINUTE_S
    lock_before_s: int = 10 * MINUTE_S
    board_within_s: int = 5 * MINUTE_S
    late_fee_percent: int = 50
    no_show_penalty: int = 1_000
    top_up_within_s: int = 5 * MINUTE_S
    fare_within_s: int = 2 * HOUR_S

    def __post_init__(self) -> None:
        if not 2 <= self.min_party <= self.max_party:
            raise ValueError("A party is two or more, and its minimum not above its maximum.")


@dataclass(frozen=True, slots=True)
class SeatRules:
    """What holds for a paid seat in a planned ride (R5)."""

    free_before_s: int = 12 * HOUR_S
    grace_s: int = 30 * MINUTE_S
    late_percent: int = 50


@dataclass(frozen=True, slots=True)
class DisputeRules:
    """How a dispute runs (R11). Up to ``default_up_to`` silence decides for the rider."""

    open_for_s: int = 24 * HOUR_S
    decide_within_s: int = 72 * HOUR_S
    default_up_to: int = 20_000


@dataclass(frozen=True, slots=True)
class PayoutRules:
    """When somebody is paid out (R12)."""

    least: int = 1_000


@dataclass(frozen=True, slots=True)
class RewardRules:
    """What a sponsor rewards (R14)."""

    most_a_day: int = 4
    reversible_s: int = 30 * DAY_S
