"""What a seat in a planned ride costs, when it is paid, and where its price is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from accounts.models import Member, Organization
from carpool.kernel.geo import LonLat
from carpool.kernel.money import Money
from payments.engine.legal import COST_SHARING, PaymentRefusal
from payments.engine.rules import DisputeRules, SeatRules
from payments.engine.seats import SeatFacts, end_seat
from payments.engine.split import split_fare
from payments.errors import RideFareNotFound
from payments.models import LegalTerms, RideFare, RideFareState
from payments.models.payments import PENDING_STATES
from payments.models.ride_fares import FEE_ENDS, KEPT_STATES
from payments.selectors.sponsors import Shortfall, Support, TripKind, support_of
from payments.selectors.ways import WayToPay, is_play_money, ways_to_pay
from rides.models import Booking, BookingState, Ride
from rides.selectors import RideView, get_booking_for
from rides.services import Lateness, look_at_lateness


def rules_of_ride(organization: Organization) -> SeatRules:
    """Return the numbers of R5 for an organization's rides."""
    policy = organization.policy
    return SeatRules(
        free_before_s=policy.ride_free_before_s,
        grace_s=policy.ride_grace_s,
        late_percent=policy.ride_late_percent,
    )


def contest_rules(organization: Organization) -> DisputeRules:
    """Return the numbers of R11 for fees: as long as for a part of a taxi's fare."""
    return DisputeRules(open_for_s=organization.policy.room_dispute_s)


def contestable_until(fare: RideFare, organization: Organization) -> datetime | None:
    """Return until when a rider may object to a fee; None when there is none, or they have."""
    is_fee = fare.end in FEE_ENDS and fare.to_driver > 0
    if not is_fee or fare.ended_at is None or hasattr(fare, "contest"):
        return None
    return fare.ended_at + timedelta(seconds=contest_rules(organization).open_for_s)


@dataclass(frozen=True, slots=True)
class SeatTerms:
    """What booking a seat means for one's purse.

    ``refusal`` is why the law lets the driver not be paid, where the organization prepays; then
    the seat is free. Without ``is_due`` nothing is paid here. Of the price ``sponsored`` is what
    the rider's organization pays, and ``own`` the rest.
    """

    price: Money | None
    is_due: bool
    refusal: PaymentRefusal | None
    free_until: datetime
    sponsored: int = 0
    sponsor: str = ""
    shortfall: Shortfall = Shortfall.NONE

    @property
    def own(self) -> int:
        """What the rider pays when booking."""
        return self.price.minor - self.sponsored if self.price else 0

    @property
    def currency(self) -> str:
        """Of the price."""
        return self.price.currency if self.price else ""


class Offered(Protocol):
    """A ride, or one that is proposed: whose it is, and when it leaves."""

    @property
    def organization_id(self) -> UUID:
        """Of its driver."""

    @property
    def departure_at(self) -> datetime:
        """When it leaves."""


@dataclass(frozen=True, slots=True)
class SeatPrices:
    """What is needed to say what seats cost a member, for however many rides."""

    member: Member
    ways: tuple[WayToPay, ...]
    law: LegalTerms | None
    support: Support | None = None

    @property
    def is_play_money(self) -> bool:
        """Tell whether any of the ways moves no real money."""
        return any(way.is_play_money for way in self.ways)

    @property
    def grace_s(self) -> int:
        """So long after booking a seat is given back free."""
        return self.member.organization.policy.ride_grace_s

    def terms(
        self, ride: Offered, price: Money | None, pickup_at: datetime, *ends: LonLat
    ) -> SeatTerms:
        """Say what a seat in a ride would mean, for a trip between these ends; asks nothing.

        Between organizations nothing is paid: each has books of its own.
        """
        own = self.member.organization
        free_until = pickup_at - timedelta(seconds=own.policy.ride_free_before_s)
        is_here = ride.organization_id == own.pk and own.policy.prepays_rides and self.ways
        if not is_here or price is None or not price.minor or price.currency != own.currency:
            return SeatTerms(price, False, None, free_until)
        law, holidays = (self.law.law, self.law.holidays) if self.law else (COST_SHARING, [])
        refusal = law.refusal(ride.departure_at, zone=own.zone, holidays=holidays)
        given = self.support
        if refusal or given is None or not given.pays_for(own.pk, price.currency, *ends):
            return SeatTerms(price, refusal is None, refusal, free_until)
        return SeatTerms(
            price, True, None, free_until,
            sponsored=given.part_of(price.minor),
            sponsor=given.organization,
            shortfall=given.shortfall_of(price.minor),
        )  # fmt: skip


