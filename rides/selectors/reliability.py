"""How surely one can count on people: what is known of them, as the score takes it.

Nothing is stored but deeds and ratings; each look sums them up as they have faded by then. So what
opens, fades, or is taken out counts from that moment on, and no look finds an old number.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Member, policy_sql
from rides.engine import Kind, Weighed, score
from rides.engine.reliability import behaviour_part, ratings_part
from rides.errors import NotAboutYou
from rides.models import BROKEN_KINDS, KEPT_KINDS, Deed

_STARS, _TAXI = "stars", "taxi:"
# One statement, however many people: by kind, how many deeds and what they still count; the last
# rating that each person gave, so that nobody counts twice who travels along every day.
_KNOWN = f"""
WITH who AS (
    SELECT member.id,
        {policy_sql("rating_half_life_days", "organization")} * 86400.0::float8 AS half_life_s,
        {policy_sql("rating_shown_from", "organization")} AS shown_from
    FROM accounts_member member
    JOIN accounts_organization organization ON organization.id = member.organization_id
    WHERE member.id = ANY(%(members)s::uuid[])
), latest AS (
    SELECT DISTINCT ON (subject_id, author_id) subject_id, overall, opens_at
    FROM rides_review
    WHERE subject_id = ANY(%(members)s::uuid[]) AND voided_at IS NULL
        AND opens_at <= %(now)s AND opens_at > %(since)s
    ORDER BY subject_id, author_id, opens_at DESC, id
)
SELECT who.id, who.shown_from,
    CASE WHEN deed.seat_id IS NULL THEN deed.kind ELSE '{_TAXI}' || deed.kind END AS what, count(*),
    sum(power(0.5::float8, greatest(0, extract(epoch FROM %(now)s - deed.at)::float8)
        / who.half_life_s)), 0::float8
FROM who JOIN rides_deed deed ON deed.member_id = who.id
LEFT JOIN rides_deedobjection objection
    ON objection.deed_id = deed.id AND objection.state = 'granted'
WHERE deed.at > %(since)s AND deed.at <= %(now)s AND objection.id IS NULL
GROUP BY who.id, who.shown_from, what
UNION ALL
SELECT who.id, who.shown_from, '{_STARS}', count(*), sum(fade.part), sum(fade.part * overall)
FROM who JOIN latest ON latest.subject_id = who.id
CROSS JOIN LATERAL (SELECT power(0.5::float8,
    extract(epoch FROM %(now)s - latest.opens_at)::float8 / who.half_life_s) AS part) fade
