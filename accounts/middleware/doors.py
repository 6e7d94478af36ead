"""Which accounts from elsewhere open our door."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.models import User
from accounts.selectors import list_communities, list_doors, list_links

# Pages with buttons that lead to an account elsewhere.
DOOR_PAGES = frozenset(
    {"account_login", "account_request_login_code", "account_signup", "socialaccount_connections"}
)


class DoorsMiddleware:
    """Tell allauth's sign-in pages which accounts from elsewhere one may use.

    Browsers hold a form to ``form-action`` over redirects too, so these pages, and no others, may
    send to the providers' hosts.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Hand on."""
        return self.get_response(request)

    def process_template_response(
        self, request: HttpRequest, response: TemplateResponse
    ) -> TemplateResponse:
        """Add the doors and what the browser must allow for them."""
        match = request.resolver_match
        if match is not None and match.url_name in DOOR_PAGES:
            doors = list_doors()
            links = list_links(request.user) if isinstance(request.user, User) else []
            known = {link.key for link in links}
            response.context_data = {
                **(response.context_data or {}),
                "doors": [door for door in doors if door.key not in known],
                "links": links,
                "communities": list_communities(),
            }
            origins = sorted({door.origin for door in doors})
            response._csp_update = {"form-action": origins}  # type: ignore[attr-defined]
        return response
