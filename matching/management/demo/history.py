"""What lies behind the demo city's people: rides that took place, and how they rated each other.

Everything is done by the services that people use, at moments that have passed.
"""

import random
from contextlib import suppress
from datetime import date, datetime, time, timedelta

from accounts.models import Member, Organization
from accounts.selectors import list_cars, list_places
from carpool.kernel import clock
from carpool.kernel.clock import local_to_utc
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import from_point
from matching.selectors import SearchQuery, search
from matching.services import book_offer
from rides import services as rides
from rides.models import Booking
from rides.selectors import list_bookings, list_own_deeds

DAYS = 6
DRIVERS, RIDERS = 4, 6
# Most people are content.
_STARS = (5, 5, 5, 5, 4, 4, 4, 3)
_WORDS = ("Always on time, thank you", "Good company", "A calm drive", "", "", "")


def live_through(organization: Organization, members: list[Member], *, seed: int) -> int:
    """Let some people commute together on the last workdays; return how many trips there were.

    People who have a history keep it.
    """
    now, dice = clock.now(), random.Random(seed)  # noqa: S311 (nothing secret is drawn)
    people = [one for one in members if one.organization_id == organization.pk]
    if any(list_own_deeds(one, now=now).exists() for one in people):
        return 0
    drivers = [one for one in people if list_cars(one).exists()][:DRIVERS]
    riders = [one for one in people if not list_cars(one).exists()][:RIDERS]
    trips = 0
    for day in _last_workdays(now.astimezone(organization.zone).date()):
        trips += _live_day(organization, drivers, riders, day, dice)
    return trips


def _last_workdays(today: date) -> list[date]:
    days = (today - timedelta(days=n) for n in range(2, 20))
    return sorted([day for day in days if day.isoweekday() <= 5][:DAYS])


def _live_day(
    organization: Organization,
    drivers: list[Member],
    riders: list[Member],
    day: date,
    dice: random.Random,
) -> int:
    def at(hour: int, minute: int = 0) -> datetime:
        return local_to_utc(day, time(hour, minute), organization.zone, field="time")

    evening_before = at(7) - timedelta(hours=12)
    for driver in drivers:
        with suppress(DomainError):
            _offer(driver, at(7, dice.randrange(15, 60, 5)), now=evening_before)
    booked: list[tuple[Booking, Member]] = []
    for rider in riders:
        with suppress(DomainError):
            booked += _ride_along(rider, at(7), at(9, 30), now=evening_before)
    rides.watch(now=at(20), organization=organization)
    for booking, rider in booked:
        with suppress(DomainError):
            _look_back(rider, booking, now=at(20), dice=dice)
    return len(booked)


def _ends(member: Member) -> list[rides.TripEnd]:
    places = {place.kind: place for place in list_places(member)}
    return [
        rides.TripEnd(from_point(places[kind].location), places[kind].label)
        for kind in ("home", "work")
    ]


def _offer(driver: Member, departure_at: datetime, *, now: datetime) -> None:
    (origin, destination), car = _ends(driver), list_cars(driver)[0]
    terms = rides.OfferTerms(
        origin=origin,
        destination=destination,
        car_id=car.pk,
        seats=car.seats,
        detour_s=15 * 60,
        departure_at=departure_at,
    )
    rides.offer_ride(driver=driver, terms=terms, now=now)


def _ride_along(
    rider: Member, earliest: datetime, latest: datetime, *, now: datetime
) -> list[tuple[Booking, Member]]:
    origin, destination = _ends(rider)
    query = SearchQuery(
        origin=origin,
        destination=destination,
        earliest_departure_at=earliest,
        latest_arrival_at=latest,
        walk_m=1_200,
    )
    offers = search(rider, query, now=now).offers
    return [(book_offer(rider=rider, token=offer.token, now=now), rider) for offer in offers[:1]]


def _look_back(rider: Member, booking: Booking, *, now: datetime, dice: random.Random) -> None:
    """Both say that it took place, and rate each other."""
    travelled = list_bookings(rider).get(pk=booking.pk)
    for member in (travelled.ride.driver, rider):
        rides.answer_validation(booking_id=booking.pk, by=member, took_place=True, now=now)
        rides.write_review(
            booking_id=booking.pk,
            by=member,
            stars=rides.Stars(dice.choice(_STARS), punctuality=dice.choice(_STARS)),
            comment=dice.choice(_WORDS),
            now=now,
        )
