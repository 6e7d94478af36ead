"""Rides and queries as the arrays of ``matching.engine``, and their times as milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from carpool.kernel.geo import walking_time
from maps.engine import RoadNetwork
from maps.selectors import MeetingPoints
from matching.engine import InsertionTimes, RequestWindow, RideBatch
from matching.engine.insertion import NO_EARLIEST
from matching.engine.segment import Supply
from matching.engine.supply import RoutedRequest
from rides.models import Ride, Stop, StopKind
from rides.services import RequestTerms

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
FREE = np.zeros((0, 0), np.int64)


@dataclass(frozen=True, slots=True)
class SearchQuery(RequestTerms):
    """What a rider looks for; ``arrive`` tells that the arrival is the time they named."""

    arrive: bool = False

    @property
    def anchor_at(self) -> datetime:
        """The time that the rider named."""
        return self.latest_arrival_at if self.arrive else self.earliest_departure_at


@dataclass(frozen=True, slots=True)
class Gathered:
    """A query and its candidate rides as the engine wants them."""

    batch: RideBatch
    window: RequestWindow
    times: InsertionTimes
    nodes: npt.NDArray[np.int32]
    pickups: MeetingPoints
    dropoffs: MeetingPoints


def gather_arrays(
    rides: Sequence[Ride],
    network: RoadNetwork,
    query: RequestTerms,
    pickups: MeetingPoints,
    dropoffs: MeetingPoints,
    price_ms: npt.NDArray[np.int64] = FREE,
) -> Gathered:
    """Turn rides (at least one) and a query into arrays, with the road times between them."""
    stops = [stop for ride in rides for stop in ride.stops.all()]
    nodes = network.nearest_nodes(
        np.array([stop.location.x for stop in stops]),
        np.array([stop.location.y for stop in stops]),
    )
    times = InsertionTimes(
        to_pickup=network.durations_ms(nodes, pickups.nodes),
        from_pickup=np.ascontiguousarray(network.durations_ms(pickups.nodes, nodes).T),
        to_dropoff=network.durations_ms(nodes, dropoffs.nodes),
        from_dropoff=np.ascontiguousarray(network.durations_ms(dropoffs.nodes, nodes).T),
        direct=network.durations_ms(pickups.nodes, dropoffs.nodes),
    )
    boarding_ms = 1000 * rides[0].organization.policy.boarding_s
    return Gathered(
        batch=_to_batch(rides, stops, boarding_ms),
        window=_to_window(query, pickups, dropoffs, boarding_ms, price_ms),
        times=times,
        nodes=nodes,
        pickups=pickups,
        dropoffs=dropoffs,
    )


def route_request(
    query: RequestTerms,
    pickups: MeetingPoints,
    dropoffs: MeetingPoints,
    boarding_ms: int,
    price_ms: npt.NDArray[np.int64] = FREE,
) -> RoutedRequest:
    """Return a query as the supply index takes it."""
    return RoutedRequest(
        pickups=pickups.nodes,
        dropoffs=dropoffs.nodes,
        window=_to_window(query, pickups, dropoffs, boarding_ms, price_ms),
    )


def route_ride(ride: Ride, network: RoadNetwork) -> Supply:
    """Return a ride, with its stops, as the demand index takes it."""
    stops = list(ride.stops.all())
    return Supply(
        key=np.array([ride.number], np.int64),
        organization=np.zeros(1, np.int32),
        node=network.nearest_nodes(
            np.array([stop.location.x for stop in stops]),
            np.array([stop.location.y for stop in stops]),
        ),
        rides=_to_batch([ride], stops, 1000 * ride.organization.policy.boarding_s),
    )


def _to_batch(rides: Sequence[Ride], stops: Sequence[Stop], boarding_ms: int) -> RideBatch:
    sizes = [len(ride.stops.all()) for ride in rides]
    middle = {StopKind.PICKUP, StopKind.DROPOFF}
    return RideBatch(
        start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        departure_ms=np.array([to_ms(ride.departure_at) for ride in rides], np.int64),
        seats_offered=np.array([ride.seats_offered for ride in rides], np.int32),
        leg_ms=np.array([stop.leg_duration_ms for stop in stops], np.int32),
        earliest_ms=np.array(
            [NO_EARLIEST if s.earliest_at is None else to_ms(s.earliest_at) for s in stops],
            np.int64,
        ),
        latest_ms=np.array([to_ms(stop.latest_at) for stop in stops], np.int64),
        boarding_ms=np.array([boarding_ms * (s.kind in middle) for s in stops], np.int32),
        seats_after=_taken(rides),
    )


def _taken(rides: Sequence[Ride]) -> npt.NDArray[np.int32]:
    """Return the seats taken after each stop; between a door and its threshold all of them are."""
    nobody_in = {StopKind.DOOR, StopKind.DESTINATION}
    taken = [
        ride.seats_offered if stop.kind in nobody_in else stop.seats_after
        for ride in rides
        for stop in ride.stops.all()
    ]
    return np.array(taken, np.int32)


def let_arrive_later(ride: Ride, seconds: int) -> None:
    """Let a ride in memory arrive later than its driver promised to themselves."""
    for stop in ride.stops.all():
        if stop.kind == StopKind.DESTINATION or (stop.kind == StopKind.DOOR and stop.position > 0):
            stop.latest_at += timedelta(seconds=seconds)


def _to_window(
    query: RequestTerms,
    pickups: MeetingPoints,
    dropoffs: MeetingPoints,
    boarding_ms: int,
    price_ms: npt.NDArray[np.int64],
) -> RequestWindow:
    walk_to_ms, walk_from_ms = walks_ms(pickups), walks_ms(dropoffs)
    at_arrival = isinstance(query, SearchQuery) and query.arrive
    anchor = query.latest_arrival_at if at_arrival else query.earliest_departure_at
    return RequestWindow(
        ready_ms=to_ms(query.earliest_departure_at) + walk_to_ms,
        due_ms=to_ms(query.latest_arrival_at) - walk_from_ms,
        walk_to_ms=walk_to_ms,
        walk_from_ms=walk_from_ms,
        anchor_ms=to_ms(anchor),
        anchored_at_arrival=at_arrival,
        seats=query.seats,
        boarding_ms=boarding_ms,
        price_ms=price_ms,
    )


def walks_ms(points: MeetingPoints) -> npt.NDArray[np.int64]:
    """Return walking times; metres are rounded up first, as a booking stores them."""
    return np.array(
        [walking_time(metres) // MILLISECOND + 1 for metres in np.ceil(points.walk_m)], np.int64
    )


def to_ms(at: datetime) -> int:
    """Return milliseconds since the epoch, rounded down."""
    return (at - EPOCH) // MILLISECOND


def to_time(ms: int) -> datetime:
    """Return the instant of so many milliseconds since the epoch."""
    return EPOCH + ms * MILLISECOND
