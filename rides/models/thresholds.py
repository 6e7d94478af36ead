"""Where a member's private place becomes public."""

from django.contrib.gis.db.models import PointField
from django.db import models
from django.db.models.functions import Now

from accounts.models import Member


class Threshold(models.Model):
    """The public place at which rides from and to a door begin and end for everybody else.

    Drawn by lot once (see :mod:`rides.services.thresholds`) and kept: a new one for each ride would
    let others average the door out of them.
    """

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="thresholds")
    door = PointField(srid=4326, help_text="Shown to nobody but the member")
    place = PointField(srid=4326)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.pk}"  # no place: it would tell where somebody lives
