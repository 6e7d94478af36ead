"""How people come in: what managers enter about sign-in, tables of people, invitations."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

DOMAIN = RegexValidator(r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", _("As in example.com."))


class IssuerForm(forms.Form):
    """An organization's OpenID Connect issuer. The secret goes in and never comes out."""

    address = forms.CharField(
        label=_("Issuer"),
        max_length=255,
        help_text=_("As in https://login.example.com/your-company."),
        widget=forms.TextInput(
            attrs={"class": "input", "inputmode": "url", "autocomplete": "off", "spellcheck": False}
        ),
    )
    client_id = forms.CharField(
        label=_("Client ID"),
        max_length=191,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    client_secret = forms.CharField(
        label=_("Client secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "new-password"}),
    )
    domains = forms.CharField(
        label=_("Allowed e-mail domains"),
        required=False,
        max_length=2000,
        help_text=_("Separated by spaces. Empty: everybody whom your issuer signs in."),
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    is_on = forms.BooleanField(label=_("People may sign in with it"), required=False)
    is_listed = forms.BooleanField(
        label=_("Show the button on the sign-in page to everybody"), required=False
    )

    def clean_domains(self) -> list[str]:
        """Return the domains, each once."""
        names = self.cleaned_data["domains"].lower().replace(",", " ").split()
        for name in names:
            DOMAIN(name)
        return list(dict.fromkeys(names))


class PeopleForm(forms.Form):
    """A table of people, as a file or pasted; ``table`` is its text."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("CSV in UTF-8, at most 1 MB."),
        widget=forms.FileInput(attrs={"class": "input", "accept": ".csv,text/csv"}),
    )
    text = forms.CharField(
        label=_("Or paste it here"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"class": "textarea code", "rows": 6, "placeholder": "email,name,role,active"}
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Return the table's text, wherever it came from."""
        cleaned = super().clean() or {}
        upload = cleaned.get("file")
        if upload is not None and upload.size > 1_000_000:
            raise forms.ValidationError(_("The table is too long."))
        try:
            text = upload.read().decode("utf-8-sig") if upload else cleaned.get("text", "")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("This is not a table that we can read.")) from None
        if not text.strip():
            raise forms.ValidationError(_("Choose a file or paste a table."))
        return {**cleaned, "table": text}


class InvitationForm(forms.Form):
    """A link for so many people and days."""

    note = forms.CharField(
        label=_("Whom it is for"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    max_uses = forms.IntegerField(
        label=_("How many people"),
        min_value=1,
        max_value=500,
        initial=10,
        widget=forms.NumberInput(attrs={"class": "input"}),
    )
    days = forms.IntegerField(
        label=_("How many days"),
        min_value=1,
        max_value=90,
        initial=14,
        widget=forms.NumberInput(attrs={"class": "input"}),
    )
