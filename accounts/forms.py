"""What people enter about themselves: parsed here, decided in services."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Car, Gender, Member
from accounts.selectors import find_named_place
from carpool.kernel.forms import LonLatField, PlaceInput, PlacesForm
from carpool.kernel.geo import LonLat

DOMAIN = RegexValidator(r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", _("As in example.com."))


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name, phone, language."""

    language = forms.ChoiceField(label=_("Language"), choices=[], required=False)

    class Meta:
        model = Member
        fields = ["display_name", "phone", "language"]
        widgets = {
            "display_name": forms.TextInput(attrs={"class": "input", "autocomplete": "name"}),
            "phone": forms.TextInput(
                attrs={"class": "input", "type": "tel", "autocomplete": "tel"}
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = [("", _("As my organization")), *settings.LANGUAGES]
        language.widget.attrs["class"] = "select"


class CarForm(forms.ModelForm):  # type: ignore[type-arg]
    """A car, as riders recognise it at the kerb."""

    class Meta:
        model = Car
        fields = ["make", "model", "colour", "plate", "seats"]
        widgets = {
            "make": forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
            "model": forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
            "colour": forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
            "plate": forms.TextInput(
                attrs={"class": "input", "autocomplete": "off", "autocapitalize": "characters"}
            ),
            "seats": forms.NumberInput(attrs={"class": "stepper__input", "min": 1, "max": 8}),
        }


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


class DemoForm(forms.Form):
    """Whom to be, in the demo."""

    member = forms.ModelChoiceField(queryset=Member.objects.none())

    def __init__(self, members: QuerySet[Member], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        member = self.fields["member"]
        assert isinstance(member, forms.ModelChoiceField)
        member.queryset = members


class CompanyForm(forms.Form):
    """What a member states of themselves, and with whom they want to travel."""

    gender = forms.ChoiceField(
        label=_("My gender"),
        choices=Gender.choices,
        required=False,
        widget=forms.Select(attrs={"class": "select"}),
    )
    same_gender_only = forms.BooleanField(label=_("Travel with my own gender only"), required=False)


class PlaceForm(PlacesForm):
    """A saved place: an address and its point."""

    place_names = ("place",)

    place_label = forms.CharField(label=_("Address"), max_length=255, widget=PlaceInput("place"))
    place = LonLatField()

    def __init__(self, member: Member, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member

    def find_place(self, text: str) -> LonLat | None:
        """Ask our own address search."""
        return find_named_place(self.member, text)


class AvoidForm(PlaceForm):
    """A place, and how far around it one does not stop."""

    radius_m = forms.TypedChoiceField(
        label=_("How far around"),
        choices=[(100, "100 m"), (200, "200 m"), (400, "400 m"), (800, "800 m")],
        initial=200,
        coerce=int,
        widget=forms.Select(attrs={"class": "select"}),
    )
