"""A standing request: a rider's wish that waits for a ride."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.contrib.gis.db.models import PointField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, kept_apart
from carpool.kernel.changes import Followed
from maps.models import Region


class RequestState(models.TextChoices):
    """Where a standing request is in its life."""

    OPEN = "open", _("Looking for a ride")
    FULFILLED = "fulfilled", _("Ride found")
    CLOSED = "closed", _("Withdrawn")
    EXPIRED = "expired", _("Time is over")


REQUEST_TRANSITIONS: dict[RequestState, frozenset[RequestState]] = {
    RequestState.OPEN: frozenset(
        {RequestState.FULFILLED, RequestState.CLOSED, RequestState.EXPIRED}
    ),
    RequestState.FULFILLED: frozenset(),
    RequestState.CLOSED: frozenset(),
    RequestState.EXPIRED: frozenset(),
}


class RequestQuerySet(models.QuerySet["RideRequest"]):
    """Filters over requests."""

    def visible_to(self, member: Member) -> RequestQuerySet:
        """A member's own requests: where somebody starts is nobody else's business."""
        return self.filter(rider=member)

    def of_people_known_to(self, driver: Member) -> RequestQuerySet:
        """Requests of others whom a driver may take along; of partners, if the driver wants that.

        Whoever shows one shows no door: see ``matching.selectors.along``.
        """
        partners = driver.organization.partner_ids if driver.shares_beyond else []
        known = self.filter(rider__organization__in=[driver.organization_id, *partners])
        return known.welcome_among([driver]).exclude(rider=driver)

    def waiting(self, now: datetime) -> RequestQuerySet:
        """Open requests that can still be served."""
        return self.filter(state=RequestState.OPEN, latest_arrival_at__gt=now)

    def welcome_among(self, people: Iterable[Member]) -> RequestQuerySet:
        """Requests of riders whom none of some people is kept apart from, nor they from them."""
        requests = self
        for member in people:
            requests = requests.exclude(kept_apart(member, "rider"))
        return requests


class RideRequest(Followed):
    """From where to where, when, with how many: matched against each new ride."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    rider = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="ride_requests", verbose_name=_("rider")
    )
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="+", verbose_name=_("region")
    )
    origin = PointField(srid=4326)
    origin_label = models.CharField(max_length=255)
    destination = PointField(srid=4326)
    destination_label = models.CharField(max_length=255)
    earliest_departure_at = models.DateTimeField(_("earliest departure"))
    latest_arrival_at = models.DateTimeField(_("latest arrival"))
    seats = models.PositiveSmallIntegerField(_("seats"), default=1)
    walk_m = models.PositiveIntegerField(_("walk accepted, m"))
    instead_of = models.OneToOneField(
        "rides.Booking",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="rescue",
        verbose_name=_("instead of"),
        help_text=_("The seat that was taken from the rider"),
    )
    state = models.CharField(
        _("state"), max_length=9, choices=RequestState.choices, default=RequestState.OPEN
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    objects = RequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("standing request")
        verbose_name_plural = _("standing requests")
        ordering = ["earliest_departure_at", "id"]
        indexes = [
            GistIndex(
                fields=["origin"],
                name="request_open_origin",
                condition=models.Q(state=RequestState.OPEN),
            ),
            models.Index(
                fields=["latest_arrival_at"],
                name="request_open_until",
                condition=models.Q(state=RequestState.OPEN),
            ),
            models.Index(fields=["region", "changed_in"], name="request_latest_change"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(latest_arrival_at__gt=models.F("earliest_departure_at")),
                name="request_window_is_not_empty",
            ),
            models.CheckConstraint(
                condition=models.Q(seats__gte=1, seats__lte=8), name="request_has_1_to_8_seats"
            ),
        ]

    def __str__(self) -> str:
        # No place: where somebody starts is nobody else's business.
        return f"{self.rider}, {self.earliest_departure_at:%Y-%m-%d %H:%M}"
