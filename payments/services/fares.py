"""The end of a shared taxi: what it cost, and everybody's part of it (R7, R8, R10).

The whole settlement is one transaction: the amounts, the journals, the closed trip and the room's
end exist together or not at all.
"""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.db import transaction

from accounts.models import Member
from carpool.kernel.pictures import MOST_BYTES, NoPicture, PictureTooLarge, decode
from payments.engine import journals
from payments.engine.leaving import AbsenceEvidence, NoShowVerdict, Presence, judge_absence
from payments.engine.refunds import Capture
from payments.engine.settlement import RiderFacts, RoomFacts, RoomSettlement, settle_room
from payments.errors import (
    FareEntered,
    FareOutOfRange,
    ReceiptMissing,
    ReceiptRefused,
    ReceiptTooLarge,
)
from payments.models import (
    Fare,
    FareShare,
    FareState,
    TopUp,
    TopUpReason,
    TopUpState,
)
from payments.models.fares import OPEN_TOP_UPS
from payments.selectors import rules_of
from payments.services.ledger import close_trip, post_journals
from payments.services.rooms import give_back
from payments.services.seats import captures_by_presence, funded_by, left_free, payments_of
from payments.services.top_ups import ask, look_at_party, tell
from rides import services as rides
from rides.errors import NotTheHost, WrongState
from rides.models import Room, RoomSeat, RoomState, SeatState, SplitRule
from rides.permissions import is_host
from rides.selectors import get_room, get_room_for

