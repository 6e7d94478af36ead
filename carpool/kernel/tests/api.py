"""A small API that fails in every way there is, and one that counts what it does."""

import time
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from carpool.kernel import clock
from carpool.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    ServiceUnavailable,
)
from carpool.kernel.idempotency import idempotent
from carpool.kernel.models import OutboxEvent
from carpool.urls import urlpatterns as project_urls

ERRORS: dict[str, Exception] = {
    "plain": DomainError(),
    "invalid": InvalidInput("Too short.", field="name"),
    "several": InvalidInput(fields={"name": ["Too short.", "Too plain."], "seats": ["Too many."]}),
    "listed": exceptions.ValidationError({"items": [{}, {"number": ["No."]}]}),
    "missing": NotFound(),
    "forbidden": Forbidden(),
    "conflict": Conflict("Somebody was faster."),
    "down": ServiceUnavailable(),
    "http404": Http404("secret reason"),
    "denied": PermissionDenied("secret reason"),
    "drf-404": exceptions.NotFound(),
    "unauthenticated": exceptions.NotAuthenticated(),
    "authentication": exceptions.AuthenticationFailed(),
    "method": exceptions.MethodNotAllowed("BREW"),
    "media": exceptions.UnsupportedMediaType("text/coffee"),
    "not-acceptable": exceptions.NotAcceptable(),
    "parse": exceptions.ParseError(),
    "throttled": exceptions.Throttled(wait=6.2),
}


class InnerSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField(min_value=1)


class OuterSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    inner = InnerSerializer()
    items = InnerSerializer(many=True)
    tags = serializers.ListField(child=serializers.IntegerField(), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["name"] == "whole":
            raise serializers.ValidationError("As a whole this makes no sense.")
        return attrs


class FailView(APIView):
    permission_classes = ()

    def get(self, request: Request, kind: str) -> Response:
        raise ERRORS[kind]


class FormView(APIView):
    permission_classes = ()

    def post(self, request: Request) -> Response:
        OuterSerializer(data=request.data).is_valid(raise_exception=True)
        return Response({})


class CountView(APIView):
    """Does something countable; ``fail`` makes it fail after the deed, ``wait_s`` makes it slow."""

    @idempotent
    def post(self, request: Request) -> Response:
        now = clock.now()
        OutboxEvent.objects.create(name="deed", payload={}, occurred_at=now, next_attempt_at=now)
        time.sleep(request.data.get("wait_s", 0))
        match request.data.get("fail"):
            case "domain":
                raise Conflict
            case "form":
                raise exceptions.ValidationError({"name": ["No."]})
            case "crash":
                raise RuntimeError
        return Response({"deeds": deeds(), "at": now}, status=201)


def deeds() -> int:
    """How often it was done."""
    return OutboxEvent.objects.filter(name="deed").count()


urlpatterns = [
    *project_urls,  # pages of errors lead to the style sheet
    path("fail/<str:kind>", FailView.as_view()),
    path("form", FormView.as_view()),
    path("count", CountView.as_view()),
    path("count/again", CountView.as_view()),
]
