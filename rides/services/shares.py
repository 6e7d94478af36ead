"""Letting a trusted contact follow a ride."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Member, PositionSource
from accounts.services import log_position_read
from carpool.kernel import tenancy
from rides import selectors
from rides.errors import RideNotShared, TooManyLinks
from rides.models import RideShare
from rides.models.shares import MOST_LINKS_PER_RIDE, hash_token, new_token
from rides.permissions import can_share
from rides.selectors import FollowedRide, get_ride_for


@transaction.atomic
def share_ride(*, ride_id: UUID, by: Member, now: datetime) -> str:
    """Return the token of a new link, which is shown once: only its hash is kept.

    Raises:
        RideNotFound: the member may not see the ride.
        RideNotShared: they are not aboard, or it is over.
        TooManyLinks: five are alive.
    """
    ride = get_ride_for(by, ride_id, lock=True)
    if not can_share(by, ride, list(ride.bookings.all()), now):
        raise RideNotShared
    if RideShare.objects.filter(ride=ride, member=by).alive(now).count() >= MOST_LINKS_PER_RIDE:
        raise TooManyLinks
    token = new_token()
    RideShare.objects.create(ride=ride, member=by, token_hash=hash_token(token))
    return token


@tenancy.as_system()  # the link itself is the right to see this one ride
def follow_ride(*, token: str, now: datetime) -> FollowedRide:
    """Return what a link shows, and write down for its member that somebody looked.

    Raises:
        LinkOver: it shows nothing (any more).
    """
    member_id, followed = selectors.follow_ride(token, now=now)
    source = PositionSource.SHARED_LINK
    log_position_read(member_id=member_id, reader=None, source=source, now=now)
    return followed


def stop_sharing(*, ride_id: UUID, by: Member, now: datetime) -> int:
    """End all of a member's links to a ride at once; return how many."""
    links = RideShare.objects.filter(ride=ride_id, member=by, revoked_at=None)
    return links.update(revoked_at=now)
