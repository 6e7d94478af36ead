"""Reads about rooms that could be one."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q

from accounts.models import Member
from rides.errors import MergerNotFound
from rides.models import MergerState, Room, RoomMerger
from rides.models.mergers import OPEN_MERGERS

_ROOMS = ("stays__organization", "stays__region", "stays__host", "goes__organization",
          "goes__region", "goes__host")  # fmt: skip


def get_merger(merger_id: UUID) -> RoomMerger:
    """Return a proposal with its two rooms.

    Raises:
        MergerNotFound: there is none.
    """
    merger = RoomMerger.objects.select_related(*_ROOMS).filter(pk=merger_id).first()
    if merger is None:
        raise MergerNotFound
    return merger


def find_merger_of(host: Member, room: Room) -> RoomMerger | None:
    """Return what is proposed to the host of a room, None when nothing is."""
    if room.host_id != host.pk or room.is_over:
        return None
    open_ones = RoomMerger.objects.filter(state=MergerState.PROPOSED).select_related(*_ROOMS)
    return open_ones.filter(Q(stays=room) | Q(goes=room)).first()


def find_merger_away(room_id: UUID) -> RoomMerger | None:
    """Return the open proposal by which a room would go, None without one."""
    return RoomMerger.objects.filter(goes=room_id, state__in=OPEN_MERGERS).first()


def merged_into(room: Room) -> UUID | None:
    """Return the room with which another one has become one."""
    into = RoomMerger.objects.filter(goes=room, state=MergerState.MERGED)
    return into.values_list("stays", flat=True).first()


def known_pairs(room_ids: Sequence[UUID]) -> tuple[set[frozenset[UUID]], set[UUID]]:
    """Return which of these rooms have been proposed to each other, and which wait for answers."""
    pairs: set[frozenset[UUID]] = set()
    busy: set[UUID] = set()
    asked = RoomMerger.objects.filter(Q(stays__in=room_ids) | Q(goes__in=room_ids))
    for stays, goes, state in asked.values_list("stays", "goes", "state"):
        pairs.add(frozenset((stays, goes)))
        if state in OPEN_MERGERS:
            busy |= {stays, goes}
    return pairs, busy
