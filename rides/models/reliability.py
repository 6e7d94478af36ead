"""What people did about promised seats, what they object to, and how they rated each other."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from rides.models.bookings import Booking
from rides.models.seats import RoomSeat

LEAST_STARS, MOST_STARS = 1, 5
LONGEST_COMMENT = 500


class DeedKind(models.TextChoices):
    """What somebody did; the values are those of ``rides.engine.Kind``."""

    ON_TIME = "on_time", _("Came on time")
    CAME = "came", _("Came")
    LATE = "late", _("Came late")
    CANCELLED_EARLY = "cancelled_early", _("Cancelled in time")
    CANCELLED_WAIVED = "cancelled_waived", _("Cancelled late, for the first time in a month")
    CANCELLED_LATE = "cancelled_late", _("Cancelled late")
    NO_SHOW = "no_show", _("Did not come")


class Role(models.TextChoices):
    """As what somebody took part in a ride."""

    DRIVER = "driver", _("Driver")
    RIDER = "rider", _("Rider")


class DeedRole(models.TextChoices):
    """As what somebody did something: in a car, or as one of those who share a taxi."""

    DRIVER = "driver", _("Driver")
    RIDER = "rider", _("Rider")
    HOST = "host", _("Host of a shared taxi")


# What the same kinds are called of a seat in a shared taxi.
_LEFT_LATE = {
    DeedKind.CANCELLED_WAIVED: _("Left the taxi late, for the first time in a month"),
    DeedKind.CANCELLED_LATE: _("Left the taxi late"),
}
_LET_DOWN = {
    DeedKind.CANCELLED_WAIVED: _(
        "Let others down who had paid for a taxi, for the first time in a month"
    ),
    DeedKind.CANCELLED_LATE: _("Let others down who had paid for a taxi"),
}

# These count as kept, and these as promises that were not: the rest is nobody's fault.
KEPT_KINDS = (DeedKind.ON_TIME, DeedKind.CAME, DeedKind.LATE)
BROKEN_KINDS = (DeedKind.CANCELLED_LATE, DeedKind.NO_SHOW)


class Deed(models.Model):
    """One fact about one person and a booking, or a taxi's seat. Rows are added, never changed.

    ``at`` is when it happened: the pick-up as planned, or the moment of the cancellation.
    """

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="deeds", verbose_name=_("person")
    )
    booking = models.ForeignKey(
        Booking,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="deeds",
        verbose_name=_("booking"),
    )
    seat = models.ForeignKey(
        RoomSeat,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="deeds",
        verbose_name=_("seat in a room"),
    )
    role = models.CharField(_("as"), max_length=6, choices=DeedRole.choices)
    kind = models.CharField(_("what"), max_length=16, choices=DeedKind.choices)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("deed")
        verbose_name_plural = _("deeds")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["member", "-at"], name="deed_newest_first")]
        constraints = [
            models.UniqueConstraint(
                fields=["booking", "member"], name="one_deed_per_person_and_booking"
            ),
            models.UniqueConstraint(fields=["seat"], name="one_deed_per_seat"),
            models.CheckConstraint(
                condition=models.Q(booking=None, seat__isnull=False)
                | models.Q(booking__isnull=False, seat=None),
                name="a_deed_is_of_a_booking_or_a_seat",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.what}"

    @property
    def what(self) -> str:
        """Say what they did, in the words of a ride or of a shared taxi."""
        words = _LET_DOWN if self.role == DeedRole.HOST else _LEFT_LATE
        kind = DeedKind(self.kind)
        said = words.get(kind, kind.label) if self.seat_id is not None else kind.label
        return str(said)


class ObjectionState(models.TextChoices):
    """What an operator decided about an objection."""

    OPEN = "open", _("Being looked at")
    GRANTED = "granted", _("Taken out of the score")
    REFUSED = "refused", _("Stays in the score")


class DeedObjection(models.Model):
    """Somebody says that a fact about them is wrong; an operator decides, once.

    A deed whose objection is granted stays written down and counts for nothing.
    """

    deed = models.OneToOneField(
        Deed, on_delete=models.CASCADE, related_name="objection", verbose_name=_("deed")
    )
    text = models.CharField(_("what is wrong"), max_length=LONGEST_COMMENT)
    made_at = models.DateTimeField(_("made at"))
    state = models.CharField(
        _("state"), max_length=7, choices=ObjectionState.choices, default=ObjectionState.OPEN
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )

    class Meta:
        verbose_name = _("objection to a deed")
        verbose_name_plural = _("objections to deeds")
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state=ObjectionState.OPEN, decided_at=None)
                | (~models.Q(state=ObjectionState.OPEN) & models.Q(decided_at__isnull=False)),
                name="a_decided_objection_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deed} · {self.get_state_display()}"


class ReviewQuerySet(models.QuerySet["Review"]):
    """Filters over reviews."""

    def open_at(self, now: datetime) -> ReviewQuerySet:
        """Reviews that are blind no longer, of trips that took place."""
        return self.filter(opens_at__lte=now, voided_at=None)

    def received_by(self, member: Member, *, now: datetime) -> ReviewQuerySet:
        """What the member may read of how they were rated."""
        return self.filter(subject=member).open_at(now)

    def to_announce(self, now: datetime) -> ReviewQuerySet:
        """Reviews that have opened and whose subject was not told yet."""
        return self.filter(opens_at__lte=now, announced_at=None)


def _stars(name: str) -> models.Q:
    """Return the condition that a part is rated 1 to 5, or not at all."""
    bounds = {f"{name}__gte": LEAST_STARS, f"{name}__lte": MOST_STARS}
    return models.Q(**{name: None}) | models.Q(**bounds)


class Review(models.Model):
    """How one of a booking's two people rates the other.

    Blind until ``opens_at``: the last day for rating, or the moment at which the second of the two
    rated. It is a moment, not a mark, so no look can come too late to find it open. A trip that
    turns out not to have taken place voids its reviews.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey(
        Booking, on_delete=models.CASCADE, related_name="reviews", verbose_name=_("booking")
    )
    author = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="reviews_written", verbose_name=_("by")
    )
    subject = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="reviews_received", verbose_name=_("about")
    )
    subject_role = models.CharField(_("about them as"), max_length=6, choices=Role.choices)
    overall = models.PositiveSmallIntegerField(_("stars"))
    punctuality = models.PositiveSmallIntegerField(_("punctuality"), null=True, blank=True)
    friendliness = models.PositiveSmallIntegerField(_("friendliness"), null=True, blank=True)
    driving = models.PositiveSmallIntegerField(_("driving and car"), null=True, blank=True)
    comment = models.CharField(_("comment"), max_length=LONGEST_COMMENT, blank=True)
    flagged_for = models.CharField(_("flagged for"), max_length=12, blank=True)
    reviewed_at = models.DateTimeField(_("looked at"), null=True, blank=True)
    hidden_at = models.DateTimeField(_("comment hidden at"), null=True, blank=True)
    written_at = models.DateTimeField(_("written at"))
    opens_at = models.DateTimeField(_("opens at"))
    announced_at = models.DateTimeField(_("told at"), null=True, blank=True)
    voided_at = models.DateTimeField(
        _("void since"), null=True, blank=True, help_text=_("The trip did not take place")
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-opens_at", "-id"]
        indexes = [
            models.Index(fields=["subject", "-opens_at"], name="review_newest_first"),
            models.Index(
                fields=["opens_at"],
                name="review_to_announce",
                condition=models.Q(announced_at=None),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["booking", "author"], name="one_review_per_person_and_booking"
            ),
            models.CheckConstraint(
                condition=~models.Q(author=models.F("subject")), name="nobody_rates_themselves"
            ),
            models.CheckConstraint(
                condition=models.Q(overall__gte=LEAST_STARS, overall__lte=MOST_STARS)
                & _stars("punctuality")
                & _stars("friendliness")
                & _stars("driving"),
                name="review_has_1_to_5_stars",
            ),
            models.CheckConstraint(
                condition=models.Q(driving=None) | models.Q(subject_role=Role.DRIVER),
                name="only_drivers_are_rated_for_driving",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_subject_role_display()} · {self.opens_at:%Y-%m-%d}"

    def is_open_at(self, now: datetime) -> bool:
        """Tell whether it is blind no longer; then nobody changes it any more."""
        return self.opens_at <= now
