"""What an organization's people find good about a ride: the weights of the generalized cost.

The formula stands in ``matching.engine.insertion``. Everything is worth seconds of the rider's time
aboard: a weight says how many of them one second of the kind is worth, money is converted at a
value of time, and a driver who keeps none of their rides costs a number of seconds.
"""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from carpool.kernel.money import Money

# Minor units per kilometre and seat, and per hour of a commuter's time. The price is 0.06 EUR, the
# time is worth 10 EUR (commuting by car, HEATCO D5, 2006, rounded); others by round exchange rates.
# An organization may set its own; in a currency that is not here it must, or price does not count.
CURRENCY_DEFAULTS: dict[str, tuple[Decimal, int]] = {
    "EUR": (Decimal(6), 1_000),
    "USD": (Decimal(7), 1_100),
    "GBP": (Decimal(5), 900),
    "CHF": (Decimal(6), 1_000),
    "KRW": (Decimal(90), 15_000),
    "JPY": (Decimal(10), 1_600),
    "CLP": (Decimal(60), 10_000),
}
MOST_WEIGHT = Decimal(10)
MS_PER_H = 3_600_000


def _weight(name: Any, default: str, help_text: Any) -> Any:
    return models.DecimalField(
        name,
        max_digits=4,
        decimal_places=2,
        default=Decimal(default),
        validators=[MinValueValidator(0), MaxValueValidator(MOST_WEIGHT)],
        help_text=help_text,
    )


class RankingPolicy(models.Model):
    """How one organization ranks rides. Without a row, these defaults hold.

    Walking counts double, as travel behaviour research finds again and again (Wardman 2004).
    """

    organization = models.OneToOneField(
        Organization,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="ranking_policy",
        verbose_name=_("organization"),
    )
    riding = _weight(_("riding"), "1.00", _("A second aboard; everything is compared with it."))
    walking = _weight(_("walking"), "2.00", _("A second on foot."))
    shift = _weight(_("shift"), "0.50", _("A second earlier or later than the time named."))
    detour = _weight(_("detour"), "1.00", _("A second that the driver drives longer."))
    price_minor_per_km = models.DecimalField(
        _("price per kilometre and seat"),
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("In the smallest unit of the currency. Empty: what is usual in the currency."),
    )
    time_value_minor_per_h = models.PositiveIntegerField(
        _("value of an hour"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("In the smallest unit; it turns a price into time. Empty: what is usual."),
    )
    unreliable_s = models.PositiveIntegerField(
        _("an unreliable driver, seconds"),
        default=600,
        validators=[MaxValueValidator(3600)],
        help_text=_("How much longer one would ride with a driver who surely keeps the ride."),
    )

    class Meta:
        verbose_name = _("ranking policy")
        verbose_name_plural = _("ranking policies")
        constraints = [
            *(
                models.CheckConstraint(
                    condition=models.Q((f"{field}__gte", 0), (f"{field}__lte", MOST_WEIGHT)),
                    name=f"ranking_{field}_from_0_to_10",
                )
                for field in ("riding", "walking", "shift", "detour")
            ),
            models.CheckConstraint(
                condition=models.Q(price_minor_per_km=None) | models.Q(price_minor_per_km__gte=0),
                name="ranking_price_is_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(time_value_minor_per_h=None)
                | models.Q(time_value_minor_per_h__gte=1),
                name="ranking_time_has_a_value",
            ),
            models.CheckConstraint(
                condition=models.Q(unreliable_s__lte=3600), name="ranking_unreliable_up_to_an_hour"
            ),
        ]

    def __str__(self) -> str:
        return f"Ranking of {self.organization}"

    @property
    def rate_minor_per_km(self) -> Decimal | None:
        """What a seat costs per kilometre; None where nobody has said."""
        usual = CURRENCY_DEFAULTS.get(self.organization.currency, (None, None))[0]
        return usual if self.price_minor_per_km is None else self.price_minor_per_km

    @property
    def ms_per_metre(self) -> float:
        """What a metre of one seat is worth in milliseconds aboard; 0 where no price is known."""
        usual = CURRENCY_DEFAULTS.get(self.organization.currency, (None, None))[1]
        rate, hour = self.rate_minor_per_km, self.time_value_minor_per_h or usual
        return 0.0 if rate is None or hour is None else float(rate / 1000 / hour * MS_PER_H)

    def price(self, distance_m: float, *, seats: int) -> Money | None:
        """Return what so many seats cost over a distance, rounded to the smallest unit."""
        rate = self.rate_minor_per_km
        if rate is None:
            return None
        minor = rate * round(distance_m) / 1000 * seats
        return Money(int(minor.to_integral_value()), self.organization.currency)


class RankingChange(models.Model):
    """Who changed which weight, when, from what to what. Rows are only ever added."""

    policy = models.ForeignKey(RankingPolicy, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    field = models.CharField(_("what"), max_length=32)
    before = models.CharField(_("before"), max_length=32, blank=True)
    after = models.CharField(_("after"), max_length=32, blank=True)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(before=models.F("after")), name="ranking_change_changes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.before or '·'} → {self.after or '·'}"
