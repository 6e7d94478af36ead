"""Offering a ride."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Car, Member
from accounts.selectors import get_car_for
from carpool.kernel import outbox
from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import LonLat, coarse_cell, reach_ellipse, to_point
from maps.engine import RoadNetwork
from maps.models import Region
from maps.selectors import describe_place, load_network, snap
from rides.errors import (
    ArrivalBeforeDeparture,
    DriverBusy,
    InThePast,
    SeatsOutOfRange,
    TooClose,
    TooFarAhead,
)
from rides.events import RideOffered
from rides.models import (
    BookingMode,
    Ride,
    RideTransition,
    StopKind,
)
from rides.selectors import get_trip_region
from rides.services.itinerary import Call, Itinerary, count_legs_ms, drive, plan, save
from rides.services.thresholds import RideEnd, settle_ends, settle_from_kerb

MOST_DETOUR_M = 100_000
ONE_RIDE_AT_A_TIME = "driver_is_in_one_ride_at_a_time"
NOT_PROMISED = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TripEnd:
    """Where a trip starts or ends, as its owner named it."""

    location: LonLat
    label: str = ""


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What a driver accepts. One of ``departure_at`` and ``arrive_by`` is given, or both.

    Who offers an instant ride waits at the kerb until ``waits_until`` and leaves when they like.
    """

    origin: TripEnd
    destination: TripEnd
    car_id: UUID
    seats: int
    detour_s: int
    detour_m: int | None = None
    departure_at: datetime | None = None
    arrive_by: datetime | None = None
    booking_mode: str = BookingMode.INSTANT
    note: str = ""
    waits_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Ground:
    """The offer, put on the road."""

    region: Region
    network: RoadNetwork
    origin: RideEnd
    destination: RideEnd
    legs_ms: tuple[int, ...]
    solo_distance_m: int

    @property
    def solo(self) -> timedelta:
        """How long the drive takes without riders."""
        return timedelta(milliseconds=sum(self.legs_ms))

    @property
    def from_door(self) -> timedelta:
        """The part of it before anybody can get in."""
        return timedelta(milliseconds=0 if self.origin.is_public else self.legs_ms[1])

    @property
    def to_door(self) -> timedelta:
        """The part of it after everybody is out."""
        return timedelta(milliseconds=0 if self.destination.is_public else self.legs_ms[-1])


@dataclass(frozen=True, slots=True)
class Draft:
    """A ride that is not published yet, and its stops."""

    ride: Ride
    itinerary: Itinerary


def offer_ride(*, driver: Member, terms: OfferTerms, now: datetime) -> Ride:
    """Publish a ride.

    The driver's arrival is promised: no booking may move it further than the detour they accept,
    nor past ``arrive_by``. With ``arrive_by`` alone, the departure leaves room for the detour. For
    everybody else a private end lies at its threshold.

    Raises:
        OutsideMap, OffNetwork: an end is not on the map (names ``origin`` or ``destination``).
        TooClose, InThePast, TooFarAhead, ArrivalBeforeDeparture, SeatsOutOfRange, InvalidInput:
            a term makes no sense (names it).
        CarNotFound: the car is not the driver's.
        DriverBusy: the driver has another ride at that time.
    """
    draft = draft_ride(driver=driver, terms=terms, now=now)
    with transaction.atomic():
        publish_ride(draft, by=driver, now=now)
    return draft.ride


def draft_ride(*, driver: Member, terms: OfferTerms, now: datetime) -> Draft:
    """Put an offer on the road, without publishing it: what takes long, before any lock.

    Raises:
        As :func:`offer_ride`, but for DriverBusy.
    """
    car = get_car_for(driver, terms.car_id)
    _check_terms(terms, car)
    ground = _put_on_the_road(driver, terms)
    departure_at, arrive_latest_at = _times(driver, terms, ground, now)
    ride = _new_ride(driver, car, terms, ground, departure_at, arrive_latest_at)
    itinerary = plan(ride, _calls(ride, ground, terms.waits_until or departure_at))
    ride.arrival_at, ride.route = itinerary.planned_at[-1], itinerary.route
    return Draft(ride, itinerary)


