"""What payments does when it hears of seats, bookings, hosts and money."""

from datetime import datetime

from carpool.kernel import clock
from payments import services
from payments.events import FeeLifted, PaymentCaptured, PaymentFailed, TopUpEnded
from rides import services as rides
from rides.events import (
    BookingDisputed,
    BookingStateChanged,
    MergerChanged,
    ProofWithdrawn,
    RoomHostChanged,
    RoomStateChanged,
    SeatStateChanged,
    TripCounted,
)
from rides.models import BookingState, MergerState, SeatState


def _moment(at: datetime) -> datetime:
    """Return the present: a late delivery must not shorten a term; a simulated day lies ahead."""
    return max(at, clock.now())


def on_payment_captured(event: PaymentCaptured) -> None:
    """Give the payer their seat, or note that they added their part."""
    services.payment_arrived(payment_id=event.payment_id, now=_moment(event.at))


def on_payment_failed(event: PaymentFailed) -> None:
    """Free the seat, or ask for the rest again."""
    services.payment_failed(payment_id=event.payment_id, now=_moment(event.at))


def on_seat_changed(event: SeatStateChanged) -> None:
    """Give back what was paid for a seat that was given back; the others may have to add to it."""
    if event.after == SeatState.RELEASED:
        services.give_back(seat_id=event.seat_id, now=_moment(event.at))
        services.look_at_party(room_id=event.room_id, now=_moment(event.at))


def on_booking_changed(event: BookingStateChanged) -> None:
    """Give the price of a seat to whom it is due, when its booking has ended."""
    if event.after in {BookingState.CANCELLED, BookingState.VALIDATED}:
        services.settle_booking(booking_id=event.booking_id, now=_moment(event.at))


def on_booking_disputed(event: BookingDisputed) -> None:
    """Keep the price until somebody has decided."""
    services.dispute_price(booking_id=event.booking_id, now=_moment(event.at))


def on_room_changed(event: RoomStateChanged) -> None:
    """Ask for what a smaller party lacks, once it is final."""
    services.look_at_party(room_id=event.room_id, now=_moment(event.at))


def on_top_up_ended(event: TopUpEnded) -> None:
    """Go on with the party or the fare that the answer was about."""
    services.after_top_up(top_up_id=event.top_up_id, now=_moment(event.at))


def on_fee_lifted(event: FeeLifted) -> None:
    """What was paid back as not owed must not count against somebody either."""
    rides.lift_deed(
        booking_id=event.booking_id,
        seat_id=event.seat_id,
        member_id=event.member_id,
        by_id=event.by_id,
        now=_moment(event.at),
    )


def on_host_changed(event: RoomHostChanged) -> None:
    """A host prepays nothing, and has not said yes to what was proposed to another one."""
    rides.lapse_mergers_of(room_id=event.room_id, now=_moment(event.at))
    services.give_back_to_host(room_id=event.room_id, host_id=event.after_id, now=_moment(event.at))


def on_merger_changed(event: MergerChanged) -> None:
    """Look at the price of two rooms that could be one; give back what was paid for nothing."""
    if not event.before:
        services.look_at_merger(merger_id=event.merger_id, now=_moment(event.at))
    elif event.after in {MergerState.REFUSED, MergerState.EXPIRED, MergerState.LAPSED}:
        services.give_back_after_merger(merger_id=event.merger_id, now=_moment(event.at))


def on_trip_counted(event: TripCounted) -> None:
    """Reward a proven trip, once it is settled."""
    services.trip_counted(booking_id=event.booking_id, now=_moment(event.at))


def reward_settled_trip(event: BookingStateChanged) -> None:
    """Reward a settled trip, once it is proven."""
    if event.after == BookingState.VALIDATED:
        services.trip_settled(booking_id=event.booking_id, now=_moment(event.at))


def on_proof_withdrawn(event: ProofWithdrawn) -> None:
    """Take back what was given for a trip whose proof does not hold."""
    services.proof_withdrawn(booking_id=event.booking_id, now=_moment(event.at))
