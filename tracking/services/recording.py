"""Taking positions: a few hundred at once, in any order, and each once however often it is sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from psycopg.errors import UniqueViolation

from accounts.models import Member
from carpool.kernel import tenancy
from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import from_point, lengths_m
from rides.models import Ride, RideState
from tracking.errors import NotYetRecorded, OutsideTheRide, SharingStopped
from tracking.models import Trace
from tracking.permissions import window_of
from tracking.selectors.traces import find_open_trace
from tracking.services.arriving import follow_car
from tracking.services.fixes import Fix
from tracking.services.position_rows import COPY_POSITIONS, copy_rows
from tracking.services.sharing import begin_trace, get_aboard
from tracking.services.verifying import judge_again
from tracking.services.work_days import look_again_at_day

MOST_AT_ONCE = 500
# Phones set their clocks by the network; some run a little ahead.
CLOCK_AHEAD = timedelta(seconds=30)
# Faster than any car: 252 km/h. Source: ``payments-security.md`` C6, F5.
IMPOSSIBLE_MPS = 70.0
_ARRIVED = frozenset({RideState.ARRIVING, RideState.VALIDATING, RideState.COMPLETED})


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch: new, known before, and kept though nobody drives so fast."""

    stored: int
    known: int
    flagged: int


_Batch = tuple[Trace, Sequence[Fix], npt.NDArray[np.bool_], datetime]
_INSERT = """
INSERT INTO tracking_position (trace_id, sequence, day, location, recorded_at, received_at,
    accuracy_m, speed_mps, is_mock, is_flagged)
SELECT %s, sequence, %s, ST_SetSRID(ST_MakePoint(lon, lat), 4326), recorded_at, %s,
    accuracy_m, speed_mps, is_mock, is_flagged
FROM unnest(%s::int[], %s::float8[], %s::float8[], %s::timestamptz[], %s::float8[], %s::float8[],
    %s::bool[], %s::bool[])
    AS fix (sequence, lon, lat, recorded_at, accuracy_m, speed_mps, is_mock, is_flagged)
ON CONFLICT DO NOTHING
"""
_UPDATE = """
UPDATE tracking_trace SET
    positions_count = positions_count + %(stored)s, flagged_count = flagged_count + %(flagged)s,
    device = coalesce(nullif(%(device)s, ''), device),
    location = CASE WHEN is_newer THEN ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)
        ELSE location END,
    located_at = CASE WHEN is_newer THEN %(at)s ELSE located_at END,
    accuracy_m = CASE WHEN is_newer THEN %(accuracy_m)s ELSE accuracy_m END,
    speed_mps = CASE WHEN is_newer THEN %(speed_mps)s ELSE speed_mps END
FROM (SELECT coalesce(located_at < %(at)s, true) AS is_newer FROM tracking_trace
    WHERE id = %(id)s FOR UPDATE) AS whether
WHERE id = %(id)s
"""


def record_positions(
    *, ride_id: UUID, by: Member, fixes: Sequence[Fix], now: datetime, device: str = ""
) -> Recorded:
    """Keep a batch of positions of a member's phone. All of them, or none.

    They may come in any order, late and twice. Steps that no car could make are kept and flagged:
    a verdict wants to know of them. ``device`` is the hash of the phone's own key.

    Raises:
        RideNotFound: the member may not see the ride.
        NotAboard, NotAgreed, SharingStopped: nobody asked for their positions.
        SentTooLate: the ride is over for a day.
        InvalidInput: there are none, or too many.
        OutsideTheRide, NotYetRecorded: some were recorded before or after; names each of them.
    """
    if not 1 <= len(fixes) <= MOST_AT_ONCE:
        raise InvalidInput(field="positions")
    trace = _open(ride_id, by, now)
    trace.member = by
    _check_times(trace.ride, fixes, now)
    ordered = sorted(fixes, key=lambda fix: fix.recorded_at)
    flags = _impossible(trace, ordered)
    batch = (trace, ordered, flags, now)
    try:
        stored = _store(_copy, batch, device)
    except UniqueViolation:  # some were sent before: look at each
        stored = _store(_insert, batch, device)
    return Recorded(stored, len(fixes) - stored, int(flags.sum()))


