"""Consents, and the log of who read whose position."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import (
    CONSENT_VERSIONS,
    Consent,
    ConsentPurpose,
    Member,
    PositionRead,
    PositionSource,
)


@transaction.atomic
def give_consent(*, member: Member, purpose: ConsentPurpose, now: datetime) -> Consent:
    """Record that a member agrees to a purpose as it is worded today."""
    Member.objects.select_for_update().get(pk=member.pk)
    version = CONSENT_VERSIONS[purpose]
    alive = member.consents.filter(purpose=purpose, withdrawn_at=None).first()
    if alive is not None and alive.version == version:
        return alive
    withdraw_consent(member=member, purpose=purpose, now=now)
    return Consent.objects.create(member=member, purpose=purpose, version=version, given_at=now)


def withdraw_consent(*, member: Member, purpose: ConsentPurpose, now: datetime) -> None:
    """Record that a member agrees no longer."""
    member.consents.filter(purpose=purpose, withdrawn_at=None).update(withdrawn_at=now)


def log_position_read(
    *, member_id: UUID, reader: Member | None, source: PositionSource, now: datetime
) -> None:
    """Write down that somebody read where a member is; without a reader, it was a guest."""
    PositionRead.objects.create(member_id=member_id, reader=reader, source=source, at=now)
