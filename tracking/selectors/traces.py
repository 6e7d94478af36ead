"""Reads about traces."""

import json
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

from accounts.models import CONSENT_VERSIONS, Member, Organization
from rides.models import BookingState, Ride
from rides.models.bookings import UNCERTAIN_STATES
from tracking import engine
from tracking.models import Trace
from tracking.permissions import TAKEN_FOR


def _names(model: type[Model], *wanted: str) -> list[str]:
    """Return columns in the model's own order, which ``from_db`` goes by."""
    return [one.attname for one in model._meta.concrete_fields if one.attname in wanted]


def _columns(table: str, names: list[str]) -> str:
    return ", ".join(f"{table}.{name}" for name in names)


_TRACE = _names(
    Trace, "id", "ride_id", "member_id", "day", "stopped_at", "location", "located_at", "shown_from"
)
_RIDE = _names(
    Ride, "id", "organization_id", "driver_id", "departure_at", "arrival_at", "started_at",
    "finished_at", "cancelled_at", "is_instant", "origin_public", "state",
)  # fmt: skip
_ORGANIZATION = _names(Organization, "id", "own_policies")
# Written by hand: asked for with each batch, and the ORM takes longer to word it than PostgreSQL to
# answer. Whatever else of the three is wanted, Django fetches when asked.
_OPEN = f"""
SELECT {_columns("trace", _TRACE)}, {_columns("ride", _RIDE)},
    {_columns("organization", _ORGANIZATION)}
FROM tracking_trace trace
JOIN rides_ride ride ON ride.id = trace.ride_id
JOIN accounts_organization organization ON organization.id = ride.organization_id
WHERE trace.member_id = %(member)s AND trace.ride_id = %(ride)s AND ride.cancelled_at IS NULL
    AND (ride.driver_id = trace.member_id OR EXISTS (SELECT FROM rides_booking seat
        WHERE seat.ride_id = trace.ride_id AND seat.rider_id = trace.member_id
        AND seat.state <> ALL (%(without_seat)s)))
    AND EXISTS (SELECT FROM accounts_consent consent
        WHERE consent.member_id = trace.member_id AND consent.withdrawn_at IS NULL
        AND (consent.purpose, consent.version) IN (SELECT * FROM
            unnest(%(agreed)s::text[], %(worded)s::text[])))
"""  # noqa: S608  only names that stand above


def find_open_trace(member: Member, ride_id: UUID, *, now: datetime) -> Trace | None:
    """Return a member's trace of a ride that they may go on with, in one query.

    They still drive or have a confirmed seat, still agree to something, and it is not too late.
    None says only that somebody has to look closer.
    """
    asked: dict[str, Any] = {
        "member": member.pk, "ride": ride_id,
        "without_seat": [str(one) for one in (*UNCERTAIN_STATES, BookingState.CANCELLED)],
        "agreed": [str(one) for one in CONSENT_VERSIONS], "worded": [*CONSENT_VERSIONS.values()],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, asked)
        found = cursor.fetchone()
    if found is None:
        return None
    columns = iter(found)
    trace = Trace.from_db(connection.alias, _TRACE, list(islice(columns, len(_TRACE))))
    ride = Ride.from_db(connection.alias, _RIDE, list(islice(columns, len(_RIDE))))
    organization = Organization.from_db(connection.alias, _ORGANIZATION, list(columns))
    organization.own_policies = json.loads(organization.own_policies)
    ride.organization, trace.ride = organization, ride
    return None if now > ride.ends_at + TAKEN_FOR else trace


def get_trace(member: Member, ride_id: UUID) -> Trace | None:
    """Return a member's own trace of a ride, if they have shared anything."""
    return Trace.objects.of(member).filter(ride=ride_id).first()


# As numbers, a column at a time: models and geometries take ten times longer to make than to read.
_POSITIONS = """
SELECT array_agg(extract(epoch FROM recorded_at)::float8 ORDER BY sequence),
    array_agg(ST_X(location) ORDER BY sequence), array_agg(ST_Y(location) ORDER BY sequence),
    array_agg(coalesce(accuracy_m, 'NaN') ORDER BY sequence),
    array_agg(coalesce(speed_mps, 'NaN') ORDER BY sequence),
    array_agg(is_mock ORDER BY sequence)
FROM tracking_position WHERE trace_id = %s AND day = %s
"""


def load_trace(trace: Trace) -> engine.Trace | None:
    """Return what a phone recorded, for the engine; None when nothing is (any more)."""
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, [trace.pk, trace.day])
        at, lon, lat, accuracy, speed, is_mock = cursor.fetchone()
    if at is None:
        return None
    return engine.Trace.of(at, lon, lat, accuracy_m=accuracy, speed_mps=speed, is_mock=is_mock)
