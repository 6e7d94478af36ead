"""What a rule gives whom for a proven trip, and which of its caps stops it (R14).

A rule is asked about one trip after another, in the order in which they are proven. For each it
answers in three steps:

1. Does the rule take the trip? Class, local day, weekday, hour and place decide; see :func:`takes`.
2. What is the trip worth to each of the two? A part per trip, one per kilometre aboard and one per
   passenger; see :func:`worth`.
3. How much of it do the caps leave? The trip is refused as a whole when the person's trips of that
   day are used up, or when they were rewarded for the same way to or from a site that day. Of
   amounts, what is left of the person's day, month and year, of the rule's total, and of the money
   that is there is paid; the rest of the worth is lapsed. See :func:`reward`.

The order of trips: the caps on amounts of one person are plain sums, so what a person gets for a
day (month, year) is the same in any order as long as no trip is refused as a whole and the rule's
total is not reached. Who comes first then gets it.

Source: the French register's policy engine (``betagouv/preuve-covoiturage``: a reached cap reduces
to the remainder, then to nothing), and rule R14 for four trips a day and once each way.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from payments.engine.rules import RewardRules

MINUTES_A_DAY = 24 * 60
METRES_OF_KM = 1_000


class Role(StrEnum):
    """As what somebody travelled."""

    DRIVER = "driver"
    RIDER = "rider"


class Limit(StrEnum):
    """What kept a reward below a trip's worth."""

    SAME_WAY = "same_way"  # they were rewarded for this way today
    TRIPS = "trips"  # as many trips as count in a day
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    TOTAL = "total"  # what the rule may give in all
    MONEY = "money"  # what lies in the payer's account


