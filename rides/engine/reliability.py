"""How surely one can count on somebody: one score from what they did and how they were rated.

Each deed has a mark between 0 (let somebody down) and 1 (kept the promise) and a weight; each
rating has one to five stars. Both fade: what is one half-life old counts half. The two means begin
at what is expected of somebody nobody knows, as if they had some rides and ratings behind them
already, so that few events do not make a score jump:

    behaviour = (P * p + sum(w * v * d)) / (P + sum(w * d))
    ratings   = ((Q * q + sum(s * d)) / (Q + sum(d)) - 1) / 4
    score     = 100 * (B * behaviour + (1 - B) * ratings)

with d = 2 ** (-age / half-life), v and w a deed's mark and weight, s stars, and P, p, Q, q, B of
:class:`ScoreRules`. ``docs/reliability.md`` explains each number and reckons examples.

Source: the mean of a Beta prior (Jøsang, Ismail: *The Beta Reputation System*, 2002, sections 2.1
and 3, with its "forgetting"); the same shrinkage for stars is usual for rankings of few votes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import fsum


class Kind(StrEnum):
    """What somebody did about a seat that was promised. Of ``came`` nobody knows when."""

    ON_TIME = "on_time"
    CAME = "came"
    LATE = "late"
    CANCELLED_EARLY = "cancelled_early"
    CANCELLED_WAIVED = "cancelled_waived"
    CANCELLED_LATE = "cancelled_late"
    NO_SHOW = "no_show"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a deed says: ``value`` in 0..1, and how many ordinary deeds it weighs."""

    value: float
    weight: float


@dataclass(frozen=True, slots=True)
class ScoreRules:
    """All numbers of the score but the half-life, which each organization decides.

    ``marks``: who comes late kept half of the promise: the other one waited, but travelled. Who
    cancels in time, or late for the first time in a month, let nobody down (PRODUCT, Reliability).
    Who does not come leaves somebody at the roadside, who cannot even look for another way: it
    weighs twice a late cancellation.
    ``prior_share`` of ``prior_deeds``: somebody new is judged like one who kept 9 of 10 rides, as
    the ranking always did (the mean of a Beta(9, 1) distribution).
    ``prior_stars`` of ``prior_people``: the same 90 % of the scale from 1 to 5, that is 4.6, from
    five people: fewer than ten, because people are fewer than rides.
    ``behaviour_share``: what somebody did can be checked; stars are taste. Seven parts to three.
    """

    prior_share: float = 0.9
    prior_deeds: float = 10.0
    prior_stars: float = 4.6
    prior_people: float = 5.0
    behaviour_share: float = 0.7
    marks: Mapping[Kind, Mark] = field(
        default_factory=lambda: {
            Kind.ON_TIME: Mark(1.0, 1.0),
            Kind.CAME: Mark(1.0, 1.0),
            Kind.LATE: Mark(0.5, 1.0),
            Kind.CANCELLED_EARLY: Mark(1.0, 0.0),
            Kind.CANCELLED_WAIVED: Mark(1.0, 0.0),
            Kind.CANCELLED_LATE: Mark(0.0, 1.0),
            Kind.NO_SHOW: Mark(0.0, 2.0),
        }
    )


RULES = ScoreRules()


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed, ``age_days`` ago."""

    kind: Kind
    age_days: float


@dataclass(frozen=True, slots=True)
class Rating:
    """One person's rating, 1 to 5 stars, ``age_days`` ago."""

    stars: int
    age_days: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """Sums of faded evidence: of each kind of deed, of stars, and of people who gave them."""

    deeds: Mapping[Kind, float] = field(default_factory=dict)
    stars: float = 0.0
    people: float = 0.0


def fade(age_days: float, half_life_days: float) -> float:
    """Return what something so old still counts, 0..1; what is said to lie ahead counts as now."""
    return float(0.5 ** (max(0.0, age_days) / half_life_days))


def weigh(deeds: Iterable[Deed], ratings: Iterable[Rating], *, half_life_days: float) -> Weighed:
    """Sum up evidence, in any order (the sums are exact, so the order changes no digit).

    Complexity: linear in deeds and ratings.
    """
    by_kind: dict[Kind, list[float]] = {}
    for deed in deeds:
        by_kind.setdefault(deed.kind, []).append(fade(deed.age_days, half_life_days))
    faded = [(one.stars, fade(one.age_days, half_life_days)) for one in ratings]
    return Weighed(
        deeds={kind: fsum(parts) for kind, parts in by_kind.items()},
        stars=fsum(stars * part for stars, part in faded),
        people=fsum(part for _stars, part in faded),
    )


def behaviour_part(weighed: Weighed, rules: ScoreRules = RULES) -> float:
    """Return which share of promises somebody will probably keep, 0..1."""
    marks = rules.marks
    kept = fsum(marks[kind].value * marks[kind].weight * n for kind, n in weighed.deeds.items())
    of = fsum(marks[kind].weight * n for kind, n in weighed.deeds.items())
    return (rules.prior_deeds * rules.prior_share + kept) / (rules.prior_deeds + of)


def ratings_part(weighed: Weighed, rules: ScoreRules = RULES) -> float:
    """Return how people will probably rate somebody: 0 for one star, 1 for five."""
    stars = rules.prior_people * rules.prior_stars + weighed.stars
    return (stars / (rules.prior_people + weighed.people) - 1) / 4


def score(weighed: Weighed, rules: ScoreRules = RULES) -> float:
    """Return the score, 0..100; 90 of somebody of whom nothing is known."""
    share = rules.behaviour_share
    behaviour, ratings = behaviour_part(weighed, rules), ratings_part(weighed, rules)
    return min(100.0, max(0.0, 100 * (share * behaviour + (1 - share) * ratings)))
