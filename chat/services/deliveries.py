"""Sending what is due: claim a row, talk to the outside, write down what became of it.

The three steps are transactions of their own, so no lock is held while a mail server thinks. A
worker that dies in between leaves a row in SENDING; when its lease has run out, another worker
sends the same parcel under the same key, and whoever receives it twice can tell.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone, translation

from accounts.models import Member
from chat.models import (
    STALE_AFTER,
    Channel,
    Delivery,
    DeliveryState,
    Urgency,
)
from chat.selectors.preferences import get_notification_settings
from chat.services.channels import SENDERS, Outcome, Parcel, Result

logger = logging.getLogger(__name__)

# Longer than all time limits of one parcel together: ten devices with ten seconds each.
LEASE = timedelta(minutes=3)
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=1)
MOST_ATTEMPTS = 8
KEEP_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """Deliveries that this worker holds: one, or all that go into a member's daily mail."""

    ids: tuple[UUID, ...]
    attempt: int
    channel: Channel
    parcel: Parcel


def send_due(*, read_clock: Callable[[], datetime], limit: int = 200) -> int:
    """Send what is due, most overdue first; return how many parcels were tried."""
    for count in range(limit):
        claim = _claim(now=read_clock())
        if claim is None:
            return count
        _settle(claim, _send(claim), now=read_clock())
    return limit


@transaction.atomic
def _claim(*, now: datetime) -> Claim | None:
    """Take the most overdue delivery, or None; those not needed any more are settled on the way."""
    while True:
        due = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).due(now)
        row = due.select_related("notification").order_by("next_attempt_at", "id").first()
        if row is None:
            return None
        rows = [row]
        if row.in_digest:
            rows += (
                due.filter(in_digest=True, notification__member=row.notification.member_id)
                .exclude(pk=row.pk)
                .select_related("notification__actor")[:100]
            )
        rows = [one for one in rows if not _give_up(one, now)]
        if rows:
            return _take(rows, now=now)


def _give_up(row: Delivery, now: datetime) -> bool:
    """Settle a delivery that has become pointless; tell whether it has."""
    news = row.notification
    is_late = (
        news.urgency == Urgency.URGENT
        and news.trip_at is not None
        and now > news.trip_at + STALE_AFTER
        and row.channel != Channel.EMAIL
    )
    state, note = None, ""
    if is_late:
        state, note = DeliveryState.SKIPPED, "too late"
    elif row.attempts >= MOST_ATTEMPTS:
        state, note = DeliveryState.FAILED, row.note or "tried too often"
    if state is None:
        return False
    row.state, row.note, row.settled_at = state, note, now
    row.save(update_fields=["state", "note", "settled_at"])
    return True


def _take(rows: list[Delivery], *, now: datetime) -> Claim:
    for row in rows:
        row.state, row.next_attempt_at = DeliveryState.SENDING, now + LEASE
        row.attempts += 1
    Delivery.objects.bulk_update(rows, ["state", "next_attempt_at", "attempts"])
    first = rows[0]
    people = Member.objects.select_related("organization", "user")
    member = people.get(pk=first.notification.member_id)
    trip_at = first.notification.trip_at
    keep_for = KEEP_FOR if trip_at is None else trip_at + STALE_AFTER - now
    parcel = Parcel(
        key=min(row.pk for row in rows),
        member=member,
        notifications=[row.notification for row in rows],
        now=now,
        keep_for=max(timedelta(minutes=1), min(KEEP_FOR, keep_for)),
    )
    return Claim(
        ids=tuple(row.pk for row in rows),
        attempt=first.attempts,
        channel=Channel(first.channel),
        parcel=parcel,
    )


def _send(claim: Claim) -> Outcome:
    """Hand a parcel to its sender, in its member's language and time zone."""
    member = claim.parcel.member
    if member.left_at is not None or not member.user.is_active:
        return Outcome(Result.NOBODY, "left")
    language = member.language or member.organization.language
    zone = get_notification_settings(member).zone
    with translation.override(language), timezone.override(zone):
        try:
            return SENDERS[claim.channel](claim.parcel)
        except Exception as error:
            # One parcel that cannot be written must not stop the others.
            logger.exception("A parcel could not be sent by %s", claim.channel)
            return Outcome(Result.LATER, type(error).__name__)


def _settle(claim: Claim, outcome: Outcome, *, now: datetime) -> None:
    """Write down what became of a parcel, unless another worker has taken it over meanwhile."""
    mine = Delivery.objects.filter(pk__in=claim.ids, state=DeliveryState.SENDING)
    first = mine.filter(attempts__lte=claim.attempt)
    states = {
        Result.SENT: DeliveryState.SENT,
        Result.NOBODY: DeliveryState.SKIPPED,
        Result.REFUSED: DeliveryState.FAILED,
    }
    state = states.get(outcome.result)
    if state is None and claim.attempt < MOST_ATTEMPTS:
        wait = min(LONGEST_RETRY, FIRST_RETRY * 4 ** (claim.attempt - 1))
        first.update(
            state=DeliveryState.WAITING, next_attempt_at=now + wait, note=outcome.note[:200]
        )
        return
    state = state or DeliveryState.FAILED
    first.update(state=state, settled_at=now, note=outcome.note[:200])
    if state == DeliveryState.FAILED:
        logger.warning("A parcel by %s was given up: %s", claim.channel, outcome.note)
