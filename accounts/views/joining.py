"""Getting in: joining an organization; in the demo, signing in as somebody."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import selectors
from accounts.forms import DemoForm
from carpool.kernel import tenancy

DEMO_BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_required
def join(request: HttpRequest) -> HttpResponse:
    """Tell somebody without an organization how to get into one."""
    if getattr(request, "member", None) is not None:
        return redirect("rides:today")
    context = {
        "is_suspended": selectors.is_suspended(request.user),
        "communities": selectors.list_communities(),
    }
    return render(request, "accounts/join.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@tenancy.as_system()  # the demo lets anybody be anybody
def demo(request: HttpRequest) -> HttpResponse:
    """In the demo only: choose whom to be."""
    if not settings.DEMO:
        raise Http404
    members = selectors.list_demo_members()
    if request.method == "POST":
        form = DemoForm(members, request.POST)
        if not form.is_valid():
            raise Http404
        login(request, form.cleaned_data["member"].user, backend=DEMO_BACKEND)
        return redirect("rides:today")
    return render(request, "accounts/demo.html", {"members": members})
