"""What a message may be made of, and which ones a person should look at."""

import re
import unicodedata
from functools import lru_cache

from django.db import models
from django.utils.translation import gettext_lazy as _
from glin_profanity import Filter

from chat.errors import MessageEmpty, MessageTooLong
from chat.models import LONGEST_TEXT

# Control characters (Cc) but for the line break; half surrogates (Cs), which UTF-8 cannot hold; and
# what turns the reading direction around, so that a text reads as something else than it is.
# Source: Unicode Standard Annex 9, table 4; "Trojan Source" (Boucher, Anderson, 2021).
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_MANY_BREAKS = re.compile(r"\n{3,}")


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
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = "".join(c for c in composed if c == "\n" or not _is_hidden(c))
    cleaned = _MANY_BREAKS.sub("\n\n", kept).strip()
    if not cleaned:
        raise MessageEmpty(field="text")
    if len(cleaned) > LONGEST_TEXT:
        raise MessageTooLong(field="text")
    return cleaned


def _is_hidden(character: str) -> bool:
    return character in _TURNS or unicodedata.category(character) in {"Cc", "Cs"}


@lru_cache(maxsize=1)
def _filter() -> Filter:
    return Filter({"languages": ["english", "korean", "spanish"], "detect_leetspeak": True})


def flag(text: str) -> str:
    """Return why a moderator should look at a text; empty when there is no reason.

    A flag never holds a message back: word lists err, and people in a car must be able to talk.
    """
    found = _filter().check_profanity(text)
    return "profanity" if found["contains_profanity"] else ""
