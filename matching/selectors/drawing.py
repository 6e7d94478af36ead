"""What a map draws of an offer or a near miss: the way with the rider aboard, and the reach.

The way is drawn as it would be: where the rider walks and rides, and how the car comes and goes on.
Around it, on request, lies the ride's *reach*: outside of that ellipse the driver could not be back
in time.

What is private stays so because the drawing is made of what may be known, not of the truth with
parts cut off. The centre of its 500 m cell stands for a driver's private end: the way leads there
(and is drawn up to a circle around it), and the ellipse has its focus there, and is larger by as
much as that may be wrong. So the drawing is the same for every home in the cell. Stops of riders
whom the viewer does not travel with are not marked, and no leg's ellipse ends at one.
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
    METRES_PER_DEGREE,
    LonLat,
    from_point,
    reach_ellipse,
    walking_time,
)
from carpool.kernel.templatetags.ui import walk
from maps.errors import NoWalk
from maps.models import Region
from maps.selectors import load_network, walk_between
from matching.selectors.evaluation import Found, Meeting, SearchQuery, evaluate, to_time
from matching.selectors.ranking import Ranking, get_ranking
from matching.selectors.shown import ShownOffer, read_offer_or_near_miss
from rides.errors import RideChanged
from rides.models import Ride, StopKind
from rides.selectors import RideView, view_ride

Line = npt.NDArray[np.float64]
# A place is at most 354 m from the centre of its 500 m cell.
CIRCLE_M = 400.0
# The car's own stop lies on a road up to 300 m farther.
FOCUS_MOVED_M = 660.0
ENDS = {StopKind.ORIGIN, StopKind.DESTINATION}


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the drawing: exact, or the middle of a circle of ``within_m`` metres.

    ``kind`` is origin, pickup, dropoff or destination; "stop" is another rider's, whose time may
    still move.
    """

    kind: str
    location: LonLat
    label: str
    at: datetime | None
    within_m: int = 0


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
    before, together, after = _draw_way(view, found)
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
    list(ride.stops.all())[-1].latest_at += timedelta(seconds=shown.driver_gives_s)
    only = (shown.pickup, shown.dropoff)
    found = evaluate([ride], ride.region, shown.query, only=only, ranking=ranking)
    if not found:
        raise RideChanged
    return found[0]


def _hides_origin(view: RideView) -> bool:
    return not (view.is_driver or view.ride.origin_public)


def _hides_destination(view: RideView) -> bool:
    return not (view.is_driver or view.ride.destination_public)


def _draw_way(view: RideView, found: Found) -> tuple[Line, Line, Line]:
    """Return the car's way before, with and after the rider."""
    network = load_network(view.ride.region)
    places = [from_point(stop.location) for stop in view.ride.stops.all()]
    if _hides_origin(view):
        places[0] = view.origin
    if _hides_destination(view):
        places[-1] = view.destination
    i, j = found.insertion.pickup_after + 1, found.insertion.dropoff_after + 1
    calls = np.array(
        [*places[:i], found.pickup.location, *places[i:j], found.dropoff.location, *places[j:]]
    )
    route = network.route(network.nearest_nodes(calls[:, 0], calls[:, 1]).tolist())
    pickup, dropoff = int(route.leg_starts[i]), int(route.leg_starts[j + 1])
    before, after = route.geometry[: pickup + 1], route.geometry[dropoff:]
    if _hides_origin(view):
        before = _beyond_circle(before, view.origin)
    if _hides_destination(view):
        after = _beyond_circle(after[::-1], view.destination)[::-1]
    return before, route.geometry[pickup : dropoff + 1], after


