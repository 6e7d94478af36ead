"""Standing requests: leaving one, taking it back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Member
from carpool.kernel import outbox
from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import Circle, to_point
from rides.errors import ArrivalBeforeDeparture, InThePast, SeatsOutOfRange, TooFarAhead
from rides.events import RequestPosted
from rides.models import Booking, RequestState, RideRequest
from rides.selectors import get_request_for, get_trip_region
from rides.services.offers import TripEnd
from rides.services.request_offers import end_request

# Wider windows are slips of the pen, and times near the calendar's ends cannot be reckoned with.
FARTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class RequestTerms:
    """What a rider looks for. In the circles ``avoided`` they get neither in nor out."""

    origin: TripEnd
    destination: TripEnd
    earliest_departure_at: datetime
    latest_arrival_at: datetime
    seats: int = 1
    walk_m: int = 800
    avoided: tuple[Circle, ...] = ()

    def check(self, now: datetime, *, most_walk_m: int) -> None:
        """Make sure that the terms make sense.

        Raises:
            ArrivalBeforeDeparture, InThePast, TooFarAhead, SeatsOutOfRange, InvalidInput: names
                the field.
        """
        if self.latest_arrival_at <= self.earliest_departure_at:
            raise ArrivalBeforeDeparture(field="latest_arrival_at")
        if self.latest_arrival_at <= now:
            raise InThePast(field="latest_arrival_at")
        if self.earliest_departure_at < now - FARTHEST:
            raise InThePast(field="earliest_departure_at")
        if self.latest_arrival_at > now + FARTHEST:
            raise TooFarAhead(field="latest_arrival_at")
        if not 1 <= self.seats <= 8:
            raise SeatsOutOfRange(_("Between 1 and 8 seats."), field="seats")
        if not 0 <= self.walk_m <= most_walk_m:
            text = _("Between 0 and %(most)d metres.") % {"most": most_walk_m}
            raise InvalidInput(text, field="walk_m")


@transaction.atomic
def post_request(
    *, rider: Member, terms: RequestTerms, instead_of: Booking | None = None, now: datetime
) -> RideRequest:
    """Leave a standing request; every new ride is matched against it.

    ``instead_of`` is the seat that the rider lost, if the platform looks for them by itself.

    Raises:
        OutsideMap, OffNetwork, TooClose: an end is not on the map (names it).
        ArrivalBeforeDeparture, InThePast, SeatsOutOfRange, InvalidInput: names the field.
    """
    terms.check(now, most_walk_m=rider.organization.policy.most_walk_m)
    region = get_trip_region(terms.origin.location, terms.destination.location, walk_m=terms.walk_m)
    request = RideRequest.objects.create(
        rider=rider,
        region=region,
        origin=to_point(terms.origin.location),
        origin_label=terms.origin.label,
        destination=to_point(terms.destination.location),
        destination_label=terms.destination.label,
        earliest_departure_at=terms.earliest_departure_at,
        latest_arrival_at=terms.latest_arrival_at,
        seats=terms.seats,
        walk_m=terms.walk_m,
        instead_of=instead_of,
    )
    outbox.publish(RequestPosted(request_id=request.pk), now=now)
    return request


@transaction.atomic
def close_request(*, request_id: UUID, by: Member, now: datetime) -> RideRequest:
    """Take a standing request back.

    Raises:
        RequestNotFound: it is not theirs.
        WrongState: it is closed already.
    """
    request = get_request_for(by, request_id, lock=True)
    end_request(request, RequestState.CLOSED, now=now)
    return request
