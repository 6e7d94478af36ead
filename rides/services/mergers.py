"""Two half-empty taxis become one, when both hosts want it and nobody is worse off.

Found (``matching``), priced (``payments``), then proposed to both hosts until a deadline before
either room is final. Whether the two fit is looked at when they are found and again, under lock,
when they become one. The seats themselves move, so whatever belongs to a seat goes with it;
``payments`` carries the money over in the same transaction.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import Member
from accounts.selectors import pairs_kept_apart
from carpool.kernel import outbox
from carpool.kernel.geo import crow_fly_m, from_point
from rides.errors import (
    InAnotherRoom,
    MergerClosed,
    MergerNotFound,
    RoomsDoNotFit,
    RoutesDiffer,
    TooClose,
)
from rides.events import MergerChanged
from rides.models import (
    MERGER_TRANSITIONS,
    MergerState,
    Room,
    RoomEnd,
    RoomMerger,
    RoomSeat,
    RoomState,
    SeatState,
)
from rides.models.mergers import OPEN_MERGERS
from rides.models.rooms import MOST_PARTY, SLOT_MINUTES
from rides.services.room_progress import end_room
from rides.services.room_routes import RoomRoute, check_belongs_together, plan_room
from rides.services.rooms import check_is_free, seat_all
from rides.services.transitions import record_seat

# Nobody walks farther, or leaves earlier or later, for somebody else's taxi.
MOST_WALK_M, MOST_SHIFT = 400, timedelta(minutes=SLOT_MINUTES)
# Hosts answer within so long, and that much before the first of the two rooms is final.
ANSWER_WITHIN, BEFORE_LOCK = timedelta(minutes=30), timedelta(minutes=5)
LEAST_TO_ANSWER = timedelta(minutes=3)


def answer_by(stays: Room, goes: Room, *, now: datetime) -> datetime:
    """Return until when hosts can answer."""
    latest = min(stays.locks_at, goes.locks_at) - BEFORE_LOCK
    return min(now + ANSWER_WITHIN, latest)


def plan_merger(stays: Room, goes: Room, seats: Sequence[RoomSeat], *, now: datetime) -> RoomRoute:
    """Return the way of two rooms as one; ``seats`` are all that are not free in both.

    Raises:
        RoomsDoNotFit: they leave, meet or divide the fare otherwise, one of them is final or more
            than half full, somebody is paying just now, would be driven about, would arrive much
            later, or is to be kept apart from somebody.
    """
    _check_alike(stays, goes, now)
    _check_people(stays, goes, seats)
    policy, pickup = stays.organization.policy, from_point(stays.pickup)
    try:
        route = plan_room(stays.region, pickup, [from_point(seat.dropoff) for seat in seats])
        check_belongs_together(
            route,
            most_extra_s=policy.room_extra_s,
            least_shared_percent=policy.room_shared_percent,
        )
    except (RoutesDiffer, TooClose) as error:
        raise RoomsDoNotFit from error
    later = timedelta(seconds=policy.room_extra_s)
    for seat, part in zip(seats, route.parts, strict=True):
        arrives_at = stays.departure_at + timedelta(seconds=part.duration_s)
        if arrives_at > seat.aboard_until + later:
            raise RoomsDoNotFit
    return route


def _check_alike(stays: Room, goes: Room, now: datetime) -> None:
    gathers = all(
        room.state_at(now) == RoomState.GATHERING and not room.is_over for room in (stays, goes)
    )
    alike = all(
        getattr(stays, name) == getattr(goes, name)
        for name in ("organization_id", "region_id", "split_rule", "same_gender_only")
    )
    is_near = crow_fly_m(from_point(stays.pickup), from_point(goes.pickup)) <= MOST_WALK_M
    is_same_time = abs(stays.departure_at - goes.departure_at) <= MOST_SHIFT
    if not (gathers and alike and is_near and is_same_time):
        raise RoomsDoNotFit


def _check_people(stays: Room, goes: Room, seats: Sequence[RoomSeat]) -> None:
    people = [seat.rider for seat in seats]
    for room in (stays, goes):
        inside = sum(seat.room_id == room.pk for seat in seats)
        if not 0 < 2 * inside <= room.most_party:
            raise RoomsDoNotFit
    is_paying = any(seat.state != SeatState.TAKEN for seat in seats)
    if is_paying or len(seats) > min(stays.most_party, MOST_PARTY) or pairs_kept_apart(people):
        raise RoomsDoNotFit
    if stays.same_gender_only and len({one.gender for one in people}) > 1:
        raise RoomsDoNotFit


@transaction.atomic
def find_merger(*, stays: Room, goes: Room, walk_m: int, now: datetime) -> RoomMerger | None:
    """Write down that two rooms could be one; None when somebody else has, or it is too late."""
    until = answer_by(stays, goes, now=now)
    if until < now + LEAST_TO_ANSWER:
        return None
    merger = RoomMerger(
        organization_id=stays.organization_id,
        stays=stays,
        goes=goes,
        walk_m=walk_m,
        answer_by=until,
        found_at=now,
    )
    try:
        with transaction.atomic():
            merger.save(force_insert=True)
    except IntegrityError:
        return None
    _publish(merger, "", now)
    return merger


@transaction.atomic
def propose_merger(*, merger_id: UUID, now: datetime) -> None:
    """Ask both hosts, once the price is known to suit everybody."""
    merger = _lock(merger_id)
    if merger.state == MergerState.FOUND:
        _move(merger, MergerState.PROPOSED, now)


@transaction.atomic
def agree_to_merger(*, merger_id: UUID, by: Member, now: datetime) -> RoomMerger:
    """Write a host's yes down; that of both is what :func:`merge_rooms` needs.

    Raises:
        MergerNotFound: they are not the host of either room.
        MergerClosed: it is over.
    """
    merger = _lock_for(merger_id, by, now)
    if merger.stays.host_id == by.pk:
        merger.stays_agreed_at = merger.stays_agreed_at or now
    else:
        merger.goes_agreed_at = merger.goes_agreed_at or now
    merger.save(update_fields=["stays_agreed_at", "goes_agreed_at"])
    return merger


@transaction.atomic
def refuse_merger(*, merger_id: UUID, by: Member, now: datetime) -> RoomMerger:
    """Write a host's no down: the two stay as they are, and are not proposed again.

    Raises:
        MergerNotFound, MergerClosed: as for a yes.
    """
    merger = _lock_for(merger_id, by, now)
    _move(merger, MergerState.REFUSED, now)
    return merger


@transaction.atomic
def lapse_merger(*, merger_id: UUID, now: datetime) -> None:
    """Take a proposal back that does not fit (any more)."""
    merger = _lock(merger_id)
    if MergerState.LAPSED in MERGER_TRANSITIONS[MergerState(merger.state)]:
        _move(merger, MergerState.LAPSED, now)


def lapse_mergers_of(*, room_id: UUID, now: datetime) -> int:
    """Take back what is proposed for a room: somebody else is its host. Return how many."""
    of_room = Q(stays=room_id) | Q(goes=room_id)
    asked = RoomMerger.objects.filter(of_room, state__in=OPEN_MERGERS)
    keys = list(asked.values_list("pk", flat=True))
    for pk in keys:
        lapse_merger(merger_id=pk, now=now)
    return len(keys)


def expire_mergers(*, now: datetime, limit: int = 200) -> int:
    """End what was not answered in time; return how many."""
    due = RoomMerger.objects.filter(state=MergerState.PROPOSED, answer_by__lte=now)
    return sum(_expire(pk, now) for pk in list(due.values_list("pk", flat=True)[:limit]))


@transaction.atomic
def _expire(merger_id: UUID, now: datetime) -> bool:
    merger = _lock(merger_id)
    if merger.state != MergerState.PROPOSED or now < merger.answer_by:
        return False
    _move(merger, MergerState.EXPIRED, now)
    return True


@transaction.atomic
def merge_rooms(*, merger_id: UUID, now: datetime) -> list[RoomSeat]:
    """Move everybody of the one room into the other; return the seats that moved.

    Both rooms are locked, in the order of their ids, before anything is looked at: nobody joins,
    leaves or locks meanwhile.

    Raises:
        MergerClosed: not both have agreed, or it is over.
        RoomsDoNotFit, InAnotherRoom, RiderBusy: it is not possible any more.
    """
    merger, stays, goes = lock_merger(merger_id)
    if merger.state != MergerState.PROPOSED or not merger.is_agreed:
        raise MergerClosed
    staying, moving = seats_of(stays), seats_of(goes)
    route = plan_merger(stays, goes, [*staying, *moving], now=now)
    free = sorted({*range(1, MOST_PARTY + 1)} - {seat.number for seat in staying})
    codes = {seat.boarding_code for seat in staying}
    for number, seat in zip(free, moving, strict=False):
        check_is_free(seat.rider, stays, route)
        seat.room, seat.number, seat.aboard_from = stays, number, stays.departure_at
        while seat.boarding_code in codes:
            seat.boarding_code = f"{secrets.randbelow(10_000):04}"
        codes.add(seat.boarding_code)
    try:
        with transaction.atomic():
            _write(stays, [*staying, *moving], moving, route)
    except IntegrityError as error:
        raise InAnotherRoom from error
    for seat in moving:  # a step that leaves it as it is: in whose room, its log says by the time
        record_seat(seat, before=SeatState.TAKEN, now=now, actor=None)
    end_room(goes, RoomEnd.MERGED, now=now, actor=None)
    _move(merger, MergerState.MERGED, now)
    return moving


def _write(
    stays: Room, seats: Sequence[RoomSeat], moving: Sequence[RoomSeat], route: RoomRoute
) -> None:
    ends = {
        seat.pk: stays.departure_at + timedelta(seconds=part.duration_s)
        for seat, part in zip(seats, route.parts, strict=True)
    }
    for seat in moving:
        seat.aboard_until = ends[seat.pk]
        seat.save(update_fields=["room", "number", "boarding_code", "aboard_from", "aboard_until"])
    seat_all(stays, seats, route)


def lock_merger(merger_id: UUID) -> tuple[RoomMerger, Room, Room]:
    """Lock both rooms of a proposal, then the proposal.

    Raises:
        MergerNotFound: there is none.
    """
    pair = RoomMerger.objects.filter(pk=merger_id).values_list("stays", "goes").first()
    if pair is None:
        raise MergerNotFound
    locked = Room.objects.select_related("organization", "region", "host").filter(pk__in=pair)
    rooms = {
        room.pk: room for room in locked.order_by("pk").select_for_update(no_key=True, of=("self",))
    }
    merger = RoomMerger.objects.select_for_update(no_key=True).get(pk=merger_id)
    merger.stays, merger.goes = rooms[pair[0]], rooms[pair[1]]
    return merger, merger.stays, merger.goes


def seats_of(room: Room) -> list[RoomSeat]:
    """Return the seats of a room that nobody else can have, by when they were taken."""
    seats = list(room.seats.occupying().select_related("rider").order_by("joined_at", "id"))
    for seat in seats:
        seat.room = room
    return seats


def _lock(merger_id: UUID) -> RoomMerger:
    merger = RoomMerger.objects.select_for_update(no_key=True).filter(pk=merger_id).first()
    if merger is None:
        raise MergerNotFound
    return merger


def _lock_for(merger_id: UUID, by: Member, now: datetime) -> RoomMerger:
    merger, stays, goes = lock_merger(merger_id)
    if by.pk not in {stays.host_id, goes.host_id}:
        raise MergerNotFound
    if merger.state != MergerState.PROPOSED or now >= merger.answer_by:
        raise MergerClosed
    return merger


def _move(merger: RoomMerger, after: MergerState, now: datetime) -> None:
    before = MergerState(merger.state)
    if after not in MERGER_TRANSITIONS[before]:
        raise MergerClosed
    merger.state = after
    merger.ended_at = None if after == MergerState.PROPOSED else now
    merger.save(update_fields=["state", "ended_at"])
    _publish(merger, before, now)


def _publish(merger: RoomMerger, before: str, now: datetime) -> None:
    outbox.publish(
        MergerChanged(
            merger_id=merger.pk,
            stays_id=merger.stays_id,
            goes_id=merger.goes_id,
            before=before,
            after=merger.state,
            at=now,
        ),
        now=now,
    )
