"""A launch study: what carpooling could do for an organization, from a table of its commutes."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Organization
from accounts.permissions import is_manager

KEPT_FOR = timedelta(days=365)
"""A study is deleted after a year: by then its people have moved."""
UPLOAD_KEPT_FOR = timedelta(days=7)
"""Rows of a study that failed wait so long for another try."""


class StudyState(models.TextChoices):
    """Where a study is in its life."""

    QUEUED = "queued", _("Waiting to be computed")
    RUNNING = "running", _("Being computed")
    DONE = "done", _("Computed")
    FAILED = "failed", _("Failed")


# A running study is queued again when its worker died.
STUDY_TRANSITIONS: dict[StudyState, frozenset[StudyState]] = {
    StudyState.QUEUED: frozenset({StudyState.RUNNING}),
    StudyState.RUNNING: frozenset({StudyState.DONE, StudyState.FAILED, StudyState.QUEUED}),
    StudyState.FAILED: frozenset({StudyState.QUEUED}),
    StudyState.DONE: frozenset(),
}


class StudyQuerySet(models.QuerySet["Study"]):
    """Filters over studies."""

    def visible_to(self, member: Member) -> StudyQuerySet:
        """The organization's studies for those who manage it, none for anybody else."""
        if not is_manager(member):
            return self.none()
        return self.filter(organization=member.organization_id)


class Study(models.Model):
    """One upload and what came of it. ``result`` tells of nobody alone; see ``engine.study``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="studies")
    created_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=120)
    state = models.CharField(max_length=7, choices=StudyState.choices, default=StudyState.QUEUED)
    workdays = models.PositiveSmallIntegerField(
        _("days at work a year"),
        default=220,
        validators=[MinValueValidator(1), MaxValueValidator(366)],
    )
    detour_s = models.PositiveIntegerField(_("detour that drivers accept, seconds"), default=600)
    rows = models.PositiveIntegerField(_("rows with a commute"))
    problems = models.JSONField(
        _("rows left out"),
        default=list,
        help_text="The first ones, as line, column and code; never what stood there",
    )
    problem_count = models.PositiveIntegerField(default=0)
    progress = models.PositiveSmallIntegerField(_("progress, per cent"), default=0)
    error = models.CharField(_("error"), max_length=40, blank=True, help_text="Code")
    result = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    next_check_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody looks whether it got stuck"
    )

    objects = StudyQuerySet.as_manager()

    class Meta:
        verbose_name = _("launch study")
        verbose_name_plural = _("launch studies")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="study_of_organization"),
            models.Index(
                fields=["next_check_at"],
                name="study_next_check",
                condition=models.Q(next_check_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="done", result__isnull=False)
                | (~models.Q(state="done") & models.Q(result__isnull=True)),
                name="study_done_has_a_result",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running"], finished_at=None)
                | models.Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="study_finished_when_it_ended",
            ),
            models.CheckConstraint(condition=models.Q(progress__lte=100), name="study_progress"),
            models.CheckConstraint(
                condition=models.Q(workdays__gte=1, workdays__lte=366), name="study_workdays"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_under_way(self) -> bool:
        """Whether it waits or is being computed."""
        return self.state in {StudyState.QUEUED, StudyState.RUNNING}


class StudyUpload(models.Model):
    """The rows of a study, from its upload until it is computed; then they are deleted."""

    study = models.OneToOneField(
        Study, on_delete=models.CASCADE, primary_key=True, related_name="upload"
    )
    rows = models.JSONField(help_text="As matching.engine.study_csv.Row has them, in this order")

    class Meta:
        verbose_name = _("rows of a study")
        verbose_name_plural = _("rows of studies")

    def __str__(self) -> str:
        return str(self.study)
