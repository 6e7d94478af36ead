"""Conventions of the REST API: errors as problem+json (RFC 9457), pages by cursor."""

import re
from datetime import datetime, time
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import exceptions, pagination, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, set_rollback

from carpool.kernel import clock
from carpool.kernel.errors import DomainError, InvalidInput

PROBLEM_JSON = "application/problem+json"
WALL_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"


class Page(pagination.CursorPagination):
    """Pages of 20, newest first, that stay right while rows are added."""

    page_size = 20
    max_page_size = 100
    page_size_query_param = "page_size"
    ordering = ("-created_at", "-id")

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """Return one page; a cursor that we did not make is an unknown page, not a crash.

        Raises:
            NotFound: there is no such page.
        """
        try:
            page: list[Any] | None = super().paginate_queryset(queryset, request, view)
        except ValidationError as error:
            raise exceptions.NotFound(self.invalid_cursor_message) from error
        return page

    def get_page_size(self, request: Request) -> int:
        """Return how many rows a page has.

        Raises:
            ValidationError: the query asks for no number, or for too many or too few.
        """
        text = request.query_params.get(self.page_size_query_param, str(self.page_size))
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= self.max_page_size):
            message = f"A number from 1 to {self.max_page_size} is required."
            raise exceptions.ValidationError({self.page_size_query_param: [message]})
        return int(text)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe what the query may hold."""
        described: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in described:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] |= {"minimum": 1, "maximum": self.max_page_size}
        return described

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page as OpenAPI 3.1 does; DRF still writes ``nullable`` of 3.0."""
        described: dict[str, Any] = super().get_paginated_response_schema(schema)
        for name in ("next", "previous"):
            link = described["properties"][name]
            link.pop("nullable", None)
            link["type"] = ["string", "null"]
        described["required"] = ["next", "previous", "results"]
        return described


class MomentField(serializers.DateTimeField):
    """A moment. Without an offset it is the organization's local time, if that time exists."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "Without an offset: your organization's local time")
        super().__init__(**options)

    def enforce_timezone(self, value: datetime) -> datetime:
        """Refuse a local time that daylight saving skips, instead of moving it."""
        zone = timezone.get_current_timezone()
        if timezone.is_naive(value) and isinstance(zone, ZoneInfo):
            try:
                value = clock.local_to_utc(value.date(), value.time(), zone, field="")
            except InvalidInput as error:
                raise serializers.ValidationError(error.detail, code=error.code) from error
            except OverflowError:
                self.fail("overflow")
        return super().enforce_timezone(value)


@extend_schema_field({"type": "string", "pattern": WALL_CLOCK, "examples": ["08:30"]})
class WallClockField(serializers.TimeField):
    """A local time of day: without a zone, which RFC 3339 knows no name for."""

    default_error_messages = {
        "invalid": "A time of day as in 08:30 or 08:30:00, without an offset, is required."
    }

    def to_internal_value(self, value: Any) -> time:
        """Return the time.

        Raises:
            ValidationError: it is none, or has an offset or fractions of a second.
        """
        if not (isinstance(value, str) and re.match(WALL_CLOCK, value)):
            self.fail("invalid")
        return time.fromisoformat(value)


class FieldErrorSerializer(serializers.Serializer[Any]):
    """One thing that is wrong with one field of the request."""

    field = serializers.CharField(help_text="Dotted path; empty for the request as a whole")
    code = serializers.CharField()
    detail = serializers.CharField()


def _example(name: str, status: HTTPStatus, body: dict[str, Any]) -> OpenApiExample:
    code = body["code"]
    value = {"type": f"/problems/{code}", "status": int(status), "errors": [], **body}
    return OpenApiExample(
        name, value, response_only=True, status_codes=[str(int(status))], media_type=PROBLEM_JSON
    )


@extend_schema_serializer(
    examples=[
        _example(
            "A value makes no sense",
            HTTPStatus.UNPROCESSABLE_ENTITY,
            {
                "title": "This place is outside our map.",
                "detail": "This place is outside our map.",
                "code": "outside_map",
                "errors": [
                    {
                        "field": "origin",
                        "code": "outside_map",
                        "detail": "This place is outside our map.",
                    }
                ],
            },
        ),
        _example(
            "Somebody was faster",
            HTTPStatus.CONFLICT,
            {
                "title": "The last seat has just been taken",
                "detail": "The last seat has just been taken",
                "code": "seats_exhausted",
            },
        ),
    ]
)
class ProblemSerializer(serializers.Serializer[Any]):
    """An error as RFC 9457 describes it."""

    type = serializers.CharField(help_text="A relative URI that names the kind of problem")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="Stable; meant for programs")
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]


def problems(*statuses: int) -> dict[tuple[int, str], type[ProblemSerializer]]:
    """Describe the errors that an endpoint may answer, for the API's description."""
    return {(status, PROBLEM_JSON): ProblemSerializer for status in statuses}


