"""What a map draws of an offer or a near miss: the way with the rider aboard, and the reach.

The way is drawn as it would be: where the rider walks and rides, and how the car comes and goes on.
Around it, on request, lies the ride's *reach*: outside of that ellipse the driver could not be back
in time.

What is private stays so because the drawing is made of what may be known, not of the truth with
parts cut off: for everybody but its driver a ride begins and ends at its thresholds. Stops of
riders whom the viewer does not travel with are not marked, and no leg's ellipse ends at one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt
from django.contrib.gis.geos import Polygon
from django.utils.translation import gettext as _

from accounts.models import Member
from carpool.kernel.geo import (
    LonLat,
    from_point,
    reach_ellipse,
    walking_time,
)
from carpool.kernel.templatetags.ui import walk
from maps.errors import NoWalk
from maps.models import Region
from maps.selectors import load_network, walk_between
from matching.selectors.arrays import SearchQuery, let_arrive_later, to_time
from matching.selectors.evaluation import Found, Meeting, evaluate
from matching.selectors.ranking import Ranking, get_ranking
from matching.selectors.shown import ShownOffer, read_offer_or_near_miss
from rides.errors import RideChanged
from rides.models import Ride, Stop, StopKind
from rides.selectors import RideView, view_ride

Line = npt.NDArray[np.float64]
ENDS = {StopKind.ORIGIN, StopKind.DESTINATION}


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the drawing.

    ``kind`` is origin, pickup, dropoff or destination; "stop" is another rider's, whose time may
    still move.
    """

    kind: str
    location: LonLat
    label: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """The parts of the way, float64[n, 2] each (n < 2 where nothing is to be drawn), and the reach.

    ``reach`` holds one ellipse per leg between the stops that the viewer may know of.
    """

    walk_to: Line
    before: Line
    together: Line
    after: Line
    walk_from: Line
    marks: list[Mark]
    reach: list[Polygon]


def get_drawing(viewer: Member, token: str, *, now: datetime) -> Drawing:
    """Draw what a search has shown, into the stops that the ride has now. Takes six queries.

    Raises:
        OfferExpired: the token is too old, altered, or somebody else's.
        RideNotFound: the ride is not shared with the viewer (any more).
        RideChanged: it left, was cancelled, or no longer serves what was shown.
    """
    shown = read_offer_or_near_miss(viewer, token)
    view = view_ride(viewer, shown.ride_id)
    reach = list_reach(view)
    found = _find_again(view.ride, shown, get_ranking(viewer.organization), now=now)
    before, together, after = _draw_way(view.ride, found)
    query, region = shown.query, view.ride.region
    return Drawing(
        walk_to=_draw_walk(region, query.origin.location, found.pickup.location),
        before=before,
        together=together,
        after=after,
        walk_from=_draw_walk(region, found.dropoff.location, query.destination.location),
        marks=_list_marks(view, found),
        reach=reach,
    )


def _find_again(ride: Ride, shown: ShownOffer, ranking: Ranking, *, now: datetime) -> Found:
    """Insert the rider at the meeting points that were shown."""
    if ride.cancelled_at or ride.started_at or ride.departure_at <= now:
        raise RideChanged
    let_arrive_later(ride, shown.driver_gives_s)
    only = (shown.pickup, shown.dropoff)
    found = evaluate([ride], ride.region, shown.query, only=only, ranking=ranking)
    if not found:
        raise RideChanged
    return found[0]


def _draw_way(ride: Ride, found: Found) -> tuple[Line, Line, Line]:
    """Return the car's way before, with and after the rider."""
    network, stops = load_network(ride.region), _between_thresholds(ride)
    places = [from_point(stop.location) for stop in stops]
    into = found.insertion
    i, j = (after + 1 - stops[0].position for after in (into.pickup_after, into.dropoff_after))
    calls = np.array(
        [*places[:i], found.pickup.location, *places[i:j], found.dropoff.location, *places[j:]]
    )
    route = network.route(network.nearest_nodes(calls[:, 0], calls[:, 1]).tolist())
    pickup, dropoff = int(route.leg_starts[i]), int(route.leg_starts[j + 1])
    geometry = route.geometry
    return geometry[: pickup + 1], geometry[pickup : dropoff + 1], geometry[dropoff:]


