"""Which half-empty taxis could be one: found here, priced and proposed by others."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from uuid import UUID

from carpool.kernel.geo import crow_fly_m, from_point
from maps.selectors import walks_from
from rides import services as rides
from rides.errors import RoomsDoNotFit
from rides.models import Room, RoomSeat
from rides.selectors import known_pairs, with_taken_seats
from rides.services.mergers import MOST_SHIFT, MOST_WALK_M

# Who opened a room for tomorrow may still find people; so far ahead rooms are put together.
AHEAD, MOST_ROOMS = timedelta(hours=12), 2_000


def find_mergers(*, now: datetime) -> int:
    """Write down which rooms that leave soon could be one, a room in one pair; return how many.

    The larger party stays, of equals the one that was opened first.
    """
    soon = Room.objects.gathering().departing_within(now, now + AHEAD).filter(locked_at=None)
    listed = with_taken_seats(soon).order_by("organization_id", "departure_at", "id")[:MOST_ROOMS]
    rooms = [room for room in listed if _is_half_empty(room)]
    pairs, busy = known_pairs([room.pk for room in rooms])
    found = 0
    for n, first in enumerate(rooms):
        for second in takewhile(partial(_is_alike, first), rooms[n + 1 :]):
            if {first.pk, second.pk} & busy or frozenset((first.pk, second.pk)) in pairs:
                continue
            if _is_near(first, second) and _put_together(first, second, now):
                busy |= {first.pk, second.pk}
                found += 1
    return found


def _is_half_empty(room: Room) -> bool:
    return 0 < 2 * len(room.seats.all()) <= room.most_party


def _is_alike(first: Room, second: Room) -> bool:
    """Tell whether a room of the list can still fit; later ones leave later, or are others'."""
    is_same = first.organization_id == second.organization_id
    return is_same and second.departure_at - first.departure_at <= MOST_SHIFT


def _is_near(first: Room, second: Room) -> bool:
    if first.region_id != second.region_id:
        return False
    return crow_fly_m(from_point(first.pickup), from_point(second.pickup)) <= MOST_WALK_M


def _put_together(first: Room, second: Room, now: datetime) -> bool:
    def order(room: Room) -> tuple[int, datetime, UUID]:
        return -len(room.seats.all()), room.created_at, room.pk

    stays, goes = sorted((first, second), key=order)
    try:
        rides.plan_merger(stays, goes, [*_seats(stays), *_seats(goes)], now=now)
    except RoomsDoNotFit:
        return False
    [walk_m] = walks_from(
        stays.region, from_point(goes.pickup), [from_point(stays.pickup)], max_m=MOST_WALK_M
    )
    if walk_m > MOST_WALK_M:
        return False
    merger = rides.find_merger(stays=stays, goes=goes, walk_m=round(walk_m), now=now)
    return merger is not None


def _seats(room: Room) -> Sequence[RoomSeat]:
    return list(room.seats.all())
