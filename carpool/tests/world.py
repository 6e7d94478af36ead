"""One ride in which everything has happened to somebody: the ground that the cast walks on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import time_machine
from django.db import transaction

from accounts.models import (
    AvoidedPlace,
    Block,
    Member,
    Place,
)
from accounts.services import (
    avoid_place,
    block_member,
    save_place,
)
from accounts.tests.factories import (
    HOME_NORTH,
    HOME_SOUTH,
    MemberFactory,
)
from carpool.tests.addresses import api_endpoints
from carpool.tests.belongings import DRIVERS_DOOR, MADE_WHEN_ASKED, RIDERS_DOOR
from carpool.tests.request_bodies import body_of
from matching.api.study_examples import DONE
from matching.models import CarpoolProposal, Study, StudyState
from matching.selectors import evaluate, with_stops
from matching.selectors.shown import seal_offer
from matching.tests.plan_factories import propose
from payments.models import (
    RideFare,
    RideFareState,
)
from rides import services
from rides.models import (
    Booking,
    Ride,
    RideRequest,
    Stop,
)
from rides.tests.api import Api
from rides.tests.factories import (
    book,
    offer,
    wish,
)

STAGES = ("offered", "asked", "booked", "leaving", "driving", "over")


@dataclass
class World:
    """A ride from the driver's door to work, and what the rider has to do with it."""

    ride: Ride
    booking: Booking | None
    request: RideRequest
    place: Place
    proposal: CarpoolProposal
    study: Study
    block: Block
    avoided: AvoidedPlace
    cast: Any
    now: datetime
    _clients: dict[Any, Api] = field(default_factory=dict)

    @property
    def first_stop(self) -> Stop:
        """Where somebody gets in, or where the car arrives."""
        return self.ride.stops.exclude(kind__in=["door", "origin"]).order_by("position")[0]

    def send(self, person: Any, method: str, path: str) -> Any:
        """Send a request that is right in itself, and undo whatever it did."""
        if person not in self._clients:
            self._clients[person] = Api(person)
        body, address = body_of(method, path, self, person), address_of(path, self)
        with transaction.atomic():
            answer = self._clients[person].send(method, address, body)
            transaction.set_rollback(True)
        return answer

    def token(self, person: Member) -> str:
        """An offer of this ride, signed for anybody, though search might not show it to them."""
        query = wish(self.ride)
        ride = with_stops(Ride.objects.filter(pk=self.ride.pk)).get()
        return seal_offer(person, query, evaluate([ride], ride.region, query)[0])


def address_of(path: str, world: World) -> str:
    """Put the ids of the driver's and rider's things into a path."""
    for name, value in {
        "<uuid:ride_id>": world.ride.pk,
        "<uuid:booking_id>": world.booking and world.booking.pk,
        "<uuid:request_id>": world.request.pk,
        "<uuid:car_id>": world.ride.car_id,
        "<uuid:place_id>": world.place.pk,
        "<uuid:proposal_id>": world.proposal.pk,
        "<uuid:study_id>": world.study.pk,
        "<uuid:avoided_id>": world.avoided.pk,
        "<uuid:person_id>": world.cast.colleague.pk,
        "<uuid:site_id>": world.cast.organization.sites.first().pk,
        "<str:month>": f"{world.now:%Y-%m}",
    }.items():
        path = path.replace(name, str(value))
    for name, make in MADE_WHEN_ASKED.items():
        if name in path:
            path = path.replace(name, str(make(world).pk))
    return path


def known_ids(world: World) -> dict[str, list[str]]:
    """Return the ids that stand in addresses, by parameter, for those who send what they like."""
    found = {}
    for name in sorted({name for _m, path in api_endpoints() for name in _PARAMETER.findall(path)}):
        address = address_of(f"<{name}>", world)
        found[name.partition(":")[2]] = [address]
    return found


@contextmanager
def world_at(stage: str, cast: Any, now: datetime, **terms: Any) -> Iterator[World]:
    """Bring the world to a stage; inside the block the clock stands there."""
    assert stage in STAGES
    mode = "confirm" if stage == "asked" else "instant"
    ride = offer(
        cast.driver, now=now, hours=24, origin=DRIVERS_DOOR, booking_mode=mode, note="", **terms
    )
    request = services.post_request(rider=cast.rider, terms=_terms(ride), now=now)
    proposal = propose(
        cast.driver,
        cast.rider,
        now=now,
        ahead=4,
        homes={cast.driver: DRIVERS_DOOR, cast.rider: RIDERS_DOOR},
    )
    place = save_place(member=cast.driver, kind="other", label="Gym", location=HOME_NORTH)
    booking = None
    if stage != "offered":
        booking = book(cast.rider, ride, now=now, origin=RIDERS_DOOR)
        ride.refresh_from_db()
        _price(booking, now)
    moment = now
    if stage in {"leaving", "driving"}:
        moment = ride.departure_at - timedelta(minutes=5)
    if stage in {"driving", "over"}:
        services.start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)
    if stage == "driving":
        moment = ride.departure_at + timedelta(minutes=1)
    if stage == "over":
        moment = ride.arrival_at + timedelta(minutes=20)
        services.watch(now=moment)
    ride.refresh_from_db()
    with time_machine.travel(moment, tick=False):
        study, (block, avoided) = _study(cast, now), _drivers_own(cast, now)
        yield World(ride, booking, request, place, proposal, study, block, avoided, cast, moment)


def _price(booking: Booking, now: datetime) -> RideFare:
    """The seat has been paid for; its price is kept."""
    return RideFare.objects.create(
        organization=booking.ride.organization, booking_id=booking.pk, ride_id=booking.ride_id,
        rider_id=booking.rider_id, driver_id=booking.ride.driver_id, amount=40, currency="EUR",
        state=RideFareState.HELD, asked_at=now, pay_by=now, paid_at=now,
    )  # fmt: skip


def _drivers_own(cast: Any, now: datetime) -> tuple[Block, AvoidedPlace]:
    """Somebody whom the driver blocked, and a place where they do not stop."""
    stranger = MemberFactory(organization=cast.organization)
    return (
        block_member(by=cast.driver, other=stranger, now=now),
        avoid_place(member=cast.driver, label="There", location=HOME_SOUTH, radius_m=50),
    )


def _study(cast: Any, now: datetime) -> Study:
    """A finished launch study of the manager's."""
    return Study.objects.create(
        organization=cast.organization,
        created_by=cast.manager,
        name="Autumn",
        rows=62,
        state=StudyState.DONE,
        finished_at=now,
        result={**DONE.value["result"], "region": "la-serena-coquimbo"},
    )


def _terms(ride: Ride) -> services.RequestTerms:
    query = wish(ride, origin=RIDERS_DOOR)
    return services.RequestTerms(
        origin=query.origin,
        destination=query.destination,
        earliest_departure_at=query.earliest_departure_at,
        latest_arrival_at=query.latest_arrival_at,
    )


_PARAMETER = re.compile(r"<(\w+:\w+)>")
