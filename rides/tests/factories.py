"""Rides for tests, made by the real services on the demo city's streets."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import Member
from accounts.tests.factories import HEAD_OFFICE, HOME_NORTH, PORT, WORKSHOP
from carpool.kernel.geo import LonLat
from matching import selectors, services
from matching.selectors import SearchQuery
from rides import services as rides
from rides.models import Booking, InstantCode, Ride, Room, RoomSeat


def terms(driver: Member, *, departure_at: datetime | None, **changes: Any) -> rides.OfferTerms:
    """From the head office in the north to the port in the south, 15 minutes of detour."""
    plain = rides.OfferTerms(
        origin=rides.TripEnd(HEAD_OFFICE, "Head office"),
        destination=rides.TripEnd(PORT, "Port"),
        car_id=driver.cars.get().pk,
        seats=3,
        detour_s=900,
        departure_at=departure_at,
    )
    return replace(plain, **changes)


def offer(driver: Member, *, now: datetime, hours: float = 24, **changes: Any) -> Ride:
    """Offer such a ride, leaving in so many hours."""
    departure_at = changes.pop("departure_at", now + timedelta(hours=hours))
    return rides.offer_ride(
        driver=driver, terms=terms(driver, departure_at=departure_at, **changes), now=now
    )


def wish(ride: Ride, **changes: Any) -> SearchQuery:
    """From a home in the north to the workshop half way, around the time of a ride."""
    plain = SearchQuery(
        origin=rides.TripEnd(HOME_NORTH, "Home"),
        destination=rides.TripEnd(WORKSHOP, "Workshop"),
        earliest_departure_at=ride.departure_at - timedelta(hours=1),
        latest_arrival_at=ride.departure_at + timedelta(hours=2),
        walk_m=800,
    )
    return replace(plain, **changes)


def offer_token(rider: Member, ride: Ride, *, now: datetime, **changes: Any) -> str:
    """Search as the rider does and return the token of the offer of this ride."""
    result = selectors.search(rider, wish(ride, **changes), now=now)
    return next(offer.token for offer in result.offers if offer.ride.pk == ride.pk)


def book(rider: Member, ride: Ride, *, now: datetime, **changes: Any) -> Booking:
    """Search and book as the rider does."""
    return services.book_offer(
        rider=rider, token=offer_token(rider, ride, now=now, **changes), now=now
    )


def next_slot(now: datetime, *, hours: float = 3) -> datetime:
    """Return the first 10-minute mark at least so many hours away."""
    at = int((now + timedelta(hours=hours)).timestamp())
    return datetime.fromtimestamp(at - at % -600, UTC)


def open_room(host: Member, *, now: datetime, hours: float = 3, **changes: Any) -> Room:
    """Open a room from the head office to the port."""
    plain = rides.RoomTerms(
        departure_at=changes.pop("departure_at", next_slot(now, hours=hours)),
        pickup=rides.TripEnd(HEAD_OFFICE, "Head office"),
        dropoff=rides.TripEnd(PORT, "Port"),
    )
    return rides.open_room(host=host, terms=replace(plain, **changes), now=now)


def join(rider: Member, room: Room, *, now: datetime, dropoff: LonLat = PORT) -> RoomSeat:
    """Take a seat as somebody does whose payment has come through."""
    end = rides.TripEnd(dropoff, "Drop-off")
    seat = rides.hold_seat(room_id=room.pk, rider=rider, dropoff=end, now=now)
    return rides.take_seat(seat_id=seat.pk, now=now)


def stand_at_kerb(driver: Member, *, now: datetime, **changes: Any) -> InstantCode:
    """Stand at the head office, on the way to the port, with ten minutes of detour."""
    plain = rides.InstantTerms(
        kerb=HEAD_OFFICE,
        destination=rides.TripEnd(PORT, "Port"),
        car_id=driver.cars.get().pk,
        seats=3,
        detour_s=600,
    )
    return rides.open_instant(driver=driver, terms=replace(plain, **changes), now=now)
