"""Database constraints that several apps need."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models


def one_at_a_time(
    name: str, *, who: str, start: str, end: str, condition: models.Q
) -> ExclusionConstraint:
    """Forbid that the half-open periods [start, end) of the same ``who`` overlap."""
    period = models.Func(
        start,
        end,
        RangeBoundary(),
        function="tstzrange",
        output_field=DateTimeRangeField(),
    )
    return ExclusionConstraint(
        name=name,
        expressions=[(who, RangeOperators.EQUAL), (period, RangeOperators.OVERLAPS)],
        condition=condition,
    )
