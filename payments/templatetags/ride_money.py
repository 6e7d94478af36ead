"""Words of the pages of rides about money: what a seat costs, and where its price is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django import template

from accounts.models import Member
from carpool.kernel import clock
from payments import selectors
from payments.selectors import RideMoney, SeatPrices, SeatTerms
from rides.services import TripEnd

register = template.Library()


class Wanted(Protocol):
    """Where somebody wants to go from, and to."""

    @property
    def origin(self) -> TripEnd:
        """Their own door."""

    @property
    def destination(self) -> TripEnd:
        """Where they go."""


@register.simple_tag
def seat_prices(member: Member) -> SeatPrices:
    """Return what is needed to price the seats of a page."""
    return selectors.seat_prices(member, now=clock.now())


@register.simple_tag
def seat_terms(prices: SeatPrices, offer: Any, wanted: Wanted) -> SeatTerms:
    """Return what booking an offer means for one's purse."""
    ends = wanted.origin.location, wanted.destination.location
    return prices.terms(offer.ride, offer.price, offer.pickup.at, *ends)


@dataclass(frozen=True, slots=True)
class _ProposedRide:
    """A ride that there will be if its driver says yes."""

    organization_id: UUID
    departure_at: datetime


@register.simple_tag
def proposal_terms(prices: SeatPrices, view: Any) -> SeatTerms | None:
    """Return what a yes to a proposal means for a rider's purse; None where nothing is prepaid."""
    if not prices.ways:
        return None
    proposal = view.proposal
    ride = _ProposedRide(proposal.driver.organization_id, proposal.departure_at)
    return prices.terms(ride, view.price, view.mine.seat.pickup_at, *view.ends)


@register.simple_tag
def ride_money(view: object) -> RideMoney:
    """Return what the viewer may see of a ride's money."""
    return selectors.ride_money(view, now=clock.now())  # type: ignore[arg-type]
