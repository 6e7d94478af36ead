"""Money as integer minor units with an ISO 4217 code. Floats are refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Digits after the point, where they are not two (ISO 4217, table A.1).
MINOR_DIGITS = (
    dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0)
    | dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)
    | dict.fromkeys("CLF UYW".split(), 4)
)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount: ``Money(1250, "EUR")`` is 12.50 EUR."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise TypeError("Money takes whole minor units, never a float.")
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise ValueError(f"Not an ISO 4217 code: {self.currency!r}")

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __str__(self) -> str:
        digits = MINOR_DIGITS.get(self.currency, 2)
        sign, whole = ("-" if self.minor < 0 else ""), abs(self.minor)
        if digits == 0:
            return f"{sign}{whole} {self.currency}"
        major, rest = divmod(whole, 10**digits)
        return f"{sign}{major}.{rest:0{digits}d} {self.currency}"

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Split by the largest remainder: parts add up exactly and differ least from fairness.

        Ties go to the earlier part, so that the outcome is the same every time.

        Raises:
            TypeError: a weight is not a whole number.
            ValueError: no weight is positive, or one is negative.

        Source: Hamilton's method (largest remainder), as used for apportionment.
        """
        if not all(isinstance(weight, int) for weight in weights):
            raise TypeError("Money is split by whole weights, never by floats.")
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("Weights must not be negative, and one must be positive.")
        sign, amount = (-1 if self.minor < 0 else 1), abs(self.minor)
        floors = [amount * weight // total for weight in weights]
        by_remainder = sorted(
            range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i)
        )
        for index in by_remainder[: amount - sum(floors)]:
            floors[index] += 1
        return [Money(sign * part, self.currency) for part in floors]

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"Cannot mix {self.currency} and {other.currency}.")
