"""With whom an organization shares rides: invited, accepted, ended by its owners."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import selectors, services
from accounts.forms import PartnerForm
from carpool.kernel import clock
from carpool.kernel.web import MemberRequest, member_required


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def partners(request: MemberRequest) -> HttpResponse:
    """List partners and invitations; invite the organization of an e-mail domain."""
    listed = selectors.list_partnerships(request.member)
    form = PartnerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        domain = form.cleaned_data["domain"]
        services.invite_partner(by=request.member, domain=domain, now=clock.now())
        text = _("If an organization here has %(domain)s, its owners see your invitation now.")
        messages.success(request, text % {"domain": domain})
        return redirect("accounts:partners")
    own = request.member.organization_id
    rows = [(one, one.invited if one.inviter_id == own else one.inviter) for one in listed]
    return render(request, "organization/partners.html", {"form": form, "rows": rows, "own": own})


@member_required
@require_POST
def accept_partner(request: MemberRequest, partnership_id: UUID) -> HttpResponse:
    """Share rides from now on."""
    services.accept_partner(by=request.member, partnership_id=partnership_id, now=clock.now())
    messages.success(
        request, _("You share rides now. Each driver decides whether theirs are seen.")
    )
    return redirect("accounts:partners")


@member_required
@require_POST
def end_partner(request: MemberRequest, partnership_id: UUID) -> HttpResponse:
    """Share nothing any more."""
    services.end_partner(by=request.member, partnership_id=partnership_id, now=clock.now())
    messages.success(request, _("It has ended. What is booked stays booked."))
    return redirect("accounts:partners")


@member_required
@require_POST
def share_beyond(request: MemberRequest) -> HttpResponse:
    """Let partner organizations see one's rides, or not."""
    services.share_beyond(member=request.member, is_shared="shares_beyond" in request.POST)
    messages.success(request, _("Saved."))
    return redirect("accounts:safety")