def seat_prices(member: Member, *, now: datetime) -> SeatPrices:
    """Return what is needed to price seats for a member; few queries, where seats are prepaid."""
    prices = _prices_without_support(member)
    support = support_of(member, trip=TripKind.RIDE, now=now) if prices.ways else None
    return replace(prices, support=support)


def _prices_without_support(member: Member) -> SeatPrices:
    organization = member.organization
    if not organization.policy.prepays_rides:
        return SeatPrices(member, (), None)
    law = LegalTerms.objects.filter(organization=organization).first()
    return SeatPrices(member, tuple(ways_to_pay(organization)), law)


def is_prepaid(ride: Ride, rider: Member, price: Money) -> bool:
    """Tell whether a seat is paid when it is booked, as :meth:`SeatPrices.terms` shows it."""
    return _prices_without_support(rider).terms(ride, price, ride.departure_at).is_due


@dataclass(frozen=True, slots=True)
class OwnFare:
    """The price of one's own seat, and what can be done about it.

    ``can_pay`` while no payment is under way; ``pay_at`` leads to one that waits for approval;
    ``leave_back`` and ``leave_fee`` are what giving the seat back now would mean for the rider's
    own part of it; ``is_waived``: it is late, and free this time. Until ``contest_until`` the rider
    may object to a fee that was taken; None: there is nothing to object to (any more).
    """

    fare: RideFare
    can_pay: bool
    is_asking: bool
    waits_for_approval: bool
    was_declined: bool
    is_play_money: bool
    leave_fee: int
    leave_back: int
    is_waived: bool
    free_until: datetime
    contest_until: datetime | None


@dataclass(frozen=True, slots=True)
class DriversFare:
    """What a rider's seat brings the driver."""

    booking: Booking
    fare: RideFare


@dataclass(frozen=True, slots=True)
class RideMoney:
    """What a ride's page shows of money: a rider's own seat, or a driver's riders."""

    own: OwnFare | None
    riders: tuple[DriversFare, ...]
    ways: tuple[WayToPay, ...]

    @property
    def coming(self) -> int:
        """What the driver will get if everybody comes."""
        kept = [one.fare.amount for one in self.riders if one.fare.state in KEPT_STATES]
        return sum(kept)

    @property
    def received(self) -> int:
        """What the driver has got."""
        return sum(one.fare.to_driver for one in self.riders)

    @property
    def currency(self) -> str:
        """Of all of them."""
        return self.riders[0].fare.currency if self.riders else ""


def ride_money(view: RideView, *, now: datetime) -> RideMoney:
    """Return what a viewer may see of a ride's money: constant queries.

    A driver sees of a cancelled seat only the fee to which its rider has objected.
    """
    own = [view.my_booking] if view.my_booking else []
    wanted = list(view.ride.bookings.all()) if view.is_driver else own
    fares = {
        one.booking_id: one
        for one in RideFare.objects.filter(
            booking_id__in=[booking.pk for booking in wanted]
        ).select_related("payment", "contest")
    }
    if view.is_driver:
        return RideMoney(None, tuple(_of_riders(wanted, fares)), ())
    mine = view.my_booking
    fare = fares.get(mine.pk) if mine else None
    if mine is None or fare is None:
        return RideMoney(None, (), ())
    price = own_fare(fare, mine, now=now)
    ways = ways_to_pay(view.viewer.organization) if price.can_pay else ()
    return RideMoney(price, (), tuple(ways))


