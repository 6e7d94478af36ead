"""Bring names and queries to one form, so that accents, case and punctuation do not matter."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 255

_APOSTROPHE: Final = re.compile("['\u2019\u00b4`]")
_NOT_A_WORD: Final = re.compile(r"[^\w/]+", re.UNICODE)
# Letters that Unicode does not decompose, as people without them on the keyboard type them.
_SPELLED: Final = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "đ": "d",
        "ł": "l",
        "ð": "d",
        "þ": "th",
        "\u0131": "i",
    }
)
# How people join two streets to mean their corner, in the languages of our maps and neighbours.
_CORNER: Final = re.compile(
    r"\s*(?:/|\bcon\b|\by\b|\be\b|\bcom\b|\besquina\b|\besq\b|\band\b|\bat\b|\bund\b|\bog\b|\bet\b)\s*"
)
_ABBREVIATED: Final = {
    "av": "avenida",
    "avda": "avenida",
    "ave": "avenue",
    "pje": "pasaje",
    "psje": "pasaje",
    "gral": "general",
    "pdte": "presidente",
    "sta": "santa",
    "sto": "santo",
    "dr": "doctor",
    "str": "strasse",
    "r": "rua",
}


def fold(text: str) -> str:
    """Return text without case, accents, punctuation and doubled spaces.

    Accents are dropped by canonical decomposition; Hangul, which that would take apart into
    jamo, is put together again. Source: Unicode Standard Annex 15.
    """
    bare = unicodedata.normalize("NFKD", text.casefold().translate(_SPELLED))
    bare = "".join(char for char in bare if not unicodedata.combining(char))
    whole = unicodedata.normalize("NFC", bare)
    return " ".join(_NOT_A_WORD.sub(" ", _APOSTROPHE.sub("", whole)).split())[:LONGEST]


def fold_query(text: str) -> str:
    """Return a query as :func:`fold` does, with abbreviations of streets written out."""
    joined = text.replace("&", " / ").replace("@", " / ")
    return " ".join(_ABBREVIATED.get(word, word) for word in fold(joined).split())


def split_corner(folded: str) -> tuple[str, str] | None:
    """Return the two streets of a folded query like "balmaceda con cienfuegos", or None.

    The joining word must stand between two words of at least two letters each.
    """
    for match in _CORNER.finditer(folded):
        first, second = folded[: match.start()].strip(), folded[match.end() :].strip()
        if len(first) >= 2 and len(second) >= 2:
            return first.replace("/", " "), second.replace("/", " ")
    return None
