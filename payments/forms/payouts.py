"""Where somebody wants their money sent, as they enter it."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PayoutAccountForm(forms.Form):
    """A bank account."""

    holder = forms.CharField(
        label=_("Account holder"),
        max_length=120,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "name"}),
    )
    bank = forms.CharField(
        label=_("Bank"), max_length=80, widget=forms.TextInput(attrs={"class": "input"})
    )
    number = forms.CharField(
        label=_("Account number or IBAN"),
        max_length=60,
        widget=forms.TextInput(
            attrs={
                "class": "input",
                "autocomplete": "off",
                "inputmode": "text",
                "spellcheck": "false",
            }
        ),
        help_text=_("Stored sealed; afterwards only its last four digits are shown."),
    )
