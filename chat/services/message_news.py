"""News of messages: to whoever has not read them a moment later, once until they read.

Nothing of this is done while somebody waits for their message to go out. Beat looks for people who
are behind; whoever has the conversation open has read it by then, and needs no news.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from chat.models import Kind, Message, Participant
from chat.services.notifications import News, tell

# So long an open page takes, with some leeway, to say that a message was read.
GRACE = timedelta(seconds=5)
# After a night without workers, what is older is no news any more.
FRESH_FOR = timedelta(days=1)


@transaction.atomic
def tell_of_messages(*, now: datetime, limit: int = 500) -> int:
    """Tell each participant who is behind that somebody wrote; return how many were told.

    Only what people say counts, not what happened in the ride: of that other news tell. Who was
    told hears of the conversation again once they have read it.
    """
    due = _behind(now).order_by("pk").select_for_update(skip_locked=True, of=("self",))
    places = list(due[:limit])
    wrote = {place.pk: place.latest_sender for place in places}  # type: ignore[attr-defined]
    senders = Participant.objects.select_related("member").in_bulk(wrote.values())
    news = []
    for place in places:
        sender = senders[wrote[place.pk]]
        place.told_sequence = place.conversation.last_sequence
        ride, room = place.conversation.ride, place.conversation.room
        trip = ride or room
        news.append(
            News(
                member_id=place.member_id,
                kind=Kind.MESSAGE_RECEIVED,
                occasion=f"conversation:{place.conversation_id}:{place.told_sequence}",
                actor=None if sender.is_masked else sender.member,
                ride=ride,
                conversation=place.conversation,
                trip_at=trip.departure_at if trip else None,
            )
        )
    Participant.objects.bulk_update(places, ["told_sequence"])
    tell(news, now=now)
    return len(news)


def _behind(now: datetime) -> QuerySet[Participant]:
    unread = Message.objects.filter(
        conversation=OuterRef("conversation"),
        sequence__gt=OuterRef("read_sequence"),
        created_at__lte=now - GRACE,
        sender__isnull=False,
        removed_at=None,
    ).exclude(sender=OuterRef("pk"))
    latest = unread.order_by("-sequence").values("sender")[:1]
    return (
        Participant.objects.filter(
            Exists(unread),
            conversation__last_message_at__gt=now - FRESH_FOR,
            conversation__last_sequence__gt=F("read_sequence"),
            told_sequence__lte=F("read_sequence"),
            left_at=None,
            is_muted=False,
        )
        .annotate(latest_sender=Subquery(latest))
        .select_related("conversation__ride", "conversation__room")
        .defer(
            "conversation__ride__reach", "conversation__ride__route", "conversation__room__route"
        )
    )
