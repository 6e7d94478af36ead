"""How surely one can count on somebody, where a page shows them."""

from django import template
from django.utils.translation import gettext as _

from rides.models import Booking
from rides.selectors import Reliability, RideView, describe_reliability

register = template.Library()


@register.filter
def in_words(known: Reliability) -> str:
    """Say what is known of somebody, with its counts."""
    return describe_reliability(known)


@register.filter
def stars_in_words(stars: int) -> str:
    """Say how many stars they are, for those who hear the page."""
    return _("%(n)d of 5 stars") % {"n": stars}


@register.filter
def reliability_of(view: RideView, booking: Booking) -> Reliability | None:
    """Return how surely the driver can count on who made a booking."""
    return view.reliability_of(booking)
