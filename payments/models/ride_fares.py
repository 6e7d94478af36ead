"""The price of a seat in a planned ride, from the question for it to where it went."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from payments.engine.seats import SeatEnd
from payments.models.payments import Payment


class RideFareState(models.TextChoices):
    """Where the price of a seat is."""

    ASKED = "asked", _("To be paid")
    HELD = "held", _("Kept until the ride has taken place")
    RELEASED = "released", _("The driver's")
    REFUNDED = "refunded", _("Goes back")
    SPLIT = "split", _("A part goes back")
    DISPUTED = "disputed", _("Being looked at")
    LAPSED = "lapsed", _("Not paid")


RIDE_FARE_TRANSITIONS: dict[RideFareState, frozenset[RideFareState]] = {
    RideFareState.ASKED: frozenset({RideFareState.HELD, RideFareState.LAPSED}),
    RideFareState.HELD: frozenset(
        {
            RideFareState.RELEASED,
            RideFareState.REFUNDED,
            RideFareState.SPLIT,
            RideFareState.DISPUTED,
        }
    ),
    RideFareState.DISPUTED: frozenset({RideFareState.RELEASED, RideFareState.REFUNDED}),
    # The money came in time, though the seat had been given up meanwhile.
    RideFareState.LAPSED: frozenset({RideFareState.HELD}),
    # A fee is given back when an objection to it is granted.
    RideFareState.RELEASED: frozenset({RideFareState.REFUNDED}),
    RideFareState.REFUNDED: frozenset(),
    RideFareState.SPLIT: frozenset({RideFareState.REFUNDED}),
}
KEPT_STATES = (RideFareState.HELD, RideFareState.DISPUTED)
ENDED_STATES = (RideFareState.RELEASED, RideFareState.REFUNDED, RideFareState.SPLIT)

# What a rider pays for without having been taken along.
FEE_ENDS = (SeatEnd.LEFT_LATE.value, SeatEnd.MISSED.value)

ENDS = [
    (SeatEnd.TAKEN.value, _("The ride took place")),
    (SeatEnd.MISSED.value, _("The rider did not come")),
    (SeatEnd.VOID.value, _("The ride did not take place")),
    (SeatEnd.LEFT_FREE.value, _("Given back in time")),
    (SeatEnd.LEFT_LATE.value, _("Given back late")),
    (SeatEnd.WAIVED.value, _("Given back late, free this time")),
    (SeatEnd.CALLED_OFF.value, _("Called off")),
]


class RideFare(models.Model):
    """What one booking costs. Once it has ended: to the driver + back = amount.

    Of the amount the rider's organization pays ``sponsored``, and of what goes back it gets
    ``back_to_sponsor``: the same part of it, to the unit.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", verbose_name=_("organization")
    )
    booking_id = models.UUIDField(unique=True, help_text="The trip in the books")
    ride_id = models.UUIDField(db_index=True)
    rider_id = models.UUIDField(db_index=True, help_text="A member")
    driver_id = models.UUIDField(db_index=True, help_text="A member")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    sponsored = models.BigIntegerField(_("paid by the organization"), default=0)
    state = models.CharField(
        _("state"), max_length=8, choices=RideFareState.choices, default=RideFareState.ASKED
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="ride_fare"
    )
    asked_at = models.DateTimeField(_("payment asked"))
    pay_by = models.DateTimeField()
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    end = models.CharField(_("why"), max_length=13, choices=ENDS, blank=True)
    to_driver = models.BigIntegerField(_("for the driver"), default=0)
    back = models.BigIntegerField(_("goes back"), default=0)
    back_to_sponsor = models.BigIntegerField(_("of it to the organization"), default=0)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    disputed_at = models.DateTimeField(_("opened"), null=True, blank=True)
    decide_by = models.DateTimeField(_("decide by"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by_id = models.UUIDField(
        null=True, blank=True, help_text="A member; nobody where silence decided"
    )
    why = models.TextField(_("why"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("price of a seat")
        verbose_name_plural = _("prices of seats")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, to_driver__gte=0, back__gte=0),
                name="a_seat_costs_something",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=ENDED_STATES,
                    amount=models.F("to_driver") + models.F("back"),
                    ended_at__isnull=False,
                )
                | (~models.Q(state__in=ENDED_STATES) & models.Q(to_driver=0, back=0, end="")),
                name="a_seats_price_is_all_somewhere",
            ),
            models.CheckConstraint(
                condition=models.Q(sponsored__gte=0, sponsored__lte=models.F("amount"))
                & models.Q(back_to_sponsor__gte=0, back_to_sponsor__lte=models.F("back"))
                & models.Q(back_to_sponsor__lte=models.F("sponsored")),
                name="a_sponsor_gets_no_more_back_than_it_paid",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=(*KEPT_STATES, *ENDED_STATES))
                | models.Q(paid_at__isnull=False),
                name="a_kept_price_was_paid",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=RideFareState.DISPUTED)
                | models.Q(decide_by__isnull=False),
                name="a_disputed_price_is_decided_by_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["decide_by"],
                name="ride_fare_decide_by",
                condition=models.Q(state="disputed"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}: {self.get_state_display()}"

    @property
    def own(self) -> int:
        """What the rider pays of it."""
        return self.amount - self.sponsored

    @property
    def own_back(self) -> int:
        """What comes back to the rider."""
        return self.back - self.back_to_sponsor

    @property
    def is_disputed(self) -> bool:
        """Tell whether a person has to decide."""
        return self.state == RideFareState.DISPUTED
