"""What a message may be made of, and what people say in one tap."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from carpool.kernel.wording import compose
from chat.errors import MessageEmpty, MessageTooLong
from chat.models import LONGEST_TEXT


class QuickReply(models.TextChoices):
    """What people in cars say all the time, in one tap and in everybody's own language."""

    ON_MY_WAY = "on_my_way", _("I am on my way")
    HERE = "here", _("I am here")
    FIVE_LATE = "five_late", _("I am 5 minutes late")
    TEN_LATE = "ten_late", _("I am 10 minutes late")
    WHERE = "where", _("Where are you?")
    THANKS = "thanks", _("Thank you!")


def clean_text(text: str) -> str:
    """Return the text as it is stored: composed, without control characters, trimmed.

    Markup is not touched: a message is text, and whoever shows it escapes it.

    Raises:
        MessageEmpty: nothing is left.
        MessageTooLong: more than 2,000 characters are.
    """
    cleaned = compose(text)
    if not cleaned:
        raise MessageEmpty(field="text")
    if len(cleaned) > LONGEST_TEXT:
        raise MessageTooLong(field="text")
    return cleaned
