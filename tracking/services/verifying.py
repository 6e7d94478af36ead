"""Judging trips: rows that wait, judged one by one, each in its own transaction and worker."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Organization
from rides.models import Booking, BookingState, ProofClass, Ride
from rides.services import state_proof
from tracking import engine
from tracking.models import Trace, Verification
from tracking.selectors.cases import build_case, strategy_of
from tracking.services.rules import current_rules
from tracking.services.telling import outcome_of, tell_judged

# Phones send what they kept a moment ago before anybody judges.
SETTLING = timedelta(seconds=60)
# A worker that dies is replaced by the next sweep after so long.
CLAIMED_FOR = timedelta(minutes=5)
_TRAVELLED = (
    BookingState.CONFIRMED,
    BookingState.COMPLETED_PENDING_VALIDATION,
    BookingState.VALIDATED,
)


@transaction.atomic
def plan_verdicts(*, ride_id: UUID, now: datetime, is_final: bool) -> int:
    """Let the trips of a ride that has ended be judged; return how many there are.

    Of a ride from which no phone sent anything nothing is judged: both sides are asked.
    """
    if not Trace.objects.filter(ride=ride_id, positions_count__gt=0).exists():
        return 0
    judge_at = now if is_final else now + SETTLING
    bookings = Booking.objects.filter(ride=ride_id, state__in=_TRAVELLED)
    for booking in bookings:
        Verification.objects.get_or_create(booking=booking, defaults={"ride_id": ride_id})
    open_ones = Verification.objects.filter(ride=ride_id, accepted=False, overruled_at=None)
    return open_ones.update(judge_at=judge_at)


def judge_again(ride: Ride, *, now: datetime) -> None:
    """Judge a ride's trips anew, as a phone has sent more; a proven trip stays proven."""
    known = Verification.objects.filter(ride=ride, accepted=False, overruled_at=None)
    known.exclude(judged_at=None).filter(judge_at=None).update(judge_at=now + SETTLING)


def claim_due(
    *, now: datetime, limit: int = 500, organization: Organization | None = None
) -> list[UUID]:
    """Return trips that wait to be judged, and let nobody else take them for a while."""
    with transaction.atomic():
        due = Verification.objects.due(now).select_for_update(skip_locked=True, of=("self",))
        if organization is not None:
            due = due.filter(ride__organization=organization)
        claimed = list(due.order_by("judge_at").values_list("pk", flat=True)[:limit])
        Verification.objects.filter(pk__in=claimed).update(judge_at=now + CLAIMED_FOR)
    return claimed


def verify_due(*, now: datetime, organization: Organization | None = None) -> int:
    """Judge whatever waits, here and now; return how many trips were judged."""
    claimed = claim_due(now=now, organization=organization)
    for verification_id in claimed:
        verify_trip(verification_id=verification_id, now=now)
    return len(claimed)


def verify_trip(*, verification_id: UUID, now: datetime) -> Verification | None:
    """Judge one rider's trip, and state it to rides when it is proven.

    None: it was judged meanwhile. Positions are read outside of any lock.
    """
    waiting = Verification.objects.exclude(judge_at=None).filter(overruled_at=None)
    verification = waiting.filter(pk=verification_id).first()
    if verification is None:
        return None
    bookings = Booking.objects.select_related("ride__driver", "ride__region", "rider")
    booking = bookings.get(pk=verification.booking_id)
    rules = current_rules()
    verdict = strategy_of(rules).judge(build_case(booking, now=now))
    with transaction.atomic():
        locked = waiting.select_for_update(of=("self",)).filter(pk=verification_id).first()
        if locked is None:
            return None
        locked.rules, locked.judged_at, locked.judge_at = rules, now, None
        _write(locked, verdict)
        people = [booking.rider_id, booking.ride.driver_id]
        tell_judged(locked, people, outcome_of(locked), now)
        if verdict.accepted and verdict.proof_class:
            state_proof(
                booking_id=booking.pk, proof_class=ProofClass(verdict.proof_class),
                counts=verdict.eligible, now=now,
            )  # fmt: skip
    return locked


def _write(verification: Verification, verdict: engine.Verdict) -> None:
    verification.strategy = verdict.strategy
    verification.proof_class = verdict.proof_class or ""
    verification.accepted, verification.held = verdict.accepted, verdict.held
    verification.eligible, verification.measures = verdict.eligible, verdict.measures
    verification.reasons = [
        {
            "code": reason.code,
            "weight": reason.weight,
            "subject": reason.subject,
            "measured": reason.measured,
            "threshold": reason.threshold,
        }
        for reason in verdict.reasons
    ]
    verification.save()
