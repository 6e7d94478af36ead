"""Rows in bulk: the same numbers as row by row, and a clear word when they can't be."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from django.db import connection

from carpool.kernel.bulk import FLOAT, INT, TIME, UUID_BYTES, read_records, to_epoch_ms

pytestmark = pytest.mark.django_db


def test_records_hold_what_the_rows_hold():
    some = UUID("00112233-4455-6677-8899-aabbccddeeff")
    rows = read_records(
        f"SELECT n::bigint, n / 4.0::float8, '{some}'::uuid FROM generate_series(-2, 1000) n",
        {"whole": INT, "part": FLOAT, "id": UUID_BYTES},
    )
    assert rows["whole"].tolist() == list(range(-2, 1001))
    assert np.array_equal(rows["part"], rows["whole"] / 4)
    assert bytes(rows["id"][7]) == some.bytes


def test_nothing_is_an_empty_array():
    assert len(read_records("SELECT 1::bigint WHERE false", {"n": INT})) == 0


def test_times_are_rounded_down_to_milliseconds_before_and_after_2000():
    for at in (
        datetime(2026, 11, 21, 7, 45, 0, 123999, tzinfo=UTC),
        datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ):
        with connection.cursor() as cursor:
            quoted = cursor.mogrify("%s::timestamptz", [at])
        (ms,) = to_epoch_ms(read_records(f"SELECT {quoted}", {"at": TIME})["at"])
        assert ms == (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@pytest.mark.parametrize("column", ["NULL::bigint", "1::int"])
def test_a_column_of_another_width_is_refused(column):
    with pytest.raises(ValueError, match=r"wide|null"):
        read_records(f"SELECT {column}", {"n": INT})
    with pytest.raises(ValueError, match=r"wide|null"):
        read_records(f"SELECT {column}, {column} FROM generate_series(1, 2)", {"n": INT})
