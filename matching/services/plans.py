"""Writing down how a member commutes; everything else follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import PlaceNotFound
from accounts.models import Car, Member, Place, Policies, Site
from accounts.selectors import get_car_for, get_place_for, list_sites
from carpool.kernel.errors import DomainError, InvalidInput
from carpool.kernel.geo import from_point
from matching.errors import PlanNotFound, SiteNotFound
from matching.models import CommutePlan, CommuteRole, CommuteTrip, Direction, Weekday
from matching.models.plans import MOST_FLEXIBILITY_S, MOST_SEATS
from matching.selectors.plans import plan_of
from rides.errors import InThePast, SeatsOutOfRange, TooFarAhead
from rides.selectors import get_trip_region

LONGEST_PAUSE = timedelta(days=366)
DRIVING = (CommuteRole.DRIVE, CommuteRole.EITHER)


@dataclass(frozen=True, slots=True)
class TripTerms:
    """One way of one weekday; ``at`` is the local wall clock."""

    weekday: int
    direction: str
    role: str
    at: time
    flexibility_s: int = 900


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """A whole week. The work is a site of the organization or one of the member's own places."""

    home_id: UUID | None
    detour_s: int
    walk_m: int
    work_site_id: UUID | None = None
    work_place_id: UUID | None = None
    car_id: UUID | None = None
    seats: int = 3
    keeps_looking: bool = True
    offers_alone: bool = False
    trips: Sequence[TripTerms] = field(default_factory=list)

    @property
    def drives(self) -> bool:
        """Whether any trip may need a car."""
        return any(trip.role in DRIVING for trip in self.trips)


@dataclass(frozen=True, slots=True)
class _Ends:
    home: Place
    work_place: Place | None
    work_site: Site | None


@transaction.atomic
def save_plan(*, member: Member, terms: PlanTerms, now: datetime) -> CommutePlan:
    """Write a member's week down, in the place of the one before.

    Raises:
        PlaceNotFound, SiteNotFound, CarNotFound: it is not theirs (names the field).
        OutsideMap, OffNetwork, TooClose: a place is not on the map (names it).
        SeatsOutOfRange, InvalidInput: a value makes no sense (names it).
    """
    _check_numbers(terms, member.organization.policy)
    for number, trip in enumerate(terms.trips):
        _check_trip(trip, f"trips.{number}")
    _check_each_once(terms.trips)
    ends = _find_ends(member, terms)
    car = _find_car(member, terms)
    plan, _created = CommutePlan.objects.update_or_create(
        member=member,
        defaults={
            "home": ends.home,
            "work_place": ends.work_place,
            "work_site": ends.work_site,
            "car": car,
            "seats": terms.seats,
            "detour_s": terms.detour_s,
            "walk_m": terms.walk_m,
            "keeps_looking": terms.keeps_looking,
            "offers_alone": terms.offers_alone,
            "updated_at": now,
        },
    )
    plan.trips.all().delete()
    CommuteTrip.objects.bulk_create(
        CommuteTrip(
            plan=plan,
            weekday=trip.weekday,
            direction=trip.direction,
            role=trip.role,
            at=trip.at.replace(second=0, microsecond=0, tzinfo=None),
            flexibility_s=trip.flexibility_s,
        )
        for trip in terms.trips
    )
    return plan


