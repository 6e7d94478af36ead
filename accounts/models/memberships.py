"""What became of memberships: who came, went, was taken out, and who steers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.identity import User
from accounts.models.members import Member


class MembershipAct(models.TextChoices):
    """What happened to a membership."""

    ROLE = "role", _("Given another role")
    LEFT = "left", _("Left")
    REMOVED = "removed", _("Taken out")
    READMITTED = "readmitted", _("Let in again")
    MERGED = "merged", _("Joined with another account")


class MembershipChange(models.Model):
    """That somebody did something to a membership. Rows are only ever added."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="membership_changes")
    act = models.CharField(max_length=10, choices=MembershipAct.choices)
    before = models.CharField(max_length=8, blank=True)
    after = models.CharField(max_length=8, blank=True)
    reason = models.CharField(_("reason"), max_length=280, blank=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("change of a membership")
        verbose_name_plural = _("changes of memberships")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return str(self.get_act_display())
