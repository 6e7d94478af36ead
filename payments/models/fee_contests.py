"""That a rider objects to what giving a seat back late, or not coming, has cost them."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from payments.models.ride_fares import RideFare


class FeeContestState(models.TextChoices):
    """How an objection to a fee stands."""

    OPEN = "open", _("Being looked at")
    WON = "won", _("For the rider")
    LOST = "lost", _("For the driver")


FEE_CONTEST_TRANSITIONS: dict[FeeContestState, frozenset[FeeContestState]] = {
    FeeContestState.OPEN: frozenset({FeeContestState.WON, FeeContestState.LOST}),
    FeeContestState.WON: frozenset(),
    FeeContestState.LOST: frozenset(),
}


class FeeContest(models.Model):
    """A rider of a planned ride objects to a fee: it is held until somebody decides, once.

    ``amount`` is what the driver got of the price; all of it goes back if the rider is believed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", verbose_name=_("organization")
    )
    fare = models.OneToOneField(
        RideFare,
        on_delete=models.PROTECT,
        related_name="contest",
        verbose_name=_("price of a seat"),
    )
    reason = models.TextField(_("reason"), max_length=1000)
    amount = models.BigIntegerField(_("amount"), help_text=_("Held on what the driver is to get"))
    state = models.CharField(
        _("state"), max_length=4, choices=FeeContestState.choices, default=FeeContestState.OPEN
    )
    opened_at = models.DateTimeField(_("opened"))
    decide_by = models.DateTimeField(_("decide by"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by_id = models.UUIDField(
        null=True, blank=True, help_text="A member; nobody where silence decided"
    )
    why = models.TextField(_("why"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("objection to a fee")
        verbose_name_plural = _("objections to fees")
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state=FeeContestState.OPEN, decided_at=None)
                | (~models.Q(state=FeeContestState.OPEN) & models.Q(decided_at__isnull=False)),
                name="a_fee_contest_is_decided_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="a_fee_contest_is_about_something"
            ),
        ]
        indexes = [
            models.Index(
                fields=["decide_by"],
                name="fee_contest_decide_by",
                condition=models.Q(state="open"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount}: {self.get_state_display()}"
