"""Objecting to a fee of a planned ride: for giving a seat back late, or for not coming (R11).

As with a part of a taxi's fare: what is contested is held on what the driver is to get, and nothing
else waits for it. A decision for the rider is a new journal, never a change of an old one.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from carpool.kernel import outbox
from payments.engine import chart, journals
from payments.engine.disputes import DisputeEnd, may_dispute, undecided_dispute
from payments.engine.refunds import Capture, share_refund
from payments.engine.rules import DisputeRules
from payments.errors import NoFeeToContest, RideFareNotFound
from payments.events import FeeLifted
from payments.models import (
    FEE_CONTEST_TRANSITIONS,
    FeeContest,
    FeeContestState,
    Hold,
    Payment,
    RideFare,
    RideFareState,
)
from payments.models.ride_fares import FEE_ENDS
from payments.selectors.ride_fares import contest_rules, split_back
from payments.services.holds import capture_hold, place_hold, release_hold
from payments.services.ride_fares import lock_fare, move_fare, tell
from payments.services.seats import paid_in_time


@transaction.atomic
def contest_fee(*, booking_id: UUID, by: Member, reason: str, now: datetime) -> FeeContest:
    """Object to a fee of one's own; it is held until somebody decides.

    Raises:
        RideFareNotFound: the member has no such booking, or it costs nothing.
        NoFeeToContest: no fee was taken, it is too late, or it has been contested before.
        InsufficientFunds: the driver has been paid out what is contested.
    """
    fare = lock_fare(booking_id)
    if fare is None or fare.rider_id != by.pk:
        raise RideFareNotFound
    rules = contest_rules(fare.organization)
    is_fee = fare.end in FEE_ENDS and fare.to_driver > 0 and fare.ended_at is not None
    known = FeeContest.objects.filter(fare=fare).exists()
    if not is_fee or known or not may_dispute(now, fare.ended_at or now, rules):
        raise NoFeeToContest
    contest = FeeContest.objects.create(
        organization_id=fare.organization_id,
        fare=fare,
        reason=reason,
        amount=fare.to_driver,
        opened_at=now,
        decide_by=now + timedelta(seconds=rules.decide_within_s),
    )
    for payment, amount in _parts(fare):
        place_hold(
            organization_id=fare.organization_id,
            op_key=f"{_prefix(contest)}{payment}",
            source=chart.payable(str(fare.driver_id), fare.currency),
            target=chart.refund_payable(payment, fare.currency),
            amount=amount,
            now=now,
        )
    for person in (fare.rider_id, fare.driver_id):
        tell(fare, person, "contest_opened", now)
    return contest


def _parts(fare: RideFare) -> list[tuple[str, int]]:
    """Return by which payments the fee would go back: each the part of it that it paid.

    Raises:
        NoFeeToContest: a bank has taken a payment back meanwhile; then our people look at it.
    """
    paid = list(Payment.objects.select_for_update().filter(trip_id=fare.booking_id).order_by("pk"))
    if any(one.charged_back for one in paid):
        raise NoFeeToContest
    captures = paid_in_time(paid)
    gone = dict(share_refund(captures, fare.back, fare.currency))
    left = [
        Capture(one.payment, one.captured, gone.get(one.payment, 0), one.captured_at)
        for one in captures
    ]
    return share_refund(left, fare.to_driver, fare.currency)


def _prefix(contest: FeeContest) -> str:
    return f"contest:{contest.pk}:"


@transaction.atomic
def decide_contest(
    *, contest_id: UUID, by: Member | None, for_rider: bool, why: str, now: datetime
) -> FeeContest:
    """Decide an objection to a fee, once. For the rider: it goes back by the way it came.

    ``by`` is nobody where the clock decides.

    Raises:
        NoFeeToContest: there is none, or it has been decided.
    """
    known = RideFare.objects.filter(contest=contest_id).first()
    fare = lock_fare(known.booking_id) if known is not None else None
    contest = FeeContest.objects.select_for_update().filter(pk=contest_id).first()
    after = FeeContestState.WON if for_rider else FeeContestState.LOST
    if contest is None or fare is None or after not in _after(contest):
        raise NoFeeToContest
    holds = Hold.objects.filter(
        organization=contest.organization_id, op_key__startswith=_prefix(contest)
    )
    for hold in holds.select_related("target").order_by("op_key"):
        if for_rider:
            _give_back(contest, fare, hold, now)
        else:
            release_hold(organization_id=contest.organization_id, hold_id=hold.pk, now=now)
    if for_rider:
        fare.to_driver, fare.back = 0, fare.amount
        fare.back_to_sponsor = split_back(fare, fare.back)[1]
        move_fare(fare, RideFareState.REFUNDED, ["to_driver", "back", "back_to_sponsor"])
    contest.state, contest.decided_at, contest.why = after, now, why
    contest.decided_by_id = by.pk if by is not None else None
    contest.save(update_fields=["state", "decided_at", "why", "decided_by_id"])
    if for_rider:
        lifted = FeeLifted(
            booking_id=fare.booking_id,
            seat_id=None,
            member_id=fare.rider_id,
            by_id=contest.decided_by_id,
            at=now,
        )
        outbox.publish(lifted, now=now)
    for person in (fare.rider_id, fare.driver_id):
        tell(fare, person, f"contest_{after}", now)
    return contest


def _after(contest: FeeContest) -> frozenset[FeeContestState]:
    return FEE_CONTEST_TRANSITIONS[FeeContestState(contest.state)]


def _give_back(contest: FeeContest, fare: RideFare, hold: Hold, now: datetime) -> None:
    returned = journals.fee_returned(
        contest=str(contest.pk),
        trip=str(fare.booking_id),
        driver=str(fare.driver_id),
        payment=hold.target.key,
        amount=hold.amount,
        currency=fare.currency,
    )
    assert returned is not None  # a hold reserves something
    capture_hold(organization_id=fare.organization_id, hold_id=hold.pk, journal=returned, now=now)


def decide_contests_by_silence(*, now: datetime, limit: int = 100) -> int:
    """Decide small objections for the rider when nobody has in time; large ones wait."""
    due = FeeContest.objects.filter(state=FeeContestState.OPEN, decide_by__lte=now)
    decided = 0
    for contest in due.order_by("decide_by")[:limit]:
        end = undecided_dispute(
            contest.amount, opened_at=contest.opened_at, now=now, rules=DisputeRules()
        )
        if end is not DisputeEnd.FOR_RIDER:
            continue
        try:
            decide_contest(
                contest_id=contest.pk, by=None, for_rider=True, why="No decision in time.", now=now
            )
        except NoFeeToContest:
            continue  # somebody has decided just now
        decided += 1
    return decided
