"""The form of a launch study, and the table it takes as an example."""

import csv
from collections.abc import Iterable
from io import StringIO

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from carpool.kernel.geo import LonLat, from_point, offset_m
from matching.engine.study_csv import MOST_SEATS
from matching.services.studies import MOST_BYTES, MOST_NAME

HEADER = (
    "home_latitude",
    "home_longitude",
    "home_address",
    "site",
    "arrival",
    "departure",
    "car",
    "seats",
)
# Where the example's people live, metres east and north of the site, and when they start.
EXAMPLE = (
    (1800, 900, "08:00", "17:00"), (1850, 950, "08:00", "17:15"), (1700, 1000, "08:15", "17:15"),
    (-900, 2600, "07:30", "16:30"), (-950, 2500, "07:30", "16:30"), (-800, 2700, "07:45", "16:45"),
    (2600, -700, "09:00", "18:00"), (2500, -800, "09:00", "18:00"),
)  # fmt: skip
SOMEWHERE = LonLat(-71.25094, -29.90747)


class StudyForm(forms.Form):
    """A name, a file, and how many days a year people come."""

    name = forms.CharField(
        label=_("Name"),
        max_length=MOST_NAME,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
        help_text=_("As your board will read it: “Head office, spring 2027”."),
    )
    file = forms.FileField(
        label=_("CSV file"),
        allow_empty_file=True,
        widget=forms.ClearableFileInput(
            attrs={"class": "input", "accept": ".csv,.txt,.tsv,text/csv,text/plain"}
        ),
    )
    workdays = forms.IntegerField(
        label=_("Days at work a year"),
        initial=220,
        min_value=1,
        max_value=366,
        widget=forms.NumberInput(attrs={"class": "input", "inputmode": "numeric"}),
        help_text=_("Without telework and holidays; for the figures of a year."),
    )

    def read(self) -> bytes:
        """Return what was uploaded; of a file that is too large only enough to say so."""
        content: bytes = self.cleaned_data["file"].read(MOST_BYTES + 1)
        return content


def write_example(sites: Iterable[Site]) -> str:
    """Return a small table that can be uploaded as it is, around the organization's first site."""
    site = next(iter(sites), None)
    middle = from_point(site.location) if site else SOMEWHERE
    file = StringIO()
    rows = csv.writer(file)
    rows.writerow(HEADER)
    for number, (east_m, north_m, arrival, departure) in enumerate(EXAMPLE):
        home = offset_m(middle, east_m=east_m, north_m=north_m)
        car = "no" if number == 2 else "yes"
        seats = "" if car == "no" else min(3, MOST_SEATS)
        rows.writerow(
            [f"{home.lat:.5f}", f"{home.lon:.5f}", "", site.name if site else "", arrival,
             departure, car, seats]
        )  # fmt: skip
    return file.getvalue()
