"""Notices from providers: verified and kept at once, acted on later, and never believed.

A notice says that something happened to a payment. What happened we ask the provider ourselves; so
a forged, repeated, late or reordered one changes nothing that asking would not.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from carpool.kernel.errors import Forbidden
from carpool.kernel.tenancy import as_system
from payments.engine.providers import WebhookRefused
from payments.models import Payment, PaymentIntent, WebhookNotice
from payments.models.payments import PENDING_STATES
from payments.services.chargebacks import look_at_chargeback
from payments.services.intents import work_on
from payments.services.paying import approved_elsewhere
from payments.services.providers import get_provider


def receive_notice(
    *, provider: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> bool:
    """Keep a notice; return whether it is new.

    Raises:
        ProviderUnknown: that provider is not switched on.
        Forbidden: the notice is not the provider's.
    """
    asked = get_provider(provider)
    try:
        told = asked.read_webhook(dict(headers), body, now=now)
    except WebhookRefused as error:
        raise Forbidden(_("This notice is not signed by the provider")) from error
    if not asked.signs_notices and not _is_about_ours(provider, told.reference):
        return False
    _row, is_new = WebhookNotice.objects.get_or_create(
        provider=provider,
        event_id=told.event_id[:200],
        defaults={
            "reference": told.reference[:100], "chargeback": told.chargeback[:100],
            "raw": body, "received_at": now,
        },
    )  # fmt: skip
    return is_new


def process_notices(*, now: datetime, limit: int = 200) -> int:
    """Ask after every payment that a notice spoke of; return how many notices were dealt with."""
    waiting = WebhookNotice.objects.filter(processed_at=None).order_by("id")[:limit]
    return sum(_process(notice, now) for notice in list(waiting))


def _process(notice: WebhookNotice, now: datetime) -> bool:
    about = notice.chargeback
    if about and not look_at_chargeback(provider=notice.provider, name=about, now=now):
        return False  # asked again at the next sweep
    pending = PaymentIntent.objects.filter(
        payment__in=_named(notice.reference), payment__provider=notice.provider,
        state__in=PENDING_STATES,
    )  # fmt: skip
    for payment_id in _named(notice.reference):
        if Payment.objects.filter(
            pk=payment_id, provider=notice.provider, close_at__isnull=False
        ).exists():
            approved_elsewhere(payment_id=payment_id, now=now)
    with transaction.atomic():
        pending.filter(sent_at__isnull=False).update(next_check_at=now)
        notice.processed_at = now
        notice.save(update_fields=["processed_at"])
    for pk in list(pending.values_list("pk", flat=True)):
        work_on(pk, now=now)
    return True


def _is_about_ours(provider: str, reference: str) -> bool:
    """Tell whether an unsigned notice names a payment of ours that still waits for an answer.

    Whoever sends it is not known, and neither is the organization; all they learn is nothing. What
    is settled is not asked after again, so nobody can fill the table with news of it.
    """
    with as_system():
        return PaymentIntent.objects.filter(
            payment__in=_named(reference), payment__provider=provider, state__in=PENDING_STATES
        ).exists()


def _named(reference: str) -> list[UUID]:
    """Return the payment that a notice names, if that can be one's name at all."""
    try:
        return [UUID(reference)]
    except ValueError:
        return []
