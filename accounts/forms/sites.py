"""A site as managers enter it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.oneself import PlaceForm
from carpool.kernel.forms import LonLatField, OutlineField, PlaceInput


class SiteForm(PlaceForm):
    """Name, address, reach, and where cars stop."""

    place_names = ("place", "entrance")

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    radius_m = forms.IntegerField(
        label=_("How far it reaches, in metres"),
        min_value=25,
        max_value=2000,
        initial=150,
        help_text=_("The car park and all doors should lie within."),
        widget=forms.NumberInput(attrs={"class": "input", "step": 5}),
    )
    entrance_label = forms.CharField(
        label=_("Where cars stop"), max_length=255, required=False, widget=PlaceInput("entrance")
    )
    entrance = LonLatField()
    fence = OutlineField()

    def values(self) -> dict[str, Any]:
        """What was entered, as the service names it."""
        said = self.cleaned_data
        return {
            "name": said["name"],
            "address": said["place_label"],
            "location": said["place"],
            "radius_m": said["radius_m"],
            "fence": said["fence"],
            "entrance": said.get("entrance") if said.get("entrance_label") else None,
        }
