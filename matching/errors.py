"""What can go wrong between finding and booking."""

from django.utils.translation import gettext_lazy as _

from carpool.kernel.errors import InvalidInput


class OfferExpired(InvalidInput):
    """The offer that is to be booked is too old, was made for somebody else, or was altered."""

    code = "offer_expired"
    title = _("This offer is no longer valid; please search again")
