"""Template words: icons, people, times, distances. All times are the active zone's wall clock."""

import zlib
from datetime import datetime, timedelta
from decimal import Decimal

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from carpool.kernel import clock
from carpool.kernel.geo import LonLat, walking_time
from carpool.kernel.money import MINOR_DIGITS
from carpool.kernel.stylesheet import stylesheet_url

register = template.Library()
AVATAR_COLOURS = 6
# How people write their money; any other currency keeps its ISO code.
SIGNS = {"EUR": "€", "GBP": "£", "JPY": "¥", "KRW": "₩", "USD": "$"}


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """Draw an icon of the sprite; decoration only, so the text beside it must say it all."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        classes,
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag
def stylesheet() -> str:
    """Return the address of the style sheet that every page needs."""
    return stylesheet_url()


@register.simple_tag
def avatar(name: str, size: str = "") -> SafeString:
    """Draw a person's initials on a ground that is always the same for the same name."""
    return format_html(
        '<span class="avatar avatar--{} {}" aria-hidden="true">{}</span>',
        colour_of(name),
        f"avatar--{size}" if size else "",
        initials(name),
    )


@register.filter
def initials(name: str) -> str:
    """Return up to two letters: of the first and last word, or the first two of a Hangul name."""
    words = name.split()
    if not words:
        return "?"
    if len(words) == 1:
        is_hangul = "가" <= words[0][0] <= "힣"
        return words[0][-2:] if is_hangul and len(words[0]) > 1 else words[0][:1]
    return words[0][0] + words[-1][0]


def colour_of(name: str) -> int:
    """Return the number of the avatar colour of a name, 1 to 6."""
    return zlib.crc32(name.encode()) % AVATAR_COLOURS + 1


@register.filter
def clock_time(moment: datetime) -> str:
    """Return the wall-clock time, 24 hours: 07:40."""
    return timezone.localtime(moment).strftime("%H:%M")


@register.filter
def day(moment: datetime) -> str:
    """Return the day as people say it: Today, Tomorrow, else weekday and date."""
    local = timezone.localtime(moment).date()
    distance = (local - timezone.localdate(clock.now())).days
    if distance == 0:
        return _("Today")
    if distance == 1:
        return _("Tomorrow")
    if distance == -1:
        return _("Yesterday")
    # Translators: a date with its weekday, in Django's date format: Mon 23 Nov.
    return date_format(local, _("D j M"))


@register.filter
def when(moment: datetime) -> str:
    """Return day and time within a sentence: today 17:42, tomorrow 07:40, Mon 23 Nov 07:40."""
    local = timezone.localtime(moment).date()
    distance = (local - timezone.localdate(clock.now())).days
    # Translators: these stand within a sentence.
    near = {0: _("today %(time)s"), 1: _("tomorrow %(time)s"), -1: _("yesterday %(time)s")}
    text = near.get(distance, f"{day(moment)} %(time)s")
    return text % {"time": clock_time(moment)}


@register.filter
def minutes(value: float | timedelta) -> str:
    """Return a duration given in seconds: 12 min, 1 h 05 min."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    total = max(0, round(seconds / 60))
    if total < 60:
        return _("%(n)d min") % {"n": total}
    return _("%(hours)d h %(minutes)02d min") % {"hours": total // 60, "minutes": total % 60}


@register.filter
def minutes_exact(seconds: float) -> str:
    """Return seconds as minutes with a tenth: 4.5 min."""
    return _("%(n)s min") % {"n": f"{seconds / 60:.1f}"}


@register.filter
def between(start: datetime, end: datetime) -> str:
    """Return the duration from one moment to another."""
    return minutes(end - start)


@register.filter
def until(moment: datetime) -> str:
    """Return how long from now: in 12 min, in 3 h, in 2 days; empty when it is past."""
    left = moment - clock.now()
    if left <= timedelta(0):
        return ""
    total = round(left.total_seconds() / 60)
    if total < 60:
        return _("in %(n)d min") % {"n": max(1, total)}
    if total < 24 * 60:
        return _("in %(n)d h") % {"n": round(total / 60)}
    days = round(total / 1440)
    return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}


@register.filter
def distance(metres: float) -> str:
    """Return metres for people: 250 m, 3.4 km, 27 km."""
    if metres < 950:
        return _("%(n)d m") % {"n": round(metres / 10) * 10}
    km = metres / 1000
    return _("%(n)s km") % {"n": f"{km:.1f}" if km < 9.95 else f"{km:.0f}"}


@register.filter
def walk(metres: float) -> str:
    """Return a walk as pedestrians count it, in minutes: 6 min walk, or none."""
    if metres < 40:
        return _("no walk")
    return _("%(n)d min walk") % {"n": -int(-walking_time(metres).total_seconds() // 60)}


@register.filter
def co2(grams: float) -> str:
    """Return a mass of carbon dioxide: 640 g, 1.8 kg."""
    if grams < 995:
        return _("%(n)d g") % {"n": round(grams / 10) * 10}
    return _("%(n)s kg") % {"n": f"{grams / 1000:.1f}"}


@register.filter
def times(count: int) -> range:
    """Return a range, to draw the same thing so many times."""
    return range(int(count))


@register.filter
def money(minor: int, currency: str) -> str:
    """Return an exact amount for people: ₩6,600, €12.50, CLP 5,400, -€1.00."""
    digits = MINOR_DIGITS.get(currency, 2)
    amount = number_format(Decimal(abs(minor)).scaleb(-digits), digits, force_grouping=True)
    sign = SIGNS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    return f"{'-' if minor < 0 else ''}{sign}{amount}"


@register.filter
def as_place(place: LonLat) -> str:
    """Write a place as forms read it: ``lon,lat``, to a decimetre."""
    return f"{place.lon:.6f},{place.lat:.6f}"
