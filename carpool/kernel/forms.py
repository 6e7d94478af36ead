"""Form parts that several apps need: places, journeys, a local day and time."""

import math
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import LonLat
from carpool.kernel.web import write_place


class PlaceInput(forms.TextInput):
    """A text field that static/maps/places.js makes a combobox over the address search."""

    def __init__(self, name: str) -> None:
        super().__init__(
            attrs={
                "class": "input",
                "role": "combobox",
                "aria-autocomplete": "list",
                "aria-expanded": "false",
                "aria-controls": f"{name}-options",
                "autocomplete": "off",
                "autocapitalize": "words",
                "spellcheck": "false",
                "enterkeyhint": "next",
            }
        )


class LonLatField(forms.CharField):
    """A hidden ``lon,lat``; empty when the place is only named in words."""

    widget = forms.HiddenInput

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=64, **options)

    def to_python(self, value: Any) -> LonLat | None:  # type: ignore[override]
        """Read a pair of degrees.

        Raises:
            ValidationError: it is not a place on earth.
        """
        if value is None or isinstance(value, LonLat):
            return value
        text = str(value).strip()
        if not text:
            return None
        try:
            lon, lat = (float(part) for part in text.split(","))
        except ValueError:
            raise ValidationError(_("This is not a point on the map.")) from None
        if not (math.isfinite(lon) and abs(lon) <= 180 and math.isfinite(lat) and abs(lat) <= 90):
            raise ValidationError(_("This is not a point on the map."))
        return LonLat(lon, lat)

    def prepare_value(self, value: Any) -> Any:
        """Write a place as the page's scripts read it."""
        return write_place(value) if isinstance(value, LonLat) else value

    def run_validators(self, value: Any) -> None:
        """Skip the validators of texts."""

    def validate(self, value: Any) -> None:
        """Accept nothing: the words beside it may say where."""


class OutlineField(forms.CharField):
    """Hidden corners of an outline, ``lon,lat lon,lat …``; empty: none."""

    widget = forms.HiddenInput

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=4000, **options)

    def clean(self, value: Any) -> list[LonLat] | None:
        """Read the corners.

        Raises:
            ValidationError: one of them is not a place on earth.
        """
        text = super().clean(value)
        corners = [LonLatField().to_python(part) for part in text.split()]
        return [corner for corner in corners if corner is not None] or None

    def prepare_value(self, value: Any) -> Any:
        """Write the corners as the page's script reads them."""
        is_read = isinstance(value, list)
        return " ".join(write_place(corner) for corner in value) if is_read else value


class PlacesForm(forms.Form):
    """A form with places, each a ``<name>_label`` in words and a ``<name>`` as a point."""

    place_names: tuple[str, ...] = ()

    def find_place(self, text: str) -> LonLat | None:
        """Return where an address is, or None; the app says with which search."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Look up the places that were named but not chosen, as happens without scripts."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.place_names:
            label = cleaned.get(f"{name}_label")
            if cleaned.get(name) is None and label and name not in self.errors:
                cleaned[name] = self._look_up(name, label)
        return cleaned

    def _look_up(self, name: str, label: str) -> LonLat | None:
        try:
            place = self.find_place(label)
        except DomainError as error:
            self.add_error(f"{name}_label", error.detail)
            return None
        if place is None:
            text = _("We found no such address. Choose one of the suggestions.")
            self.add_error(f"{name}_label", text)
        return place


class JourneyForm(PlacesForm):
    """From and to."""

    place_names = ("origin", "destination")

    origin_label = forms.CharField(label=_("From"), max_length=255, widget=PlaceInput("origin"))
    origin = LonLatField()
    destination_label = forms.CharField(
        label=_("To"), max_length=255, widget=PlaceInput("destination")
    )
    destination = LonLatField()


def time_input() -> forms.TimeInput:
    """Return the device's own clock dial."""
    return forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "input", "step": 60})


def date_input() -> forms.DateInput:
    """Return the device's own calendar."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "input"})


def local_moment(
    form: forms.Form, day: date | None, wall: time | None, zone: ZoneInfo, *, field: str
) -> datetime | None:
    """Return the instant of a local day and time; a time that does not exist marks the field."""
    if day is None or wall is None:
        return None
    try:
        return clock.local_to_utc(day, wall, zone, field=field)
    except DomainError as error:
        form.add_error(field, error.detail)
        return None
