"""The rules of an organization as people enter them: minutes and hours instead of seconds."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import RULES, Organization, PolicyChange, Rule
from accounts.models.policies import Unit
from accounts.selectors import DecidedRule, list_policies
from accounts.services import bounds_text

_YES, _NO = gettext_lazy("Yes"), gettext_lazy("No")


def _widget(rule: Rule, bounds: dict[str, str]) -> forms.Widget:
    if rule.unit == Unit.YES_NO:
        return forms.Select(attrs={"class": "select"}, choices=[("0", _NO), ("1", _YES)])
    return forms.NumberInput(attrs={"class": "input", "step": "any", **bounds})


class RuleField(forms.DecimalField):
    """One rule, in its unit; empty means the default."""

    def __init__(self, decided: DecidedRule) -> None:
        rule = decided.rule
        self.rule, self.is_default = rule, decided.is_default
        bounds = {"min": f"{shown(rule, rule.least):f}", "max": f"{shown(rule, rule.most):f}"}
        super().__init__(
            label=str(rule.label),
            help_text=str(rule.help),
            required=not rule.may_be_empty,
            initial=None if decided.value is None else shown(rule, decided.value),
            widget=_widget(rule, bounds),
        )

    @property
    def default_text(self) -> str:
        """Say the default with its unit; nothing where the help says what is usual."""
        if self.rule.default is None:
            return ""
        if self.rule.unit == Unit.YES_NO:
            return str(_YES if self.rule.default else _NO)
        return f"{shown(self.rule, self.rule.default):f} {self.rule.unit.label}"

    def clean(self, value: Any) -> Any:
        """Return the rule's value as it is stored.

        Raises:
            ValidationError: it is out of bounds, or finer than the rule knows.
        """
        number = super().clean(value)
        if number is None:
            return None
        try:
            return self.rule.parse(number * self.rule.unit.seconds)
        except ValueError:
            raise ValidationError(bounds_text(self.rule)) from None


def shown(rule: Rule, value: Decimal | int) -> Decimal:
    """Return a stored value in the rule's unit, without zeros that say nothing."""
    number = (Decimal(value) / rule.unit.seconds).normalize()
    return number.quantize(Decimal(1)) if number == number.to_integral() else number


class PoliciesForm(forms.Form):
    """All rules of an organization, and why they change."""

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=280,
        required=False,
        help_text=gettext_lazy("Stands in the history beside what changed."),
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for decided in list_policies(organization):
            self.fields[decided.rule.name] = RuleField(decided)

    @property
    def values(self) -> dict[str, Any]:
        """What was entered, without the reason."""
        return {name: self.cleaned_data[name] for name in RULES}


class PolicyChangeForm(forms.ModelForm):  # type: ignore[type-arg]
    """One change of a rule, as an operator enters it: in seconds, metres, days."""

    name = forms.ChoiceField(label=gettext_lazy("what"), choices=[])
    after = forms.CharField(
        label=gettext_lazy("after"),
        max_length=32,
        required=False,
        help_text=gettext_lazy("Empty: the default"),
    )

    class Meta:
        model = PolicyChange
        fields = ["organization", "name", "after", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields:  # not where a change is only shown
            self.fields["name"].choices = [(name, rule.label) for name, rule in RULES.items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Read the value by its rule; refuse what changes nothing."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        rule, organization = RULES.get(cleaned.get("name", "")), cleaned.get("organization")
        if rule is None or organization is None:
            return cleaned
        try:
            value = rule.parse(cleaned["after"]) if cleaned.get("after") else rule.default
        except ValueError:
            raise ValidationError({"after": bounds_text(rule)}) from None
        if value == getattr(organization.policy, rule.name):
            raise ValidationError({"after": _("It is so already.")})
        return {**cleaned, "after": value}
