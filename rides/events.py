"""Facts that rides tell. Identifiers only: whoever listens reads what it may see."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from carpool.kernel.events import Event


@dataclass(frozen=True, slots=True)
class RideOffered(Event):
    """A driver published a ride."""

    ride_id: UUID


@dataclass(frozen=True, slots=True)
class RideAltered(Event):
    """A driver changed a ride that is published; who booked it may be asked about that."""

    ride_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class ChangeQuestionMoved(Event):
    """A rider is asked whether they still come along after a change, or that has ended."""

    question_id: UUID
    booking_id: UUID
    ride_id: UUID
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RecurringDaysSkipped(Event):
    """On some days of a repeating ride its driver is in another ride: those are not offered."""

    recurring_id: UUID
    member_id: UUID
    first_date: str
    days: int
    at: datetime


@dataclass(frozen=True, slots=True)
class RideStateChanged(Event):
    """A ride moved on: by the clock, by its driver, or by cancellation."""

    ride_id: UUID
    before: str
    after: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StopVisited(Event):
    """The driver reached a stop."""

    ride_id: UUID
    stop_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class BookingStateChanged(Event):
    """A booking was made (``before`` is empty) or moved on."""

    booking_id: UUID
    ride_id: UUID
    before: str
    after: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RiderBoarded(Event):
    """The driver of an instant ride entered a rider's boarding code."""

    booking_id: UUID
    ride_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class RiderAlighted(Event):
    """A rider of an instant ride said that they got out."""

    booking_id: UUID
    ride_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class BookingDisputed(Event):
    """The driver says that a ride took place, the rider that it did not: a person decides."""

    booking_id: UUID
    ride_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class TripProven(Event):
    """Positions prove that driver and rider travelled together; again when the class rises."""

    booking_id: UUID
    ride_id: UUID
    proof_class: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TripJudged(Event):
    """Positions of a trip were judged, or an objection to that; ``tracking`` tells what came out.

    ``what`` is ``proven``, ``unproven``, ``held``, ``appeal_granted`` or ``appeal_refused``.
    """

    booking_id: UUID
    ride_id: UUID
    member_id: UUID
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewOpened(Event):
    """How somebody (``member_id``) was rated after a ride is blind no longer."""

    review_id: UUID
    booking_id: UUID
    ride_id: UUID
    member_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class DeedObjectionDecided(Event):
    """An operator has decided whether what was noted of somebody (``member_id``) counts.

    It was noted of a booking, or of a shared taxi.
    """

    booking_id: UUID | None
    ride_id: UUID | None
    member_id: UUID
    granted: bool
    at: datetime
    room_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TripCounted(Event):
    """A proven trip counts for incentives; again when its class rises."""

    booking_id: UUID
    ride_id: UUID
    proof_class: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ProofWithdrawn(Event):
    """A person decided that a trip's proof does not hold."""

    booking_id: UUID
    ride_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class RideMoneyChanged(Event):
    """Something about the price of a seat concerns somebody; ``payments`` tells what it is."""

    booking_id: UUID
    ride_id: UUID
    member_id: UUID
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RequestPosted(Event):
    """A rider left a standing request."""

    request_id: UUID


@dataclass(frozen=True, slots=True)
class RequestStateChanged(Event):
    """A standing request was fulfilled, withdrawn, or ran out of time."""

    request_id: UUID
    after: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RequestOfferChanged(Event):
    """A driver offered a ride to somebody who looks for one, or such an answer has ended."""

    offer_id: UUID
    request_id: UUID
    ride_id: UUID
    state: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RequestMatched(Event):
    """A ride was found that fits a standing request."""

    request_id: UUID
    ride_id: UUID


@dataclass(frozen=True, slots=True)
class ProposalChanged(Event):
    """A carpool that was proposed to a member is new, or moved on."""

    proposal_id: UUID
    member_id: UUID
    state: str


@dataclass(frozen=True, slots=True)
class RoomStateChanged(Event):
    """A room was opened (``before`` is empty) or moved on."""

    room_id: UUID
    before: str
    after: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SeatStateChanged(Event):
    """A seat in a room was taken (``before`` is empty) or moved on."""

    seat_id: UUID
    room_id: UUID
    before: str
    after: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RoomHostChanged(Event):
    """Somebody else calls the taxi now and pays its driver."""

    room_id: UUID
    before_id: UUID
    after_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class RoomHostAsked(Event):
    """The host asks somebody in the room to take over."""

    room_id: UUID
    member_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class RoomMoneyChanged(Event):
    """Something about a room's money concerns somebody; ``payments`` tells what it is."""

    room_id: UUID
    member_id: UUID
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MergerChanged(Event):
    """That two rooms could be one was found (``before`` is empty), or moved on."""

    merger_id: UUID
    stays_id: UUID
    goes_id: UUID
    before: str
    after: str
    at: datetime
