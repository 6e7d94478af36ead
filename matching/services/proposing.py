"""Turning the cars that an assignment found into proposals that people can answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.db import transaction

from accounts.models import Site
from accounts.selectors import in_company, pairs_kept_apart
from carpool.kernel import outbox
from carpool.kernel.geo import LonLat, coarse_cell, crow_fly_m, from_point, to_point
from maps.engine import RoadNetwork
from maps.models import Region
from maps.selectors import describe_place, load_network
from matching.engine.assignment import Call, Car
from matching.models import (
    AssignmentRun,
    CarpoolProposal,
    Outcome,
    ProposalSeat,
    RunCommuter,
)
from matching.selectors.arrays import to_time
from matching.selectors.replanning import replan
from matching.selectors.travellers import Traveller
from rides.events import ProposalChanged
from rides.services.thresholds import PUBLIC_WITHIN_M, settle_ends


@dataclass(frozen=True, slots=True)
class PublicName:
    """What others may read of a place."""

    area: str
    is_public: bool


@dataclass(slots=True)
class Signposts:
    """Names places as others may read them: a site by its name, anything else by its street."""

    region: Region
    sites: Sequence[Site]
    _known: dict[LonLat, PublicName] = field(default_factory=dict)

    def name(self, place: LonLat) -> PublicName:
        """Return what others may read of a place."""
        if place not in self._known:
            near = [
                (crow_fly_m(from_point(site.meeting_point), place), site)
                for site in self.sites
                if site.is_at(place, within_m=PUBLIC_WITHIN_M)
            ]
            site = min(near, key=lambda pair: pair[0], default=(0.0, None))[1]
            self._known[place] = (
                PublicName(site.name, is_public=True)
                if site is not None
                else PublicName(describe_place(self.region, coarse_cell(place)), is_public=False)
            )
        return self._known[place]


@transaction.atomic
def store_cars(
    run: AssignmentRun, cars: Iterable[Car], travellers: Mapping[int, Traveller], *, now: datetime
) -> list[CarpoolProposal]:
    """Write cars down as proposals, and tell whom they concern.

    ``travellers`` are by the keys that the cars name. A car with somebody who is not among them
    any more (their plan has changed since) is left out, and so is one that the doors' own streets
    make late after all. Who must not share a car with those before them since the car was found
    gets no seat in it; a car that then saves nothing is left out, too.
    """
    sites = list(Site.objects.filter(organization__in=run.organizations))
    posts: dict[object, Signposts] = {}
    proposals: list[CarpoolProposal] = []
    seats: list[ProposalSeat] = []
    outcomes: dict[int, Outcome] = {}
    apart = pairs_kept_apart([traveller.member for traveller in travellers.values()])
    for found in cars:
        people = [travellers.get(key) for key in (found.driver, *found.riders)]
        driver = people[0]
        if driver is None or None in people:
            continue
        car = _without_those_kept_apart(found, travellers, apart)
        if not car.riders:
            continue
        signposts = posts.setdefault(driver.region.pk, Signposts(driver.region, sites))
        proposal, aboard = _write(run, car, travellers, signposts)
        if proposal.arrival_at > proposal.arrive_by or proposal.answer_by <= now:
            continue
        if car is not found and proposal.saved_m <= 0:
            continue
        proposals.append(proposal)
        seats += aboard
        outcomes |= {car.driver: Outcome.DRIVER} | dict.fromkeys(car.riders, Outcome.RIDER)
    CarpoolProposal.objects.bulk_create(proposals)
    ProposalSeat.objects.bulk_create(seats)
    for outcome in (Outcome.DRIVER, Outcome.RIDER):
        keys = [key for key, became in outcomes.items() if became == outcome]
        RunCommuter.objects.filter(pk__in=keys, run=run).update(outcome=outcome)
    concerned = [(p.pk, p.driver_id) for p in proposals]
    concerned += [(seat.proposal_id, seat.rider_id) for seat in seats]
    for proposal_id, member_id in concerned:
        event = ProposalChanged(proposal_id=proposal_id, member_id=member_id, state="open")
        outbox.publish(event, now=now)
    return proposals


def _without_those_kept_apart(
    car: Car, travellers: Mapping[int, Traveller], apart: set[frozenset[UUID]]
) -> Car:
    keys = {travellers[key].member.pk: key for key in (car.driver, *car.riders)}
    kept = in_company([travellers[key].member for key in (car.driver, *car.riders)], apart)
    riders = tuple(keys[member.pk] for member in kept[1:])
    if len(riders) == len(car.riders):
        return car
    calls = tuple(call for call in car.calls if call.key in riders)
    return replace(car, riders=riders, calls=calls)


def _write(
    run: AssignmentRun, car: Car, travellers: Mapping[int, Traveller], signposts: Signposts
) -> tuple[CarpoolProposal, list[ProposalSeat]]:
    driver = travellers[car.driver]
    network = load_network(driver.region)
    calls = {(call.key, call.pickup): call for call in car.calls}
    proposal = _proposal(run, car, driver, network, signposts)
    seats = [
        _seat(proposal, travellers[key], (calls[key, True], calls[key, False]), network, signposts)
        for key in car.riders
    ]
    for seat in seats:
        between = [c for c in car.calls if seat.pickup_at <= to_time(c.at_ms) <= seat.dropoff_at]
        seat.shared_m = round(network.route([call.vertex for call in between]).distance_m)
    driven = replan(proposal, seats)
    proposal.arrival_at, proposal.added_s = driven.arrival_at, driven.added_s
    proposal.saved_m = driven.saved_m
    return proposal, seats


def _proposal(
    run: AssignmentRun,
    car: Car,
    driver: Traveller,
    network: RoadNetwork,
    signposts: Signposts,
) -> CarpoolProposal:
    plan, start, end = driver.trip.plan, driver.origin, driver.destination
    assert driver.car is not None
    departure_at = _departure(car, driver, network)
    return CarpoolProposal(
        run=run,
        driver=driver.member,
        car=driver.car,
        seats_offered=driver.seats,
        origin=to_point(start.place),
        origin_label=start.label,
        origin_area=signposts.name(start.place).area,
        destination=to_point(end.place),
        destination_label=end.label,
        destination_area=signposts.name(end.place).area,
        departure_at=departure_at,
        arrive_by=driver.latest_arrival_at,
        detour_s=plan.detour_s,
        alone_m=round(network.route([start.door, end.door]).distance_m),
        answer_by=departure_at - timedelta(seconds=run.strictest("answer_before_s")),
    )


def _departure(car: Car, driver: Traveller, network: RoadNetwork) -> datetime:
    """Return the whole minute in which the driver leaves to be at the first stop in time."""
    first = car.calls[0]
    origin, _destination = settle_ends(
        driver.member, network, driver.origin.place, driver.destination.place
    )
    shown = network.nearest_nodes(*np.array([origin.shown_at]).T)
    drive = timedelta(milliseconds=int(network.durations_ms(shown, first.vertex)[0, 0]))
    leaves_at = to_time(first.at_ms) - drive - origin.door_time
    return leaves_at.replace(second=0, microsecond=0)


def _seat(
    proposal: CarpoolProposal,
    rider: Traveller,
    calls: tuple[Call, Call],
    network: RoadNetwork,
    signposts: Signposts,
) -> ProposalSeat:
    start, end = rider.origin, rider.destination
    pickup, dropoff = (network.location(call.vertex) for call in calls)
    public = signposts.name(pickup), signposts.name(dropoff)
    return ProposalSeat(
        proposal=proposal,
        rider=rider.member,
        origin=to_point(start.place),
        origin_label=start.label,
        destination=to_point(end.place),
        destination_label=end.label,
        earliest_departure_at=rider.earliest_departure_at,
        latest_arrival_at=rider.latest_arrival_at,
        walk_m=rider.trip.plan.walk_m,
        pickup=to_point(pickup),
        pickup_label=network.corner_name(calls[0].vertex),
        pickup_area=public[0].area,
        pickup_public=public[0].is_public,
        pickup_at=to_time(calls[0].at_ms),
        walk_to_m=start.walk_m,
        dropoff=to_point(dropoff),
        dropoff_label=network.corner_name(calls[1].vertex),
        dropoff_area=public[1].area,
        dropoff_public=public[1].is_public,
        dropoff_at=to_time(calls[1].at_ms),
        walk_from_m=end.walk_m,
        shared_m=0,
        alone_m=round(network.route([start.meeting, end.meeting]).distance_m),
    )
