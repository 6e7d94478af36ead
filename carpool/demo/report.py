"""What a simulated week came to, by what is in the database."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from accounts.models import Organization
from carpool.demo.week import WeekTally
from rides.models import (
    BOOKING_TRANSITIONS,
    RIDE_TRANSITIONS,
    Booking,
    BookingTransition,
    Ride,
    RideTransition,
)
from tracking.engine.labelled import Truth
from tracking.models import Verification

SEEN_AS = ("proven", "held back", "not proven", "not judged")


def counted(values: Iterable[str]) -> str:
    """Return how often each value occurs, the most frequent first."""
    return ", ".join(f"{one} {count}" for one, count in Counter(values).most_common()) or "none"


def rides_of(organization: Organization, since: datetime) -> list[Ride]:
    """Return the week's rides, those that were cancelled, too."""
    rows = Ride.objects.filter(organization=organization, departure_at__gte=since)
    return list(rows.select_related("organization"))


def impossible(organization: Organization, since: datetime, now: datetime) -> Iterator[str]:
    """Yield every step that no table allows, and every state that facts and clock deny."""
    logs: tuple[tuple[Any, Mapping[Any, frozenset[Any]], str], ...] = (
        (RideTransition, RIDE_TRANSITIONS, "ride"),
        (BookingTransition, BOOKING_TRANSITIONS, "booking__ride"),
    )
    for log, table, of in logs:
        mine = {f"{of}__organization": organization, f"{of}__departure_at__gte": since}
        for step in log.objects.filter(**mine).exclude(before=""):
            if step.after not in table[step.before]:
                yield f"{of} {step.before} → {step.after}"
    open_ones = set(
        Booking.objects.filter(ride__organization=organization)
        .filter(state__in=["held", "waiting_confirmation", "confirmed",
                           "completed_pending_validation"])
        .values_list("ride_id", flat=True)
    )  # fmt: skip
    for ride in rides_of(organization, since):
        wanted = ride.state_at(now, has_open_bookings=ride.pk in open_ones)
        if ride.state != wanted:
            yield f"ride {ride.state}, should be {wanted}"


def verdicts(tally: WeekTally) -> dict[Truth, Counter[str]]:
    """Return how the trips were judged whose truth is known, by that truth."""
    judged = {one.booking_id: one for one in Verification.objects.filter(booking__in=tally.truth)}
    table: dict[Truth, Counter[str]] = {}
    for booking_id, truth in tally.truth.items():
        row = table.setdefault(truth, Counter())
        row[_seen_as(judged.get(booking_id))] += 1
    return table


def _seen_as(verdict: Verification | None) -> str:
    if verdict is None or verdict.judged_at is None:
        return "not judged"
    if verdict.held:
        return "held back"
    return "proven" if verdict.accepted else "not proven"
