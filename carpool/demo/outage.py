"""Ten minutes without worker and Redis, in the middle of a simulated day.

People go on meanwhile: what they do is kept by PostgreSQL alone. Afterwards both come back, empty,
and everything has to become what it would have been.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from accounts.models import Member, Organization
from carpool.demo import report
from carpool.demo.company import (
    SHARE_OF_DRIVERS,
    first_moment,
    found_company,
    get_demo_region,
    next_free_monday,
    promise_rewards,
    settle,
)
from carpool.demo.final import Ending
from carpool.demo.week import Shares, Week, WeekTally
from carpool.demo.worker import OwnRedis, Worker
from carpool.kernel.clock import local_to_utc
from carpool.kernel.models import OutboxEvent
from rides.events import BookingStateChanged, TripCounted
from rides.models import BookingState, Threshold

LASTS = timedelta(minutes=10)
# Few people, and much of what only workers do: trips are judged, and rewarded.
MUCH = Shares(recorded=1.0, at_the_kerb=0.4)
# After these facts somebody gets money: the worst moment to lose one.
_REWARDING = Q(name=TripCounted.name()) | Q(
    name=BookingStateChanged.name(), payload__after=BookingState.VALIDATED
)


class Sheltered:
    """A worker process that nothing happens to."""

    def __init__(self, organization: Organization) -> None:
        """Start it."""
        self._organization = organization
        self._worker: Worker | None = Worker(organization)

    def look_round(self, now: datetime, *, rounds: int = 1) -> None:
        """Let the worker do what is due."""
        assert self._worker is not None
        self._worker.look_round(now, rounds=rounds)

    def stop(self) -> None:
        """Let the worker end."""
        if self._worker is not None:
            self._worker.stop()


class Struck(Sheltered):
    """A worker process that is killed at work, soon after each of some moments, and Redis with it.

    It is killed while it writes, and while facts wait that somebody is to be rewarded for.

    With ``loses_facts`` nothing that was told meanwhile is told ever again: as if facts went
    through Redis alone. That is the control: the comparison has to find it.
    """

    def __init__(
        self,
        organization: Organization,
        redis: OwnRedis,
        *,
        moments: Sequence[datetime],
        loses_facts: bool = False,
        tell: Callable[[str], None],
    ) -> None:
        """Start the worker; Redis runs."""
        super().__init__(organization)
        self._redis, self._tell, self._loses_facts = redis, tell, loses_facts
        self._moments = sorted(moments)
        self._back_at: datetime | None = None
        self.outages = 0

    def look_round(self, now: datetime, *, rounds: int = 1) -> None:
        """Let the worker do what is due, if it is there; kill it when its time has come."""
        if self._back_at is not None:
            if now < self._back_at:
                return
            self._come_back(now)
        if self._worker is not None and self._moments and now >= self._moments[0]:
            statement = self._worker.kill_at_work(now, when=self._has_rewards_on_their_way)
            if statement:
                self._go_down(now, statement)
            return  # it was done before it could be killed: next time
        super().look_round(now, rounds=rounds)

    def _go_down(self, now: datetime, statement: str) -> None:
        self._worker = None
        self._redis.stop()
        self._moments.pop(0)
        self._back_at = now + LASTS
        self.outages += 1
        waiting = self._waiting().count()
        self._tell(
            f"{now:%a %H:%M:%S} UTC  worker killed -9 in a transaction, Redis stopped; "
            f"{waiting} facts wait\n{'':22}its last statement: {statement[:80]}"
        )

    def _come_back(self, now: datetime) -> None:
        waiting = self._waiting()
        lost = waiting.delete()[0] if self._loses_facts else 0
        self._tell(
            f"{now:%a %H:%M:%S} UTC  both are back; {self._waiting().count()} facts wait"
            + (f", {lost} were thrown away" if lost else "")
        )
        self._redis.start()
        self._worker, self._back_at = Worker(self._organization), None

    def _has_rewards_on_their_way(self) -> bool:
        return self._waiting().filter(_REWARDING).exists()

    def _waiting(self) -> QuerySet[OutboxEvent]:
        return OutboxEvent.objects.filter(delivered_at=None)


class Play:
    """Some days of a company that is there for this alone."""

    def __init__(
        self, name: str, people: int, days: int, seed: int, *, after: "Play | None" = None
    ) -> None:
        """Found it; ``after`` another play it has the same people, at the same doors and times."""
        number = 1 + Organization.objects.filter(slug__startswith=f"outage-{name}-").count()
        self.organization = found_company(f"Outage {name} {number}", f"outage-{name}-{number}")
        self.people = settle(get_demo_region(), self.organization, people, seed)
        first = next_free_monday(self.organization) if after is None else after.days[0]
        self.days: list[date] = [first + timedelta(days=day) for day in range(days)]
        self._seed = seed
        self.tally = WeekTally()
        promise_rewards(self.organization, first)
        if after is not None:
            _draw_the_same_lots(after.people, self.people)

    def run(self, background: Sheltered) -> None:
        """Play to the end."""
        week = Week(
            self.organization, self.people, monday=self.days[0], days=len(self.days),
            seed=self._seed, share_of_drivers=SHARE_OF_DRIVERS, background=background,
            shares=MUCH, on_event=lambda _done, _known, _now: None,
        )  # fmt: skip
        try:
            self.tally = week.play()
        finally:
            background.stop()

    def moments(self, walls: Iterable[time]) -> list[datetime]:
        """Return these times of each day."""
        zone = self.organization.zone
        return [
            local_to_utc(day, wall, zone, field="day") for day in self.days for wall in walls
        ]  # fmt: skip

    def ending(self) -> Ending:
        """Return what is there now."""
        return Ending(self.organization, first_moment(self.organization, self.days[0]))

    def complaints(self) -> list[str]:
        """Return which states are impossible."""
        since = first_moment(self.organization, self.days[0])
        over = first_moment(self.organization, self.days[-1]) + timedelta(days=9)
        return list(report.impossible(self.organization, since, over))


def _draw_the_same_lots(before: Sequence[Member], after: Sequence[Member]) -> None:
    """Where a ride begins for others is drawn by lot at each door: the same people, the same lots.

    Source: ``rides.services.thresholds``.
    """
    for known, new in zip(before, after, strict=True):
        for lot in Threshold.objects.filter(member=known):
            Threshold.objects.create(member=new, door=lot.door, place=lot.place)
