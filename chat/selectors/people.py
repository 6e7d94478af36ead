"""Who has to hear of what."""

from uuid import UUID

from rides.models import Booking, Ride, RideRequest, RoomSeat


def people_of_ride(ride_id: UUID) -> list[UUID]:
    """Return the members whose pages a ride may appear on: its driver and whoever booked."""
    driver = Ride.objects.filter(pk=ride_id).values_list("driver_id", flat=True)
    riders = Booking.objects.filter(ride_id=ride_id).values_list("rider_id", flat=True)
    return [*driver, *riders.distinct().order_by()]


def owner_of_request(request_id: UUID) -> list[UUID]:
    """Return the member who left a standing request."""
    return list(RideRequest.objects.filter(pk=request_id).values_list("rider_id", flat=True))


def people_of_room(room_id: UUID) -> list[UUID]:
    """Return the members whose pages a room may appear on: whoever has, or had, a seat."""
    seats = RoomSeat.objects.filter(room_id=room_id).order_by()
    return list(seats.values_list("rider_id", flat=True).distinct())
