"""What tracking does when a ride ends, and when somebody objects."""

from carpool.kernel import clock
from rides.events import BookingDisputed, ProofWithdrawn, RideStateChanged, TripProven
from rides.models import RideState
from tracking import services

_FINAL = frozenset({RideState.VALIDATING, RideState.COMPLETED})


def on_ride_changed(event: RideStateChanged) -> None:
    """Judge the trips when the car has arrived, and again when everybody is asked."""
    is_final = event.after in _FINAL
    if is_final or event.after == RideState.ARRIVING:
        now = max(event.at, clock.now())  # a simulated day lies ahead
        services.plan_verdicts(ride_id=event.ride_id, now=now, is_final=is_final)


def on_disputed(event: BookingDisputed) -> None:
    """Keep the positions until somebody has decided, and longer."""
    services.keep_longer(ride_id=event.ride_id)


def on_trip_proven(event: TripProven) -> None:
    """Log a working day, where the trip ends at work."""
    services.log_work_days(booking_id=event.booking_id)


def on_proof_withdrawn(event: ProofWithdrawn) -> None:
    """Take the day out of the log again."""
    services.forget_proven_days(booking_id=event.booking_id)
