"""``Idempotency-Key``: a POST that is sent again is answered again, and done once.

The key's row is inserted in the same transaction as the work. So a crash leaves neither, and a
second copy that arrives meanwhile waits on the unique key until the first has ended.

Source: IETF draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.models import IdempotentRequest

KEPT_FOR = timedelta(hours=24)
HEADER = "Idempotency-Key"
KEY = OpenApiParameter(
    HEADER, str, OpenApiParameter.HEADER, required=True, description="A new UUID for each intent"
)


class IdempotencyKeyMissing(DomainError):
    """This POST changes seats or money and needs a key."""

    code = "idempotency_key_missing"
    status = 400
    title = _("Send an Idempotency-Key header, for example a new UUID")


class IdempotencyKeyReused(DomainError):
    """The key already stands for another request."""

    code = "idempotency_key_reused"
    status = 422
    title = _("This Idempotency-Key was used for a different request")


View = Callable[..., Response]


def idempotent(view: View) -> View:
    """Wrap a POST method of an APIView so that one key is carried out once."""

    @wraps(view)
    def wrapped(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER, "").strip()
        if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
            raise IdempotencyKeyMissing(field=HEADER)
        fingerprint = _fingerprint(request)
        try:
            with transaction.atomic():
                record = _claim(request, key, fingerprint)
                response = view(self, request, *args, **kwargs)
                record.status = response.status_code
                record.body = json.loads(json.dumps(response.data, cls=JSONEncoder))
                record.save(update_fields=["status", "body"])
            return response
        except _AlreadyAnswered:
            return _replay(request, key, fingerprint)

    return wrapped


class _AlreadyAnswered(Exception):
    pass


def _claim(request: Request, key: str, fingerprint: str) -> IdempotentRequest:
    try:
        with transaction.atomic():
            return IdempotentRequest.objects.create(
                user_id=int(request.user.pk or 0),
                key=key,
                fingerprint=fingerprint,
                created_at=clock.now(),
            )
    except IntegrityError as error:
        raise _AlreadyAnswered from error


def _replay(request: Request, key: str, fingerprint: str) -> Response:
    record = IdempotentRequest.objects.get(user_id=int(request.user.pk or 0), key=key)
    if record.fingerprint != fingerprint:
        raise IdempotencyKeyReused(field=HEADER)
    return Response(record.body, status=record.status, headers={"Idempotency-Replayed": "true"})


class _Encoder(JSONEncoder):
    """Writes a file that was sent along as what it holds: two photos are two requests."""

    def default(self, obj: Any) -> Any:
        """Return what stands for a value that JSON has no word for."""
        if isinstance(obj, File):
            digest = hashlib.file_digest(obj, "sha256").hexdigest()
            obj.seek(0)
            return digest
        return super().default(obj)


def _fingerprint(request: Request) -> str:
    body = json.dumps(request.data, sort_keys=True, cls=_Encoder)
    text = f"{request.method} {request.path}\n{body}"
    return hashlib.sha256(text.encode()).hexdigest()


def forget(*, now: datetime) -> int:
    """Delete answers older than ``KEPT_FOR``; return how many rows went."""
    return IdempotentRequest.objects.filter(created_at__lt=now - KEPT_FOR).delete()[0]
