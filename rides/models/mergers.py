"""Two half-empty taxis that could be one, as it is proposed to both hosts.

A pair is proposed once in its life: whatever came of it, it does not come again.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Organization
from rides.models.rooms import Room


class MergerState(models.TextChoices):
    """Where such a proposal is."""

    FOUND = "found", _("Found, its price is looked at")
    PROPOSED = "proposed", _("Proposed to both hosts")
    MERGED = "merged", _("The two are one")
    REFUSED = "refused", _("A host said no")
    EXPIRED = "expired", _("Not answered in time")
    LAPSED = "lapsed", _("It does not fit any more")


MERGER_TRANSITIONS: dict[MergerState, frozenset[MergerState]] = {
    MergerState.FOUND: frozenset({MergerState.PROPOSED, MergerState.LAPSED}),
    MergerState.PROPOSED: frozenset(
        {MergerState.MERGED, MergerState.REFUSED, MergerState.EXPIRED, MergerState.LAPSED}
    ),
    MergerState.MERGED: frozenset(),
    MergerState.REFUSED: frozenset(),
    MergerState.EXPIRED: frozenset(),
    MergerState.LAPSED: frozenset(),
}
OPEN_MERGERS = (MergerState.FOUND, MergerState.PROPOSED)


class RoomMerger(models.Model):
    """That the people of one room (``goes``) join those of another one (``stays``)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    stays = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="mergers_into")
    goes = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="mergers_away")
    state = models.CharField(max_length=8, choices=MergerState.choices, default=MergerState.FOUND)
    walk_m = models.PositiveIntegerField(help_text="On foot between the two meeting points")
    answer_by = models.DateTimeField()
    stays_agreed_at = models.DateTimeField(null=True, blank=True)
    goes_agreed_at = models.DateTimeField(null=True, blank=True)
    found_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("merging of two rooms")
        verbose_name_plural = _("mergings of rooms")
        constraints = [
            models.UniqueConstraint(
                Least("stays", "goes"), Greatest("stays", "goes"), name="a_pair_is_proposed_once"
            ),
            models.UniqueConstraint(
                fields=["stays"],
                condition=models.Q(state__in=OPEN_MERGERS),
                name="one_open_merger_into_a_room",
            ),
            models.UniqueConstraint(
                fields=["goes"],
                condition=models.Q(state__in=OPEN_MERGERS),
                name="one_open_merger_of_a_room",
            ),
            models.CheckConstraint(
                condition=~models.Q(stays=models.F("goes")), name="a_room_merges_with_another"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=OPEN_MERGERS, ended_at=None)
                | (~models.Q(state__in=OPEN_MERGERS) & models.Q(ended_at__isnull=False)),
                name="a_merger_ends_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["answer_by"],
                name="merger_answer_by",
                condition=models.Q(state__in=OPEN_MERGERS),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.goes_id} → {self.stays_id}"

    @property
    def is_agreed(self) -> bool:
        """Tell whether both hosts have said yes."""
        return self.stays_agreed_at is not None and self.goes_agreed_at is not None

    def has_agreed(self, host: Member) -> bool:
        """Tell whether a host has said yes already."""
        is_staying = self.stays.host_id == host.pk
        return (self.stays_agreed_at if is_staying else self.goes_agreed_at) is not None
