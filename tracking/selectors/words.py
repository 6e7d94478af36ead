"""A verdict in words and numbers that the people of the trip can check."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracking.engine import Code, Subject, Weight
from tracking.models import Verification

Text = str | Promise

# What is measured, in which unit, and whether the number must not be smaller or not be larger.
SHARE, METRES, SECONDS, SPEED, COUNT, YES, NUMBER = range(7)
LEAST, MOST = _("at least"), _("at most")
_TOLD: dict[Code, tuple[Text, int, Text]] = {
    Code.MATCHING_BUCKETS: (_("Moments on the way together"), COUNT, LEAST),
    Code.TIME_COVERAGE: (_("Part of the trip's time that was recorded"), SHARE, LEAST),
    Code.SHARE_OF_TIME: (_("Time on the way spent together"), SHARE, LEAST),
    Code.SHARE_OF_LENGTH: (_("Length of the way spent together"), SHARE, LEAST),
    Code.COVERAGE: (_("Part of the way that was recorded"), SHARE, LEAST),
    Code.LAG: (_("One phone is behind the other by"), SECONDS, MOST),
    Code.NOT_DECLARED: (_("The two had not agreed on this trip here"), YES, ""),
    Code.SAME_DEVICE: (_("Both traces come from one phone"), YES, ""),
    Code.SAME_PERSON: (_("Driver and rider are one person"), YES, ""),
    Code.BOARDING_CODE: (_("Boarding code entered"), YES, ""),
    Code.NO_TRACE: (_("No positions came from this phone"), YES, ""),
    Code.TRACE_TOO_SHORT: (_("Recorded way"), METRES, LEAST),
    Code.OFF_ROAD: (_("Positions away from every road"), SHARE, MOST),
    Code.COPY: (_("How much the two traces differ"), METRES, LEAST),
    Code.WHITE_JITTER: (_("How steadily the two traces differ"), NUMBER, LEAST),
    Code.REPLAY: (_("Difference from an earlier trace"), METRES, LEAST),
    Code.TELEPORT: (_("Jumps that no car makes"), NUMBER, MOST),
    Code.TOO_FAST: (_("Speed of the fastest moments"), SPEED, MOST),
    Code.MOCK_LOCATION: (_("Positions that another app made up"), SHARE, MOST),
    Code.CONSTANT_ACCURACY: (_("How much the phone's accuracy varies"), METRES, LEAST),
    Code.REPORTED_LATE: (_("Time until the trip was reported"), SECONDS, MOST),
    Code.DISTANCE_TOO_SHORT: (_("Length of the trip"), METRES, LEAST),
    Code.TOO_MANY_TRIPS: (_("Other trips on that day"), COUNT, MOST),
    Code.TRIPS_TOO_CLOSE: (_("Time to the next trip of the same two people"), SECONDS, LEAST),
    Code.OVERLAPPING_TRIPS: (_("Time spent in another trip as well"), SHARE, MOST),
    Code.TIMES_REVERSED: (_("The trip ends before it begins"), YES, ""),
    Code.ROUTED_TIME_RATIO: (_("Time taken, compared with the roads"), NUMBER, _("limit")),
    Code.ROUTED_DISTANCE_RATIO: (_("Way taken, compared with the roads"), NUMBER, _("limit")),
}
_WHOSE: dict[str, Text] = {
    Subject.DRIVER: _("Driver's phone"),
    Subject.RIDER: _("Rider's phone"),
    Subject.PAIR: "",
}
# How a reason looks: the icon's name, and what it says to who cannot see it.
_LOOKS: dict[str, tuple[str, Text]] = {
    Weight.SUPPORTS: ("check", _("speaks for the trip")),
    Weight.LOWERS: ("info", _("is missing")),
    Weight.BARS: ("ban", _("is not taken by the register")),
    Weight.HOLDS: ("triangle-alert", _("a person has to look")),
    Weight.REFUSES: ("triangle-alert", _("speaks against the trip")),
}
METRES_OF_KM = 1_000.0


@dataclass(frozen=True, slots=True)
class Told:
    """One reason in words: "Time on the way spent together: 96 %, at least 80 %"."""

    code: str
    weight: str
    icon: str
    meaning: str
    whose: str
    text: str
    measured: str
    limit: str


def tell_reasons(verification: Verification) -> list[Told]:
    """Return the reasons of a verdict in words, those against the trip first."""
    known = {code.value for code in Code}
    return [_told(one) for one in verification.reasons if one["code"] in known]


def _told(reason: dict[str, Any]) -> Told:
    text, unit, bound = _TOLD[Code(reason["code"])]
    icon, meaning = _LOOKS[reason["weight"]]
    is_boarding = reason["code"] == Code.BOARDING_CODE
    measured = "" if unit == YES else _number(reason["measured"], unit)
    if is_boarding:
        measured = str(_("yes") if reason["measured"] else _("no"))
    return Told(
        code=reason["code"],
        weight=reason["weight"],
        icon=icon,
        meaning=str(meaning),
        whose=str(_WHOSE[reason["subject"]]),
        text=str(text),
        measured=measured,
        limit="" if unit == YES else f"{bound} {_number(reason['threshold'], unit)}",
    )


def _number(value: float, unit: int) -> str:
    if unit == SHARE:
        return f"{value * 100:.0f} %"
    if unit == METRES:
        return f"{value / 1000:.1f} km" if value >= METRES_OF_KM else f"{value:.1f} m"
    if unit == SECONDS:
        return f"{value / 60:.0f} min" if value >= 120 else f"{value:.0f} s"
    if unit == SPEED:
        return f"{value * 3.6:.0f} km/h"
    return f"{value:.0f}" if unit == COUNT else f"{value:.2f}"


def tell_verdict(verification: Verification) -> str:
    """Return what a verdict comes to, in one sentence."""
    if verification.overruled_at is not None and verification.accepted:
        return str(_("A person looked at it: the trip counts."))
    if verification.overruled_at is not None:
        return str(_("A person looked at it: the trip does not count."))
    if verification.accepted and verification.proof_class == "C":
        return str(_("Both phones show that you travelled together."))
    if verification.accepted:
        return str(_("One phone and the boarding code show that you travelled together."))
    if verification.held:
        return str(_("Something does not fit together. Nothing is taken from anybody for it."))
    return str(_("The positions are not enough to prove the trip. You are asked instead."))
