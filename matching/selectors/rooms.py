"""Shared taxis for a way: which rooms one could join, the least on foot first.

Of each room that leaves near enough and in time, that drop-off is chosen from which one walks
least: among places near the destination where a car can stop, and those where others get out
already, the first with which the party belongs together. What is found can be joined as shown.

Source: seed 001, "the room with the shortest walk first", here on the walking network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Member
from accounts.selectors import avoided_circles
from carpool.kernel.geo import Circle, LonLat, from_point, walking_time
from maps.models import Region
from maps.selectors import describe_place, load_network, meeting_points, walks_from
from rides.errors import RoutesDiffer, TooClose
from rides.models import Room
from rides.selectors import get_trip_region, list_joinable_rooms, with_taken_seats
from rides.services import Part, TripEnd, check_belongs_together, plan_room

# So many rooms are looked at, the nearest first, and so many places to get out at.
MOST_ROOMS, MOST_DROPOFFS = 30, 3


@dataclass(frozen=True, slots=True)
class RoomQuery:
    """From where to where, in the slots from ``start`` until before ``end``, how far on foot."""

    origin: LonLat
    destination: LonLat
    start: datetime
    end: datetime
    walk_m: int


@dataclass(frozen=True, slots=True)
class FoundRoom:
    """A room that fits, with the drop-off to ask for, and what the ride there takes.

    ``parts`` are everybody's parts of the way with the seeker aboard, whose own is the last.
    """

    room: Room
    dropoff: TripEnd
    parts: tuple[Part, ...]
    walk_to_m: int
    walk_from_m: int
    duration_s: int
    extra_s: int
    free_seats: int

    @property
    def walk_m(self) -> int:
        """Metres on foot at both ends."""
        return self.walk_to_m + self.walk_from_m

    @property
    def leave_by(self) -> datetime:
        """When to set out on foot."""
        return self.room.departure_at - walking_time(self.walk_to_m)

    @property
    def arrives_at(self) -> datetime:
        """When one is at the destination, the walk included."""
        aboard = timedelta(seconds=self.duration_s)
        return self.room.departure_at + aboard + walking_time(self.walk_from_m)


def find_rooms(viewer: Member, query: RoomQuery, *, now: datetime) -> list[FoundRoom]:
    """Return the rooms that one could join, by metres on foot, then by arrival.

    Raises:
        OutsideMap, OffNetwork, TooClose: an end is not on the map (names it).
    """
    region = get_trip_region(query.origin, query.destination, walk_m=query.walk_m)
    listed = list_joinable_rooms(viewer, query.start, query.end, now=now).filter(region=region)
    rooms = [room for room in with_taken_seats(listed) if _has_place_for(viewer, room)]
    if not rooms:
        return []
    avoided, ends = avoided_circles(viewer), _ends(region, query)
    near = _near(region, query, rooms)
    found = (_fit(room, walk_m, ends, avoided, query) for room, walk_m in near)
    fitting = [one for one in found if one is not None]
    return sorted(fitting, key=lambda one: (one.walk_m, one.arrives_at, one.room.pk))


def _has_place_for(viewer: Member, room: Room) -> bool:
    riders = {seat.rider_id for seat in room.seats.all()}
    return viewer.pk not in riders and len(riders) < room.most_party


def _near(region: Region, query: RoomQuery, rooms: Sequence[Room]) -> list[tuple[Room, int]]:
    """Return the rooms that one reaches on foot, with the metres, nearest first."""
    pickups = [from_point(room.pickup) for room in rooms]
    walks = walks_from(region, query.origin, pickups, max_m=query.walk_m, field="origin")
    near = [(walk, n) for n, walk in enumerate(walks) if walk <= query.walk_m]
    return [(rooms[n], round(walk)) for walk, n in sorted(near)[:MOST_ROOMS]]


def _ends(region: Region, query: RoomQuery) -> list[TripEnd]:
    """Return public places near the destination where a taxi can stop, nearest first."""
    network = load_network(region)
    points = meeting_points(
        region, query.destination, walk_m=query.walk_m, limit=MOST_DROPOFFS, field="destination"
    )
    places = [LonLat(*network.location(int(node))) for node in points.nodes]
    return [TripEnd(place, describe_place(region, place)) for place in places]


def _fit(
    room: Room,
    walk_to_m: int,
    ends: Sequence[TripEnd],
    avoided: Sequence[Circle],
    query: RoomQuery,
) -> FoundRoom | None:
    """Return the room with the first drop-off that suits everybody in it; None without one."""
    seats, policy = list(room.seats.all()), room.organization.policy
    others = [TripEnd(from_point(seat.dropoff), seat.dropoff_label) for seat in seats]
    choices = {
        end.location: end
        for end in [*others, *ends]
        if not any(circle.holds(end.location) for circle in avoided)
    }
    walks = walks_from(
        room.region, query.destination, list(choices), max_m=query.walk_m, field="destination"
    )
    for walk_m, place in sorted(zip(walks, choices, strict=True)):
        if walk_m > query.walk_m:
            break
        try:
            route = plan_room(
                room.region, from_point(room.pickup), [*(end.location for end in others), place]
            )
            check_belongs_together(
                route,
                most_extra_s=policy.room_extra_s,
                least_shared_percent=policy.room_shared_percent,
            )
        except (RoutesDiffer, TooClose):
            continue
        return FoundRoom(
            room=room,
            dropoff=choices[place],
            parts=route.parts,
            walk_to_m=walk_to_m,
            walk_from_m=round(walk_m),
            duration_s=route.parts[-1].duration_s,
            extra_s=route.parts[-1].extra_s,
            free_seats=room.most_party - len(seats),
        )
    return None
