"""Objecting to one's part of a fare, and what becomes of it (R11).

What is disputed is held on what the host is to get; nothing else waits for it. A decision for the
rider is a new journal, never a change of an old one.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from carpool.kernel import outbox
from payments.engine import chart, journals
from payments.engine.disputes import DisputeEnd, may_dispute, undecided_dispute
from payments.engine.leaving import Presence
from payments.engine.refunds import Capture, plan_refunds
from payments.engine.rules import DisputeRules
from payments.errors import DisputeClosed, FareNotFound
from payments.events import FeeLifted
from payments.models import (
    DISPUTE_TRANSITIONS,
    Dispute,
    DisputeState,
    Fare,
    FareShare,
    FareState,
    Hold,
)
from payments.services.holds import capture_hold, place_hold, release_hold
from payments.services.ledger import post_journals
from payments.services.seats import captures_by_presence, payments_of
from payments.services.top_ups import tell
from rides.models import Room, RoomSeat, SeatState
from rides.selectors import get_room


def dispute_rules(room: Room) -> DisputeRules:
    """Return the numbers of R11 for a room."""
    return DisputeRules(open_for_s=room.organization.policy.room_dispute_s)


@transaction.atomic
def open_dispute(*, fare_id: UUID, by: Member, reason: str, now: datetime) -> Dispute:
    """Object to one's own part; it is held until somebody decides.

    Raises:
        FareNotFound: the member has no part in it.
        DisputeClosed: it is too late, costs nothing, or has been disputed before.
        InsufficientFunds: the host has been paid out what is disputed.
    """
    share = FareShare.objects.filter(fare=fare_id, person_id=by.pk, is_host=False).first()
    fare = Fare.objects.filter(pk=fare_id, state=FareState.SETTLED).first()
    if share is None or fare is None or fare.settled_at is None:
        raise FareNotFound
    room = get_room(fare.room_id, lock=True)
    rules = dispute_rules(room)
    paid = share.fare_part + share.penalty
    known = Dispute.objects.filter(share=share).exists()
    if known or not paid or not may_dispute(now, fare.settled_at, rules):
        raise DisputeClosed
    dispute = Dispute.objects.create(
        organization_id=fare.organization_id,
        share=share,
        reason=reason,
        amount=share.fare_part,
        penalty=share.penalty,
        opened_at=now,
        decide_by=now + timedelta(seconds=rules.decide_within_s),
    )
    for payment, amount in _plan(fare, share)[0]:
        place_hold(
            organization_id=fare.organization_id,
            op_key=f"{_prefix(dispute)}{payment}",
            source=chart.payable(str(fare.host_id), fare.currency),
            target=chart.refund_payable(payment, fare.currency),
            amount=amount,
            now=now,
        )
    for person in (fare.host_id, share.person_id):
        tell(fare.room_id, person, "dispute_opened", now)
    return dispute


Parts = list[tuple[str, int]]


def _plan(fare: Fare, share: FareShare) -> tuple[Parts, Parts]:
    """Return by which payments the part, and the penalty, would go back: what is left of each."""
    seat = _seat_of(fare, share)
    paid = payments_of(seat.pk, lock=True) if seat is not None else []
    captures = captures_by_presence(paid, came=share.presence == Presence.BOARDED)
    gone = dict(plan_refunds(captures, share.back))
    parts = plan_refunds(_less(captures, gone), share.fare_part)
    for payment, amount in parts:
        gone[payment] = gone.get(payment, 0) + amount
    return parts, plan_refunds(_less(captures, gone), share.penalty)


def _less(captures: list[Capture], gone: dict[str, int]) -> list[Capture]:
    return [
        Capture(one.payment, one.captured, gone.get(one.payment, 0), one.captured_at)
        for one in captures
    ]


def _seat_of(fare: Fare, share: FareShare) -> RoomSeat | None:
    seats = RoomSeat.objects.filter(room=fare.room_id, rider=share.person_id)
    return seats.exclude(state=SeatState.RELEASED).first()


def _prefix(dispute: Dispute) -> str:
    return f"dispute:{dispute.pk}:"


@transaction.atomic
def decide_dispute(
    *, dispute_id: UUID, by: Member | None, for_rider: bool, why: str, now: datetime
) -> Dispute:
    """Decide a dispute, once. For the rider: part and penalty go back by the way they came.

    ``by`` is nobody where the clock decides.

    Raises:
        DisputeClosed: there is none, or it has been decided.
    """
    dispute = _lock(dispute_id)
    after = DisputeState.WON if for_rider else DisputeState.LOST
    if dispute is None or after not in DISPUTE_TRANSITIONS[DisputeState(dispute.state)]:
        raise DisputeClosed
    share = dispute.share
    fare = share.fare
    holds = Hold.objects.filter(
        organization=dispute.organization_id, op_key__startswith=_prefix(dispute)
    )
    for hold in holds.select_related("target").order_by("op_key"):
        if for_rider:
            _take_back(dispute, fare, hold, now)
        else:
            release_hold(organization_id=dispute.organization_id, hold_id=hold.pk, now=now)
    if for_rider:
        _return_penalty(dispute, fare, share, now)
    dispute.state, dispute.decided_at, dispute.why = after, now, why
    dispute.decided_by_id = by.pk if by is not None else None
    dispute.save(update_fields=["state", "decided_at", "why", "decided_by_id"])
    if for_rider and share.presence in {Presence.LEFT_LATE, Presence.NO_SHOW}:
        _publish_lifted(dispute, now)
    for person in (fare.host_id, share.person_id):
        tell(fare.room_id, person, f"dispute_{after}", now)
    return dispute


def _publish_lifted(dispute: Dispute, now: datetime) -> None:
    share = dispute.share
    seat = _seat_of(share.fare, share)
    if seat is not None:
        lifted = FeeLifted(
            booking_id=None,
            seat_id=seat.pk,
            member_id=share.person_id,
            by_id=dispute.decided_by_id,
            at=now,
        )
        outbox.publish(lifted, now=now)


def _lock(dispute_id: UUID) -> Dispute | None:
    rows = Dispute.objects.select_for_update(of=("self",)).select_related("share__fare")
    return rows.filter(pk=dispute_id).first()


def _take_back(dispute: Dispute, fare: Fare, hold: Hold, now: datetime) -> None:
    won = journals.dispute_won(
        dispute=str(dispute.pk),
        trip=str(fare.room_id),
        host=str(fare.host_id),
        payment=hold.target.key,
        amount=hold.amount,
        currency=fare.currency,
    )
    assert won is not None  # a hold reserves something
    capture_hold(organization_id=fare.organization_id, hold_id=hold.pk, journal=won, now=now)


def _return_penalty(dispute: Dispute, fare: Fare, share: FareShare, now: datetime) -> None:
    found = [
        journals.penalty_returned(
            dispute=str(dispute.pk),
            trip=str(fare.room_id),
            payment=payment,
            amount=amount,
            currency=fare.currency,
        )
        for payment, amount in _plan(fare, share)[1]
    ]
    moves = [one for one in found if one is not None]
    if moves:
        post_journals(organization_id=fare.organization_id, journals=moves, now=now)


def decide_by_silence(*, now: datetime, limit: int = 100) -> int:
    """Decide small disputes for the rider when nobody has in time; large ones wait for a person."""
    due = Dispute.objects.filter(state=DisputeState.OPEN, decide_by__lte=now)
    decided = 0
    for dispute in due.select_related("share__fare").order_by("decide_by")[:limit]:
        room = get_room(dispute.share.fare.room_id)
        end = undecided_dispute(
            dispute.amount + dispute.penalty,
            opened_at=dispute.opened_at,
            now=now,
            rules=dispute_rules(room),
        )
        if end is DisputeEnd.FOR_RIDER:
            decide_dispute(
                dispute_id=dispute.pk, by=None, for_rider=True, why="No decision in time.", now=now
            )
            decided += 1
    return decided
