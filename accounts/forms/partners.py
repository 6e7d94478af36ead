"""Whom an organization invites to share rides."""

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _


class PartnerForm(forms.Form):
    """Another organization, named by its e-mail domain."""

    domain = forms.CharField(
        label=_("Their e-mail domain"),
        max_length=253,
        validators=[RegexValidator(r"^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$", _("As in example.com."))],
        widget=forms.TextInput(
            attrs={"class": "input", "autocomplete": "off", "inputmode": "url", "spellcheck": False}
        ),
    )
