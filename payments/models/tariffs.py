"""What taxis cost, as dated rows that operators keep, and the law an organization lives under."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    DateTimeRangeField,
    RangeBoundary,
    RangeOperators,
)
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from accounts.models.organizations import validate_time_zone
from payments.engine.legal import PROFILES
from payments.engine.legal import LegalProfile as Law
from payments.engine.tariffs import NightBand, Stacking, Tariff


def read_bands(rows: Any) -> tuple[NightBand, ...]:
    """Return night bands as they are stored: a list of start, end and percent.

    Raises:
        ValidationError: they are no such list.
    """
    try:
        return tuple(
            NightBand(
                time.fromisoformat(row["start"]), time.fromisoformat(row["end"]), _percent(row)
            )
            for row in rows
        )
    except (KeyError, TypeError, ValueError):
        raise ValidationError(
            _("A list is needed, each as in %(example)s."),
            params={"example": '{"start": "22:00", "end": "04:00", "percent": 20}'},
        ) from None


def _percent(row: dict[str, Any]) -> int:
    percent = row["percent"]
    if not isinstance(percent, int) or isinstance(percent, bool) or not 0 < percent <= 300:
        raise ValueError(percent)
    return percent


def validate_bands(rows: Any) -> None:
    """Refuse what are no night bands."""
    read_bands(rows)


class TaxiTariff(models.Model):
    """What one kind of taxi costs in one region from a day on. Two never hold at the same time."""

    region = models.CharField(_("region"), max_length=60, help_text=_("Short name of its map"))
    vehicle = models.CharField(_("kind of taxi"), max_length=40, default="mid-size")
    currency = models.CharField(_("currency"), max_length=3)
    zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])
    valid_from = models.DateTimeField(_("valid from"))
    valid_to = models.DateTimeField(
        _("valid until"), null=True, blank=True, help_text=_("Not any more from then on")
    )
    base = models.PositiveIntegerField(
        _("base fare"), help_text=_("Smallest units of the currency")
    )
    base_m = models.PositiveIntegerField(_("metres within the base fare"))
    step = models.PositiveIntegerField(_("price of a step"), validators=[MinValueValidator(1)])
    step_m = models.PositiveIntegerField(_("metres of a step"), validators=[MinValueValidator(1)])
    step_s = models.PositiveIntegerField(
        _("slow seconds of a step"), validators=[MinValueValidator(1)]
    )
    bands = models.JSONField(
        _("surcharges by the hour"),
        default=list,
        blank=True,
        validators=[validate_bands],
        help_text=format_lazy(
            _("Local time, as in {example}"),
            example='[{"start": "22:00", "end": "04:00", "percent": 20}]',
        ),
    )
    outside_percent = models.PositiveSmallIntegerField(
        _("surcharge outside the region, percent"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(300)],
        help_text=_("Empty: not known, and ways that lead outside are refused"),
    )
    stacking = models.CharField(
        _("two surcharges at once"),
        max_length=3,
        choices=[(Stacking.SUM, _("are added")), (Stacking.MAX, _("the higher one"))],
        default=Stacking.SUM,
    )
    most_percent = models.PositiveSmallIntegerField(
        _("at most, percent"), null=True, blank=True, validators=[MaxValueValidator(300)]
    )
    round_to = models.PositiveIntegerField(
        _("rounded to"), default=100, validators=[MinValueValidator(1)]
    )
    call_fee = models.PositiveIntegerField(_("call fee"), default=0)
    source = models.CharField(
        _("source"), max_length=200, help_text=_("Where the figures are from")
    )
    checked_on = models.DateField(_("checked on"), help_text=_("When they were last compared"))
    is_invented = models.BooleanField(_("invented for the demo"), default=False)

    class Meta:
        verbose_name = _("taxi tariff")
        verbose_name_plural = _("taxi tariffs")
        ordering = ["region", "vehicle", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_to=None) | models.Q(valid_to__gt=models.F("valid_from")),
                name="a_tariff_ends_after_it_begins",
                violation_error_message=_("It ends before it begins."),
            ),
            models.CheckConstraint(
                condition=models.Q(step__gt=0, step_m__gt=0, step_s__gt=0, round_to__gt=0),
                name="a_taximeter_counts",
            ),
            ExclusionConstraint(
                name="one_tariff_at_a_time",
                expressions=[
                    ("region", RangeOperators.EQUAL),
                    ("vehicle", RangeOperators.EQUAL),
                    (
                        models.Func(
                            "valid_from", "valid_to", RangeBoundary(),
                            function="tstzrange", output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_(
                    "Another tariff of this region holds at that time; end it first."
                ),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.region} · {self.vehicle} · {self.valid_from:%Y-%m-%d}"

    @property
    def as_engine(self) -> Tariff:
        """The row as the taximeter knows it."""
        return Tariff(
            region=self.region, vehicle=self.vehicle, currency=self.currency, zone=self.zone,
            valid_from=self.valid_from, valid_to=self.valid_to, base=self.base,
            base_m=self.base_m, step=self.step, step_m=self.step_m, step_s=self.step_s,
            bands=read_bands(self.bands), source=self.source, checked_on=self.checked_on,
            outside_percent=self.outside_percent, stacking=Stacking(self.stacking),
            most_percent=self.most_percent, round_to=self.round_to, call_fee=self.call_fee,
            is_invented=self.is_invented,
        )  # fmt: skip


class LegalTerms(models.Model):
    """Which country's limits hold when drivers are paid; without any, costs are shared."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, related_name="+", verbose_name=_("organization")
    )
    profile = models.CharField(
        _("law"),
        max_length=20,
        choices=[
            ("cost_sharing", _("Costs are shared at any time")),
            ("korea", _("Korea: paid on weekdays 07–09 and 18–20, not on holidays")),
        ],
        default="cost_sharing",
    )
    holidays = ArrayField(
        models.DateField(),
        verbose_name=_("holidays"),
        default=list,
        blank=True,
        help_text=_("Days as in 2026-12-25, separated by commas; on these nobody is paid"),
    )

    class Meta:
        verbose_name = _("legal terms")
        verbose_name_plural = _("legal terms")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(profile__in=sorted(PROFILES)), name="a_law_that_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization_id}: {self.profile}"

    @property
    def law(self) -> Law:
        """The profile as the rules know it."""
        return PROFILES[self.profile]
