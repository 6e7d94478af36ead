"""Every address there is, as the URLs declare them."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("get", "post", "put", "patch", "delete")


def api_endpoints() -> set[tuple[str, str]]:
    """Return every (METHOD, path) of the API, as its URLs and views declare them."""
    found = set()
    for path, view in walk(get_resolver().url_patterns, ""):
        view_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
        if path.startswith("api/v1/") and view_class is not None:
            found |= {
                (method.upper(), path.removeprefix("api/v1/"))
                for method in METHODS
                if hasattr(view_class, method)
            }
    return found


# Pages that are not ours have tests of their own: Django's in test_admin, the API's beside this.
FOREIGN = ("admin/", "accounts/", "_allauth/", "api/", "i18n/", "maps/", "healthz")


def page_paths() -> set[str]:
    """Return the path of every page, as the URLs declare them."""
    paths = {path for path, _view in walk(get_resolver().url_patterns, "")}
    return {path for path in paths if not path.startswith(FOREIGN)}


def walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield (path, view) of all URLs below a prefix."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern.callback
