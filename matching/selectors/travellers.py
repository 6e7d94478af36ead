"""Who travels on a day: trips of plans put on the road network, as the batch assignment wants them.

A rider gets in and out at the meeting points nearest to their ends, a driver starts at the door.
Who does either is entered at the meeting points, and their window and detour are shortened by the
way between those and the doors, so that whatever the engine finds holds for the doors, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeAlias

import numpy as np

from accounts.models import Car, Member
from accounts.selectors import avoided_circles
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import Circle, LonLat, walking_time
from maps.engine import RoadNetwork
from maps.errors import OffNetwork
from maps.models import Region
from maps.selectors import load_network, meeting_points, snap
from matching.engine.assignment import Commuters, favours
from matching.models import CommuteRole, CommuteTrip, Direction
from matching.selectors.arrays import to_ms
from matching.selectors.evaluation import outside
from matching.selectors.history import History
from rides.selectors import get_trip_region

# Departures are proposed on whole minutes; the car may stand for the seconds between.
WHOLE_MINUTE_MS = 60_000
MINUTE = timedelta(minutes=1)
Avoided: TypeAlias = tuple[Circle, ...]
# So many meeting points are looked at for one that is not avoided.
MOST_TRIED = 8


@dataclass(frozen=True, slots=True)
class End:
    """One end of a trip: the door, and where a car meets somebody who walks from it."""

    place: LonLat
    label: str
    door: int
    meeting: int
    walk_m: int

    @property
    def walk(self) -> timedelta:
        """How long the walk takes."""
        return walking_time(self.walk_m)


@dataclass(frozen=True, slots=True)
class Traveller:
    """A trip of a plan on a certain day."""

    trip: CommuteTrip
    region: Region
    origin: End
    destination: End
    earliest_departure_at: datetime
    latest_arrival_at: datetime
    car: Car | None

    @property
    def member(self) -> Member:
        """Who travels."""
        return self.trip.plan.member

    @property
    def may_drive(self) -> bool:
        """Whether they would take others along."""
        return self.car is not None and self.trip.role != CommuteRole.RIDE

    @property
    def may_ride(self) -> bool:
        """Whether they would ride along; without a car, "either" means this."""
        return self.trip.role != CommuteRole.DRIVE

    @property
    def seats(self) -> int:
        """For others, when they drive."""
        return 0 if self.car is None else min(self.trip.plan.seats, self.car.seats)

    @property
    def vertices(self) -> tuple[int, int]:
        """Where the assignment lets them start and end."""
        if self.may_ride:
            return self.origin.meeting, self.destination.meeting
        return self.origin.door, self.destination.door


@dataclass(slots=True)
class Roadside:
    """Finds the vertices of places; many people share a workplace, so it remembers them."""

    region: Region
    _known: dict[tuple[LonLat, int, Avoided], tuple[int, int, int]] = field(default_factory=dict)

    def end(self, place: LonLat, label: str, walk_m: int, avoided: Avoided = ()) -> End:
        """Put a place on the road; its meeting point lies in no circle that is avoided.

        Raises:
            OffNetwork: no road is near.
        """
        key = (place, walk_m, avoided)
        if key not in self._known:
            network = load_network(self.region)
            foot = snap(network, place, field="place", max_m=max(walk_m, 150))
            door = network.nearest_nodes(np.array([foot.lon]), np.array([foot.lat]))
            limit = MOST_TRIED if avoided else 1
            meeting = meeting_points(self.region, place, walk_m=walk_m, limit=limit)
            meeting = outside(network, meeting, avoided)
            if not len(meeting):
                raise OffNetwork(field="place")
            self._known[key] = (
                int(door[0]),
                int(meeting.nodes[0]),
                int(np.ceil(meeting.walk_m[0])),
            )
        return End(place, label, *self._known[key])


@dataclass(slots=True)
class TravelDesk:
    """Turns trips into travellers."""

    day: date
    _roadsides: dict[object, Roadside] = field(default_factory=dict)

    def read(self, trip: CommuteTrip) -> Traveller | None:
        """Return the traveller of a trip, or None when it cannot take place that day.

        It cannot when an end has left the map or all that is near it is avoided, when the clocks
        skip its time, or when somebody who only drives has no car any more.
        """
        plan = trip.plan
        home, work = plan.home_end, plan.work_end
        if home is None or work is None:
            return None
        ends = (home, work) if trip.direction == Direction.TO_WORK else (work, home)
        car = plan.usable_car
        if car is None and trip.role == CommuteRole.DRIVE:
            return None
        zone = plan.member.organization.zone
        try:
            named_at = clock.local_to_utc(self.day, trip.at, zone, field="at")
            region = get_trip_region(ends[0][0], ends[1][0])
            roadside = self._roadsides.setdefault(region.pk, Roadside(region))
            avoided = avoided_circles(plan.member)
            origin, destination = (roadside.end(*end, plan.walk_m, avoided) for end in ends)
        except DomainError:
            return None
        window = _window(trip, named_at, load_network(region), origin, destination)
        return Traveller(trip, region, origin, destination, *window, car)


def _window(
    trip: CommuteTrip, named_at: datetime, network: RoadNetwork, origin: End, destination: End
) -> tuple[datetime, datetime]:
    """Return the earliest departure and the latest arrival, door to door.

    Beside the drive itself there is room for the flexibility, the walks, and a detour: the one
    that the driver accepts, or the one usual in the organization for who rides.
    """
    plan = trip.plan
    usual_s = plan.member.organization.policy.default_detour_s
    detour_s = {CommuteRole.DRIVE: plan.detour_s, CommuteRole.RIDE: usual_s}.get(
        CommuteRole(trip.role), max(plan.detour_s, usual_s)
    )
    drive_ms = int(network.durations_ms(origin.door, destination.door)[0, 0])
    room = timedelta(milliseconds=drive_ms, seconds=detour_s) + trip.flexibility + MINUTE
    if trip.role != CommuteRole.DRIVE:
        room += origin.walk + destination.walk
    if trip.direction == Direction.TO_WORK:
        return named_at - room, named_at
    return named_at, named_at + room


def to_commuters(
    keys: Sequence[int], travellers: Sequence[Traveller], history: Mapping[object, History]
) -> Commuters:
    """Turn travellers of one region into the columns of the engine."""
    network = load_network(travellers[0].region)
    past = [history.get(traveller.member.pk, History()) for traveller in travellers]
    ride_favour_m, share_favour_m = favours(
        [one.drove for one in past], [one.rode for one in past], [one.left_over for one in past]
    )
    vertices = np.array([traveller.vertices for traveller in travellers], np.int32)
    to_meet_ms, from_meet_ms, there_and_back_ms = _ways_to_meet(network, travellers)
    detour_ms = np.array([1000 * t.trip.plan.detour_s for t in travellers], np.int64)
    return Commuters(
        key=np.array(keys, np.int64),
        origin=vertices[:, 0].copy(),
        destination=vertices[:, 1].copy(),
        earliest_departure_ms=np.array(
            [to_ms(t.earliest_departure_at) for t in travellers], np.int64
        )
        + to_meet_ms
        + WHOLE_MINUTE_MS,
        latest_arrival_ms=np.array([to_ms(t.latest_arrival_at) for t in travellers], np.int64)
        - from_meet_ms,
        may_drive=np.array([t.may_drive for t in travellers], bool),
        may_ride=np.array([t.may_ride for t in travellers], bool),
        seats=np.array([t.seats for t in travellers], np.int32),
        detour_ms=np.maximum(detour_ms - there_and_back_ms - WHOLE_MINUTE_MS, 0),
        # Who is not taken along drives, or is driven, alone: that is what sharing saves.
        car=np.ones(len(travellers), bool),
        ride_favour_m=ride_favour_m,
        share_favour_m=share_favour_m,
    )


Times = np.ndarray[tuple[int], np.dtype[np.int64]]


def _ways_to_meet(
    network: RoadNetwork, travellers: Sequence[Traveller]
) -> tuple[Times, Times, Times]:
    """Return the time from the door to the meeting point, back at the end, and the detour of both.

    On foot or by car, whichever takes longer, for it is not known which it will be.
    """
    out, home, both = (np.zeros(len(travellers), np.int64) for _ in range(3))
    for n, traveller in enumerate(travellers):
        if not traveller.may_ride:
            continue
        start, end = traveller.origin, traveller.destination
        out[n], home[n] = to_ms_up(start.walk), to_ms_up(end.walk)
        if not traveller.may_drive:
            continue
        ways = [
            int(network.durations_ms(a, b)[0, 0])
            for one in (start, end)
            for a, b in ((one.door, one.meeting), (one.meeting, one.door))
        ]
        out[n], home[n] = max(out[n], ways[0]), max(home[n], ways[3])
        both[n] = sum(ways)
    return out, home, both


def to_ms_up(delta: timedelta) -> int:
    """Return whole milliseconds, rounded up."""
    return -(-delta // timedelta(milliseconds=1))
