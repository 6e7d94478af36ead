"""What a notification says: written when it is read, in the language and time zone then active.

A text may stand on a lock screen that anybody sees. So it holds first names and times, and never a
place or a full name; what else there is to know stands on the page that it leads to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from carpool.kernel.templatetags.ui import clock_time, when
from chat.models import Kind, Notification
from chat.selectors.news_of_money import TAXI_AND_MONEY
from chat.selectors.news_words import Words, first_name, moment_of, time_of_trip


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
    if notification.kind in _TO_PAGE:
        return reverse(_TO_PAGE[Kind(notification.kind)])
    if notification.room_id is not None:
        return reverse("payments:room", args=[notification.room_id])
    if notification.kind in {Kind.REQUEST_MATCHED, Kind.REQUEST_OFFERED}:
        return f"{reverse('matching:find')}?request={notification.request_id}"
    if notification.kind in _TO_FIND and notification.facts.get("is_rider", True):
        return reverse("matching:find")
    if notification.kind == Kind.RIDE_TO_RATE and notification.booking_id is not None:
        return reverse("rides:rate", args=[notification.booking_id])
    if notification.ride_id is not None:
        return reverse("rides:ride", args=[notification.ride_id])
    return reverse("rides:today")


_TO_PAGE = {
    Kind.PROPOSAL_MADE: "matching:plan",
    Kind.PROPOSAL_TAKEN: "matching:plan",
    Kind.PROPOSAL_CLOSED: "matching:plan",
    Kind.DAYS_SKIPPED: "rides:recurring-rides",
    Kind.REWARD_GIVEN: "payments:earnings",
    Kind.INCENTIVE_USED: "payments:incentives",
    Kind.RATED: "rides:reliability",
    Kind.OBJECTION_DECIDED: "rides:reliability",
}
_TO_FIND = {
    Kind.RIDE_CANCELLED,
    Kind.BOOKING_DECLINED,
    Kind.BOOKING_CANCELLED,
    Kind.REQUEST_EXPIRED,
}


def _pickup(news: Notification) -> str:
    return _("Pick-up %(when)s.") % {"when": when(moment_of(news, "pickup_at"))}


def _requested(news: Notification) -> Words:
    seats = news.facts.get("seats", 1)
    title = ngettext("%(name)s asks for a seat", "%(name)s asks for %(n)s seats", seats)
    body = _pickup(news)
    if news.facts.get("by"):
        body += " " + _("Please answer by %(when)s.") % {"when": when(moment_of(news, "by"))}
    return title % {"name": first_name(news), "n": seats}, body


def _made(news: Notification) -> Words:
    return _("%(name)s rides with you") % {"name": first_name(news)}, _pickup(news)


def _confirmed(news: Notification) -> Words:
    return _("%(name)s takes you along") % {"name": first_name(news)}, _pickup(news)


def _declined(news: Notification) -> Words:
    body = _("Look for another ride %(when)s.") % {"when": time_of_trip(news)}
    if news.facts.get("answered"):
        return _("%(name)s cannot take you along") % {"name": first_name(news)}, body
    return _("%(name)s did not answer in time") % {"name": first_name(news)}, body


def _cancelled(news: Notification) -> Words:
    title = _("%(name)s cancelled") % {"name": first_name(news)}
    if news.facts.get("lapsed"):
        body = _("You did not say whether the new times %(when)s suit you. Find another ride.")
        return _("Your seat is free for others again"), body % {"when": time_of_trip(news)}
    if news.facts.get("is_rider"):
        return title, _("You have no ride %(when)s any more. Find another one.") % {
            "when": time_of_trip(news)
        }
    return title, _("The seat in your ride %(when)s is free again.") % {"when": time_of_trip(news)}


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
    return titles[what] % {"name": first_name(news)}, body % {"when": time_of_trip(news)}


def _moved(news: Notification) -> Words:
    title = _("Your pick-up is now at %(time)s") % {
        "time": clock_time(moment_of(news, "pickup_at"))
    }
    return title, _("It was %(when)s. Somebody else gets in or out.") % {
        "when": when(moment_of(news, "before"))
    }


def _ride_changed(news: Notification) -> Words:
    title = _("%(name)s changed the ride") % {"name": first_name(news)}
    return title, _("You stay aboard. %(pickup)s See what is new.") % {"pickup": _pickup(news)}


def _change_asked(news: Notification) -> Words:
    title = _("%(name)s changed the ride: does it still suit you?") % {"name": first_name(news)}
    new, old, by = (moment_of(news, fact) for fact in ("pickup_at", "before", "by"))
    times = {"when": when(new), "before": clock_time(old), "by": when(by)}
    return title, _("Pick-up %(when)s instead of %(before)s. Please answer by %(by)s.") % times


def _change_agreed(news: Notification) -> Words:
    title = _("%(name)s still rides with you") % {"name": first_name(news)}
    return title, _("The new time suits. %(pickup)s") % {"pickup": _pickup(news)}


def _ride_cancelled(news: Notification) -> Words:
    title = _("%(name)s cancelled the ride") % {"name": first_name(news)}
    return title, _("You have no ride %(when)s any more. Find another one.") % {
        "when": time_of_trip(news)
    }


def _departing(news: Notification) -> Words:
    if news.facts.get("is_rider"):
        body = _("Be at the meeting point at %(time)s.")
        body %= {"time": clock_time(moment_of(news, "pickup_at"))}
        return _("%(name)s leaves soon") % {"name": first_name(news)}, body
    riders = news.facts["riders"]
    title = _("You leave at %(time)s") % {"time": clock_time(moment_of(news, "departure_at"))}
    body = ngettext("One colleague rides with you.", "%(n)d colleagues ride with you.", riders)
    return title, body % {"n": riders}


def _days_skipped(news: Notification) -> Words:
    days = news.facts["days"]
    day = date_format(date.fromisoformat(news.facts["first_date"]))
    body = ngettext(
        "Not offered on %(day)s: you drive elsewhere then.",
        "Not offered on %(n)d days from %(day)s on: you drive elsewhere then.",
        days,
    )
    return _("Your repeating ride leaves out a day"), body % {"n": days, "day": day}


def _left(news: Notification) -> Words:
    body = _("Be at the meeting point at %(time)s.")
    body %= {"time": clock_time(moment_of(news, "pickup_at"))}
    return _("%(name)s is on the way") % {"name": first_name(news)}, body


def _at_stop(news: Notification) -> Words:
    title = _("%(name)s is at your meeting point") % {"name": first_name(news)}
    return title, _("The car waits for you.")


def _asked(news: Notification) -> Words:
    title = _("Did the ride with %(name)s take place?") % {"name": first_name(news)}
    return title, _("It was planned %(when)s. One tap, yes or no.") % {"when": time_of_trip(news)}


def _judged(news: Notification) -> Words:
    bodies = {
        "proven": _("Your positions prove the trip %(when)s. It settles by itself."),
        "unproven": _("Your positions do not prove the trip %(when)s. See why, or object."),
        "held": _("A person looks at the positions of the trip %(when)s first. See why."),
        "appeal_granted": _("Your objection was heard: the trip %(when)s counts."),
        "appeal_refused": _("A person looked at the trip %(when)s, and the verdict stands."),
    }
    title = _("Your trip with %(name)s") % {"name": first_name(news)}
    return title, bodies[news.facts["what"]] % {"when": time_of_trip(news)}


def _to_rate(news: Notification) -> Words:
    title = _("How was the ride with %(name)s?") % {"name": first_name(news)}
    return title, _("%(when)s. Your rating stays hidden until both have rated.") % {
        "when": time_of_trip(news)
    }


def _rated(news: Notification) -> Words:
    title = _("%(name)s rated you") % {"name": first_name(news)}
    return title, _("For the ride %(when)s. See it in your profile.") % {"when": time_of_trip(news)}


def _objection_decided(news: Notification) -> Words:
    is_taxi, granted = news.room_id is not None, news.facts["granted"]
    if granted and is_taxi:
        body = _("You were right. What was noted of the shared taxi %(when)s counts no longer.")
    elif granted:
        body = _("You were right. What was noted of the ride %(when)s counts no longer.")
    elif is_taxi:
        body = _("A person looked into it. What was noted of the shared taxi %(when)s stays.")
    else:
        body = _("A person looked into it. What was noted of the ride %(when)s stays.")
    return _("Your objection is decided"), body % {"when": time_of_trip(news)}


def _matched(news: Notification) -> Words:
    count = len(news.facts["rides"])
    title = ngettext("%(n)d ride fits your request", "%(n)d rides fit your request", count)
    return title % {"n": count}, _("For your trip %(when)s.") % {"when": time_of_trip(news)}


def _offered(news: Notification) -> Words:
    title = _("%(name)s offers you a ride") % {"name": first_name(news)}
    return title, _("For your trip %(when)s. Compare and choose.") % {"when": time_of_trip(news)}


def _offer_ended(news: Notification) -> Words:
    reasons = {
        "other_chosen": _("Another ride was chosen."),
        "not_needed": _("The ride is not needed any more."),
        "too_late": _("Nobody answered in time."),
    }
    body = _("Your ride %(when)s stays published.") % {"when": time_of_trip(news)}
    why = reasons.get(news.facts.get("reason", ""), "")
    title = _("%(name)s does not ride with you") % {"name": first_name(news)}
    return title, f"{why} {body}".strip()


def _expired(news: Notification) -> Words:
    title = _("No ride was found in time")
    return title, _("Your request for %(when)s has ended.") % {"when": time_of_trip(news)}


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
    body = _("About the ride %(when)s.") % {"when": time_of_trip(news)}
    return _("%(name)s wrote to you") % {"name": name}, body


_WRITERS: dict[Kind, tuple[str, Callable[[Notification], Words]]] = {
    Kind.BOOKING_REQUESTED: ("user-plus", _requested),
    Kind.BOOKING_MADE: ("users", _made),
    Kind.BOOKING_CONFIRMED: ("circle-check", _confirmed),
    Kind.BOOKING_DECLINED: ("ban", _declined),
    Kind.BOOKING_CANCELLED: ("ban", _cancelled),
    Kind.BOOKING_RECEIPT: ("calendar-days", _receipt),
    Kind.PICKUP_MOVED: ("clock", _moved),
    Kind.RIDE_CHANGED: ("calendar-clock", _ride_changed),
    Kind.CHANGE_ASKED: ("calendar-clock", _change_asked),
    Kind.CHANGE_AGREED: ("circle-check", _change_agreed),
    Kind.RIDE_CANCELLED: ("triangle-alert", _ride_cancelled),
    Kind.RIDE_DEPARTING: ("timer", _departing),
    Kind.DAYS_SKIPPED: ("calendar-clock", _days_skipped),
    Kind.DRIVER_LEFT: ("car-front", _left),
    Kind.DRIVER_AT_STOP: ("map-pin", _at_stop),
    Kind.VALIDATION_ASKED: ("flag", _asked),
    Kind.TRIP_JUDGED: ("route", _judged),
    Kind.RIDE_TO_RATE: ("star", _to_rate),
    Kind.RATED: ("star", _rated),
    Kind.OBJECTION_DECIDED: ("flag", _objection_decided),
    Kind.REQUEST_MATCHED: ("route", _matched),
    Kind.REQUEST_OFFERED: ("car-front", _offered),
    Kind.REQUEST_OFFER_ENDED: ("info", _offer_ended),
    Kind.REQUEST_EXPIRED: ("clock", _expired),
    Kind.PROPOSAL_MADE: ("calendar-days", _proposed),
    Kind.PROPOSAL_TAKEN: ("circle-check", _taken),
    Kind.PROPOSAL_CLOSED: ("ban", _closed),
    Kind.MESSAGE_RECEIVED: ("message-square", _written),
    **TAXI_AND_MONEY,
}
