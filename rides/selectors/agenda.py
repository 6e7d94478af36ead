"""What Today shows: what happens next, and what is asked of a member."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from accounts.models import Member
from rides.models import Booking, RequestState, Ride, RideRequest
from rides.selectors.recurring import worth_showing
from rides.selectors.reliability import UNKNOWN, known_reliability
from rides.selectors.reviews import list_to_rate
from rides.selectors.seeing import list_requests, list_rides


@dataclass(frozen=True, slots=True)
class Agenda:
    """What lies ahead of a member, soonest first."""

    driving: list[Ride]
    riding: list[Booking]
    to_decide: list[Booking]
    to_answer: list[Booking]
    requests: list[RideRequest]
    lost: list[Booking]
    to_rate: list[Booking]

    @property
    def is_empty(self) -> bool:
        """Nothing ahead and nothing to do."""
        return not any((self.driving, self.riding, self.to_decide, self.to_answer, self.requests))


def get_agenda(member: Member, *, now: datetime, limit: int = 20) -> Agenda:
    """Return what a member does next and what is asked of them."""
    mine = Booking.objects.select_related(
        "rider", "ride", "ride__driver", "ride__car", "ride__organization"
    )
    return Agenda(
        driving=list(
            list_rides(member)
            .filter(cancelled_at=None, finished_at=None, arrival_at__gt=now)
            .filter(worth_showing(now))
            .order_by("departure_at")[:limit]
        ),
        riding=list(mine.filter(rider=member).active().filter(dropoff_at__gt=now)[:limit]),
        to_decide=_with_reliability(
            mine.filter(ride__driver=member, state="waiting_confirmation", pickup_at__gt=now)[
                :limit
            ],
            now,
        ),
        to_answer=list(
            mine.filter(state="completed_pending_validation")
            .filter(Q(rider=member, rider_answer=None) | Q(ride__driver=member, driver_answer=None))
            .order_by("-pickup_at")[:limit]
        ),
        requests=list(
            # Stored by matching, which keeps them true; here they are only counted.
            list_requests(member).waiting(now).annotate(rides_found=Count("matches"))[:limit]
        ),
        lost=list(
            mine.filter(rider=member, state="cancelled", pickup_at__gt=now)
            .exclude(cancelled_by=member)
            .exclude(rescue__state=RequestState.FULFILLED)
            .select_related("rescue")
            .annotate(rides_found=Count("rescue__matches"))
            .order_by("pickup_at")[:3]
        ),
        to_rate=list_to_rate(member, now=now),
    )


def _with_reliability(bookings: QuerySet[Booking], now: datetime) -> list[Booking]:
    """Add to each booking how surely its rider can be counted on, as ``known``."""
    found = list(bookings)
    known = known_reliability({booking.rider_id for booking in found}, now=now)
    for booking in found:
        booking.known = known.get(booking.rider_id, UNKNOWN)
    return found
