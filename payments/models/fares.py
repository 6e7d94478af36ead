"""What a shared taxi costs in the end, who pays which part of it, and who objects."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from payments.engine.leaving import Presence
from payments.models.payments import Payment


class LockedFare(models.Model):
    """The estimate when a room's party became final; what it was then, is not changed."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    room_id = models.UUIDField(unique=True)
    highest_fare = models.BigIntegerField(help_text="Upper end of the estimate, for this party")
    currency = models.CharField(max_length=3)
    host_absorbs = models.BooleanField(
        default=False, help_text="The host carries what a smaller party has not prepaid"
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"≤ {self.highest_fare} {self.currency}"


class TopUpReason(models.TextChoices):
    """Why more is asked for."""

    LOCK = "lock", _("The party is smaller")
    FARE = "fare", _("The taxi was dearer")


class TopUpState(models.TextChoices):
    """Where a question for more money is."""

    ASKED = "asked", _("Asked")
    ACCEPTED = "accepted", _("Being paid")
    PAID = "paid", _("Paid")
    REFUSED = "refused", _("Refused")
    EXPIRED = "expired", _("Not answered")
    WITHDRAWN = "withdrawn", _("No longer needed")


TOP_UP_TRANSITIONS: dict[TopUpState, frozenset[TopUpState]] = {
    TopUpState.ASKED: frozenset(
        {TopUpState.ACCEPTED, TopUpState.REFUSED, TopUpState.EXPIRED, TopUpState.WITHDRAWN}
    ),
    # A payment that is declined may be tried again in another way.
    TopUpState.ACCEPTED: frozenset({TopUpState.PAID, TopUpState.ASKED, TopUpState.EXPIRED}),
    TopUpState.PAID: frozenset(),
    TopUpState.REFUSED: frozenset(),
    TopUpState.EXPIRED: frozenset(),
    TopUpState.WITHDRAWN: frozenset(),
}
OPEN_TOP_UPS = (TopUpState.ASKED, TopUpState.ACCEPTED)


class TopUp(models.Model):
    """More money that a rider is asked for. Without a yes nothing is taken (R3)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    room_id = models.UUIDField(db_index=True)
    seat_id = models.UUIDField()
    rider_id = models.UUIDField(db_index=True, help_text="A member")
    reason = models.CharField(max_length=4, choices=TopUpReason.choices)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=9, choices=TopUpState.choices, default=TopUpState.ASKED)
    attempts = models.PositiveSmallIntegerField(default=0)
    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="top_up"
    )
    asked_at = models.DateTimeField()
    answer_by = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seat_id"],
                condition=models.Q(state__in=OPEN_TOP_UPS),
                name="one_open_question_per_seat",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="a_top_up_is_about_something"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("accepted", "paid"), payment__isnull=False)
                | ~models.Q(state__in=("accepted", "paid")),
                name="a_paid_top_up_has_its_payment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["answer_by"],
                name="top_up_answer_by",
                condition=models.Q(state__in=OPEN_TOP_UPS),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}: {self.get_state_display()}"


class FareState(models.TextChoices):
    """Where a fare is on its way to everybody's parts."""

    ASKING = "asking", _("Riders are asked to pay more")
    SETTLED = "settled", _("Settled")


def receipt_path(fare: Fare, _name: str) -> str:
    """Keep a receipt under a name that tells nothing."""
    return f"receipts/{fare.organization_id}/{uuid.uuid4()}.jpg"


class Fare(models.Model):
    """What the taxi cost, as the host read it from the receipt."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    room_id = models.UUIDField(unique=True)
    host_id = models.UUIDField(db_index=True, help_text="A member")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    photo = models.FileField(upload_to=receipt_path)
    state = models.CharField(max_length=7, choices=FareState.choices, default=FareState.ASKING)
    entered_at = models.DateTimeField()
    answer_by = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="a_fare_is_something"),
            models.CheckConstraint(
                condition=models.Q(state=FareState.SETTLED, settled_at__isnull=False)
                | models.Q(state=FareState.ASKING, settled_at=None, answer_by__isnull=False),
                name="a_fare_is_settled_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["answer_by"], name="fare_answer_by", condition=models.Q(state="asking")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def disputable_until(self, window_s: int) -> datetime | None:
        """Return until when its parts can be disputed, None before there are any."""
        return self.settled_at + timedelta(seconds=window_s) if self.settled_at else None


PRESENCES = [
    (Presence.BOARDED.value, _("Came along")),
    (Presence.LEFT_FREE.value, _("Left in time")),
    (Presence.LEFT_LATE.value, _("Left late")),
    (Presence.NO_SHOW.value, _("Did not come")),
]


class FareShare(models.Model):
    """What a settlement made of one person's money. For a rider: part + penalty + back = prepaid.

    For the host, ``share`` is what the ride costs them by the rules, and ``fare_part`` what they
    bear in the end.
    """

    fare = models.ForeignKey(Fare, on_delete=models.PROTECT, related_name="shares")
    person_id = models.UUIDField(db_index=True, help_text="A member")
    is_host = models.BooleanField(default=False)
    presence = models.CharField(max_length=9, choices=PRESENCES)
    funded = models.BigIntegerField(help_text="What they had prepaid")
    share = models.BigIntegerField(help_text="Their part, before the limit of what was prepaid")
    fare_part = models.BigIntegerField()
    penalty = models.BigIntegerField(default=0)
    back = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fare", "person_id"], name="one_share_per_person"),
            models.CheckConstraint(
                condition=models.Q(is_host=True)
                | models.Q(funded=models.F("fare_part") + models.F("penalty") + models.F("back")),
                name="a_riders_money_is_all_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fare_part}"


class DisputeState(models.TextChoices):
    """How a dispute stands."""

    OPEN = "open", _("Being looked at")
    WON = "won", _("For the rider")
    LOST = "lost", _("For the host")


DISPUTE_TRANSITIONS: dict[DisputeState, frozenset[DisputeState]] = {
    DisputeState.OPEN: frozenset({DisputeState.WON, DisputeState.LOST}),
    DisputeState.WON: frozenset(),
    DisputeState.LOST: frozenset(),
}


class Dispute(models.Model):
    """A rider objects to their part: it is held until somebody decides (R11)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    share = models.OneToOneField(FareShare, on_delete=models.PROTECT, related_name="dispute")
    reason = models.TextField(_("reason"), max_length=1000)
    amount = models.BigIntegerField(help_text="Held on what the host is to get")
    penalty = models.BigIntegerField(help_text="Comes back from the fund as well, if it is won")
    state = models.CharField(
        _("state"), max_length=4, choices=DisputeState.choices, default=DisputeState.OPEN
    )
    opened_at = models.DateTimeField(_("opened"))
    decide_by = models.DateTimeField(_("decide by"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by_id = models.UUIDField(
        null=True, blank=True, help_text="A member; nobody where silence decided"
    )
    why = models.TextField(_("why"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("objection to a fare")
        verbose_name_plural = _("objections to fares")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state=DisputeState.OPEN, decided_at=None)
                | (~models.Q(state=DisputeState.OPEN) & models.Q(decided_at__isnull=False)),
                name="a_dispute_is_decided_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["decide_by"], name="dispute_decide_by", condition=models.Q(state="open")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount}: {self.get_state_display()}"
