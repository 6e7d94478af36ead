"""The end of a paid seat in a planned ride: facts in, where its price goes out (R5, R9).

In prose, in this order:

1. *Called off.* The driver gave it up, declined, or never answered; or the rider gave up a seat
   that nobody had promised them yet: everything back.
2. *Given back* by the rider: free long before, or soon after booking; later a part of it is the
   driver's, who kept the seat free. The first times in a month that is waived: everything back.
3. *Answered.* It took place: the driver's. The rider was missing: the driver's, too. It did not
   take place: everything back.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from payments.engine.leaving import SeatSplit, leave_seat, miss_seat, take_seat
from payments.engine.rules import SeatRules


class SeatEnd(StrEnum):
    """What became of a paid seat. The values name the journals, so they never change."""

    TAKEN = "settle_seat"
    MISSED = "miss_seat"
    VOID = "void_seat"
    LEFT_FREE = "free_seat"
    LEFT_LATE = "late_seat"
    WAIVED = "waive_seat"
    CALLED_OFF = "call_off_seat"


@dataclass(frozen=True, slots=True)
class SeatFacts:
    """What is known of a paid seat that has ended.

    Attributes
    ----------
    left_at : datetime or None
        When it was given up before the ride; None: it was answered afterwards.
    left_by_rider : bool
        The rider gave it up, not the driver or the clock.
    was_promised : bool
        The driver had accepted the booking, or it needed no acceptance.
    is_waived : bool
        It was given up late, without consequence this time.
    took_place, was_missed : bool
        What the answers came to.
    """

    price: int
    booked_at: datetime
    departs_at: datetime
    left_at: datetime | None = None
    left_by_rider: bool = False
    was_promised: bool = True
    is_waived: bool = False
    took_place: bool = False
    was_missed: bool = False


def end_seat(facts: SeatFacts, rules: SeatRules) -> tuple[SeatEnd, SeatSplit]:
    """Say what became of a paid seat, and where its price goes; the parts sum to the price."""
    everything = SeatSplit(to_driver=0, back=facts.price)
    if facts.left_at is not None:
        if not (facts.left_by_rider and facts.was_promised):
            return SeatEnd.CALLED_OFF, everything
        split = leave_seat(
            facts.price,
            left_at=facts.left_at,
            booked_at=facts.booked_at,
            departs_at=facts.departs_at,
            rules=rules,
        )
        if split.to_driver and facts.is_waived:
            return SeatEnd.WAIVED, everything
        return (SeatEnd.LEFT_LATE if split.to_driver else SeatEnd.LEFT_FREE), split
    if not facts.took_place:
        return SeatEnd.VOID, everything
    if facts.was_missed:
        return SeatEnd.MISSED, miss_seat(facts.price)
    return SeatEnd.TAKEN, take_seat(facts.price)
