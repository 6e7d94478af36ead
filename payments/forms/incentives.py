"""What managers decide of an incentive, in the currency's usual unit."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from carpool.kernel.forms import date_input
from payments.errors import IncentiveGivesNothing, IncentiveHoursIncomplete
from payments.forms.sponsors import CoinField
from payments.models import GivenTo, Incentive, SponsorBudget
from payments.models.incentives import LEAST_ZONE_M, MOST_ZONE_M
from payments.services.incentives import TERMS
from rides.models import ProofClass

COINS = {
    "per_trip": (_("For a trip"), ""),
    "per_km": (
        _("For a kilometre"),
        _("Of what the passenger was aboard, by the metre, rounded down to the smallest coin."),
    ),
    "per_passenger": (
        _("To the driver for each passenger"), _("A trip with several passengers counts once."),
    ),
    "most_a_day": (_("At most in a day"), _("For one person, as all three.")),
    "most_a_month": (_("At most in a month"), ""),
    "most_a_year": (_("At most in a year"), ""),
    "total": (_("At most in all"), _("For everybody together; then it gives nothing more.")),
}  # fmt: skip
_TIME = {"class": "input", "type": "time"}


def _number(least: int, most: int) -> forms.NumberInput:
    attrs = {"class": "input", "min": least, "max": most, "inputmode": "numeric"}
    return forms.NumberInput(attrs=attrs)


class IncentiveForm(forms.Form):
    """An incentive's rule."""

    name = forms.CharField(
        label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"class": "input"}),
        help_text=_("Your people read it in their wallets."),
    )  # fmt: skip
    budget = forms.ModelChoiceField(
        label=_("Who pays"), queryset=SponsorBudget.objects.none(), empty_label=None,
        help_text=_("One of your budgets. It pays rewards also while it is closed for fares."),
        widget=forms.Select(attrs={"class": "select"}),
    )  # fmt: skip
    given_to = forms.ChoiceField(
        label=_("Who gets it"), choices=GivenTo.choices, widget=forms.RadioSelect
    )
    least_class = forms.ChoiceField(
        label=_("Proof at least"),
        choices=[
            (one.value, format_lazy("{} · {}", one.value, one.label))
            for one in reversed(ProofClass)
        ],
        widget=forms.Select(attrs={"class": "select"}),
    )
    at_sites = forms.BooleanField(
        label=_("Only trips that begin or end at one of your sites"), required=False
    )
    zone_m = forms.IntegerField(
        label=_("How near to a site, m"),
        validators=[MinValueValidator(LEAST_ZONE_M), MaxValueValidator(MOST_ZONE_M)],
        widget=_number(LEAST_ZONE_M, MOST_ZONE_M),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On these days"), choices=list(WEEKDAYS_ABBR.items()), coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    from_time = forms.TimeField(
        label=_("From"), required=False, widget=forms.TimeInput(attrs=_TIME, format="%H:%M"),
        help_text=_("When the passenger gets in. Leave both empty for the whole day."),
    )  # fmt: skip
    until_time = forms.TimeField(
        label=_("Until"), required=False, widget=forms.TimeInput(attrs=_TIME, format="%H:%M")
    )
    first_day = forms.DateField(label=_("First day"), widget=date_input())
    last_day = forms.DateField(
        label=_("Last day"), required=False, widget=date_input(),
        help_text=_("Without one it goes on until you end it."),
    )  # fmt: skip
    most_trips = forms.IntegerField(
        label=_("Trips of a person in a day"),
        help_text=_("Each way to or from a site counts once a day."),
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        widget=_number(1, 20),
    )

    def __init__(self, incentive: Incentive, *args: Any, **kwargs: Any) -> None:
        known = {name: getattr(incentive, name) for name in TERMS if name != "budget"}
        known |= {name: known[name] or None for name in ("per_trip", "per_km", "per_passenger")}
        kwargs["initial"] = known | {"budget": incentive.budget_id} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.incentive = incentive
        payers = self.fields["budget"]
        assert isinstance(payers, forms.ModelChoiceField)
        payers.queryset = SponsorBudget.objects.filter(
            organization=incentive.organization
        ).order_by("name")
        for name, (label, hint) in COINS.items():
            self.fields[name] = CoinField(
                incentive.organization.currency, label=label, help_text=hint, required=False
            )

    def clean(self) -> dict[str, Any]:
        """Refuse a rule that gives nothing, ends before it begins, or has half an hour's range."""
        cleaned = super().clean() or self.cleaned_data
        for name in ("per_trip", "per_km", "per_passenger"):
            cleaned[name] = cleaned.get(name) or 0
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("It would end before it begins."))
        if (cleaned.get("from_time") is None) != (cleaned.get("until_time") is None):
            self.add_error("until_time", IncentiveHoursIncomplete.title)
        for_passengers = cleaned["per_passenger"] and cleaned.get("given_to") != GivenTo.RIDER
        if not (cleaned["per_trip"] or cleaned["per_km"] or for_passengers):
            self.add_error("per_trip", IncentiveGivesNothing.title)
        return cleaned

    def to_incentive(self) -> Incentive:
        """Return the incentive with what was entered; nothing is saved."""
        for name in TERMS:
            setattr(self.incentive, name, self.cleaned_data[name])
        return self.incentive


class WhyForm(forms.Form):
    """Why a reward is taken back; its person reads it."""

    why = forms.CharField(label=_("Why? Its person reads this."), max_length=280)