@dataclass(frozen=True, slots=True)
class Terms:
    """A rule.

    Attributes
    ----------
    roles : frozenset of Role
        Who gets it.
    per_trip, per_km, per_passenger : int
        Minor units. A driver with several passengers makes one trip; the kilometres are those that
        the passenger was aboard; a passenger counts for the driver only.
    least_class : str
        ``A``, ``B`` or ``C``.
    zone_m : int, optional
        A trip begins or ends so near to a site. None: anywhere.
    weekdays : frozenset of int
        As ``date.weekday()`` numbers them.
    from_minute, until_minute : int
        Of the local day, half-open; over midnight when the first is the larger. Equal: all day.
    first_day, last_day : date
        Of the trip, local, both included.
    most_a_day, most_a_month, most_a_year : int, optional
        For one person.
    most_trips : int
        Of one person in a day.
    total : int, optional
        For everybody together, ever.
    """

    roles: frozenset[Role]
    first_day: date
    per_trip: int = 0
    per_km: int = 0
    per_passenger: int = 0
    least_class: str = "C"
    zone_m: int | None = None
    weekdays: frozenset[int] = frozenset(range(7))
    from_minute: int = 0
    until_minute: int = 0
    last_day: date | None = None
    most_a_day: int | None = None
    most_a_month: int | None = None
    most_a_year: int | None = None
    most_trips: int = RewardRules().most_a_day
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Trip:
    """One passenger's proven trip with one driver.

    Attributes
    ----------
    people : tuple of (str, Role)
        Those of the two whom the rule's organization may reward; driver first.
    day, minute : date, int
        When the passenger got in, on the organization's clock.
    distance_m : int
        Aboard.
    site_m : float, optional
        From the nearer end to the nearest site; 0 inside of its fence. None: there are no sites.
    way : str
        To which site or from which it goes; empty where it does neither.
    """

    booking: str
    ride: str
    people: tuple[tuple[str, Role], ...]
    day: date
    minute: int
    distance_m: int
    proof_class: str
    site_m: float | None = None
    way: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody gets for a trip: ``amount`` of its ``worth``, as ``limit`` says."""

    person: str
    role: Role
    worth: int
    amount: int
    limit: Limit | None = None


@dataclass(slots=True)
class Used:
    """What a rule has given so far; what was taken back is not in it."""

    total: int = 0
    days: dict[tuple[str, date], int] = field(default_factory=lambda: defaultdict(int))
    months: dict[tuple[str, int, int], int] = field(default_factory=lambda: defaultdict(int))
    years: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    rides: dict[tuple[str, date], dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, person: str, day: date, ride: str, way: str, amount: int) -> None:
        """Count a reward, also one of nothing: its trip was a trip."""
        self.total += amount
        self.days[person, day] += amount
        self.months[person, day.year, day.month] += amount
        self.years[person, day.year] += amount
        self.rides[person, day][ride] = way


def takes(terms: Terms, trip: Trip) -> bool:
    """Tell whether a rule is about a trip at all."""
    if trip.proof_class < terms.least_class or trip.day < terms.first_day:
        return False
    if terms.last_day is not None and trip.day > terms.last_day:
        return False
    if trip.day.weekday() not in terms.weekdays or not _is_in_hours(terms, trip.minute):
        return False
    return terms.zone_m is None or (trip.site_m is not None and trip.site_m <= terms.zone_m)


def _is_in_hours(terms: Terms, minute: int) -> bool:
    start, end = terms.from_minute, terms.until_minute
    if start == end:
        return True
    return start <= minute < end if start < end else minute >= start or minute < end


def worth(terms: Terms, trip: Trip, role: Role, *, is_first: bool = True) -> int:
    """Return what a trip is worth to one of the two, before any cap, in minor units.

    Kilometres are paid by the metre and rounded down to the smallest unit, once for each booking:
    so parts never come to more than the whole. ``is_first`` tells that the ride was not counted for
    this person yet: a driver's second passenger makes no second trip.
    """
    per_trip = terms.per_trip if is_first else 0
    per_passenger = terms.per_passenger if role is Role.DRIVER else 0
    return per_trip + per_passenger + terms.per_km * trip.distance_m // METRES_OF_KM


def reward(terms: Terms, trip: Trip, used: Used, *, money: int | None = None) -> list[Given]:
    """Return what a trip brings, and count it in ``used``; O(1) for each of the two.

    Parameters
    ----------
    money : int, optional
        What lies in the payer's account. None: enough.

    Returns
    -------
    list of Given
        One for each of the two whom the rule rewards, also where a cap leaves nothing; empty when
        the rule is not about this trip, or it is worth nothing to anybody.
    """
    if not takes(terms, trip):
        return []
    given = []
    for person, role in trip.people:
        if role not in terms.roles:
            continue
        rides = used.rides[person, trip.day]
        value = worth(terms, trip, role, is_first=trip.ride not in rides)
        if value <= 0:
            continue
        one = _refused(terms, trip, rides, person, role, value)
        if one is None:
            one = _capped(terms, trip, used, money, Given(person, role, value, value))
            used.add(person, trip.day, trip.ride, trip.way, one.amount)
        money = None if money is None else money - one.amount
        given.append(one)
    return given


def _refused(
    terms: Terms, trip: Trip, rides: dict[str, str], person: str, role: Role, value: int
) -> Given | None:
    if trip.ride in rides:
        return None
    if trip.way and trip.way in rides.values():
        return Given(person, role, value, 0, Limit.SAME_WAY)
    if len(rides) >= terms.most_trips:
        return Given(person, role, value, 0, Limit.TRIPS)
    return None


def _capped(terms: Terms, trip: Trip, used: Used, money: int | None, full: Given) -> Given:
    person, day = full.person, trip.day
    left = [
        (terms.most_a_day, used.days[person, day], Limit.DAY),
        (terms.most_a_month, used.months[person, day.year, day.month], Limit.MONTH),
        (terms.most_a_year, used.years[person, day.year], Limit.YEAR),
        (terms.total, used.total, Limit.TOTAL),
        (money, 0, Limit.MONEY),
    ]
    rests = [(max(0, most - spent), limit) for most, spent, limit in left if most is not None]
    rest, limit = min(rests, key=lambda one: one[0], default=(full.worth, None))
    if rest >= full.worth:
        return full
    return Given(person, full.role, full.worth, rest, limit)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule would have given for many trips.

    Attributes
    ----------
    trips : int
        For which somebody got something.
    worth, cost : int
        Before the caps, and after them.
    months : dict of (year, month) to (int, int)
        By the trips' months: the cost, and how many people got something.
    limits : dict of Limit to int
        How often each cap stopped (a part of) a reward.
    """

    trips: int
    people: int
    worth: int
    cost: int
    months: dict[tuple[int, int], tuple[int, int]]
    limits: dict[Limit, int]


def simulate(terms: Terms, trips: Iterable[Trip]) -> Outcome:
    """Return what a rule would have given for past trips, asked in their order; O(trips)."""
    used, rewarded, value = Used(), 0, 0
    people: set[str] = set()
    costs: dict[tuple[int, int], int] = defaultdict(int)
    people_of: dict[tuple[int, int], set[str]] = defaultdict(set)
    limits: dict[Limit, int] = defaultdict(int)
    for trip in trips:
        month = trip.day.year, trip.day.month
        given = reward(terms, trip, used)
        paid = {one.person for one in given if one.amount}
        rewarded += bool(paid)
        people |= paid
        people_of[month] |= paid
        for one in given:
            value += one.worth
            costs[month] += one.amount
            if one.limit is not None:
                limits[one.limit] += 1
    months = {month: (cost, len(people_of[month])) for month, cost in costs.items()}
    return Outcome(rewarded, len(people), value, used.total, months, dict(limits))


def may_take_back(now: datetime, rewarded_at: datetime, rules: RewardRules) -> bool:
    """Tell whether a reward can still be reversed."""
    return now < rewarded_at + timedelta(seconds=rules.reversible_s)
