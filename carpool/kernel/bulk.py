"""Many rows from PostgreSQL as one NumPy array, without a Python object for each.

PostgreSQL sends a query's rows in its binary COPY format. When every column has a fixed width and
is never null, so has every row, and the bytes are an array of records as they stand.

Source: PostgreSQL manual, COPY, *Binary Format*.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

Records = npt.NDArray[Any]

INT, FLOAT, TIME, UUID_BYTES = ">i8", ">f8", ">i8", "S16"
"""What ``bigint``, ``float8``, ``timestamptz`` and ``uuid`` (without zeros at its end) become."""

_HEADER, _TRAILER = 19, 2
_SINCE_2000_MS = (datetime(2000, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // (
    datetime.resolution * 1000
)


def read_records(select: str, columns: Mapping[str, str]) -> Records:
    """Return a query's rows as records.

    Args:
        select: SQL without parameters; each column of the type named for it, and not null.
        columns: name and type of each.

    Raises:
        ValueError: the rows are not as wide as the columns, for one is null or of another type.
    """
    copy = f"COPY ({select}) TO STDOUT (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(copy) as rows:
        sent = b"".join(rows)
    layout = [("", ">i2")]
    for name, kind in columns.items():
        layout += [(f"{name} width", ">i4"), (name, kind)]
    record = np.dtype([(name or "fields", kind) for name, kind in layout])
    body = memoryview(sent)[_HEADER:-_TRAILER]
    if len(body) % record.itemsize:
        raise ValueError("a row is not as wide as its columns")
    records = np.frombuffer(body, record)
    for name in columns:
        if (records[f"{name} width"] != record[name].itemsize).any():
            raise ValueError(f"{name} is null, or of another type")
    return records


def to_epoch_ms(times: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Turn a column of times into milliseconds since 1970, rounded down."""
    return np.asarray(times.astype(np.int64) // 1000 + _SINCE_2000_MS, np.int64)
