"""The form of a week: places, seats, and two trips for each day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from typing import Any
from uuid import UUID

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Car, Member, Place, PlaceKind, Site
from carpool.kernel.forms import date_input, time_input
from matching.forms import WALKS
from matching.models import CommutePlan, CommuteRole, CommuteTrip, Direction
from matching.services.plans import PlanTerms, TripTerms
from matching.services.proposals import Payment
from rides.services import PayBy

WORKDAYS = range(5)
WEEK = range(7)
DIRECTIONS = (Direction.TO_WORK, Direction.TO_HOME)
USUAL_TIMES = {Direction.TO_WORK: time(8, 30), Direction.TO_HOME: time(17, 30)}
FLEXIBILITIES = (0, 5, 10, 15, 20, 30, 45, 60)
USUAL_FLEXIBILITY = 15
# What the service calls a field, and what the form does.
FIELD_NAMES = {"detour_s": "detour_minutes", "work_site": "work", "work_place": "work"}


def _stepper(least: int, most: int, step: int = 1) -> forms.NumberInput:
    attrs = {"class": "stepper__input", "min": least, "max": most, "step": step}
    return forms.NumberInput(attrs=attrs)


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "select"})


@dataclass(frozen=True)
class TripRow:
    """The fields of one way of one day, for the template."""

    direction: Direction
    role: forms.BoundField
    at: forms.BoundField
    flexibility: forms.BoundField


@dataclass(frozen=True)
class DayRows:
    """One day of the week, for the template."""

    number: int
    name: Any
    rows: list[TripRow]

    @property
    def is_workday(self) -> bool:
        """Whether "same for all workdays" speaks of it."""
        return self.number in WORKDAYS


class PlanForm(forms.Form):
    """How a member commutes in a usual week."""

    home = forms.ChoiceField(label=_("Home"), widget=_select())
    work = forms.ChoiceField(label=_("Work"), widget=_select())
    car = forms.ChoiceField(label=_("Car"), required=False, widget=_select())
    seats = forms.IntegerField(label=_("Seats for riders"), widget=_stepper(1, 8))
    detour_minutes = forms.IntegerField(
        label=_("Detour I accept"),
        help_text=_("How much later you may arrive because of the people you take along."),
        widget=_stepper(0, 120, 5),
    )
    walk_m = forms.TypedChoiceField(
        label=_("I walk up to"), choices=WALKS, coerce=int, widget=_select()
    )
    keeps_looking = forms.BooleanField(
        label=_("Keep looking for me"),
        help_text=_("When no car was found for a day, new rides are compared with your trip."),
        required=False,
    )
    offers_alone = forms.BooleanField(
        label=_("Offer my rides without asking me"),
        help_text=_("What is proposed to you as a driver is published at once. You can cancel."),
        required=False,
    )
    same = forms.BooleanField(label=_("Same for all workdays"), required=False)

    def __init__(
        self,
        member: Member,
        plan: CommutePlan | None,
        data: Any = None,
        *,
        places: list[Place],
        sites: list[Site],
        cars: list[Car],
    ) -> None:
        super().__init__(data, initial=_initial(member, plan, places, sites, cars))
        self._offer_places(places, sites)
        self._offer_cars(cars)
        self._keep_walk()
        for day in WEEK:
            for direction in DIRECTIONS:
                self._add_trip(day, direction)

    def _offer_places(self, places: list[Place], sites: list[Site]) -> None:
        own = [
            (str(place.pk), f"{place.get_kind_display()}: {place.label}")
            for place in places
            if place.kind != PlaceKind.WORK
        ]
        self._choices("home", own)
        works = [(f"site:{site.pk}", site.name) for site in sites]
        works += [
            (f"place:{place.pk}", f"{place.get_kind_display()}: {place.label}")
            for place in places
            if place.kind != PlaceKind.HOME
        ]
        self._choices("work", works)

    def _offer_cars(self, cars: list[Car]) -> None:
        self._choices("car", [("", _("I have no car")), *((str(car.pk), str(car)) for car in cars)])

    def _choices(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def _keep_walk(self) -> None:
        """Offer the walk that the plan says, too, though it was set through the API."""
        usual: dict[int, Any] = dict(WALKS)
        walk_m = int(self.initial["walk_m"])
        usual.setdefault(walk_m, f"{walk_m} m")
        self._choices("walk_m", sorted(usual.items()))

    def _add_trip(self, day: int, direction: Direction) -> None:
        name = field_name(direction, day)
        self.fields[f"{name}_role"] = forms.ChoiceField(
            label=_("Role"),
            choices=CommuteRole.choices,
            widget=forms.RadioSelect,
            # Days that are hidden behind "same for all workdays" are not asked.
            required=False,
        )
        label = _("Arrive by") if direction == Direction.TO_WORK else _("Leave at")
        self.fields[f"{name}_at"] = forms.TimeField(
            label=label, widget=time_input(), required=False
        )
        flexible = {int(self.initial[f"{name}_flexibility"]), *FLEXIBILITIES}
        self.fields[f"{name}_flexibility"] = forms.TypedChoiceField(
            label=_("or earlier by") if direction == Direction.TO_WORK else _("or later by"),
            choices=[(n, _minutes(n)) for n in sorted(flexible)],
            coerce=int,
            widget=_select(),
            required=False,
        )

    def days(self) -> Iterator[DayRows]:
        """Go through the week, for the template."""
        for day in WEEK:
            rows = []
            for direction in DIRECTIONS:
                name = field_name(direction, day)
                rows.append(
                    TripRow(
                        direction,
                        self[f"{name}_role"],
                        self[f"{name}_at"],
                        self[f"{name}_flexibility"],
                    )
                )
            yield DayRows(day, WEEKDAYS[day], rows)

    def clean(self) -> dict[str, Any]:
        """A trip that takes place needs its time."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for day in WEEK:
            for direction in DIRECTIONS:
                name = f"{field_name(direction, self._speaks_for(day))}_at"
                travels = self._role(direction, day) != CommuteRole.NONE
                if travels and cleaned.get(name) is None and name not in self.errors:
                    self.add_error(name, _("Say when."))
        return cleaned

    def _speaks_for(self, day: int) -> int:
        """Return the day whose fields hold: Monday's for all workdays, if they are the same."""
        return WORKDAYS[0] if self.cleaned_data.get("same") and day in WORKDAYS else day

    def _role(self, direction: Direction, day: int) -> str:
        name = f"{field_name(direction, self._speaks_for(day))}_role"
        return self.cleaned_data.get(name) or CommuteRole.NONE

    def to_trips(self) -> list[TripTerms]:
        """Return the week; a day off remembers its time."""
        trips = []
        for day in WEEK:
            for direction in DIRECTIONS:
                name = field_name(direction, self._speaks_for(day))
                trips.append(
                    TripTerms(
                        weekday=day,
                        direction=direction,
                        role=self._role(direction, day),
                        at=self.cleaned_data.get(f"{name}_at") or USUAL_TIMES[direction],
                        flexibility_s=60 * self._flexibility(name),
                    )
                )
        return trips

    def _flexibility(self, name: str) -> int:
        chosen = self.cleaned_data.get(f"{name}_flexibility")
        return USUAL_FLEXIBILITY if chosen in {None, ""} else int(chosen)

    def to_terms(self) -> PlanTerms:
        """Return what was entered, for the service."""
        entered = self.cleaned_data
        kind, _colon, work = entered["work"].partition(":")
        return PlanTerms(
            home_id=UUID(entered["home"]),
            work_site_id=UUID(work) if kind == "site" else None,
            work_place_id=UUID(work) if kind == "place" else None,
            car_id=UUID(entered["car"]) if entered["car"] else None,
            seats=entered["seats"],
            detour_s=60 * entered["detour_minutes"],
            walk_m=entered["walk_m"],
            keeps_looking=entered["keeps_looking"],
            offers_alone=entered["offers_alone"],
            trips=self.to_trips(),
        )

    def preview(self) -> list[CommuteTrip]:
        """Return the trips that were entered, unsaved, as far as they make sense."""
        self.is_valid()
        entered = getattr(self, "cleaned_data", {})  # there is none when nothing was sent
        self.cleaned_data = {**self.initial_trips(), **entered}
        return [
            CommuteTrip(
                weekday=trip.weekday,
                direction=trip.direction,
                role=trip.role,
                at=trip.at,
                flexibility_s=trip.flexibility_s,
            )
            for trip in self.to_trips()
        ]

    def initial_trips(self) -> dict[str, Any]:
        """Return a value for every field of the week, for those that were left unreadable."""
        return {name: value for name, value in self.initial.items() if name.startswith("to_")}


