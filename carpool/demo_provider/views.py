"""The provider's only page of its own: choose who you are."""

from pathlib import Path

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from carpool.kernel.stylesheet import joined


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the directory; sign in whoever was chosen and go back to what asked for it."""
    wanted = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        wanted = ""
    people = User.objects.order_by("username")
    if request.method == "POST":
        person = people.filter(username=request.POST.get("person", "")).first()
        if person is None:
            raise Http404
        login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])  # type: ignore[arg-type]
        return redirect(wanted or "account_login")
    return render(request, "sign_in.html", {"people": people, "wanted": wanted})


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Tell that the process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
@cache_control(max_age=300)
def stylesheet(request: HttpRequest) -> HttpResponse:
    """Serve Carpool's design: the page borrows its components, not its colours."""
    night, company = (
        Path(str(finders.find(name))).read_text(encoding="utf-8")
        for name in ("design/tokens-dark.css", "accounts/company.css")
    )
    css = f"{joined()}\n@media (prefers-color-scheme: dark) {{\n{night}}}\n{company}"
    return HttpResponse(css, content_type="text/css; charset=utf-8")