LONGEST_SIDE, QUALITY = 1600, 82
# A digit too many is ten times as much; a taxi that goes round a closed road is not.
MOST_TIMES = 5
_OUTSIDE = (SeatState.RELEASED, SeatState.HELD)


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is known of a room when it is settled."""

    facts: RoomFacts
    captures: dict[str, list[Capture]]
    seats: dict[str, RoomSeat]


@transaction.atomic
def enter_fare(
    *, room_id: UUID, by: Member, amount: int, photo: "File[bytes] | None", now: datetime
) -> Fare:
    """Enter what the taxi cost. Within the estimate everybody's part is settled at once.

    Above it the riders are asked; who does not agree in time stays at what they prepaid, and the
    host carries the rest. Until somebody has agreed, the host may correct the fare.

    Raises:
        RoomNotFound, NotTheHost: it is not theirs.
        WrongState: the taxi has not left, or the room is over.
        FareOutOfRange: no taxi costs that.
        ReceiptMissing, ReceiptRefused, ReceiptTooLarge: no picture of the receipt.
        FareEntered: somebody has paid for it meanwhile.
    """
    room = get_room_for(by, room_id, lock=True)
    if not is_host(by, room):
        raise NotTheHost
    rides.look_at_room(room, now=now)
    if room.is_over or room.state_at(now) not in {RoomState.RIDING, RoomState.ARRIVED}:
        raise WrongState
    locked = look_at_party(room_id=room.pk, now=now)
    if locked is None:
        raise WrongState
    if not 0 < amount <= MOST_TIMES * locked.highest_fare:
        raise FareOutOfRange(field="amount")
    fare = _write(room, amount, locked.currency, _read_receipt(photo), now)
    standing = _standing(room, fare)
    top_ups = _settlement(room, standing).top_ups
    if amount <= locked.highest_fare or locked.host_absorbs or not top_ups:
        _settle(room, fare, now)
        return fare
    answer_s = room.organization.policy.room_fare_answer_s
    fare.answer_by = now + timedelta(seconds=answer_s)
    fare.save()
    amounts = {standing.seats[rider]: more for rider, more in top_ups.items()}
    ask(
        room,
        amounts,
        TopUpReason.FARE,
        currency=fare.currency,
        answer_by=fare.answer_by,
        now=now,
    )
    return fare


def _write(room: Room, amount: int, currency: str, receipt: bytes, now: datetime) -> Fare:
    fare = Fare.objects.select_for_update().filter(room_id=room.pk).first() or Fare(
        organization_id=room.organization_id,
        room_id=room.pk,
        currency=currency,
    )
    answered = TopUp.objects.filter(room_id=room.pk, reason=TopUpReason.FARE)
    if answered.filter(state__in=(TopUpState.ACCEPTED, TopUpState.PAID)).exists():
        raise FareEntered
    fare.host_id, fare.amount, fare.entered_at, fare.answer_by = room.host_id, amount, now, now
    fare.photo.save("receipt.jpg", ContentFile(receipt), save=True)
    return fare


def _read_receipt(photo: "File[bytes] | None") -> bytes:
    """Draw the picture of a receipt anew: no metadata of the phone is kept."""
    if photo is None:
        raise ReceiptMissing(field="photo")
    try:
        drawn = decode(photo.read(MOST_BYTES + 1), longest_side=LONGEST_SIDE)
    except PictureTooLarge as error:
        raise ReceiptTooLarge(field="photo") from error
    except NoPicture as error:
        raise ReceiptRefused(field="photo") from error
    out = io.BytesIO()
    drawn.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


@transaction.atomic
def after_top_up(*, top_up_id: UUID, now: datetime) -> None:
    """Go on after a question has ended: with the fare, or with the party that has become smaller.

    Who does not agree to a larger part leaves free. Once the taxi is called the seat is theirs,
    and the host carries the rest.
    """
    top_up = TopUp.objects.get(pk=top_up_id)
    if top_up.state == TopUpState.PAID:
        give_back(seat_id=top_up.seat_id, now=now)  # if the seat went while the money was coming
    if top_up.reason == TopUpReason.FARE:
        settle_fare(room_id=top_up.room_id, now=now)
        return
    room = get_room(top_up.room_id, lock=True)
    is_no = top_up.state in {TopUpState.REFUSED, TopUpState.EXPIRED}
    if is_no and room.called_at is None:
        rides.excuse_seat(seat_id=top_up.seat_id, now=now)
    look_at_party(room_id=room.pk, now=now)


@transaction.atomic
def settle_fare(*, room_id: UUID, now: datetime) -> Fare | None:
    """Settle a fare that waits for answers, once all are there or their time is over."""
    room = get_room(room_id, lock=True)
    fare = Fare.objects.select_for_update().filter(room_id=room.pk).first()
    if fare is None or fare.state == FareState.SETTLED or room.is_over:
        return None
    waiting = TopUp.objects.filter(
        room_id=room.pk, reason=TopUpReason.FARE, state__in=OPEN_TOP_UPS, answer_by__gt=now
    )
    if waiting.exists():
        return None
    _settle(room, fare, now)
    return fare


def settle_due_fares(*, now: datetime, limit: int = 100) -> int:
    """Settle the fares whose time to answer is over; return how many."""
    due = Fare.objects.filter(state=FareState.ASKING, answer_by__lte=now)
    keys = list(due.order_by("answer_by").values_list("room_id", flat=True)[:limit])
    return sum(settle_fare(room_id=key, now=now) is not None for key in keys)


def _settle(room: Room, fare: Fare, now: datetime) -> None:
    standing = _standing(room, fare)
    settlement = _settlement(room, standing)
    # What riders who left in time paid goes back with it, in case nobody has got to it yet.
    gone = room.seats.filter(state=SeatState.RELEASED) | room.seats.filter(rider=room.host_id)
    moves = [one for seat in gone.order_by("pk") for one in left_free(room, seat)]
    settled = journals.room_settled(settlement, trip=str(room.pk), captures=standing.captures)
    if settled is not None:
        moves.append(settled)
    if moves:
        post_journals(organization_id=room.organization_id, journals=moves, now=now)
    close_trip(organization_id=room.organization_id, trip_id=room.pk, now=now)
    FareShare.objects.bulk_create(_shares(fare, settlement))
    fare.state, fare.settled_at = FareState.SETTLED, now
    fare.save(update_fields=["state", "settled_at"])
    absent = [UUID(one.rider) for one in settlement.riders if one.presence == Presence.NO_SHOW]
    rides.settle_room(room_id=room.pk, absent=absent, now=now)
    for person in (settlement.host, *(one.rider for one in settlement.riders)):
        tell(room.pk, UUID(person), "fare_settled", now)


def _shares(fare: Fare, settlement: RoomSettlement) -> list[FareShare]:
    hosts = FareShare(
        fare=fare,
        person_id=UUID(settlement.host),
        is_host=True,
        presence=Presence.BOARDED,
        funded=0,
        share=settlement.host_share,
        fare_part=settlement.host_bears,
    )
    riders = [
        FareShare(
            fare=fare,
            person_id=UUID(one.rider),
            presence=one.presence,
            funded=one.funded,
            share=one.share,
            fare_part=one.fare_part,
            penalty=one.penalty,
            back=one.back,
        )
        for one in settlement.riders
    ]
    return [hosts, *riders]


def _settlement(room: Room, standing: _Standing) -> RoomSettlement:
    return settle_room(standing.facts, rules_of(room, standing.facts.currency))


def _standing(room: Room, fare: Fare) -> _Standing:
    rows = list(room.seats.exclude(state__in=_OUTSIDE).order_by("joined_at", "pk"))
    by_distance = room.split_rule == SplitRule.DISTANCE
    weights = {row.pk: max(1, row.distance_m) if by_distance else 1 for row in rows}
    seats = {str(row.rider_id): row for row in rows if row.rider_id != room.host_id}
    captures = {
        rider: captures_by_presence(
            payments_of(seat.pk, lock=True), came=presence_of(seat) is Presence.BOARDED
        )
        for rider, seat in seats.items()
    }
    riders = tuple(
        RiderFacts(rider, funded_by(captures[rider]), presence_of(seat), weights[seat.pk])
        for rider, seat in seats.items()
    )
    hosts = [weights[row.pk] for row in rows if row.rider_id == room.host_id]
    facts = RoomFacts(
        fare.currency, fare.amount, str(room.host_id), riders, hosts[0] if hosts else 1
    )
    return _Standing(facts, captures, seats)


def presence_of(seat: RoomSeat) -> Presence:
    """Say what became of a rider; a mark alone, against other signs, proves no absence."""
    if seat.state == SeatState.LEFT:
        return Presence.LEFT_LATE
    evidence = AbsenceEvidence(
        marked_by_host=seat.state == SeatState.ABSENT,
        has_boarding_code=seat.boarded_at is not None,
        was_near=seat.seen_at is not None,
    )
    is_absent = judge_absence(evidence) is NoShowVerdict.PROVEN
    return Presence.NO_SHOW if is_absent else Presence.BOARDED
