"""Who rated whom, and who may read it: only the rated one, and only once it is open."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Member
from rides.errors import NotAboutYou
from rides.models import Booking, BookingState, Deed, Review, Role
from rides.permissions import can_rate, is_driver
from rides.selectors.reliability import remembered_since
from rides.selectors.seeing import get_booking_for

# Today asks for a few ratings, not for all.
MOST_ASKED = 3


@dataclass(frozen=True, slots=True)
class RatingView:
    """The rating of one booking as one of its two people may see it.

    ``theirs`` is None as long as it is blind; whether the other one has rated is not told before.
    """

    booking: Booking
    other: Member
    other_role: Role
    can_write: bool
    mine: Review | None
    theirs: Review | None

    @property
    def until(self) -> datetime:
        """Until when one may rate, unless both have."""
        return self.booking.rated_until


def view_rating(member: Member, booking_id: UUID, *, now: datetime) -> RatingView:
    """Return what the member has rated, may rate, and may read of one booking.

    Raises:
        BookingNotFound: neither rider nor driver of it.
    """
    booking = get_booking_for(member, booking_id)
    reviews = list(Review.objects.filter(booking=booking))
    mine = next((one for one in reviews if one.author_id == member.pk), None)
    open_ones = [one for one in reviews if one.is_open_at(now)]
    theirs = [one for one in open_ones if one.subject_id == member.pk and one.voided_at is None]
    drives = is_driver(member, booking.ride)
    return RatingView(
        booking=booking,
        other=booking.rider if drives else booking.ride.driver,
        other_role=Role.RIDER if drives else Role.DRIVER,
        can_write=can_rate(member, booking, now) and not open_ones,
        mine=mine,
        theirs=next(iter(theirs), None),
    )


def list_received(member: Member, *, now: datetime) -> QuerySet[Review]:
    """List how the member was rated, as far as it is open, newest first."""
    received = Review.objects.received_by(member, now=now)
    recent = received.filter(opens_at__gt=remembered_since(now))
    return recent.select_related("author", "booking__ride__organization")


def export_ratings(member_id: UUID, *, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return what is written down about a member's reliability, JSON-ready; nothing blind."""
    deeds = Deed.objects.filter(member=member_id).select_related("objection")
    received = Review.objects.filter(subject=member_id).open_at(now)
    return {
        "reliability": [
            {
                "in": "car" if deed.seat_id is None else "taxi",
                "as": deed.role,
                "what": deed.kind,
                "at": deed.at,
                "you_objected": deed.objection.text if hasattr(deed, "objection") else "",
            }
            for deed in deeds
        ],
        "ratings_received": [_exported(one) for one in received],
        "ratings_given": [_exported(one) for one in Review.objects.filter(author=member_id)],
    }


def _exported(review: Review) -> dict[str, Any]:
    names = ("overall", "punctuality", "friendliness", "driving", "comment", "opens_at")
    return {name: getattr(review, name) for name in names}


def get_received_review(member: Member, review_id: UUID, *, now: datetime) -> Review:
    """Return one review about the member.

    Raises:
        NotAboutYou: it is not about them, or not open yet.
    """
    review = list_received(member, now=now).filter(pk=review_id).first()
    if review is None:
        raise NotAboutYou
    return review


def list_to_rate(member: Member, *, now: datetime) -> list[Booking]:
    """Return the settled trips that the member may still rate and has not, newest first."""
    longest = timedelta(days=member.organization.policy.rating_days)
    rated = Review.objects.filter(booking=OuterRef("pk"), author=member)
    mine = Booking.objects.filter(Q(rider=member) | Q(ride__driver=member))
    recent = mine.filter(state=BookingState.VALIDATED, dropoff_at__gt=now - longest)
    found = recent.exclude(Exists(rated)).select_related(
        "rider", "ride", "ride__driver", "ride__organization"
    )
    rateable = [one for one in found.order_by("-pickup_at") if can_rate(member, one, now)]
    return rateable[:MOST_ASKED]


def rated_by(member: Member, bookings: list[Booking]) -> set[UUID]:
    """Return which of some bookings the member has rated. One query, or none."""
    ids = [one.pk for one in bookings]
    if not ids:
        return set()
    own = Review.objects.filter(author=member, booking__in=ids)
    return set(own.values_list("booking", flat=True))