GROUP BY who.id, who.shown_from
"""  # noqa: S608 – it is put together from our own names


@dataclass(frozen=True, slots=True)
class Reliability:
    """What is known of one person: counts, and the same as it has faded.

    Rides, shared taxis (``taxis``, ``taxis_weighed``), or ratings of which too little is known
    neither are shown nor count: then the score is as of somebody new, and tells nothing of the one
    trip or person behind it.
    """

    shown_from: int = 1
    deeds: dict[str, int] = field(default_factory=dict)
    people: int = 0
    weighed: Weighed = field(default_factory=Weighed)
    taxis: dict[str, int] = field(default_factory=dict)
    taxis_weighed: dict[Kind, float] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        """Promised seats in cars to which they came."""
        return _kept(self.deeds)

    @property
    def total(self) -> int:
        """Promised seats that they kept, or did not."""
        return _kept(self.deeds) + _broken(self.deeds)

    @property
    def taxis_kept(self) -> int:
        """Promised shared taxis to which they came."""
        return _kept(self.taxis)

    @property
    def taxis_total(self) -> int:
        """Promised shared taxis that they kept, or did not."""
        return _kept(self.taxis) + _broken(self.taxis)

    @property
    def on_time(self) -> int:
        """Of the kept ones, those whose pick-up somebody noted in time."""
        return self.deeds.get(Kind.ON_TIME, 0)

    @property
    def late(self) -> int:
        """Of the kept ones, those whose pick-up somebody noted too late."""
        return self.deeds.get(Kind.LATE, 0)

    @property
    def shows_rides(self) -> bool:
        """Whether enough rides are known."""
        return self.total >= self.shown_from

    @property
    def shows_taxis(self) -> bool:
        """Whether enough shared taxis are known."""
        return self.taxis_total >= self.shown_from

    @property
    def shows_stars(self) -> bool:
        """Whether enough people have rated."""
        return self.people >= self.shown_from

    @property
    def counted(self) -> Weighed:
        """What counts: of rides, taxis and ratings all, or nothing. A deed is a deed in each."""
        none = Weighed()
        stars = self.weighed if self.shows_stars else none
        deeds = dict(self.weighed.deeds) if self.shows_rides else {}
        for kind, faded in self.taxis_weighed.items() if self.shows_taxis else ():
            deeds[kind] = deeds.get(kind, 0.0) + faded
        return Weighed(
            deeds=deeds,
            stars=stars.stars,
            people=stars.people,
        )

    @property
    def score(self) -> float:
        """The score by which rides are ranked, 0..100."""
        return score(self.counted)

    @property
    def shown_score(self) -> int | None:
        """The score as people read it; None of somebody who is as good as new."""
        is_known = self.shows_rides or self.shows_taxis or self.shows_stars
        return round(self.score) if is_known else None

    @property
    def stars(self) -> float | None:
        """The mean of the ratings as they have faded; None while too few have rated."""
        mean = self.weighed.stars / self.weighed.people if self.shows_stars else None
        return None if mean is None else round(mean, 1)

    @property
    def behaviour_percent(self) -> int:
        """The half of the score that comes from deeds, 0..100."""
        return round(100 * behaviour_part(self.counted))

    @property
    def ratings_percent(self) -> int:
        """The half of the score that comes from ratings, 0..100."""
        return round(100 * ratings_part(self.counted))


def _kept(deeds: dict[str, int]) -> int:
    return sum(deeds.get(kind, 0) for kind in KEPT_KINDS)


def _broken(deeds: dict[str, int]) -> int:
    return sum(deeds.get(kind, 0) for kind in BROKEN_KINDS)


UNKNOWN = Reliability()


def who_kept(rides: int) -> Reliability:
    """Return what would be known of somebody who lately came to so many rides, and to all."""
    return Reliability(deeds={Kind.CAME: rides}, weighed=Weighed(deeds={Kind.CAME: float(rides)}))


def remembered_since(now: datetime) -> datetime:
    """Return from when on deeds and ratings count; older ones are deleted."""
    return now - timedelta(days=settings.RETENTION_DAYS["reliability"])


def known_reliability(members: Collection[UUID], *, now: datetime) -> dict[UUID, Reliability]:
    """Return what is known of some people, in one query; who is missing is :data:`UNKNOWN`.

    Complexity: linear in their deeds and reviews of the last year, by index.
    """
    found: dict[UUID, Reliability] = {}
    if not members:
        return found
    terms: dict[str, Any] = {"members": list(members), "now": now, "since": remembered_since(now)}
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, terms)
        for pk, shown_from, kind, count, faded, stars in cursor.fetchall():
            known = found.get(pk) or Reliability(shown_from=shown_from)
            found[pk] = _with(known, kind, count, faded, stars)
    return found


def _with(known: Reliability, kind: str, count: int, faded: float, stars: float) -> Reliability:
    if kind == _STARS:
        weighed = replace(known.weighed, stars=stars, people=faded)
        return replace(known, people=count, weighed=weighed)
    if kind.startswith(_TAXI):
        kind = kind.removeprefix(_TAXI)
        taxis = {**known.taxis_weighed, Kind(kind): faded}
        return replace(known, taxis={**known.taxis, kind: count}, taxis_weighed=taxis)
    deeds = {**known.weighed.deeds, Kind(kind): faded}
    weighed = replace(known.weighed, deeds=deeds)
    return replace(known, deeds={**known.deeds, kind: count}, weighed=weighed)


def describe_reliability(known: Reliability) -> str:
    """Return what is known of somebody in words, with its counts, in the active language."""
    parts = []
    if known.shows_rides:
        text = ngettext(
            "Kept %(kept)d of %(total)d ride.", "Kept %(kept)d of %(total)d rides.", known.total
        )
        parts.append(text % {"kept": known.kept, "total": known.total})
    if known.shows_rides and known.on_time + known.late:
        text = _("On time %(n)d of %(noted)d times that it was noted.")
        parts.append(text % {"n": known.on_time, "noted": known.on_time + known.late})
    if known.shows_taxis:
        text = ngettext(
            "Kept %(kept)d of %(total)d shared taxi.",
            "Kept %(kept)d of %(total)d shared taxis.",
            known.taxis_total,
        )
        parts.append(text % {"kept": known.taxis_kept, "total": known.taxis_total})
    if known.shows_stars:
        text = ngettext(
            "%(stars)s of 5 stars from %(n)d person.",
            "%(stars)s of 5 stars from %(n)d people.",
            known.people,
        )
        parts.append(text % {"stars": known.stars, "n": known.people})
    return " ".join(parts) or _("New here: too few rides to tell.")


def get_own_reliability(member: Member, *, now: datetime) -> Reliability:
    """Return what is known of the member, with the organization's rule from when on it counts."""
    shown_from = member.organization.policy.rating_shown_from
    known = known_reliability([member.pk], now=now)
    return known.get(member.pk) or Reliability(shown_from=shown_from)


def list_own_deeds(member: Member, *, now: datetime) -> QuerySet[Deed]:
    """List what is written down about the member and still counts for something, newest first."""
    own = Deed.objects.filter(member=member, at__gt=remembered_since(now), at__lte=now)
    return own.select_related("objection", "booking", "seat")


def get_own_deed(member: Member, deed_id: int) -> Deed:
    """Return one fact about the member.

    Raises:
        NotAboutYou: it is not about them.
    """
    own = Deed.objects.filter(member=member, pk=deed_id)
    deed = own.select_related("objection", "booking", "seat").first()
    if deed is None:
        raise NotAboutYou
    return deed
