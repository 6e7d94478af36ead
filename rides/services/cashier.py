"""Where a booking's price is asked for: rides knows when, another app knows how.

Payments registers itself here, as rides may not know it. Without anybody registered every ride is
free, and so it is in tests and installations that have nothing to do with money.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from accounts.models import Member
from carpool.kernel.money import Money
from rides.models import Booking, BookingState, Ride


@dataclass(frozen=True, slots=True)
class PayBy:
    """The way to pay that a rider has chosen, as payments names it.

    ``sponsored`` is what they were told that their organization pays of the price. Who said it
    before, as others put the carpool together, is not there now (``is_there``) and has longer.
    """

    provider: str
    method: str = ""
    sponsored: int = 0
    is_there: bool = True


class Cashier(Protocol):
    """Whoever asks riders for money."""

    def is_due(self, ride: Ride, rider: Member, price: Money) -> bool:
        """Tell whether a seat of that price is paid for when it is booked."""

    def ask(self, booking: Booking, by: PayBy | None, *, now: datetime) -> None:
        """Record what a held booking costs, and the payment; called in the booking's transaction.

        Without a way to pay the rider chooses one later, until ``held_until``.
        """

    def collect(self, booking_id: UUID, *, now: datetime) -> str:
        """Ask the provider, after the transaction; return where the rider approves it, or ""."""


class _Free:
    """Nobody asks for money."""

    def is_due(self, ride: Ride, rider: Member, price: Money) -> bool:  # noqa: ARG002
        return False

    def ask(self, booking: Booking, by: PayBy | None, *, now: datetime) -> None:  # noqa: ARG002
        raise AssertionError("Nothing is ever due.")

    def collect(self, booking_id: UUID, *, now: datetime) -> str:  # noqa: ARG002
        return ""


_at_work: list[Cashier] = [_Free()]


def register_cashier(cashier: Cashier) -> None:
    """Let somebody ask riders for money from now on."""
    _at_work[0] = cashier


def cashier() -> Cashier:
    """Return whoever asks for money here."""
    return _at_work[0]


def collect_price(*, booking: Booking, now: datetime) -> str:
    """Ask for the money of a booking that was just made; return where its rider approves it.

    Never inside a transaction. Afterwards the booking says how it stands.
    """
    if booking.state != BookingState.HELD:
        return ""
    pay_at = cashier().collect(booking.pk, now=now)
    booking.refresh_from_db()
    return pay_at
