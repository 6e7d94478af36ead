"""What every error of the API looks like (RFC 9457), checked in one place."""

import re
from typing import Any

from rest_framework.test import APIClient

PROBLEM_STATUSES = range(400, 600)
KEYS = {"type", "title", "status", "detail", "code", "errors"}


def api_client(person: Any = None) -> APIClient:
    """A client of the API: a member, a user, or nobody."""
    client = APIClient()
    if person is not None:
        client.force_login(getattr(person, "user", person))
    return client


def assert_problem_shape(response: Any) -> dict[str, Any]:
    """Check that an error is a problem, of whatever kind."""
    assert response["Content-Type"] == "application/problem+json", response.content
    body: dict[str, Any] = response.json()
    assert set(body) == KEYS
    assert body["status"] == response.status_code
    assert body["type"] == f"/problems/{body['code']}"
    for text in (body["title"], body["detail"]):
        assert text.strip()
        assert not re.search(r"\{\w+\}|%\(\w+\)", text), "a placeholder was not filled in"
    for error in body["errors"]:
        assert set(error) == {"field", "code", "detail"}
        assert error["code"]
        assert error["detail"]
    return body


def assert_problem(response: Any, status: int, code: str, *fields: str) -> dict[str, Any]:
    """Check that the response is a problem of this kind which names exactly these fields."""
    assert response.status_code == status, response.content
    body = assert_problem_shape(response)
    assert body["code"] == code, body
    assert {error["field"] for error in body["errors"]} == set(fields), body["errors"]
    return body
