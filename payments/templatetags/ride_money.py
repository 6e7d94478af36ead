"""Words of the pages of rides about money: what a seat costs, and where its price is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Member
from carpool.kernel import clock
from carpool.kernel.templatetags.ui import money as in_money
from payments import selectors
from payments.selectors import OwnFare, RideMoney, SeatPrices, SeatTerms
from rides.models import ChangeQuestion
from rides.services import Lateness, TripEnd

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


@register.simple_tag
def giving_back_in_words(
    leaving: Lateness | None, own: OwnFare | None, *, asked: ChangeQuestion | None
) -> str:
    """Tell a rider what giving the seat back now means, for their purse and for their name."""
    if asked is not None:
        return _("The ride was changed, so this costs nothing. Your driver is told at once.")
    back = in_money(own.leave_back, own.fare.currency) if own and own.leave_back else ""
    if leaving is not None and leaving.is_waived:
        return _waived_in_words(leaving.waivers, back)
    if own is not None and own.leave_fee:
        fee, rest = (in_money(it, own.fare.currency) for it in (own.leave_fee, own.leave_back))
        return _(
            "Your driver is told at once. It is late: %(fee)s go to the driver, %(back)s come "
            "back to you."
        ) % {"fee": fee, "back": rest}
    if back:
        return _("Your driver is told at once. %(back)s come back to you.") % {"back": back}
    if leaving is not None and leaving.is_late:
        return _(
            "Your driver is told at once. It is late, and counts among your late cancellations."
        )
    return _("Your driver is told at once. The seat is free for somebody else.")


def _waived_in_words(waivers: int, back: str) -> str:
    """Say that a late cancellation is free this time, and what comes back."""
    if back:
        text = ngettext(
            "It is late. %(all)s late cancellation a month is free, and this one is: %(back)s come "
            "back to you.",
            "It is late. %(all)s late cancellations a month are free, and this is one of them: "
            "%(back)s come back to you.",
            waivers,
        )
        return text % {"all": waivers, "back": back}
    text = ngettext(
        "It is late. %(all)s late cancellation a month is free, and this one is. Your driver is "
        "told at once.",
        "It is late. %(all)s late cancellations a month are free, and this is one of them. Your "
        "driver is told at once.",
        waivers,
    )
    return text % {"all": waivers}
