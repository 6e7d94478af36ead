"""What a notification says: written when it is read, in the language and time zone then active.

A text may stand on a lock screen that anybody sees. So it holds first names and times, and never a
place or a full name; what else there is to know stands on the page that it leads to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from carpool.kernel.templatetags.ui import clock_time, when
from chat.models import Kind, Notification


@dataclass(frozen=True, slots=True)
class NewsText:
    """Title and sentence for people; an icon of the sprite; the page that it leads to."""

    title: str
    body: str
    icon: str
    path: str


def write_text(notification: Notification) -> NewsText:
    """Write what a notification says."""
    kind = Kind(notification.kind)
    icon, writer = _WRITERS[kind]
    title, body = writer(notification)
    return NewsText(title, body, icon, _path(notification))


def _path(notification: Notification) -> str:
    if notification.conversation_id is not None:
        return reverse("chat:conversation", args=[notification.conversation_id])
    if notification.kind in _TO_PLAN:
        return reverse("matching:plan")
    if notification.kind == Kind.REQUEST_MATCHED:
        return f"{reverse('matching:find')}?request={notification.request_id}"
    if notification.kind in _TO_FIND and notification.facts.get("is_rider", True):
        return reverse("matching:find")
    if notification.ride_id is not None:
        return reverse("rides:ride", args=[notification.ride_id])
    return reverse("rides:today")


_TO_PLAN = {Kind.PROPOSAL_MADE, Kind.PROPOSAL_TAKEN, Kind.PROPOSAL_CLOSED}
_TO_FIND = {
    Kind.RIDE_CANCELLED,
    Kind.BOOKING_DECLINED,
    Kind.BOOKING_CANCELLED,
    Kind.REQUEST_EXPIRED,
}

Words = tuple[str, str]


def _name(news: Notification) -> str:
    return news.actor.first_name if news.actor else _("Somebody")


def _at(news: Notification, fact: str) -> datetime:
    return datetime.fromisoformat(news.facts[fact])


def _trip(news: Notification) -> str:
    moment = news.trip_at or news.created_at
    return when(moment)


def _pickup(news: Notification) -> str:
    return _("Pick-up %(when)s.") % {"when": when(_at(news, "pickup_at"))}


def _requested(news: Notification) -> Words:
    seats = news.facts.get("seats", 1)
    title = ngettext("%(name)s asks for a seat", "%(name)s asks for %(n)s seats", seats)
    body = _pickup(news)
    if news.facts.get("by"):
        body += " " + _("Please answer by %(when)s.") % {"when": when(_at(news, "by"))}
    return title % {"name": _name(news), "n": seats}, body


def _made(news: Notification) -> Words:
    return _("%(name)s rides with you") % {"name": _name(news)}, _pickup(news)


def _confirmed(news: Notification) -> Words:
    return _("%(name)s takes you along") % {"name": _name(news)}, _pickup(news)


def _declined(news: Notification) -> Words:
    body = _("Look for another ride %(when)s.") % {"when": _trip(news)}
    if news.facts.get("answered"):
        return _("%(name)s cannot take you along") % {"name": _name(news)}, body
    return _("%(name)s did not answer in time") % {"name": _name(news)}, body


def _cancelled(news: Notification) -> Words:
    title = _("%(name)s cancelled") % {"name": _name(news)}
    if news.facts.get("is_rider"):
        return title, _("You have no ride %(when)s any more. Find another one.") % {
            "when": _trip(news)
        }
    return title, _("The seat in your ride %(when)s is free again.") % {"when": _trip(news)}


def _receipt(news: Notification) -> Words:
    titles = {
        "booked": _("You ride with %(name)s"),
        "confirmed": _("You take %(name)s along"),
        "cancelled": _("You cancelled your booking"),
        "dropped": _("You cancelled the booking of %(name)s"),
        "withdrawn": _("You cancelled your ride"),
    }
    what = news.facts["what"]
    body = _pickup(news) if what in {"booked", "confirmed"} else _("It was %(when)s.")
    return titles[what] % {"name": _name(news)}, body % {"when": _trip(news)}


def _moved(news: Notification) -> Words:
    title = _("Your pick-up is now at %(time)s") % {"time": clock_time(_at(news, "pickup_at"))}
    return title, _("It was %(when)s. Somebody else gets in or out.") % {
        "when": when(_at(news, "before"))
    }


def _ride_cancelled(news: Notification) -> Words:
    title = _("%(name)s cancelled the ride") % {"name": _name(news)}
    return title, _("You have no ride %(when)s any more. Find another one.") % {"when": _trip(news)}


def _departing(news: Notification) -> Words:
    if news.facts.get("is_rider"):
        body = _("Be at the meeting point at %(time)s.")
        body %= {"time": clock_time(_at(news, "pickup_at"))}
        return _("%(name)s leaves soon") % {"name": _name(news)}, body
    riders = news.facts["riders"]
    title = _("You leave at %(time)s") % {"time": clock_time(_at(news, "departure_at"))}
    body = ngettext("One colleague rides with you.", "%(n)d colleagues ride with you.", riders)
    return title, body % {"n": riders}


def _left(news: Notification) -> Words:
    body = _("Be at the meeting point at %(time)s.")
    body %= {"time": clock_time(_at(news, "pickup_at"))}
    return _("%(name)s is on the way") % {"name": _name(news)}, body


def _at_stop(news: Notification) -> Words:
    title = _("%(name)s is at your meeting point") % {"name": _name(news)}
    return title, _("The car waits for you.")


def _asked(news: Notification) -> Words:
    title = _("Did the ride with %(name)s take place?") % {"name": _name(news)}
    return title, _("It was planned %(when)s. One tap, yes or no.") % {"when": _trip(news)}


def _matched(news: Notification) -> Words:
    count = len(news.facts["rides"])
    title = ngettext("%(n)d ride fits your request", "%(n)d rides fit your request", count)
    return title % {"n": count}, _("For your trip %(when)s.") % {"when": _trip(news)}


def _expired(news: Notification) -> Words:
    title = _("No ride was found in time")
    return title, _("Your request for %(when)s has ended.") % {"when": _trip(news)}


def _proposed(_news: Notification) -> Words:
    return _("A carpool is proposed to you"), _("One tap, yes or no.")


def _taken(_news: Notification) -> Words:
    return _("Your carpool is settled"), _("See when and where in your plan.")


def _closed(_news: Notification) -> Words:
    title = _("A proposed carpool came to nothing")
    return title, _("Your plan says what happens instead.")


def _written(news: Notification) -> Words:
    """Say that somebody wrote, not what: that is for the conversation, not for a lock screen."""
    name = news.actor.first_name if news.actor else _("A colleague")
    body = _("About the ride %(when)s.") % {"when": _trip(news)}
    return _("%(name)s wrote to you") % {"name": name}, body


_WRITERS: dict[Kind, tuple[str, Callable[[Notification], Words]]] = {
    Kind.BOOKING_REQUESTED: ("user-plus", _requested),
    Kind.BOOKING_MADE: ("users", _made),
    Kind.BOOKING_CONFIRMED: ("circle-check", _confirmed),
    Kind.BOOKING_DECLINED: ("ban", _declined),
    Kind.BOOKING_CANCELLED: ("ban", _cancelled),
    Kind.BOOKING_RECEIPT: ("calendar-days", _receipt),
    Kind.PICKUP_MOVED: ("clock", _moved),
    Kind.RIDE_CANCELLED: ("triangle-alert", _ride_cancelled),
    Kind.RIDE_DEPARTING: ("timer", _departing),
    Kind.DRIVER_LEFT: ("car-front", _left),
    Kind.DRIVER_AT_STOP: ("map-pin", _at_stop),
    Kind.VALIDATION_ASKED: ("flag", _asked),
    Kind.REQUEST_MATCHED: ("route", _matched),
    Kind.REQUEST_EXPIRED: ("clock", _expired),
    Kind.PROPOSAL_MADE: ("calendar-days", _proposed),
    Kind.PROPOSAL_TAKEN: ("circle-check", _taken),
    Kind.PROPOSAL_CLOSED: ("ban", _closed),
    Kind.MESSAGE_RECEIVED: ("message-square", _written),
}
