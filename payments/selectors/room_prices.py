"""What a seat in a shared taxi costs, as it is shown before anybody says yes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, Sum

from accounts.models import Member
from carpool.kernel.geo import LonLat, from_point
from payments.engine.split import ceil_div, percent_of
from payments.errors import NoTariff
from payments.models import SPONSOR, Payment
from payments.selectors.rooms import Reached, quote_room, quote_seat, rules_of
from payments.selectors.sponsors import Shortfall, Support, support_of
from rides.errors import AlreadyInRoom, PartyOutOfRange, RoomClosed, SeatsExhausted
from rides.models import Room, RoomSeat
from rides.models.rooms import LEAST_PARTY, MOST_PARTY
from rides.selectors import RoomView, get_trip_region, public_place, view_room
from rides.services import (
    Part,
    RoomRoute,
    RoomTerms,
    TripEnd,
    check_belongs_together,
    plan_room,
)


@dataclass(frozen=True, slots=True)
class RoomPrice:
    """The fare as a range, and a rider's part of its upper end.

    ``prepay`` is due when joining, for the party the room is for; ``at_most`` is the most a rider
    ever pays without being asked again, in the smallest party (R2, R3). Of both, ``sponsored`` is
    what the rider's organization pays; the rest is ``own_prepay`` and ``own_at_most``.
    """

    currency: str
    low: int
    likely: int
    high: int
    prepay: int
    at_most: int
    most_party: int
    least_party: int
    sponsored: int = 0
    sponsor: str = ""
    shortfall: Shortfall = Shortfall.NONE

    @property
    def own_prepay(self) -> int:
        """What the rider pays when joining."""
        return self.prepay - self.sponsored

    @property
    def own_at_most(self) -> int:
        """The most that the rider ever pays without being asked again."""
        return self.at_most - self.sponsored

    @property
    def own_likely(self) -> int:
        """What the rider most likely pays in the end: the sponsor's money is spent first."""
        return max(0, self.likely_part - self.sponsored)

    @property
    def by_party(self) -> list[tuple[int, int]]:
        """Everybody's part of the highest fare, from the full party to the smallest."""
        sizes = range(self.most_party, self.least_party - 1, -1)
        return [(size, ceil_div(self.high, size)) for size in sizes]

    @property
    def likely_part(self) -> int:
        """What each pays in a full party if the fare comes out as is most likely."""
        return ceil_div(self.likely, self.most_party)


@dataclass(frozen=True, slots=True)
class JoinPreview:
    """What joining a room with a drop-off would be."""

    view: RoomView
    dropoff: TripEnd
    part: Part
    price: RoomPrice


@dataclass(frozen=True, slots=True)
class OpeningPreview:
    """What a room would be: its ends are public places, its way and price are known."""

    terms: RoomTerms
    route: RoomRoute
    price: RoomPrice


def price_room(
    room: Room, reached: Sequence[Reached], support: Support | None = None, *dropoffs: LonLat
) -> RoomPrice:
    """Return the price of a room along the way on which people get out so.

    ``support`` is what the organization of whoever asks gives to seats, and ``dropoffs`` is where
    they would get out; unless given, where the others do.

    Raises:
        NoTariff: no tariff is known there and then; none is guessed.
    """
    estimate = quote_room(room, reached)
    terms = quote_seat(room, estimate)
    if support:
        seats = [one for one in reached if isinstance(one, RoomSeat)]
        ends = (from_point(room.pickup), *(dropoffs or (from_point(one.dropoff) for one in seats)))
        if not support.pays_for(room.organization_id, estimate.currency, *ends):
            support = None
    return RoomPrice(
        currency=estimate.currency,
        low=estimate.low,
        likely=estimate.likely,
        high=estimate.high,
        prepay=terms.prepay,
        at_most=terms.at_most,
        most_party=room.most_party,
        least_party=room.least_party,
        sponsored=support.part_of(terms.prepay) if support else 0,
        sponsor=support.organization if support else "",
        shortfall=support.shortfall_of(terms.prepay) if support else Shortfall.NONE,
    )


def find_price(
    room: Room, reached: Sequence[Reached], support: Support | None = None, *dropoffs: LonLat
) -> RoomPrice | None:
    """Return the price of a room, or None where nobody knows what a taxi costs."""
    try:
        return price_room(room, reached, support, *dropoffs)
    except NoTariff:
        return None


def public_end(member: Member, end: TripEnd, *, field: str) -> TripEnd:
    """Return the public place nearest to an end: nobody's door.

    Raises:
        OutsideMap, OffNetwork: no car comes near; names ``field``.
    """
    return TripEnd(*public_place(member, end.location, field=field))