def _beyond_circle(line: Line, centre: LonLat) -> Line:
    """Return the part of a line after it has left the circle around a centre for good."""
    east = (line[:, 0] - centre.lon) * np.cos(np.radians(centre.lat))
    metres = np.hypot(east, line[:, 1] - centre.lat) * METRES_PER_DEGREE
    inside = np.flatnonzero(metres < CIRCLE_M)
    if len(inside) == 0:
        return line
    last = int(inside[-1])
    if last == len(line) - 1:
        return line[:0]
    share = (CIRCLE_M - metres[last]) / (metres[last + 1] - metres[last])
    edge = line[last] + share * (line[last + 1] - line[last])
    return np.concatenate([edge[None], line[last + 1 :]])


def _draw_walk(region: Region, start: LonLat, end: LonLat) -> Line:
    try:
        return walk_between(region, start, end).geometry
    except NoWalk:  # then as the crow flies
        return np.array([start, end])


def _list_marks(view: RideView, found: Found) -> list[Mark]:
    ride = view.ride
    circle = {True: round(CIRCLE_M), False: 0}
    return [
        Mark(
            "origin",
            view.origin,
            view.origin_label,
            ride.departure_at,
            circle[_hides_origin(view)],
        ),
        *(
            Mark("stop", from_point(stop.location), stop.label, None)
            for stop in view.stops
            if stop.kind not in ENDS
        ),
        Mark("pickup", found.pickup.location, found.pickup.label, found.pickup.at),
        Mark("dropoff", found.dropoff.location, found.dropoff.label, found.dropoff.at),
        Mark(
            "destination",
            view.destination,
            view.destination_label,
            to_time(found.insertion.arrival_ms),
            circle[_hides_destination(view)],
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Focus:
    """A stop as one viewer may know it: a place that may be wrong by some metres, and promises."""

    location: LonLat
    moved_m: float
    since: datetime | None
    latest_at: datetime


def list_reach(view: RideView) -> list[Polygon]:
    """Return, per leg between stops that the viewer may know of, where the car can be in time.

    Each is the admissible ellipse (see ``carpool.kernel.geo.reach_ellipse``) of the promises at the
    leg's ends, in whole minutes, and larger by what its foci may be wrong: it contains the true
    one.
    """
    ride, foci = view.ride, _list_foci(view)
    speed_mps = load_network(ride.region).max_speed_mps
    since = list(accumulate((focus.since or ride.departure_at for focus in foci), max))
    return [
        reach_ellipse(
            a.location,
            b.location,
            major_axis_m=_minutes_up(b.latest_at - leave) * 60 * speed_mps + a.moved_m + b.moved_m,
        )
        for (a, b), leave in zip(pairwise(foci), since, strict=False)
    ]


def _minutes_up(duration: timedelta) -> int:
    return -(-duration // timedelta(minutes=1))


def _list_foci(view: RideView) -> list[_Focus]:
    ride, known = view.ride, {stop.pk for stop in view.stops}
    foci = []
    for stop in ride.stops.all():
        place, moved_m, latest_at = from_point(stop.location), 0.0, stop.latest_at
        if stop.kind == StopKind.ORIGIN and _hides_origin(view):
            place, moved_m = view.origin, FOCUS_MOVED_M
        elif stop.kind == StopKind.DESTINATION:
            latest_at = ride.arrive_latest_at
            if _hides_destination(view):
                place, moved_m = view.destination, FOCUS_MOVED_M
        elif stop.kind not in ENDS and stop.pk not in known:
            continue
        foci.append(_Focus(place, moved_m, stop.earliest_at, latest_at))
    return foci


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
        Step("start", view.ride.departure_at, view.origin_label, _("%(name)s sets off") % driver),
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
            view.ride.arrival_at + later,
            view.destination_label,
            _("%(name)s arrives") % driver,
        ),
    ]
    return sorted(steps, key=lambda step: step.at)


def count_others(view: RideView) -> int:
    """Return how many other riders the car picks up."""
    riders = [stop.booking for stop in view.ride.stops.all() if stop.kind == StopKind.PICKUP]
    return sum(booking is not None and booking.rider_id != view.viewer.pk for booking in riders)
