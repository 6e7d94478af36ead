"""What happens to a room until it is settled: locked, called, boarded, left, arrived, cancelled.

Facts are written once and never changed. The host states them; what the clock decides (too few
people, no fare) the watcher does with :func:`look_at_room`.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from carpool.kernel import outbox
from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from rides.errors import NotHere, NotTheHost, SeatNotFound, WrongCode, WrongState
from rides.events import RoomHostAsked, RoomHostChanged
from rides.models import Room, RoomEnd, RoomSeat, RoomState, SeatState
from rides.models.seats import PARTY_STATES
from rides.permissions import (
    can_call_taxi,
    can_cancel_room,
    can_let_board,
    can_mark_absent,
    is_host,
)
from rides.selectors import get_room, get_room_for
from rides.services.deeds import record_party, record_strike
from rides.services.rooms import let_go, lock_seat, own_seat
from rides.services.transitions import move_seat, refresh_room

# As far as a phone may be off between houses.
HERE_WITHIN_M = 150.0
_HOSTS_REASONS = {RoomEnd.HOST, RoomEnd.NO_TAXI, RoomEnd.HOST_GONE}


def _lock_hosted(by: Member, room_id: UUID) -> Room:
    room = get_room_for(by, room_id, lock=True)
    if not is_host(by, room):
        raise NotTheHost
    return room


@transaction.atomic
def lock_room(*, room_id: UUID, by: Member, now: datetime) -> Room:
    """Close the party before its time: nobody joins any more, and leaving costs from now on.

    Raises:
        RoomNotFound, NotTheHost: it is not theirs.
        WrongState: it is locked, or too few people have paid.
    """
    room = _lock_hosted(by, room_id)
    if room.state_at(now) != RoomState.GATHERING or room.seats.party().count() < room.least_party:
        raise WrongState
    _close_party(room, now=now, actor=by)
    refresh_room(room, now=now, actor=by)
    return room


def _close_party(room: Room, *, now: datetime, actor: Member | None) -> None:
    """Lock a room; a seat that somebody is still paying for goes back, and so does the money."""
    for seat in room.seats.filter(state=SeatState.HELD):
        seat.room = room
        let_go(room, seat, SeatState.RELEASED, now=now, actor=actor)
    room.locked_at = now
    room.save(update_fields=["locked_at"])


@transaction.atomic
def call_taxi(
    *, room_id: UUID, by: Member, plate: str = "", driver: str = "", now: datetime
) -> Room:
    """Record that the taxi is called, and by what the others know it; may be said again.

    Raises:
        RoomNotFound, NotTheHost: it is not theirs.
        WrongState: the party is not final yet, or the taxi has left.
    """
    room = _lock_hosted(by, room_id)
    if not can_call_taxi(by, room, now):
        raise WrongState
    room.called_at = room.called_at or now
    room.taxi_plate, room.taxi_driver = plate or room.taxi_plate, driver or room.taxi_driver
    refresh_room(room, now=now, actor=by, fields=["called_at", "taxi_plate", "taxi_driver"])
    return room


@transaction.atomic
def board(*, room_id: UUID, by: Member, code: str, now: datetime) -> RoomSeat:
    """Let somebody in who says their boarding code to the host.

    Raises:
        RoomNotFound, NotTheHost: it is not theirs.
        WrongState: no taxi is called, or the room is over.
        WrongCode: nobody who is missing has this code.
    """
    room = _lock_hosted(by, room_id)
    if not can_let_board(by, room):
        raise WrongState
    missing = room.seats.filter(state__in=[SeatState.TAKEN, SeatState.ABSENT], boarding_code=code)
    seat = missing.exclude(rider=by).first()
    if seat is None:
        raise WrongCode(field="code")
    seat.room, seat.boarded_at = room, now
    move_seat(seat, SeatState.ABOARD, now=now, actor=by, fields=["boarded_at"])
    return seat


@transaction.atomic
def mark_absent(*, room_id: UUID, seat_id: UUID, by: Member, now: datetime) -> RoomSeat:
    """Record that somebody has not come.

    Raises:
        RoomNotFound, NotTheHost, SeatNotFound: it is not theirs.
        WrongState: they may still come, are aboard, or had left.
    """
    room = _lock_hosted(by, room_id)
    if not can_mark_absent(by, room, now):
        raise WrongState
    seat = room.seats.filter(pk=seat_id).exclude(rider=by).first()
    if seat is None:
        raise SeatNotFound
    seat.room = room
    move_seat(seat, SeatState.ABSENT, now=now, actor=by)
    return seat


@transaction.atomic
def check_in(*, room_id: UUID, by: Member, place: LonLat, now: datetime) -> RoomSeat:
    """Record that somebody is at the meeting point. Where exactly their device is, is not kept.

    Raises:
        RoomNotFound, SeatNotFound: the member is not in the room.
        WrongState: it is too early, or the room is over.
        NotHere: the device is somewhere else.
    """
    room = get_room_for(by, room_id, lock=True)
    seat = own_seat(room, by)
    if room.is_over or room.state_at(now) == RoomState.GATHERING:
        raise WrongState
    if crow_fly_m(place, from_point(room.pickup)) > HERE_WITHIN_M:
        raise NotHere(field="place")
    if seat.seen_at is None:
        seat.seen_at = now
        seat.save(update_fields=["seen_at"])
    return seat


@transaction.atomic
def depart(*, room_id: UUID, by: Member, now: datetime) -> Room:
    """Record that the taxi left with the host and whoever has boarded.

    Raises:
        RoomNotFound, NotTheHost: it is not theirs.
        WrongState: no taxi is called, or it has left.
    """
    room = _lock_hosted(by, room_id)
    if room.state_at(now) != RoomState.CALLED:
        raise WrongState
    hosts = own_seat(room, by)
    hosts.boarded_at = now
    move_seat(hosts, SeatState.ABOARD, now=now, actor=by, fields=["boarded_at"])
    room.departed_at = now
    refresh_room(room, now=now, actor=by, fields=["departed_at"])
    return room


@transaction.atomic
def arrive(*, room_id: UUID, by: Member, now: datetime) -> Room:
    """Record that the last one got out.

    Raises:
        RoomNotFound, NotTheHost: it is not theirs.
        WrongState: the taxi has not left, or has arrived.
    """
    room = _lock_hosted(by, room_id)
    if room.departed_at is None or room.arrived_at is not None or room.is_over:
        raise WrongState
    room.arrived_at = now
    refresh_room(room, now=now, actor=by, fields=["arrived_at"])
    return room


@transaction.atomic
def ask_to_host(*, room_id: UUID, by: Member, member_id: UUID, now: datetime) -> Room:
    """Ask somebody who has paid for their seat to take over; the one asked before is not any more.

    Raises:
        RoomNotFound, NotTheHost, SeatNotFound: it is not theirs, or they are not in it.
        WrongState: the taxi is called.
    """
    room = _lock_hosted(by, room_id)
    if room.state_at(now) not in {RoomState.GATHERING, RoomState.LOCKED}:
        raise WrongState
    seat = room.seats.filter(rider=member_id, state=SeatState.TAKEN).exclude(rider=by).first()
    if seat is None:
        raise SeatNotFound
    room.next_host_id = seat.rider_id
    room.save(update_fields=["next_host"])
    outbox.publish(RoomHostAsked(room_id=room.pk, member_id=seat.rider_id, at=now), now=now)
    return room


@transaction.atomic
def take_over(*, room_id: UUID, by: Member, now: datetime) -> Room:
    """Become the host, as asked. Who was it before leaves, free of charge.

    Raises:
        RoomNotFound, SeatNotFound: the member is not in the room.
        WrongState: they were not asked, or the taxi is called.
    """
    room = get_room_for(by, room_id, lock=True)
    own_seat(room, by)
    gathers = room.state_at(now) in {RoomState.GATHERING, RoomState.LOCKED}
    if room.next_host_id != by.pk or not gathers:
        raise WrongState
    before = room.host
    room.host, room.next_host = by, None
    room.save(update_fields=["host", "next_host"])
    let_go(room, own_seat(room, before), SeatState.RELEASED, now=now, actor=before)
    changed = RoomHostChanged(room_id=room.pk, before_id=before.pk, after_id=by.pk, at=now)
    outbox.publish(changed, now=now)
    return room


@transaction.atomic
def cancel_room(*, room_id: UUID, by: Member, reason: str = RoomEnd.HOST, now: datetime) -> Room:
    """Call the whole thing off: everybody gets all their money back.

    Raises:
        RoomNotFound, NotTheHost: it is not theirs.
        WrongState: the taxi has left, the room is over, or that is no reason of a host's.
    """
    room = _lock_hosted(by, room_id)
    if not can_cancel_room(by, room) or reason not in _HOSTS_REASONS:
        raise WrongState
    end_room(room, RoomEnd(reason), now=now, actor=by)
    return room


@transaction.atomic
def excuse_seat(*, seat_id: UUID, now: datetime) -> bool:
    """Give a seat of a locked room back, free of charge; tell whether it was still taken.

    So it is when the party has become smaller and somebody does not agree to a larger part (R6).
    A room that is too empty then is cancelled.
    """
    room, seat = lock_seat(seat_id)
    if seat.state != SeatState.TAKEN or room.departed_at or room.is_over:
        return False
    let_go(room, seat, SeatState.RELEASED, now=now, actor=seat.rider)
    if room.seats.filter(state__in=PARTY_STATES).count() < room.least_party:
        end_room(room, RoomEnd.TOO_FEW, now=now, actor=None)
    return True


def end_room(room: Room, reason: RoomEnd, *, now: datetime, actor: Member | None) -> None:
    """Cancel a locked room and give all its seats back."""
    for seat in room.seats.exclude(state=SeatState.RELEASED):
        seat.room = room
        move_seat(seat, SeatState.RELEASED, now=now, actor=actor)
    room.cancelled_at, room.ended_by = now, reason
    refresh_room(room, now=now, actor=actor, fields=["cancelled_at", "ended_by"])
    record_strike(room)


@transaction.atomic
def settle_room(*, room_id: UUID, absent: Collection[UUID] = (), now: datetime) -> Room:
    """Record that the fare is divided and paid, and who kept to it; ``payments`` says so.

    ``absent`` are the people of whom it judged that they did not come.

    Raises:
        RoomNotFound: there is none.
        WrongState: the taxi has not left, or the room is over.
    """
    room = get_room(room_id, lock=True)
    if room.state_at(now) not in {RoomState.RIDING, RoomState.ARRIVED}:
        raise WrongState
    room.settled_at = now
    room.arrived_at = room.arrived_at or now
    refresh_room(room, now=now, fields=["settled_at", "arrived_at"])
    record_party(room, absent=absent)
    return room


def look_at_room(room: Room, *, now: datetime) -> None:
    """Do to a locked row of a room what the clock has decided."""
    if room.is_over:
        refresh_room(room, now=now)
    elif now >= room.fare_due_at:
        end_room(room, RoomEnd.NO_FARE, now=now, actor=None)
    elif room.locked_at is None and now >= room.locks_at:
        _lock_by_clock(room, now=now)
    else:
        refresh_room(room, now=now)


def _lock_by_clock(room: Room, *, now: datetime) -> None:
    if room.seats.filter(state__in=PARTY_STATES).count() < room.least_party:
        end_room(room, RoomEnd.TOO_FEW, now=now, actor=None)
        return
    _close_party(room, now=now, actor=None)
    refresh_room(room, now=now)
