"""The page about one's own data: what one agreed to, who looked, the export, being forgotten."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors, services
from accounts.models import CONSENT_VERSIONS, ConsentPurpose
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.web import MemberRequest, member_required


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: MemberRequest) -> HttpResponse:
    """Show what a member may decide about their data; take their consents."""
    member, now = request.member, clock.now()
    if request.method == "POST":
        for purpose in ConsentPurpose:
            if purpose in request.POST.getlist("consent"):
                services.give_consent(member=member, purpose=purpose, now=now)
            else:
                services.withdraw_consent(member=member, purpose=purpose, now=now)
        messages.success(request, _("Saved."))
        return redirect("accounts:data")
    given = selectors.given_consents(member)
    context = {
        "consents": [
            {"purpose": one, "version": CONSENT_VERSIONS[one], "given": given.get(one)}
            for one in ConsentPurpose
        ],
        "exports": selectors.list_exports(member, now=now),
        "erasure": selectors.get_erasure(member),
        "reads": selectors.list_position_reads(member),
    }
    return render(request, "accounts/data.html", context)


@member_required
@require_POST
def ask_for_export(request: MemberRequest) -> HttpResponse:
    """Order an export."""
    try:
        services.ask_for_export(member=request.member, now=clock.now())
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, _("We gather your data. Look here again in a minute."))
    return redirect("accounts:data")


@never_cache
@member_required
@require_safe
def download(request: MemberRequest, token: str) -> HttpResponse:
    """Send a finished export to its owner."""
    export = selectors.get_export_for(request.member, token, now=clock.now())
    answer = HttpResponse(bytes(export.content or b""), content_type="application/zip")
    answer["Content-Disposition"] = 'attachment; filename="carpool-my-data.zip"'
    return answer


@member_required
@require_POST
def ask_for_erasure(request: MemberRequest) -> HttpResponse:
    """Begin the grace after which a member is forgotten."""
    services.ask_for_erasure(member=request.member, now=clock.now())
    messages.success(request, _("Your rides ahead are cancelled. You can still think again."))
    return redirect("accounts:data")


@member_required
@require_POST
def think_again(request: MemberRequest) -> HttpResponse:
    """Take the wish to be forgotten back."""
    services.think_again(member=request.member)
    messages.success(request, _("Good that you stay. What was cancelled stays cancelled."))
    return redirect("accounts:data")
