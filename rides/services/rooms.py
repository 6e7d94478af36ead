"""Opening a room, joining it, and giving a seat back.

The order is always: lock the room, look again, change. A seat is first held, while its price is
paid (``payments`` does that), then taken; one that nobody paid for in time is free again.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from accounts.models import Member
from accounts.selectors import pairs_kept_apart
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import LonLat, from_point, to_point
from maps.models import Region
from rides.errors import (
    AlreadyInRoom,
    HostStays,
    InAnotherRoom,
    InThePast,
    NotOnASlot,
    PartyOutOfRange,
    RiderBusy,
    RoomClosed,
    RoomNotFound,
    SeatGone,
    SeatNotFound,
    SeatsExhausted,
    SlotNotOpen,
    WrongState,
)
from rides.models import Booking, Ride, Room, RoomSeat, RoomState, SeatState, SplitRule
from rides.models.rooms import LEAST_PARTY, MOST_PARTY, SLOT_MINUTES
from rides.models.seats import OCCUPYING_STATES
from rides.permissions import is_host
from rides.selectors import get_room_for, get_trip_region
from rides.services.hosting import check_may_host
from rides.services.offers import TripEnd
from rides.services.room_routes import RoomRoute, check_belongs_together, plan_room
from rides.services.transitions import move_seat, record_room, record_seat

# Shortly before departure a seat is not kept for long. Source: rule R4.
_SOON, _HELD_SOON = timedelta(minutes=30), timedelta(minutes=3)

# What tells whether a room has a place left; its route takes longer to read than a refusal.
_ASKED_IN_QUEUE = (
    "organization", "departure_at", "locked_at", "settled_at", "cancelled_at", "most_party",
)  # fmt: skip

# The database's own second wall, and what it means when somebody runs into it.
_CONSTRAINT_ERRORS: dict[str, type[DomainError]] = {
    "one_person_per_seat": SeatsExhausted,
    "one_seat_per_person_and_room": AlreadyInRoom,
    "rider_is_in_one_room_at_a_time": InAnotherRoom,
}


@dataclass(frozen=True, slots=True)
class RoomTerms:
    """What a host arranges. Both ends are public places: nobody's door."""

    departure_at: datetime
    pickup: TripEnd
    dropoff: TripEnd
    least_party: int = LEAST_PARTY
    most_party: int = MOST_PARTY
    split_rule: str = SplitRule.EQUAL
    same_gender_only: bool = False
    note: str = ""


@transaction.atomic
def open_room(*, host: Member, terms: RoomTerms, now: datetime) -> Room:
    """Open a room, with the host in its first seat.

    Raises:
        NotOnASlot, InThePast, SlotNotOpen, PartyOutOfRange, InvalidInput: a term makes no sense.
        OutsideMap, OffNetwork, TooClose: an end is not on the map (names it).
        HostSuspended: the host let others down too often lately.
        InAnotherRoom, RiderBusy: the host sits in another taxi or car then.
    """
    _check_terms(host, terms, now)
    check_may_host(host, now=now)
    region = get_trip_region(terms.pickup.location, terms.dropoff.location)
    route = plan_room(region, terms.pickup.location, [terms.dropoff.location])
    room = Room(
        organization=host.organization,
        region=region,
        host=host,
        departure_at=terms.departure_at,
        pickup=to_point(terms.pickup.location),
        pickup_label=terms.pickup.label,
        least_party=terms.least_party,
        most_party=terms.most_party,
        split_rule=terms.split_rule,
        same_gender_only=terms.same_gender_only,
        note=terms.note,
        route=route.line,
        distance_m=route.distance_m,
        duration_s=route.duration_s,
        state=RoomState.GATHERING,
    )
    check_is_free(host, room, route)
    room.next_check_at = room.next_change_after(now)
    room.save(force_insert=True)
    seat = _new_seat(room, host, terms.dropoff, number=1, state=SeatState.TAKEN, now=now)
    seat_all(room, [seat], route)
    record_room(room, before="", now=now, actor=host)
    record_seat(seat, before="", now=now, actor=host)
    return room


def _check_terms(host: Member, terms: RoomTerms, now: datetime) -> None:
    policy, zone = host.organization.policy, ZoneInfo(host.organization.time_zone)
    local = terms.departure_at.astimezone(zone)
    if local.minute % SLOT_MINUTES or local.second or local.microsecond:
        raise NotOnASlot(field="departure_at")
    if terms.departure_at <= now:
        raise InThePast(field="departure_at")
    opens_at = terms.departure_at - timedelta(days=policy.room_opens_days)
    closes_at = terms.departure_at - timedelta(seconds=policy.room_closes_s)
    if not opens_at <= now < closes_at:
        raise SlotNotOpen(field="departure_at")
    if not LEAST_PARTY <= terms.least_party <= terms.most_party <= MOST_PARTY:
        raise PartyOutOfRange(field="least_party")
    if terms.split_rule not in SplitRule.values:
        raise WrongState(field="split_rule")
    if terms.same_gender_only and not host.gender:
        raise WrongState(field="same_gender_only")


