"""Differences between our books and a provider's, each a row with its age."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BreakKind(models.TextChoices):
    """How the two differ."""

    MISSING_HERE = "missing_here", _("We have never heard of it")
    MISSING_THERE = "missing_there", _("They have never heard of it")
    AMOUNT = "amount", _("Another amount")
    CURRENCY = "currency", _("Another currency")
    STATE = "state", _("Another state")
    DUPLICATE = "duplicate", _("They have it twice")


class StatementBreak(models.Model):
    """One difference, from when it was found until it was gone.

    It belongs to no organization: what a provider has and we do not is nobody's yet. Operators look
    at it, at their desk.
    """

    provider = models.CharField(_("provider"), max_length=20)
    kind = models.CharField(_("difference"), max_length=13, choices=BreakKind.choices)
    reference = models.CharField(
        _("payment"), max_length=100, help_text=_("Our name of the payment")
    )
    provider_ref = models.CharField(_("name at the provider"), max_length=100, blank=True)
    ours = models.BigIntegerField(_("we say"), help_text=_("What we say they keep of it"))
    theirs = models.BigIntegerField(_("they say"), help_text=_("What they say they keep of it"))
    currency = models.CharField(_("currency"), max_length=3)
    found_at = models.DateTimeField(_("found"))
    last_seen_at = models.DateTimeField(_("last seen"))
    gone_at = models.DateTimeField(_("gone"), null=True, blank=True)

    class Meta:
        verbose_name = _("difference from a provider's list")
        verbose_name_plural = _("differences from providers' lists")
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reference"],
                name="one_open_break_per_payment",
                condition=models.Q(gone_at=None),
            ),
        ]
        indexes = [
            models.Index(fields=["found_at"], name="break_open", condition=models.Q(gone_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.kind} {self.reference}"


class StatementRun(models.Model):
    """One comparison: what was compared, and how it went. Silence is told from agreement."""

    provider = models.CharField(_("provider"), max_length=20)
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    at = models.DateTimeField(_("compared"))
    payments = models.PositiveIntegerField(_("payments"), default=0)
    breaks = models.PositiveIntegerField(_("differences"), default=0)
    failed = models.CharField(
        _("failed"), max_length=60, blank=True, help_text=_("Why it could not be done")
    )

    class Meta:
        verbose_name = _("comparison with a provider's list")
        verbose_name_plural = _("comparisons with providers' lists")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.provider}: {self.breaks}"
