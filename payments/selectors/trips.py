"""What a trip that money was paid for is called: a shared taxi, or a seat in a planned ride."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rides.models import Booking, Room


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip as the books know it; without a time when it is gone meanwhile.

    ``label`` is where a taxi's people meet; a ride has none: its ends may be somebody's home.
    """

    id: UUID
    is_ride: bool = False
    label: str = ""
    at: datetime | None = None
    ride_id: UUID | None = None


def trips_of(trip_ids: Iterable[UUID]) -> dict[UUID, Trip]:
    """Return trips by their number; two queries for however many."""
    wanted = set(trip_ids)
    if not wanted:
        return {}
    found = {pk: Trip(pk) for pk in wanted}
    rooms = Room.objects.filter(pk__in=wanted).order_by()
    for pk, label, at in rooms.values_list("pk", "pickup_label", "departure_at"):
        found[pk] = Trip(pk, label=label, at=at)
    bookings = Booking.objects.filter(pk__in=wanted).order_by()
    for pk, at, ride_id in bookings.values_list("pk", "pickup_at", "ride_id"):
        found[pk] = Trip(pk, is_ride=True, at=at, ride_id=ride_id)
    return found