def _of_riders(bookings: Sequence[Booking], fares: dict[UUID, RideFare]) -> list[DriversFare]:
    found = [(booking, fares.get(booking.pk)) for booking in bookings]
    return [
        DriversFare(booking, fare)
        for booking, fare in found
        if fare is not None
        and fare.state not in {RideFareState.ASKED, RideFareState.LAPSED}
        and (booking.state != BookingState.CANCELLED or hasattr(fare, "contest"))
    ]


def get_fare(member: Member, booking_id: UUID) -> RideFare:
    """Return the price of a seat, for its rider or driver.

    Raises:
        RideFareNotFound: there is none, or it is somebody else's.
    """
    known = RideFare.objects.select_related("payment", "contest", "organization")
    fare = known.filter(booking_id=booking_id).first()
    if fare is None or member.pk not in {fare.rider_id, fare.driver_id}:
        raise RideFareNotFound
    return fare


def own_fare(fare: RideFare, booking: Booking, *, now: datetime) -> OwnFare:
    """Say how the price of somebody's own seat stands; one query while it is to be paid."""
    payment = fare.payment
    is_asked = fare.state == RideFareState.ASKED and now < fare.pay_by
    is_pending = (
        is_asked
        and payment is not None
        and payment.intents.filter(state__in=PENDING_STATES).exists()
    )
    waits = is_asked and payment is not None and payment.waits_for_payer
    rules = rules_of_ride(booking.ride.organization)
    leaves_at = min(now, booking.pickup_at - timedelta(microseconds=1))
    lateness = look_at_lateness(booking, by=booking.rider, now=leaves_at)
    _end, split = end_seat(
        SeatFacts(
            price=fare.amount,
            booked_at=fare.asked_at,
            departs_at=booking.pickup_at,
            left_at=leaves_at,
            left_by_rider=lateness.is_late,
            was_promised=booking.state == BookingState.CONFIRMED,
            is_waived=lateness.is_waived,
        ),
        rules,
    )
    own_back, _sponsors = split_back(fare, split.back)
    contest_until = contestable_until(fare, booking.ride.organization)
    return OwnFare(
        fare=fare,
        can_pay=is_asked and not is_pending and not waits and fare.own > 0,
        is_asking=is_pending or (is_asked and not fare.own),
        waits_for_approval=waits,
        was_declined=is_asked and payment is not None and not is_pending and not waits,
        is_play_money=payment is not None and is_play_money(payment.provider),
        leave_fee=fare.own - own_back,
        leave_back=own_back if fare.state == RideFareState.HELD else 0,
        is_waived=lateness.is_waived,
        free_until=booking.pickup_at - timedelta(seconds=rules.free_before_s),
        contest_until=contest_until if contest_until and now < contest_until else None,
    )


@dataclass(frozen=True, slots=True)
class Leaving:
    """What cancelling a booking now would mean: late or not, waived or not, and for one's purse."""

    lateness: Lateness
    fee: int
    back: int
    currency: str


def leaving_of(member: Member, booking_id: UUID, *, now: datetime) -> Leaving:
    """Say what it would mean if a member, rider or driver, cancelled a booking now.

    Who drives pays nothing and gets nothing: the riders' money goes back to them.

    Raises:
        BookingNotFound: it is neither's.
    """
    booking = get_booking_for(member, booking_id)
    lateness = look_at_lateness(booking, by=member, now=now)
    fare = RideFare.objects.select_related("payment").filter(booking_id=booking_id).first()
    if fare is None or booking.rider_id != member.pk:
        return Leaving(lateness, 0, 0, booking.ride.organization.currency)
    own = own_fare(fare, booking, now=now)
    fee = own.leave_fee if fare.state == RideFareState.HELD else 0
    return Leaving(lateness, fee, own.leave_back, fare.currency)


def split_back(fare: RideFare, back: int) -> tuple[int, int]:
    """Return what of a refund is the rider's and what the sponsor's, as the books split it."""
    if not back:
        return 0, 0
    parts = split_fare(back, {"rider": fare.own, "sponsor": fare.sponsored}, fare.currency)
    return parts["rider"], parts["sponsor"]
