"""Positions as PostgreSQL's COPY reads them: every row's bytes are laid out at once, by NumPy.

Writing each row as text would take longer than storing it. Source: PostgreSQL manual, *COPY*,
"Binary Format"; PostGIS manual, "ST_AsEWKB".
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from tracking.models import Trace
from tracking.services.fixes import Fix

COPY_POSITIONS = """
COPY tracking_position (trace_id, sequence, day, location, recorded_at, received_at,
    accuracy_m, speed_mps, is_mock, is_flagged) FROM STDIN (FORMAT binary)
"""
_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_COLUMNS = 10
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_LITTLE_ENDIAN, _POINT_WITH_SRID, _WGS84 = 1, 0x20000001, 4326
_Layout = list[tuple[str, Any]]
_PLACE: _Layout = [
    ("order", "u1"),
    ("type", "<u4"),
    ("srid", "<u4"),
    ("lon", "<f8"),
    ("lat", "<f8"),
]
# Each column is preceded by its length in bytes; a length of -1 says that there is nothing.
_ALWAYS: _Layout = [
    ("trace_id", ">i8"), ("sequence", ">i4"), ("day", ">i4"), ("place", _PLACE),
    ("recorded_at", ">i8"), ("received_at", ">i8"),
]  # fmt: skip


def copy_rows(
    trace: Trace, fixes: Sequence[Fix], flags: npt.NDArray[np.bool_], now: datetime
) -> bytes:
    """Return what to send after :data:`COPY_POSITIONS`; rows of the same columns stand together."""
    parts = [_HEAD]
    for has in product((True, False), repeat=2):
        chosen = [n for n, fix in enumerate(fixes) if has == _measured(fix)]
        if chosen:
            own = [fixes[n] for n in chosen]
            parts.append(_rows(trace, own, flags[chosen], now, *has).tobytes())
    return b"".join([*parts, _END])


def _measured(fix: Fix) -> tuple[bool, bool]:
    return fix.accuracy_m is not None, fix.speed_mps is not None


def _rows(
    trace: Trace, fixes: Sequence[Fix], flags: npt.NDArray[np.bool_], now: datetime,
    has_accuracy: bool, has_speed: bool,
) -> npt.NDArray[np.void]:  # fmt: skip
    columns: _Layout = [
        *_ALWAYS,
        ("accuracy_m", ">f8" if has_accuracy else None),
        ("speed_mps", ">f8" if has_speed else None),
        ("is_mock", "u1"),
        ("is_flagged", "u1"),
    ]
    layout: _Layout = [("columns", ">i2")]
    for name, kind in columns:
        layout += [(f"{name}_bytes", ">i4"), *([(name, kind)] if kind else [])]
    rows = np.zeros(len(fixes), dtype=layout)
    rows["columns"] = _COLUMNS
    for name, kind in columns:
        rows[f"{name}_bytes"] = np.dtype(kind).itemsize if kind else -1
    rows["trace_id"], rows["day"] = trace.pk, _days(trace.day)
    rows["sequence"] = [fix.sequence for fix in fixes]
    place = rows["place"]
    place["order"], place["type"], place["srid"] = _LITTLE_ENDIAN, _POINT_WITH_SRID, _WGS84
    place["lon"], place["lat"] = [fix.place[0] for fix in fixes], [fix.place[1] for fix in fixes]
    rows["recorded_at"] = [_microseconds(fix.recorded_at) for fix in fixes]
    rows["received_at"] = _microseconds(now)
    if has_accuracy:
        rows["accuracy_m"] = [fix.accuracy_m for fix in fixes]
    if has_speed:
        rows["speed_mps"] = [fix.speed_mps for fix in fixes]
    rows["is_mock"], rows["is_flagged"] = [fix.is_mock for fix in fixes], flags
    return rows


def _days(day: date) -> int:
    return (day - _EPOCH.date()).days


def _microseconds(at: datetime) -> int:
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
