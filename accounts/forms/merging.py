"""Joining two accounts of one person."""

from django import forms
from django.utils.translation import gettext_lazy as _


class MergeForm(forms.Form):
    """Which other account is one's own."""

    email = forms.EmailField(
        label=_("Address of the other account"),
        widget=forms.EmailInput(
            attrs={"class": "input", "autocomplete": "email", "spellcheck": False}
        ),
    )


class MergeCodeForm(forms.Form):
    """What proves it."""

    code = forms.CharField(
        label=_("Code from the e-mail"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"class": "input", "autocomplete": "one-time-code", "spellcheck": False}
        ),
    )
    second_code = forms.CharField(
        label=_("Code of the app, or a recovery code"),
        help_text=_("Only if the other account has a second step."),
        max_length=20,
        required=False,
        widget=forms.TextInput(
            attrs={"class": "input", "inputmode": "numeric", "autocomplete": "off"}
        ),
    )
