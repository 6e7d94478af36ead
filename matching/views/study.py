"""Pages of launch studies: upload, progress, report; for mobility managers only."""

import csv
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.selectors import list_sites
from carpool.kernel import clock
from carpool.kernel.errors import DomainError, Text
from carpool.kernel.web import MemberRequest, add_error, basemap, member_required
from maps.selectors import list_regions
from matching.models import StudyState
from matching.selectors.studies import explain_problem, get_study_for, list_problems, list_studies
from matching.services.studies import create_study, delete_study, retry_study
from matching.views.study_form import StudyForm, write_example

FAILURES: dict[str, Text] = {
    "study_too_small": gettext_lazy(
        "Fewer than 5 people live and work on our map, near a road. Look at the lines below."
    ),
    "geocoder_down": gettext_lazy("The address search does not answer. Please try again later."),
    "map_not_ready": gettext_lazy("The map is not ready. Please try again in a few minutes."),
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def studies(request: MemberRequest) -> HttpResponse:
    """Show the organization's studies, and take a new table."""
    listed = list_studies(request.member)
    form = StudyForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            study = create_study(
                by=request.member,
                name=form.cleaned_data["name"],
                content=form.read(),
                workdays=form.cleaned_data["workdays"],
                now=clock.now(),
            )
        except DomainError as error:
            _show_error(form, error)
        else:
            return redirect("matching:study", study.pk)
    context = {"form": form, "studies": listed, "sites": list_sites(request.member)}
    return render(request, "matching/studies.html", context)


def _show_error(form: StudyForm, error: DomainError) -> None:
    """Show bad cells at the file, whatever their line."""
    add_error(form, error, {name: "file" for name in error.fields if name.startswith("file.")})


@never_cache
@member_required
@require_safe
def study(request: MemberRequest, study_id: UUID) -> HttpResponse:
    """Show how far a study is, or what came of it."""
    shown = get_study_for(request.member, study_id)
    context = {
        "study": shown,
        "result": shown.result,
        "failure": FAILURES.get(shown.error, _("Something went wrong on our side.")),
        "problems": [explain_problem(problem) for problem in list_problems(shown)],
        "problems_left": max(0, shown.problem_count - len(shown.problems)),
        "open_dialog": request.GET.get("dialog", ""),
    }
    if request.GET.get("fragment") == "study":
        return render(request, "matching/_study_progress.html", context)
    if shown.result is not None:
        context |= _report(shown.result)
        context["basemap"] = basemap(list_regions().filter(slug=shown.result["region"]))
    return render(request, "matching/study.html", context)


def _report(result: dict[str, Any]) -> dict[str, Any]:
    """Return what the report draws: bars, and what static/matching/study.js puts on the map."""
    return {
        "distances": _bars(result["distances"], _kilometres),
        "leaves_home": _bars(result["leaves_home"], _clock),
        "leaves_work": _bars(result["leaves_work"], _clock),
        "tonnes": number_format(result["saved_co2_kg_year"] / 1000, 1, force_grouping=True),
        "map_areas": result["areas"],
        "has_points": any(area["points"] for area in result["areas"]),
        "detour_min": result["detour_s"] // 60,
        "slack_min": result["slack_s"] // 60,
    }


def _bars(bands: list[dict[str, Any]], label: Any) -> list[dict[str, Any]]:
    """Return bands with their labels and their shares of the longest, per cent."""
    most = max((band["people"] for band in bands), default=1)
    return [
        {
            "label": label(band),
            "people": band["people"],
            "share": round(100 * band["people"] / most),
        }
        for band in bands
    ]


def _kilometres(band: dict[str, Any]) -> str:
    if band["end"] is None:
        return _("%(start)d km or more") % band
    return _("%(start)d to %(end)d km") % band


def _clock(band: dict[str, Any]) -> str:
    start, end = (
        f"{minutes // 60 % 24:02}:{minutes % 60:02}" for minutes in (band["start"], band["end"])
    )
    return f"{start} – {end}"


@member_required
@require_POST
def retry(request: MemberRequest, study_id: UUID) -> HttpResponse:
    """Compute a failed study again."""
    retry_study(by=request.member, study_id=study_id, now=clock.now())
    return redirect("matching:study", study_id)


@member_required
@require_POST
def delete(request: MemberRequest, study_id: UUID) -> HttpResponse:
    """Delete a study."""
    delete_study(by=request.member, study_id=study_id)
    messages.success(request, _("The study is deleted."))
    return redirect("matching:studies")


@member_required
@require_safe
def example(request: MemberRequest) -> HttpResponse:
    """Hand out a table to begin with."""
    list_studies(request.member)  # refuses who is no manager
    return _download("commutes-example.csv", write_example(list_sites(request.member)))


@member_required
@require_safe
def cells(request: MemberRequest, study_id: UUID) -> HttpResponse:
    """Hand out the figures of a study as a table; every line is about five people or more."""
    shown = get_study_for(request.member, study_id)
    if shown.state != StudyState.DONE or shown.result is None:
        return redirect("matching:study", study_id)
    response = _download(f"study-{shown.pk}.csv", "\ufeff")
    rows = csv.writer(response)
    rows.writerow(["table", "name", "latitude", "longitude", "from", "to", "people"])
    for area in shown.result["areas"]:
        rows.writerow(_place("neighbourhood", area))
        rows.writerows(_place("meeting point", point) for point in area["points"])
    rows.writerow(["neighbourhood", "elsewhere", "", "", "", "", shown.result["elsewhere"]])
    for name in ("distances", "leaves_home", "leaves_work"):
        for band in shown.result[name]:
            rows.writerow([name, "", "", "", band["start"], band["end"], band["people"]])
    return response


def _download(name: str, text: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _place(table: str, place: dict[str, Any]) -> list[Any]:
    return [table, _plain(place["label"]), place["lat"], place["lon"], "", "", place["people"]]


def _plain(text: str) -> str:
    """Keep a workbook from computing a name that begins like a formula.

    Source: OWASP, *CSV Injection*.
    """
    return f"'{text}" if text.startswith(FORMULA) else text
