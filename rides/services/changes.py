"""Changing a ride that people have booked: it stays the same ride, and nobody is surprised.

Whoever still gets in and out within the times that they were promised stays, and is told. Whoever
does not is asked, and keeps the seat until then: see :mod:`rides.services.change_answers`. Whoever
cannot come along any more is released, but only when the driver has agreed to that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Member
from carpool.kernel import outbox
from carpool.kernel.geo import walking_time
from rides.errors import DriverBusy, NotTheDriver, PeopleCannotFit, RideChanged, WrongState
from rides.events import RideAltered
from rides.models import (
    Booking,
    BookingState,
    CancelCode,
    ChangeQuestion,
    DayState,
    QuestionState,
    RecurringDay,
    Ride,
    StopKind,
)
from rides.permissions import can_change_ride, is_driver
from rides.selectors import get_ride_for
from rides.services import itinerary as itineraries
from rides.services.bookings import release_booking
from rides.services.itinerary import Call, Itinerary
from rides.services.offers import ONE_RIDE_AT_A_TIME, Draft, OfferTerms, draft_ride
from rides.services.questions import end_question, publish_question
from rides.services.refitting import Fit, refit
from rides.services.transitions import refresh_ride

# Nobody is asked about a ride that leaves sooner.
LAST_ANSWER = timedelta(minutes=30)
# What a change may change, and what riders can see of it.
_SEEN = (
    *("departure_at", "car_id", "seats_offered", "detour_s", "detour_m", "booking_mode", "note"),
    *("origin", "destination", "arrive_latest_at"),
)
_COPIED = (
    *("region", "car", "departure_at", "arrive_latest_at", "solo_duration_s", "solo_distance_m"),
    *("seats_offered", "detour_s", "detour_m", "booking_mode", "note", "reach"),
    *("origin", "origin_label", "origin_area", "origin_public"),
    *("destination", "destination_label", "destination_area", "destination_public"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """What a change came to: how many are only told, are asked, were released."""

    ride: Ride
    told: int = 0
    asked: int = 0
    released: int = 0


@dataclass(frozen=True, slots=True)
class _Promise:
    """What a rider was promised before anything changed."""

    booking: Booking
    pickup_at: datetime
    dropoff_at: datetime
    earliest_at: datetime | None
    pickup_latest_at: datetime
    dropoff_latest_at: datetime
    latest_arrival_at: datetime
    question: ChangeQuestion | None


@transaction.atomic
def change_ride(
    *, ride_id: UUID, by: Member, terms: OfferTerms, may_release: int = 0, now: datetime
) -> Change:
    """Change a ride; up to ``may_release`` people who cannot come along any more are released.

    Raises:
        RideNotFound, NotTheDriver: it is not theirs.
        WrongState: it leaves soon, or has left; it can only be cancelled then.
        PeopleCannotFit: more people than that cannot come along (says how many).
        DriverBusy: the driver has another ride at that time.
        As :func:`rides.services.offer_ride`: a term makes no sense.
    """
    _check_may_change(by, get_ride_for(by, ride_id), now)
    draft = draft_ride(driver=by, terms=terms, now=now)
    ride = get_ride_for(by, ride_id, lock=True)
    _check_may_change(by, ride, now)
    if all(getattr(ride, name) == getattr(draft.ride, name) for name in _SEEN):
        return Change(ride)
    promises = _promises(ride)
    fit = _fit(ride, draft, promises, now)
    if len(fit.out) > may_release:
        raise PeopleCannotFit(len(fit.out))
    for pk in fit.out:
        _release(promises[pk].booking, ride, by, now)
    _apply(ride, draft, _promised(ride, fit, promises))
    asked = [promises[pk] for pk in promises if pk in fit.asked]
    kept = [promises[pk] for pk in promises if pk not in fit.asked | fit.out]
    _ask(asked, kept, fit.itinerary, ride, now)
    day = RecurringDay.objects.filter(ride=ride)
    day.update(state=DayState.BOOKED, ride=None, kept=ride)
    refresh_ride(ride, now=now, actor=by)
    outbox.publish(RideAltered(ride_id=ride.pk, at=now), now=now)
    return Change(ride, told=len(kept), asked=len(asked), released=len(fit.out))


def answer_by(ride: Ride, now: datetime) -> datetime:
    """Return until when riders answer to a change that is made now."""
    within = timedelta(seconds=ride.organization.policy.change_answer_s)
    return min(now + within, ride.departure_at - LAST_ANSWER)


def _check_may_change(by: Member, ride: Ride, now: datetime) -> None:
    if not is_driver(by, ride):
        raise NotTheDriver
    if not can_change_ride(by, ride, now):
        raise WrongState


def _promises(ride: Ride) -> dict[UUID, _Promise]:
    """Return what each rider was promised; of whoever is being asked, what was before that."""
    bookings = Booking.objects.select_for_update(of=("self",)).filter(ride=ride).active()
    open_questions = {
        one.booking_id: one
        for one in ChangeQuestion.objects.select_for_update().asked().filter(booking__ride=ride)
    }
    found = {}
    for booking in bookings.select_related("rider").prefetch_related("stops"):
        booking.ride = ride
        stops = {stop.kind: stop for stop in booking.stops.all()}
        pickup, dropoff = stops[StopKind.PICKUP], stops[StopKind.DROPOFF]
        question = open_questions.get(booking.pk)
        found[booking.pk] = _Promise(
            booking=booking,
            pickup_at=question.was_pickup_at if question else booking.pickup_at,
            dropoff_at=question.was_dropoff_at if question else booking.dropoff_at,
            earliest_at=question.was_earliest_at if question else pickup.earliest_at,
            pickup_latest_at=question.was_pickup_latest_at if question else pickup.latest_at,
            dropoff_latest_at=question.was_dropoff_latest_at if question else dropoff.latest_at,
            latest_arrival_at=(
                question.was_latest_arrival_at if question else booking.latest_arrival_at
            ),
            question=question,
        )
    return found


def _fit(ride: Ride, draft: Draft, promises: dict[UUID, _Promise], now: datetime) -> Fit:
    inner = []
    for call in itineraries.calls_of(ride):
        if call.booking is None:
            continue
        promise = promises[call.booking.pk]
        is_pickup = call.kind == StopKind.PICKUP
        inner.append(
            replace(
                call,
                booking=promise.booking,
                earliest_at=promise.earliest_at if is_pickup else None,
                latest_at=promise.pickup_latest_at if is_pickup else promise.dropoff_latest_at,
            )
        )
    new = draft.ride
    deadline = answer_by(new, now)

    def can_be_asked(booking: Booking, itinerary: Itinerary) -> bool:
        is_known = booking.state == BookingState.CONFIRMED and deadline > now
        return is_known and not _is_busy(booking, itinerary)

    if new.region_id != ride.region_id and inner:
        return Fit(draft.itinerary, frozenset(), frozenset(promises))
    return refit(new, draft.itinerary.calls, inner, can_be_asked)


def _is_busy(booking: Booking, itinerary: Itinerary) -> bool:
    """Tell whether the rider sits in another car at the new time."""
    times = _times_of(booking.pk, itinerary)
    elsewhere = Booking.objects.active().filter(rider=booking.rider_id).exclude(pk=booking.pk)
    return elsewhere.filter(pickup_at__lt=times[1], dropoff_at__gt=times[0]).exists()


def _times_of(pk: UUID, itinerary: Itinerary) -> tuple[datetime, datetime]:
    pickup_at, dropoff_at = (
        at
        for call, at in zip(itinerary.calls, itinerary.planned_at, strict=True)
        if call.booking is not None and call.booking.pk == pk
    )
    return pickup_at, dropoff_at


def _release(booking: Booking, ride: Ride, by: Member, now: datetime) -> None:
    with override(ride.organization.language):
        reason = _("The ride was changed.")
    code = CancelCode.RIDE_CHANGED
    release_booking(booking, by=by, reason=reason, code=code, now=now)


def _promised(ride: Ride, fit: Fit, promises: dict[UUID, _Promise]) -> Itinerary:
    """Turn what is planned for those who are asked into what they are promised, if they agree."""
    leeway = timedelta(seconds=ride.organization.policy.stop_leeway_s)

    def bound(call: Call, at: datetime) -> Call:
        if call.booking is None or call.booking.pk not in fit.asked:
            return call
        is_pickup = call.kind == StopKind.PICKUP
        return replace(call, earliest_at=at if is_pickup else None, latest_at=at + leeway)

    itinerary = fit.itinerary
    for pk, promise in promises.items():
        promise.booking.latest_arrival_at = promise.latest_arrival_at
        if pk in fit.asked:
            walk = walking_time(promise.booking.walk_from_m)
            arrival_at = _times_of(pk, itinerary)[1] + leeway + walk
            promise.booking.latest_arrival_at = max(promise.latest_arrival_at, arrival_at)
    calls = zip(itinerary.calls, itinerary.planned_at, strict=True)
    return replace(itinerary, calls=tuple(bound(call, at) for call, at in calls))


def _apply(ride: Ride, draft: Draft, itinerary: Itinerary) -> None:
    """Write the new terms and the way into a locked ride.

    Raises:
        DriverBusy, RideChanged: the database says so.
    """
    for name in _COPIED:
        setattr(ride, name, getattr(draft.ride, name))
    ride.arrival_at = itinerary.planned_at[-1]
    try:
        with transaction.atomic():
            ride.save(update_fields=[*_COPIED, "arrival_at"])
            ride.stops.filter(booking=None).delete()
            _widen(itinerary)
            itineraries.save(ride, itinerary)
    except IntegrityError as error:
        if ONE_RIDE_AT_A_TIME in str(error):
            raise DriverBusy(field="departure_at") from error
        if "rider_is_in_one_ride_at_a_time" in str(error):
            raise RideChanged from error
        raise


def _widen(itinerary: Itinerary) -> None:
    """Let riders' own windows hold the times that they are asked about."""
    for call in itinerary.calls:
        if call.kind == StopKind.DROPOFF and call.booking is not None:
            known = Booking.objects.filter(pk=call.booking.pk)
            _pickup_at, dropoff_at = _times_of(call.booking.pk, itinerary)
            known.update(
                pickup_at=_pickup_at,
                dropoff_at=dropoff_at,
                latest_arrival_at=call.booking.latest_arrival_at,
            )


def _ask(
    asked: Sequence[_Promise],
    kept: Sequence[_Promise],
    itinerary: Itinerary,
    ride: Ride,
    now: datetime,
) -> None:
    """Ask those whom the change does not suit; what others were asked before is no question now."""
    for promise in (*asked, *kept):
        if promise.question is not None:
            end_question(promise.question, QuestionState.OVERTAKEN, now=now)
    for promise in asked:
        pickup_at, dropoff_at = _times_of(promise.booking.pk, itinerary)
        question = ChangeQuestion.objects.create(
            booking=promise.booking,
            asked_at=now,
            answer_by=answer_by(ride, now),
            pickup_at=pickup_at,
            dropoff_at=dropoff_at,
            was_pickup_at=promise.pickup_at,
            was_dropoff_at=promise.dropoff_at,
            was_earliest_at=promise.earliest_at,
            was_pickup_latest_at=promise.pickup_latest_at,
            was_dropoff_latest_at=promise.dropoff_latest_at,
            was_latest_arrival_at=promise.latest_arrival_at,
        )
        publish_question(question, now=now)
