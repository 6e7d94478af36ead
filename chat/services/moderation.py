"""What moderators do about messages, and taking messages out of sight."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.db import transaction

from accounts.events import MemberWarned
from accounts.models import ReportReason, User
from carpool.kernel import outbox
from carpool.kernel.wording import flag
from chat.errors import MessageNotFlagged
from chat.models import Message, MessageReview, Photo, ReviewStep
from chat.services import live


def flag_messages(*, limit: int = 1000) -> int:
    """Consult the word lists about what was said lately; return how many texts were looked at.

    A long text takes the lists ten milliseconds, as long as storing fifty messages. So this is
    done by a worker a moment later, and nobody's message waits for it. Twice does no harm.
    """
    fresh = Message.objects.filter(is_checked=False).order_by("pk")
    texts = dict(fresh.values_list("pk", "text")[:limit])
    found = {pk: flag(text) for pk, text in texts.items()}
    for reason in set(found.values()) - {""}:
        bad = [pk for pk, why in found.items() if why == reason]
        Message.objects.filter(pk__in=bad).update(flagged_for=reason)
    Message.objects.filter(pk__in=list(texts)).update(is_checked=True)
    return len(texts)


@transaction.atomic
def review_message(*, message_id: int, step: str, by: User, now: datetime) -> MessageReview:
    """Decide about a flagged message, and write down who did; later decisions add to earlier ones.

    Raises:
        MessageNotFlagged: nobody asked for a look at it, so it is none of the moderators' business.
    """
    step = ReviewStep(step)
    message = (
        Message.objects.select_for_update(of=("self",))
        .select_related("sender")
        .exclude(flagged_for="")
        .filter(pk=message_id)
        .first()
    )
    if message is None:
        raise MessageNotFlagged
    review = MessageReview.objects.create(
        message=message, moderator=by, step=step, excerpt=message.text, at=now
    )
    message.reviewed_at = now
    message.save(update_fields=["reviewed_at"])
    if step != ReviewStep.KEEP:
        remove_message(message_id=message.pk, now=now)
    if step == ReviewStep.WARN and message.sender is not None:
        warned = MemberWarned(member_id=message.sender.member_id, reason=ReportReason.HARASSMENT)
        outbox.publish(warned, now=now)
    return review


@transaction.atomic
def remove_message(*, message_id: int, now: datetime) -> None:
    """Take a message out of sight for good; that something stood there remains."""
    message = Message.objects.select_for_update().filter(pk=message_id, removed_at=None).first()
    if message is None:
        return
    take_out([message.pk], now)
    topic = f"{live.CONVERSATION}:{message.conversation_id}"
    data = {"sequence": message.sequence}
    frames = [live.frame(topic=topic, number=None, event="removed", data=data)]
    transaction.on_commit(partial(live.send_frames, frames))


def take_out(ids: Iterable[int], now: datetime) -> None:
    """Empty messages, and delete their photos."""
    chosen = list(ids)
    for photo in Photo.objects.filter(message__in=chosen):
        photo.image.delete(save=False)
        photo.delete()
    Message.objects.filter(pk__in=chosen).update(text="", removed_at=now)
