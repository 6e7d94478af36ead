"""Traces, and the positions they are made of.

A trace is what one member's phone says of one ride. Its positions are kept by the day of the ride,
each day in a partition of its own: made ahead of time, and dropped as a whole when the day's terms
are over. What stays is a simplified line, whose greatest distance from the positions is known.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.gis.db.models import LineStringField, PointField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from rides.models import Ride


class TraceQuerySet(models.QuerySet["Trace"]):
    """Filters over traces."""

    def of(self, member: Member) -> TraceQuerySet:
        """Return a member's own traces: a raw trace is for nobody else, the verifier aside."""
        return self.filter(member=member)

    def shared(self) -> TraceQuerySet:
        """Return those of people who still share."""
        return self.filter(stopped_at=None)

    def due(self, now: datetime) -> TraceQuerySet:
        """Return those whose positions have been kept for long enough."""
        return self.filter(purge_at__lte=now, purged_at=None)


class Trace(models.Model):
    """What one member's phone says of one ride, and where it was last."""

    ride = models.ForeignKey(
        Ride, on_delete=models.CASCADE, related_name="+", verbose_name=_("ride")
    )
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", verbose_name=_("member")
    )
    day = models.DateField(_("day"), help_text=_("Of the ride, in UTC: where its positions are"))
    begun_at = models.DateTimeField(_("begun at"), db_default=Now())
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    device = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the phone's own key: one phone, one person"
    )
    positions_count = models.PositiveIntegerField(_("positions"), default=0)
    flagged_count = models.PositiveIntegerField(_("impossible steps"), default=0)

    location = PointField(
        srid=4326, null=True, spatial_index=False, help_text="Where the phone was last"
    )
    located_at = models.DateTimeField(null=True, help_text="When it was there")
    accuracy_m = models.FloatField(null=True)
    speed_mps = models.FloatField(null=True)
    shown_from = models.DateTimeField(
        null=True, help_text="Since when others may see where it is: before, it may be at a home"
    )

    line = LineStringField(
        srid=4326, null=True, spatial_index=False, help_text="What stays of the positions"
    )
    line_error_m = models.FloatField(
        _("greatest error, m"), null=True, help_text=_("No position was farther from the line")
    )
    is_disputed = models.BooleanField(
        _("disputed"), default=False, help_text=_("Somebody objected: positions are kept longer")
    )
    purge_at = models.DateTimeField(
        _("deleted from"), null=True, help_text=_("When its positions go; empty: not settled yet")
    )
    purged_at = models.DateTimeField(_("deleted at"), null=True)

    objects = TraceQuerySet.as_manager()

    class Meta:
        verbose_name = _("trace")
        verbose_name_plural = _("traces")
        ordering = ["-begun_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["ride", "member"], name="one_trace_per_ride_and_member")
        ]
        indexes = [
            models.Index(fields=["member", "-begun_at"], name="traces_of_a_member"),
            models.Index(
                fields=["purge_at"],
                name="traces_by_their_term",
                condition=models.Q(purged_at=None),
            ),
            models.Index(fields=["day"], name="traces_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.day}"


class Position(models.Model):
    """One fix. The table is partitioned by ``day``; see ``tracking.services.partitions``.

    There is no foreign-key constraint: asked for each of a day's million rows, it would cost more
    than the row. A trace is never deleted before its positions.
    """

    pk = models.CompositePrimaryKey("trace_id", "sequence", "day")
    trace = models.ForeignKey(
        Trace, on_delete=models.DO_NOTHING, related_name="positions", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    sequence = models.IntegerField(help_text="The phone counts: the same number is the same fix")
    day = models.DateField()
    location = PointField(srid=4326, spatial_index=False)
    recorded_at = models.DateTimeField(help_text="By the phone's clock")
    received_at = models.DateTimeField()
    accuracy_m = models.FloatField(null=True)
    speed_mps = models.FloatField(null=True)
    is_mock = models.BooleanField(help_text="The phone says that another app made it up")
    is_flagged = models.BooleanField(help_text="Nothing on wheels gets here this quickly")

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")

    def __str__(self) -> str:
        return f"#{self.sequence}"  # no place: whoever may read it asks for it
