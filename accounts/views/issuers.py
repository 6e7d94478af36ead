"""How an organization's people sign in, set up by a manager; and unlinking one's own accounts."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import selectors, services
from accounts.errors import IssuerNotFound
from accounts.forms import IssuerForm
from accounts.models import IdentityIssuer, Member, User
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.web import MemberRequest, add_error, member_required


@sensitive_post_parameters("client_secret")
@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def issuer(request: MemberRequest) -> HttpResponse:
    """Show and change the organization's identity provider."""
    saved = _saved(request.member)
    form = IssuerForm(request.POST or None, initial=_initial(saved))
    if request.method == "POST" and form.is_valid():
        entered: dict[str, Any] = dict(form.cleaned_data)
        try:
            discovery = services.discover_issuer(entered.pop("address"))
            services.save_issuer(
                organization=request.member.organization,
                discovery=discovery,
                now=clock.now(),
                **entered,
            )
        except DomainError as error:
            add_error(form, error, {})
        else:
            messages.success(request, _("We reached your issuer. It is saved."))
            return redirect("accounts:issuer")
    context = {"form": form, "saved": saved, "callbacks": _callbacks(request, saved)}
    return render(request, "accounts/issuer.html", context)


def _saved(member: Member) -> IdentityIssuer | None:
    try:
        return selectors.get_issuer_for(member)
    except IssuerNotFound:
        return None


def _initial(saved: IdentityIssuer | None) -> dict[str, Any]:
    if saved is None:
        return {"is_on": True, "is_listed": True}
    return {
        "address": saved.address,
        "client_id": saved.client_id,
        "domains": " ".join(saved.domains),
        "is_on": saved.is_on,
        "is_listed": saved.is_listed,
    }


def _callbacks(request: MemberRequest, saved: IdentityIssuer | None) -> dict[str, str]:
    """Return the addresses that the manager copies into the provider's own form."""
    key = saved.key if saved else request.member.organization.slug
    return {
        name: request.build_absolute_uri(reverse(f"openid_connect_{name}", args=[key]))
        for name in ("callback", "login")
    }


@member_required
@require_POST
def remove_issuer(request: MemberRequest) -> HttpResponse:
    """Forget the identity provider."""
    services.remove_issuer(issuer=selectors.get_issuer_for(request.member))
    messages.success(request, _("It is removed. Your people sign in with a code by e-mail."))
    return redirect("accounts:issuer")


@login_required
@require_POST
def unlink(request: HttpRequest, account_id: int) -> HttpResponse:
    """Undo the link to an account elsewhere."""
    assert isinstance(request.user, User)
    services.unlink_account(user=request.user, account_id=account_id)
    messages.success(request, _("The account is unlinked."))
    return redirect("socialaccount_connections")
