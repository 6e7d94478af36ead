"""What people enter about shared taxis: parsed here, decided in services."""

from collections.abc import Sequence
from datetime import time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from accounts.selectors import find_named_place
from carpool.kernel.forms import (
    JourneyForm,
    LonLatField,
    PlaceInput,
    PlacesForm,
    date_input,
    local_moment,
)
from carpool.kernel.geo import LonLat
from carpool.kernel.money import MINOR_DIGITS
from payments.selectors import WayToPay
from rides.models import SplitRule
from rides.models.rooms import LEAST_PARTY, MOST_PARTY, SLOT_MINUTES
from rides.services import RoomTerms, TripEnd

# What services call a field, and what the forms do.
FIELD_NAMES = {
    "pickup": "origin_label",
    "origin": "origin_label",
    "dropoff": "destination_label",
    "destination": "destination_label",
    "departure_at": "slot",
}
JOIN_FIELD_NAMES = dict.fromkeys(("dropoff", "destination", "origin"), "dropoff_label")
_SLOTS = [f"{m // 60:02}:{m % 60:02}" for m in range(0, 24 * 60, SLOT_MINUTES)]
_PARTIES = [(n, n) for n in range(LEAST_PARTY, MOST_PARTY + 1)]


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "select"})


class OpenForm(JourneyForm):
    """A room that somebody opens."""

    day = forms.DateField(label=_("Day"), widget=date_input())
    slot = forms.TypedChoiceField(
        label=_("Leaves at"),
        choices=[(one, one) for one in _SLOTS],
        coerce=time.fromisoformat,
        widget=_select(),
    )
    least_party = forms.TypedChoiceField(
        label=_("At least"),
        help_text=_("With fewer people the room ends by itself, and nobody pays."),
        choices=_PARTIES,
        coerce=int,
        initial=LEAST_PARTY,
        widget=_select(),
    )
    most_party = forms.TypedChoiceField(
        label=_("At most"),
        help_text=_("You count, too."),
        choices=_PARTIES,
        coerce=int,
        initial=MOST_PARTY,
        widget=_select(),
    )
    split_rule = forms.ChoiceField(
        label=_("How the fare is divided"),
        choices=SplitRule.choices,
        initial=SplitRule.EQUAL,
        widget=forms.RadioSelect,
    )
    same_gender_only = forms.BooleanField(label=_("Only people of my gender"), required=False)
    note = forms.CharField(
        label=_("Note to those who join"),
        required=False,
        max_length=280,
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 2, "maxlength": 280}),
    )
    shown = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, member: Member, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        if not member.gender:
            del self.fields["same_gender_only"]

    def find_place(self, text: str) -> LonLat | None:
        """Ask our own address search."""
        return find_named_place(self.member, text)

    def clean(self) -> dict[str, Any]:
        """Put day and slot together, on the organization's clock."""
        cleaned = super().clean()
        zone = self.member.organization.zone
        cleaned["moment"] = local_moment(
            self, cleaned.get("day"), cleaned.get("slot"), zone, field="slot"
        )
        return cleaned

    def to_terms(self) -> RoomTerms:
        """Return what was entered, for the service."""
        entered = self.cleaned_data
        return RoomTerms(
            departure_at=entered["moment"],
            pickup=TripEnd(entered["origin"], entered["origin_label"]),
            dropoff=TripEnd(entered["destination"], entered["destination_label"]),
            least_party=entered["least_party"],
            most_party=entered["most_party"],
            split_rule=entered["split_rule"],
            same_gender_only=entered.get("same_gender_only", False),
            note=entered["note"],
        )


