"""Where rides go, and when: offers, changes, patterns, the kerb."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from accounts.models import Car, Member
from accounts.selectors import find_named_place, list_cars
from carpool.kernel.forms import (
    JourneyForm,
    LonLatField,
    PlaceInput,
    PlacesForm,
    date_input,
    local_moment,
    time_input,
)
from carpool.kernel.geo import LonLat
from rides.models import BookingMode, Ride
from rides.services import InstantTerms, OfferTerms, RecurringTerms, TripEnd

LEAVE, ARRIVE = "leave", "arrive"
THIS, FOLLOWING, ALL = "this", "following", "all"
# What the service calls a field, and what the form does.
FIELD_NAMES = {
    "origin": "origin_label",
    "destination": "destination_label",
    "arrive_by": "time",
    "departure_at": "time",
    "detour_s": "detour_minutes",
    "detour_m": "detour_km",
    "car_id": "car",
    "first_date": "date",
    "last_date": "until",
}


class CarSelect(forms.Select):
    """A list of cars whose options tell the page how many seats each has."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the seats of the car."""
        option = super().create_option(name, value, *args, **kwargs)
        car = getattr(value, "instance", None)
        if isinstance(car, Car):
            option["attrs"]["data-seats"] = car.seats
        return option


class OfferForm(JourneyForm):
    """A ride that a member offers."""

    when = forms.ChoiceField(
        label=_("The time I name is"),
        choices=[(LEAVE, _("when I leave")), (ARRIVE, _("when I must arrive"))],
        widget=forms.RadioSelect,
        initial=LEAVE,
    )
    date = forms.DateField(label=_("Day"), widget=date_input())
    time = forms.TimeField(label=_("Time"), widget=time_input())
    car = forms.ModelChoiceField(
        label=_("Car"), queryset=Car.objects.none(), widget=CarSelect, empty_label=None
    )
    seats = forms.IntegerField(
        label=_("Free seats"),
        widget=forms.NumberInput(attrs={"class": "stepper__input", "min": 1, "max": 8}),
    )
    detour_minutes = forms.IntegerField(
        label=_("Detour I accept"),
        help_text=_("How much later you may arrive because of the people you take along."),
        widget=forms.NumberInput(
            attrs={"class": "stepper__input", "min": 0, "max": 120, "step": 5}
        ),
    )
    detour_km = forms.DecimalField(
        label=_("At most so many extra kilometres"),
        required=False,
        widget=forms.NumberInput(
            attrs={"class": "stepper__input", "min": 0, "max": 100, "step": "0.5", "data-start": 5}
        ),
    )
    booking_mode = forms.ChoiceField(
        label=_("How seats are given"),
        choices=BookingMode.choices,
        widget=forms.RadioSelect,
        initial=BookingMode.INSTANT,
    )
    note = forms.CharField(
        label=_("Note to riders"),
        required=False,
        max_length=280,
        help_text=_("Large bags, a child seat, music: what one should know before booking."),
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 2, "maxlength": 280}),
    )

    weekdays = forms.TypedMultipleChoiceField(
        label=_("Every week on"),
        choices=list(WEEKDAYS_ABBR.items()),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose no day for a single ride."),
    )
    until = forms.DateField(
        label=_("Until"),
        required=False,
        widget=date_input(),
        help_text=_("Leave it empty to go on until you end it."),
    )
    skips_holidays = forms.BooleanField(
        label=_("Not on public holidays"), required=False, initial=True
    )

    def __init__(self, member: Member, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        car = self.fields["car"]
        assert isinstance(car, forms.ModelChoiceField)
        car.queryset = list_cars(member)
        car.widget.attrs["class"] = "select"

    def find_place(self, text: str) -> LonLat | None:
        """Ask our own address search."""
        return find_named_place(self.member, text)

    def clean(self) -> dict[str, Any]:
        """Put day and time together, on the organization's clock."""
        cleaned = super().clean()
        zone = self.member.organization.zone
        cleaned["moment"] = local_moment(
            self, cleaned.get("date"), cleaned.get("time"), zone, field="time"
        )
        return cleaned

    def to_terms(self) -> OfferTerms:
        """Return what was entered, for the service."""
        entered = self.cleaned_data
        moment: datetime = entered["moment"]
        leaves = entered["when"] == LEAVE
        detour_km = entered["detour_km"]
        return OfferTerms(
            origin=TripEnd(entered["origin"], entered["origin_label"]),
            destination=TripEnd(entered["destination"], entered["destination_label"]),
            car_id=entered["car"].pk,
            seats=entered["seats"],
            detour_s=entered["detour_minutes"] * 60,
            detour_m=None if detour_km is None else round(detour_km * 1000),
            departure_at=moment if leaves else None,
            arrive_by=None if leaves else moment,
            booking_mode=entered["booking_mode"],
            note=entered["note"],
        )

    @property
    def repeats(self) -> bool:
        """Whether days of the week were chosen."""
        return bool(self.cleaned_data["weekdays"])

    def to_recurring_terms(self) -> RecurringTerms:
        """Return what was entered of a ride that repeats, for the service."""
        entered = self.cleaned_data
        return RecurringTerms(
            offer=self.to_terms(),
            weekdays=frozenset(entered["weekdays"]),
            wall_time=entered["time"],
            is_arrival=entered["when"] == ARRIVE,
            first_date=entered["date"],
            last_date=entered["until"],
            skips_holidays=entered["skips_holidays"],
        )


class ChangeForm(OfferForm):
    """Other terms of a ride that exists; of one that repeats, also from when on."""

    scope = forms.ChoiceField(
        label=_("What changes"),
        choices=[
            (THIS, _("Only this ride")),
            (FOLLOWING, _("This and all following")),
            (ALL, _("All that lie ahead")),
        ],
        widget=forms.RadioSelect,
        initial=THIS,
    )
    may_release = forms.IntegerField(required=False, min_value=0, max_value=8)

    def __init__(self, member: Member, ride: Ride, *args: Any, **kwargs: Any) -> None:
        super().__init__(member, *args, **kwargs)
        day = getattr(ride, "recurring_day", None)
        self.recurring = None if day is None else day.recurring
        if self.recurring is None:
            for name in ("scope", "weekdays", "until", "skips_holidays"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Ask for a day of the week where the ride goes on repeating."""
        cleaned = super().clean()
        goes_on = self.recurring is not None and cleaned.get("scope") != THIS
        if goes_on and "weekdays" in cleaned and not cleaned["weekdays"]:
            self.add_error("weekdays", _("Choose at least one day of the week."))
        return cleaned

    @property
    def chosen_scope(self) -> str:
        """Return what the change is for."""
        return str(self.cleaned_data.get("scope", THIS))

    def to_recurring_terms(self, *, today: date | None = None) -> RecurringTerms:
        """Return the terms from the day in the form on, or, of all days, from today on."""
        terms = super().to_recurring_terms()
        return terms if today is None else replace(terms, first_date=today)


class DaysOutForm(forms.Form):
    """Days on which a repeating ride does not go."""

    first = forms.DateField(label=_("From"), widget=date_input())
    last = forms.DateField(label=_("Until"), widget=date_input(), required=False)

    def clean(self) -> dict[str, Any]:
        """Take a single day where only one is named."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["last"] = cleaned.get("last") or cleaned.get("first")
        return cleaned


class DayForm(forms.Form):
    """One day of a repeating ride."""

    day = forms.DateField(required=False)


class KerbForm(JourneyForm):
    """A driver who stands at the kerb."""

    car = forms.ModelChoiceField(
        label=_("Car"), queryset=Car.objects.none(), widget=CarSelect, empty_label=None
    )
    seats = forms.IntegerField(
        label=_("Free seats"),
        widget=forms.NumberInput(attrs={"class": "stepper__input", "min": 1, "max": 8}),
    )
    detour_minutes = forms.IntegerField(
        label=_("Detour I accept"),
        help_text=_("How much later you may arrive because of the people you take along."),
        widget=forms.NumberInput(
            attrs={"class": "stepper__input", "min": 0, "max": 120, "step": 5}
        ),
    )

    def __init__(self, member: Member, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        self.fields["origin_label"].label = _("I stand here")
        car = self.fields["car"]
        assert isinstance(car, forms.ModelChoiceField)
        car.queryset = list_cars(member)
        car.widget.attrs["class"] = "select"

    def find_place(self, text: str) -> LonLat | None:
        """Ask our own address search."""
        return find_named_place(self.member, text)

    def to_terms(self) -> InstantTerms:
        """Return what was entered, for the service."""
        entered = self.cleaned_data
        return InstantTerms(
            kerb=entered["origin"],
            destination=TripEnd(entered["destination"], entered["destination_label"]),
            car_id=entered["car"].pk,
            seats=entered["seats"],
            detour_s=entered["detour_minutes"] * 60,
        )


class JoinForm(PlacesForm):
    """Who gets in at the kerb; without a place they get out at the driver's destination."""

    place_names = ("dropoff",)

    dropoff_label = forms.CharField(
        label=_("Get out near"), max_length=255, required=False, widget=PlaceInput("dropoff")
    )
    dropoff = LonLatField()

    def __init__(self, member: Member, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member

    def find_place(self, text: str) -> LonLat | None:
        """Ask our own address search."""
        return find_named_place(self.member, text)

    def to_end(self) -> TripEnd | None:
        """Return the rider's own place, if they named one."""
        entered = self.cleaned_data
        named = entered["dropoff_label"] and entered.get("dropoff")
        return TripEnd(entered["dropoff"], entered["dropoff_label"]) if named else None
