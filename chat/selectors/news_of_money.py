"""What notifications say of shared taxis, prices and rewards; see :mod:`news_texts`."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from carpool.kernel.templatetags.ui import clock_time
from chat.models import Kind, Notification
from chat.selectors.news_words import Words, first_name, moment_of, time_of_trip


def _room_joined(news: Notification) -> Words:
    free = news.facts.get("free", 0)
    body = ngettext("%(n)d seat is free.", "%(n)d seats are free.", free) % {"n": free}
    if news.facts.get("left"):
        return _("%(name)s left your taxi") % {"name": first_name(news)}, body
    return _("%(name)s shares your taxi") % {"name": first_name(news)}, body


def _room_host_asked(news: Notification) -> Words:
    title = _("%(name)s asks you to be the host") % {"name": first_name(news)}
    return title, _("You would call the taxi %(when)s and pay its driver.") % {
        "when": time_of_trip(news)
    }


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
    body = _("It was %(when)s. What you paid goes back to you.") % {"when": time_of_trip(news)}
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
        "time": clock_time(moment_of(news, "answer_by"))
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


_CONTESTS = {
    "contest_opened": (
        lazy("An objection to a fee"),
        lazy("A person looks at it and decides. The fee is held until then."),
        lazy("A rider objects to a fee that came to you. It is held until a person has decided."),
    ),
    "contest_won": (
        lazy("An objection is decided"),
        lazy(
            "You were right: the fee goes back by the way you paid, and nothing of it counts in"
            " your reliability."
        ),
        lazy("It was decided for the rider: the fee goes back to them."),
    ),
    "contest_lost": (
        lazy("An objection is decided"),
        lazy("A person looked at it: the fee stays as it is."),
        lazy("It was decided for you: the fee stays yours."),
    ),
}


def _seat_settled(news: Notification) -> Words:
    is_rider = news.facts.get("is_rider", True)
    what = news.facts.get("what", "")
    if what in _CONTESTS:
        title, for_rider, for_driver = _CONTESTS[what]
        return str(title), str(for_rider if is_rider else for_driver)
    if what == "disputed":
        return _("A ride is disputed"), _("The price of the seat waits until somebody decides.")
    if is_rider:
        texts = {
            "settle_seat": _("The ride took place: the price of your seat is the driver's."),
            "late_seat": _("You gave your seat back late: a part of its price comes back."),
            "waive_seat": _("You gave your seat back late. It is free this time."),
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
        return title, _("It was for the ride %(when)s. See why.") % {"when": time_of_trip(news)}
    title = _("You get a reward")
    return title, _("For the ride %(when)s, which is proven.") % {"when": time_of_trip(news)}


def _incentive_used(news: Notification) -> Words:
    percent = news.facts.get("percent", 0)
    if percent >= 100:
        title = _("An incentive is used up")
        return title, _("It gives nothing more until you raise it or money comes in.")
    title = _("An incentive is nearly used up")
    return title, _("%(n)d %% of it is given.") % {"n": percent}


TAXI_AND_MONEY: dict[Kind, tuple[str, Callable[[Notification], Words]]] = {
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