class DropoffForm(PlacesForm):
    """Where somebody who joins gets out: where others do, or at a place of their own."""

    place_names = ("dropoff",)

    dropoff_label = forms.CharField(
        label=_("Somewhere else"), max_length=255, required=False, widget=PlaceInput("dropoff")
    )
    dropoff = LonLatField()
    stop = forms.CharField(required=False, max_length=64)

    def __init__(self, member: Member, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member

    def find_place(self, text: str) -> LonLat | None:
        """Ask our own address search."""
        return find_named_place(self.member, text)

    def to_end(self) -> TripEnd | None:
        """Return the chosen drop-off, None when nothing is said."""
        entered = self.cleaned_data
        place = entered.get("dropoff")
        stop = entered.get("stop") or ""
        if stop and stop != "own":
            place = LonLatField().to_python(stop)
        return None if place is None else TripEnd(place, entered.get("dropoff_label") or "")

    def clean_stop(self) -> str:
        """Refuse what is no point."""
        stop = str(self.cleaned_data["stop"])
        if stop and stop != "own":
            LonLatField().to_python(stop)
        return stop


class PayForm(forms.Form):
    """A way to pay, and what was shown to whoever says yes."""

    way = forms.ChoiceField(label=_("How you pay"), widget=forms.RadioSelect)
    at_most = forms.IntegerField(required=False, widget=forms.HiddenInput)
    sponsored = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, ways: Sequence[WayToPay], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ways = {f"{way.provider}:{way.method}": way for way in ways}
        field = self.fields["way"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(key, way.label) for key, way in self.ways.items()]
        field.initial = next(iter(self.ways), None)

    @property
    def chosen(self) -> WayToPay:
        """The way that was chosen."""
        return self.ways[self.cleaned_data["way"]]

    @property
    def is_play_money(self) -> bool:
        """Tell whether any of the ways moves no real money."""
        return any(way.is_play_money for way in self.ways.values())


class TaxiForm(forms.Form):
    """By what the others know the taxi."""

    plate = forms.CharField(label=_("Number plate"), max_length=16, required=False)
    driver = forms.CharField(label=_("Driver"), max_length=80, required=False)


class CodeForm(forms.Form):
    """A boarding code that somebody says."""

    code = forms.RegexField(r"^\d{4}$", error_messages={"invalid": _("A code has four digits.")})


class PersonForm(forms.Form):
    """Somebody of the party, by their seat or as a member."""

    seat = forms.UUIDField(required=False)
    member = forms.UUIDField(required=False)

    def id_of(self, name: str) -> UUID:
        """Return the id that was sent, or one that is nobody's."""
        return (self.cleaned_data.get(name) if self.is_valid() else None) or UUID(int=0)


class FareForm(forms.Form):
    """What the taxi cost, in the currency's usual unit, with a picture of the receipt."""

    amount = forms.DecimalField(
        label=_("Fare on the receipt"),
        min_value=Decimal("0.001"),
        widget=forms.NumberInput(attrs={"class": "input", "inputmode": "decimal"}),
    )
    photo = forms.FileField(
        label=_("Photo of the receipt"),
        widget=forms.FileInput(
            attrs={"class": "input", "accept": "image/jpeg,image/png,image/webp"}
        ),
    )

    def __init__(self, currency: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.digits = MINOR_DIGITS.get(currency, 2)
        coin = str(Decimal(1).scaleb(-self.digits))
        # A browser counts steps from the least amount: both have to be the smallest coin.
        self.fields["amount"].widget.attrs |= {"step": coin, "min": coin}
        self.fields["amount"].help_text = currency

    def clean_amount(self) -> int:
        """Return whole minor units.

        Raises:
            ValidationError: there is no such coin.
        """
        minor: Decimal = self.cleaned_data["amount"].scaleb(self.digits)
        if minor != minor.to_integral_value():
            raise forms.ValidationError(_("There is no such coin."))
        return int(minor)


class TopUpForm(PayForm):
    """A yes, with a way to pay, or a no."""

    answer = forms.ChoiceField(choices=[("yes", _("Yes")), ("no", _("No"))])

    def __init__(self, ways: Sequence[WayToPay], *args: Any, **kwargs: Any) -> None:
        super().__init__(ways, *args, **kwargs)
        self.fields["way"].required = False


class MergerForm(TopUpForm):
    """A yes to becoming one with another taxi, with a way to pay where that is needed, or a no."""


class HereForm(forms.Form):
    """Where a device is."""

    place = LonLatField()


class ObjectionForm(forms.Form):
    """Why somebody objects to their part."""

    reason = forms.CharField(
        label=_("What is wrong?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 3, "maxlength": 1000}),
    )
