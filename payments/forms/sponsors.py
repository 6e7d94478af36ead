"""What managers decide of a sponsor's budget, in the currency's usual unit."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from carpool.kernel.forms import date_input
from carpool.kernel.money import MINOR_DIGITS
from payments.errors import BudgetForNobody, NoKindOfTrip, TooFewPeople
from payments.models import BudgetFor, SponsorBudget
from payments.selectors.budgets import Chosen, list_named, people_of
from payments.selectors.desk import FEW


class CoinField(forms.DecimalField):
    """An amount as people write it; its value are whole minor units."""

    def __init__(self, currency: str, **kwargs: Any) -> None:
        self.digits = MINOR_DIGITS.get(currency, 2)
        coin = Decimal(1).scaleb(-self.digits)
        # A browser counts steps from the least amount: both have to be the smallest coin.
        attrs = {"class": "input", "inputmode": "decimal", "step": str(coin), "min": str(coin)}
        super().__init__(
            min_value=coin, max_digits=14, decimal_places=self.digits,
            widget=forms.NumberInput(attrs=attrs), **kwargs,
        )  # fmt: skip

    def prepare_value(self, value: Any) -> Any:
        """Write minor units as people do; what somebody typed stays as it is."""
        return Decimal(value).scaleb(-self.digits) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        """Return minor units, or None where nothing was entered."""
        entered = super().clean(value)
        return None if entered is None else int(entered.scaleb(self.digits))


class BudgetForm(forms.Form):
    """A budget's name and its rules."""

    name = forms.CharField(
        label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"class": "input"})
    )
    percent = forms.IntegerField(
        label=_("Share of each price"),
        help_text=_("Percent. With 100 your people pay nothing in advance."),
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        widget=forms.NumberInput(
            attrs={"class": "input", "min": 1, "max": 100, "inputmode": "numeric"}
        ),
    )
    pays_rooms = forms.BooleanField(label=_("Shared taxis"), required=False)
    pays_rides = forms.BooleanField(label=_("Planned rides"), required=False)
    given_to = forms.ChoiceField(
        label=_("For whom?"), choices=BudgetFor.choices, widget=forms.RadioSelect
    )
    sites = forms.MultipleChoiceField(
        label=_("Sites"), required=False, widget=forms.CheckboxSelectMultiple
    )
    people = forms.CharField(
        label=_("Their e-mail addresses"),
        required=False,
        max_length=200_000,
        help_text=_("One a line, at least five. They are not told who else is named."),
        widget=forms.Textarea(attrs={"class": "input", "rows": 5, "spellcheck": "false"}),
    )
    first_day = forms.DateField(label=_("First day"), widget=date_input())
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        help_text=_("Without one it pays until you close it."),
        widget=date_input(),
    )

    def __init__(self, budget: SponsorBudget, *args: Any, **kwargs: Any) -> None:
        known: dict[str, Any] = {name: getattr(budget, name) for name in self.rules}
        sites = {str(site.pk): site for site in budget.organization.sites.all()}
        if not budget._state.adding:
            known["sites"] = [str(site.pk) for site in budget.sites.all()]
            known["people"] = "\n".join(list_named(budget))
        kwargs["initial"] = known | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.budget, currency = budget, budget.organization.currency
        self.known_sites = sites
        self.fields["sites"].choices = [  # type: ignore[attr-defined]
            (key, site.name) for key, site in sites.items()
        ]
        self.fields["most_per_trip"] = CoinField(
            currency,
            label=_("At most for a trip"),
            help_text=_("Of one person's price."),
            required=False,
        )
        self.fields["most_per_month"] = CoinField(
            currency,
            label=_("At most for a person in a month"),
            help_text=_("What comes back counts as not used."),
            required=False,
        )
        self.fields["usual"] = CoinField(
            currency,
            label=_("A usual price, to try it on"),
            help_text=_("At first: what your people's seats have cost lately."),
        )

    rules = (
        "name", "percent", "most_per_trip", "most_per_month", "pays_rooms", "pays_rides",
        "given_to", "first_day", "last_day",
    )  # fmt: skip

    def clean_people(self) -> list[Member]:
        """Return the people with these addresses."""
        addresses = self.cleaned_data["people"].replace(",", " ").replace(";", " ").split()
        if self.data.get("given_to") != BudgetFor.PEOPLE:
            return []
        found, unknown = people_of(self.budget.organization, addresses)
        if unknown:
            said = {"names": ", ".join(unknown[:5])}
            raise forms.ValidationError(
                _("Nobody in your organization has: %(names)s"), params=said
            )
        if len(found) < FEW:
            raise forms.ValidationError(TooFewPeople.title)
        return found

    def clean(self) -> dict[str, Any]:
        """Refuse a budget that ends before it begins, or that is for nothing."""
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("It would end before it begins."))
        if not (cleaned.get("pays_rooms") or cleaned.get("pays_rides")):
            self.add_error("pays_rooms", NoKindOfTrip.title)
        if cleaned.get("given_to") == BudgetFor.SITES and not cleaned.get("sites"):
            self.add_error("sites", BudgetForNobody.title)
        return cleaned

    def to_budget(self) -> SponsorBudget:
        """Return the budget with what was entered; nothing is saved."""
        for name in self.rules:
            setattr(self.budget, name, self.cleaned_data[name])
        return self.budget

    @property
    def chosen(self) -> Chosen:
        """The sites, or the people, that it is for."""
        sites = [self.known_sites[key] for key in self.cleaned_data["sites"]]
        return Chosen(sites=sites, people=self.cleaned_data["people"])
