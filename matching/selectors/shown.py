"""Tokens: exactly what one member was shown, sealed, so that it can be booked and drawn.

Nobody reads them but this installation: a page shows times in minutes, a token holds them exactly.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import Member
from carpool.kernel.geo import LonLat
from carpool.kernel.sealing import SealBroken, seal, unseal
from matching.errors import OfferExpired
from matching.selectors.arrays import SearchQuery, to_ms, to_time
from matching.selectors.evaluation import Found
from rides.services import TripEnd

OFFER_VALID_FOR = timedelta(minutes=30)
# A near miss can be drawn but not booked: a token of the one kind is never read as the other.
_OFFER, _NEAR_MISS = "matching.offer", "matching.near_miss"


@dataclass(frozen=True, slots=True)
class ShownOffer:
    """What a token stands for: the ride, the query, and the meeting points that were shown.

    ``driver_gives_s`` is how much more of a detour the driver would have to accept; 0 in an offer.
    ``price_minor`` is what the seats were said to cost, where that was said.
    """

    ride_id: UUID
    query: SearchQuery
    pickup: LonLat
    dropoff: LonLat
    shown_pickup_at: datetime
    driver_gives_s: int = 0
    price_minor: int | None = None


def seal_offer(viewer: Member, query: SearchQuery, found: Found) -> str:
    """Return a token with which the viewer, and nobody else, can book what was shown."""
    return _seal(_write(viewer, query, found), _OFFER)


def seal_near_miss(
    viewer: Member, query: SearchQuery, found: Found, *, driver_gives_s: int = 0
) -> str:
    """Return a token with which the viewer can see a near miss drawn; ``query`` has given way."""
    content = {**_write(viewer, query, found), "driver_gives_s": driver_gives_s}
    return _seal(content, _NEAR_MISS)


def read_offer(viewer: Member, token: str) -> ShownOffer:
    """Read the token of an offer.

    Raises:
        OfferExpired: too old, altered, made for somebody else, or not of an offer.
    """
    return _read(viewer, token, _OFFER)


def read_offer_or_near_miss(viewer: Member, token: str) -> ShownOffer:
    """Read a token of either kind.

    Raises:
        OfferExpired: as in :func:`read_offer`.
    """
    try:
        return read_offer(viewer, token)
    except OfferExpired:
        return _read(viewer, token, _NEAR_MISS)


def _write(viewer: Member, query: SearchQuery, found: Found) -> dict[str, Any]:
    return {
        "member": str(viewer.pk),
        "ride": str(found.ride.pk),
        "origin": [*query.origin.location, query.origin.label],
        "destination": [*query.destination.location, query.destination.label],
        "window": [to_ms(query.earliest_departure_at), to_ms(query.latest_arrival_at)],
        "arrive": query.arrive,
        "seats": query.seats,
        "walk_m": query.walk_m,
        "pickup": [*found.pickup.location, found.pickup.walk_m],
        "dropoff": [*found.dropoff.location, found.dropoff.walk_m],
        "pickup_at": found.insertion.pickup_ms,
        "price": found.price.minor if found.price else None,
    }


def _seal(content: dict[str, Any], kind: str) -> str:
    return seal(json.dumps({**content, "kind": kind}, separators=(",", ":")))


def _read(viewer: Member, token: str, kind: str) -> ShownOffer:
    try:
        content = json.loads(unseal(token, valid_for=OFFER_VALID_FOR))
    except SealBroken as error:
        raise OfferExpired(field="offer") from error
    if (content["member"], content["kind"]) != (str(viewer.pk), kind):
        raise OfferExpired(field="offer")
    *origin, origin_label = content["origin"]
    *destination, destination_label = content["destination"]
    earliest, latest = content["window"]
    query = SearchQuery(
        origin=TripEnd(LonLat(*origin), origin_label),
        destination=TripEnd(LonLat(*destination), destination_label),
        earliest_departure_at=to_time(earliest),
        latest_arrival_at=to_time(latest),
        seats=content["seats"],
        walk_m=content["walk_m"],
        arrive=content["arrive"],
    )
    return ShownOffer(
        ride_id=UUID(content["ride"]),
        query=query,
        pickup=LonLat(*content["pickup"][:2]),
        dropoff=LonLat(*content["dropoff"][:2]),
        shown_pickup_at=to_time(content["pickup_at"]),
        driver_gives_s=content.get("driver_gives_s", 0),
        price_minor=content.get("price"),
    )
