"""Tariffs as operators keep them, and what the law lets a driver take."""

from datetime import datetime

from django.core.cache import cache

from accounts.models import Organization
from payments.engine.legal import COST_SHARING, PaymentRefusal
from payments.engine.tariff_book import MID_SIZE
from payments.engine.tariffs import Tariff, TariffUnknown, find_tariff
from payments.errors import NoTariff
from payments.models import LegalTerms, TaxiTariff
from rides.models import Room

CACHE_KEY = "payments:tariffs"
CACHE_S = 60


def list_tariffs() -> tuple[Tariff, ...]:
    """Return all tariffs; one look into the cache, or one query.

    Whoever saves one empties the cache; what somebody read just before stays for a minute at most.
    """
    known: tuple[Tariff, ...] | None = cache.get(CACHE_KEY)
    if known is None:
        known = tuple(row.as_engine for row in TaxiTariff.objects.all())
        cache.set(CACHE_KEY, known, CACHE_S)
    return known


def tariff_of(room: Room) -> Tariff:
    """Return the tariff that a room's taxi will charge by.

    Raises:
        NoTariff: none is known there and then; none is guessed.
    """
    try:
        return find_tariff(
            list_tariffs(), region=room.region.slug, vehicle=MID_SIZE, at=room.departure_at
        )
    except TariffUnknown as error:
        raise NoTariff from error


def why_unpaid(organization: Organization, departs_at: datetime) -> PaymentRefusal | None:
    """Return why the law lets no driver of the organization be paid for a departure, or None."""
    terms = LegalTerms.objects.filter(organization=organization).first()
    law, holidays = (terms.law, terms.holidays) if terms else (COST_SHARING, [])
    return law.refusal(departs_at, zone=organization.zone, holidays=holidays)
