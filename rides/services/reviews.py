"""Rating each other: blind, once, by the two people of a booking that took place."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Member, ReportSubject
from accounts.services import report_member
from carpool.kernel import outbox
from carpool.kernel.errors import InvalidInput
from carpool.kernel.wording import compose, flag
from rides.errors import NotAboutYou, RatingClosed
from rides.events import ReviewOpened
from rides.models import LONGEST_COMMENT, Booking, Review, Role
from rides.models.reliability import LEAST_STARS, MOST_STARS
from rides.permissions import can_rate, is_driver
from rides.selectors.reviews import get_received_review
from rides.selectors.seeing import get_booking_for

REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Stars:
    """One to five stars in all, and for parts; ``driving`` (and the car) is for drivers only."""

    overall: int
    punctuality: int | None = None
    friendliness: int | None = None
    driving: int | None = None

    def check(self, role: Role) -> None:
        """Make sure that the stars make sense.

        Raises:
            InvalidInput: names the field.
        """
        for name in ("overall", "punctuality", "friendliness", "driving"):
            given = getattr(self, name)
            if given is not None and not LEAST_STARS <= given <= MOST_STARS:
                raise InvalidInput(_("Choose one to five stars."), field=name)
        if self.driving is not None and role != Role.DRIVER:
            raise InvalidInput(_("Only drivers are rated for their driving."), field="driving")


def write_review(
    *, booking_id: UUID, by: Member, stars: Stars, comment: str = "", now: datetime
) -> Review:
    """Rate the other person of a booking, or change one's mind while it is still blind.

    When the second of the two rates, both ratings open at once, and are final.

    Raises:
        BookingNotFound: neither rider nor driver of it.
        RatingClosed: the ride is not over, did not take place, was too long ago; both have rated.
        InvalidInput: the stars or the comment make no sense (names the field).
    """
    text = compose(comment)
    if len(text) > LONGEST_COMMENT:
        raise InvalidInput(_("Please keep it short: 500 characters."), field="comment")
    return _store(booking_id, by, stars, text, flag(text) if text else "", now)


@transaction.atomic
def _store(
    booking_id: UUID, by: Member, stars: Stars, text: str, flagged_for: str, now: datetime
) -> Review:
    booking = get_booking_for(by, booking_id, lock=True)
    known = {one.author_id: one for one in Review.objects.filter(booking=booking)}
    is_open = any(one.is_open_at(now) for one in known.values())
    if is_open or not can_rate(by, booking, now):
        raise RatingClosed
    role = Role.RIDER if is_driver(by, booking.ride) else Role.DRIVER
    stars.check(role)
    subject = booking.rider if role == Role.RIDER else booking.ride.driver
    mine = known.pop(by.pk, None) or Review(
        booking=booking, author=by, subject=subject, subject_role=role
    )
    mine.overall, mine.punctuality = stars.overall, stars.punctuality
    mine.friendliness, mine.driving = stars.friendliness, stars.driving
    mine.comment, mine.flagged_for, mine.reviewed_at = text, flagged_for, None
    mine.written_at, mine.opens_at = now, booking.rated_until
    mine.save()
    if known:
        for one in (mine, *known.values()):
            _open(one, booking, now)
    return mine


def _open(review: Review, booking: Booking, now: datetime) -> None:
    review.opens_at = now
    review.save(update_fields=["opens_at"])
    _announce(review, booking, now)


def _announce(review: Review, booking: Booking, now: datetime) -> None:
    """Tell, once, that a review can be read."""
    review.announced_at = now
    review.save(update_fields=["announced_at"])
    if review.voided_at is not None:
        return
    opened = ReviewOpened(
        review_id=review.pk,
        booking_id=booking.pk,
        ride_id=booking.ride_id,
        member_id=review.subject_id,
        at=now,
    )
    outbox.publish(opened, now=now)


@transaction.atomic
def announce_review(*, review_id: UUID, now: datetime) -> bool:
    """Tell of a review that the clock has opened; False if somebody else does, or has."""
    due = Review.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).to_announce(
        now
    )
    review = due.select_related("booking").filter(pk=review_id).first()
    if review is None:
        return False
    _announce(review, review.booking, now)
    return True


@transaction.atomic
def report_review(*, review_id: UUID, by: Member, reason: str, text: str, now: datetime) -> None:
    """Put what somebody wrote about the member before the moderators.

    Raises:
        NotAboutYou: it is not about them, or not open yet.
        InvalidInput, TooManyReports: as of any report.
    """
    review = get_received_review(by, review_id, now=now)
    report_member(
        by=by,
        reported=review.author,
        subject=ReportSubject.REVIEW,
        subject_id=str(review.pk),
        reason=reason,
        text=text,
        excerpt=review.comment,
        now=now,
    )
    Review.objects.filter(pk=review.pk, flagged_for="").update(flagged_for=REPORTED)


@transaction.atomic
def look_at_review(*, review_id: UUID, hides: bool, now: datetime) -> None:
    """Decide, as a moderator, whether what stands beside the stars stays; the stars always do.

    Raises:
        NotAboutYou: there is none.
    """
    review = Review.objects.select_for_update(no_key=True).filter(pk=review_id).first()
    if review is None:
        raise NotAboutYou
    review.reviewed_at = now
    if hides:
        review.comment, review.hidden_at = "", review.hidden_at or now
    review.save(update_fields=["reviewed_at", "comment", "hidden_at"])
