"""What an organization's people find good about a ride: the weights of the generalized cost.

The formula stands in ``matching.engine.insertion``. Everything is worth seconds of the rider's time
aboard: a weight says how many of them one second of the kind is worth, money is converted at a
value of time, and a driver who keeps none of their rides costs a number of seconds. The numbers
are the organization's rules (``accounts.models.policies``). Walking counts double by default, as
travel behaviour research finds again and again (Wardman 2004).
"""

from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Organization, Policies
from carpool.kernel.money import Money

# Minor units per kilometre and seat, and per hour of a commuter's time. The price is 0.06 EUR, the
# time is worth 10 EUR (commuting by car, HEATCO D5, 2006, rounded); others by round exchange rates.
# An organization may set its own; in a currency that is not here it must, or price does not count.
CURRENCY_DEFAULTS: dict[str, tuple[Decimal, int]] = {
    "EUR": (Decimal(6), 1_000),
    "USD": (Decimal(7), 1_100),
    "GBP": (Decimal(5), 900),
    "CHF": (Decimal(6), 1_000),
    "KRW": (Decimal(90), 15_000),
    "JPY": (Decimal(10), 1_600),
    "CLP": (Decimal(60), 10_000),
}
MS_PER_H = 3_600_000


@dataclass(frozen=True, slots=True)
class RankingPolicy:
    """How one organization ranks rides, and what a seat costs in its currency."""

    rules: Policies
    currency: str

    @classmethod
    def of(cls, organization: Organization) -> "RankingPolicy":
        """Return the policy of an organization."""
        return cls(organization.policy, organization.currency)

    @property
    def rate_minor_per_km(self) -> Decimal | None:
        """What a seat costs per kilometre; None where nobody has said."""
        usual = CURRENCY_DEFAULTS.get(self.currency, (None, None))[0]
        own = self.rules.price_minor_per_km
        return usual if own is None else own

    @property
    def ms_per_metre(self) -> float:
        """What a metre of one seat is worth in milliseconds aboard; 0 where no price is known."""
        usual = CURRENCY_DEFAULTS.get(self.currency, (None, None))[1]
        rate, hour = self.rate_minor_per_km, self.rules.time_value_minor_per_h or usual
        return 0.0 if rate is None or hour is None else float(rate / 1000 / hour * MS_PER_H)

    def price(self, distance_m: float, *, seats: int) -> Money | None:
        """Return what so many seats cost over a distance, rounded to the smallest unit."""
        rate = self.rate_minor_per_km
        if rate is None:
            return None
        minor = rate * round(distance_m) / 1000 * seats
        return Money(int(minor.to_integral_value()), self.currency)
