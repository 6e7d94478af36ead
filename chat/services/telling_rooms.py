"""Who hears of what in a shared taxi: its host of people, they of the taxi and their purse."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from accounts.models import Member
from carpool.kernel import clock
from chat.models import Kind
from chat.services.notifications import News, tell
from rides.models import (
    MergerState,
    Room,
    RoomMerger,
    RoomSeat,
    RoomState,
    SeatState,
    SeatTransition,
)
from rides.models.seats import OCCUPYING_STATES, PARTY_STATES


def tell_of_seat(*, seat_id: UUID, before: str, after: str) -> None:
    """Tell the host that somebody comes along, or does not any more."""
    seat = RoomSeat.objects.select_related("rider", "room__host").filter(pk=seat_id).first()
    if seat is None or seat.rider_id == seat.room.host_id or seat.room.is_over:
        return
    came = after == SeatState.TAKEN != before
    left = before == SeatState.TAKEN and after in {SeatState.RELEASED, SeatState.LEFT}
    if not (came or left):
        return
    taken = seat.room.seats.filter(state__in=OCCUPYING_STATES).count()
    free = max(0, seat.room.most_party - taken)
    news = _news(
        seat.room,
        seat.room.host,
        Kind.ROOM_JOINED,
        f"seat:{seat.pk}:{after}",
        actor=seat.rider,
        left=left,
        free=free,
    )
    tell([news], now=clock.now())


def tell_of_room(*, room_id: UUID, after: str) -> None:
    """Tell a room's people that it leaves soon, that the taxi is called, or that it is off."""
    room = Room.objects.select_related("host").filter(pk=room_id).first()
    if room is None:
        return
    writers = {
        RoomState.LOCKED: _locked,
        RoomState.CALLED: _called,
        RoomState.CANCELLED: _cancelled,
    }
    write = writers.get(RoomState(after))
    if write is not None:
        tell(write(room), now=clock.now())


def _party(room: Room) -> list[Member]:
    seats = room.seats.filter(state__in=PARTY_STATES).select_related("rider")
    return [seat.rider for seat in seats]


def _locked(room: Room) -> Iterator[News]:
    for member in _party(room):
        yield _news(room, member, Kind.ROOM_LOCKED, "locked", is_host=member.pk == room.host_id)


def _called(room: Room) -> Iterator[News]:
    for member in _party(room):
        if member.pk != room.host_id:
            yield _news(room, member, Kind.ROOM_CALLED, "called")


def _cancelled(room: Room) -> Iterator[News]:
    """Tell whoever lost a seat by it; the host of a room that they called off knows."""
    lost = room.seats.filter(state=SeatState.RELEASED, transitions__at=F("room__cancelled_at"))
    lost = lost.filter(transitions__before__in=OCCUPYING_STATES)
    for seat in lost.select_related("rider").distinct():
        if seat.rider_id != room.host_id or room.ended_by != "host":
            yield _news(room, seat.rider, Kind.ROOM_CANCELLED, "cancelled")


def tell_of_next_host(*, room_id: UUID, member_id: UUID, at: datetime) -> None:
    """Tell somebody that the host asks them to take over."""
    room = Room.objects.select_related("host").filter(pk=room_id).first()
    member = Member.objects.filter(pk=member_id).first()
    if room is None or member is None:
        return
    step = f"asked:{at.isoformat()}"
    news = _news(room, member, Kind.ROOM_HOST_ASKED, step, actor=room.host)
    tell([news], now=clock.now())


_OF_MONEY = {
    "top_up_asked": Kind.ROOM_MORE_ASKED,
    "fare_settled": Kind.ROOM_SETTLED,
    "dispute_opened": Kind.ROOM_DISPUTED,
    "dispute_won": Kind.ROOM_DISPUTED,
    "dispute_lost": Kind.ROOM_DISPUTED,
}


def tell_of_money(*, room_id: UUID, member_id: UUID, what: str, at: datetime) -> None:
    """Tell somebody of a question, a settlement or an objection; the amounts are on the page."""
    room = Room.objects.filter(pk=room_id).first()
    member = Member.objects.filter(pk=member_id).first()
    kind = _OF_MONEY.get(what)
    if room is None or member is None or kind is None:
        return
    decided = what in {"dispute_won", "dispute_lost"}
    news = _news(room, member, kind, f"{what}:{at.isoformat()}", decided=decided)
    tell([news], now=clock.now())


def tell_of_merger(*, merger_id: UUID, before: str, after: str) -> None:
    """Tell both hosts that their taxis could be one, or stay two; all, when they became one."""
    mergers = RoomMerger.objects.select_related("stays__host", "goes__host")
    merger = mergers.filter(pk=merger_id).first()
    if merger is None:
        return
    if after == MergerState.PROPOSED:
        until = merger.answer_by.isoformat()
        news = _of_hosts(merger, Kind.ROOM_MERGER_ASKED, "merger_asked", answer_by=until)
    elif after == MergerState.MERGED:
        news = _of_merged(merger)
    elif before == MergerState.PROPOSED:
        news = _of_hosts(merger, Kind.ROOM_MERGER_ENDED, "merger_ended")
    else:
        return
    tell(news, now=clock.now())


def _of_hosts(merger: RoomMerger, kind: Kind, step: str, **facts: Any) -> Iterator[News]:
    for room in (merger.stays, merger.goes):
        yield _news(room, room.host, kind, f"{step}:{merger.pk}", **facts)


def tell_of_objection(*, room_id: UUID, member_id: UUID, granted: bool, at: datetime) -> None:
    """Tell somebody what was decided about a line of theirs to which they had objected."""
    room = Room.objects.filter(pk=room_id).first()
    member = Member.objects.filter(pk=member_id).first()
    if room is None or member is None:
        return
    step = f"objection:{at.isoformat()}"
    tell([_news(room, member, Kind.OBJECTION_DECIDED, step, granted=granted)], now=clock.now())


def _of_merged(merger: RoomMerger) -> Iterator[News]:
    steps = SeatTransition.objects.filter(
        seat__room=merger.stays, before=SeatState.TAKEN, after=SeatState.TAKEN
    )
    moved = set(steps.values_list("seat__rider", flat=True))
    for member in _party(merger.stays):
        yield _news(
            merger.stays, member, Kind.ROOM_MERGED, f"merged:{merger.pk}", moved=member.pk in moved
        )


def _news(
    room: Room, member: Member, kind: Kind, step: str, *, actor: Member | None = None, **facts: Any
) -> News:
    return News(
        member_id=member.pk,
        kind=kind,
        occasion=f"room:{room.pk}:{step}",
        actor=actor,
        room=room,
        trip_at=room.departure_at,
        facts=facts,
    )
