"""Rooms as one member may see them: who comes along, where each gets out, and how it stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from carpool.kernel.geo import LonLat, from_point
from rides.errors import RoomNotFound
from rides.models import Room, RoomSeat, RoomState, SeatState
from rides.models.rooms import RoomQuerySet
from rides.models.seats import OCCUPYING_STATES, PARTY_STATES
from rides.permissions import is_host


class Mascot(models.TextChoices):
    """What the room's egg has become: it grows with the party (seed 001)."""

    EGG = "egg", _("An egg: one person so far")
    CHICK = "chick", _("A chick: two people")
    CHICKEN = "chicken", _("A chicken: three people")
    FRIED = "fried", _("Fried chicken: four people, the taxi is full")
    DELIVERY = "delivery", _("On delivery: the taxi is called")


_GROWTH = (Mascot.EGG, Mascot.EGG, Mascot.CHICK, Mascot.CHICKEN, Mascot.FRIED)


def mascot_of(room: Room, party: int) -> Mascot:
    """Return what stands for a room with so many people in it."""
    if room.called_at is not None and room.cancelled_at is None:
        return Mascot.DELIVERY
    return _GROWTH[min(party, len(_GROWTH) - 1)]


@dataclass(frozen=True, slots=True)
class RoomStop:
    """A public place where some of the party get out."""

    label: str
    location: LonLat
    at: datetime
    distance_m: int
    seats: list[RoomSeat]


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room as one member sees it. ``seats`` are those not given back, by when they were taken."""

    room: Room
    viewer: Member
    seats: list[RoomSeat]
    mine: RoomSeat | None

    @property
    def is_hosts(self) -> bool:
        """Tell whether the viewer calls the taxi."""
        return is_host(self.viewer, self.room)

    @property
    def is_aboard(self) -> bool:
        """Tell whether the viewer has a seat that nobody else can have."""
        return self.mine is not None and self.mine.state in OCCUPYING_STATES

    @property
    def sees_names(self) -> bool:
        """Those who share the taxi know each other's full names and its plate."""
        return self.mine is not None and self.mine.state in {*PARTY_STATES, SeatState.ABSENT}

    @property
    def occupied(self) -> list[RoomSeat]:
        """Seats that nobody else can have."""
        return [seat for seat in self.seats if seat.state in OCCUPYING_STATES]

    @property
    def party(self) -> list[RoomSeat]:
        """Seats of those who come along, paid for."""
        return [seat for seat in self.seats if seat.state in PARTY_STATES]

    @property
    def held(self) -> int:
        """How many are paying just now."""
        return sum(seat.state == SeatState.HELD for seat in self.seats)

    @property
    def free_seats(self) -> int:
        """How many seats nobody has."""
        return max(0, self.room.most_party - len(self.occupied))

    @property
    def missing(self) -> list[RoomSeat]:
        """Seats of those who have not boarded; the host says so for themselves when leaving."""
        waits = {SeatState.TAKEN, SeatState.ABSENT}
        return [seat for seat in self.seats if seat.state in waits and not seat.is_hosts]

    @property
    def mascot(self) -> Mascot:
        """What stands for the room."""
        return mascot_of(self.room, len(self.party))

    @property
    def stops(self) -> list[RoomStop]:
        """Where the party gets out, in order."""
        left_at, by_position = self.room.departed_at or self.room.departure_at, self._by_position()
        return [
            RoomStop(
                label=seats[0].dropoff_label,
                location=from_point(seats[0].dropoff),
                at=left_at + timedelta(seconds=seats[0].duration_s),
                distance_m=seats[0].distance_m,
                seats=seats,
            )
            for _position, seats in sorted(by_position.items())
        ]

    def _by_position(self) -> dict[int, list[RoomSeat]]:
        found: dict[int, list[RoomSeat]] = {}
        for seat in self.occupied:
            found.setdefault(seat.position, []).append(seat)
        return found

    def name_of(self, person: Member) -> str:
        """Return the full name to those who share the taxi, to others the first name."""
        return person.display_name if self.sees_names else person.first_name

    def partner_of(self, person: Member) -> str | None:
        """Return the name of somebody's organization, unless it is the viewer's own."""
        is_colleague = person.organization_id == self.viewer.organization_id
        return None if is_colleague else person.organization.name


def view_room(member: Member, room_id: UUID) -> RoomView:
    """Return a room as the member may see it, in two queries whatever its size.

    Raises:
        RoomNotFound: it does not exist, or is not shared with them.
    """
    rooms = _with_all_seats(Room.objects.visible_to(member))
    room = rooms.filter(pk=room_id).first()
    if room is None:
        raise RoomNotFound
    return _as_seen_by(member, room)


def list_rooms_ahead(member: Member) -> list[RoomView]:
    """List the rooms that a member has a seat in and that are not over, the next one first."""
    seats = RoomSeat.objects.occupying().filter(rider=member)
    over = [RoomState.SETTLED, RoomState.CANCELLED]
    rooms = _with_all_seats(Room.objects.filter(seats__in=seats)).exclude(state__in=over)
    return [_as_seen_by(member, room) for room in rooms.order_by("departure_at", "id")]


def list_own_rooms(member: Member) -> RoomQuerySet:
    """List every room that a member has or had a seat in."""
    return Room.objects.filter(seats__rider=member).distinct()


def _with_all_seats(rooms: RoomQuerySet) -> RoomQuerySet:
    seats = RoomSeat.objects.select_related("rider__organization").order_by("joined_at", "id")
    return rooms.select_related("organization", "region", "host__organization").prefetch_related(
        Prefetch("seats", queryset=seats)
    )


def _as_seen_by(member: Member, room: Room) -> RoomView:
    everybody = list(room.seats.all())
    for seat in everybody:
        seat.room = room
    own = [seat for seat in everybody if seat.rider_id == member.pk]
    held = [seat for seat in own if seat.state != SeatState.RELEASED]
    return RoomView(
        room=room,
        viewer=member,
        seats=[seat for seat in everybody if seat.state != SeatState.RELEASED],
        mine=next(reversed(held or own), None),
    )
