"""Repeating rides: beginning one, changing or ending it from a day on, leaving days out.

A change never touches a ride that somebody has booked: such a ride is detached and stays as it
was; the changed pattern leaves its day out. All others are withdrawn and offered anew.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Member
from carpool.kernel import clock
from carpool.kernel.errors import InvalidInput
from rides.errors import DriverBusy, InThePast, NoSuchDay, TooFarAhead
from rides.models import DayState, RecurringDay, RecurringRide, Ride
from rides.selectors import get_recurring_ride_for
from rides.services.calling_off import cancel_ride
from rides.services.offers import Draft, OfferTerms, draft_ride
from rides.services.recurring_days import departure_on, generate, pattern_of

LONGEST = timedelta(days=3 * 366)
MOST_DAYS_OUT = 366
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class RecurringTerms:
    """What a driver accepts, and when. Of ``offer`` the times are not read."""

    offer: OfferTerms
    weekdays: frozenset[int]
    wall_time: time
    first_date: date
    last_date: date | None = None
    is_arrival: bool = False
    skips_holidays: bool = True

    def check(self, today: date) -> None:
        """Make sure that the terms make sense.

        Raises:
            InvalidInput, InThePast, TooFarAhead: names the field.
        """
        if not self.weekdays or not self.weekdays <= set(range(7)):
            raise InvalidInput(_("Choose at least one day of the week."), field="weekdays")
        if self.first_date < today:
            raise InThePast(field="first_date")
        if self.last_date is not None and self.last_date < self.first_date:
            raise InvalidInput(_("The last day lies before the first."), field="last_date")
        if self.last_date is not None and self.last_date > self.first_date + LONGEST:
            raise TooFarAhead(_("At most three years ahead."), field="last_date")


def offer_recurring_ride(*, driver: Member, terms: RecurringTerms, now: datetime) -> RecurringRide:
    """Begin a repeating ride and offer its days of the next eight weeks.

    The way is computed once. Days on which the driver is in another ride are left out, and told.

    Raises:
        InvalidInput, InThePast, TooFarAhead: a term of the repetition makes no sense (names it).
        NoSuchDay: none of its days lies in the period.
        As :func:`rides.services.offer_ride`: a term of the offer makes no sense.
    """
    recurring = _draft(driver, terms, now)
    with transaction.atomic():
        recurring.save(force_insert=True)
        generate(recurring, now=now)
    return recurring


def _draft(driver: Member, terms: RecurringTerms, now: datetime) -> RecurringRide:
    """Compute the way of a repeating ride on its first day; nothing is written yet."""
    zone = driver.organization.zone
    terms.check(now.astimezone(zone).date())
    draft = _first_ride(driver, terms, now)
    recurring = RecurringRide(
        weekdays=sorted(terms.weekdays),
        wall_time=terms.wall_time,
        is_arrival=terms.is_arrival,
        time_zone=driver.organization.time_zone,
        first_date=terms.first_date,
        last_date=terms.last_date,
        skips_holidays=terms.skips_holidays,
        **pattern_of(draft),
    )
    recurring.organization = driver.organization  # its rules are asked for next
    return recurring


def _first_ride(driver: Member, terms: RecurringTerms, now: datetime) -> Draft:
    """Put the first day that lies ahead on the road; today's may have left already."""
    last = terms.last_date or terms.first_date + 2 * WEEK
    days = [terms.first_date + timedelta(days=n) for n in range(14)]
    days = [day for day in days if day.weekday() in terms.weekdays and day <= last]
    if not days:
        raise NoSuchDay(field="weekdays")
    for day in days:
        at = clock.wall_to_utc(day, terms.wall_time, driver.organization.zone)
        departure_at, arrive_by = (None, at) if terms.is_arrival else (at, None)
        offer = replace(terms.offer, departure_at=departure_at, arrive_by=arrive_by)
        try:
            return draft_ride(driver=driver, terms=offer, now=now)
        except InThePast:
            if day == days[-1]:
                raise
    raise NoSuchDay(field="weekdays")


def change_recurring_ride(
    *,
    recurring_id: UUID,
    by: Member,
    terms: RecurringTerms,
    now: datetime,
) -> RecurringRide:
    """Go on with other terms from ``terms.first_date`` on; return what repeats from then.

    What somebody booked stays as it was, detached, also after a second change. Days that the driver
    left out stay left out.

    Raises:
        RecurringRideNotFound: it is not theirs, or has ended.
        As :func:`offer_recurring_ride`: a term makes no sense.
    """
    get_recurring_ride_for(by, recurring_id)
    changed = _draft(by, terms, now)
    with transaction.atomic():
        old = get_recurring_ride_for(by, recurring_id, lock=True)
        ahead = RecurringDay.objects.filter(recurring=old, date__gte=terms.first_date)
        left_out = list(ahead.filter(state=DayState.SKIPPED).values_list("date", flat=True))
        before = dict(ahead.filter(state=DayState.BOOKED).values_list("date", "kept"))
        kept = before | _close(old, terms.first_date, by=by, now=now)
        changed.save(force_insert=True)
        own = partial(RecurringDay, recurring=changed)
        RecurringDay.objects.bulk_create(
            [own(date=day, state=DayState.SKIPPED) for day in left_out]
            + [own(date=day, state=DayState.BOOKED, kept_id=ride) for day, ride in kept.items()]
        )
        generate(changed, now=now)
    return changed


