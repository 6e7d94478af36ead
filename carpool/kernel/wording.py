"""What people write to each other: how it is stored, and which of it a person should look at."""

import re
import unicodedata
from functools import lru_cache

from glin_profanity import Filter

# Control characters (Cc) but for the line break; half surrogates (Cs), which UTF-8 cannot hold; and
# what turns the reading direction around, so that a text reads as something else than it is.
# Source: Unicode Standard Annex 9, table 4; "Trojan Source" (Boucher, Anderson, 2021).
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_MANY_BREAKS = re.compile(r"\n{3,}")


def compose(text: str) -> str:
    """Return a text as it is stored: composed, without control characters, trimmed.

    Markup is not touched: it is text, and whoever shows it escapes it.
    """
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = "".join(c for c in composed if c == "\n" or not _is_hidden(c))
    return _MANY_BREAKS.sub("\n\n", kept).strip()


def _is_hidden(character: str) -> bool:
    return character in _TURNS or unicodedata.category(character) in {"Cc", "Cs"}


@lru_cache(maxsize=1)
def _filter() -> Filter:
    return Filter({"languages": ["english", "korean", "spanish"], "detect_leetspeak": True})


def flag(text: str) -> str:
    """Return why a moderator should look at a text; empty when there is no reason.

    A flag never holds a text back: word lists err, and people in a car must be able to talk.
    """
    found = _filter().check_profanity(text)
    return "profanity" if found["contains_profanity"] else ""
