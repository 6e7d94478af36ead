"""What the law lets a driver take, and a seat's price under it.

Where paid carpooling is limited to some hours, a ride outside of them is shared for nothing: the
profile refuses the *payment*, never the ride. Amounts per kilometre are exact decimals.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo


class PaymentRefusal(StrEnum):
    """Why a driver may not be paid."""

    HOLIDAY = "holiday"
    OUTSIDE_HOURS = "outside_hours"


@dataclass(frozen=True, slots=True)
class PaidHours:
    """Local hours, half-open, on weekdays (Monday is 0), in which a driver may be paid."""

    weekdays: frozenset[int]
    start: time
    end: time

    def holds(self, local: datetime) -> bool:
        """Tell whether a local moment lies in them."""
        return local.weekday() in self.weekdays and self.start <= local.time() < self.end


@dataclass(frozen=True, slots=True)
class LegalProfile:
    """One country's limits. No hours: at any time, because only costs are shared."""

    key: str
    source: str
    hours: tuple[PaidHours, ...] = ()

    def refusal(
        self, departs_at: datetime, *, zone: ZoneInfo, holidays: Collection[date] = ()
    ) -> PaymentRefusal | None:
        """Return why a driver may not be paid for a departure, or None."""
        if not self.hours:
            return None
        local = departs_at.astimezone(zone)
        if local.date() in holidays:
            return PaymentRefusal.HOLIDAY
        if not any(hours.holds(local) for hours in self.hours):
            return PaymentRefusal.OUTSIDE_HOURS
        return None


_WORKDAYS = frozenset(range(5))
COST_SHARING = LegalProfile("cost_sharing", "Costs are shared, no profit: the price is capped")
KOREA = LegalProfile(
    "korea",
    "Passenger Transport Service Act, amended 2019: weekdays 07–09 and 18–20, no holidays",
    (PaidHours(_WORKDAYS, time(7), time(9)), PaidHours(_WORKDAYS, time(18), time(20))),
)
PROFILES = {profile.key: profile for profile in (COST_SHARING, KOREA)}


@dataclass(frozen=True, slots=True)
class SeatPrice:
    """A seat's price, and whether the cap made it less than the rate asked for."""

    minor: int
    is_capped: bool


def price_seat(distance_m: int, *, rate: Decimal, cap: Decimal) -> SeatPrice:
    """Return what a seat costs; rounded down, so that it never exceeds the cap by a fraction.

    Parameters
    ----------
    distance_m : int
        Metres aboard.
    rate, cap : Decimal
        Minor units for a kilometre and seat: what is asked, and what cost sharing allows.

    Raises
    ------
    ValueError
        Something is negative.
    """
    if distance_m < 0 or rate < 0 or cap < 0:
        raise ValueError("Distances and prices are not negative.")
    asked = Decimal(distance_m) * min(rate, cap) / 1000
    return SeatPrice(int(asked.to_integral_value(ROUND_FLOOR)), is_capped=rate > cap)
