"""Proven trips as an incentive's rule sees them, and what the rule has given so far."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db.models import F, Q, Sum

from accounts.models import Organization, Site
from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from payments.engine.incentives import Limit, Role, Trip, Used
from payments.models import CountedTrip, Incentive, Reward
from rides.models import Booking, BookingOutcome, BookingState

# The person's trips of the day do not include one that was refused as a whole.
REFUSED = (Limit.SAME_WAY.value, Limit.TRIPS.value)


class Ground:
    """An organization's clock and sites, looked up once for all trips."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.zone = organization.zone
        self.sites = list(Site.objects.filter(organization=organization))

    def trip_of(self, booking: Booking, *, zone_m: int, without: Collection[UUID] = ()) -> Trip:
        """Return a booking as a rule takes it, without those whom it has rewarded already.

        The ends are the rider's own, as they are for the organization's share in fares; they are
        compared here and shown to nobody.
        """
        local = booking.pickup_at.astimezone(self.zone)
        pair = ((booking.ride.driver, Role.DRIVER), (booking.rider, Role.RIDER))
        people = tuple(
            (str(member.pk), role)
            for member, role in pair
            if member.organization_id == self.organization.pk and member.pk not in without
        )
        from_m, from_site = self._nearest(from_point(booking.origin))
        to_m, to_site = self._nearest(from_point(booking.destination))
        gaps = [gap for gap in (from_m, to_m) if gap is not None]
        way = ""
        if to_m is not None and to_m <= zone_m:
            way = f"to:{to_site}"
        elif from_m is not None and from_m <= zone_m:
            way = f"from:{from_site}"
        return Trip(
            booking=str(booking.pk), ride=str(booking.ride_id), people=people, day=local.date(),
            minute=local.hour * 60 + local.minute, distance_m=booking.shared_distance_m,
            proof_class=booking.proof_class, site_m=min(gaps, default=None), way=way,
        )  # fmt: skip

    def _nearest(self, place: LonLat) -> tuple[float | None, str]:
        gaps = [(self._gap(one, place), str(one.pk)) for one in self.sites]
        return min(gaps) if gaps else (None, "")

    def _gap(self, site: Site, place: LonLat) -> float:
        return 0.0 if site.holds(place) else crow_fly_m(from_point(site.meeting_point), place)


def is_rewardable(booking: Booking) -> bool:
    """Tell whether a trip is proven and settled as one that took place, by the booking alone."""
    has_taken_place = (booking.state, booking.outcome) == (
        BookingState.VALIDATED, BookingOutcome.PAY,
    )  # fmt: skip
    return has_taken_place and booking.is_proven


def list_counted(organization: Organization, *, since: datetime) -> Iterator[Booking]:
    """Return past trips of an organization's people that count, in the order they were proven."""
    counted = CountedTrip.objects.filter(counted_at__gte=since)
    own = Q(rider__organization=organization) | Q(ride__driver__organization=organization)
    rows = Booking.objects.filter(own, pk__in=counted.values("booking_id"))
    trips = [one for one in rows.select_related("rider", "ride__driver") if is_rewardable(one)]
    times = counted.filter(booking_id__in=[one.pk for one in trips])
    order = dict(times.values_list("booking_id", "counted_at"))
    yield from sorted(trips, key=lambda one: (order[one.pk], one.pk))


def used_of(incentive: Incentive, people: Sequence[UUID], day: date) -> Used:
    """Return what all versions of a rule have given: in all, and to some people in a day's year.

    Of what was taken back only the part counts that its person has kept.
    """
    rows = Reward.objects.filter(series=incentive.series)
    kept = rows.aggregate(n=Sum(F("amount") - F("back")))["n"]
    used = Used()
    for one in rows.filter(member_id__in=people, day__year=day.year):
        person = str(one.member_id)
        used.days[person, one.day] += one.kept
        used.months[person, one.day.year, one.day.month] += one.kept
        used.years[person, one.day.year] += one.kept
        if not one.is_taken_back and one.limit not in REFUSED:
            used.rides[person, one.day][str(one.ride_id)] = one.way
    used.total = int(kept or 0)
    return used
