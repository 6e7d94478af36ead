"""A trip that positions prove: whoever judges them states it here, and the booking settles."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from carpool.kernel import outbox
from rides.events import ProofWithdrawn, TripCounted, TripProven
from rides.models import Booking, BookingState, ProofClass
from rides.services.held import lock_booking
from rides.services.validation import settle

_PROVABLE = frozenset(
    {BookingState.CONFIRMED, BookingState.COMPLETED_PENDING_VALIDATION, BookingState.VALIDATED}
)


@transaction.atomic
def state_proof(
    *, booking_id: UUID, proof_class: ProofClass, counts: bool = False, now: datetime
) -> Booking:
    """Write down that a trip is proven; settle it at once if it waits for nothing else.

    A class is only ever raised. A booking that is not confirmed (any more) stays as it is: what was
    cancelled is not brought back by positions. Neither side's "no" is overruled: then a person
    decides. The same proof stated twice changes nothing. ``counts`` tells that incentives take
    the trip: a proof may settle it and yet be too late, or too short, for them.

    Raises:
        BookingNotFound: there is none.
    """
    booking = lock_booking(booking_id)
    if booking.state not in _PROVABLE:
        return booking
    if counts:
        known = max(booking.proof_class, proof_class)
        counted = TripCounted(
            booking_id=booking.pk, ride_id=booking.ride_id, proof_class=known, at=now
        )
        outbox.publish(counted, now=now)
    if booking.proof_class >= proof_class:
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


@transaction.atomic
def withdraw_proof(*, booking_id: UUID, now: datetime) -> Booking:
    """Write down that a trip's proof does not hold, as a person has decided. Twice changes nothing.

    What was settled stays settled: the fare is another question, and another person's decision.

    Raises:
        BookingNotFound: there is none.
    """
    booking = lock_booking(booking_id)
    if booking.proven_at is None:
        return booking
    booking.proof_class, booking.proven_at = "", None
    booking.save(update_fields=["proof_class", "proven_at"])
    event = ProofWithdrawn(booking_id=booking.pk, ride_id=booking.ride_id, at=now)
    outbox.publish(event, now=now)
    return booking