def publish_ride(draft: Draft, *, by: Member, now: datetime) -> None:
    """Publish a drafted ride, inside a transaction.

    Raises:
        DriverBusy: the driver has another ride at that time.
    """
    ride = draft.ride
    ride.state = ride.state_at(now, has_open_bookings=False)
    ride.next_check_at = ride.next_change_after(now)
    try:
        with transaction.atomic():
            ride.save(force_insert=True)
            save(ride, draft.itinerary)
    except IntegrityError as error:
        if ONE_RIDE_AT_A_TIME not in str(error):
            raise
        raise DriverBusy(field="departure_at") from error
    RideTransition.objects.create(ride=ride, after=ride.state, actor=by, at=now)
    outbox.publish(RideOffered(ride_id=ride.pk), now=now)


def _check_terms(terms: OfferTerms, car: Car) -> None:
    if not 1 <= terms.seats <= car.seats:
        text = ngettext(
            "Your %(car)s has %(n)d seat for riders.",
            "Your %(car)s has %(n)d seats for riders.",
            car.seats,
        )
        raise SeatsOutOfRange(text % {"car": car, "n": car.seats}, field="seats")
    most_s = car.member.organization.policy.most_detour_s
    if not 0 <= terms.detour_s <= most_s:
        text = _("Between 0 and %(most)d minutes.") % {"most": most_s // 60}
        raise InvalidInput(text, field="detour_s")
    if terms.detour_m is not None and not 0 <= terms.detour_m <= MOST_DETOUR_M:
        raise InvalidInput(_("Between 0 and 100 kilometres."), field="detour_m")
    if terms.booking_mode not in BookingMode.values:
        raise InvalidInput(_("Choose one of the two."), field="booking_mode")
    if terms.departure_at is None and terms.arrive_by is None:
        raise InvalidInput(
            _("Say when you leave or when you want to arrive."), field="departure_at"
        )


def _put_on_the_road(driver: Member, terms: OfferTerms) -> _Ground:
    region = get_trip_region(terms.origin.location, terms.destination.location)
    network = load_network(region)
    start = snap(network, terms.origin.location, field="origin")
    end = snap(network, terms.destination.location, field="destination")
    if start.node == end.node:
        raise TooClose(field="destination")
    settle = settle_ends if terms.waits_until is None else settle_from_kerb
    origin, destination = settle(driver, network, terms.origin.location, terms.destination.location)
    stations = [_end_call(kind, place) for kind, place in _stations(origin, destination)]
    route = drive(network, stations)
    return _Ground(
        region=region,
        network=network,
        origin=origin,
        destination=destination,
        legs_ms=count_legs_ms(stations, route),
        solo_distance_m=round(float(route.distance_m)),
    )


def _stations(origin: RideEnd, destination: RideEnd) -> list[tuple[StopKind, LonLat]]:
    """Return where the car stops without riders: at a private end twice."""
    stations = [
        (StopKind.ORIGIN, origin.shown_at),
        (StopKind.DESTINATION, destination.shown_at),
    ]
    if not origin.is_public:
        stations.insert(0, (StopKind.DOOR, origin.stands_at))
    if not destination.is_public:
        stations.append((StopKind.DOOR, destination.stands_at))
    return stations


def _calls(ride: Ride, ground: _Ground, leaves_by: datetime) -> list[Call]:
    """Return the stops of a new ride with their promises."""
    facts = {
        StopKind.ORIGIN: (ride.origin_area, leaves_by + ground.from_door),
        StopKind.DESTINATION: (ride.destination_area, ride.arrive_latest_at - ground.to_door),
    }
    calls = []
    for i, (kind, place) in enumerate(_stations(ground.origin, ground.destination)):
        at_door = ("", leaves_by if i == 0 else ride.arrive_latest_at)
        label, latest_at = facts.get(kind, at_door)
        calls.append(replace(_end_call(kind, place), label=label, latest_at=latest_at))
    return calls


def _times(
    driver: Member, terms: OfferTerms, ground: _Ground, now: datetime
) -> tuple[datetime, datetime]:
    detour = timedelta(seconds=terms.detour_s)
    if terms.departure_at is None:
        assert terms.arrive_by is not None  # _check_terms
        if terms.arrive_by <= now:
            raise InThePast(field="arrive_by")
        departure_at = terms.arrive_by - ground.solo - detour
        field = "arrive_by"
    else:
        departure_at, field = terms.departure_at, "departure_at"
    if departure_at <= now:
        raise InThePast(field=field)
    horizon = timedelta(days=driver.organization.policy.booking_horizon_days)
    if departure_at > now + horizon:
        text = _("Rides can be offered %(days)d days ahead.")
        raise TooFarAhead(text % {"days": horizon.days}, field=field)
    latest = (terms.waits_until or departure_at) + ground.solo + detour
    if terms.arrive_by is None:
        return departure_at, latest
    if terms.arrive_by < departure_at + ground.solo:
        minutes = -int(-ground.solo.total_seconds() // 60)
        text = _("The drive takes %(minutes)d minutes.")
        raise ArrivalBeforeDeparture(text % {"minutes": minutes}, field="arrive_by")
    return departure_at, min(latest, terms.arrive_by)


def _new_ride(
    driver: Member,
    car: Car,
    terms: OfferTerms,
    ground: _Ground,
    departure_at: datetime,
    arrive_latest_at: datetime,
) -> Ride:
    longest = arrive_latest_at - ground.to_door - departure_at - ground.from_door
    ride = Ride(
        organization=driver.organization,
        region=ground.region,
        driver=driver,
        car=car,
        departure_at=departure_at,
        arrive_latest_at=arrive_latest_at,
        solo_duration_s=-int(-ground.solo.total_seconds() // 1),
        solo_distance_m=ground.solo_distance_m,
        distance_m=ground.solo_distance_m,
        seats_offered=terms.seats,
        detour_s=terms.detour_s,
        detour_m=terms.detour_m,
        booking_mode=terms.booking_mode,
        note=terms.note,
        is_instant=terms.waits_until is not None,
        reach=reach_ellipse(
            ground.origin.shown_at,
            ground.destination.shown_at,
            major_axis_m=longest.total_seconds() * ground.network.max_speed_mps,
        ),
    )
    for name in ("origin", "destination"):
        named: TripEnd = getattr(terms, name)
        for attribute, value in _end_fields(ground.region, named, getattr(ground, name)).items():
            setattr(ride, f"{name}{attribute}", value)
    return ride


def _end_fields(region: Region, named: TripEnd, end: RideEnd) -> dict[str, object]:
    """Name an end twice: exactly for the driver, and as a public place for everybody else."""
    site = end.site
    near = end.shown_at if end.is_kerb else coarse_cell(end.shown_at)
    area = site.name if site else describe_place(region, near)
    return {
        "": to_point(named.location),
        "_label": (
            named.label or (site.name if site else "") or describe_place(region, named.location)
        ),
        "_area": area,
        "_public": end.is_public,
    }


def _end_call(kind: StopKind, location: LonLat) -> Call:
    """Return a stop of the ride itself, not promised yet."""
    return Call(
        kind=kind,
        location=location,
        label="",
        seats=0,
        booking=None,
        earliest_at=None,
        latest_at=NOT_PROMISED,
    )


def touch_rides(*, organization_id: UUID, now: datetime) -> int:
    """Mark an organization's coming rides as changed, so that memories read them again."""
    coming = Ride.objects.filter(organization=organization_id).bookable(now)
    return coming.update(changed_in=F("changed_in"))  # the trigger notes this transaction
