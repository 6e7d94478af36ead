"""Liveness and readiness, for people, load balancers and Kubernetes."""

from http import HTTPStatus
from typing import TypeVar

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from rest_framework.exceptions import APIException

from carpool.kernel import health
from carpool.kernel.errors import DomainError, Text

Kind = TypeVar("Kind", bound=type)


@never_cache
def livez(request: HttpRequest) -> JsonResponse:
    """Answer as long as this process can answer at all."""
    return JsonResponse({"status": "ok"})


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Report each part; 503 when one of them is not well.

    ``?only=database,redis`` asks for these alone: what a web process needs to be ready.
    """
    only = request.GET.get("only")
    checks = health.report(only.split(",") if only else None)
    well = all(result == "ok" for result in checks.values())
    body = {"status": "ok" if well else "failing", "checks": checks}
    return JsonResponse(body, status=200 if well else 503)


def problem_kind(request: HttpRequest, code: str) -> JsonResponse:
    """Say what a problem's ``type`` means (RFC 9457, section 3.1.1)."""
    status, title = _kinds_of_problem().get(code, (None, ""))
    if status is None:
        raise Http404
    return JsonResponse({"code": code, "status": status, "title": str(title)})


def _kinds_of_problem() -> dict[str, tuple[int, Text]]:
    """Return status and title by code: what the framework may answer, then what our rules may."""
    kinds: dict[str, tuple[int, Text]] = {
        str(error.default_code): (error.status_code, HTTPStatus(error.status_code).phrase)
        for error in _all_subclasses(APIException)
    }
    ours = _all_subclasses(DomainError)
    return kinds | {error.code: (error.status, error.title) for error in ours}


def _all_subclasses(kind: Kind) -> list[Kind]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in _all_subclasses(child))]
