"""Runs of the batch assignment: what was computed when, for whom, and how well.

A run looks at one organization, one day and one direction; a second one, between two organizations
that share rides, looks at those of both whom the first ones left alone. It is cut into parts that
workers share; each part carries its problem with it, so any worker can solve it, whatever changes
meanwhile in the plans.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Organization
from matching.models.plans import CommuteTrip, Direction


class RunState(models.TextChoices):
    """Where an assignment run is in its life."""

    QUEUED = "queued", _("Waiting to be computed")
    RUNNING = "running", _("Being computed")
    DONE = "done", _("Computed")
    FAILED = "failed", _("Failed")


RUN_TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.FAILED}),
    RunState.RUNNING: frozenset({RunState.DONE, RunState.FAILED}),
    RunState.DONE: frozenset(),
    RunState.FAILED: frozenset(),
}
UNDER_WAY = (RunState.QUEUED, RunState.RUNNING)


class AssignmentRun(models.Model):
    """One computation: who goes with whom, for one organization, day and direction."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="assignment_runs"
    )
    partner = models.ForeignKey(
        Organization,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of a run between partners, the other one; the first has the smaller id",
    )
    service_date = models.DateField()
    direction = models.CharField(max_length=7, choices=Direction.choices)
    state = models.CharField(max_length=7, choices=RunState.choices, default=RunState.QUEUED)
    requested_by = models.ForeignKey(
        Member,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty when the night asked for it",
    )
    commuters = models.PositiveIntegerField(default=0, help_text="Members who took part")
    served = models.PositiveIntegerField(default=0, help_text="Members who share a car")
    cars = models.PositiveIntegerField(default=0, help_text="Proposals made")
    saved_m = models.BigIntegerField(default=0, help_text="Vehicle-metres saved")
    objective_m = models.BigIntegerField(
        default=0, help_text="What was maximized: metres saved, and what fairness is worth"
    )
    bound_m = models.BigIntegerField(
        default=0, help_text="No assignment of these people has a larger objective"
    )
    next_check_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody looks whether it got stuck"
    )
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-service_date", "-direction", "-created_at"]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                name="run_next_check",
                condition=models.Q(next_check_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "service_date", "direction"],
                condition=models.Q(state__in=["queued", "running"], partner=None),
                name="one_run_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["organization", "partner", "service_date", "direction"],
                condition=models.Q(state__in=["queued", "running"], partner__isnull=False),
                name="one_run_of_partners_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(partner=None) | models.Q(partner__gt=models.F("organization")),
                name="run_names_partners_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(direction__in=Direction.values), name="run_has_a_direction"
            ),
            models.CheckConstraint(
                condition=models.Q(state="queued", started_at=None)
                | models.Q(state__in=["running", "done"], started_at__isnull=False)
                | models.Q(state="failed"),
                name="run_started_when_it_runs",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running"], finished_at=None)
                | models.Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="run_finished_when_it_ended",
            ),
            models.CheckConstraint(
                condition=models.Q(served__lte=models.F("commuters")),
                name="run_serves_those_who_took_part",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}, {self.service_date}, {self.get_direction_display()}"

    @property
    def organizations(self) -> list[Organization]:
        """Whose people take part."""
        return [self.organization] + ([self.partner] if self.partner is not None else [])

    def strictest(self, rule: str) -> int:
        """Return the largest that the organizations' rules of a name say: it suits them all."""
        said = (getattr(organization.policy, rule) for organization in self.organizations)
        return max(int(value) for value in said)

    @property
    def gap(self) -> float:
        """How far below the bound the result lies, 0 to 1."""
        return 0.0 if self.bound_m <= 0 else max(0.0, 1 - self.objective_m / self.bound_m)

    @property
    def gap_percent(self) -> str:
        """The same for people."""
        return f"{100 * self.gap:.1f}"


class Outcome(models.TextChoices):
    """What a run came to for one commuter."""

    PENDING = "pending", _("Not yet computed")
    DRIVER = "driver", _("Drives others")
    RIDER = "rider", _("Rides along")
    ALONE = "alone", _("Drives alone")
    LEFT_OUT = "left_out", _("Found no car")


class RunCommuter(models.Model):
    """A member in a run: in which part, and what came of it. Tells the next runs what is fair."""

    run = models.ForeignKey(AssignmentRun, on_delete=models.CASCADE, related_name="people")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    trip = models.ForeignKey(CommuteTrip, on_delete=models.SET_NULL, null=True, related_name="+")
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.PENDING)

    class Meta:
        ordering = ["run", "id"]
        indexes = [models.Index(fields=["member", "run"], name="run_commuter_history")]
        constraints = [
            models.UniqueConstraint(fields=["run", "member"], name="once_in_a_run"),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.get_outcome_display()}"


class RunPart(models.Model):
    """A part of a run that one worker solves by itself; forgotten when the run has ended."""

    run = models.ForeignKey(AssignmentRun, on_delete=models.CASCADE, related_name="parts")
    sweep = models.PositiveSmallIntegerField(help_text="How often the run was cut anew before")
    number = models.PositiveIntegerField()
    problem = models.BinaryField(help_text="As matching.selectors.assignment packs it")
    answer = models.BinaryField(null=True, blank=True)

    class Meta:
        ordering = ["run", "sweep", "number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "sweep", "number"], name="part_once_in_a_sweep"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}, {self.sweep}.{self.number}"
