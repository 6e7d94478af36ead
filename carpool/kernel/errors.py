"""Domain errors: a stable code, an HTTP status, a sentence for the person, the fields concerned.

Services and selectors raise them; every interface (form, API, socket, command) renders them.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class DomainError(Exception):
    """A rule of the product was not met. Subclasses name the fact, as in ``SeatsExhausted``."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    title: ClassVar[Text] = _("This is not possible")

    def __init__(
        self,
        detail: Text = "",
        *,
        field: str | None = None,
        fields: Mapping[str, Sequence[Text]] | None = None,
    ) -> None:
        self.detail = str(detail or self.title)
        self.fields: dict[str, list[str]] = {
            name: [str(text) for text in texts] for name, texts in (fields or {}).items()
        }
        if field is not None:
            self.fields.setdefault(field, []).append(self.detail)
        super().__init__(self.detail)


class InvalidInput(DomainError):
    """The request can be read, but a value in it makes no sense."""

    code = "invalid_input"
    status = 422
    title = _("Please check what you entered")


class NotFound(DomainError):
    """The thing does not exist, or this person may not know that it does."""

    code = "not_found"
    status = 404
    title = _("Not found")


class Forbidden(DomainError):
    """The person may see the thing, but not do this to it."""

    code = "forbidden"
    status = 403
    title = _("You may not do this")


class Conflict(DomainError):
    """Somebody or something was faster; the state no longer allows it."""

    code = "conflict"
    status = 409
    title = _("This has changed in the meantime")


class ServiceUnavailable(DomainError):
    """A part that we depend on does not answer."""

    code = "service_unavailable"
    status = 503
    title = _("A part of the service is not available")
