"""Verdicts on trips, the rules they follow, and objections to them."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from rides.models import Booking, ProofClass, Ride


class StrategyName(models.TextChoices):
    """By which rule trips are judged."""

    OURS = "ours", _("Ours")
    SEED = "seed", _("The seed's rule")


class ProofRules(models.Model):
    """A version of the rules. The latest one counts; older ones stay, as verdicts refer to them."""

    strategy = models.CharField(
        _("strategy"), max_length=4, choices=StrategyName.choices, default=StrategyName.OURS
    )
    thresholds = models.JSONField(
        _("thresholds"),
        default=dict,
        blank=True,
        help_text=_("Only what differs from the defaults, by name: see docs/proof.md"),
    )
    note = models.CharField(_("why"), max_length=280)
    created_at = models.DateTimeField(_("since"), db_default=Now())

    class Meta:
        verbose_name = _("rules of proof")
        verbose_name_plural = _("rules of proof")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_strategy_display()} {self.pk}"


class VerificationQuerySet(models.QuerySet["Verification"]):
    """Filters over verdicts."""

    def visible_to(self, member: Member) -> VerificationQuerySet:
        """Return verdicts on trips that a member drove or rode along in."""
        return self.filter(models.Q(booking__rider=member) | models.Q(ride__driver=member))

    def due(self, now: datetime) -> VerificationQuerySet:
        """Return trips that wait to be judged."""
        return self.filter(judge_at__lte=now)


class Verification(models.Model):
    """What positions say of one rider's trip with one driver."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ride = models.ForeignKey(
        Ride, on_delete=models.CASCADE, related_name="+", verbose_name=_("ride")
    )
    booking = models.OneToOneField(
        Booking, on_delete=models.CASCADE, related_name="+", verbose_name=_("booking")
    )
    judge_at = models.DateTimeField(_("to be judged at"), null=True)
    judged_at = models.DateTimeField(_("judged at"), null=True)
    rules = models.ForeignKey(
        ProofRules, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("rules")
    )
    strategy = models.CharField(_("strategy"), max_length=32, blank=True)
    proof_class = models.CharField(
        _("class of proof"), max_length=1, choices=ProofClass.choices, blank=True
    )
    accepted = models.BooleanField(
        _("proven"), default=False, help_text=_("It stands by itself: the trip settles at once")
    )
    held = models.BooleanField(
        _("held"), default=False, help_text=_("A person looks before anything is rewarded")
    )
    eligible = models.BooleanField(
        _("counts"), default=False, help_text=_("The register, and incentives, take it")
    )
    reasons = models.JSONField(_("reasons"), default=list)
    measures = models.JSONField(
        _("measures"), default=dict, help_text=_("Enough to judge anew without the positions")
    )
    overruled_at = models.DateTimeField(
        _("overruled at"), null=True, help_text=_("When a person decided that the trip counts")
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = VerificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["judge_at"],
                name="verifications_due",
                condition=models.Q(judge_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.booking_id} {self.proof_class or '–'}"


class AppealState(models.TextChoices):
    """Where an objection is."""

    OPEN = "open", _("Open")
    GRANTED = "granted", _("The trip counts")
    REFUSED = "refused", _("The verdict stands")


class Appeal(models.Model):
    """That somebody objects to a verdict, and what a person decided."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    verification = models.OneToOneField(
        Verification,
        on_delete=models.CASCADE,
        related_name="appeal",
        verbose_name=_("verification"),
    )
    by = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    reason = models.TextField(_("reason"), max_length=1_000)
    state = models.CharField(
        _("state"), max_length=7, choices=AppealState.choices, default=AppealState.OPEN
    )
    asked_at = models.DateTimeField(_("asked at"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )

    class Meta:
        verbose_name = _("objection to a verdict")
        verbose_name_plural = _("objections to verdicts")
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state=AppealState.OPEN, decided_at=None)
                | (~models.Q(state=AppealState.OPEN) & models.Q(decided_at__isnull=False)),
                name="an_appeal_is_decided_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.by} · {self.get_state_display()}"
