"""Address search: as one types, without accents, with typing errors, corners of two streets."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.contrib.gis.db.models.functions import Distance
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connection, transaction
from django.db.models import Case, F, FloatField, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Greatest, Least
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import LonLat, from_point, to_point
from maps.engine.geocoding import GeocoderFailed, geocode
from maps.engine.text import fold_query, split_corner
from maps.errors import GeocoderDown
from maps.models import Address, Region

SHORTEST, LONGEST = 2, 120
MOST_HITS = 20

# Share of a query's trigrams that a name must hold. Of 537 streets of the demo city, with one
# letter dropped, doubled or changed, PostgreSQL's default of 0.6 finds 464, 526 and 456 among the
# first eight; 0.45 finds 515, 532 and 514, and 0.35 hardly more.
SIMILAR = 0.45

# What a name gains for beginning as the query does, or for having a word that does.
_PREFIX, _WORD = 0.5, 0.3
# What it loses for each kilometre away, up to 20, and for each step in rank.
_PER_M, _FARTHEST_M, _PER_RANK = 0.01 / 1000, 20_000.0, 0.004

_HOUSE_NUMBER = re.compile(r"^(?P<street>.*\D)\s+\d+\s*[a-z]?$")


@dataclass(frozen=True)
class AddressHit:
    """A place that may be meant."""

    label: str
    context: str
    kind: str
    location: LonLat


def search_addresses(
    region: Region | None, text: str, *, near: LonLat | None = None, limit: int = 8
) -> list[AddressHit]:
    """Return the places whose name fits a text, the likeliest first.

    Searches one region, or all of them. ``near`` prefers what is close by; it never leaves this
    installation, also when an outside geocoder is set.

    Raises:
        InvalidInput: fewer than 2 or more than 120 letters; names ``q``.
        GeocoderDown: an outside geocoder is set and does not answer.
    """
    folded = fold_query(text)
    if len(folded.replace("/", "").strip()) < SHORTEST:
        raise InvalidInput(_("Type at least two letters."), field="q")
    if len(text) > LONGEST:
        raise InvalidInput(_("That is longer than an address."), field="q")
    limit = max(1, min(limit, MOST_HITS))
    if settings.GEOCODER != "local":
        return _ask_outside(region, text, limit)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(SIMILAR)]
            )
        return _search(region, folded, near, limit)


def _search(
    region: Region | None, folded: str, near: LonLat | None, limit: int
) -> list[AddressHit]:
    everything = Address.objects.filter(region=region) if region else Address.objects.all()
    if (streets := split_corner(folded)) and (
        corners := _corners(everything, streets, near, limit)
    ):
        return corners
    named = everything.exclude(kind=Address.Kind.CORNER)
    hits = list(_ranked(named, folded, near)[:limit])
    numbered = _HOUSE_NUMBER.match(folded)
    if numbered and not any(hit.kind == Address.Kind.HOUSE for hit in hits):
        # No such house is known: its street is the next best.
        hits = list(_ranked(named, numbered["street"].strip(), near)[:limit]) or hits
    return [_hit(address) for address in hits]


def _corners(
    everything: QuerySet[Address], streets: tuple[str, str], near: LonLat | None, limit: int
) -> list[AddressHit]:
    first, second = streets
    likeness = TrigramWordSimilarity(first, "search") + TrigramWordSimilarity(second, "search")
    found = (
        everything.filter(kind=Address.Kind.CORNER)
        .filter(search__trigram_word_similar=first)
        .filter(search__trigram_word_similar=second)
        .annotate(score=likeness - _farness(near))
        .order_by("-score", "label", "id")[:limit]
    )
    return [_hit(address) for address in found]


def _ranked(named: QuerySet[Address], folded: str, near: LonLat | None) -> QuerySet[Address]:
    begins = Case(
        When(search__startswith=folded, then=Value(_PREFIX)),
        When(search__contains=f" {folded}", then=Value(_WORD)),
        default=Value(0.0),
        output_field=FloatField(),
    )
    likeness = TrigramWordSimilarity(folded, "search")
    low = Cast(F("rank"), FloatField()) * _PER_RANK
    return (
        named.filter(
            Q(search__trigram_word_similar=folded)
            | Q(search__startswith=folded)
            | Q(search__contains=f" {folded}")
        )
        .annotate(score=likeness + begins - low - _farness(near))
        .order_by("-score", "search", "context", "id")
    )


def _farness(near: LonLat | None) -> Value | Greatest:
    if near is None:
        return Value(0.0)
    away = Cast(Distance("location", to_point(near)), FloatField())
    return Greatest(Least(away, Value(_FARTHEST_M)) * _PER_M, Value(0.0))


def _hit(address: Address) -> AddressHit:
    return AddressHit(address.label, address.context, address.kind, from_point(address.location))


def _ask_outside(region: Region | None, text: str, limit: int) -> list[AddressHit]:
    """Ask the configured server; it learns the text typed and the region, nothing else."""
    boundary = region.boundary if region else None
    try:
        found = geocode(
            settings.GEOCODER,
            text,
            box=boundary.extent if boundary else None,
            language=get_language() or "en",
            limit=limit,
        )
    except GeocoderFailed as problem:
        raise GeocoderDown from problem
    hits = [AddressHit(hit.label, hit.context, hit.kind, LonLat(*hit.location)) for hit in found]
    return [hit for hit in hits if boundary is None or boundary.covers(to_point(hit.location))]
