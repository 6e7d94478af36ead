"""How Stripe is spoken to by its own client, and what it sends and lists."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

import stripe
from django.conf import settings

from payments.engine.access import Access
from payments.engine.providers import (
    UNREADABLE,
    Answer,
    ChargebackUnreadable,
    Order,
    Stated,
    StatedChargeback,
    Verdict,
    WebhookNotice,
    WebhookRefused,
)
from payments.services.providers.line import session_for

logger = logging.getLogger(__name__)
S = TypeVar("S")
# While a dispute stands so, its money is gone from us. An inquiry ("warning_…") takes nothing yet.
# Source: Stripe API reference, *The Dispute object*, status.
TAKEN = {"needs_response", "under_review", "lost"}


def client_for(access: Access) -> stripe.StripeClient:
    """Return Stripe's client, on our own line: its limits, no retries behind our back."""
    http = stripe.RequestsClient(
        timeout=int(settings.PAYMENT_TIMEOUT_S) or 1, session=session_for(access)
    )
    return stripe.StripeClient(
        access.key, http_client=http, max_network_retries=0,
        base_addresses={"api": access.url},
    )  # fmt: skip


def speaking(ask: Callable[[S, Order], Answer]) -> Callable[[S, Order], Answer]:
    """Make an answer of what Stripe's client raises; what is no word about the payment is none."""

    @wraps(ask)
    def guarded(provider: S, order: Order) -> Answer:
        try:
            return ask(provider, order)
        except stripe.CardError as error:
            return Answer(Verdict.DECLINED, order.reference, code=error.code or "declined")
        except (stripe.StripeError, ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning("stripe: %s: %s", order.purpose, type(error).__name__)
            return UNREADABLE

    return guarded


def read_event(body: bytes) -> WebhookNotice:
    """Read which payment an event is about; its word about it is not even read.

    Raises:
        WebhookRefused: it is unreadable.
    """
    try:
        event: Any = json.loads(body)
        about = event["data"]["object"]
        if about.get("object") == "dispute":
            return WebhookNotice(str(event["id"]), "", chargeback=str(about["id"]))
        reference = about.get("client_reference_id") or (about.get("metadata") or {}).get(
            "reference", ""
        )
        return WebhookNotice(str(event["id"]), str(reference or ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WebhookRefused("The notice is unreadable.") from error


def find_dispute(client: stripe.StripeClient, name: str) -> StatedChargeback | None:
    """Return how a dispute stands; None: Stripe has none of that name, or it is not about ours.

    Raises:
        ChargebackUnreadable: it gave no readable answer.
    """
    try:
        told = client.v1.disputes.retrieve(name, {"expand": ["payment_intent"]})
        intent = told.payment_intent
        if not isinstance(intent, stripe.PaymentIntent):
            return None
        reference = str(getattr(intent.metadata, "reference", ""))
        return StatedChargeback(
            reference, told.amount, told.currency.upper(), is_taken=told.status in TAKEN
        )
    except stripe.InvalidRequestError as error:
        if error.http_status == 404:
            return None
        raise ChargebackUnreadable from error
    except (stripe.StripeError, ValueError, KeyError, TypeError, AttributeError) as error:
        logger.warning("stripe: dispute: %s", type(error).__name__)
        raise ChargebackUnreadable from error


def list_stated(
    client: stripe.StripeClient, *, since: datetime, until: datetime
) -> Iterator[Stated]:
    """Yield each payment that began in a span, with what went back of it."""
    listed = client.v1.payment_intents.list(
        {
            "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
            "limit": 100, "expand": ["data.latest_charge"],
        }
    )  # fmt: skip
    for intent in listed.auto_paging_iter():
        charge = intent.latest_charge
        returned = charge.amount_refunded if isinstance(charge, stripe.Charge) else 0
        taken = intent.amount_received if intent.status == "succeeded" else 0
        # What a capture leaves of its hold counts as given back by Stripe; it never came.
        left = charge.amount - taken if isinstance(charge, stripe.Charge) and taken else 0
        yield Stated(
            str(getattr(intent.metadata, "reference", "")), intent.id, taken,
            max(0, returned - left) if taken else 0, intent.currency.upper(),
            is_open=intent.status not in {"succeeded", "canceled"},
        )  # fmt: skip
