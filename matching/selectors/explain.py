"""Why this ride, or why almost: sentences whose numbers a person can check."""

from django.utils.translation import gettext as _

from matching.engine import Promise
from matching.selectors.near_misses import NearMiss
from matching.selectors.search import Offer


def explain(offer: Offer) -> list[str]:
    """Return the reasons for an offer, the most telling first, in the active language."""
    return [_walk(offer), _detour(offer), _together(offer)]


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
