"""What the texts of all notifications are made of."""

from datetime import datetime

from django.utils.translation import gettext as _

from carpool.kernel.templatetags.ui import when
from chat.models import Notification

Words = tuple[str, str]


def first_name(news: Notification) -> str:
    """Return who did it; no more of a name than may stand on a lock screen."""
    return news.actor.first_name if news.actor else _("Somebody")


def moment_of(news: Notification, fact: str) -> datetime:
    """Return a moment that is one of its facts."""
    return datetime.fromisoformat(news.facts[fact])


def time_of_trip(news: Notification) -> str:
    """Write when the trip is, or else when it was told."""
    moment = news.trip_at or news.created_at
    return when(moment)
