"""What it would mean for everybody's purse if two half-empty taxis became one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import Member
from payments.engine.split import ceil_div
from payments.errors import NoTariff
from payments.models import SeatPrice
from payments.selectors.room_prices import RoomPrice, price_room
from payments.selectors.rooms import Reached
from rides.errors import RoomsDoNotFit
from rides.models import Room, RoomMerger, RoomSeat, SplitRule
from rides.selectors import find_merger_of
from rides.services import RoomRoute, plan_merger, seats_of


@dataclass(frozen=True, slots=True)
class MergerPrice:
    """What the two as one would cost, and each person's part of its highest fare.

    ``price`` is what the host who becomes a rider pays then, and at most. The parts, now and then,
    are by rider.
    """

    price: RoomPrice
    route: RoomRoute
    party: int
    parts_now: Mapping[UUID, int]
    parts_then: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class ProposedMerger:
    """A proposal as one of the two hosts sees it."""

    merger: RoomMerger
    other: Room
    others: int
    host: Member
    is_staying: bool
    has_agreed: bool
    quote: MergerPrice

    @property
    def part_now(self) -> int:
        """The viewer's part of the highest fare as it is now."""
        return self.quote.parts_now[self.host.pk]

    @property
    def part_then(self) -> int:
        """The same as one."""
        return self.quote.parts_then[self.host.pk]

    @property
    def is_by_distance(self) -> bool:
        """Tell whether parts differ, as each pays by how far they ride."""
        return self.merger.stays.split_rule == SplitRule.DISTANCE


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
        now_ = [*_parts_now(stays, staying), *_parts_now(goes, going)]
    except NoTariff as error:
        raise RoomsDoNotFit from error
    then = _parts(stays, price.high, route.parts, party=len(seats))
    agreed = dict(
        SeatPrice.objects.filter(seat_id__in=[seat.pk for seat in seats]).values_list(
            "seat_id", "at_most"
        )
    )
    for seat, before, after in zip(seats, now_, then, strict=True):
        if after > min(before, agreed.get(seat.pk, before)):
            raise RoomsDoNotFit
    if not has_paid and any(one.is_hosts and one.pk in agreed for one in going):
        raise RoomsDoNotFit  # of a host who was a rider before that payment goes back
    riders = [seat.rider_id for seat in seats]
    return MergerPrice(
        price, route, len(seats),
        parts_now=dict(zip(riders, now_, strict=True)),
        parts_then=dict(zip(riders, then, strict=True)),
    )  # fmt: skip


def _parts_now(room: Room, seats: Sequence[RoomSeat]) -> list[int]:
    """Return everybody's part of the highest fare: in the smallest party, if it is not there."""
    party = max(len(seats), room.least_party)
    return _parts(room, price_room(room, seats).high, seats, party=party)


def _parts(room: Room, high: int, reached: Sequence[Reached], *, party: int) -> list[int]:
    """Return everybody's part of a fare, as :func:`settle_room` will divide it, rounded up.

    Who is still missing in the party is thought to ride as far as the others do on average.
    """
    by_distance = room.split_rule == SplitRule.DISTANCE
    weights = [max(1, one.distance_m) if by_distance else 1 for one in reached]
    return [ceil_div(high * one * len(weights), sum(weights) * party) for one in weights]


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
    return ProposedMerger(merger, other, len(seats_of(other)), host, is_staying, has_agreed, quote)
