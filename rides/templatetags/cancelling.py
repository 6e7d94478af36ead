"""What cancelling means, in the words of the dialog that asks for it."""

from django import template
from django.utils.translation import gettext as _

from rides.services import Lateness

register = template.Library()


@register.filter
def calling_off_in_words(leaving: Lateness | None) -> str:
    """Tell a driver what calling off the ride means."""
    if leaving is not None and leaving.is_late:
        return _(
            "It is late: your riders count on you. They get everything back and look for another "
            "way, and it counts among your late cancellations."
        )
    return _("Everybody who booked is told at once and looks for another way. Please say why.")
