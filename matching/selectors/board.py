"""The slot board of shared taxis: days, parts of a day, and the 10-minute slots in each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from matching.selectors.rooms import FoundRoom, RoomQuery, find_rooms
from rides.models import Room, RoomSeat, SeatState
from rides.models.rooms import SLOT_MINUTES
from rides.models.seats import PARTY_STATES
from rides.selectors import Mascot, list_joinable_rooms, mascot_of, with_taken_seats
from rides.services import Part

SLOT = timedelta(minutes=SLOT_MINUTES)
# So many rooms are listed of one part of a day; who wants more names a slot or a way.
MOST_LISTED = 60


class DayPart(models.TextChoices):
    """A few hours of a local day; see ``PART_HOURS``."""

    NIGHT = "night", _("Night")
    MORNING = "morning", _("Morning")
    MIDDAY = "midday", _("Midday")
    AFTERNOON = "afternoon", _("Afternoon")
    EVENING = "evening", _("Evening")


PART_HOURS = {
    DayPart.NIGHT: (0, 6),
    DayPart.MORNING: (6, 10),
    DayPart.MIDDAY: (10, 14),
    DayPart.AFTERNOON: (14, 19),
    DayPart.EVENING: (19, 24),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """A 10-minute mark, how many rooms leave then, and whether one can still be opened."""

    at: datetime
    rooms: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the booking window and how many rooms leave on it."""

    date: date
    rooms: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A room on the board; ``found`` says how it fits when a way was asked for."""

    room: Room
    seats: list[RoomSeat]
    parts: Sequence[Part | RoomSeat]
    found: FoundRoom | None = None

    @property
    def party(self) -> int:
        """How many come along for sure."""
        return sum(seat.state in PARTY_STATES for seat in self.seats)

    @property
    def held(self) -> int:
        """How many are paying just now."""
        return sum(seat.state == SeatState.HELD for seat in self.seats)

    @property
    def free_seats(self) -> int:
        """How many seats nobody has."""
        return max(0, self.room.most_party - len(self.seats))

    @property
    def mascot(self) -> Mascot:
        """What stands for the room."""
        return mascot_of(self.room, self.party)

    @property
    def dropoffs(self) -> list[str]:
        """Where people get out, in order, each place once."""
        ordered = sorted(self.seats, key=lambda seat: seat.position)
        return list(dict.fromkeys(seat.dropoff_label for seat in ordered))


@dataclass(frozen=True, slots=True)
class Board:
    """All of one day's part: its slots by hour, and the days around it."""

    day: date
    part: DayPart
    days: list[Day]
    hours: list[list[Slot]]
    start: datetime
    end: datetime

    @property
    def rooms(self) -> int:
        """How many rooms leave in this part of the day."""
        return sum(slot.rooms for hour in self.hours for slot in hour)


def first_open_slot(member: Member, *, now: datetime) -> datetime:
    """Return the first slot in which a room can still be opened."""
    closes_s = member.organization.policy.room_closes_s
    earliest = now + timedelta(seconds=closes_s)
    local = earliest.astimezone(member.organization.zone)
    past = timedelta(
        minutes=local.minute % SLOT_MINUTES, seconds=local.second, microseconds=local.microsecond
    )
    return earliest - past + SLOT


def part_of(moment: datetime, zone: ZoneInfo) -> DayPart:
    """Return in which part of its local day a moment lies."""
    hour = moment.astimezone(zone).hour
    return next(part for part, (start, end) in PART_HOURS.items() if start <= hour < end)


def usual_part(member: Member, day: date, *, now: datetime) -> DayPart:
    """Return the part of a day to begin with: where a room leaves first, else the next waking one.

    Few look for a taxi in the small hours; who does finds them one tap away.
    """
    zone = member.organization.zone
    rooms = list_joinable_rooms(member, _local(day, 0, zone), _local(day, 24, zone), now=now)
    leaves_at = rooms.order_by("departure_at").values_list("departure_at", flat=True).first()
    if leaves_at is not None:
        return part_of(leaves_at, zone)
    first = first_open_slot(member, now=now)
    part = part_of(first, zone) if first.astimezone(zone).date() == day else DayPart.MORNING
    return DayPart.MORNING if part == DayPart.NIGHT else part


def get_board(member: Member, day: date, part: DayPart, *, now: datetime) -> Board:
    """Return the slots of a part of a day with how many rooms leave in each, in one query."""
    organization = member.organization
    zone, policy = organization.zone, organization.policy
    today = now.astimezone(zone).date()
    dates = [today + timedelta(days=n) for n in range(policy.room_opens_days + 1)]
    window = (_local(dates[0], 0, zone), _local(dates[-1], 24, zone))
    departures = list_joinable_rooms(member, *window, now=now).values_list("departure_at")
    leaving = Counter(at for (at,) in departures.order_by("departure_at"))
    per_day = Counter(at.astimezone(zone).date() for at in leaving.elements())
    start, end = (_local(day, hour, zone) for hour in PART_HOURS[part])
    opens, closes = first_open_slot(member, now=now), now + timedelta(days=policy.room_opens_days)
    slots = [
        Slot(at=at, rooms=leaving[at], is_open=opens <= at <= closes) for at in _marks(start, end)
    ]
    hours = [list(one) for _key, one in groupby(slots, key=lambda slot: _hour(slot.at, zone))]
    return Board(
        day=day,
        part=part,
        days=[Day(one, per_day[one]) for one in dates],
        hours=hours,
        start=start,
        end=end,
    )


def _local(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """Return the instant of an hour of a local day; a skipped one is the first after the gap."""
    midnight = datetime.combine(day + timedelta(days=hour // 24), time(hour % 24), tzinfo=zone)
    return midnight.astimezone(UTC)


def _marks(start: datetime, end: datetime) -> list[datetime]:
    return [start + n * SLOT for n in range(int((end - start) / SLOT))]


def _hour(moment: datetime, zone: ZoneInfo) -> tuple[int, timedelta | None]:
    """Return the local hour; the one that occurs twice in autumn is two."""
    local = moment.astimezone(zone)
    return local.hour, local.utcoffset()


def list_entries(member: Member, start: datetime, end: datetime, *, now: datetime) -> list[Entry]:
    """List the rooms that leave from ``start`` until before ``end``, in two queries."""
    listed = list_joinable_rooms(member, start, end, now=now).order_by("departure_at", "id")
    rooms = with_taken_seats(listed)[:MOST_LISTED]
    return [Entry(room, seats := list(room.seats.all()), seats) for room in rooms]


def find_entries(member: Member, query: RoomQuery, *, now: datetime) -> list[Entry]:
    """List the rooms that fit a way, the least on foot first, then the earliest arrival.

    Raises:
        OutsideMap, OffNetwork, TooClose: an end is not on the map (names it).
    """
    return [
        Entry(one.room, list(one.room.seats.all()), one.parts, one)
        for one in find_rooms(member, query, now=now)
    ]
