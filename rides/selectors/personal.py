"""What rides holds about a member, for their export."""

from typing import Any
from uuid import UUID

from carpool.kernel import clock
from rides.models import Booking, RecurringRide, RequestOffer, Ride, RideRequest, RoomSeat
from rides.selectors.reviews import export_ratings

Table = list[dict[str, Any]]


def export_rides(member_id: UUID) -> dict[str, Table]:
    """Return what a member drove, booked, asked for and shared, JSON-ready."""
    return {
        "driven": [
            {
                **_ends(ride),
                "departure_at": ride.departure_at,
                "arrival_at": ride.arrival_at,
                "state": ride.state,
                "seats_offered": ride.seats_offered,
                "instant": ride.is_instant,
                "note": ride.note,
            }
            for ride in Ride.objects.filter(driver=member_id).defer("reach", "route")
        ],
        "repeating": [
            {
                **_ends(recurring),
                "weekdays": recurring.weekdays,
                "time": recurring.wall_time,
                "time_zone": recurring.time_zone,
                "first_date": recurring.first_date,
                "last_date": recurring.last_date,
                "note": recurring.note,
            }
            for recurring in RecurringRide.objects.filter(driver=member_id)
        ],
        "booked": [
            {
                **_ends(booking),
                "pickup_at": booking.pickup_at,
                "dropoff_at": booking.dropoff_at,
                "state": booking.state,
                "seats": booking.seats,
                "got_in_at": booking.boarded_at,
                "got_out_at": booking.alighted_at,
                "driver": booking.ride.driver.first_name,
            }
            for booking in Booking.objects.filter(rider=member_id).select_related("ride__driver")
        ],
        "asked_for": [
            {
                **_ends(request),
                "earliest_departure_at": request.earliest_departure_at,
                "latest_arrival_at": request.latest_arrival_at,
                "state": request.state,
            }
            for request in RideRequest.objects.filter(rider=member_id)
        ],
        "offered_to_requests": [
            {"departure_at": offer.ride.departure_at, "state": offer.state, "at": offer.created_at}
            for offer in RequestOffer.objects.filter(ride__driver=member_id).select_related("ride")
        ],
        "shared_taxis": [
            {
                "departure_at": seat.room.departure_at,
                "from": seat.room.pickup_label,
                "to": seat.dropoff_label,
                "to_lon": seat.dropoff.x,
                "to_lat": seat.dropoff.y,
                "state": seat.state,
                "host": seat.is_hosts,
                "note": seat.room.note if seat.is_hosts else "",
            }
            for seat in RoomSeat.objects.filter(rider=member_id).select_related("room")
        ],
        **export_ratings(member_id, now=clock.now()),
    }


def _ends(row: Any) -> dict[str, Any]:
    return {
        "from": row.origin_label,
        "from_lon": row.origin.x,
        "from_lat": row.origin.y,
        "to": row.destination_label,
        "to_lon": row.destination.x,
        "to_lat": row.destination.y,
    }
