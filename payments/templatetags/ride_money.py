"""Words of the pages of rides about money: what a seat costs, and where its price is."""

from django import template

from accounts.models import Member
from carpool.kernel import clock
from payments import selectors
from payments.selectors import RideMoney, SeatPrices, SeatTerms

register = template.Library()


@register.simple_tag
def seat_prices(member: Member) -> SeatPrices:
    """Return what is needed to price the seats of a page."""
    return selectors.seat_prices(member)


@register.simple_tag
def seat_terms(prices: SeatPrices, offer: object) -> SeatTerms:
    """Return what booking an offer means for one's purse."""
    return prices.terms(offer.ride, offer.price, offer.pickup.at)  # type: ignore[attr-defined]


@register.simple_tag
def ride_money(view: object) -> RideMoney:
    """Return what the viewer may see of a ride's money."""
    return selectors.ride_money(view, now=clock.now())  # type: ignore[arg-type]
