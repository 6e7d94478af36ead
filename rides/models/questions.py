"""Whether a rider still comes along, now that the driver has changed the ride.

The ride is changed at once, and the seat stays the rider's meanwhile; what they were promised
before is kept here, for it is theirs again if they do not agree.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from rides.models.bookings import Booking


class QuestionState(models.TextChoices):
    """Where such a question is in its life."""

    ASKED = "asked", _("Waits for the rider")
    AGREED = "agreed", _("Still comes along")
    REFUSED = "refused", _("Does not come along")
    LAPSED = "lapsed", _("Not answered in time")
    OVERTAKEN = "overtaken", _("Not asked any more")


QUESTION_TRANSITIONS: dict[QuestionState, frozenset[QuestionState]] = {
    QuestionState.ASKED: frozenset(
        {
            QuestionState.AGREED,
            QuestionState.REFUSED,
            QuestionState.LAPSED,
            QuestionState.OVERTAKEN,
        }
    ),
    QuestionState.AGREED: frozenset(),
    QuestionState.REFUSED: frozenset(),
    QuestionState.LAPSED: frozenset(),
    QuestionState.OVERTAKEN: frozenset(),
}


class ChangeQuestionQuerySet(models.QuerySet["ChangeQuestion"]):
    """Filters over questions."""

    def visible_to(self, member: Member) -> ChangeQuestionQuerySet:
        """Those put to a member, and those that a change of theirs has caused."""
        mine = models.Q(booking__rider=member) | models.Q(booking__ride__driver=member)
        return self.filter(mine)

    def asked(self) -> ChangeQuestionQuerySet:
        """Those that wait for their rider."""
        return self.filter(state=QuestionState.ASKED)

    def due(self, now: datetime) -> ChangeQuestionQuerySet:
        """Those that were not answered in time."""
        return self.asked().filter(answer_by__lte=now)


class ChangeQuestion(models.Model):
    """One change of a ride, put to one rider whose promised times it does not keep."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey(
        Booking, on_delete=models.CASCADE, related_name="questions", verbose_name=_("booking")
    )
    state = models.CharField(
        _("state"), max_length=9, choices=QuestionState.choices, default=QuestionState.ASKED
    )
    asked_at = models.DateTimeField(_("asked at"))
    answer_by = models.DateTimeField(_("answer by"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    pickup_at = models.DateTimeField(_("pick-up"), help_text=_("As it would be now"))
    dropoff_at = models.DateTimeField(_("drop-off"), help_text=_("As it would be now"))
    was_pickup_at = models.DateTimeField(_("pick-up before"))
    was_dropoff_at = models.DateTimeField(_("drop-off before"))
    was_earliest_at = models.DateTimeField(null=True, help_text="The pick-up was not before")
    was_pickup_latest_at = models.DateTimeField(help_text="Nor after")
    was_dropoff_latest_at = models.DateTimeField(help_text="Promised for the drop-off")
    was_latest_arrival_at = models.DateTimeField(help_text="At the rider's own destination")

    objects = ChangeQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question about a change")
        verbose_name_plural = _("questions about changes")
        ordering = ["asked_at", "id"]
        indexes = [
            models.Index(
                fields=["answer_by"],
                name="question_answer_by",
                condition=models.Q(state=QuestionState.ASKED),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["booking"],
                condition=models.Q(state=QuestionState.ASKED),
                name="one_question_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state=QuestionState.ASKED) ^ models.Q(ended_at__isnull=False),
                name="a_question_ends_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking.rider} · {self.get_state_display()}"
