"""What drivers offer to somebody who looks for a ride: the answers to a standing request."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from rides.models.requests import RideRequest
from rides.models.rides import Ride


class RequestOfferState(models.TextChoices):
    """Where an answer to a request is in its life."""

    OPEN = "open", _("Waits for the rider")
    ACCEPTED = "accepted", _("Booked")
    CLOSED = "closed", _("Came to nothing")
    WITHDRAWN = "withdrawn", _("Taken back")


REQUEST_OFFER_TRANSITIONS: dict[RequestOfferState, frozenset[RequestOfferState]] = {
    RequestOfferState.OPEN: frozenset(
        {
            RequestOfferState.ACCEPTED,
            RequestOfferState.CLOSED,
            RequestOfferState.WITHDRAWN,
        }
    ),
    RequestOfferState.ACCEPTED: frozenset(),
    RequestOfferState.CLOSED: frozenset(),
    RequestOfferState.WITHDRAWN: frozenset(),
}


class RequestOfferEnd(models.TextChoices):
    """Why an answer came to nothing."""

    OTHER_CHOSEN = "other_chosen", _("Another ride was chosen")
    NOT_NEEDED = "not_needed", _("The ride is not needed any more")
    TOO_LATE = "too_late", _("Nobody answered in time")
    RIDE_GONE = "ride_gone", _("The ride was cancelled")


class RequestOfferQuerySet(models.QuerySet["RequestOffer"]):
    """Filters over answers to requests."""

    def visible_to(self, member: Member) -> RequestOfferQuerySet:
        """Those that a member made, and those made to them."""
        mine = models.Q(ride__driver=member) | models.Q(request__rider=member)
        return self.filter(mine)

    def waiting(self) -> RequestOfferQuerySet:
        """Those that the rider may still accept."""
        return self.filter(state=RequestOfferState.OPEN)


class RequestOffer(models.Model):
    """A ride that its driver offers to one who looks for one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(
        RideRequest,
        on_delete=models.CASCADE,
        related_name="offers",
        verbose_name=_("standing request"),
    )
    ride = models.ForeignKey(
        Ride, on_delete=models.CASCADE, related_name="request_offers", verbose_name=_("ride")
    )
    state = models.CharField(
        _("state"),
        max_length=9,
        choices=RequestOfferState.choices,
        default=RequestOfferState.OPEN,
    )
    reason = models.CharField(
        _("why it ended"), max_length=12, choices=RequestOfferEnd.choices, blank=True
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = RequestOfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer to a request")
        verbose_name_plural = _("answers to requests")
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "ride"],
                condition=models.Q(state=RequestOfferState.OPEN),
                name="a_ride_is_offered_once_to_a_request",
            ),
            models.CheckConstraint(
                condition=models.Q(state=RequestOfferState.CLOSED) ^ models.Q(reason=""),
                name="a_closed_answer_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(state=RequestOfferState.OPEN) ^ models.Q(ended_at__isnull=False),
                name="an_answer_ends_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ride} · {self.get_state_display()}"
