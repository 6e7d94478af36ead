"""Compute a launch study: from rows to figures, with public names for what is on the map."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from accounts.models import Organization, Site
from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import LonLat, coarse_cell, from_point
from maps.engine import RoadNetwork
from maps.engine.lengths import measure
from maps.models import Address, Region
from maps.selectors import list_regions, load_network, load_walk_network, search_addresses
from matching.engine.assignment import Options, assign
from matching.engine.study import Area, Figures, Ground, study
from matching.engine.study_csv import Problem, Row
from matching.engine.study_pairs import Commutes, Promise
from matching.engine.study_privacy import LEAST
from matching.errors import StudyTooSmall
from matching.selectors.roads import load_roads
from matching.selectors.search import CO2_G_PER_KM

Report = Callable[[float], None]
Places = npt.NDArray[np.float64]

SNAP_M = 300.0
WALK_M = 600.0
"""How far people are taken to walk to a meeting point: 8 minutes."""
SLACK_S = 20 * 60
HOURS_AT_WORK = 9
USUAL_SEATS = 3
MOST_ADDRESSES = 5_000
# Where people can meet, the best known first; corners are candidates too, for want of others.
PUBLIC_KINDS = (
    Address.Kind.PARKING,
    Address.Kind.STOP,
    Address.Kind.PLACE,
    Address.Kind.CORNER,
)

# Shares of the whole work: looking up addresses, when there are any, takes longest.
LOOKED_UP = 0.4


@dataclass(frozen=True, slots=True)
class Computed:
    """What a study tells, ready to be stored, and the rows that it could not use."""

    result: dict[str, Any]
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Located:
    """A row whose two ends are known."""

    row: Row
    home: LonLat
    work: LonLat


def compute_study(
    organization: Organization, rows: Sequence[Row], *, detour_s: int, workdays: int, report: Report
) -> Computed:
    """Return the figures of a study; nothing is written.

    Raises:
        StudyTooSmall: fewer than five rows lie on one map.
        GeocoderDown, MapNotReady: a part that we depend on does not answer.
    """
    problems: list[Problem] = []
    has_addresses = any(row.home is None for row in rows)
    begin = LOOKED_UP if has_addresses else 0.0
    located = list(_locate(organization, rows, problems, lambda share: report(begin * share)))
    region, located = _on_one_map(located, problems)
    commutes, homes = _to_columns(load_network(region), located, problems)
    if len(commutes) < LEAST:
        raise StudyTooSmall
    promise = Promise(1000 * detour_s, 1000 * SLACK_S, 1000 * organization.policy.boarding_s)
    candidates = _public_places(region)
    figures = study(
        commutes,
        homes,
        np.array([place for _label, place in candidates]).reshape(-1, 2),
        _ground(region, promise),
        promise=promise,
        walk_m=WALK_M,
        report=lambda share: report(begin + (1 - begin) * share),
    )
    labels = [label for label, _place in candidates]
    places = [place for _label, place in candidates]
    result = _to_json(figures, load_network(region), labels, places)
    result |= {
        "k": LEAST,
        "region": region.slug,
        "detour_s": detour_s,
        "slack_s": SLACK_S,
        "boarding_s": organization.policy.boarding_s,
        "walk_m": round(WALK_M),
        "workdays": workdays,
        "saved_km_year": figures.saved_km * workdays,
        "co2_g_per_km": CO2_G_PER_KM,
        "saved_co2_kg_year": round(figures.saved_km * workdays * CO2_G_PER_KM / 1000),
        "most_in_a_car": Options().most_riders + 1,
    }
    return Computed(result, problems)


def _locate(
    organization: Organization, rows: Sequence[Row], problems: list[Problem], report: Report
) -> Iterator[Located]:
    """Yield rows with both ends; addresses are looked up near the workplace, each text once."""
    site = Site.objects.filter(organization=organization).first()
    near = from_point(site.location) if site else None
    look_up = lru_cache(maxsize=MOST_ADDRESSES)(partial(_find_address, near=near))
    for number, row in enumerate(rows):
        report(number / len(rows))
        assert row.work is not None, "services have put a workplace to every row"
        if row.home is not None:
            yield Located(row, LonLat(*row.home), LonLat(*row.work))
            continue
        home = None
        if look_up.cache_info().misses < MOST_ADDRESSES:
            home = look_up(row.home_address)
        if home is None:
            problems.append(Problem(row.line, "home_address", "address_not_found"))
        else:
            yield Located(row, home, LonLat(*row.work))


def _find_address(text: str, *, near: LonLat | None) -> LonLat | None:
    try:
        hits = search_addresses(None, text, near=near, limit=1)
    except InvalidInput:
        return None
    return hits[0].location if hits else None


def _on_one_map(located: list[Located], problems: list[Problem]) -> tuple[Region, list[Located]]:
    """Return the region in which most people live and work, and those people."""
    best: tuple[int, Region | None, npt.NDArray[np.bool_]] = (-1, None, np.zeros(0, np.bool_))
    for region in list_regions():
        assert region.boundary is not None, "a usable region has one"
        shape = shapely.from_wkb(bytes(region.boundary.wkb))
        shapely.prepare(shape)
        inside = np.ones(len(located), np.bool_)
        for ends in ([one.home for one in located], [one.work for one in located]):
            places = np.array(ends).reshape(-1, 2)
            inside &= shapely.contains_xy(shape, places[:, 0], places[:, 1])
        if inside.sum() > best[0]:
            best = int(inside.sum()), region, inside
    if best[1] is None or best[0] < LEAST:
        raise StudyTooSmall
    problems += [
        Problem(one.row.line, "home_lat", "outside_map")
        for one, is_inside in zip(located, best[2], strict=True)
        if not is_inside
    ]
    return best[1], [one for one, is_in in zip(located, best[2], strict=True) if is_in]


def _to_columns(
    network: RoadNetwork, located: list[Located], problems: list[Problem]
) -> tuple[Commutes, Places]:
    """Bring both ends to the roads; who lives or works too far from one is left out."""
    homes = np.array([one.home for one in located]).reshape(-1, 2)
    works = np.array([one.work for one in located]).reshape(-1, 2)
    (home, near_home), (work, near_work) = _snap(network, homes), _snap(network, works)
    for one, at_home, at_work in zip(located, near_home, near_work, strict=True):
        if not (at_home and at_work):
            problems.append(Problem(one.row.line, "work_lat" if at_home else "home_lat", "no_road"))
    kept = near_home & near_work
    rows = [one.row for one, is_kept in zip(located, kept, strict=True) if is_kept]
    commutes = Commutes(
        home=home[kept],
        work=work[kept],
        arrive_ms=np.array([1000 * row.arrive_s for row in rows], np.int64),
        depart_ms=np.array([1000 * _leaves_at(row) for row in rows], np.int64),
        car=np.array([row.car is not False for row in rows], np.bool_),
        seats=np.array([_seats(row) for row in rows], np.int32),
    )
    return commutes, homes[kept]


def _snap(
    network: RoadNetwork, places: Places
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    line, _along, _off = network.lines.feet(places, SNAP_M)
    return network.nearest_nodes(places[:, 0], places[:, 1]), line >= 0


def _leaves_at(row: Row) -> int:
    return row.depart_s if row.depart_s is not None else row.arrive_s + HOURS_AT_WORK * 3600


def _seats(row: Row) -> int:
    if row.car is False:
        return 0
    return USUAL_SEATS if row.seats is None else row.seats


def _ground(region: Region, promise: Promise) -> Ground:
    roads = load_roads(region)
    options = Options(boarding_ms=promise.boarding_ms)
    return Ground(
        network=load_network(region),
        walk=load_walk_network(region),
        cells=roads.cells,
        metres=lambda sources, targets: (
            measure(sources, targets, roads.labels, roads.lengths)[1] / 10.0
        ),
        assign=lambda commuters: assign(commuters, roads, options),
        cell_of=_cell_of,
    )


def _cell_of(place: tuple[float, float]) -> tuple[float, float]:
    return coarse_cell(LonLat(*place))


def _public_places(region: Region) -> list[tuple[str, LonLat]]:
    """Return the region's public places with their names, the better known kinds first."""
    found = Address.objects.filter(region=region, kind__in=PUBLIC_KINDS).order_by("label", "id")
    rank = {str(kind): number for number, kind in enumerate(PUBLIC_KINDS)}
    rows = sorted(found.values_list("kind", "label", "location"), key=lambda row: rank[row[0]])
    return [(label, from_point(location)) for _kind, label, location in rows]


def _to_json(
    figures: Figures, network: RoadNetwork, labels: list[str], places: list[LonLat]
) -> dict[str, Any]:
    """Write figures as they are stored; a neighbourhood is named after a street in it."""
    told = asdict(figures)
    told["areas"] = [_write_area(area, network, labels, places) for area in figures.areas]
    return told


def _write_area(
    area: Area, network: RoadNetwork, labels: list[str], places: list[LonLat]
) -> dict[str, Any]:
    return {
        "label": network.place_name(area.centre)[0],
        "lon": round(area.centre[0], 6),
        "lat": round(area.centre[1], 6),
        "people": area.people,
        "mean_km": area.mean_km,
        "points": [
            {
                "label": labels[point.candidate],
                "lon": round(places[point.candidate].lon, 6),
                "lat": round(places[point.candidate].lat, 6),
                "people": point.people,
            }
            for point in area.points
        ],
    }
