"""What a page that stays alive must know before anything else is read for it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from chat.selectors import last_of


class LivePageMiddleware:
    """Set ``request.live``, the topic of a :func:`~carpool.kernel.web.live_page`, and its number.

    The number is read before the page's data: whatever happens from then on comes after it, so
    the page hears of it when it begins to follow, however long it took to be drawn.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Hand on."""
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        _arguments: tuple[Any, ...],
        named: dict[str, Any],
    ) -> None:
        """Look the number up; a fragment's page follows already."""
        pattern = getattr(view, "live_topic", None)
        member = getattr(request, "member", None)
        if pattern is None or member is None or "fragment" in request.GET:
            return
        topic = pattern.format(**named)
        request.live = {"topic": topic, "last": last_of(member, topic)}  # type: ignore[attr-defined]
