"""A member's trips as calendar entries: the feed of all of them, and the invitation to one.

An entry holds times, first names, and the public meeting point where its owner gets in; never a
door, and no coordinates. Source: RFC 5545 (iCalendar), RFC 5546 (iTIP: REQUEST, CANCEL, SEQUENCE).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText

from accounts.models import Member
from chat.models import Kind, Notification
from chat.selectors.links import absolute
from rides.models import Booking, BookingState, Ride, Stop, StopKind

PAST_SHOWN = timedelta(days=30)
SHOWN_STATES = (
    BookingState.WAITING_CONFIRMATION,
    BookingState.CONFIRMED,
    BookingState.COMPLETED_PENDING_VALIDATION,
    BookingState.VALIDATED,
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A calendar object that changes one entry."""

    method: str
    text: str


def write_feed(member: Member, *, now: datetime) -> str:
    """Write all trips of a member, from a month ago on, in three queries."""
    since = now - PAST_SHOWN
    calendar = _calendar("PUBLISH")
    calendar.add("x-wr-calname", "Carpool")
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    riding = _bookings().filter(rider=member, state__in=SHOWN_STATES, dropoff_at__gte=since)
    for booking in riding.order_by("pickup_at", "id")[:500]:
        calendar.add_component(_ridden(booking, now=now))
    driving = _rides().filter(driver=member, cancelled_at=None, arrival_at__gte=since)
    for ride in driving.order_by("departure_at", "id")[:500]:
        calendar.add_component(_driven(ride, now=now))
    return str(calendar.to_ical().decode())


def write_invitation(notification: Notification) -> Invitation | None:
    """Write the calendar object that goes with a notification, None where there is none."""
    change = _CHANGES.get(_what(notification))
    if change is None:
        return None
    of_booking, method = change
    event = _event_of(notification, of_booking=of_booking)
    if event is None:
        return None
    earlier = Notification.objects.filter(
        member=notification.member_id,
        ride=notification.ride_id,
        created_at__lt=notification.created_at,
    )
    event.add("sequence", earlier.count())
    if method == "CANCEL":
        event["status"] = vText("CANCELLED")
    _address(event, notification.member)
    calendar = _calendar(method)
    calendar.add_component(event)
    return Invitation(method, str(calendar.to_ical().decode()))


def _what(notification: Notification) -> str:
    """Name what happened to whose entry: ``rider:pickup_moved``, ``driver:withdrawn``."""
    side = "rider" if notification.facts.get("is_rider") else "driver"
    return f"{side}:{notification.facts.get('what') or notification.kind}"


# Whether the entry is the rider's booking (else the driver's ride), and what happens to it.
_CHANGES: dict[str, tuple[bool, str]] = {
    f"rider:{Kind.BOOKING_CONFIRMED}": (True, "REQUEST"),
    f"rider:{Kind.PICKUP_MOVED}": (True, "REQUEST"),
    f"rider:{Kind.RIDE_CHANGED}": (True, "REQUEST"),
    f"rider:{Kind.CHANGE_ASKED}": (True, "REQUEST"),
    "rider:booked": (True, "REQUEST"),
    f"rider:{Kind.RIDE_CANCELLED}": (True, "CANCEL"),
    f"rider:{Kind.BOOKING_CANCELLED}": (True, "CANCEL"),
    "rider:cancelled": (True, "CANCEL"),
    f"driver:{Kind.BOOKING_MADE}": (False, "REQUEST"),
    "driver:confirmed": (False, "REQUEST"),
    f"driver:{Kind.BOOKING_CANCELLED}": (False, "REQUEST"),
    "driver:dropped": (False, "REQUEST"),
    "driver:withdrawn": (False, "CANCEL"),
}


def _event_of(notification: Notification, *, of_booking: bool) -> Event | None:
    now = notification.created_at
    if of_booking and notification.booking_id is not None:
        return _ridden(_bookings().get(pk=notification.booking_id), now=now)
    if notification.ride_id is not None:
        return _driven(_rides().get(pk=notification.ride_id), now=now)
    return None


def _bookings() -> QuerySet[Booking]:
    pickups = Stop.objects.filter(kind=StopKind.PICKUP).only("label", "booking")
    return Booking.objects.select_related("ride__driver").prefetch_related(
        Prefetch("stops", queryset=pickups, to_attr="pickups")
    )


def _rides() -> QuerySet[Ride]:
    aboard = Booking.objects.filter(state__in=SHOWN_STATES[1:]).select_related("rider")
    return Ride.objects.defer("route", "reach").prefetch_related(
        Prefetch("bookings", queryset=aboard.order_by("pickup_at", "id"), to_attr="aboard")
    )


def _ridden(booking: Booking, *, now: datetime) -> Event:
    summary = _("Ride with %(name)s") % {"name": booking.ride.driver.first_name}
    event = _event(f"booking-{booking.pk}", summary, booking.pickup_at, booking.dropoff_at, now)
    places: list[Stop] = booking.pickups  # type: ignore[attr-defined]
    if places:
        event.add("location", places[0].label)
    waits = booking.state == BookingState.WAITING_CONFIRMATION
    event.add("status", "TENTATIVE" if waits else "CONFIRMED")
    event.add("url", absolute(reverse("rides:ride", args=[booking.ride_id])))
    return event


def _driven(ride: Ride, *, now: datetime) -> Event:
    aboard: list[Booking] = ride.aboard  # type: ignore[attr-defined]
    names = ", ".join(booking.rider.first_name for booking in aboard)
    summary = _("You drive, with %(names)s") % {"names": names} if names else _("You drive")
    event = _event(f"ride-{ride.pk}", summary, ride.departure_at, ride.arrival_at, now)
    event.add("status", "CONFIRMED")
    event.add("url", absolute(reverse("rides:ride", args=[ride.pk])))
    return event


def _event(uid: str, summary: str, start: datetime, end: datetime, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{uid}@{_sender().rpartition('@')[2]}")
    event.add("dtstamp", now)
    event.add("summary", summary)
    event.add("dtstart", start.replace(microsecond=0))
    event.add("dtend", end.replace(microsecond=0))
    return event


def _address(event: Event, member: Member) -> None:
    organizer = vCalAddress(f"mailto:{_sender()}")
    organizer.params["CN"] = vText("Carpool")
    event["organizer"] = organizer
    attendee = vCalAddress(f"mailto:{member.user.email}")
    attendee.params["PARTSTAT"] = vText("ACCEPTED")
    attendee.params["RSVP"] = vText("FALSE")
    event.add("attendee", attendee)


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Carpool//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def _sender() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
