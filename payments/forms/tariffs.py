"""Forms of operators: a tariff, tried on a sample way before it is saved."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from carpool.kernel import clock
from payments.engine.rules import RoomRules
from payments.engine.tariffs import FareEstimate, Stretch, TariffUnknown, estimate_fare
from payments.errors import AccountUnknown
from payments.models import ManualJournal, TaxiTariff
from payments.services.manual import accounts_of

PREVIEW = "_preview"


def _tomorrow_noon() -> Any:
    return timezone.localtime(clock.now() + timedelta(days=1)).replace(
        hour=12, minute=0, second=0, microsecond=0
    )


class TariffForm(forms.ModelForm):  # type: ignore[type-arg]
    """A tariff, and a way to try it on: so far, so long, of which so long in slow traffic."""

    sample_km = forms.DecimalField(
        label=_("kilometres"), initial=7, min_value=0, max_value=200, decimal_places=1
    )
    sample_minutes = forms.IntegerField(
        label=_("minutes in all"), initial=27, min_value=0, max_value=600
    )
    sample_slow = forms.IntegerField(
        label=_("of these standing"), initial=10, min_value=0, max_value=600
    )
    sample_at = forms.SplitDateTimeField(
        label=_("departure"), initial=_tomorrow_noon, widget=AdminSplitDateTime,
        help_text=_("In the tariff's own time zone"),
    )  # fmt: skip

    estimate: FareEstimate | None = None

    class Meta:
        model = TaxiTariff
        fields = [
            "region", "vehicle", "currency", "zone", "valid_from", "valid_to", "base", "base_m",
            "step", "step_m", "step_s", "round_to", "call_fee", "bands", "outside_percent",
            "stacking", "most_percent", "source", "checked_on", "is_invented",
        ]  # fmt: skip

    @property
    def is_preview(self) -> bool:
        """Tell whether the tariff is only being tried."""
        return PREVIEW in self.data

    def clean(self) -> dict[str, Any]:
        """Refuse more standing than driving."""
        cleaned = super().clean() or self.cleaned_data
        if (cleaned.get("sample_slow") or 0) > (cleaned.get("sample_minutes") or 0):
            self.add_error("sample_slow", _("That is longer than the whole way."))
        return cleaned

    def _post_clean(self) -> None:
        """Estimate the sample way by what stands in the form, once all of it is checked."""
        super()._post_clean()  # type: ignore[misc]
        if not self.is_preview or self.errors:
            return
        try:
            self.estimate = self._estimate()
        except TariffUnknown as error:
            self.add_error(None, str(error))
            return
        # What is only tried is not saved: the admin saves what has no errors.
        self.add_error(None, ValidationError(_("This is a preview: nothing is saved yet.")))

    def _estimate(self) -> FareEstimate:
        tariff = self.instance.as_engine
        way = self.cleaned_data
        slow_s = 60 * way["sample_slow"]
        stretches = [
            Stretch(int(way["sample_km"] * 1000), 60 * way["sample_minutes"] - slow_s),
            Stretch(0, slow_s),
        ]
        wall = timezone.localtime(way["sample_at"]).replace(tzinfo=None)
        starts_at = timezone.make_aware(wall, ZoneInfo(tariff.zone))
        return estimate_fare(tariff, stretches, starts_at=starts_at, rules=RoomRules())


class ProposalForm(forms.ModelForm):  # type: ignore[type-arg]
    """A movement that somebody proposes. Its accounts have to be in the books."""

    class Meta:
        model = ManualJournal
        fields = [
            "organization", "debit_kind", "debit_key", "credit_kind", "credit_key", "amount",
            "currency", "why",
        ]  # fmt: skip

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            try:
                accounts_of(self.instance)
            except AccountUnknown as error:
                for field in error.fields:
                    self.add_error(field, error.title)
