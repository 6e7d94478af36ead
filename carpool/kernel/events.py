"""Events: facts in the past tense, as frozen dataclasses, written to the outbox as JSON."""

import dataclasses
import typing
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """Base of all events. A subclass's fields are str, int, bool, UUID, datetime, or None."""

    registry: ClassVar[dict[str, type["Event"]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super(Event, cls).__init_subclass__(**kwargs)
        # The decorator with slots=True makes the class anew; the later one takes the place.
        Event.registry[cls.name()] = cls

    @classmethod
    def name(cls) -> str:
        """Return the stable name, as in ``rides.BookingConfirmed``."""
        return f"{cls.__module__.split('.')[0]}.{cls.__name__}"

    def to_payload(self) -> dict[str, Any]:
        """Return JSON-ready fields."""
        return {
            field.name: _encode(getattr(self, field.name)) for field in dataclasses.fields(self)
        }

    @staticmethod
    def from_payload(name: str, payload: dict[str, Any]) -> "Event":
        """Rebuild an event.

        Raises:
            KeyError: no event of that name is known to this version of the code.
        """
        cls = Event.registry[name]
        hints = typing.get_type_hints(cls)
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{k: _decode(v, hints[k]) for k, v in payload.items() if k in known})


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _decode(value: Any, hint: Any) -> Any:
    if value is None:
        return None
    wanted = typing.get_args(hint) or (hint,)
    if UUID in wanted:
        return UUID(value)
    return datetime.fromisoformat(value) if datetime in wanted else value
