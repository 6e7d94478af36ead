"""Liveness and readiness, for people, load balancers and Kubernetes."""

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from carpool.kernel import health
from carpool.kernel.errors import DomainError


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
    kinds = {error.code: error for error in _all_subclasses(DomainError)}
    if code not in kinds:
        raise Http404
    kind = kinds[code]
    return JsonResponse({"code": code, "status": kind.status, "title": str(kind.title)})


def _all_subclasses(kind: type[DomainError]) -> list[type[DomainError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in _all_subclasses(child))]
