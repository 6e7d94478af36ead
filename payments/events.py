"""Facts that payments tell. Identifiers only: whoever listens reads what it may see."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from carpool.kernel.events import Event


@dataclass(frozen=True, slots=True)
class PaymentCaptured(Event):
    """Money came in, in time: it lies in the trip's escrow."""

    payment_id: UUID
    trip_id: UUID
    payer_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentFailed(Event):
    """Money did not come, or too late; what came late goes back."""

    payment_id: UUID
    trip_id: UUID
    payer_id: UUID
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentRefunded(Event):
    """The provider gave (a part of) a payment back."""

    payment_id: UUID
    trip_id: UUID
    payer_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class FeeLifted(Event):
    """What somebody paid for leaving late, or for not coming, was decided to be theirs again.

    It was of a booking, or of a seat in a room. ``by_id`` decided; None where silence did.
    """

    booking_id: UUID | None
    seat_id: UUID | None
    member_id: UUID
    by_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class IntentStuck(Event):
    """Nobody can tell what became of an operation: a person has to look."""

    intent_id: UUID
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TopUpEnded(Event):
    """Somebody was asked for more money, and has answered, paid, or said nothing."""

    top_up_id: UUID
    room_id: UUID
    state: str
    at: datetime
