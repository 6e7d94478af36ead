"""The page on which a manager imports the organization's people: look first, then do."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import selectors, services
from accounts.forms import PeopleForm
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.web import MemberRequest, add_error, member_required

SHOWN = 200


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_people(request: MemberRequest) -> HttpResponse:
    """Take a table, show what it would do, and do it when the manager says so."""
    selectors.require_manager(request.member)
    form = PeopleForm(request.POST or None, request.FILES or None)
    lines: list[services.PersonLine] = []
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["table"]
        try:
            if "confirm" in request.POST:
                done = services.import_people(by=request.member, text=text, now=clock.now())
                changed = sum(done[name] for name in ("enter", "change", "readmit", "remove"))
                messages.success(request, _("Done. People entered or changed: %d") % changed)
                return redirect("accounts:people-import")
            lines = services.read_people(by=request.member, text=text)
        except DomainError as error:
            add_error(form, error, {})
    outcomes = [line.outcome for line in lines]
    context = {
        "form": form,
        "text": form.cleaned_data.get("table", "") if form.is_bound and lines else "",
        # What cannot be done is seen first.
        "lines": sorted(lines, key=lambda line: line.outcome != "error")[:SHOWN],
        "total": len(lines),
        "faults": outcomes.count("error"),
        "changes": sum(outcome not in {"error", "nothing"} for outcome in outcomes),
    }
    return render(request, "accounts/people_import.html", context)
