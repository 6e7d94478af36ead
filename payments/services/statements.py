"""Every night: our payments against each provider's own list of them.

Found differences are rows until they are gone. Payments that are still on their way are left out on
both sides: the sweeper looks after those. A provider that cannot be reached is a failed run, never
an agreement.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from payments.engine.providers import Order, Purpose, Stated
from payments.engine.reconcile import Break, Own, reconcile
from payments.models import Payment, PaymentIntent, StatementBreak, StatementRun
from payments.models.payments import PENDING_STATES
from payments.services.providers import get_provider

logger = logging.getLogger(__name__)

# Refunds may come days after a payment; what began earlier has been compared often enough.
LOOKS_BACK = timedelta(days=10)
# What happened a moment ago may be on one list and not yet on the other.
SETTLES_WITHIN = timedelta(hours=1)
MARGIN = timedelta(hours=1)
CHUNK = 2_000
# No difference stays open longer.
BREAK_PROMISE = timedelta(hours=48)


def reconcile_providers(*, now: datetime) -> int:
    """Compare with every provider that is switched on; return how many differences are open."""
    return sum(reconcile_provider(provider=key, now=now) for key in settings.PAYMENT_PROVIDERS)


def reconcile_provider(*, provider: str, now: datetime) -> int:
    """Compare with one provider; return how many differences there are.

    Its list is read outside of any transaction; what is found is written in one.
    """
    since, until = now - LOOKS_BACK, now - SETTLES_WITHIN
    run = StatementRun(provider=provider, since=since, until=until, at=now)
    asked = get_provider(provider)
    payments = Payment.objects.filter(
        provider=provider, created_at__gte=since, created_at__lt=until
    ).order_by("created_at", "id")
    on_their_way = _on_their_way(provider, since)
    try:
        # Their clock counts from when it began there, a little later than here: a margin around.
        theirs = [
            one
            for one in asked.list_payments(
                _orders(payments), since=since - MARGIN, until=until + MARGIN
            )
            if one.reference not in on_their_way
        ]
    except Exception as error:
        logger.exception("The list of %s could not be read", provider)
        run.failed = type(error).__name__[:60]
        run.save()
        return 0
    found = list(reconcile(_own(payments, on_their_way), _within(theirs, provider, since, until)))
    run.payments, run.breaks = payments.count(), len(found)
    with transaction.atomic():
        run.save()
        _keep(provider, found, now)
    return len(found)


def _within(
    theirs: list[Stated], provider: str, since: datetime, until: datetime
) -> Iterator[Stated]:
    """Leave out what we know well and count to another span."""
    names = {one.reference for one in theirs}
    known = Payment.objects.filter(provider=provider).exclude(
        created_at__gte=since, created_at__lt=until
    )
    edges = known.filter(
        created_at__gte=since - 2 * MARGIN, created_at__lt=until + SETTLES_WITHIN + 2 * MARGIN
    ).values_list("pk", flat=True)
    elsewhere = {str(pk) for pk in edges} & names
    return (one for one in theirs if one.reference not in elsewhere)


def _on_their_way(provider: str, since: datetime) -> set[str]:
    """Return the payments about which an answer is awaited, or that wait for their payer."""
    mine = PaymentIntent.objects.filter(
        payment__provider=provider, payment__created_at__gte=since - 2 * MARGIN
    )
    asked = mine.filter(state__in=PENDING_STATES).values_list("payment", flat=True)
    waiting = Payment.objects.filter(provider=provider, close_at__isnull=False)
    return {str(pk) for pk in asked} | {str(pk) for pk in waiting.values_list("pk", flat=True)}


def _own(payments: Iterable[Payment], on_their_way: set[str]) -> Iterator[Own]:
    for one in payments:
        if str(one.pk) not in on_their_way:
            yield Own(str(one.pk), one.provider_ref, one.captured, one.refunded, one.currency)


def _orders(payments: Iterable[Payment]) -> Iterator[Order]:
    """Name our payments to a provider that keeps no list."""
    for one in payments:
        if one.provider_ref:
            yield Order(
                Purpose.AUTHORISE, "", str(one.pk), one.amount, one.currency, one.provider_ref
            )


def _keep(provider: str, found: list[Break], now: datetime) -> None:
    """Write new differences, see old ones again, and close those that are gone."""
    is_open = StatementBreak.objects.select_for_update().filter(provider=provider, gone_at=None)
    known = {one.reference: one for one in is_open}
    fresh, again = [], []
    for one in found:
        row = known.pop(one.reference[:100], None)
        if row is None:
            row = StatementBreak(provider=provider, reference=one.reference[:100], found_at=now)
            fresh.append(row)
        else:
            again.append(row)
        row.kind, row.provider_ref, row.currency = one.kind, one.provider_ref[:100], one.currency
        row.ours, row.theirs, row.last_seen_at = one.ours, one.theirs, now
    StatementBreak.objects.bulk_create(fresh, batch_size=CHUNK)
    StatementBreak.objects.bulk_update(
        again, ["kind", "provider_ref", "currency", "ours", "theirs", "last_seen_at"]
    )
    is_open.filter(pk__in=[row.pk for row in known.values()]).update(gone_at=now)