def preview_joining(
    member: Member, room_id: UUID, dropoff: TripEnd, *, now: datetime
) -> JoinPreview:
    """Return what joining would be, or why it is not possible; nothing is written.

    Raises:
        RoomNotFound, RoomClosed, AlreadyInRoom, SeatsExhausted: no seat.
        OutsideMap, OffNetwork, TooClose, RoutesDiffer: the drop-off does not fit.
        NoTariff: nobody knows what the taxi costs there.
    """
    view = view_room(member, room_id)
    room, seats = view.room, view.occupied
    if view.is_aboard:
        raise AlreadyInRoom
    if not room.is_joinable_at(now):
        raise RoomClosed
    if not view.free_seats:
        raise SeatsExhausted
    public = as_stop(view, dropoff)
    get_trip_region(from_point(room.pickup), public.location)
    places = [*(from_point(seat.dropoff) for seat in seats), public.location]
    route, policy = (
        plan_room(room.region, from_point(room.pickup), places),
        room.organization.policy,
    )
    check_belongs_together(
        route,
        most_extra_s=policy.room_extra_s,
        least_shared_percent=policy.room_shared_percent,
    )
    price = price_room(room, route.parts, support_of(member, now=now), public.location)
    return JoinPreview(view, public, route.parts[-1], price)


def as_stop(view: RoomView, dropoff: TripEnd) -> TripEnd:
    """Return a drop-off as a public place; where others get out already it stays as it is."""
    for stop in view.stops:
        if stop.location == dropoff.location:
            return TripEnd(stop.location, stop.label)
    return public_end(view.viewer, dropoff, field="dropoff")


def preview_opening(host: Member, terms: RoomTerms) -> OpeningPreview:
    """Return what a room would be; nothing is written.

    Raises:
        OutsideMap, OffNetwork, TooClose: an end does not do (names it).
        PartyOutOfRange: that is no party for a taxi.
        NoTariff: nobody knows what the taxi costs there; nobody could join such a room.
    """
    if not LEAST_PARTY <= terms.least_party <= terms.most_party <= MOST_PARTY:
        raise PartyOutOfRange(field="least_party")
    pickup = public_end(host, terms.pickup, field="pickup")
    dropoff = public_end(host, terms.dropoff, field="dropoff")
    region = get_trip_region(pickup.location, dropoff.location)
    route = plan_room(region, pickup.location, [dropoff.location])
    room = Room(
        organization=host.organization,
        region=region,
        departure_at=terms.departure_at,
        least_party=terms.least_party,
        most_party=terms.most_party,
    )
    public = RoomTerms(
        departure_at=terms.departure_at,
        pickup=pickup,
        dropoff=dropoff,
        least_party=terms.least_party,
        most_party=terms.most_party,
        split_rule=terms.split_rule,
        same_gender_only=terms.same_gender_only,
        note=terms.note,
    )
    return OpeningPreview(public, route, price_room(room, route.parts))


@dataclass(frozen=True, slots=True)
class Prepaid:
    """What somebody has paid for their seat, top-ups included, and what of it has come back.

    ``sponsored`` is what their organization has paid beside it, and has not got back.
    """

    captured: int
    refunded: int
    on_the_way_back: int
    sponsored: int = 0


def prepaid_for(seat: RoomSeat) -> Prepaid:
    """Return what was paid for a seat, in one query."""
    bought = Q(seat_price__seat_id=seat.pk) | Q(top_up__seat_id=seat.pk) | Q(grant__seat_id=seat.pk)
    own, given = ~Q(provider=SPONSOR), Q(provider=SPONSOR)
    sums = Payment.objects.filter(bought).aggregate(
        paid=Sum("captured", filter=own, default=0),
        back=Sum("refunded", filter=own, default=0),
        asked=Sum("refund_asked", filter=own, default=0),
        given=Sum(F("captured") - F("refunded"), filter=given, default=0),
    )
    return Prepaid(
        captured=sums["paid"],
        refunded=sums["back"],
        on_the_way_back=sums["asked"] - sums["back"],
        sponsored=sums["given"],
    )


def late_fee(room: Room, paid: Prepaid) -> int:
    """Return what leaving after the lock costs somebody at most: a part of what is prepaid (R5).

    It is theirs before it is their organization's, which pays for trips only.
    """
    funded = paid.captured + paid.sponsored
    return min(paid.captured, percent_of(funded, rules_of(room).late_fee_percent))
