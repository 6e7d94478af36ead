"""Everything that a room's page shows of money, for one of its people: constant queries."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Member
from payments.engine.prepay import Terms
from payments.engine.tariffs import FareEstimate
from payments.errors import NoTariff
from payments.models import Dispute, Fare, FareShare, LockedFare, Payment, SeatPrice, TopUp
from payments.models.fares import OPEN_TOP_UPS
from payments.selectors.rooms import quote_room, quote_seat
from rides.models import Room, RoomSeat


@dataclass(frozen=True, slots=True)
class RoomMoney:
    """What a viewer sees of a room's money.

    Attributes:
        estimate: Range of the fare along the planned way; None where nobody knows what taxis cost.
        terms: What joining would cost now, and at most.
        price: What the viewer agreed to when they took their seat.
        payment: How the viewer's prepayment stands.
        top_up: What the viewer is asked to add, until they have answered.
        waiting: Of how many others an answer is missing; only the host is told.
        locked: What the fare will be at most for the party that is final.
        fare, shares: What it was, and everybody's part; those in the room see all parts.
        own: The viewer's part.
        dispute: The viewer's objection to it.
        disputable_until: Until when they can object.
    """

    estimate: FareEstimate | None
    terms: Terms | None
    price: SeatPrice | None
    payment: Payment | None
    top_up: TopUp | None
    waiting: int
    locked: LockedFare | None
    fare: Fare | None
    shares: tuple[FareShare, ...]
    own: FareShare | None
    dispute: Dispute | None
    disputable_until: datetime | None


def room_money(room: Room, viewer: Member) -> RoomMoney:
    """Return what the viewer may see of a room's money; the room is one that they see."""
    seats = list(room.seats.all())
    own = next((one for one in reversed(_by_time(seats)) if one.rider_id == viewer.pk), None)
    estimate = _estimate(room, seats)
    price = (
        SeatPrice.objects.select_related("payment").filter(seat_id=own.pk).first() if own else None
    )
    asked = list(_open_top_ups(room)) if own else []
    fare = Fare.objects.filter(room_id=room.pk).first() if own else None
    shares = tuple(fare.shares.select_related("dispute").order_by("-is_host", "pk")) if fare else ()
    mine = next((one for one in shares if one.person_id == viewer.pk), None)
    is_host = room.host_id == viewer.pk
    return RoomMoney(
        estimate=estimate,
        terms=quote_seat(room, estimate) if estimate else None,
        price=price,
        payment=price.payment if price else None,
        top_up=next((one for one in asked if one.rider_id == viewer.pk), None),
        waiting=len(asked) if is_host else 0,
        locked=LockedFare.objects.filter(room_id=room.pk).first(),
        fare=fare,
        shares=shares,
        own=mine,
        dispute=getattr(mine, "dispute", None) if mine else None,
        disputable_until=(
            fare.disputable_until(room.organization.policy.room_dispute_s) if fare else None
        ),
    )


def _open_top_ups(room: Room) -> "QuerySet[TopUp]":
    open_ones = TopUp.objects.filter(room_id=room.pk, state__in=OPEN_TOP_UPS)
    return open_ones.select_related("payment")


def _by_time(seats: list[RoomSeat]) -> list[RoomSeat]:
    return sorted(seats, key=lambda seat: (seat.joined_at, seat.pk))


def _estimate(room: Room, seats: list[RoomSeat]) -> FareEstimate | None:
    there = [seat for seat in seats if seat.state in {"held", "taken", "aboard", "absent"}]
    try:
        return quote_room(room, there)
    except NoTariff:
        return None
