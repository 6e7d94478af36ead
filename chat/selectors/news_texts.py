"""What a notification says: written when it is read, in the language and time zone then active.

A text may stand on a lock screen that anybody sees. So it holds first names and times, and never a
place or a full name; what else there is to know stands on the page that it leads to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.formats import date_format
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
    if notification.room_id is not None:
        return reverse("payments:room", args=[notification.room_id])
    if notification.kind in _TO_PAGE:
        return reverse(_TO_PAGE[Kind(notification.kind)])
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
}
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
    body %= {"time": clock_time(_at(news, "pickup_at"))}
    return _("%(name)s is on the way") % {"name": _name(news)}, body


def _at_stop(news: Notification) -> Words:
    title = _("%(name)s is at your meeting point") % {"name": _name(news)}
    return title, _("The car waits for you.")


def _asked(news: Notification) -> Words:
    title = _("Did the ride with %(name)s take place?") % {"name": _name(news)}
    return title, _("It was planned %(when)s. One tap, yes or no.") % {"when": _trip(news)}


def _to_rate(news: Notification) -> Words:
    title = _("How was the ride with %(name)s?") % {"name": _name(news)}
    return title, _("%(when)s. Your rating stays hidden until both have rated.") % {
        "when": _trip(news)
    }


def _rated(news: Notification) -> Words:
    title = _("%(name)s rated you") % {"name": _name(news)}
    return title, _("For the ride %(when)s. See it in your profile.") % {"when": _trip(news)}


def _matched(news: Notification) -> Words:
    count = len(news.facts["rides"])
    title = ngettext("%(n)d ride fits your request", "%(n)d rides fit your request", count)
    return title % {"n": count}, _("For your trip %(when)s.") % {"when": _trip(news)}


def _offered(news: Notification) -> Words:
    title = _("%(name)s offers you a ride") % {"name": _name(news)}
    return title, _("For your trip %(when)s. Compare and choose.") % {"when": _trip(news)}


def _offer_ended(news: Notification) -> Words:
    reasons = {
        "other_chosen": _("Another ride was chosen."),
        "not_needed": _("The ride is not needed any more."),
        "too_late": _("Nobody answered in time."),
    }
    body = _("Your ride %(when)s stays published.") % {"when": _trip(news)}
    why = reasons.get(news.facts.get("reason", ""), "")
    title = _("%(name)s does not ride with you") % {"name": _name(news)}
    return title, f"{why} {body}".strip()


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


def _room_joined(news: Notification) -> Words:
    free = news.facts.get("free", 0)
    body = ngettext("%(n)d seat is free.", "%(n)d seats are free.", free) % {"n": free}
    if news.facts.get("left"):
        return _("%(name)s left your taxi") % {"name": _name(news)}, body
    return _("%(name)s shares your taxi") % {"name": _name(news)}, body


def _room_host_asked(news: Notification) -> Words:
    title = _("%(name)s asks you to be the host") % {"name": _name(news)}
    return title, _("You would call the taxi %(when)s and pay its driver.") % {"when": _trip(news)}


def _room_locked(news: Notification) -> Words:
    moment = clock_time(news.trip_at or news.created_at)
    if news.facts.get("is_host"):
        body = _("Your party is complete. Call the taxi for %(time)s.")
    else:
        body = _("Be at the meeting point at %(time)s.")
    return _("Your shared taxi leaves soon"), body % {"time": moment}


def _room_called(_news: Notification) -> Words:
    return _("Your taxi is on its way"), _("See its plate and your boarding code.")


def _room_cancelled(news: Notification) -> Words:
    title = _("Your shared taxi is cancelled")
    body = _("It was %(when)s. What you paid goes back to you.") % {"when": _trip(news)}
    return title, body


def _room_more_asked(_news: Notification) -> Words:
    title = _("Your part of the taxi would be larger")
    return title, _("Nothing is taken without your yes. Please answer now.")


def _room_settled(_news: Notification) -> Words:
    return _("Your shared taxi is settled"), _("See what it cost and what comes back to you.")


def _room_disputed(news: Notification) -> Words:
    if news.facts.get("decided"):
        return _("An objection is decided"), _("See what it means for your part.")
    return _("Somebody objects to a part of the fare"), _("That part waits until it is decided.")


def _room_merger_asked(news: Notification) -> Words:
    title = _("Another taxi goes your way")
    return title, _("Together each pays less. Please answer by %(time)s.") % {
        "time": clock_time(_at(news, "answer_by"))
    }


def _room_merger_ended(_news: Notification) -> Words:
    title = _("Your taxi stays as it is")
    return title, _("It did not become one with the other. Whatever was paid for it comes back.")


def _room_merged(news: Notification) -> Words:
    title = _("Your taxi became one with another")
    if news.facts.get("moved"):
        body = _("You meet at %(place)s at %(time)s; what you prepaid has moved with you.")
    else:
        body = _("It leaves as planned, from %(place)s at %(time)s, with more people.")
    moment = clock_time(news.trip_at or news.created_at)
    place = news.room.pickup_label if news.room else ""
    return title, body % {"place": place, "time": moment}


def _seat_to_pay(news: Notification) -> Words:
    if news.facts.get("what") == "lapsed":
        return _("Your seat was not paid"), _("It is free for others again. Nothing was taken.")
    if news.facts.get("what") == "declined":
        return _("Your payment was declined"), _("Pay in another way while your seat is kept.")
    return _("Your seat waits for your payment"), _("Pay in time, and it is yours.")


def _seat_settled(news: Notification) -> Words:
    is_rider = news.facts.get("is_rider", True)
    what = news.facts.get("what", "")
    if what == "disputed":
        return _("A ride is disputed"), _("The price of the seat waits until somebody decides.")
    if is_rider:
        texts = {
            "settle_seat": _("The ride took place: the price of your seat is the driver's."),
            "late_seat": _("You gave your seat back late: a part of its price comes back."),
            "miss_seat": _("You did not come: the price of your seat is the driver's."),
        }
        body = texts.get(what, _("The price of your seat comes back to you."))
        return _("Your seat is settled"), body
    texts = {
        "settle_seat": _("The price of a seat in your ride is yours."),
        "late_seat": _("A rider gave a seat back late: a part of its price is yours."),
        "miss_seat": _("A rider did not come: the price of the seat is yours."),
    }
    return _("A seat in your ride is settled"), texts.get(what, _("Its price goes back."))


def _reward_given(news: Notification) -> Words:
    if news.facts.get("what") == "reward_back":
        title = _("A reward was taken back")
        return title, _("It was for the ride %(when)s. See why.") % {"when": _trip(news)}
    title = _("You get a reward")
    return title, _("For the ride %(when)s, which is proven.") % {"when": _trip(news)}


def _incentive_used(news: Notification) -> Words:
    percent = news.facts.get("percent", 0)
    if percent >= 100:
        title = _("An incentive is used up")
        return title, _("It gives nothing more until you raise it or money comes in.")
    title = _("An incentive is nearly used up")
    return title, _("%(n)d %% of it is given.") % {"n": percent}


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
    Kind.DAYS_SKIPPED: ("calendar-clock", _days_skipped),
    Kind.DRIVER_LEFT: ("car-front", _left),
    Kind.DRIVER_AT_STOP: ("map-pin", _at_stop),
    Kind.VALIDATION_ASKED: ("flag", _asked),
    Kind.RIDE_TO_RATE: ("star", _to_rate),
    Kind.RATED: ("star", _rated),
    Kind.REQUEST_MATCHED: ("route", _matched),
    Kind.REQUEST_OFFERED: ("car-front", _offered),
    Kind.REQUEST_OFFER_ENDED: ("info", _offer_ended),
    Kind.REQUEST_EXPIRED: ("clock", _expired),
    Kind.PROPOSAL_MADE: ("calendar-days", _proposed),
    Kind.PROPOSAL_TAKEN: ("circle-check", _taken),
    Kind.PROPOSAL_CLOSED: ("ban", _closed),
    Kind.MESSAGE_RECEIVED: ("message-square", _written),
    Kind.ROOM_JOINED: ("users", _room_joined),
    Kind.ROOM_HOST_ASKED: ("user-plus", _room_host_asked),
    Kind.ROOM_LOCKED: ("timer", _room_locked),
    Kind.ROOM_CALLED: ("car-front", _room_called),
    Kind.ROOM_CANCELLED: ("triangle-alert", _room_cancelled),
    Kind.ROOM_MORE_ASKED: ("triangle-alert", _room_more_asked),
    Kind.ROOM_SETTLED: ("circle-check", _room_settled),
    Kind.ROOM_DISPUTED: ("flag", _room_disputed),
    Kind.ROOM_MERGER_ASKED: ("users", _room_merger_asked),
    Kind.ROOM_MERGER_ENDED: ("ban", _room_merger_ended),
    Kind.ROOM_MERGED: ("users", _room_merged),
    Kind.SEAT_TO_PAY: ("wallet", _seat_to_pay),
    Kind.SEAT_SETTLED: ("wallet", _seat_settled),
    Kind.REWARD_GIVEN: ("hand-coins", _reward_given),
    Kind.INCENTIVE_USED: ("hand-coins", _incentive_used),
}
