"""What it would mean for everybody's purse if two half-empty taxis became one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Member
from payments.engine.split import ceil_div
from payments.errors import NoTariff
from payments.models import SeatPrice
from payments.selectors.room_prices import RoomPrice, price_room
from rides.errors import RoomsDoNotFit
from rides.models import Room, RoomMerger, RoomSeat
from rides.selectors import find_merger_of
from rides.services import RoomRoute, plan_merger, seats_of


@dataclass(frozen=True, slots=True)
class MergerPrice:
    """What the two as one would cost, and each person's part of its highest fare, now and then.

    ``price`` is what the host who becomes a rider pays then, and at most.
    """

    price: RoomPrice
    route: RoomRoute
    party: int
    part: int
    part_of_staying: int
    part_of_going: int


@dataclass(frozen=True, slots=True)
class ProposedMerger:
    """A proposal as one of the two hosts sees it."""

    merger: RoomMerger
    other: Room
    others: int
    is_staying: bool
    has_agreed: bool
    quote: MergerPrice

    @property
    def part_now(self) -> int:
        """The viewer's part of the highest fare as it is now."""
        return self.quote.part_of_staying if self.is_staying else self.quote.part_of_going


def price_merger(stays: Room, goes: Room, *, now: datetime, has_paid: bool = False) -> MergerPrice:
    """Return what the two as one would cost; nobody pays more than now, or than they agreed to.

    ``has_paid``: the host who becomes a rider has paid for it already.

    Raises:
        RoomsDoNotFit: somebody would, nobody knows the price, or the rooms do not fit.
    """
    staying, going = seats_of(stays), seats_of(goes)
    seats = [*staying, *going]
    route = plan_merger(stays, goes, seats, now=now)
    try:
        price = price_room(stays, route.parts)
        before = [_part(stays, staying), _part(goes, going)]
    except NoTariff as error:
        raise RoomsDoNotFit from error
    part = ceil_div(price.high, len(seats))
    agreed = SeatPrice.objects.filter(seat_id__in=[seat.pk for seat in seats])
    if part > min(before) or agreed.filter(at_most__lt=part).exists():
        raise RoomsDoNotFit
    if not has_paid and agreed.filter(seat_id__in=[one.pk for one in going if one.is_hosts]):
        raise RoomsDoNotFit  # of a host who was a rider before that payment goes back
    return MergerPrice(price, route, len(seats), part, before[0], before[1])


def _part(room: Room, seats: Sequence[RoomSeat]) -> int:
    """Return each one's part of the highest fare: in the smallest party, if it is not there yet."""
    return ceil_div(price_room(room, seats).high, max(len(seats), room.least_party))


def merger_for(host: Member, room: Room, *, now: datetime) -> ProposedMerger | None:
    """Return what is proposed to a room's host, None when nothing is, or it does not fit now."""
    merger = find_merger_of(host, room)
    if merger is None or now >= merger.answer_by:
        return None
    is_staying = merger.stays_id == room.pk
    other = merger.goes if is_staying else merger.stays
    try:
        quote = price_merger(merger.stays, merger.goes, now=now, has_paid=True)
    except RoomsDoNotFit:
        return None
    # Who becomes a rider has answered once their payment is recorded.
    own = SeatPrice.objects.filter(payment__op_key=f"merger:{merger.pk}", payment__payer_id=host.pk)
    has_agreed = merger.has_agreed(host) or own.exists()
    return ProposedMerger(merger, other, len(seats_of(other)), is_staying, has_agreed, quote)