def _open(ride_id: UUID, by: Member, now: datetime) -> Trace:
    trace = find_open_trace(by, ride_id, now=now)
    if trace is None:
        ride = get_aboard(ride_id, by, now)
        trace = begin_trace(ride, by, now)
        trace.ride = ride
    if trace.stopped_at is not None:
        raise SharingStopped
    return trace


def _check_times(ride: Ride, fixes: Sequence[Fix], now: datetime) -> None:
    begins, ends = window_of(ride)
    latest = now + CLOCK_AHEAD
    times = [fix.recorded_at for fix in fixes]
    if begins <= min(times) and max(times) <= min(ends, latest):
        return
    ahead = {_path(n): [NotYetRecorded.title] for n, at in enumerate(times) if at > latest}
    if ahead:
        raise NotYetRecorded(fields=ahead)
    raise OutsideTheRide(
        fields={
            _path(n): [OutsideTheRide.title]
            for n, at in enumerate(times)
            if not begins <= at <= ends
        }
    )


def _path(number: int) -> str:
    return f"positions.{number}.recorded_at"


def _impossible(trace: Trace, ordered: Sequence[Fix]) -> npt.NDArray[np.bool_]:
    """Tell of each fix whether nothing on wheels gets there from the one before, bool[n].

    Before the first one is where the phone was last, if that was earlier.
    """
    places, times = [fix.place for fix in ordered], [fix.recorded_at for fix in ordered]
    before = trace.located_at
    is_known = trace.location is not None and before is not None and before < times[0]
    if trace.location is not None and before is not None and is_known:
        places, times = [from_point(trace.location), *places], [before, *times]
    metres = lengths_m(np.array(places))
    seconds = np.diff(np.array([at.timestamp() for at in times]))
    flags = metres > IMPOSSIBLE_MPS * np.maximum(seconds, 1.0)
    return flags if is_known else np.concatenate([[False], flags])


@tenancy.as_system()  # who may was asked above; the wall would ask again, for each row
@transaction.atomic
def _store(write: Callable[..., int], batch: _Batch, device: str) -> int:
    trace, ordered, flags, now = batch
    stored = write(*batch)
    if stored:
        flagged = int(flags.sum()) if stored == len(ordered) else 0
        _update(trace, ordered[-1], stored, flagged, device)
        if trace.ride.driver_id == trace.member_id:
            follow_car(trace, ordered, by=trace.member, now=now)
        if now > trace.ride.ends_at:
            judge_again(trace.ride, now=now)
        if trace.ride.state in _ARRIVED:
            look_again_at_day(trace)
    return stored


def _copy(trace: Trace, ordered: Sequence[Fix], flags: npt.NDArray[np.bool_], now: datetime) -> int:
    """Write what is new, as it nearly always is, the quick way."""
    with connection.cursor() as cursor, cursor.copy(COPY_POSITIONS) as into:
        into.write(copy_rows(trace, ordered, flags, now))
    return len(ordered)


def _insert(
    trace: Trace, ordered: Sequence[Fix], flags: npt.NDArray[np.bool_], now: datetime
) -> int:
    columns = [
        [fix.sequence for fix in ordered],
        [fix.place.lon for fix in ordered],
        [fix.place.lat for fix in ordered],
        [fix.recorded_at for fix in ordered],
        [fix.accuracy_m for fix in ordered],
        [fix.speed_mps for fix in ordered],
        [fix.is_mock for fix in ordered],
        flags.tolist(),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [trace.pk, trace.day, now, *columns])
        return int(cursor.rowcount)


def _update(trace: Trace, last: Fix, stored: int, flagged: int, device: str) -> None:
    """Note where the phone was last, unless something younger came before."""
    told: dict[str, Any] = {
        "id": trace.pk, "stored": stored, "flagged": flagged, "device": device,
        "lon": last.place.lon, "lat": last.place.lat, "at": last.recorded_at,
        "accuracy_m": last.accuracy_m, "speed_mps": last.speed_mps,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, told)
