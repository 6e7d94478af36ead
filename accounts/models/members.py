"""A person inside an organization."""

from __future__ import annotations

import uuid

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.identity import User
from accounts.models.organizations import Organization


class MemberRole(models.TextChoices):
    """What a person may do inside their organization."""

    MEMBER = "member", _("Member")
    MANAGER = "manager", _("Mobility manager")
    OWNER = "owner", _("Owner")


class Gender(models.TextChoices):
    """What a member may state of themselves; nobody else is ever shown it."""

    UNSTATED = "", _("I would rather not say")
    WOMAN = "woman", _("Woman")
    MAN = "man", _("Man")
    NON_BINARY = "nonbinary", _("Non-binary")


class MemberQuerySet(models.QuerySet["Member"]):
    """Filters over members."""

    def active(self) -> MemberQuerySet:
        """Those who have not left, are not suspended, and may sign in."""
        return self.filter(left_at=None, suspended_at=None, user__is_active=True)


class Member(models.Model):
    """A person inside an organization: the one who drives, rides and is seen by colleagues."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("user")
    )
    organization = models.ForeignKey(
        Organization,
        on_delete=models.CASCADE,
        related_name="members",
        verbose_name=_("organization"),
    )
    display_name = models.CharField(_("name"), max_length=80)
    role = models.CharField(
        _("role"), max_length=8, choices=MemberRole.choices, default=MemberRole.MEMBER
    )
    phone = models.CharField(
        _("phone"),
        max_length=32,
        blank=True,
        validators=[RegexValidator(r"^\+?[0-9 ()-]{5,}$", _("Digits, as in +56 9 1234 5678."))],
        help_text=_("Shown only to the people you share a confirmed ride with."),
    )
    language = models.CharField(_("language"), max_length=8, blank=True)
    gender = models.CharField(_("gender"), max_length=9, choices=Gender.choices, blank=True)
    same_gender_only = models.BooleanField(_("travel with my own gender only"), default=False)
    shares_beyond = models.BooleanField(
        _("partner organizations see my rides"), default=False, db_default=False
    )
    joined_at = models.DateTimeField(_("joined at"), db_default=Now())
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)
    suspended_at = models.DateTimeField(_("suspended at"), null=True, blank=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ["display_name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="one_membership_each"),
            models.CheckConstraint(
                condition=models.Q(same_gender_only=False) | ~models.Q(gender=""),
                name="same_gender_needs_a_gender",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def first_name(self) -> str:
        """What colleagues see before a booking is confirmed."""
        return self.display_name.split()[0] if self.display_name else ""
