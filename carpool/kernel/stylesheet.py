"""The design's style sheets, sent as one file.

They are written in several files, each about one thing. A page that links all of them waits for
each before it paints anything, even when all are in the browser's cache: the whole way to the first
paint took half as long again. So they are joined when they are first asked for, under a name that
tells their content; whoever has that name may keep the file for ever.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import reverse

# In the order of the cascade.
PARTS = (
    "tokens", "base", "layout", "components", "marks", "feedback", "forms", "places", "rides",
    "trail", "offers", "rooms", "mascot", "talks", "chat",
    "signin", "organization",
)  # fmt: skip


def stylesheet_url() -> str:
    """Return the address of the joined file as it is now."""
    return reverse("stylesheet", args=[version()])


def version() -> str:
    """Return the name that tells the content."""
    return _sheet()[0]


def joined() -> str:
    """Return the joined file; while debugging, as it is on disk now."""
    return _sheet()[1]


def _sheet() -> tuple[str, str]:
    return _read() if settings.DEBUG else _read_once()


@lru_cache(maxsize=1)
def _read_once() -> tuple[str, str]:
    return _read()


def _read() -> tuple[str, str]:
    paths = (str(finders.find(f"design/{part}.css")) for part in PARTS)
    css = "\n".join(Path(path).read_text(encoding="utf-8") for path in paths)
    return hashlib.sha256(css.encode()).hexdigest()[:12], css
