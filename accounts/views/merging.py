"""Pages that make one account of two."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.forms import MergeCodeForm, MergeForm
from accounts.models import User
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.web import add_error


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest) -> HttpResponse:
    """Say which other account is one's own; also for who belongs to no organization yet."""
    assert isinstance(request.user, User)
    form = MergeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = services.ask_to_merge(user=request.user, now=clock.now(), **form.cleaned_data)
        except DomainError as error:
            add_error(form, error, {})
        else:
            return redirect("accounts:merge-confirm", asked.pk)
    return render(request, "accounts/merge.html", {"form": form})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_merge(request: HttpRequest, merge_id: UUID) -> HttpResponse:
    """Enter the code; nothing on the page tells whether there is such an account."""
    assert isinstance(request.user, User)
    form = MergeCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.merge_accounts(
                user=request.user, merge_id=merge_id, now=clock.now(), **form.cleaned_data
            )
        except DomainError as error:
            add_error(form, error, {})
        else:
            messages.success(request, _("The two accounts are one now."))
            return redirect("accounts:profile")
    return render(request, "accounts/merge_confirm.html", {"form": form})
