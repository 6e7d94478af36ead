"""Positions by the live socket: ``{"positions": [{…}], "ride": id, "device": key}``.

Answered by ``{"positions": {"stored", "known", "flagged"}, "ride": id}``, or by ``{"error": code,
"ride": id, "fields": {path: [text]}}``. Once a second at most: a phone that has more puts it into
one frame. Nothing of it is kept in the channel layer.
"""

from datetime import datetime
from hashlib import sha256
from math import isfinite
from typing import Any
from uuid import UUID

from accounts.models import Member
from carpool.kernel import clock
from carpool.kernel.errors import DomainError, InvalidInput
from carpool.kernel.geo import LonLat
from carpool.kernel.limits import hit
from carpool.kernel.rates import Limit
from tracking import services
from tracking.services import Fix

# Ten in ten seconds: a network that stutters hands on several at once.
RATE = Limit(name="positions", rate="10/10s", per="person", views=frozenset())
MOST_SEQUENCE = 2**31 - 1


def hear_positions(member: Member, frame: dict[str, Any]) -> dict[str, Any]:
    """Keep what a phone says, and answer what became of it."""
    ride = frame.get("ride")
    try:
        hit(RATE, str(member.pk))
        recorded = services.record_positions(
            ride_id=_uuid(ride),
            by=member,
            fixes=[_fix(said, n) for n, said in enumerate(_list(frame["positions"]))],
            device=_device(frame.get("device", "")),
            now=clock.now(),
        )
    except DomainError as error:
        return {"error": error.code, "ride": ride, "fields": error.fields}
    counts = {name: getattr(recorded, name) for name in ("stored", "known", "flagged")}
    return {"positions": counts, "ride": ride}


def _uuid(text: Any) -> UUID:
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidInput(field="ride") from error


def _list(said: Any) -> list[Any]:
    if not isinstance(said, list) or len(said) > services.MOST_AT_ONCE:
        raise InvalidInput(field="positions")
    return said


def _device(key: Any) -> str:
    if not isinstance(key, str):
        raise InvalidInput(field="device")
    return sha256(key.encode()).hexdigest() if key else ""


def _fix(said: Any, number: int) -> Fix:
    """Read one position.

    Raises:
        InvalidInput: it is none; names it.
    """
    try:
        place = LonLat(
            _number(said["location"]["lon"], -180, 180), _number(said["location"]["lat"], -90, 90)
        )
        return Fix(
            sequence=int(_number(said["sequence"], 0, MOST_SEQUENCE)),
            recorded_at=_moment(said["recorded_at"]),
            place=place,
            accuracy_m=_optional(said.get("accuracy_m"), 100_000),
            speed_mps=_optional(said.get("speed_mps"), 1_000),
            is_mock=said.get("is_mock") is True,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(field=f"positions.{number}") from error


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError
    return at


def _number(value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isfinite(value) or not least <= value <= most:
        raise ValueError
    return float(value)


def _optional(value: Any, most: float) -> float | None:
    return None if value is None else _number(value, 0, most)