def _between_thresholds(ride: Ride) -> list[Stop]:
    return [stop for stop in ride.stops.all() if stop.kind != StopKind.DOOR]


def _draw_walk(region: Region, start: LonLat, end: LonLat) -> Line:
    try:
        return walk_between(region, start, end).geometry
    except NoWalk:  # then as the crow flies
        return np.array([start, end])


def _list_marks(view: RideView, found: Found) -> list[Mark]:
    first, *_stops, last = _between_thresholds(view.ride)
    later = to_time(found.insertion.arrival_ms) - view.ride.arrival_at
    return [
        Mark("origin", from_point(first.location), view.origin_label, view.departure_at),
        *(
            Mark("stop", from_point(stop.location), stop.label, None)
            for stop in view.stops
            if stop.kind not in ENDS
        ),
        Mark("pickup", found.pickup.location, found.pickup.label, found.pickup.at),
        Mark("dropoff", found.dropoff.location, found.dropoff.label, found.dropoff.at),
        Mark(
            "destination",
            from_point(last.location),
            view.destination_label,
            view.arrival_at + later,
        ),
    ]


def list_reach(view: RideView) -> list[Polygon]:
    """Return, per leg between stops that the viewer may know of, where the car can be in time.

    Each is the admissible ellipse (see ``carpool.kernel.geo.reach_ellipse``) of the promises at the
    leg's ends, in whole minutes.
    """
    known = {stop.pk for stop in view.stops}
    stops = [s for s in _between_thresholds(view.ride) if s.kind in ENDS or s.pk in known]
    speed_mps = load_network(view.ride.region).max_speed_mps
    since = accumulate((stop.earliest_at or stops[0].planned_at for stop in stops), max)
    return [
        reach_ellipse(
            from_point(a.location),
            from_point(b.location),
            major_axis_m=_minutes_up(b.latest_at - leave) * 60 * speed_mps,
        )
        for (a, b), leave in zip(pairwise(stops), since, strict=False)
    ]


def _minutes_up(duration: timedelta) -> int:
    return -(-duration // timedelta(minutes=1))


class Shown(Protocol):
    """An offer or a near miss."""

    @property
    def view(self) -> RideView:
        """The ride as its viewer may see it."""

    @property
    def pickup(self) -> Meeting:
        """Where they get in."""

    @property
    def dropoff(self) -> Meeting:
        """Where they get out."""

    @property
    def detour_s(self) -> int:
        """How much later the car arrives."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the way in words. ``walk_m`` is the walk that begins or has ended there.

    ``kind`` is leave, start (of the car), pickup, dropoff, arrive, end (of the car's way);
    ``note`` says so in the active language.
    """

    kind: str
    at: datetime
    label: str
    note: str
    walk_m: int | None = None


def list_steps(shown: Shown, query: SearchQuery) -> list[Step]:
    """Return the way in words: the same as the drawing, for who does not see it."""
    view, pickup, dropoff = shown.view, shown.pickup, shown.dropoff
    later = timedelta(seconds=shown.detour_s)
    leave_at = pickup.at - walking_time(pickup.walk_m)
    arrive_at = dropoff.at + walking_time(dropoff.walk_m)
    driver = {"name": view.ride.driver.first_name}
    steps = [
        Step("start", view.departure_at, view.origin_label, _("%(name)s sets off") % driver),
        Step(
            "leave",
            leave_at,
            query.origin.label,
            _("You leave, %(walk)s") % {"walk": walk(pickup.walk_m)},
            pickup.walk_m,
        ),
        Step("pickup", pickup.at, pickup.label, _("You get in")),
        Step("dropoff", dropoff.at, dropoff.label, _("You get out")),
        Step(
            "arrive",
            arrive_at,
            query.destination.label,
            _("You arrive, %(walk)s") % {"walk": walk(dropoff.walk_m)},
            dropoff.walk_m,
        ),
        Step(
            "end",
            view.arrival_at + later,
            view.destination_label,
            _("%(name)s arrives") % driver,
        ),
    ]
    return sorted(steps, key=lambda step: step.at)


def count_others(view: RideView) -> int:
    """Return how many other riders the car picks up."""
    riders = [stop.booking for stop in view.ride.stops.all() if stop.kind == StopKind.PICKUP]
    return sum(booking is not None and booking.rider_id != view.viewer.pk for booking in riders)