class PauseForm(forms.Form):
    """Until when the plan rests; empty for as long as one likes."""

    until = forms.DateField(
        label=_("Until"),
        help_text=_("The first day on which the plan holds again."),
        required=False,
        widget=date_input(),
    )


class AnswerForm(forms.Form):
    """Yes or no to a proposal."""

    answer = forms.TypedChoiceField(
        choices=[("yes", _("Yes")), ("no", _("No"))], coerce=lambda value: value == "yes"
    )
    way = forms.CharField(max_length=60, required=False)
    sponsored = forms.IntegerField(min_value=0, required=False)
    price_minor = forms.IntegerField(min_value=0, required=False)

    @property
    def payment(self) -> Payment | None:
        """How it is paid, where that was shown with the price."""
        said = self.cleaned_data
        provider, _colon, method = said["way"].partition(":")
        if not provider or said["price_minor"] is None:
            return None
        return Payment(said["price_minor"], PayBy(provider, method, said["sponsored"] or 0))


class RunForm(forms.Form):
    """For which day proposals are computed."""

    service_date = forms.DateField(label=_("Day"), widget=date_input())


def _minutes(n: int) -> Any:
    if n == 0:
        return _("exactly")
    return ngettext_lazy("%(n)d minute", "%(n)d minutes", n) % {"n": n}