# What an endpoint may answer besides success: when it only shows, and when it takes something.
READ_PROBLEMS = problems(400, 401, 403, 404, 429)
PROBLEMS = problems(400, 401, 403, 404, 409, 422, 429)


def problem(
    *, status: int, code: str, title: str, detail: str, errors: list[dict[str, str]] | None = None
) -> Response:
    """Return an RFC 9457 answer."""
    body = {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": _writable(detail),
        "code": code,
        "errors": [{k: _writable(text) for k, text in error.items()} for error in errors or []],
    }
    return Response(body, status=status, content_type=PROBLEM_JSON)


class UnknownAddress(APIView):
    """Whatever else lies below /api/v1/: nothing, and the answer says so like any other error."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def initial(self, request: Request, *_args: Any, **_kwargs: Any) -> None:  # noqa: ARG002
        """Refuse, whatever the method.

        Raises:
            NotFound: always.
        """
        raise exceptions.NotFound


def _writable(text: str) -> str:
    """Escape what UTF-8 cannot hold: an error may quote half a surrogate pair that was sent."""
    return text.encode(errors="backslashreplace").decode()


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Render every foreseen error as a problem; an unforeseen one stays a logged 500."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, DomainError):
        set_rollback()
        return from_domain_error(error)
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    return _from_api_exception(error)


def from_domain_error(error: DomainError) -> Response:
    """Return the answer to a broken rule."""
    fields = [
        {"field": field, "code": error.code, "detail": text}
        for field, texts in error.fields.items()
        for text in texts
    ]
    return problem(
        status=error.status,
        code=error.code,
        title=str(error.title),
        detail=error.detail,
        errors=fields,
    )


def _from_api_exception(error: exceptions.APIException) -> Response:
    if isinstance(error, exceptions.ValidationError):
        errors = _flatten(error.get_full_details())
        detail = "; ".join(
            f"{e['field']}: {e['detail']}" if e["field"] else e["detail"] for e in errors
        )
        code, title = InvalidInput.code, str(InvalidInput.title)
    else:
        errors, detail = [], str(error.detail)
        code, title = str(error.default_code), HTTPStatus(error.status_code).phrase
    response = problem(
        status=error.status_code, code=code, title=title, detail=detail, errors=errors
    )
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait) + 1)
    return response


def _flatten(details: Any, path: str = "") -> list[dict[str, str]]:
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        name = path.removesuffix(".non_field_errors").removeprefix("non_field_errors")
        return [{"field": name, "code": details["code"], "detail": str(details["message"])}]
    if isinstance(details, dict):
        items = [(f"{path}.{key}" if path else str(key), value) for key, value in details.items()]
    else:
        items = [
            (path if _is_message(value) else f"{path}.{i}", value)
            for i, value in enumerate(details)
        ]
    return [flat for name, value in items for flat in _flatten(value, name)]


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"message", "code"}
