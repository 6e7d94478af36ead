"""Opening a room whose price is known and was shown."""

from datetime import datetime

from django.db import transaction

from accounts.models import Member
from payments.errors import PriceChanged
from payments.selectors import preview_opening
from rides import services as rides
from rides.models import Room
from rides.services import RoomTerms


@transaction.atomic
def open_room(*, host: Member, terms: RoomTerms, shown: int | None = None, now: datetime) -> Room:
    """Open a room between public places, where a taxi's fare is known.

    ``shown`` is the upper end of the estimate that the host has seen.

    Raises:
        Everything that :func:`rides.services.open_room` does.
        NoTariff: nobody knows what the taxi costs there.
        PriceChanged: it is another one by now.
    """
    preview = preview_opening(host, terms)
    if shown is not None and shown != preview.price.high:
        raise PriceChanged
    return rides.open_room(host=host, terms=preview.terms, now=now)
