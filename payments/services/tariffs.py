"""Keeping tariffs: what is saved holds from the next estimate on."""

from functools import partial

from django.core.cache import cache
from django.db import transaction

from payments.engine.tariff_book import TARIFFS
from payments.engine.tariffs import Tariff
from payments.models import TaxiTariff
from payments.selectors.tariffs import CACHE_KEY


@transaction.atomic
def save_tariff(*, tariff: TaxiTariff) -> TaxiTariff:
    """Save a row; every process estimates by it once this is committed."""
    tariff.save()
    transaction.on_commit(partial(cache.delete, CACHE_KEY))
    return tariff


@transaction.atomic
def remove_tariff(*, tariff: TaxiTariff) -> None:
    """Take a row out; what was estimated by it stays as it was agreed."""
    tariff.delete()
    transaction.on_commit(partial(cache.delete, CACHE_KEY))


def bring_tariff_book() -> int:
    """Enter the tariffs that the code brings along, where none is kept; return how many."""
    if TaxiTariff.objects.exists():
        return 0
    return len(TaxiTariff.objects.bulk_create(as_row(one) for one in TARIFFS))


def as_row(tariff: Tariff) -> TaxiTariff:
    """Return a tariff as it is stored."""
    columns = {name: getattr(tariff, name) for name in tariff.__dataclass_fields__}
    columns["bands"] = [
        {"start": f"{one.start:%H:%M}", "end": f"{one.end:%H:%M}", "percent": one.percent}
        for one in tariff.bands
    ]
    return TaxiTariff(**columns)
