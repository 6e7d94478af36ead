"""A simulated working week: what repeats, what is looked for, what goes wrong, and who cheats.

Each day is a commute day of :mod:`matching.management.demo.day`, with more in it: rides that
repeat, cars at the kerb, phones that record, riders who do not come, drivers who give up, and
members who send positions of a car in which they do not sit. What beat and the workers do between
two things that people do, is done in between, by a :class:`~carpool.demo.background.Background`.

What happens by chance depends on whom it happens to and when, not on what happened before: the same
people have the same week, when their server was away for a while.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from uuid import UUID

from django.db.models import Prefetch

from accounts.models import ConsentPurpose, Member, Organization
from accounts.selectors import list_cars, list_places
from carpool.demo.background import Background
from carpool.demo.phones import FRAUDS, record_ride
from carpool.kernel.clock import local_to_utc
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import from_point, offset_m
from matching.management.demo.day import CommuteDay, Event, Tally, end_of
from rides import services as rides
from rides.models import Booking, BookingState, Ride, Stop
from rides.services import InstantTerms, OfferTerms, RecurringTerms
from tracking import services as tracking
from tracking.engine.labelled import Truth
from tracking.services import MOST_AT_ONCE, Fix

WORKDAYS = frozenset(range(5))
SHARE_OF_REGULARS = 0.5  # of the drivers, offer the same ride on every workday
SHARE_OF_NO_SHOWS, SHARE_OF_CHEATERS = 0.02, 0.02
SHARE_OF_DRIVERS_GIVING_UP = 0.01
MINUTE = timedelta(minutes=1)
_ASKED_AFTER, _LOOKS_AGAIN_AFTER, _GIVES_UP_AFTER = 25 * MINUTE, 5 * MINUTE, 180 * MINUTE
_SENDS_EVERY = timedelta(minutes=4)
# When everybody has answered or is late, verdicts are there, and rewards are paid.
_AFTERWARDS = (timedelta(hours=2), timedelta(days=3), timedelta(days=8))


@dataclass(frozen=True, slots=True)
class Shares:
    """How much happens of what is of interest."""

    recorded: float = 0.5
    """Of the rides, are followed by phones."""
    at_the_kerb: float = 0.1
    """Of the riders, go home with whom they meet at the gate."""


@dataclass(slots=True)
class WeekTally(Tally):
    """What the week came to, and what really happened on each recorded trip."""

    repeated: int = 0
    instant: int = 0
    given_up: int = 0
    missed: int = 0
    truth: dict[UUID, Truth] = field(default_factory=dict)
    """By booking."""
    refused: Counter[str] = field(default_factory=Counter)
    """What a rule did not let somebody do, as it happens to people."""


class Week:
    """Plays five workdays of an organization."""

    def __init__(
        self,
        organization: Organization,
        people: Sequence[Member],
        *,
        monday: date,
        seed: int,
        share_of_drivers: float,
        days: int = 5,
        background: Background,
        shares: Shares = Shares(),
        on_event: Callable[[int, int, datetime], None],
    ) -> None:
        """Prepare it; the same seed gives the same plot."""
        cut = round(len(people) * share_of_drivers)
        self.tally = WeekTally()
        self.days = [monday + timedelta(days=number) for number in range(days)]
        self._organization, self._seed, self._on_event = organization, seed, on_event
        self._background, self._shares = background, shares
        self._drivers, self._riders = list(people[:cut]), list(people[cut:])
        self._regulars = self._drivers[: round(cut * SHARE_OF_REGULARS)]

    def play(self) -> WeekTally:
        """Play the week to its end, and the days after it."""
        offered_at = self._local(self.days[0], time(12)) - timedelta(days=2)
        for driver in self._regulars:
            self._repeat(driver, offered_at)
        events: list[Event] = []  # people plan a day while the one before goes on
        played = [self._plan(number, day, events) for number, day in enumerate(self.days)]
        played[-1].run()
        last = self._local(self.days[-1], time(23))
        for later in _AFTERWARDS:
            self._background.look_round(last + later, rounds=3)
        return self.tally

    def _plan(self, number: int, day: date, events: list[Event]) -> "WorkDay":
        planned = WorkDay(
            self._organization, day=day, seed=self._seed * 100 + number, speed=None,
            on_event=self._on_event,
        )  # fmt: skip
        planned.tally, planned.background = self.tally, self._background
        planned.shares = self._shares
        planned.plan_with(self._regulars, self._drivers, self._riders, events)
        return planned

    def _repeat(self, driver: Member, now: datetime) -> None:
        """Offer both ways of every workday at once."""
        car, places = list_cars(driver)[0], {one.kind: one for one in list_places(driver)}
        number = self._regulars.index(driver)
        for start, end, hour in (("home", "work", 7), ("work", "home", 17)):
            terms = RecurringTerms(
                offer=OfferTerms(
                    origin=end_of(places[start]), destination=end_of(places[end]), car_id=car.pk,
                    seats=car.seats, detour_s=60 * (8 + number % 8),
                ),
                weekdays=WORKDAYS, wall_time=time(hour + number % 3, 30 * (number % 2)),
                first_date=self.days[0], last_date=self.days[-1], skips_holidays=False,
            )  # fmt: skip
            rides.offer_recurring_ride(driver=driver, terms=terms, now=now)

    def _local(self, day: date, wall: time) -> datetime:
        return local_to_utc(day, wall, self._organization.zone, field="day")


class WorkDay(CommuteDay):
    """One day of the week. Whoever goes by the kerb looks for no ride home."""

    tally: WeekTally
    background: Background
    shares: Shares
    share_of_cancelling = 0.05
    _looked_at: datetime | None = None

    def plan_with(
        self, regulars: list[Member], drivers: list[Member], riders: list[Member],
        events: list[Event],
    ) -> None:  # fmt: skip
        """Let everybody make up their mind, among whatever else happens in these days."""
        self._events = events
        kerb = self._random.sample(riders, 2 * round(len(riders) * self.shares.at_the_kerb / 2))
        self._meet_at_the_kerb(kerb)
        self._drive_what_repeats(regulars)
        self.plan(
            [one for one in drivers if one not in regulars],
            [one for one in riders if one not in kerb],
        )

    def _carefully(self, event: Event) -> None:
        """What a rule refuses happens to people, too: it is counted, and the week goes on."""
        if self._looked_at is None or event.at >= self._looked_at + MINUTE:
            self._looked_at = event.at
            self.background.look_round(event.at)
        try:
            event.action(event.at)
        except DomainError as error:
            self.tally.refused[error.code] += 1

    def _drive_what_repeats(self, regulars: list[Member]) -> None:
        midnight = local_to_utc(self._day, time(0), self._organization.zone, field="day")
        made = Ride.objects.filter(
            driver__in=regulars, recurring_day__isnull=False, cancelled_at=None,
            departure_at__gte=midnight, departure_at__lt=midnight + timedelta(days=1),
        )  # fmt: skip
        for ride in made.select_related("driver"):
            self.tally.repeated += 1
            self._at(ride.departure_at, partial(self._drive, ride.pk, ride.driver))

    # --- At the kerb --------------------------------------------------------------------------

    def _meet_at_the_kerb(self, people: list[Member]) -> None:
        """Let people of the same gate go home in pairs."""
        by_gate: dict[str, list[Member]] = {}
        for person in people:
            work = next(one for one in list_places(person) if one.kind == "work")
            by_gate.setdefault(work.label, []).append(person)
        for there in by_gate.values():
            for driver, rider in zip(there[::2], there[1::2], strict=False):
                minute = self._random.randrange(16 * 60, 19 * 60)
                wall = time(minute // 60, minute % 60)
                at = local_to_utc(self._day, wall, self._organization.zone, field="time")
                self._at(at, partial(self._stand, driver, rider))

    def _stand(self, driver: Member, rider: Member, now: datetime) -> None:
        places, car = {one.kind: one for one in list_places(driver)}, list_cars(driver)[0]
        gate = offset_m(from_point(places["work"].location), east_m=40, north_m=25)
        code = rides.open_instant(
            driver=driver,
            terms=InstantTerms(
                kerb=gate, destination=end_of(places["home"]), car_id=car.pk, seats=car.seats,
                detour_s=600,
            ),
            now=now,
        )  # fmt: skip
        self.tally.instant += 1
        self._at(now + MINUTE, partial(self._get_in, code.ride_id, code.code, driver, rider))

    def _get_in(
        self, ride_id: UUID, code: str, driver: Member, rider: Member, now: datetime
    ) -> None:
        booking = rides.join_instant(code=code, rider=rider, now=now)
        rides.let_in(ride_id=ride_id, by=driver, code=booking.boarding_code, now=now)
        self._at(now + MINUTE, partial(self._drive, ride_id, driver))

    # --- On the road --------------------------------------------------------------------------

    def _drive(self, ride_id: UUID, driver: Member, now: datetime) -> None:
        ride = _load(ride_id)
        if ride.cancelled_at is not None:
            return
        name, at = driver.display_name, ride.departure_at
        gives_up = self._happens(SHARE_OF_DRIVERS_GIVING_UP, "gives up", name, at)
        if gives_up and ride.bookings.active().exists():
            rides.cancel_ride(ride_id=ride.pk, by=driver, reason="The car broke down", now=now)
            self.tally.given_up += 1
            return
        rides.start_ride(ride_id=ride.pk, by=driver, now=now)
        ride = _load(ride_id)
        bookings = list(ride.bookings.filter(state=BookingState.CONFIRMED).select_related("rider"))
        missing = [
            one for one in bookings
            if not ride.is_instant
            and self._happens(SHARE_OF_NO_SHOWS, "stays away", one.rider.display_name, at)
        ]  # fmt: skip
        present = [one for one in bookings if one not in missing]
        records = self._happens(self.shares.recorded, "records", name, at)
        if ride.is_instant or (present and records):
            self._follow(ride, present)
        else:
            for stop in ride.stops.filter(booking__in=present):
                self._at(stop.planned_at, partial(self._stop, ride, stop.pk))
            self._at(ride.arrival_at, partial(self._arrive, ride))
        self._at(ride.arrival_at + _ASKED_AFTER, partial(self._say, ride, missing))

    def _follow(self, ride: Ride, bookings: list[Booking]) -> None:
        """Let every phone in the car record, and one in fifty cheat."""
        truths = {one.rider_id: (one, self._truth(ride, one)) for one in bookings}
        luck = self._luck("way", ride.driver.display_name, ride.departure_at)
        recorded = record_ride(ride, truths, seed=luck.randrange(2**31))
        members = {ride.driver_id: ride.driver, **{one.rider_id: one.rider for one in bookings}}
        for booking, truth in truths.values():
            self.tally.truth[booking.pk] = truth
        for member_id, fixes in recorded.fixes.items():
            tracking.share_position(
                ride_id=ride.pk, by=members[member_id], purposes=list(ConsentPurpose),
                now=ride.departure_at,
            )  # fmt: skip
            self._send_now_and_then(ride, members[member_id], fixes)
        self._at(recorded.arrived_at + timedelta(seconds=20), partial(self._arrive, ride))

    def _truth(self, ride: Ride, booking: Booking) -> Truth:
        about = (booking.rider.display_name, ride.departure_at)
        if not self._happens(SHARE_OF_CHEATERS, "cheats", *about):
            return Truth.GENUINE
        return self._luck("fraud", *about).choice(FRAUDS)

    def _send_now_and_then(self, ride: Ride, member: Member, fixes: list[Fix]) -> None:
        batch: list[Fix] = []
        for fix in fixes:
            is_late = batch and fix.recorded_at > batch[0].recorded_at + _SENDS_EVERY
            if is_late or len(batch) == MOST_AT_ONCE:
                self._at(batch[-1].recorded_at, partial(self._send, ride, member, batch))
                batch = []
            batch.append(fix)
        self._at(batch[-1].recorded_at, partial(self._send, ride, member, batch))

    def _send(self, ride: Ride, member: Member, fixes: list[Fix], now: datetime) -> None:
        tracking.record_positions(
            ride_id=ride.pk, by=member, fixes=fixes, device=member.pk.hex, now=now
        )

    def _arrive(self, ride: Ride, now: datetime) -> None:
        super()._arrive(ride, now)
        self._at(now + 2 * MINUTE, self.background.look_round)  # trips are judged

    def _say(self, ride: Ride, missing: list[Booking], now: datetime) -> None:
        """Say who did not come, then whether it took place; whom nobody asks yet looks again."""
        self.background.look_round(now)
        is_late = now > ride.arrival_at + _GIVES_UP_AFTER
        if not is_late and ride.bookings.filter(state=BookingState.CONFIRMED).exists():
            self._at(now + _LOOKS_AGAIN_AFTER, partial(self._say, ride, missing))
            return
        for booking in missing:
            rides.mark_missing(booking_id=booking.pk, by=ride.driver, now=now)
            self.tally.missed += 1
        gone = {one.pk for one in missing}
        asked = ride.bookings.filter(state=BookingState.COMPLETED_PENDING_VALIDATION)
        for booking in asked.select_related("rider").exclude(pk__in=gone):
            for member in (ride.driver, booking.rider):
                about = (member.display_name, booking.rider.display_name, ride.departure_at)
                if not self._happens(self.share_of_silent, "silent", *about):
                    rides.answer_validation(
                        booking_id=booking.pk, by=member, took_place=True, now=now
                    )


def _load(ride_id: UUID) -> Ride:
    stops = Prefetch("stops", queryset=Stop.objects.order_by("position"))
    rows = Ride.objects.select_related("driver__user", "organization").prefetch_related(stops)
    return rows.get(pk=ride_id)
