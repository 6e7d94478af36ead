"""Why this ride, or why almost: sentences whose numbers a person can check."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from matching.engine import Promise
from matching.selectors.near_misses import NearMiss
from matching.selectors.search import Offer
from rides.selectors import describe_reliability

# From here on a lead over the next ride can be felt.
TELLING_LEAD_S = 30


def explain(offer: Offer) -> list[str]:
    """Return the reasons for an offer, the most telling first, in the active language."""
    reasons = [_walk(offer), _detour(offer), _together(offer), _price(offer), _reliability(offer)]
    return [reason for reason in reasons if reason]


def explain_first(first: Offer, second: Offer) -> str:
    """Return why an offer stands before the next one, "" where they are as good as equal."""
    lead_s = second.cost_s - first.cost_s
    if lead_s < TELLING_LEAD_S:
        return ""
    ahead = {part.name: -part.cost_s for part in list_costs(first)}
    for part in list_costs(second):
        ahead[part.name] = ahead.get(part.name, 0.0) + part.cost_s
    return _("It comes first: %(min)d min better than the next, above all in: %(part)s.") % {
        "min": max(1, round(lead_s / 60)),
        "part": max(ahead, key=lambda name: ahead[name]),
    }


@dataclass(frozen=True, slots=True)
class CostPart:
    """One term of the generalized cost: its name, seconds of time aboard, per cent of the most."""

    name: str
    cost_s: float
    percent: int

    @property
    def minutes(self) -> float:
        """The same in minutes."""
        return self.cost_s / 60


def list_costs(offer: Offer) -> list[CostPart]:
    """Return the terms of an offer's cost, in the order of the formula."""
    costs = offer.costs
    terms = [
        (_("time aboard"), costs.riding_s),
        (_("walking"), costs.walking_s),
        (_("earlier or later than you wish"), costs.shift_s),
        (_("the driver's detour"), costs.detour_s),
        (_("price"), costs.price_s),
        (_("how surely the driver comes"), costs.reliability_s),
    ]
    most = max(cost for _name, cost in terms) or 1.0
    return [CostPart(name, cost, round(100 * cost / most)) for name, cost in terms]


def _walk(offer: Offer) -> str:
    to_m, from_m = offer.pickup.walk_m, offer.dropoff.walk_m
    return _("You walk %(to)d m to the pick-up and %(from)d m at the end.") % {
        "to": round_to_10(to_m),
        "from": round_to_10(from_m),
    }


def _detour(offer: Offer) -> str:
    accepted = offer.ride.detour_s // 60
    if offer.detour_s < 60:
        return _("It is on the way: the driver loses less than a minute.")
    return _("The driver drives %(detour)d min longer; they accept %(accepted)d min.") % {
        "detour": -(-offer.detour_s // 60),
        "accepted": accepted,
    }


def _together(offer: Offer) -> str:
    return _("You share %(km).1f km and save %(co2).1f kg of CO₂ against driving alone.") % {
        "km": offer.shared_distance_m / 1000,
        "co2": offer.saved_co2_g / 1000,
    }


def _price(offer: Offer) -> str:
    if offer.price is None:
        return ""
    return _("Your share of the cost is %(price)s.") % {"price": offer.price}


def _reliability(offer: Offer) -> str:
    """Tell what is known of the driver; nothing while too little is."""
    known = offer.reliability
    if known.shown_score is None:
        return ""
    text = _("Reliability of %(name)s: %(score)d of 100.") % {
        "name": offer.ride.driver.first_name,
        "score": known.shown_score,
    }
    return f"{text} {describe_reliability(known)}"


def explain_near_miss(near: NearMiss) -> str:
    """Return what would have to give for a ride to fit, and by how much."""
    match near.promise:
        case Promise.EARLIEST_DEPARTURE:
            text = _("It fits if you leave %(min)d min earlier.")
        case Promise.LATEST_ARRIVAL:
            text = _("It fits if you arrive %(min)d min later.")
        case Promise.WALK:
            text = _("It fits if you walk up to %(m)d m more.")
        case Promise.DETOUR:
            text = _("It fits if the driver accepts %(min)d min more. Only they can decide that.")
    return text % {"min": near.amount // 60, "m": near.amount}


def round_to_10(metres: int) -> int:
    """Round metres up to tens: walking distances are not known better."""
    return -(-metres // 10) * 10
