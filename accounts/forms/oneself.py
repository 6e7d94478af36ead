"""What people enter about themselves."""

from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Car, Gender, Member
from accounts.selectors import find_named_place
from carpool.kernel.forms import LonLatField, PlaceInput, PlacesForm
from carpool.kernel.geo import LonLat


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

    place_names: tuple[str, ...] = ("place",)

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
