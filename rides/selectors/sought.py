"""Reads about rides that others look for, and what drivers offered to them."""

from datetime import datetime
from uuid import UUID

from accounts.models import Member
from rides.errors import RequestNotFound, RequestOfferNotFound
from rides.models import RequestOffer, RideRequest
from rides.models.request_offers import RequestOfferQuerySet
from rides.models.requests import RequestQuerySet


def list_sought_rides(driver: Member, *, now: datetime) -> RequestQuerySet:
    """List the open requests of people whom a driver may take along.

    The rows hold where they live: only ``matching.selectors.along`` shows them, from cell to cell.
    """
    return RideRequest.objects.waiting(now).of_people_known_to(driver)


def get_sought_ride_for(
    driver: Member, request_id: UUID, *, now: datetime, lock: bool = False
) -> RideRequest:
    """Return an open request of somebody whom a driver may take along.

    Raises:
        RequestNotFound: there is none (any more).
    """
    requests = list_sought_rides(driver, now=now).filter(pk=request_id)
    if lock:
        requests = requests.select_for_update(no_key=True, of=("self",))
    request = requests.select_related("rider__organization", "region").first()
    if request is None:
        raise RequestNotFound
    return request


def known_answers(driver: Member) -> dict[tuple[UUID, UUID], UUID]:
    """Return a driver's answers that wait for the rider, by request and ride."""
    offers = RequestOffer.objects.waiting().filter(ride__driver=driver)
    return {(asked, ride): pk for asked, ride, pk in offers.values_list("request", "ride", "pk")}


def list_request_offers(member: Member) -> RequestOfferQuerySet:
    """List the answers that a member made, or that were made to them, newest first."""
    offers = RequestOffer.objects.visible_to(member).order_by("-created_at", "id")
    return offers.select_related("request", "ride", "ride__driver", "ride__organization")


def list_offers_to(rider: Member, request_id: UUID) -> list[UUID]:
    """Return the rides that were offered to one of a member's own requests."""
    offers = RequestOffer.objects.waiting().filter(request=request_id, request__rider=rider)
    return list(offers.values_list("ride_id", flat=True))


def get_request_offer_for(member: Member, offer_id: UUID, *, lock: bool = False) -> RequestOffer:
    """Return an answer that a member made, or that was made to them.

    Raises:
        RequestOfferNotFound: it is neither, or does not exist.
    """
    offers = list_request_offers(member).filter(pk=offer_id)
    if lock:
        offers = offers.select_for_update(no_key=True, of=("self",))
    offer = offers.first()
    if offer is None:
        raise RequestOfferNotFound
    return offer
