"""What is there at the end of two runs of one plot, without anything that is drawn by lot.

Numbers of rows differ between runs, and so does the moment at which a worker looked. Everything
else is told by names and by the times that people chose: who drove when, who came along, what that
came to, what was given for it, and what stands in the books, leg by leg.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import Member, Organization, Site
from payments.models import JournalEntry, LedgerBalance, Reward
from rides.models import Booking, Deed, Ride, RideRequest, Stop
from tracking.models import Verification, WorkDay

Facts = Counter[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One kind of facts: how many the first run has, and what only one of the two has."""

    what: str
    count: int
    missing: list[tuple[Any, ...]]
    added: list[tuple[Any, ...]]

    @property
    def is_none(self) -> bool:
        """Whether both runs say the same."""
        return not self.missing and not self.added


class Ending:
    """The end of a run in an organization of its own."""

    def __init__(self, organization: Organization, since: datetime) -> None:
        """Read who is who; facts are read when they are asked for."""
        self._organization, self._since = organization, since
        people = Member.objects.filter(organization=organization)
        self._names: dict[UUID | None, str] = dict(people.values_list("pk", "display_name"))
        sites = Site.objects.filter(organization=organization)
        self._sites = {str(pk): name for pk, name in sites.values_list("pk", "name")}
        rides = Ride.objects.filter(organization=organization, departure_at__gte=since)
        self._rides = {one.pk: self._name_ride(one) for one in rides}
        bookings = Booking.objects.filter(ride__in=self._rides).order_by("created_at", "pk")
        self._bookings = {one.pk: (*self._rides[one.ride_id], self._names[one.rider_id])
                          for one in bookings}  # fmt: skip

    def facts(self) -> dict[str, Facts]:
        """Return all facts by their kind; equal ones are counted."""
        kinds: dict[str, Callable[[], Iterator[tuple[Any, ...]]]] = {
            "rides": self._of_rides,
            "stops": self._of_stops,
            "bookings": self._of_bookings,
            "requests": self._of_requests,
            "verdicts": self._of_verdicts,
            "deeds": self._of_deeds,
            "working days": self._of_work_days,
            "rewards": self._of_rewards,
            "journals": self._of_journals,
            "balances": self._of_balances,
        }
        return {kind: Counter(read()) for kind, read in kinds.items()}

    def _name_ride(self, ride: Ride) -> tuple[Any, ...]:
        return (self._names[ride.driver_id], ride.departure_at.isoformat())

    def _of_rides(self) -> Iterator[tuple[Any, ...]]:
        for one in Ride.objects.filter(pk__in=self._rides):
            what = "instant" if one.is_instant else "planned"
            times = (one.arrival_at, one.started_at, one.finished_at, one.cancelled_at)
            yield *self._rides[one.pk], what, one.state, *map(_said, times)

    def _of_stops(self) -> Iterator[tuple[Any, ...]]:
        for one in Stop.objects.filter(ride__in=self._rides):
            whose = self._bookings.get(one.booking_id, ("",))[-1]  # type: ignore[arg-type]
            times = (one.planned_at, one.visited_at)
            yield *self._rides[one.ride_id], one.position, one.kind, whose, *map(_said, times)

    def _of_bookings(self) -> Iterator[tuple[Any, ...]]:
        for one in Booking.objects.filter(pk__in=self._bookings):
            times = (one.pickup_at, one.dropoff_at, one.cancelled_at, one.missed_at)
            yield (
                *self._bookings[one.pk], one.state, one.outcome, one.driver_answer,
                one.rider_answer, one.proof_class, one.is_late, one.price_minor, *map(_said, times),
            )  # fmt: skip

    def _of_requests(self) -> Iterator[tuple[Any, ...]]:
        rows = RideRequest.objects.filter(rider__organization=self._organization)
        for one in rows.filter(latest_arrival_at__gte=self._since):
            is_rescue = one.instead_of_id is not None
            latest = one.latest_arrival_at.isoformat()
            yield self._names[one.rider_id], latest, one.state, is_rescue

    def _of_verdicts(self) -> Iterator[tuple[Any, ...]]:
        for one in Verification.objects.filter(booking__in=self._bookings):
            codes = tuple(sorted(reason["code"] for reason in one.reasons))
            yield (
                *self._bookings[one.booking_id], one.judged_at is not None, one.accepted, one.held,
                one.eligible, one.proof_class, codes,
            )  # fmt: skip

    def _of_deeds(self) -> Iterator[tuple[Any, ...]]:
        for one in Deed.objects.filter(booking__in=self._bookings):
            trip = self._bookings[one.booking_id] if one.booking_id is not None else ()
            yield *trip, self._names[one.member_id], one.role, one.kind

    def _of_work_days(self) -> Iterator[tuple[Any, ...]]:
        for one in WorkDay.objects.filter(member__organization=self._organization):
            yield self._names[one.member_id], one.date.isoformat(), _said(one.arrived_at), one.said

    def _of_rewards(self) -> Iterator[tuple[Any, ...]]:
        for one in Reward.objects.filter(booking_id__in=self._bookings):
            way, _colon, site = one.way.partition(":")
            yield (
                *self._bookings[one.booking_id], self._names[one.member_id], one.role,
                one.day.isoformat(), way, self._sites.get(site, site), one.proof_class,
                one.worth, one.amount, one.limit, one.back, one.currency,
            )  # fmt: skip

    def _of_journals(self) -> Iterator[tuple[Any, ...]]:
        legs: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        kinds: dict[int, tuple[Any, ...]] = {}
        entries = JournalEntry.objects.filter(journal__organization=self._organization)
        for one in entries.select_related("journal", "account"):
            trip_id = one.journal.trip_id
            kinds[one.journal_id] = one.journal.kind, *self._bookings.get(trip_id, ())  # type: ignore[arg-type]
            legs[one.journal_id].append((*self._name_account(one.account), one.amount))
        for number, kind in kinds.items():
            yield *kind, tuple(sorted(legs[number]))

    def _of_balances(self) -> Iterator[tuple[Any, ...]]:
        balances = LedgerBalance.objects.filter(account__organization=self._organization)
        for one in balances.select_related("account"):
            name = self._name_account(one.account)
            yield *name, one.posted, one.pending_in, one.pending_out

    def _name_account(self, account: Any) -> tuple[str, str, str]:
        whose = self._names.get(account.owner_id, "")
        return account.kind, whose, account.currency


def compare(ours: Mapping[str, Facts], theirs: Mapping[str, Facts]) -> list[Difference]:
    """Return for each kind of facts what only one of two runs has."""
    return [
        Difference(
            kind, ours[kind].total(),
            missing=sorted((ours[kind] - theirs[kind]).elements(), key=repr),
            added=sorted((theirs[kind] - ours[kind]).elements(), key=repr),
        )
        for kind in ours
    ]  # fmt: skip


def _said(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()
