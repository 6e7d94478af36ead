"""An independent look at the books of a day: every ride is driven again on plain Dijkstra.

Nothing of the product's routing or planning is used: vertices are found by measuring to all of
them, times by SciPy over the raw arcs, schedules by the sentences of the rules.
"""

from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.db.models import Prefetch
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from carpool.kernel.geo import WALKING_SPEED_MPS
from maps.engine import RoadNetwork
from maps.selectors import load_network
from rides.models import Ride, Stop

ROUNDING = timedelta(milliseconds=2)
AT_DOORS = timedelta(minutes=2)


def audit(rides: list[Ride]) -> list[str]:
    """Return every broken promise of the rides, in words; an empty list is a clean book."""
    return [complaint for ride in rides for complaint in _audit_ride(ride)]


def with_everything(organization_id: UUID, since: datetime) -> list[Ride]:
    """Load the rides of an organization that were not cancelled."""
    stops = Stop.objects.select_related("booking").order_by("position")
    return list(
        Ride.objects.filter(
            organization=organization_id, cancelled_at=None, departure_at__gte=since
        )
        .select_related("organization", "region")
        .prefetch_related(Prefetch("stops", queryset=stops))
    )


def _audit_ride(ride: Ride) -> list[str]:
    stops = list(ride.stops.all())
    times = _drive(ride, stops)
    complaints = []
    aboard = 0
    for stop, at in zip(stops, times, strict=True):
        if at > stop.latest_at + ROUNDING:
            complaints.append(f"{ride.pk}: stop {stop.position} at {at}, promised {stop.latest_at}")
        if abs(at - stop.planned_at) > ROUNDING:
            complaints.append(f"{ride.pk}: stop {stop.position} at {at}, planned {stop.planned_at}")
        if stop.booking is not None:
            aboard += stop.booking.seats if stop.kind == "pickup" else -stop.booking.seats
            complaints += _audit_rider(ride, stop, at)
        if aboard > ride.seats_offered:
            complaints.append(f"{ride.pk}: {aboard} people on {ride.seats_offered} seats")
    solo = timedelta(seconds=ride.solo_duration_s + ride.detour_s)
    if times[-1] - ride.departure_at > solo + ROUNDING:
        complaints.append(f"{ride.pk}: detour longer than the driver accepts")
    return complaints


def _audit_rider(ride: Ride, stop: Stop, at: datetime) -> list[str]:
    booking = stop.booking
    assert booking is not None
    if stop.kind == "pickup":
        ready_at = booking.earliest_departure_at + _walk(booking.walk_to_m)
        return [] if at >= ready_at - ROUNDING else [f"{ride.pk}: {booking.pk} picked up too early"]
    home_at = at + _walk(booking.walk_from_m)
    if home_at <= booking.latest_arrival_at + ROUNDING:
        return []
    return [f"{ride.pk}: {booking.pk} arrives {home_at}, wanted {booking.latest_arrival_at}"]


def _walk(metres: int) -> timedelta:
    return timedelta(seconds=metres / WALKING_SPEED_MPS)


def _drive(ride: Ride, stops: list[Stop]) -> list[datetime]:
    network = load_network(ride.region)
    nodes = [_nearest(network, stop) for stop in stops]
    times, at = [], ride.departure_at
    for i, stop in enumerate(stops):
        if i > 0:
            leg = timedelta(milliseconds=_dijkstra_ms(network, nodes[i - 1], nodes[i]))
            at += max(leg, AT_DOORS) if "door" in {stops[i - 1].kind, stop.kind} else leg
        if stop.earliest_at is not None:
            at = max(at, stop.earliest_at)
        times.append(at)
        if stop.booking is not None:
            at += timedelta(seconds=ride.organization.policy.boarding_s)
    return times


def _nearest(network: RoadNetwork, stop: Stop) -> int:
    squeeze = np.cos(np.radians(stop.location.y))
    east = (network.lon - stop.location.x) * squeeze
    north = network.lat - stop.location.y
    return int(np.argmin(east * east + north * north))


_graphs: dict[str, csr_matrix] = {}


def _dijkstra_ms(network: RoadNetwork, start: int, end: int) -> int:
    if network.version not in _graphs:
        count = len(network.lon)
        tail = np.repeat(np.arange(count), np.diff(network.arc_start))
        order = np.argsort(-network.arc_ms.astype(np.int64), kind="stable")
        # Of parallel arcs the quickest must stay: entries are written longest first.
        matrix = dict(
            zip(
                zip(tail[order].tolist(), network.arc_head[order].tolist(), strict=True),
                network.arc_ms[order].tolist(),
                strict=True,
            )
        )
        rows, columns = zip(*matrix, strict=True)
        _graphs[network.version] = csr_matrix(
            (np.array(list(matrix.values()), float), (rows, columns)), shape=(count, count)
        )
    distances = dijkstra(_graphs[network.version], indices=[start])
    return round(float(distances[0, end]))