@transaction.atomic
def end_recurring_ride(
    *, recurring_id: UUID, by: Member, from_date: date | None = None, reason: str, now: datetime
) -> None:
    """Cancel all days ahead, or those from a day on; who has booked is told.

    Raises:
        RecurringRideNotFound: it is not theirs, or has ended.
    """
    recurring = get_recurring_ride_for(by, recurring_id, lock=True)
    today = now.astimezone(recurring.zone).date()
    start = max(from_date or today, today)
    for ride in _rides_from(recurring, start, now):
        cancel_ride(ride_id=ride.pk, by=by, reason=reason, now=now)
    _close(recurring, start, by=by, now=now)


def _rides_from(recurring: RecurringRide, start: date, now: datetime) -> list[Ride]:
    """Return its rides from a day on that have not left."""
    rides = Ride.objects.filter(recurring_day__recurring=recurring, recurring_day__date__gte=start)
    return list(rides.bookable(now).order_by("pk"))


def _close(
    recurring: RecurringRide, start: date, *, by: Member, now: datetime
) -> dict[date, UUID | None]:
    """Let it end before a day; return by day the booked rides that stay, detached."""
    kept: dict[date, UUID | None] = {}
    for ride in _rides_from(recurring, start, now):
        day = ride.recurring_day.date
        locked = Ride.objects.select_for_update(of=("self",)).get(pk=ride.pk)
        if locked.bookings.active().exists():
            kept[day] = ride.pk
        else:
            cancel_ride(ride_id=ride.pk, by=by, reason="", now=now)
    RecurringDay.objects.filter(recurring=recurring, date__gte=start).delete()
    if start <= recurring.first_date:
        recurring.ended_at = now
    else:
        recurring.last_date = start - timedelta(days=1)
    recurring.save(update_fields=["ended_at", "last_date"])
    return kept


@transaction.atomic
def leave_out_days(
    *, recurring_id: UUID, by: Member, first: date, last: date, reason: str, now: datetime
) -> int:
    """Leave out days, both ends included; rides of theirs are cancelled; return how many days.

    Raises:
        RecurringRideNotFound: it is not theirs, or has ended.
        InvalidInput, NoSuchDay: the period makes no sense (names ``last_date`` or ``first_date``).
    """
    recurring = get_recurring_ride_for(by, recurring_id, lock=True)
    if last < first or (last - first).days > MOST_DAYS_OUT:
        raise InvalidInput(
            _("Choose a last day after the first, at most a year later."), field="last_date"
        )
    span = (first + timedelta(days=n) for n in range((last - first).days + 1))
    days = [day for day in span if recurring.falls_on(day) and departure_on(recurring, day) > now]
    if not days:
        raise NoSuchDay(field="first_date")
    rides = Ride.objects.filter(recurring_day__recurring=recurring, recurring_day__date__in=days)
    for pk in rides.bookable(now).order_by("pk").values_list("pk", flat=True):
        cancel_ride(ride_id=pk, by=by, reason=reason, now=now)
    RecurringDay.objects.filter(recurring=recurring, date__in=days, state=DayState.BUSY).delete()
    known = set(recurring.days.filter(date__in=days).values_list("date", flat=True))
    RecurringDay.objects.bulk_create(
        RecurringDay(recurring=recurring, date=day, state=DayState.SKIPPED)
        for day in days
        if day not in known
    )
    return len(days)


@transaction.atomic
def take_back_day(*, recurring_id: UUID, by: Member, day: date, now: datetime) -> None:
    """Offer a day again that was left out.

    Raises:
        RecurringRideNotFound: it is not theirs, or has ended.
        NoSuchDay: it was not left out.
        DriverBusy: they drive elsewhere then.
    """
    recurring = get_recurring_ride_for(by, recurring_id, lock=True)
    row = recurring.days.filter(date=day, state=DayState.SKIPPED).first()
    if row is None or departure_on(recurring, day) <= now:
        raise NoSuchDay(field="date")
    row.delete()
    generate(recurring, now=now)
    if recurring.days.filter(date=day, state=DayState.BUSY).exists():
        raise DriverBusy


def end_recurring_rides_of(member: Member, *, now: datetime) -> int:
    """Let nothing of a member's repeat any more; rides that exist are the caller's concern."""
    going_on = RecurringRide.objects.filter(driver=member).going_on()
    return going_on.update(ended_at=now, next_check_at=None)
