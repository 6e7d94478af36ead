"""What every error of the API looks like (RFC 9457), checked in one place."""

from typing import Any

from rest_framework.test import APIClient

KEYS = {"type", "title", "status", "detail", "code", "errors"}


def api_client(person: Any = None) -> APIClient:
    """A client of the API: a member, a user, or nobody."""
    client = APIClient()
    if person is not None:
        client.force_login(getattr(person, "user", person))
    return client


def assert_problem(response: Any, status: int, code: str, *fields: str) -> dict[str, Any]:
    """Check that the response is a problem of this kind which names exactly these fields."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == KEYS
    assert (body["status"], body["code"]) == (status, code), body
    assert body["type"] == f"/problems/{code}"
    for text in (body["title"], body["detail"]):
        assert text.strip()
        assert "{" not in text, "a placeholder was not filled in"
    assert {error["field"] for error in body["errors"]} == set(fields), body["errors"]
    for error in body["errors"]:
        assert set(error) == {"field", "code", "detail"}
        assert error["code"]
        assert error["detail"]
    return body