def queue_for_seat(*, room_id: UUID, rider: Member, now: datetime) -> None:
    """Wait for one's turn at a room, in a transaction, before anything is reckoned for it.

    Of fifty who want its last seat, forty-nine wait here and then plan no way and ask no price.

    Raises:
        RoomNotFound: no such room for this rider.
        RoomClosed, AlreadyInRoom, SeatsExhausted: there is nothing to wait for.
    """
    room = get_room_for(rider, room_id, lock=True, only=_ASKED_IN_QUEUE)
    if room.organization_id == rider.organization_id:
        room.organization = rider.organization
    riders = list(room.seats.occupying().values_list("rider_id", flat=True))
    _check_has_room_for(rider, room, riders, now)


def _check_has_room_for(rider: Member, room: Room, riders: Sequence[UUID], now: datetime) -> None:
    if not room.is_joinable_at(now):
        raise RoomClosed
    if rider.pk in riders:
        raise AlreadyInRoom
    if len(riders) >= room.most_party:
        raise SeatsExhausted


@transaction.atomic
def hold_seat(*, room_id: UUID, rider: Member, dropoff: TripEnd, now: datetime) -> RoomSeat:
    """Keep a seat for a rider who is about to pay.

    Raises:
        RoomNotFound: no such room for this rider.
        RoomClosed: it takes nobody any more.
        AlreadyInRoom, InAnotherRoom, RiderBusy: the rider sits there, or elsewhere, then.
        SeatsExhausted: somebody was faster.
        OutsideMap, OffNetwork, TooClose, RoutesDiffer: the drop-off does not fit (names it).
    """
    room = get_room_for(rider, room_id, lock=True)
    seats = list(room.seats.occupying().select_related("rider"))
    _check_has_room_for(rider, room, [seat.rider_id for seat in seats], now)
    if not _may_travel_with(rider, room, seats):
        raise RoomNotFound
    region = get_trip_region(from_point(room.pickup), dropoff.location)
    number = min({*range(1, MOST_PARTY + 1)} - {seat.number for seat in seats})
    seat = _new_seat(room, rider, dropoff, number=number, state=SeatState.HELD, now=now)
    seat.held_until = now + _hold_for(room, now)
    route = _plan(region, room, [*seats, seat])
    policy = room.organization.policy
    check_belongs_together(
        route,
        most_extra_s=policy.room_extra_s,
        least_shared_percent=policy.room_shared_percent,
    )
    check_is_free(rider, room, route)
    seat_all(room, [*seats, seat], route)
    record_seat(seat, before="", now=now, actor=rider)
    return seat


def _may_travel_with(rider: Member, room: Room, seats: Sequence[RoomSeat]) -> bool:
    """Tell whether nobody in the room is to be kept apart from the rider."""
    if room.same_gender_only and rider.gender != room.host.gender:
        return False
    apart = pairs_kept_apart([rider, *(seat.rider for seat in seats)])
    return not any(rider.pk in pair for pair in apart)


def _hold_for(room: Room, now: datetime) -> timedelta:
    usual = timedelta(seconds=room.organization.policy.room_hold_s)
    return min(usual, _HELD_SOON) if room.departure_at - now <= _SOON else usual


def _new_seat(
    room: Room, rider: Member, dropoff: TripEnd, *, number: int, state: SeatState, now: datetime
) -> RoomSeat:
    return RoomSeat(
        room=room,
        rider=rider,
        number=number,
        state=state,
        dropoff=to_point(dropoff.location),
        dropoff_label=dropoff.label,
        boarding_code=f"{secrets.randbelow(10_000):04}",
        aboard_from=room.departure_at,
        joined_at=now,
    )


def check_is_free(rider: Member, room: Room, route: RoomRoute) -> None:
    """Make sure that nobody sits in a colleague's car while they share a taxi.

    Raises:
        RiderBusy: they drive then, or have booked a ride.
    """
    start, end = room.departure_at, room.departure_at + timedelta(seconds=route.duration_s)
    drives = Ride.objects.filter(
        driver=rider, cancelled_at=None, departure_at__lt=end, arrival_at__gt=start
    )
    booked = Booking.objects.active().filter(rider=rider, pickup_at__lt=end, dropoff_at__gt=start)
    if drives.exists() or booked.exists():
        raise RiderBusy