def _check_numbers(terms: PlanTerms, policy: Policies) -> None:
    if not 0 <= terms.detour_s <= policy.most_detour_s:
        text = _("Between 0 and %(most)d minutes.") % {"most": policy.most_detour_s // 60}
        raise InvalidInput(text, field="detour_s")
    if not 0 <= terms.walk_m <= policy.most_walk_m:
        text = _("Between 0 and %(most)d metres.") % {"most": policy.most_walk_m}
        raise InvalidInput(text, field="walk_m")
    if not 1 <= terms.seats <= MOST_SEATS:
        raise SeatsOutOfRange(_("Between 1 and 8 seats."), field="seats")
    if terms.home_id is None:
        raise InvalidInput(_("Say where you live."), field="home")
    if (terms.work_site_id is None) is (terms.work_place_id is None):
        raise InvalidInput(_("Choose where you work."), field="work_site")


def _check_trip(trip: TripTerms, name: str) -> None:
    if trip.weekday not in Weekday.values:
        raise InvalidInput(_("Days are numbered from 0, Monday, to 6."), field=f"{name}.weekday")
    if trip.direction not in Direction.values:
        raise InvalidInput(_("Choose one of the two."), field=f"{name}.direction")
    if trip.role not in CommuteRole.values:
        raise InvalidInput(_("Choose one of the four."), field=f"{name}.role")
    if not 0 <= trip.flexibility_s <= MOST_FLEXIBILITY_S:
        raise InvalidInput(_("Between 0 and 120 minutes."), field=f"{name}.flexibility_s")


def _check_each_once(trips: Sequence[TripTerms]) -> None:
    seen = set()
    for number, trip in enumerate(trips):
        if (trip.weekday, trip.direction) in seen:
            raise InvalidInput(_("Each way of a day once."), field=f"trips.{number}")
        seen.add((trip.weekday, trip.direction))


def _find_ends(member: Member, terms: PlanTerms) -> _Ends:
    assert terms.home_id is not None  # _check_numbers
    ends = _Ends(
        home=_find_place(member, terms.home_id, field="home"),
        work_place=(
            None
            if terms.work_place_id is None
            else _find_place(member, terms.work_place_id, field="work_place")
        ),
        work_site=_find_site(member, terms.work_site_id),
    )
    work = ends.work_site or ends.work_place
    assert work is not None  # _check_numbers
    try:
        get_trip_region(
            from_point(ends.home.location), from_point(work.location), walk_m=terms.walk_m
        )
    except DomainError as error:
        work_name = "work_site" if ends.work_site else "work_place"
        names = {"origin": "home", "destination": work_name}
        error.fields = {names.get(name, name): texts for name, texts in error.fields.items()}
        raise
    return ends


def _find_place(member: Member, place_id: UUID, *, field: str) -> Place:
    try:
        return get_place_for(member, place_id)
    except PlaceNotFound as error:
        raise PlaceNotFound(field=field) from error


def _find_site(member: Member, site_id: UUID | None) -> Site | None:
    if site_id is None:
        return None
    site = list_sites(member).filter(pk=site_id).first()
    if site is None:
        raise SiteNotFound(field="work_site")
    return site


def _find_car(member: Member, terms: PlanTerms) -> Car | None:
    if terms.car_id is None:
        if terms.drives:
            raise InvalidInput(_("To drive, choose your car."), field="car")
        return None
    car = get_car_for(member, terms.car_id)
    if terms.drives and terms.seats > car.seats:
        text = ngettext(
            "Your %(car)s has %(n)d seat for riders.",
            "Your %(car)s has %(n)d seats for riders.",
            car.seats,
        )
        raise SeatsOutOfRange(text % {"car": car, "n": car.seats}, field="seats")
    return car


@transaction.atomic
def pause_plan(*, member: Member, until: date | None, now: datetime) -> CommutePlan:
    """Let a plan rest: until a day (on which it holds again), or for as long as one likes.

    Raises:
        PlanNotFound: there is no plan.
        InThePast, TooFarAhead: the day makes no sense (names ``until``).
    """
    plan = _own_plan(member)
    today = now.astimezone(member.organization.zone).date()
    if until is not None and until <= today:
        raise InThePast(_("Choose a day to come."), field="until")
    if until is not None and until > today + LONGEST_PAUSE:
        raise TooFarAhead(field="until")
    plan.is_active, plan.paused_until, plan.updated_at = until is not None, until, now
    plan.save(update_fields=["is_active", "paused_until", "updated_at"])
    return plan


@transaction.atomic
def resume_plan(*, member: Member, now: datetime) -> CommutePlan:
    """Let a plan hold again at once.

    Raises:
        PlanNotFound: there is no plan.
    """
    plan = _own_plan(member)
    plan.is_active, plan.paused_until, plan.updated_at = True, None, now
    plan.save(update_fields=["is_active", "paused_until", "updated_at"])
    return plan


def _own_plan(member: Member) -> CommutePlan:
    plan = plan_of(member, lock=True)
    if plan is None:
        raise PlanNotFound
    return plan
