"""Partitions of the positions, one for each day of rides: made ahead, dropped after their term."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from carpool.kernel import tenancy

TABLE = "tracking_position"
# A worker that rests for a week costs nothing; without one the first ride of a day makes its own.
AHEAD_DAYS = 7


def partition_of(day: date) -> str:
    """Return the name of a day's table."""
    return f"{TABLE}_{day:%Y%m%d}"


@tenancy.as_system()  # the role of requests owns no table
def make_partition(day: date) -> None:
    """Make the table of a day, unless it is there. Two at once wait for each other."""
    name = partition_of(day)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        if cursor.fetchone() == (True,):
            return
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [TABLE])
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {TABLE} "  # our own names
            f"FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
        )
        # Read through the whole table only: no policy lets the role of requests in here.
        cursor.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")


def make_partitions(*, now: datetime) -> int:
    """Make the tables of the days ahead; return how many days those are."""
    days = [now.date() + timedelta(days=n) for n in range(-1, AHEAD_DAYS + 1)]
    there = set(list_partitions())
    for day in days:
        if day not in there:
            make_partition(day)
    return len(days)


def list_partitions() -> list[date]:
    """Return the days that have a table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT right(inhrelid::regclass::text, 8) FROM pg_inherits"
            " WHERE inhparent = %s::regclass",
            [TABLE],
        )
        return sorted(datetime.strptime(one, "%Y%m%d").date() for (one,) in cursor.fetchall())  # noqa: DTZ007 – a day


@tenancy.as_system()
def drop_partitions(days: Iterable[date]) -> int:
    """Drop the tables of days of which nothing has to be kept; return how many there were."""
    count = 0
    for day in days:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {partition_of(day)}")
        count += 1
    return count