def field_name(direction: Direction, day: int) -> str:
    """Return how the fields of one way of one day begin."""
    return f"{direction}_{day}"


def _initial(
    member: Member,
    plan: CommutePlan | None,
    places: list[Place],
    sites: list[Site],
    cars: list[Car],
) -> dict[str, Any]:
    """Return what the form shows first: the plan, or a guess from what is known."""
    trips = {} if plan is None else {(t.weekday, t.direction): t for t in plan.trips.all()}
    week: dict[str, Any] = {}
    for day in WEEK:
        for direction in DIRECTIONS:
            trip, name = trips.get((day, direction)), field_name(direction, day)
            week[f"{name}_role"] = trip.role if trip else CommuteRole.NONE
            week[f"{name}_at"] = trip.at if trip else USUAL_TIMES[direction]
            flexibility_s = trip.flexibility_s if trip else 60 * USUAL_FLEXIBILITY
            week[f"{name}_flexibility"] = flexibility_s // 60
    week["same"] = all(
        week[f"{field_name(way, day)}_{part}"] == week[f"{field_name(way, 0)}_{part}"]
        for day in WORKDAYS
        for way in DIRECTIONS
        for part in ("role", "at", "flexibility")
    )
    if plan is None:
        return week | _guess(member, places, sites, cars)
    car = plan.usable_car
    return week | {
        "home": str(plan.home_id or ""),
        "work": f"site:{plan.work_site_id}" if plan.work_site_id else f"place:{plan.work_place_id}",
        "car": str(car.pk) if car else "",
        "seats": plan.seats,
        "detour_minutes": plan.detour_s // 60,
        "walk_m": plan.walk_m,
        "keeps_looking": plan.keeps_looking,
        "offers_alone": plan.offers_alone,
    }


def _guess(
    member: Member, places: list[Place], sites: list[Site], cars: list[Car]
) -> dict[str, Any]:
    known = {place.kind: place for place in places}
    work = known.get(PlaceKind.WORK)
    at_site = next((site for site in sites if work and site.name == work.label), None)
    site = at_site or (None if work else next(iter(sites), None))
    own_work = f"place:{work.pk}" if work else ""
    return {
        "home": str(known[PlaceKind.HOME].pk) if PlaceKind.HOME in known else "",
        "work": f"site:{site.pk}" if site else own_work,
        "car": str(cars[0].pk) if cars else "",
        "seats": min(3, cars[0].seats) if cars else 3,
        "detour_minutes": member.organization.policy.default_detour_s // 60,
        "walk_m": min(
            (m for m, _t in WALKS), key=lambda m: abs(m - member.organization.policy.default_walk_m)
        ),
        "keeps_looking": True,
        "offers_alone": False,
    }
