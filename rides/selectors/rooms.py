"""Reads about rooms; each begins with the member who asks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch

from accounts.models import Member
from rides.errors import RoomNotFound
from rides.models import Room, RoomEnd, RoomSeat, SeatState, SeatTransition
from rides.models.rooms import RoomQuerySet


def get_room_for(
    member: Member, room_id: UUID, *, lock: bool = False, only: Sequence[str] = ()
) -> Room:
    """Return a room that the member may see, with its host and region, or some columns of it.

    Raises:
        RoomNotFound: it does not exist, or is not shared with them.
    """
    rooms = Room.objects.visible_to(member)
    rooms = rooms.only(*only) if only else rooms.select_related("organization", "region", "host")
    if lock:
        rooms = rooms.select_for_update(no_key=True, of=("self",))
    room = rooms.filter(pk=room_id).first()
    if room is None:
        raise RoomNotFound
    return room


def get_room(room_id: UUID, *, lock: bool = False) -> Room:
    """Return a room, for work that nobody in particular asks for.

    Raises:
        RoomNotFound: it does not exist.
    """
    rooms = Room.objects.select_related("organization", "region", "host")
    if lock:
        rooms = rooms.select_for_update(no_key=True, of=("self",))
    room = rooms.filter(pk=room_id).first()
    if room is None:
        raise RoomNotFound
    return room


def list_strikes(host: Member, *, since: datetime) -> list[datetime]:
    """Return when a host let others down: called off, or gave no fare for, what they had paid for.

    That no taxi was found is nobody's fault.
    """
    rooms = _strikes().filter(host=host, cancelled_at__gte=since).order_by("cancelled_at")
    return [at for at in rooms.values_list("cancelled_at", flat=True) if at is not None]


def is_strike(room: Room) -> bool:
    """Tell whether the host of a room that is over let others down."""
    return _strikes().filter(pk=room.pk).exists()


def _strikes() -> RoomQuerySet:
    blamed = Room.objects.filter(ended_by__in=(RoomEnd.HOST, RoomEnd.NO_FARE))
    let_down = SeatTransition.objects.filter(
        seat__room=OuterRef("pk"), after=SeatState.RELEASED, at=OuterRef("cancelled_at")
    ).exclude(seat__rider=OuterRef("host"))
    return blamed.filter(Exists(let_down.exclude(before=SeatState.HELD)))


def list_joinable_rooms(
    member: Member, start: datetime, end: datetime, *, now: datetime
) -> RoomQuerySet:
    """List the rooms of the slots from ``start`` until before ``end`` that still take people.

    A room may be full; whether the member's way fits is decided when they join.
    """
    closes_s = member.organization.policy.room_closes_s
    rooms = Room.objects.visible_to(member).gathering().departing_within(start, end)
    return rooms.filter(locked_at=None, departure_at__gt=now + timedelta(seconds=closes_s))


def with_taken_seats(rooms: RoomQuerySet) -> RoomQuerySet:
    """Load what a list of rooms shows, in two queries: ``seats`` are those that are not free."""
    taken = RoomSeat.objects.occupying().select_related("rider").order_by("joined_at", "id")
    return rooms.select_related("organization", "region", "host").prefetch_related(
        Prefetch("seats", queryset=taken)
    )
