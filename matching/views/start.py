"""The first minute: home, workplace and car, usual times; each screen can be skipped."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Member, PlaceKind
from accounts.selectors import list_cars, list_places, list_sites
from accounts.services import save_place
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import from_point
from carpool.kernel.web import MemberRequest, add_error, basemap, member_required
from maps.selectors import list_regions
from matching.services.starting import plan_usual_week, say_workplace
from matching.views.start_form import NO, YES, HomeForm, TimesForm, WorkForm

STEPS = ("home", "work", "times")
NAMES = {"location": "place_label", "place": "place_label", "home": "role", "work_site": "role"}


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: MemberRequest, step: str = STEPS[0]) -> HttpResponse:
    """Ask one thing, keep it, go on; the last answer makes a commute plan."""
    if step not in STEPS:
        raise Http404
    member, number = request.member, STEPS.index(step)
    form = _form(member, step, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            _keep(member, form)
        except DomainError as error:
            add_error(form, error, NAMES)
        else:
            if step == STEPS[-1]:
                messages.success(request, _("Done. We look for company on your way every evening."))
                return redirect("matching:plan")
            return redirect("matching:start-step", STEPS[number + 1])
    context: dict[str, Any] = {
        "form": form,
        "step": step,
        "number": number + 1,
        "steps": STEPS,
        "skip_to": STEPS[number + 1] if number + 1 < len(STEPS) else "",
        "back_to": STEPS[number - 1] if number else "",
    }
    if "place" in form.fields:
        context["basemap"] = basemap(list_regions())
    return render(request, f"matching/start_{step}.html", context)


def _form(member: Member, step: str, data: Any) -> forms.Form:
    places = {place.kind: place for place in list_places(member)}
    if step == "home":
        home = places.get(PlaceKind.HOME)
        known = {"place_label": home.label, "place": from_point(home.location)} if home else {}
        return HomeForm(member, data, initial=known)
    if step == "work":
        sites, work, car = list(list_sites(member)), places.get(PlaceKind.WORK), list_cars(member)
        here = [site.pk for site in sites if work and site.name == work.label] or [
            site.pk for site in sites
        ]
        first = car.first()
        stands: dict[str, Any] = {"site": here[0] if here else None, "has_car": NO}
        if first:
            stands |= {"has_car": YES, "make": first.make, "model": first.model}
            stands |= {"colour": first.colour, "plate": first.plate}
        if work and not sites:
            stands |= {"place_label": work.label, "place": from_point(work.location)}
        return WorkForm(member, sites, data, initial=stands)
    role = "either" if list_cars(member).exists() else "ride"
    return TimesForm(data, initial={"arrive": "08:30", "leave": "17:30", "role": role})


def _keep(member: Member, form: forms.Form) -> None:
    said = form.cleaned_data
    if isinstance(form, HomeForm):
        save_place(
            member=member, kind=PlaceKind.HOME, label=said["place_label"], location=said["place"]
        )
    elif isinstance(form, WorkForm):
        workplace = said["site"] if "site" in said else (said["place_label"], said["place"])
        say_workplace(member=member, workplace=workplace, car=form.car)
    else:
        plan_usual_week(member=member, now=clock.now(), **said)
