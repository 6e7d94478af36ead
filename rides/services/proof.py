"""A trip that positions prove: whoever judges them states it here, and the booking settles."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from carpool.kernel import outbox
from rides.events import TripProven
from rides.models import Booking, BookingState, ProofClass
from rides.services.held import lock_booking
from rides.services.validation import settle

_PROVABLE = frozenset(
    {BookingState.CONFIRMED, BookingState.COMPLETED_PENDING_VALIDATION, BookingState.VALIDATED}
)


@transaction.atomic
def state_proof(*, booking_id: UUID, proof_class: ProofClass, now: datetime) -> Booking:
    """Write down that a trip is proven; settle it at once if it waits for nothing else.

    A class is only ever raised. A booking that is not confirmed (any more) stays as it is: what was
    cancelled is not brought back by positions. Neither side's "no" is overruled: then a person
    decides. The same proof stated twice changes nothing.

    Raises:
        BookingNotFound: there is none.
    """
    booking = lock_booking(booking_id)
    if booking.state not in _PROVABLE or booking.proof_class >= proof_class:
        return booking
    booking.proof_class, booking.proven_at = proof_class, booking.proven_at or now
    booking.save(update_fields=["proof_class", "proven_at"])
    event = TripProven(
        booking_id=booking.pk, ride_id=booking.ride_id, proof_class=proof_class, at=now
    )
    outbox.publish(event, now=now)
    if booking.state == BookingState.COMPLETED_PENDING_VALIDATION:
        settle(booking, now=now, actor=None)
    return booking
