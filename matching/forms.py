"""What a rider looks for: parsed here, decided in selectors and services."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import Member
from accounts.selectors import find_named_place
from carpool.kernel.forms import JourneyForm, date_input, local_moment, time_input
from carpool.kernel.geo import LonLat
from carpool.kernel.web import write_place
from matching.selectors import DayPart, RoomQuery, SearchQuery
from rides.services import PayBy, TripEnd

LEAVE, ARRIVE = "leave", "arrive"
# What the query calls a field, and what the form does.
FIELD_NAMES = {
    "origin": "origin_label",
    "destination": "destination_label",
    "earliest_departure_at": "time",
    "latest_arrival_at": "time",
}
WINDOWS = [
    (30, _("30 minutes")),
    (45, _("45 minutes")),
    (60, _("1 hour")),
    (90, _("1½ hours")),
    (120, _("2 hours")),
    (180, _("3 hours")),
]
# Of exact values, the form takes these; whether they make sense, the service decides.
EXACT_WINDOWS, EXACT_WALKS = range(10, 24 * 60), range(100_000)
WALKS = [
    (200, _("3 min (200 m)")),
    (400, _("6 min (400 m)")),
    (800, _("11 min (800 m)")),
    (1200, _("16 min (1.2 km)")),
    (2000, _("27 min (2 km)")),
]


def _minutes(n: int) -> str:
    return ngettext("%d minute", "%d minutes", n) % n


def _metres(n: int) -> str:
    return f"{n} m"


class FindForm(JourneyForm):
    """From, to, when, how many, how far on foot."""

    when = forms.ChoiceField(
        label=_("The time I name is"),
        choices=[(LEAVE, _("Leave after")), (ARRIVE, _("Arrive by"))],
        widget=forms.RadioSelect,
        initial=LEAVE,
    )
    date = forms.DateField(label=_("Day"), widget=date_input())
    time = forms.TimeField(label=_("Time"), widget=time_input())
    window = forms.TypedChoiceField(
        label=_("Door to door within"),
        choices=WINDOWS,
        coerce=int,
        initial=90,
        widget=forms.Select(attrs={"class": "select"}),
    )
    seats = forms.IntegerField(
        label=_("Seats"),
        initial=1,
        widget=forms.NumberInput(attrs={"class": "stepper__input", "min": 1, "max": 8}),
    )
    walk_m = forms.TypedChoiceField(
        label=_("I walk up to"),
        choices=WALKS,
        coerce=int,
        initial=800,
        widget=forms.Select(attrs={"class": "select"}),
    )

    def __init__(self, member: Member, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        self._keep_choice("window", EXACT_WINDOWS, _minutes)
        self._keep_choice("walk_m", EXACT_WALKS, _metres)

    def _keep_choice(self, name: str, exact: range, describe: Callable[[int], str]) -> None:
        """Offer the value that was sent, too: a standing request or a near miss is exact."""
        field = self.fields[name]
        assert isinstance(field, forms.TypedChoiceField)
        sent = str(self.data.get(name, ""))
        usual: dict[int, Any] = dict(field.choices)  # type: ignore[arg-type]
        if sent.isdecimal() and int(sent) in exact:
            usual.setdefault(int(sent), describe(int(sent)))
            field.choices = sorted(usual.items())

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

    def to_query(self) -> SearchQuery:
        """Return what was entered, for the search."""
        entered = self.cleaned_data
        moment: datetime = entered["moment"]
        window = timedelta(minutes=entered["window"])
        arrives = entered["when"] == ARRIVE
        return SearchQuery(
            origin=TripEnd(entered["origin"], entered["origin_label"]),
            destination=TripEnd(entered["destination"], entered["destination_label"]),
            earliest_departure_at=moment - window if arrives else moment,
            latest_arrival_at=moment if arrives else moment + window,
            seats=entered["seats"],
            walk_m=entered["walk_m"],
            arrive=arrives,
        )


def write_query(query: SearchQuery, zone: ZoneInfo) -> dict[str, str]:
    """Write a query as the form sends it, to search for the same again."""
    named = query.anchor_at.astimezone(zone)
    window = query.latest_arrival_at - query.earliest_departure_at
    return {
        "origin_label": query.origin.label,
        "origin": write_place(query.origin.location),
        "destination_label": query.destination.label,
        "destination": write_place(query.destination.location),
        "when": ARRIVE if query.arrive else LEAVE,
        "date": named.date().isoformat(),
        "time": named.strftime("%H:%M"),
        "window": str(round(window.total_seconds() / 60)),
        "seats": str(query.seats),
        "walk_m": str(query.walk_m),
    }


class BookForm(forms.Form):
    """An offer that was shown, and the standing request it fulfils, if any."""

    offer = forms.CharField(max_length=4000)
    request = forms.UUIDField(required=False)
    way = forms.CharField(max_length=60, required=False)
    sponsored = forms.IntegerField(min_value=0, required=False)

    @property
    def pay_by(self) -> PayBy | None:
        """The way to pay that was chosen, where there was one to choose."""
        provider, _colon, method = self.cleaned_data["way"].partition(":")
        sponsored = self.cleaned_data["sponsored"] or 0
        return PayBy(provider, method, sponsored) if provider else None


class BoardForm(JourneyForm):
    """What the slot board shows: a day, a part of it, perhaps one slot, perhaps a way."""

    day = forms.DateField(required=False, widget=forms.HiddenInput)
    part = forms.ChoiceField(required=False, choices=DayPart.choices, widget=forms.HiddenInput)
    slot = forms.TimeField(required=False, widget=forms.HiddenInput)
    pickup = forms.CharField(required=False, max_length=255, widget=forms.HiddenInput)
    walk_m = forms.TypedChoiceField(
        label=_("I walk up to"),
        choices=WALKS,
        coerce=int,
        required=False,
        empty_value=None,
        widget=forms.Select(attrs={"class": "select"}),
    )

    def __init__(self, member: Member, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        for name in self.place_names:
            self.fields[f"{name}_label"].required = False

    def find_place(self, text: str) -> LonLat | None:
        """Ask our own address search."""
        return find_named_place(self.member, text)

    def clean(self) -> dict[str, Any]:
        """Ask for both ends or for none."""
        cleaned = super().clean()
        named = [name for name in self.place_names if cleaned.get(f"{name}_label")]
        for name in set(self.place_names) - set(named) if named else ():
            self.add_error(f"{name}_label", _("Name both ends, or none to see all rooms."))
        return cleaned

    @property
    def has_way(self) -> bool:
        """Tell whether somebody says from where to where they go."""
        return self.is_valid() and self.cleaned_data.get("origin") is not None

    def to_query(self, start: datetime, end: datetime) -> RoomQuery:
        """Return the way that was entered, for rooms of some slots."""
        entered = self.cleaned_data
        return RoomQuery(
            origin=entered["origin"],
            destination=entered["destination"],
            start=start,
            end=end,
            walk_m=entered["walk_m"] or self.member.organization.policy.default_walk_m,
        )


class RideForm(forms.Form):
    """Which of one's rides."""

    ride = forms.UUIDField()
