"""A simulated commute day: people offer, look for, book, drive and answer, by the real services.

The clock is a number in here: every service takes ``now``. So a day passes as fast as the machine
can, or slowly enough to watch.
"""

import heapq
import random
import time as wall_clock
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from uuid import UUID

from accounts.models import Member, Organization, Place
from accounts.selectors import list_cars, list_places
from carpool.kernel.clock import local_to_utc
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import from_point
from matching import selectors, services
from matching.selectors import SearchQuery
from rides import services as rides
from rides.models import Booking, Ride, RideRequest

PUBLISHED_BEFORE = timedelta(hours=16)
PATIENCE = timedelta(minutes=75)


@dataclass(slots=True)
class Tally:
    """What the day came to."""

    requests: int = 0
    matched: int = 0
    offered: int = 0
    cancelled: int = 0
    errors: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Commute:
    """One direction of one person's day."""

    member: Member
    origin: Place
    destination: Place
    arrive_at: datetime


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that happens at a time; of two at once the one planned first comes first."""

    at: datetime
    order: int
    action: Callable[[datetime], None] = field(compare=False)


class CommuteDay:
    """Plays one day of an organization. ``on_event`` hears of progress: done, known so far, now."""

    share_of_silent = 0.1
    share_of_cancelling = 0.03

    def __init__(
        self,
        organization: Organization,
        *,
        day: date,
        seed: int,
        speed: float | None,
        on_event: Callable[[int, int, datetime], None],
    ) -> None:
        """Prepare a day; ``speed`` is simulated seconds per second, None for as fast as can be."""
        self.tally = Tally()
        self._organization, self._day, self._speed = organization, day, speed
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 (nothing secret is drawn)
        self._on_event = on_event
        self._events: list[Event] = []
        self._count = 0

    def play(self, drivers: list[Member], riders: list[Member]) -> Tally:
        """Play the day to its end and return the tally."""
        self.plan(drivers, riders)
        self.run()
        return self.tally

    def plan(self, drivers: list[Member], riders: list[Member]) -> None:
        """Let drivers offer and riders look, each when they make up their mind."""
        for members, action in ((drivers, self._offer), (riders, self._look)):
            for commute in (c for member in members for c in self._commutes(member)):
                self._at(self._evening_before(commute), partial(action, commute))

    def run(self) -> None:
        """Do one thing after the other, until nothing is left to do."""
        before, done = None, 0
        while self._events:
            event = heapq.heappop(self._events)
            self._wait(before, event.at)
            self._carefully(event)
            before, done = event.at, done + 1
            self._on_event(done, self._count, event.at)

    def _commutes(self, member: Member) -> list[Commute]:
        places = {place.kind: place for place in list_places(member)}
        zone = self._organization.zone
        to_work = time(self._random.choice((7, 8, 8, 9)), self._random.choice((0, 30)))
        home_by = time(self._random.choice((17, 18, 18, 19)), self._random.choice((0, 30)))
        return [
            Commute(
                member=member,
                origin=places[start],
                destination=places[end],
                arrive_at=local_to_utc(self._day, wall, zone, field="time"),
            )
            for start, end, wall in (("home", "work", to_work), ("work", "home", home_by))
        ]

    def _evening_before(self, commute: Commute) -> datetime:
        """Everybody makes up their mind between 16 and 3 hours before they arrive."""
        hours = self._random.uniform(0, 13)
        return commute.arrive_at - PUBLISHED_BEFORE + timedelta(hours=hours)

    def _at(self, at: datetime, action: Callable[[datetime], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, Event(at, self._count, action))

    def _wait(self, before: datetime | None, at: datetime) -> None:
        if before is not None and self._speed is not None:
            wall_clock.sleep((at - before).total_seconds() / self._speed)

    def _carefully(self, event: Event) -> None:
        """A day goes on when one thing in it fails; what failed is counted and shown."""
        try:
            event.action(event.at)
        except DomainError as error:
            self.tally.errors[error.code] += 1

    def _luck(self, *about: object) -> random.Random:
        """Return what decides about one thing, whatever else happened before it.

        So a plot stays the same plot, when somebody does something a minute later in it, and in
        whichever week it is played.
        """
        zone = self._organization.zone
        told = [f"{one.astimezone(zone):%X}" if isinstance(one, datetime) else one for one in about]
        return random.Random(repr((self._seed, *told)))  # noqa: S311 (nothing secret is drawn)

    def _happens(self, share: float, *about: object) -> bool:
        return self._luck(*about).random() < share

    # --- The evening before -------------------------------------------------------------------

    def _offer(self, commute: Commute, now: datetime) -> None:
        car = list_cars(commute.member)[0]
        ride = rides.offer_ride(
            driver=commute.member,
            terms=rides.OfferTerms(
                origin=end_of(commute.origin),
                destination=end_of(commute.destination),
                car_id=car.pk,
                seats=car.seats,
                detour_s=60 * self._detour_min(commute),
                arrive_by=commute.arrive_at,
            ),
            now=now,
        )
        self.tally.offered += 1
        self._at(ride.departure_at, partial(self._drive, ride.pk, commute.member))
        services.match_ride(ride_id=ride.pk, now=now)
        for match in ride.matches.select_related("request__rider").order_by("cost_s"):
            self._try_again(match.request, now)

    def _detour_min(self, commute: Commute) -> int:
        luck = self._luck("detour", commute.member.display_name, commute.arrive_at)
        return luck.choice((8, 10, 12, 15))

    def _look(self, commute: Commute, now: datetime) -> None:
        self.tally.requests += 1
        query = SearchQuery(
            origin=end_of(commute.origin),
            destination=end_of(commute.destination),
            earliest_departure_at=commute.arrive_at - PATIENCE,
            latest_arrival_at=commute.arrive_at,
            walk_m=self._organization.policy.default_walk_m,
            arrive=True,
        )
        if not self._book_best(commute.member, query, now, request=None):
            rides.post_request(
                rider=commute.member,
                terms=rides.RequestTerms(
                    origin=query.origin,
                    destination=query.destination,
                    earliest_departure_at=query.earliest_departure_at,
                    latest_arrival_at=query.latest_arrival_at,
                    walk_m=query.walk_m,
                ),
                now=now,
            )

    def _try_again(self, request: RideRequest, now: datetime) -> None:
        request.refresh_from_db(fields=["state"])
        if request.state == "open":
            self._book_best(request.rider, selectors.query_of(request), now, request=request)

    def _book_best(
        self, rider: Member, query: SearchQuery, now: datetime, *, request: RideRequest | None
    ) -> bool:
        offers = selectors.search(rider, query, now=now).offers
        if not offers:
            return False
        booking = services.book_offer(
            rider=rider,
            token=offers[0].token,
            now=now,
            request_id=request.pk if request else None,
        )
        self.tally.matched += 1
        about = ("cancels", rider.display_name, booking.pickup_at)
        if self._happens(self.share_of_cancelling, *about):
            early = max(now, booking.pickup_at - timedelta(hours=1))
            self._at(early, partial(self._cancel, booking))
        return True

    def _cancel(self, booking: Booking, now: datetime) -> None:
        rides.cancel_booking(
            booking_id=booking.pk, by=booking.rider, reason="Change of plans", now=now
        )
        self.tally.cancelled += 1

    # --- On the road --------------------------------------------------------------------------

    def _drive(self, ride_id: UUID, driver: Member, now: datetime) -> None:
        ride = Ride.objects.get(pk=ride_id)
        rides.start_ride(ride_id=ride.pk, by=driver, now=now)
        for stop in ride.stops.filter(booking__isnull=False):
            self._at(stop.planned_at, partial(self._stop, ride, stop.pk))
        self._at(ride.arrival_at, partial(self._arrive, ride))
        self._at(ride.arrival_at + timedelta(minutes=20), partial(self._answer, ride))

    def _stop(self, ride: Ride, stop_id: int, now: datetime) -> None:
        rides.visit_stop(ride_id=ride.pk, stop_id=stop_id, by=ride.driver, now=now)

    def _arrive(self, ride: Ride, now: datetime) -> None:
        rides.finish_ride(ride_id=ride.pk, by=ride.driver, now=now)

    def _answer(self, ride: Ride, now: datetime) -> None:
        self._watch(now)
        for booking in ride.bookings.filter(state="completed_pending_validation"):
            for member in (ride.driver, booking.rider):
                about = ("silent", member.display_name, booking.pickup_at)
                if not self._happens(self.share_of_silent, *about):
                    rides.answer_validation(
                        booking_id=booking.pk, by=member, took_place=True, now=now
                    )

    def settle_everything(self) -> None:
        """Let the week pass after which silence decides, and look once more."""
        last = Ride.objects.filter(organization=self._organization).latest("arrival_at")
        self._watch(last.decided_at + timedelta(hours=1))

    def _watch(self, now: datetime) -> None:
        rides.watch(now=now, organization=self._organization, limit=100_000)


def end_of(place: Place) -> rides.TripEnd:
    """Return a place as the end of a trip."""
    return rides.TripEnd(from_point(place.location), place.label)
