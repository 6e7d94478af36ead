"""What managers decide of a sponsor's budget, in the currency's usual unit."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from carpool.kernel.forms import date_input
from carpool.kernel.money import MINOR_DIGITS
from payments.models import SponsorBudget


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
        label=_("Share of each prepayment"),
        help_text=_("Percent. With 100 your people pay nothing in advance."),
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        widget=forms.NumberInput(
            attrs={"class": "input", "min": 1, "max": 100, "inputmode": "numeric"}
        ),
    )
    first_day = forms.DateField(label=_("First day"), widget=date_input())
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        help_text=_("Without one it pays until you close it."),
        widget=date_input(),
    )

    def __init__(self, budget: SponsorBudget, *args: Any, **kwargs: Any) -> None:
        known = {name: getattr(budget, name) for name in self.rules}
        kwargs["initial"] = known | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.budget, currency = budget, budget.organization.currency
        self.fields["most_per_trip"] = CoinField(
            currency,
            label=_("At most for a trip"),
            help_text=_("Of one person's prepayment."),
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
            label=_("A usual prepayment, to try it on"),
            help_text=_("At first: what your people's seats have cost lately."),
        )

    rules = ("name", "percent", "most_per_trip", "most_per_month", "first_day", "last_day")

    def clean(self) -> dict[str, Any]:
        """Refuse a budget that ends before it begins."""
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("It would end before it begins."))
        return cleaned

    def to_budget(self) -> SponsorBudget:
        """Return the budget with what was entered; nothing is saved."""
        for name in self.rules:
            setattr(self.budget, name, self.cleaned_data[name])
        return self.budget
