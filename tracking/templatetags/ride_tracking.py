"""The part of a ride's page about positions: sharing one's own, the car's, what they prove."""

from django import template

from carpool.kernel import clock
from tracking import selectors
from tracking.selectors import RideTracking

register = template.Library()


@register.simple_tag
def ride_tracking(view: object) -> RideTracking:
    """Return what the viewer may do and see about positions of a ride."""
    return selectors.ride_tracking(view, now=clock.now())  # type: ignore[arg-type]
