"""What a trip has cost somebody, with everything that was paid for it and became of it."""

from dataclasses import dataclass
from uuid import UUID

from payments.errors import ReceiptNotFound
from payments.models import Payment
from payments.selectors.movement_words import What, name_provider
from payments.selectors.trips import Trip
from payments.selectors.wallet import Movement, Own, list_trip_movements

PLAY_MONEY = "test_bank"


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment, and what people call the provider that took it."""

    payment: Payment
    provider: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """One trip of one person, in the currency that it was paid in.

    ``paid + sponsored + received - fare - penalty - refunded == left``, to the smallest unit.
    """

    trip: Trip
    currency: str
    payments: list[Paid]
    movements: list[Movement]

    @property
    def is_play_money(self) -> bool:
        """Tell whether nothing of this was really paid."""
        return any(one.payment.provider == PLAY_MONEY for one in self.payments)

    def _sum(self, *kinds: What) -> int:
        return sum(one.change for one in self.movements if one.what in kinds)

    @property
    def paid(self) -> int:
        """What they paid."""
        return self._sum(What.PREPAID)

    @property
    def sponsored(self) -> int:
        """What their organization paid for them, less what it got back."""
        return self._sum(What.SPONSORED, What.RETURNED)

    @property
    def fare(self) -> int:
        """Their part of the fare."""
        return -self._sum(What.FARE)

    @property
    def penalty(self) -> int:
        """Penalties, less what was taken back of them."""
        return -self._sum(What.PENALTY)

    @property
    def received(self) -> int:
        """What came to them: as the host, from disputes, rewards."""
        return self.left - self.paid - self.sponsored + self.fare + self.penalty + self.refunded

    @property
    def refunded(self) -> int:
        """What has gone back by the way it came."""
        return -self._sum(What.REFUNDED)

    @property
    def left(self) -> int:
        """What of this trip is still theirs with us: in escrow, on its way back, or owed."""
        return sum(one.change for one in self.movements)


def receipt_of(own: Own, trip_id: UUID) -> Receipt:
    """Return somebody's receipt for a trip.

    Raises:
        ReceiptNotFound: no money of theirs has moved for it.
    """
    movements = list_trip_movements(own, trip_id)
    trip = next((one.trip for one in movements if one.trip is not None), None)
    if trip is None:
        raise ReceiptNotFound
    payments = [one for one in own.payments.values() if one.trip_id == trip_id and one.captured]
    payments.sort(key=lambda one: (one.captured_at or one.created_at, one.pk))
    paid = [Paid(one, name_provider(one.provider)) for one in payments]
    return Receipt(trip, movements[0].currency, paid, movements)