def _plan(region: Region, room: Room, seats: Sequence[RoomSeat]) -> RoomRoute:
    places: list[LonLat] = [from_point(seat.dropoff) for seat in seats]
    return plan_room(region, from_point(room.pickup), places)


def seat_all(room: Room, seats: Sequence[RoomSeat], route: RoomRoute) -> None:
    """Write a route to a locked room and its seats; a seat without a row gets one."""
    room.route, room.distance_m, room.duration_s = route.line, route.distance_m, route.duration_s
    room.save(update_fields=["route", "distance_m", "duration_s"])
    for seat, part in zip(seats, route.parts, strict=True):
        seat.position, seat.distance_m, seat.duration_s = (
            part.position,
            part.distance_m,
            part.duration_s,
        )
        seat.aboard_until = room.departure_at + timedelta(seconds=part.duration_s)
        _save(seat)


def _save(seat: RoomSeat) -> None:
    planned = ["position", "distance_m", "duration_s", "aboard_until"]
    try:
        with transaction.atomic():
            if seat._state.adding:
                seat.save(force_insert=True)
            else:
                seat.save(update_fields=planned)
    except IntegrityError as error:
        for constraint, meaning in _CONSTRAINT_ERRORS.items():
            if constraint in str(error):
                raise meaning from error
        raise


@transaction.atomic
def take_seat(*, seat_id: UUID, now: datetime) -> RoomSeat:
    """Give a held seat to whoever has paid for it.

    Raises:
        SeatGone: it was given back meanwhile; the payment goes back, too.
    """
    room, seat = lock_seat(seat_id)
    if seat.state == SeatState.TAKEN:
        return seat
    if seat.state != SeatState.HELD or room.is_over:
        raise SeatGone
    move_seat(seat, SeatState.TAKEN, now=now, actor=seat.rider)
    return seat


@transaction.atomic
def release_seat(*, seat_id: UUID, now: datetime) -> bool:
    """Give a seat back that was held and not paid for; tell whether it still was."""
    room, seat = lock_seat(seat_id)
    if seat.state != SeatState.HELD:
        return False
    let_go(room, seat, SeatState.RELEASED, now=now, actor=None)
    return True


@transaction.atomic
def leave_room(*, room_id: UUID, by: Member, now: datetime) -> RoomSeat:
    """Give one's own seat back: free of charge until the room locks, late until it departs.

    Raises:
        RoomNotFound, SeatNotFound: the member has no seat there.
        HostStays: the host hands over or cancels.
        WrongState: the taxi has left, or the room is over.
    """
    room = get_room_for(by, room_id, lock=True)
    seat = own_seat(room, by)
    if is_host(by, room):
        raise HostStays
    if seat.state not in {SeatState.HELD, SeatState.TAKEN} or room.departed_at or room.is_over:
        raise WrongState
    is_free = seat.state == SeatState.HELD or room.state_at(now) == RoomState.GATHERING
    let_go(room, seat, SeatState.RELEASED if is_free else SeatState.LEFT, now=now, actor=by)
    return seat


def let_go(
    room: Room, seat: RoomSeat, after: SeatState, *, now: datetime, actor: Member | None
) -> None:
    """Move a seat out of a locked room and plan the way of those who stay."""
    seat.left_at = now
    move_seat(seat, after, now=now, actor=actor, fields=["left_at"])
    if room.next_host_id == seat.rider_id:
        room.next_host = None
        room.save(update_fields=["next_host"])
    if staying := list(room.seats.occupying()):
        seat_all(room, staying, _plan(room.region, room, staying))


def lock_seat(seat_id: UUID) -> tuple[Room, RoomSeat]:
    """Lock the room of a seat, then read the seat.

    Raises:
        SeatNotFound: there is none.
    """
    rooms = Room.objects.select_related("organization", "region").filter(seats=seat_id)
    room = rooms.select_for_update(of=("self",)).first()
    if room is None:
        raise SeatNotFound
    seat = RoomSeat.objects.select_related("rider").get(pk=seat_id)
    seat.room = room
    return room, seat


def own_seat(room: Room, member: Member) -> RoomSeat:
    """Return a member's seat in a locked room.

    Raises:
        SeatNotFound: there is none.
    """
    seat = room.seats.filter(rider=member, state__in=OCCUPYING_STATES).first()
    if seat is None:
        raise SeatNotFound
    seat.room = room
    return seat
