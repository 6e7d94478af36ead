"""Thresholds: where a ride that begins or ends at somebody's door begins or ends for all others.

Whoever may search from anywhere learns from exact times, and from which rides are found at all,
where a ride begins: ten thousand searches put a door on the map (trilateration). So nobody gets in
between a door and its *threshold*, a place that was drawn by lot around the door once, and driving
between the two counts as ``DOOR_TIME``, whatever it takes. All that others can be told, or find
out, then depends on the threshold and not on the door.

The lot: places where cars may stop, between ``APART_M`` and ``AROUND_M`` from the door, little out
of the way of the first ride (``ASIDE_MS``), as that costs its driver time, and such that its way
on does not come past the door. Measured on the demo city: whoever knows
all of this, the roads, the threshold and the workplace guesses the door to a median of more than
250 m (``benchmarks/trilateration.py``).
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
from django.db import transaction

from accounts.models import Member, Site
from accounts.selectors import get_site_near, list_places
from carpool.kernel.geo import METRES_PER_DEGREE, LonLat, crow_fly_m, from_point, to_point
from maps.engine import RoadNetwork
from maps.selectors import snap
from rides.errors import KerbAtDoor
from rides.models import Threshold

Floats = npt.NDArray[np.float64]
DOOR_TIME = timedelta(minutes=2)
PUBLIC_WITHIN_M = 150.0
APART_M, AROUND_M = 300.0, 800.0
ASIDE_MS = 90_000
ENOUGH_CHOICES, MOST_TRIED = 12, 50
# Pins of one home differ by some metres; as many thresholds would tell where it is.
SAME_DOOR_M = 300.0


@dataclass(frozen=True, slots=True)
class RideEnd:
    """One end of a ride: where the car stands, and where it begins or ends for everybody else.

    At a site of the organization the two are one, and so they are at a kerb where a driver shows
    a code. ``door_time`` is what the way between them counts as.
    """

    stands_at: LonLat
    shown_at: LonLat
    site: Site | None
    door_time: timedelta = timedelta(0)
    is_kerb: bool = False

    @property
    def is_public(self) -> bool:
        """Whether nothing is hidden."""
        return self.is_kerb or self.site is not None


def settle_ends(
    driver: Member, network: RoadNetwork, origin: LonLat, destination: LonLat
) -> tuple[RideEnd, RideEnd]:
    """Return the two ends of a driver's ride; the thresholds that they need are drawn now.

    Takes two queries, and one more if an end is private; a new threshold a few more.

    Raises:
        OffNetwork: an end is too far from any road (names it).
    """
    named = {"origin": origin, "destination": destination}
    sites = [get_site_near(driver, place, within_m=PUBLIC_WITHIN_M) for place in named.values()]
    known = [] if all(sites) else list(Threshold.objects.filter(member=driver))
    on_road = [_on_road(network, place, field) for field, place in named.items()]
    ends = []
    for place, towards, site in zip(on_road, reversed(on_road), sites, strict=True):
        ends.append(_settle(driver, network, place, towards, site, known))
    return ends[0], ends[1]


def settle_from_kerb(
    driver: Member, network: RoadNetwork, kerb: LonLat, destination: LonLat
) -> tuple[RideEnd, RideEnd]:
    """Return the two ends of a ride that begins where its driver stands and shows a code.

    Raises:
        OffNetwork: an end is too far from any road (names it).
        KerbAtDoor: the driver stands at their own door, which whoever joins would see.
    """
    known = list(Threshold.objects.filter(member=driver))
    here, there = _on_road(network, kerb, "origin"), _on_road(network, destination, "destination")
    at_kerb = get_site_near(driver, kerb, within_m=PUBLIC_WITHIN_M)
    if at_kerb is None:
        doors = [from_point(one.door) for one in known]
        doors += [from_point(home.location) for home in list_places(driver).filter(kind="home")]
        apart_m = [crow_fly_m(door, place) for door in doors for place in (kerb, here)]
        if any(metres < PUBLIC_WITHIN_M for metres in apart_m):
            raise KerbAtDoor(field="origin")
    site = get_site_near(driver, destination, within_m=PUBLIC_WITHIN_M)
    end = _settle(driver, network, there, here, site, known)
    return RideEnd(here, here, at_kerb, is_kerb=True), end


def _on_road(network: RoadNetwork, place: LonLat, field: str) -> LonLat:
    foot = snap(network, place, field=field)
    return LonLat(foot.lon, foot.lat)


def _settle(
    driver: Member,
    network: RoadNetwork,
    place: LonLat,
    towards: LonLat,
    site: Site | None,
    known: list[Threshold],
) -> RideEnd:
    """Return one end; a threshold that is drawn for it joins those that are known."""
    if site is not None:
        return RideEnd(place, place, site)
    threshold = _nearest(known, place)
    if threshold is None:
        threshold = _draw(driver, place, network, towards)
        known.append(threshold)
    shown = from_point(threshold.place)
    return RideEnd(place, shown, None, _door_time(network, place, shown))


def _door_time(network: RoadNetwork, door: LonLat, threshold: LonLat) -> timedelta:
    a, b = _vertex(network, door), _vertex(network, threshold)
    there_ms, back_ms = network.durations_ms(a, b)[0, 0], network.durations_ms(b, a)[0, 0]
    return max(DOOR_TIME, timedelta(milliseconds=int(max(there_ms, back_ms))))


def _nearest(known: Iterable[Threshold], door: LonLat) -> Threshold | None:
    near = [(crow_fly_m(from_point(one.door), door), one) for one in known]
    metres, one = min(near, key=lambda pair: pair[0], default=(SAME_DOOR_M, None))
    return one if metres < SAME_DOOR_M else None


@transaction.atomic
def _draw(member: Member, door: LonLat, network: RoadNetwork, towards: LonLat) -> Threshold:
    """Draw and keep a threshold. Two rides at once from a new door must not draw two."""
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    known = _nearest(Threshold.objects.filter(member=member), door)
    if known is not None:
        return known
    place = network.location(_draw_vertex(network, door, towards))
    return Threshold.objects.create(member=member, door=to_point(door), place=to_point(place))


def _draw_vertex(network: RoadNetwork, door: LonLat, towards: LonLat) -> int:
    choices, away = list_choices(network, door, towards), _vertex(network, towards)
    secrets.SystemRandom().shuffle(choices)
    for choice in choices[:MOST_TRIED]:
        way = network.route([choice, away]).geometry
        if _apart_m(way[:, 0], way[:, 1], door).min() >= APART_M:
            return choice
    return choices[0]


def list_choices(network: RoadNetwork, door: LonLat, towards: LonLat) -> list[int]:
    """Return the vertices among which the lot decides; farther ones, too, where there are few."""
    home, away = _vertex(network, door), _vertex(network, towards)
    apart_m = _apart_m(network.lon, network.lat, door)
    for most_m, aside_ms, door_ms in (
        (AROUND_M, ASIDE_MS, DOOR_TIME // timedelta(milliseconds=1)),
        (AROUND_M, None, DOOR_TIME // timedelta(milliseconds=1)),
        (2 * AROUND_M, None, None),
    ):
        near = np.flatnonzero((apart_m >= APART_M) & (apart_m <= most_m) & network.stoppable)
        out_ms = network.durations_ms(home, near)[0]
        back_ms = network.durations_ms(near, home)[:, 0]
        fits = np.ones(len(near), np.bool_)
        if door_ms is not None:
            fits &= (out_ms <= door_ms) & (back_ms <= door_ms)
        if aside_ms is not None:
            alone_ms = network.durations_ms(home, away)[0, 0]
            fits &= out_ms + network.durations_ms(near, away)[:, 0] - alone_ms <= aside_ms
        if np.count_nonzero(fits) >= ENOUGH_CHOICES:
            break
    return [int(vertex) for vertex in near[fits]] or [home]


def _vertex(network: RoadNetwork, place: LonLat) -> int:
    return int(network.nearest_nodes(np.array([place.lon]), np.array([place.lat]))[0])


def _apart_m(lon: Floats, lat: Floats, place: LonLat) -> Floats:
    east = (lon - place.lon) * np.cos(np.radians(place.lat))
    return np.asarray(np.hypot(east, lat - place.lat) * METRES_PER_DEGREE)
