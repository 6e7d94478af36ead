"""What a new member is asked, on three small screens."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Site
from accounts.selectors import find_named_place
from carpool.kernel.forms import LonLatField, PlaceInput, PlacesForm, time_input
from carpool.kernel.geo import LonLat

TEXT = {"class": "input", "autocomplete": "off"}
YES, NO = "yes", "no"


class HomeForm(PlacesForm):
    """Where somebody lives: typed, or a pin on the map."""

    place_names = ("place",)

    place_label = forms.CharField(label=_("Address"), max_length=255, widget=PlaceInput("place"))
    place = LonLatField()

    def __init__(self, member: Member, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member

    def find_place(self, text: str) -> LonLat | None:
        """Ask our own address search."""
        return find_named_place(self.member, text)


class WorkForm(PlacesForm):
    """At which site, or else where, somebody works, and whether they could drive.

    An organization without sites, such as a community of individuals, asks for an address.
    """

    site = forms.TypedChoiceField(
        label=_("Where do you work?"), coerce=UUID, choices=[], widget=forms.RadioSelect
    )
    has_car = forms.ChoiceField(
        label=_("Could you drive sometimes?"),
        choices=[(NO, _("No car")), (YES, _("I have a car"))],
        widget=forms.RadioSelect,
    )
    make = forms.CharField(label=_("make"), max_length=40, required=False)
    model = forms.CharField(label=_("model"), max_length=40, required=False)
    colour = forms.CharField(label=_("colour"), max_length=30, required=False)
    plate = forms.CharField(label=_("plate"), max_length=16, required=False)

    place_label = forms.CharField(
        label=_("Where do you work?"), max_length=255, widget=PlaceInput("place")
    )
    place = LonLatField()

    def __init__(self, member: Member, sites: list[Site], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        self.place_names = () if sites else ("place",)
        for name in ("place_label", "place") if sites else ("site",):
            del self.fields[name]
        self._shape(sites)

    def find_place(self, text: str) -> LonLat | None:
        """Ask our own address search."""
        return find_named_place(self.member, text)

    def _shape(self, sites: list[Site]) -> None:
        for name in ("make", "model", "colour", "plate"):
            self.fields[name].widget.attrs.update(TEXT)
        if not sites:
            return
        site = self.fields["site"]
        assert isinstance(site, forms.ChoiceField)
        site.choices = [(str(one.pk), one.name) for one in sites]

    def clean(self) -> dict[str, Any]:
        """Ask for the car's look of whoever has one: riders find it by that."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("has_car") == YES:
            for name in ("make", "model", "colour", "plate"):
                if not said.get(name) and name not in self.errors:
                    self.add_error(name, _("Riders find your car by this."))
        return said

    @property
    def car(self) -> dict[str, Any] | None:
        """The car, if there is one."""
        if self.cleaned_data["has_car"] != YES:
            return None
        return {name: self.cleaned_data[name] for name in ("make", "model", "colour", "plate")}


class TimesForm(forms.Form):
    """When somebody usually comes and goes, Monday to Friday."""

    arrive = forms.TimeField(label=_("At work by"), widget=time_input())
    leave = forms.TimeField(label=_("Home from"), widget=time_input())
    role = forms.ChoiceField(
        label=_("I would like to"),
        choices=[("ride", _("Ride")), ("either", _("Either")), ("drive", _("Drive"))],
        widget=forms.RadioSelect,
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a day that ends before it begins."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("arrive") and said.get("leave") and said["leave"] <= said["arrive"]:
            self.add_error("leave", _("Later than you arrive, please."))
        return said
